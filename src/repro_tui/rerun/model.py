"""The nouns of a re-execution. Frozen and pure; plans and jobs are kept as JSON."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

from msgspec import Struct, field

MOST_TIMES = 19
"""How often a run is re-executed at once: with the original, as many runs as `engine` compares."""


class Determinism(StrEnum):
    """How much is done to make a process repeat itself."""

    OFF = "off"
    """Nothing is seeded or set; the process runs as it would by itself."""
    SEED = "seed"
    """Every random number generator starts from the seed; hash seed set. Costs nothing."""
    STRICT = "strict"
    """SEED, and deterministic algorithms enforced; operations without one fail. Slower."""


class EnvManager(StrEnum):
    """Who makes the environment: as `mlflow run --env-manager` has them, and one of ours."""

    LOCAL = "local"
    UV = "uv"
    VIRTUALENV = "virtualenv"
    CONDA = "conda"
    ORIGINAL = "original"
    """The original run's environment, made again by uv from what is known of it."""


class Backend(StrEnum):
    """Where the process that trains runs. Any other name is a backend of MLflow Projects."""

    LOCAL = "local"
    SLURM = "slurm"
    """With the job's launcher, on a node of the cluster that this machine submits to."""
    DATABRICKS = "databricks"
    KUBERNETES = "kubernetes"

    @classmethod
    def is_ours(cls, name: str) -> bool:
        """Whether our launcher starts the process there, with the recorder in it."""
        return name in (cls.LOCAL, cls.SLURM)


class Fidelity(StrEnum):
    """How exactly the original's execution is known."""

    EXACT = "exact"
    """repro-tui's own record of it."""
    DECLARED = "declared parameters only"
    """MLflow's tags and the parameters that MLproject declares."""
    RECONSTRUCTED = "reconstructed"
    """A plain script; its arguments and environment are not known."""


class Device(Struct, frozen=True):
    """One device of this machine that a process can be given."""

    name: str
    """As PyTorch spells it: `cpu`, `cuda:0`, `mps`."""
    description: str
    """The model: `AMD EPYC 7B13`, `NVIDIA H200`."""
    memory: int | None = None
    """Bytes in all."""
    memory_used: int | None = None
    detail: str = ""
    """Cores, or the driver, or what uses it."""


class Parameter(Struct, frozen=True):
    """One parameter that an entry point declares."""

    name: str
    type: str = "string"
    """string, float, path or uri, as MLproject spells them."""
    default: str | None = None


class EntryPoint(Struct, frozen=True):
    name: str
    command: str
    """The template: `python train.py --conf {conf_file}`."""
    parameters: Mapping[str, Parameter] = field(default_factory=dict)


class Project(Struct, frozen=True):
    """An MLproject file, read at one commit."""

    name: str
    entry_points: Mapping[str, EntryPoint]
    environment: str = ""
    """`python_env: python_env.yaml`, `conda_env: …`, `docker_env: …`; empty: none."""


class Request(Struct, frozen=True):
    """What the person asked of a re-execution. None stands for `as the original`."""

    run_id: str
    device: str | None = None
    seed: int | None = None
    determinism: Determinism | None = None
    """None: strict where the original is known to have been, otherwise seed."""
    env_manager: EnvManager = EnvManager.LOCAL
    overrides: Mapping[str, str] = field(default_factory=dict)
    """Parameters to change, by name."""
    threads: int | None = None
    """How many threads each numeric library computes with."""
    repository: str | None = None
    """A path or Git URL, where the run's repository is not where the run says."""
    submodules: bool = False
    """Whether submodules are filled, fetched where they must be."""
    lfs: bool = False
    """Whether Git LFS files take the place of their pointers."""
    links: tuple[str, ...] = ()
    """Files and folders that Git does not hold, by path from the top of the repository:
    what the working tree has of them is given to the checkout."""
    backend: str = Backend.LOCAL
    backend_config: str = "{}"
    """A JSON object: for Slurm long options of sbatch, otherwise as the backend has it."""


class Series(Struct, frozen=True):
    """How often a run is re-executed, and with which seeds."""

    times: int = 1
    seeds: tuple[int, ...] = ()
    """One for each time; empty: always the request's."""
    other_seeds: bool = False
    """Whether each time has a seed of its own, none of which is the original's."""


