"""The record of one execution: `record.json` and the files beside it.

What the processes told of themselves (`recorder/`) and what is known without them: the
launch, this machine, how it ended. Kept also when the run failed or was killed. The
reading side, and the schema, is `evidence/record.py`.
"""

import contextlib
import hashlib
import json
import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import psutil

from repro_tui.errors import ReproError
from repro_tui.evidence.documents import load_json
from repro_tui.evidence.files import read_text
from repro_tui.evidence.lockfiles import LIMIT, is_lockfile
from repro_tui.evidence.record import NAME, SCHEMA
from repro_tui.rerun import devices, masking
from repro_tui.rerun.model import Plan
from repro_tui.rerun.recorder.session import SCHEMA as PROCESS_SCHEMA
from repro_tui.rerun.recorder.streams import VERSION

_PATCH = "changes.patch"
# A process file is some 15 KiB; it is written by a process that runs strangers' code.
_PROCESS_LIMIT = 8 << 20
_REASON_LIMIT = 64 << 10
_TOLD = ("python", "packages", "libraries", "variables", "randomness", "threads")


class NotedRun(NamedTuple):
    run_id: str
    tracking_uri: str
    """Empty: the default of MLflow."""
    folder: Path
    """What a relative path in the URI starts from."""


def keep(
    folder: Path,
    plan: Plan,
    processes: Path,
    project: Path | None,
    start: int | None,
    end: int,
    exit_code: int | None,
    rebuilt: Sequence[str] | None = None,
) -> dict[str, Any]:
    """Make the record of a plan's execution in `folder`; return what record.json holds.

    `processes` is the folder that the recorder wrote to, `project` the checkout's
    folder of the project, where it still exists. Times: milliseconds since the epoch.
    `rebuilt` tells how the environment that was made differs from the original's; None:
    none was made. Raises ReproError where `folder` cannot be written.
    """
    files = keep_files(folder, project, plan.patch)
    record = assemble(processes, launch(plan), files, start, end, exit_code)
    if project is not None and "packages" in record:
        record["packages"] = _at_home(record["packages"], project, plan)
    if plan.rebuild is not None and rebuilt is not None:
        record["rebuilt"] = {"evidence": plan.rebuild.evidence, "differences": list(rebuilt)}
    write(folder, record)
    return record


def keep_files(folder: Path, project: Path | None, patch: str) -> list[str]:
    """Make `folder` with what is kept beside record.json; return the files' names.

    Raises ReproError where it cannot be written.
    """
    with _writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        files = [] if project is None else _copy_lockfiles(project, folder / "lockfiles")
        if patch:
            (folder / _PATCH).write_bytes(_bytes(patch))
            files.append(_PATCH)
    return files


