"""Two runs compared, as Markdown."""

import html
import re
from collections.abc import Iterable, Iterator, Sequence

from repro_tui.compare.model import (
    Comparison,
    DiffMark,
    Finding,
    Kind,
    SectionComparison,
    TextDetail,
)
from repro_tui.evidence.model import Known, Run, Side
from repro_tui.reports import words
from repro_tui.reports.markdown.primitives import MANY, code, details, folded, prose, table
from repro_tui.reports.runs import described
from repro_tui.text import plural, visible

_CELL = 160
"""Characters of a value in a short report; a full one cuts nothing."""


def blocks(comparison: Comparison, full: bool) -> Iterator[str]:
    """The parts of the document, in order."""
    yield from _head(comparison)
    yield from _suspects(comparison)
    yield from _first_divergence(comparison)
    yield from _overview(comparison)
    for side in Side:
        sections = [
            block
            for section in comparison.sections.values()
            if section.side is side
            for block in _section(section, full)
        ]
        if sections:
            yield f"## {side.capitalize()}"
            yield from sections
    yield from rules([comparison])


def _head(comparison: Comparison) -> Iterator[str]:
    settled = comparison.verdict
    names = [code(run.name or run.run_id) for run in (comparison.left, comparison.right)]
    yield f"# {settled.headline}: {names[0]} and {names[1]}"
    yield f"Inputs **{settled.inputs}**, outcomes **{settled.outcomes}**."
    yield "\n".join(f"- {prose(reason)}" for reason in settled.reasons)
    runs = (comparison.left, comparison.right)
    yield runs_table(("", "left (base)", "right"), runs)
    yield f"Numbers are compared {prose(words.tolerance(comparison.policy))}."


def runs_table(head: Sequence[str], runs: Sequence[Run]) -> str:
    """Who the runs are: a column each."""
    rows = (
        [label, *(code(text) if text else "not told" for text in texts)]
        for label, texts in described(runs)
    )
    return table(head, rows)


def _suspects(comparison: Comparison) -> Iterator[str]:
    if not comparison.suspects:
        return
    yield "## Suspects"
    yield "Changed inputs, the likeliest first. None is proven: that takes a re-execution."
    lines = []
    for number, (suspect, finding) in enumerate(words.suspected(comparison), 1):
        left, right = _values(finding, full=False)
        where = f"{suspect.section} {code(words.key(suspect.key))}"
        lines.append(f"{number}. {where}: {left} → {right}. {prose(suspect.why)}")
    yield from _first_lines("More suspects", lines[:MANY], lines[MANY:])
    unknown = [pair for pair in comparison.not_compared if pair[0].side is Side.INPUTS]
    if unknown:
        listed = ", ".join(f"{name} {code(words.key(finding.key))}" for name, finding in unknown)
        yield f"Not known, and so not cleared: {listed}."


def _first_lines(title: str, shown: list[str], rest: list[str]) -> Iterator[str]:
    yield "\n".join(shown)
    if rest:
        yield from details(f"{title} ({len(rest):,})", ["\n".join(rest)])


def _first_divergence(comparison: Comparison) -> Iterator[str]:
    first = comparison.first_divergence
    if first is not None:
        yield "## First divergence"
        yield f"{code(words.first_divergence(first))}"


def _overview(comparison: Comparison) -> Iterator[str]:
    yield "## Sections"
    rows = ([str(name), words.section(found)] for name, found in comparison.sections.items())
    yield table(("section", "found"), rows)


def _section(section: SectionComparison, full: bool) -> Iterator[str]:
    """The section's table, then what lies inside its values; nothing where nothing is told."""
    listed = [f for f in section.findings if full or words.told(f)]
    if not listed:
        return
    yield f"### {section.name}"
    quiet = () if full else (Kind.SET_ASIDE, Kind.EQUAL)
    counted = [f for f in listed if f.kind not in quiet]
    aside = [f for f in listed if f.kind in quiet]
    if counted:
        yield from folded(len(counted), "finding", _findings(counted, full), full=full)
    if aside:
        title = f"{plural(len(aside), 'finding')} set aside, or equal in other words"
        yield from details(title, [_findings(aside, full)])
    for finding in listed:
        yield from _inside(finding, (), full)


def _findings(findings: Iterable[Finding], full: bool) -> str:
    head = ("", "key", "left", "right", "found", *(("read from",) if full else ()))
    rows = []
    for finding in findings:
        note = prose(words.finding_note(finding))
        kind = f"{words.symbol(finding.kind)} {finding.kind}"
        row = [kind, code(words.key(finding.key)), *_values(finding, full), note]
        rows.append(row + ([_sources(finding)] if full else []))
    return table(head, rows)


def _values(finding: Finding, full: bool) -> tuple[str, str]:
    left, right = (
        code(text) if isinstance(fact, Known) else text
        for text, fact in zip(
            words.sides(finding, None if full else _CELL),
            (finding.left, finding.right),
            strict=True,
        )
    )
    return left, right


def _sources(finding: Finding) -> str:
    return " / ".join(map(code, words.sources(finding)))


def _inside(finding: Finding, above: tuple[str, ...], full: bool) -> Iterator[str]:
    """What a comparer saw inside a value: its parts and its lines, folded."""
    where = (*above, words.key(finding.key))
    findings, text = words.inside(finding)
    nested = [f for f in findings if full or words.told(f)]
    parts = [_findings(nested, full)] if nested else []
    parts += [] if text is None else _lines(text, full)
    if finding.detail is not None and parts:
        summary = f"<code>{html.escape(visible(' : '.join(where)))}</code>"
        yield from details(summary, [prose(words.detail(finding.detail)), *parts])
    for part in nested:
        yield from _inside(part, where, full)


def _lines(text: TextDetail, full: bool) -> list[str]:
    if not text.lines:
        return []
    shown, hidden = words.lines(text, full=full)
    lines = [
        f"@@ {visible(line.text)} @@"
        if line.mark is DiffMark.SKIPPED
        else f"{line.mark}{visible(line.text)}"
        for line in shown
    ]
    longest = max((len(run) for line in lines for run in re.findall("`+", line)), default=0)
    fence = "`" * max(longest + 1, 3)
    return ["\n".join([f"{fence}diff", *lines, fence]), *filter(None, [hidden])]


def rules(comparisons: Sequence[Comparison]) -> Iterator[str]:
    """Why what was set aside does not count."""
    if found := words.rules_used(comparisons):
        rows = [[prose(r.name), r.section, code(r.pattern), prose(r.why)] for r in found]
        listed = table(("rule", "section", "pattern", "why"), rows)
        yield from details("The rules that set something aside", [listed])
