"""A Slurm cluster of one node, of Debian's packages: munged, slurmctld and slurmd for real."""

import os
import secrets
import shutil
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from tests.rerun.waiting import until

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scancel", "sinfo")

CONFIGURATION = """
ClusterName=repro
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
SlurmctldPort={controller}
SlurmdPort={node}
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmdSpoolDir={folder}/spool
StateSaveLocation={folder}/state
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
SchedulerType=sched/builtin
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
KillWait=5
NodeName={host} NodeAddr=127.0.0.1 CPUs={cores} State=UNKNOWN
PartitionName=main Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""


@dataclass(frozen=True)
class Cluster:
    folder: Path
    cores: int

    @property
    def configuration(self) -> Path:
        return self.folder / "slurm.conf"

    def start_controller(self) -> None:
        subprocess.run(["slurmctld", "-f", self.configuration], check=True)


def _free_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        return one.getsockname()[1], other.getsockname()[1]


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    missing = [program for program in PROGRAMS if shutil.which(program) is None]
    if missing:
        pytest.skip(f"no Slurm on this machine: {', '.join(missing)} not installed")
    if os.geteuid() != 0:
        pytest.skip("slurmctld and slurmd are started as root")
    folder = tmp_path_factory.mktemp("slurm")
    for name in ("spool", "state"):
        (folder / name).mkdir()
    key = folder / "munge.key"
    key.write_bytes(secrets.token_bytes(1024))
    key.chmod(0o600)
    controller, node = _free_ports()
    host, cores = socket.gethostname().partition(".")[0], psutil.cpu_count() or 1
    made = Cluster(folder, cores)
    made.configuration.write_text(
        CONFIGURATION.format(
            host=host, folder=folder, controller=controller, node=node, cores=cores
        )
    )
    before = os.environ.get("SLURM_CONF")
    os.environ["SLURM_CONF"] = str(made.configuration)
    try:
        subprocess.run(
            [
                *("munged", "--force", f"--key-file={key}"),
                f"--socket={folder}/munge.socket",
                *(f"--pid-file={folder}/munged.pid", f"--log-file={folder}/munged.log"),
                f"--seed-file={folder}/munged.seed",
            ],
            check=True,
        )
        made.start_controller()
        subprocess.run(["slurmd", "-f", made.configuration], check=True)
        until(lambda: "idle" in _states())
        yield made
    finally:
        for pid_file in folder.glob("*.pid"):
            try:
                process = psutil.Process(int(pid_file.read_text()))
            except psutil.NoSuchProcess:
                continue
            process.kill()
        if before is None:
            del os.environ["SLURM_CONF"]
        else:
            os.environ["SLURM_CONF"] = before


def _states() -> str:
    command = ["sinfo", "--noheader", "--format=%T"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout
