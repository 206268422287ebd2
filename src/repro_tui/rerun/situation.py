"""What a plan is made from: the original run and this machine, as they were found. Pure."""

from collections.abc import Mapping
from enum import Enum

from msgspec import Struct, field

from repro_tui.evidence.model import Run
from repro_tui.evidence.record import Launch
from repro_tui.rerun.model import Device, Project


class Standing(Enum):
    """How an MLflow stands to the schema of a store."""

    FITS = "fits"
    OLDER = "older"
    """It refuses the store."""
    NEWER = "newer"
    """It migrates the store, unasked."""


class Environment(Struct, frozen=True):
    """A Python and its distributions, by normalised name."""

    python: str
    packages: Mapping[str, str]
    editable: Mapping[str, str] = field(default_factory=dict)
    """Folders of those that are imported from where they are developed, by name."""
    origins: Mapping[str, str] = field(default_factory=dict)
    """URLs of those that come from no index, by name; a commit stands behind `@`."""
    mlflow: str = ""
    """The file that `import mlflow` reads; empty: there is no MLflow."""


class Clues(Struct, frozen=True):
    """What else tells of the environment that the original ran in."""

    hashes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Of recorded packages that a lockfile fixes too, by name: `sha256:…`."""
    present: frozenset[str] = frozenset()
    """Those of the recorded folders and archives that are on this machine."""
    lockfile: str = ""
    """The lockfile at the commit that an environment can be made of; empty: none."""
    locked: Mapping[str, str] = field(default_factory=dict)
    """What it fixes, by name."""
    folders: tuple[str, ...] = ()
    """Folders of the commit whose packages belong into the environment with it."""
    modelled: Mapping[str, str] = field(default_factory=dict)
    """What the requirements of the run's models fix, by name; `python` among them."""


class Declared(Struct, frozen=True):
    """The environment that the project's own file asks for, at the commit."""

    found: bool = False
    """Whether there is such a file that can be read."""
    python: str = ""
    """Empty: it does not say."""
    unpinned: tuple[str, ...] = ()
    """Requirements of which more than one version fits."""


class Link(Struct, frozen=True):
    """Data to be given to the checkout, as it is in the person's working tree now."""

    path: str
    problem: str = ""
    """Why it cannot be had, to be read behind the path; empty: it can."""
    files: int = 0
    size: int = 0
    """Bytes."""


class Situation(Struct, frozen=True):
    """Everything that a plan is made from, as it was found."""

    run: Run
    tracking_uri: str
    launch: Launch | None
    """From the original's record; None: repro-tui did not launch it."""
    patch: str | None
    """The original's uncommitted changes; empty: none are recorded; None: they are lost."""
    recorded: Environment | None
    """The environment that the original ran in, from its record."""
    experiment_active: bool
    migrates: bool
    """Whether writing to the store would first migrate its schema to a newer one."""
    repository: str | None
    """The repository that holds the commit, or else any that was found: a folder, or the
    URL that it was fetched from."""
    looked_in: tuple[str, ...]
    """Where the repository was looked for."""
    unreachable: tuple[str, ...]
    """Why it could not be fetched from the addresses that the run names, in sentences."""
    commit: str
    """Whole and hexadecimal; empty: the run does not tell."""
    commit_found: bool
    subdirectory: str
    entry_point: str
    """As recorded; for a plain script its path from `subdirectory`; empty: not found."""
    script: bool
    """Whether the original was a plain `python train.py`."""
    project: Project | None
    """The MLproject at the commit; None: there is none."""
    project_problem: str
    """Why the MLproject at the commit cannot be used."""
    tree: frozenset[str]
    """Files and folders of the commit, from the repository's top."""
    own_store: tuple[str, ...]
    """Python files of the project at the commit that call `set_tracking_uri`."""
    left_out: tuple[str, ...]
    """What a checkout of the commit does not bring along: `the submodule libs/a`."""
    links: tuple[Link, ...]
    """The data that the request asks for."""
    room: int
    """Bytes that are free where checkouts are made."""
    paths: frozenset[str]
    """Those of the absolute paths among the parameters that exist on this machine."""
    devices: tuple[Device, ...]
    tools: frozenset[str]
    """`uv`, `virtualenv`, `conda`, `docker` (a daemon that answers): those present."""
    interpreter: str
    """The Python of `--env-manager local`; empty: none was found."""
    environment: Environment | None
    """What `interpreter` holds; None: it was not looked up."""
    threads: Mapping[str, str] = field(default_factory=dict)
    """The variables that give the original's numbers of threads, from its record."""
    cores: int | None = None
    """The logical cores that a process may use; None: it was not looked up."""
    standing: Standing = Standing.FITS
    """How the MLflow of `environment` stands to the store."""
    clues: Clues = field(default_factory=Clues)
    """Looked up for `--env-manager original` alone."""
    declared: Declared = field(default_factory=Declared)
    pythons: tuple[str, ...] = ()
    """Versions of CPython that the environment manager of the request finds."""
    revision: str = ""
    """The alembic revision of a SQLite store; empty: another kind of store."""

    @property
    def image(self) -> str:
        """The Docker image that an entry point runs in; empty: in none."""
        kind, _, name = (self.project.environment if self.project else "").partition(": ")
        verbatim = self.launch is not None and self.launch.verbatim
        return name if kind == "docker_env" and not verbatim else ""
