"""A comparison for a terminal: coloured there, plain when piped, the same words in both."""

import io
from collections.abc import Iterable, Iterator, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from repro_tui.compare.model import (
    Comparison,
    DiffMark,
    Finding,
    Headline,
    Kind,
    SectionComparison,
    TextDetail,
)
from repro_tui.compare.several import Row, Several
from repro_tui.evidence.model import SectionName, Side
from repro_tui.reports import several, spread, words
from repro_tui.reports.runs import described
from repro_tui.text import visible

_WIDTH = 1000
"""Columns of plain text: a finding is one line, for grep, whatever it holds but for …"""
_COLUMN = 200
"""… the longest values, which are folded at this width, never cut."""
_CELL = 160
"""Characters of a value in a short report; a full one cuts nothing."""

_STYLES = {
    Kind.EQUAL: "dim",
    Kind.CHANGED: "bold yellow",
    Kind.ADDED: "bold green",
    Kind.REMOVED: "bold red",
    Kind.WITHIN_TOLERANCE: "cyan",
    Kind.SET_ASIDE: "dim",
    Kind.UNKNOWN: "bold magenta",
}
_MARKS = {
    DiffMark.CONTEXT: "",
    DiffMark.REMOVED: "red",
    DiffMark.ADDED: "green",
    DiffMark.SKIPPED: "dim",
}
_BAD = (Headline.NONDETERMINISTIC, Headline.DIVERGED)


def render(compared: Comparison | Several, *, full: bool = False) -> RenderableType:
    """The comparison for a rich console; `full` adds what is equal and every value whole."""
    if isinstance(compared, Several):
        return Group(*_several(compared, full))
    return Group(*_blocks(compared, full))


def plain(compared: Comparison | Several, *, full: bool = False) -> str:
    """The same without colour, for files; ends in one newline."""
    console = Console(file=io.StringIO(), width=_WIDTH, color_system=None, legacy_windows=False)
    with console.capture() as written:
        console.print(render(compared, full=full))
    lines = [line.rstrip() for line in written.get().split("\n")]
    return "\n".join(lines).strip("\n") + "\n"


def _blocks(comparison: Comparison, full: bool) -> Iterator[RenderableType]:
    settled = comparison.verdict
    style = "bold magenta" if settled.headline is Headline.UNVERIFIABLE else "bold green"
    yield Text(words.verdict(settled), "bold red" if settled.headline in _BAD else style)
    for reason in settled.reasons:
        yield _below(Text(visible(reason)))
    yield _below(Text(f"Numbers are compared {visible(words.tolerance(comparison.policy))}."))
    yield Text()
    yield _runs(comparison)
    yield Text()
    if comparison.first_divergence is not None:
        yield _heading("First divergence")
        yield _below(Text(visible(words.first_divergence(comparison.first_divergence))))
        yield Text()
    yield from _suspects(comparison)
    for side in Side:
        yield Text()
        yield _heading(side.capitalize())
        for section in comparison.sections.values():
            if section.side is side:
                yield from _section(section, full)


def _below(text: Text) -> Padding:
    """A line below a heading, indented also where it is wrapped."""
    return Padding(text, (0, 0, 0, 2), expand=False)


def _heading(text: str) -> Text:
    return Text(text, "bold underline")


def _runs(comparison: Comparison) -> Table:
    table = _table("", "left (base)", "right")
    for label, texts in described((comparison.left, comparison.right)):
        table.add_row(label, *(Text(visible(text)) for text in texts))
    return table


def _suspects(comparison: Comparison) -> Iterator[RenderableType]:
    if not comparison.suspects:
        return
    yield _heading("Suspects, the likeliest first; none is proven")
    for number, suspect in enumerate(comparison.suspects, 1):
        where = Text(f"{number}. {suspect.section} {visible(words.key(suspect.key))}: ", "bold")
        yield _below(where.append(visible(suspect.why), "not bold"))
    for name, finding in comparison.not_compared:
        if name.side is Side.INPUTS:
            where = Text(f"?  {name} {visible(words.key(finding.key))}: not known", "magenta")
            yield _below(where)
    yield Text()


def _section(section: SectionComparison, full: bool) -> Iterator[RenderableType]:
    yield Text(f"{section.name}: ", _STYLES[section.kind]).append(words.section(section), "default")
    listed = [f for f in section.findings if full or words.told(f)]
    if listed:
        yield _findings(listed, full)
    for finding in listed:
        yield from _inside(finding, (), full)


