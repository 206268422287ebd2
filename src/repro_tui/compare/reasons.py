"""What a verdict rests on, in sentences. The verdict itself is read off findings alone."""

from collections import Counter
from collections.abc import Iterable, Iterator

from repro_tui.compare.model import Finding, HistoryDetail, Kind, SectionComparison, Sections
from repro_tui.evidence.model import NOT_SEEDED, Known, Run, SectionName, Side
from repro_tui.text import plural


def by_side(sections: Sections, side: Side) -> list[tuple[SectionName, Finding]]:
    """All findings of one side, each with its section."""
    return [
        (name, finding)
        for name, section in sections.items()
        if name.side is side
        for finding in section.findings
    ]


def reasons(left: Run, right: Run, sections: Sections, astray: tuple[str, str]) -> Iterator[str]:
    """The sentences that the verdict rests on, the weightiest first."""
    yield from _ended(left, right)
    outcomes, inputs = (by_side(sections, side) for side in (Side.OUTCOMES, Side.INPUTS))
    differing = [pair for pair in outcomes if pair[1].kind.differs]
    yield f"Outcomes that differ: {_by_section(differing) or 'none'}."
    if not sections[SectionName.ARTIFACTS].findings and not differing:
        # A store whose files went elsewhere lists none either.
        yield "No file lies where the artifacts of either run belong: metrics alone were compared."
    if within := [pair for pair in outcomes if pair[1].kind is Kind.WITHIN_TOLERANCE]:
        rules = ", ".join(sorted({finding.rule for _, finding in within}))
        yield f"Equal only within tolerance ({rules}): {_by_section(within)}."
    changed = [pair for pair in inputs if pair[1].kind.differs]
    yield f"Inputs that differ: {_by_section(changed) or 'none'}."
    if differing and (free := list(_unseeded(sections))):
        yield f"Random number generators that nobody seeded in either run: {', '.join(free)}."
    if differing:
        yield from _left_to_the_card(sections)
    yield from _astray(*astray)
    for noun, findings in (("Outcomes", outcomes), ("Inputs", inputs)):
        unknown = [pair for pair in findings if pair[1].kind is Kind.UNKNOWN]
        if unknown:
            yield f"{noun} that could not be compared: {_by_section(unknown)}."
    yield f"Compared: {_compared(outcomes, inputs)}."
    if aside := [pair for pair in (*outcomes, *inputs) if pair[1].kind is Kind.SET_ASIDE]:
        rules = ", ".join(sorted({finding.rule for _, finding in aside}))
        yield f"Set aside by rule ({rules}): {_by_section(aside)}."


def _ended(left: Run, right: Run) -> Iterator[str]:
    """How a run ended, where that alone makes outcomes differ or says that they are to come."""
    for name, run in (("left", left), ("right", right)):
        if not run.finished:
            yield f"The {name} run has not ended: it is {run.status}."
        elif run.status != "FINISHED" and left.status != right.status:
            yield (
                f"The {name} run ended as {run.status}: what it did not come to log counts as "
                "different, and explains nothing."
            )


def _astray(left: str, right: str) -> Iterator[str]:
    if left and left == right:
        yield f"Both runs had other packages than their locks say: {left}."
        return
    for side, said in (("left", left), ("right", right)):
        if said:
            yield f"The {side} run had other packages than its locks say: {said}."


def _unseeded(sections: Sections) -> Iterator[str]:
    """Equal inputs that explain differing outcomes: generators left to chance on both sides."""
    for finding in sections[SectionName.RANDOMNESS].findings:
        match finding:
            case Finding(kind=Kind.EQUAL, left=Known(value=value)) if value == NOT_SEEDED:
                yield finding.key[0]


def _left_to_the_card(sections: Sections) -> Iterator[str]:
    """Equal inputs that explain differing outcomes: algorithms of a card that need not repeat."""
    device = _same(sections[SectionName.DEVICE], "device")
    randomness = sections[SectionName.RANDOMNESS]
    enforced = _same(randomness, "torch", "deterministic algorithms")
    if not str(device).startswith("cuda") or enforced is not False:
        return
    timed = _same(randomness, "cudnn", "benchmark") is True
    clock = "; cuDNN chose its own by the clock (cudnn benchmark)" if timed else ""
    yield (
        f"Both computed on {device} without deterministic algorithms, where sums need not "
        f"repeat{clock}. The determinism strict enforces them."
    )


def _same(section: SectionComparison, *key: str) -> object:
    """The value that both runs are known to have; None where there is none."""
    for finding in section.findings:
        match finding:
            case Finding(kind=Kind.EQUAL, left=Known(value=value)) if finding.key == key:
                return value
    return None


def _by_section(findings: Iterable[tuple[SectionName, Finding]]) -> str:
    """`2 in metrics, 1 in artifacts`."""
    counts = Counter(name for name, _ in findings)
    return ", ".join(f"{counts[name]:,} in {name}" for name in SectionName if name in counts)


def _compared(
    outcomes: Iterable[tuple[SectionName, Finding]], inputs: Iterable[tuple[SectionName, Finding]]
) -> str:
    """How many points, files and facts were compared: neither set aside nor unknown."""
    aside = (Kind.SET_ASIDE, Kind.UNKNOWN)
    points = metrics = files = 0
    for name, finding in outcomes:
        if finding.kind in aside:
            continue
        if isinstance(finding.detail, HistoryDetail):
            metrics += 1
            points += finding.detail.distance.compared
        elif name is SectionName.ARTIFACTS and None not in (finding.left, finding.right):
            files += 1
    facts = sum(finding.kind not in aside for _, finding in inputs)
    return (
        f"{plural(points, 'point')} of {plural(metrics, 'metric')}, {plural(files, 'file')}, "
        f"{plural(facts, 'input')}"
    )
