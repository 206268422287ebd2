"""The nouns of a comparison. Frozen and pure: every view is drawn from these alone."""

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct

from repro_tui.compare.policy import Policy
from repro_tui.evidence.model import Fact, Key, Run, SectionName, Side

MOST_RUNS = 20
"""Runs that are compared at once: a table has a column for each."""


class Kind(StrEnum):
    """What comparing one key found."""

    EQUAL = "equal"
    CHANGED = "changed"
    ADDED = "added"
    """Only the right run has it."""
    REMOVED = "removed"
    """Only the left run has it."""
    WITHIN_TOLERANCE = "within tolerance"
    SET_ASIDE = "set aside"
    """It differs or is unknown, and a rule of the policy says that this does not count."""
    UNKNOWN = "unknown"
    """It could not be compared: one side or both are missing or unreadable."""

    @property
    def differs(self) -> bool:
        return self in (Kind.CHANGED, Kind.ADDED, Kind.REMOVED)


# --- What differs inside a value ---------------------------------------------------


class Distance(Struct, frozen=True):
    """How far two series of numbers are apart, over the pairs that were compared.

    The largest distances are taken over finite pairs; a differing pair in which a number
    is NaN or infinite counts in `nonfinite` instead.
    `max_ulp` counts representable numbers of the narrower dtype between the two.
    """

    compared: int
    differing: int
    max_abs: float
    max_abs_at: int | None
    """The step (metrics) or flat index (tensors) of the largest absolute distance."""
    max_rel: float
    """|a - b| / |a|; infinite where a is 0 and b is not."""
    max_ulp: int
    nonfinite: int = 0
    beyond_tolerance: int = 0
    """How many of the differing pairs the policy's tolerance does not cover."""
    where: tuple[int, ...] = ()
    """How many of the differing pairs lie in each of up to 64 equally long stretches of the
    series, in order; empty where none differs."""


class HistoryDetail(Struct, frozen=True):
    """What differs between two histories of one metric."""

    distance: Distance
    first_step: int | None
    """The first step at which values differ beyond tolerance or a point is missing."""
    first_left: float | None
    first_right: float | None
    last_left: float | None
    last_right: float | None
    only_left: int
    """Points that the right history has no counterpart for."""
    only_right: int


class DiffMark(StrEnum):
    CONTEXT = " "
    REMOVED = "-"
    ADDED = "+"
    SKIPPED = "@"
    """Stands for equal lines that are not shown; `text` says how many."""


class DiffLine(Struct, frozen=True):
    mark: DiffMark
    left: int | None
    """Line number on the left side, from 1."""
    right: int | None
    text: str


class TextDetail(Struct, frozen=True):
    """The lines in which two texts differ, with a little context."""

    summary: str
    lines: tuple[DiffLine, ...]
    cut: bool = False
    """Whether differences were left out because there were too many."""


class TensorDetail(Struct, frozen=True):
    """What differs between two tensors of one name."""

    left_dtype: str
    right_dtype: str
    left_shape: tuple[int, ...]
    right_shape: tuple[int, ...]
    distance: Distance | None
    """None where the shapes or dtypes do not let elements be compared."""


class FileDetail(Struct, frozen=True):
    """What a comparer for the kind of file saw inside two files whose bytes differ.

    `findings` are the parts it compared (tensors, archive members, keys of a
    document); where it could look at text, `text` holds the lines.
    """

    comparer: str
    """The kind: `tensors`, `zip`, `json`, `MLmodel`, `text`, `picture`, `bytes`."""
    summary: str
    findings: tuple["Finding", ...] = ()
    text: TextDetail | None = None


Detail = HistoryDetail | TextDetail | TensorDetail | FileDetail


# --- Findings, sections, verdicts --------------------------------------------------


class Finding(Struct, frozen=True):
    """What comparing one key found, equal or not."""

    key: Key
    kind: Kind
    left: Fact | None
    """None: the left run is known not to have it."""
    right: Fact | None
    note: str = ""
    """One sentence for people: why it is unknown, `the same number, written differently`."""
    rule: str = ""
    """The name of the rule that set it aside, or the tolerance that it passed by."""
    detail: Detail | None = None


class InputsVerdict(StrEnum):
    SAME = "all the same"
    CHANGED = "some changed"
    UNKNOWN = "some unknown"


class OutcomesVerdict(StrEnum):
    IDENTICAL = "identical"
    WITHIN_TOLERANCE = "within tolerance"
    DIFFERENT = "different"
    UNKNOWN = "not fully known"


class Headline(StrEnum):
    """The verdict in a word, read off both sides: the table in `verdict.py`."""

    REPRODUCED = "reproduced"
    REPRODUCED_WITHIN_TOLERANCE = "reproduced within tolerance"
    UNAFFECTED = "unaffected by the changes"
    UNAFFECTED_WITHIN_TOLERANCE = "unaffected within tolerance"
    MATCHES = "matches, inputs not all known"
    MATCHES_WITHIN_TOLERANCE = "matches within tolerance, inputs not all known"
    NONDETERMINISTIC = "nondeterministic"
    DIVERGED = "diverged"
    UNVERIFIABLE = "unverifiable"


class SectionComparison(Struct, frozen=True):
    """All findings of one section, in the order of their keys."""

    name: SectionName
    findings: tuple[Finding, ...]

    @property
    def side(self) -> Side:
        return self.name.side

    def count(self, *kinds: Kind) -> int:
        return sum(finding.kind in kinds for finding in self.findings)

    @property
    def differing(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.kind.differs)

    @property
    def kind(self) -> Kind:
        """The section in one word: the gravest of what was found."""
        kinds = {finding.kind for finding in self.findings}
        if any(kind.differs for kind in kinds):
            return Kind.CHANGED
        for kind in (Kind.UNKNOWN, Kind.WITHIN_TOLERANCE):
            if kind in kinds:
                return kind
        return Kind.EQUAL


class FirstDivergence(Struct, frozen=True):
    """The earliest metric point at which the runs part, over all metrics.

    Earliest by the time since a run's first metric point (the mean of both runs' where both
    have a point there, so that either run can be the base), then by step, then by name. Not
    by step first: metrics count steps differently, and an epoch's step 0 is later than a
    batch's step 1.
    """

    metric: str
    step: int
    left: float | None
    right: float | None
    ulp: int | None
    """None where one side has no point or one value is not finite."""


class Suspect(Struct, frozen=True):
    """A changed input that may have caused the outcomes to differ. Never proven."""

    section: SectionName
    key: Key
    why: str


class Verdict(Struct, frozen=True):
    inputs: InputsVerdict
    outcomes: OutcomesVerdict
    headline: Headline
    reasons: tuple[str, ...]
    """The sentences that the verdict rests on, the weightiest first."""


Sections = Mapping[SectionName, SectionComparison]


class Comparison(Struct, frozen=True):
    """Two runs compared: everything that a person can be shown."""

    left: Run
    right: Run
    policy: Policy
    sections: Sections
    verdict: Verdict
    first_divergence: FirstDivergence | None = None
    suspects: tuple[Suspect, ...] = ()
    """The likeliest first; empty where outcomes do not differ."""

    def __getitem__(self, name: SectionName) -> SectionComparison:
        return self.sections[name]

    @property
    def not_compared(self) -> tuple[tuple[SectionName, Finding], ...]:
        """Everything that could not be compared, with its section."""
        return tuple(
            (name, finding)
            for name, section in self.sections.items()
            for finding in section.findings
            if finding.kind is Kind.UNKNOWN
        )
