"""A situation in which nothing is missing, to be changed in one place by each test."""

from msgspec.structs import replace

from repro_tui.evidence.model import Run
from repro_tui.evidence.record import Launch
from repro_tui.evidence.tags import Tag
from repro_tui.rerun.model import Device, EntryPoint, Parameter, Project, Request
from repro_tui.rerun.situation import Situation

RUN_ID = "0a" * 16
COMMIT = "c0ffee" * 6 + "c0ff"

DIGITS = Project(
    "digits",
    {
        "main": EntryPoint(
            "main",
            "python train.py --conf-file {conf_file} --seed {seed} --device {device}",
            {
                "conf_file": Parameter("conf_file", "path", "confs/baseline.yaml"),
                "seed": Parameter("seed", "string", "42"),
                "device": Parameter("device", "string", "cpu"),
                "note": Parameter("note", "string", ""),
            },
        ),
        "needy": EntryPoint("needy", "python train.py {text}", {"text": Parameter("text")}),
    },
    "python_env: python_env.yaml",
)

REQUEST = Request(RUN_ID)


def original(**params: str) -> Run:
    """A run of MLflow Projects."""
    return Run(
        run_id=RUN_ID,
        name="baseline",
        experiment_id="1",
        experiment_name="digits",
        status="FINISHED",
        start_time=1_000,
        end_time=2_000,
        artifact_uri="file:///artifacts",
        params=params,
        tags={
            Tag.SOURCE_NAME: "file:///home/someone/digits",
            Tag.SOURCE_TYPE: "PROJECT",
            Tag.GIT_COMMIT: COMMIT,
            Tag.ENTRY_POINT: "main",
        },
    )


SITUATION = Situation(
    run=original(conf_file="confs/baseline.yaml", seed="7", device="cpu", note="''"),
    tracking_uri="sqlite:////store/mlflow.db",
    launch=None,
    patch="",
    recorded=None,
    experiment_active=True,
    migrates=False,
    repository="/home/someone/digits",
    looked_in=("/home/someone/digits", "/elsewhere"),
    unreachable=(),
    commit=COMMIT,
    commit_found=True,
    subdirectory="",
    entry_point="main",
    script=False,
    project=DIGITS,
    project_problem="",
    tree=frozenset({".", "MLproject", "train.py", "confs", "confs/baseline.yaml", "confs/b.yaml"}),
    own_store=(),
    left_out=(),
    links=(),
    room=1 << 30,
    paths=frozenset({"/data/conf.yaml"}),
    devices=(Device("cpu", "A CPU"), Device("cuda:0", "A GPU"), Device("cuda:1", "A GPU")),
    tools=frozenset({"uv"}),
    interpreter="/env/bin/python",
    environment=None,
)

LAUNCH = Launch(
    reexecutes=None,
    repository="/home/someone/digits",
    commit=COMMIT,
    subdirectory="",
    patch=None,
    entry_point="main",
    command="",
    parameters={
        "conf_file": "confs/baseline.yaml",
        "seed": "none",
        "device": "cuda:0",
        "note": "a 'b'",
        "extra": "1",
    },
    env_manager="local",
    seed=11,
    determinism="seed",
    device="cuda:1",
    variables={},
)

RECORDED = replace(SITUATION, launch=LAUNCH)
"""The same run, launched by repro-tui."""

SCRIPT = replace(
    SITUATION,
    run=replace(
        original(lr="0.1", seed="5"),
        tags={
            Tag.SOURCE_NAME: "train.py",
            Tag.SOURCE_TYPE: "LOCAL",
            Tag.GIT_COMMIT: COMMIT,
        },
    ),
    script=True,
    entry_point="train.py",
    project=None,
)
"""A run of a plain `python train.py`."""
