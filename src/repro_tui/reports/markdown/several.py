"""Several runs compared with one, as Markdown."""

from collections.abc import Iterable, Iterator, Sequence

from repro_tui.compare.model import Kind
from repro_tui.compare.several import Row, Several
from repro_tui.compare.spread import Spread
from repro_tui.evidence.model import Fact, Known, SectionName, Side
from repro_tui.reports import several, spread, words
from repro_tui.reports.markdown.comparison import rules, runs_table
from repro_tui.reports.markdown.primitives import code, details, folded, prose, table


def blocks(compared: Several, full: bool) -> Iterator[str]:
    """The parts of the document, in order."""
    base, *_ = called = several.names(compared)
    policy = compared.comparisons[0].policy
    yield f"# {several.against(compared)} against {code(base)}: {several.headline(compared)}"
    yield _texts(several.OVERVIEW, several.overview(compared))
    yield f"Numbers are compared {prose(words.tolerance(policy))}."
    if compared.spread is not None:
        yield from _spread(compared.spread)
    yield "## Runs"
    yield runs_table(("", f"{code(base)} (base)", *map(code, called[1:])), compared.runs)
    for side in Side:
        sections = [
            block
            for section in SectionName
            if section.side is side and section in compared.comparisons[0].sections
            for block in _section(compared, section, called, full)
        ]
        if sections:
            yield f"## {side.capitalize()}"
            yield from sections
    if hidden := several.hidden(compared):
        yield hidden
    if unknown := list(several.not_compared(compared)):
        yield "## Not compared"
        listed = (
            (code(run), str(section), code(key), prose(why)) for run, section, key, why in unknown
        )
        text = table(("run", "section", "key", "why"), listed)
        yield from folded(len(unknown), "finding", text, full=full)
    yield from rules(compared.comparisons)
    yield several.PAIRS


def _spread(found: Spread) -> Iterator[str]:
    yield f"## {spread.title(found)}"
    yield "\n".join(f"- {sentence}" for sentence in spread.sentences(found))
    yield _texts(spread.COLUMNS, spread.rows(found))


def _section(
    compared: Several, section: SectionName, called: Sequence[str], full: bool
) -> Iterator[str]:
    """The section's table; nothing where nothing is told."""
    listed = several.listed(compared, section, full=full)
    if not listed:
        return
    yield f"### {section}"
    yield several.counts(compared, section)
    quiet = () if full else (Kind.SET_ASIDE, Kind.EQUAL)
    counted = [row for row in listed if row.kind not in quiet]
    aside = [row for row in listed if row.kind in quiet]
    if counted:
        text = _columns(counted, called, full)
        yield from folded(len(counted), "key", text, full=full)
    if aside:
        title = f"{len(aside):,} set aside, or equal in other words"
        yield from details(title, [_columns(aside, called, full)])


def _columns(rows: Iterable[Row], called: Sequence[str], full: bool) -> str:
    return table(
        ("", "key", *map(code, called)),
        (
            [
                f"{words.symbol(row.kind)} {row.kind}",
                code(words.key(row.key)),
                *map(_cell, row.facts, several.cells(row, full=full)),
            ]
            for row in rows
        ),
    )


def _cell(fact: Fact | None, told: tuple[str, str | None]) -> str:
    symbol, text = told
    if text is None:
        return symbol
    return f"{symbol} {code(text) if isinstance(fact, Known) else text}".strip()


def _texts(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    return table(head, ([code(text) if text else "" for text in row] for row in rows))