@contextlib.contextmanager
def _writing(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ReproError(
            f"The record cannot be written: {error}.", f"Make room for it in {folder}."
        ) from error


def _bytes(text: str) -> bytes:
    """A patch or lockfile as it was: a source file need not be UTF-8."""
    return text.encode("utf-8", "surrogateescape")


def _at_home(
    packages: Sequence[Mapping[str, str]], project: Path, plan: Plan
) -> list[dict[str, str]]:
    """The packages, those from the throw-away checkout as from the place that is kept."""
    top = (project, *project.parents)[len(PurePosixPath(plan.subdirectory).parts)].as_uri()
    kept = plan.repository
    kept = Path(kept).as_uri() if Path(kept).is_absolute() else kept
    return [
        {**told, "origin": kept + told["origin"].removeprefix(top)}
        if f"{told['origin']}/".startswith(f"{top}/")
        else dict(told)
        for told in packages
    ]


def launch(plan: Plan) -> dict[str, Any]:
    """How the process was started: the part `launch`."""
    patch = hashlib.sha256(_bytes(plan.patch)).hexdigest()
    return {
        "reexecutes": plan.reexecutes,
        "repository": masking.url(plan.repository),
        "commit": plan.commit,
        "subdirectory": plan.subdirectory,
        "patch": f"sha256:{patch}" if plan.patch else None,
        "entry_point": plan.entry_point,
        "command": plan.command,
        "parameters": dict(plan.parameters),
        "env_manager": plan.env_manager.value,
        "seed": plan.seed,
        "determinism": plan.determinism.value,
        "device": plan.device,
        "variables": dict(plan.variables),
        "submodules": plan.submodules,
        "lfs": plan.lfs,
        "links": list(plan.links),
    }


def assemble(
    processes: Path,
    launched: Mapping[str, Any],
    files: Sequence[str],
    start: int | None,
    end: int | None,
    exit_code: int | None,
) -> dict[str, Any]:
    """The whole record. A part is absent where nobody could tell it.

    Secrets are taken out of what the processes told: logins of package indexes and of
    proxies stand in URLs.

    Of several processes the one is reported that trained: that loaded the most of the
    libraries people train with; among equals the first by descent. A launcher such as
    `torchrun`, or a shell script's first step, is passed over so.
    """
    told = _processes(processes)
    machine = _machine()
    record: dict[str, Any] = {"schema": SCHEMA, "launch": dict(launched), "machine": machine}
    if told:
        chosen = min(told, key=_standing)
        record |= {part: _masked(chosen[part]) for part in _TOLD if part in chosen}
        record["recorder"] = _recorder(chosen, len(told))
    else:
        chosen = {}
        reason = _failure(processes)
        record["recorder"] = {"active": False, "reason": reason, "stream": VERSION}
    record["device"] = _device(str(launched["device"]), chosen, machine)
    record["launch"]["device"] = launched["device"] or (record["device"] or {}).get("device", "")
    record["files"] = list(files)
    record["timings"] = {"start": start, "end": end}
    record["exit_code"] = exit_code
    return record


def write(folder: Path, record: Mapping[str, Any]) -> Path:
    """Write record.json whole or not at all; return its path. Raises ReproError."""
    path = folder / NAME
    scratch = path.with_suffix(".part")
    with _writing(folder):
        scratch.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
        scratch.replace(path)
    return path


def noted_runs(folder: Path) -> list[NotedRun]:
    """The MLflow runs that the processes noted in `folder`, in the order of their processes."""
    noted = [
        NotedRun(run["run_id"], run["tracking_uri"], Path(run["folder"]))
        for process in sorted(_processes(folder), key=lambda process: process["start"])
        for run in process.get("runs", [])
    ]
    return list(dict.fromkeys(noted))


def _masked(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _masked(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_masked(item) for item in value]
    return masking.url(value) if isinstance(value, str) else value


def _processes(folder: Path) -> list[dict[str, Any]]:
    """What each process told. One that was killed before its first record told nothing."""
    found = []
    for path in sorted(folder.glob("process-*.json")):
        try:
            told = load_json(read_text(path, _PROCESS_LIMIT))
        except ReproError:
            continue
        if isinstance(told, dict) and told.get("schema") == PROCESS_SCHEMA:
            found.append(told)
    return found


def _failure(folder: Path) -> str:
    """Why there is no process file, in words."""
    for path in sorted(folder.glob("failure-*.txt")):
        try:
            return f"it could not start: {read_text(path, _REASON_LIMIT)}"
        except ReproError:
            continue
    return "no process of the command started a Python that carries the recorder"


def _standing(process: Mapping[str, Any]) -> tuple[int, int, int]:
    return -len(process["loaded"]), process["lineage"].count("."), process["start"]


def _recorder(process: Mapping[str, Any], count: int) -> dict[str, Any]:
    recorder = dict(process["recorder"])
    if not process["finished"]:
        reasons = [recorder["reason"], "the process ended before it could write its last record"]
        recorder["reason"] = "; ".join(filter(None, reasons))
    return {**recorder, "process": process["lineage"], "processes": count}


def _machine() -> dict[str, Any]:
    return {
        "host": platform.node(),
        "os": _operating_system(),
        "kernel": platform.release(),
        "cpu": devices.processor(),
        "cores": devices.cores(),
        "memory": psutil.virtual_memory().total,
        "gpus": [
            {"name": gpu.name, "memory": gpu.memory, "driver": gpu.driver} for gpu in devices.gpus()
        ],
    }


def _operating_system() -> str:
    if platform.system() == "Darwin":
        return f"macOS {platform.mac_ver()[0]}"
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except OSError:
        return platform.system()


def _device(
    launched: str, process: Mapping[str, Any], machine: Mapping[str, Any]
) -> dict[str, str] | None:
    """What was computed on: the chosen device, unless the process is known to have not.

    The process calls its only CUDA device `cuda:0`; here it has its name on the machine.
    None: nobody chose one, and the process does not tell.
    """
    told = process.get("device") or {}
    gpus = machine["gpus"]
    if not launched:
        launched = _unchosen(process, gpus)
    if not launched:
        return None
    kind, _, index = launched.partition(":")
    if kind == "cuda" and told.get("device") == "cpu" and process["finished"]:
        return {"device": "cpu", "name": machine["cpu"]}
    if kind != "cuda":
        return {"device": launched, "name": machine["cpu"]}
    number = int(index or 0)
    listed = gpus[number]["name"] if number < len(gpus) else ""
    return {"device": launched, "name": told.get("name") or listed}


def _unchosen(process: Mapping[str, Any], gpus: Sequence[Mapping[str, Any]]) -> str:
    """The device that a process found for itself; empty: it does not tell.

    PyTorch does not say whether it has used MPS.
    """
    kind, _, index = str((process.get("device") or {}).get("device", "")).partition(":")
    if kind == "cuda":
        visible = process["variables"].get("CUDA_VISIBLE_DEVICES", "").split(",")
        number = int(index or 0)
        seen = visible[number] if number < len(visible) else ""
        return f"cuda:{seen if seen.isdecimal() else number}"
    if platform.system() == "Darwin" or (gpus and not (kind == "cpu" and process["finished"])):
        return ""
    return "cpu"


def _copy_lockfiles(project: Path, into: Path) -> list[str]:
    """Copy the project's lockfiles, without logins; return their names in the record."""
    copied = []
    for entry in sorted(os.scandir(project), key=lambda entry: entry.name):
        if not is_lockfile(entry.name) or not entry.is_file(follow_symlinks=False):
            continue
        if entry.stat().st_size <= LIMIT:
            into.mkdir(exist_ok=True)
            text = Path(entry.path).read_bytes().decode("utf-8", "surrogateescape")
            (into / entry.name).write_bytes(_bytes(masking.url(text)))
            copied.append(f"lockfiles/{entry.name}")
    return copied
