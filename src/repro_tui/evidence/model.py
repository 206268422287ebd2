"""The nouns of evidence: what is known of one run. Frozen and pure.

A run's evidence is divided into sections. A section holds facts by key, and every
fact is known with its source, or missing, or unreadable with the reason. Silence is
never agreement: see `Section` for what an absent key means.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct, field

from repro_tui.evidence.tags import Tag

if TYPE_CHECKING:
    # Every command needs these nouns; only those that read histories need NumPy.
    import numpy as np
    import numpy.typing as npt

Key = tuple[str, ...]
"""Where a fact stands in its section: `("packages", "numpy")`, `("lr",)`."""


class Side(StrEnum):
    INPUTS = "inputs"
    """What went in."""
    OUTCOMES = "outcomes"
    """What came out."""


class SectionName(StrEnum):
    """The sections of evidence, in the order in which they are shown."""

    CODE = "code"
    PARAMS = "params"
    DATA = "data"
    ENVIRONMENT = "environment"
    LOCKFILES = "lockfiles"
    RANDOMNESS = "randomness"
    DEVICE = "device"
    METRICS = "metrics"
    ARTIFACTS = "artifacts"
    STATUS = "status"

    @property
    def side(self) -> Side:
        outcomes = (SectionName.METRICS, SectionName.ARTIFACTS, SectionName.STATUS)
        return Side.OUTCOMES if self in outcomes else Side.INPUTS


# --- What a run is to the tracking store -------------------------------------------


class Experiment(Struct, frozen=True):
    experiment_id: str
    name: str
    lifecycle_stage: str = "active"


class Run(Struct, frozen=True):
    """One MLflow run as the tracking store knows it.

    Times are milliseconds since the epoch, UTC. `metrics` holds each metric's last
    value; whole histories are read apart, since they can be large.
    """

    run_id: str
    name: str
    experiment_id: str
    experiment_name: str
    status: str
    """RUNNING, SCHEDULED, FINISHED, FAILED or KILLED, as MLflow spells them."""
    start_time: int | None
    end_time: int | None
    artifact_uri: str
    lifecycle_stage: str = "active"
    user: str = ""
    params: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)

    @property
    def duration(self) -> int | None:
        """Milliseconds from start to end, where both are known."""
        if self.start_time is None or self.end_time is None:
            return None
        return self.end_time - self.start_time

    @property
    def parent_run_id(self) -> str | None:
        return self.tags.get(Tag.PARENT_RUN_ID)

    @property
    def finished(self) -> bool:
        """Whether the run has ended, well or badly."""
        return self.status in ("FINISHED", "FAILED", "KILLED")


class Dataset(Struct, frozen=True):
    """A dataset that a run logged as an input (`mlflow.log_input`)."""

    name: str
    digest: str
    source_type: str
    source: str
    schema: str
    profile: str
    context: str
    """The tag `mlflow.data.context`: training, validation…; empty when not given."""


class LoggedModel(Struct, frozen=True):
    """A model that MLflow 3 keeps beside the run, not among its artifacts."""

    model_id: str
    name: str
    artifact_location: str
    status: str


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """All points of one metric, ordered by step, then timestamp, then value.

    Three arrays of one length n: `steps` int64, `timestamps` int64 (milliseconds
    since the epoch), `values` float64. Stores keep NaN and infinities; so does this.
    """

    steps: "npt.NDArray[np.int64]"
    timestamps: "npt.NDArray[np.int64]"
    values: "npt.NDArray[np.float64]"

    def __len__(self) -> int:
        return len(self.steps)

    def __eq__(self, other: object) -> bool:
        """Equal to the bit: NaN equals the same NaN, 0.0 does not equal -0.0."""
        if not isinstance(other, History):
            return NotImplemented
        return (
            self.steps.tobytes() == other.steps.tobytes()
            and self.timestamps.tobytes() == other.timestamps.tobytes()
            and self.values.tobytes() == other.values.tobytes()
        )

    __hash__ = None  # type: ignore[assignment]


# --- What a fact can hold ----------------------------------------------------------


class LocalFile(Struct, frozen=True):
    """A file on this machine, absolute."""

    path: str


class GitBlob(Struct, frozen=True):
    """A file in the object database of a repository on this machine."""

    repository: str
    blob: str


@dataclass(frozen=True, slots=True)
class FileRef:
    """A file's identity, and where its bytes can be had.

    Two files are the same exactly when their digests are: the place says nothing.
    """

    path: str
    """As shown: relative to its folder, `/` between parts."""
    size: int
    """Bytes."""
    digest: str
    """`sha256:` or `git:` (a blob id) and the whole hexadecimal digest."""
    location: LocalFile | GitBlob = dataclasses.field(compare=False)


class Package(Struct, frozen=True):
    """One distribution as a lockfile or an environment names it."""

    version: str
    source: str = ""
    """Where it comes from: a registry, a URL, a path; empty when not told."""
    hashes: tuple[str, ...] = ()
    """`sha256:…`, sorted."""
    marker: str = ""


class Commit(Struct, frozen=True):
    """One commit of a Git repository."""

    id: str
    subject: str
    """The first line of its message."""


Value = str | int | float | bool | None | History | FileRef | Package | Dataset

NOT_SET = "not set"
"""A switch or an environment variable that nobody set."""
NOT_SEEDED = "not seeded"
"""The seed of a generator that nobody seeded: equal on both sides, and yet no agreement."""


class Known(Struct, frozen=True):
    value: Value
    source: str
    """Where it was read: `tag mlflow.source.git.commit`, `uv.lock at 1a2b3c4`."""


class Missing(Struct, frozen=True):
    """Nobody recorded it. `reason` says so in one sentence."""

    reason: str


NOT_LOOKED_AT = Missing("it was not looked at yet")
"""Stands where a fact may be recorded and nobody has read it: no gap of the run's own."""


class Unreadable(Struct, frozen=True):
    """It was recorded and cannot be read. `reason` says why in one sentence."""

    source: str
    reason: str


Fact = Known | Missing | Unreadable


class Section(Struct, frozen=True):
    """A named group of facts.

    A key that is absent is *known to be absent*, unless a `Missing` or `Unreadable`
    fact stands at the key or at one of its prefixes: `("packages",): Missing(…)`
    makes every `("packages", name)` that is not listed unknown, and `(): Missing(…)`
    every key of the section.
    """

    name: SectionName
    facts: Mapping[Key, Fact] = field(default_factory=dict)

    def at(self, key: Key) -> Fact | None:
        """The fact at `key`, the gap that covers it, or None: known to be absent."""
        fact = self.facts.get(key)
        if fact is not None:
            return fact
        for length in range(len(key) - 1, -1, -1):
            gap = self.facts.get(key[:length])
            if isinstance(gap, Missing | Unreadable):
                return gap
        return None


class Reach(Struct, frozen=True):
    """What a run is seen to use: it orders what changed, and decides nothing."""

    files: Mapping[str, str] = field(default_factory=dict)
    """By path from the top of the repository: `imported by train.py`."""
    imports: frozenset[str] = frozenset()
    """Normalised names of the distributions that the code imports by itself."""


class Evidence(Struct, frozen=True):
    """All that is known of one run: every section of `SectionName`, once."""

    run: Run
    sections: Mapping[SectionName, Section]
    reach: Reach = Reach()

    def __post_init__(self) -> None:
        absent = [name for name in SectionName if name not in self.sections]
        if absent:
            raise ValueError(f"evidence without the sections {', '.join(absent)}")

    def __getitem__(self, name: SectionName) -> Section:
        return self.sections[name]