class Rebuild(Struct, frozen=True):
    """How the original run's environment is made again. Caveats stand in the plan."""

    evidence: str
    """What tells of it: `the record of the run`, `uv.lock at the commit`."""
    python: str
    """The version to take, one that is installed; empty: any that fits."""
    requirements: tuple[str, ...] = ()
    """Lines of a requirements file; none where `lockfile` holds them."""
    lockfile: str = ""
    """A path from the top of the repository."""
    resolve: bool = False
    """Whether the requirements are not all, and what they require is looked for."""
    before: str = ""
    """Only what was uploaded until then is looked for; RFC 3339; empty: whatever there is."""
    folders: tuple[str, ...] = ()
    """Folders with packages to install in place, without what they require: absolute, or
    from the top of the repository."""
    wanted: Mapping[str, str] = field(default_factory=dict)
    """Versions that are found afterwards, by name, where all went well."""


class Plan(Struct, frozen=True):
    """The exact execution that a request leads to. Nothing is decided after this."""

    reexecutes: str | None
    """The original's run id; None for a first execution (the demo's baseline)."""
    tracking_uri: str
    experiment_id: str
    run_name: str
    repository: str
    """A path on this machine or a Git URL."""
    commit: str
    subdirectory: str
    """Of the project inside the repository; empty: its top."""
    patch: str
    """Uncommitted changes to re-apply, as `git diff --binary` writes them; often empty."""
    entry_point: str
    command: str
    """The command as the process will receive it."""
    parameters: Mapping[str, str]
    """Unquoted, as the original's process received them, with the overrides."""
    env_manager: EnvManager
    device: str
    seed: int | None
    determinism: Determinism
    variables: Mapping[str, str]
    """Environment variables set for the process."""
    fidelity: Fidelity
    caveats: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    """Tags of the new run beside those that MLflow sets."""
    params: Mapping[str, str] = field(default_factory=dict)
    """The parameters as the new run logs them: those that were not changed as the
    original has them, which is quoted for the shell where MLflow quoted them."""
    submodules: bool = False
    lfs: bool = False
    links: tuple[str, ...] = ()
    """These three as in the request."""
    interpreter: str = ""
    """What `python` is in `--env-manager local`; another manager makes its own."""
    rebuild: Rebuild | None = None
    """For `--env-manager original` alone."""
    build_image: bool = False
    """Docker projects: whether an image with the project's files in it is built."""
    backend: str = Backend.LOCAL
    backend_config: str = "{}"


class Lack(Struct, frozen=True):
    """One thing that is missing for a re-execution, and how to supply it."""

    what: str
    remedy: str


class Refusal(Struct, frozen=True):
    """Why a request cannot be carried out. Said before any computing is spent."""

    lacks: tuple[Lack, ...]


class JobState(StrEnum):
    QUEUED = "queued"
    """It waits until its device is free."""
    PREPARING = "preparing"
    """The checkout and the environment are being made."""
    RUNNING = "running"
    COMPARING = "comparing"
    """The new run has ended; it is being compared with the original."""
    FINISHED = "finished"
    FAILED = "failed"
    CANCELLED = "cancelled"
    LOST = "lost"
    """Its launcher died without a word; the run has been ended in the store."""

    @property
    def ended(self) -> bool:
        return self in (JobState.FINISHED, JobState.FAILED, JobState.CANCELLED, JobState.LOST)


class Job(Struct, frozen=True):
    """A plan being carried out, read from its folder. Times: milliseconds since the epoch."""

    job_id: str
    folder: Path
    plan: Plan
    state: JobState
    created: int
    started: int | None = None
    ended: int | None = None
    launcher_pid: int | None = None
    launcher_start: float | None = None
    """Seconds since the machine was started. With the pid and the next it names the process
    for good: pids are used again."""
    launcher_boot: str = ""
    """Linux' name for the time since then; empty elsewhere."""
    run_id: str | None = None
    """The new run, as soon as it exists."""
    slurm_id: str | None = None
    """Slurm's id of the launcher, for a job that was handed to it."""
    message: str = ""
    """What went wrong, in one sentence."""
    verdict: str = ""
    """The headline of the comparison with the original."""

    @property
    def outcome(self) -> str:
        """How it ended, in words: of one that failed why, before all else."""
        told = (self.verdict, self.message)
        return next(filter(None, reversed(told) if self.state is JobState.FAILED else told), "")

    @property
    def log(self) -> Path:
        return self.folder / "log.txt"
