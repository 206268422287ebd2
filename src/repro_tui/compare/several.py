"""Several runs compared with one: the first is the base."""

from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct

from repro_tui.compare.model import Comparison, Finding, Kind
from repro_tui.compare.spread import Spread, spread
from repro_tui.compare.verdict import OUTCOMES_GRAVEST_FIRST, FailOn, exit_code, gravest
from repro_tui.errors import ExitCode
from repro_tui.evidence.model import (
    Evidence,
    Fact,
    Key,
    Known,
    Missing,
    Run,
    SectionName,
    Unreadable,
)
from repro_tui.evidence.tags import Tag

KINDS_GRAVEST_FIRST = (
    Kind.CHANGED,
    Kind.REMOVED,
    Kind.ADDED,
    Kind.UNKNOWN,
    Kind.WITHIN_TOLERANCE,
    Kind.SET_ASIDE,
    Kind.EQUAL,
)


class Row(Struct, frozen=True):
    """One key of one section in every run."""

    section: SectionName
    key: Key
    facts: tuple[Fact | None, ...]
    """What each run has, the base first; None: it is known not to have it."""
    kinds: tuple[Kind, ...]
    """How each run but the base compares with the base."""
    findings: tuple[Finding | None, ...]
    """What that comparison found at the key; None where it had nothing to compare there."""

    @property
    def kind(self) -> Kind:
        """The gravest of the kinds."""
        return next(kind for kind in KINDS_GRAVEST_FIRST if kind in self.kinds)


class Several(Struct, frozen=True):
    """A base and the runs that were compared with it."""

    comparisons: tuple[Comparison, ...]
    """The base, as the left run, with each of the others, in the order they were named."""
    rows: tuple[Row, ...]
    """Every key that any run has, section by section."""
    spread: Spread | None = None
    """Where the others are repeats of the base."""

    @property
    def runs(self) -> tuple[Run, ...]:
        """The base first."""
        return (self.comparisons[0].left, *(each.right for each in self.comparisons))

    @property
    def gravest(self) -> Comparison:
        """The first comparison whose outcomes are the gravest of all."""
        return min(
            self.comparisons,
            key=lambda each: OUTCOMES_GRAVEST_FIRST.index(each.verdict.outcomes),
        )

    def exit_code(self, fail_on: FailOn = FailOn.OUTCOMES) -> ExitCode:
        """The gravest of all comparisons': a difference outweighs what is unknown."""
        return gravest(exit_code(each, fail_on) for each in self.comparisons)


def are_repeats(base: Run, others: Sequence[Run]) -> bool:
    """Whether two or more runs execute, by their tags, what the base executes, too."""
    origin = base.tags.get(Tag.REEXECUTES, base.run_id)
    return len(others) > 1 and all(
        origin in (run.tags.get(Tag.REEXECUTES), run.run_id) for run in others
    )


def compare_several(
    base: Evidence,
    others: Sequence[Evidence],
    compared: Callable[[Evidence, Evidence], Comparison],
    *,
    repeats: bool = False,
) -> Several:
    """Compare one or more runs with the base by `compared`, which takes the left run first.

    They are summed up as repeats of the base where `repeats` says that they are, or where
    `are_repeats` does; that takes two of them.
    """
    comparisons = tuple(compared(base, other) for other in others)
    summed = None
    if len(others) > 1 and (repeats or are_repeats(base.run, [each.run for each in others])):
        summed = spread(comparisons, [compared(others[0], other) for other in others[1:]])
    return Several(comparisons, tuple(_rows(base, others, comparisons)), summed)


def _rows(
    base: Evidence, others: Sequence[Evidence], comparisons: Sequence[Comparison]
) -> Iterator[Row]:
    for name in SectionName:
        tables = [{found.key: found for found in each[name].findings} for each in comparisons]
        for key in sorted({key for table in tables for key in table}):
            findings = tuple(table.get(key) for table in tables)
            known = next((found for found in findings if found is not None), None)
            first = base[name].at(key) if known is None else known.left
            cells = [
                (found.right, found.kind) if found else _elsewhere(first, other[name].at(key))
                for found, other in zip(findings, others, strict=True)
            ]
            facts, kinds = zip(*cells, strict=True)
            yield Row(name, key, (first, *facts), kinds, findings)


def _elsewhere(base: Fact | None, fact: Fact | None) -> tuple[Fact | None, Kind]:
    """What a run has at a key that its own comparison with the base does not list.

    Neither has it, or a gap covers it, or both have it by one commit.
    """
    if isinstance(base, Missing | Unreadable) or isinstance(fact, Missing | Unreadable):
        return fact, Kind.UNKNOWN
    # Logged models are paired by content: another run's file of this name is in another row.
    return fact if isinstance(base, Known) else None, Kind.EQUAL
