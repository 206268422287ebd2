"""What a zoo is made of: runs, and pairs of runs with the truth about them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from repro_tui.compare.model import Headline


@dataclass(frozen=True)
class Training:
    """A run that repro-tui's launcher carries out, with the full record."""

    name: str
    entry_point: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    commit: str = "base"
    """One of COMMITS."""
    uncommitted: str = ""
    """The commit of COMMITS whose changes are applied without being committed."""
    data: str = "base"
    """One of DATA."""
    environment: str = ""
    """One of ENVIRONMENTS; empty: the one that the zoo itself runs in."""
    variables: Mapping[str, str] = field(default_factory=dict)
    seed: int | None = 42
    """None: nothing is seeded."""
    tells_data: bool = True
    """Whether the dataset is logged."""


@dataclass(frozen=True)
class Reexecution:
    """A run of `Engine.plan`: a run of the zoo, executed again."""

    name: str
    of: str
    seed: int | None = None


@dataclass(frozen=True)
class Plain:
    """A run that a script makes with MLflow alone. `wanted`: see project/plain_train.py."""

    name: str
    wanted: Mapping[str, int | bool]
    in_git: bool = True


@dataclass(frozen=True)
class Altered:
    """A copy of a real run, in which one thing was altered after the training."""

    name: str
    of: str
    alteration: str = ""
    """One of alterations.ALTERATIONS; empty: none, a copy."""


Run = Training | Reexecution | Plain | Altered

Point = tuple[str, int]
"""A metric and a step."""

AS_LOGGED = "as logged"
"""The first divergence is not known beforehand: it is read off the points that both
trainings wrote, before MLflow or repro-tui saw them."""


@dataclass(frozen=True)
class Pair:
    """Two runs, and what is true of them. Keys are written `section:part/part`."""

    kind: str
    """What was done on purpose: one of KINDS."""
    left: str
    right: str
    headline: Headline
    first: Point | str | None = None
    """The first divergence; AS_LOGGED; None: no metric differs."""
    suspect: str = ""
    """The input that was changed and did it, as a pattern; empty: no input did."""
    planted: tuple[str, ...] = ()
    """Inputs that were changed on purpose: patterns of which each must be found."""
    follows: tuple[str, ...] = ()
    """Inputs that follow from these, as patterns: nothing else may be found."""
    unknown: tuple[str, ...] = ()
    """Sections of which something is not known."""

    @property
    def name(self) -> str:
        return f"{self.left} / {self.right}"
