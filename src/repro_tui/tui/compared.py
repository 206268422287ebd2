"""What is asked of a comparison, be it of two runs or of several. Pure."""

from repro_tui.compare.model import Comparison, Finding, Kind
from repro_tui.compare.several import Several
from repro_tui.evidence.model import Run, SectionName
from repro_tui.reports import several as words
from repro_tui.tui.outcome import headline


def first(compared: Comparison | Several) -> Comparison:
    """The comparison of the base with the first of the others."""
    return compared.comparisons[0] if isinstance(compared, Several) else compared


def runs(compared: Comparison | Several) -> tuple[Run, ...]:
    """The base first."""
    return compared.runs if isinstance(compared, Several) else (compared.left, compared.right)


def called(pair: Comparison) -> tuple[str, str]:
    """What two runs are called where there is room: by name and id."""
    names = [f"{run.name or 'run'} ({run.run_id[:8]})" for run in (pair.left, pair.right)]
    return names[0], names[1]


def names(compared: Comparison | Several) -> tuple[str, ...]:
    """What stands over the columns; of several runs with the verdict on each."""
    if not isinstance(compared, Several):
        return called(compared)
    base, *others = words.names(compared)
    verdicts = (headline(each.verdict.headline).plain[0] for each in compared.comparisons)
    return (f"base {base}", *(f"{v} {name}" for v, name in zip(verdicts, others, strict=True)))


def plottable(compared: Comparison | Several) -> tuple[Finding, ...]:
    """The metrics of two runs; none where nothing of them could be compared."""
    if isinstance(compared, Several):
        return ()
    found = compared[SectionName.METRICS].findings
    return found if any(each.kind is not Kind.UNKNOWN for each in found) else ()