def _findings(findings: list[Finding], full: bool) -> Table:
    table = _table("", "key", "left", "right", "found")
    for finding in findings:
        style = _STYLES[finding.kind]
        sides = words.pieces(finding, None if full else _CELL)
        table.add_row(
            Text(f"{words.symbol(finding.kind)} {finding.kind}", style),
            Text(visible(words.key(finding.key))),
            *(_marked(side, style) for side in sides),
            Text(visible(words.finding_note(finding))),
        )
    return table


def _marked(side: words.Pieces, style: str) -> Text:
    """A value with what differs underlined."""
    text = Text(style=style)
    for piece, differs in side:
        text.append(visible(piece), "underline" if differs else "")
    return text


def _inside(finding: Finding, above: tuple[str, ...], full: bool) -> Iterator[RenderableType]:
    """What a comparer saw inside a value: its parts and its lines."""
    where = (*above, words.key(finding.key))
    findings, text = words.inside(finding)
    nested = [f for f in findings if full or words.told(f)]
    if nested or (text is not None and text.lines):
        yield Text(f"  inside {visible(' : '.join(where))}", "bold")
    if nested:
        yield Padding(_findings(nested, full), (0, 0, 0, 2))
    if text is not None and text.lines:
        yield Padding(_lines(text, full), (0, 0, 1, 4))
    for part in nested:
        yield from _inside(part, where, full)


def _lines(text: TextDetail, full: bool) -> Text:
    shown, hidden = words.lines(text, full=full)
    lines = [
        Text(f"{line.mark}{' ' if line.mark is DiffMark.SKIPPED else ''}{visible(line.text)}", s)
        for line in shown
        for s in [_MARKS[line.mark]]
    ]
    if hidden:
        lines.append(Text(hidden, "dim"))
    return Text("\n").join(lines)


# --- Several runs ------------------------------------------------------------------


def _several(compared: Several, full: bool) -> Iterator[RenderableType]:
    base, *_ = called = several.names(compared)
    head = f"{several.against(compared)} against {visible(base)}: {several.headline(compared)}"
    bad = compared.gravest.verdict.headline in _BAD
    yield Text(head, "bold red" if bad else "bold")
    tolerance = words.tolerance(compared.comparisons[0].policy)
    yield Text(f"  Numbers are compared {visible(tolerance)}.")
    yield Text()
    yield _texts(several.OVERVIEW, several.overview(compared))
    if compared.spread is not None:
        yield Text()
        yield _heading(spread.title(compared.spread))
        for sentence in spread.sentences(compared.spread):
            yield Text(f"  {sentence}")
        yield _texts(spread.COLUMNS, spread.rows(compared.spread))
    yield Text()
    runs = [(label, *texts) for label, texts in described(compared.runs)]
    yield _texts(("", f"{base} (base)", *called[1:]), runs)
    for side in Side:
        yield Text()
        yield _heading(side.capitalize())
        for section in SectionName:
            if section.side is side and section in compared.comparisons[0].sections:
                yield Text(f"{section}: ").append(several.counts(compared, section))
                if rows := several.listed(compared, section, full=full):
                    yield _columns(rows, called, full)
    if hidden := several.hidden(compared):
        yield Text()
        yield Text(hidden)
    if unknown := list(several.not_compared(compared)):
        yield Text()
        yield _heading("Not compared")
        yield _texts(("run", "section", "key", "why"), unknown)
    yield Text()
    yield Text(several.PAIRS, "dim")


def _columns(rows: Iterable[Row], called: Sequence[str], full: bool) -> Table:
    table = _table("", "key", *map(visible, called))
    for row in rows:
        cells = [
            Text(visible(f"{symbol} {text or ''}".strip()), "" if kind is None else _STYLES[kind])
            for kind, (symbol, text) in zip(
                (None, *row.kinds), several.cells(row, full=full), strict=True
            )
        ]
        kind = Text(f"{words.symbol(row.kind)} {row.kind}", _STYLES[row.kind])
        table.add_row(kind, Text(visible(words.key(row.key))), *cells)
    return table


def _texts(head: Iterable[str], rows: Iterable[Iterable[str]]) -> Table:
    table = _table(*map(visible, head))
    for row in rows:
        table.add_row(*(Text(visible(text)) for text in row))
    return table


def _table(*columns: str) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for column in columns:
        # As Text: rich reads a string for markup.
        table.add_column(Text(column), overflow="fold", max_width=_COLUMN)
    return table
