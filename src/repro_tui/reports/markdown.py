"""A comparison as Markdown for a pull request: the verdict first, then what differs.

Values that strangers wrote stand in code spans and fenced blocks, where no forge looks
for HTML, links, images, mentions or emphasis; sentences that may quote them are escaped.
Follows CommonMark 0.31 and GitHub Flavored Markdown's tables.
"""

import html
import re
from collections.abc import Iterable, Iterator

from repro_tui.compare.model import (
    Comparison,
    DiffMark,
    FileDetail,
    Finding,
    Kind,
    SectionComparison,
    TextDetail,
)
from repro_tui.evidence.model import Fact, Known, Missing, Side, Unreadable
from repro_tui.reports import words
from repro_tui.reports.runs import started
from repro_tui.text import duration, plural, visible

_CELL = 160
"""Characters of a value in a short report; a full one cuts nothing."""
_MANY = 12
"""Rows from which a table is folded in a short report."""

_MEANT = re.compile(r"([\\`*_\[\]<>~&$])")
# Forges look for these in the finished text, where a backslash is gone: a comment parts them.
_TRIGGERS = re.compile(r"(?<=[@#])(?=\S)|(?<=:)(?=//)|(?<=www)(?=\.)", re.IGNORECASE)


def markdown(comparison: Comparison, *, full: bool = False) -> str:
    """Write the comparison out, ending in one newline.

    Short: the verdict, suspects, the first divergence and, section by section, all that
    is not plainly equal. `full` adds what is equal, every value whole and its source.
    """
    blocks = [
        *_head(comparison),
        *_suspects(comparison),
        *_first_divergence(comparison),
        *_overview(comparison),
    ]
    for side in Side:
        sections = [
            block
            for section in comparison.sections.values()
            if section.side is side
            for block in _section(section, full)
        ]
        if sections:
            blocks += [f"## {side.capitalize()}", *sections]
    blocks += _rules(comparison)
    return "\n\n".join(blocks) + "\n"


def code(text: str) -> str:
    """Untrusted text as a code span."""
    text = visible(text)
    if not text:
        return "(empty)"
    fence = "`" * (max(map(len, re.findall("`+", text)), default=0) + 1)
    edge = text[0] + text[-1]
    # A reader takes one space off either end, unless there are spaces only.
    padding = " " if "`" in edge or (edge == "  " and text.strip(" ")) else ""
    return f"{fence}{padding}{text}{padding}{fence}"


def prose(text: str) -> str:
    """Untrusted text as plain words. It must not begin a line, where `#` or `-` have a meaning."""
    escaped = _MEANT.sub(r"\\\1", visible(text))
    return _TRIGGERS.sub("<!-- -->", escaped)


def _head(comparison: Comparison) -> Iterator[str]:
    settled = comparison.verdict
    names = [code(run.name or run.run_id) for run in (comparison.left, comparison.right)]
    yield f"# {settled.headline}: {names[0]} and {names[1]}"
    yield f"Inputs **{settled.inputs}**, outcomes **{settled.outcomes}**."
    yield "\n".join(f"- {prose(reason)}" for reason in settled.reasons)
    runs = (comparison.left, comparison.right)
    rows: list[tuple[str, list[str]]] = [
        ("run", [code(run.run_id) for run in runs]),
        ("name", [code(run.name) for run in runs]),
        ("experiment", [code(run.experiment_name) for run in runs]),
        ("status", [code(run.status) for run in runs]),
        ("started (UTC)", [code(started(run) or "not told") for run in runs]),
        (
            "duration",
            [code("not told" if (ms := run.duration) is None else duration(ms)) for run in runs],
        ),
        ("user", [code(run.user) for run in runs]),
    ]
    yield _table(("", "left (base)", "right"), ([label, *cells] for label, cells in rows))
    yield f"Numbers are compared {prose(words.tolerance(comparison.policy))}."


def _suspects(comparison: Comparison) -> Iterator[str]:
    if not comparison.suspects:
        return
    yield "## Suspects"
    yield "Changed inputs, the likeliest first. None is proven: that takes a re-execution."
    found = {
        (name, finding.key): finding
        for name, section in comparison.sections.items()
        for finding in section.findings
    }
    lines = []
    for number, suspect in enumerate(comparison.suspects, 1):
        left, right = _values(found[suspect.section, suspect.key], full=False)
        where = f"{suspect.section} {code(words.key(suspect.key))}"
        lines.append(f"{number}. {where}: {left} → {right}. {prose(suspect.why)}")
    yield from _folded("More suspects", lines[:_MANY], lines[_MANY:])
    unknown = [pair for pair in comparison.not_compared if pair[0].side is Side.INPUTS]
    if unknown:
        listed = ", ".join(f"{name} {code(words.key(finding.key))}" for name, finding in unknown)
        yield f"Not known, and so not cleared: {listed}."


def _folded(title: str, shown: list[str], rest: list[str]) -> Iterator[str]:
    yield "\n".join(shown)
    if rest:
        yield from _details(f"{title} ({len(rest):,})", ["\n".join(rest)])


def _first_divergence(comparison: Comparison) -> Iterator[str]:
    first = comparison.first_divergence
    if first is not None:
        yield "## First divergence"
        yield f"{code(words.first_divergence(first))}"


def _overview(comparison: Comparison) -> Iterator[str]:
    yield "## Sections"
    rows = ([str(name), words.section(found)] for name, found in comparison.sections.items())
    yield _table(("section", "found"), rows)


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
        table = _findings(counted, full)
        if len(counted) > _MANY and not full:
            yield from _details(plural(len(counted), "finding"), [table])
        else:
            yield table
    if aside:
        title = f"{plural(len(aside), 'finding')} set aside, or equal in other words"
        yield from _details(title, [_findings(aside, full)])
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
    return _table(head, rows)


def _values(finding: Finding, full: bool) -> tuple[str, str]:
    texts = words.fact(finding.left), words.fact(finding.right)
    if not full:
        texts = words.abreast(*texts, _CELL)
    left, right = (
        code(text) if isinstance(fact, Known) else text
        for text, fact in zip(texts, (finding.left, finding.right), strict=True)
    )
    return left, right


def _sources(finding: Finding) -> str:
    sources = [_source(fact) for fact in (finding.left, finding.right)]
    return " / ".join(code(source) for source in dict.fromkeys(sources) if source)


def _source(fact: Fact | None) -> str:
    match fact:
        case Known(source=source) | Unreadable(source=source):
            return source
        case Missing() | None:
            return ""


def _inside(finding: Finding, above: tuple[str, ...], full: bool) -> Iterator[str]:
    """What a comparer saw inside a value: its parts and its lines, folded."""
    where = (*above, words.key(finding.key))
    parts: list[str] = []
    nested: list[Finding] = []
    match finding.detail:
        case TextDetail() as text:
            parts = _lines(text)
        case FileDetail() as file:
            nested = [f for f in file.findings if full or words.told(f)]
            parts = [_findings(nested, full)] if nested else []
            parts += _lines(file.text) if file.text is not None else []
        case _:
            return
    if parts:
        summary = f"<code>{html.escape(visible(' : '.join(where)))}</code>"
        yield from _details(summary, [prose(words.detail(finding.detail)), *parts])
    for part in nested:
        yield from _inside(part, where, full)


def _lines(text: TextDetail) -> list[str]:
    if not text.lines:
        return []
    lines = [
        f"@@ {visible(line.text)} @@"
        if line.mark is DiffMark.SKIPPED
        else f"{line.mark}{visible(line.text)}"
        for line in text.lines
    ]
    longest = max((len(run) for line in lines for run in re.findall("`+", line)), default=0)
    fence = "`" * max(longest + 1, 3)
    cut = ["More lines differ; they are not shown."] if text.cut else []
    return ["\n".join([f"{fence}diff", *lines, fence]), *cut]


def _rules(comparison: Comparison) -> Iterator[str]:
    """Why what was set aside does not count."""
    used = [
        comparison.policy.rule_for(name, finding.key)
        for name, section in comparison.sections.items()
        for finding in section.findings
        if finding.kind is Kind.SET_ASIDE
    ]
    rules = [rule for rule in comparison.policy.set_aside if rule in used]
    if rules:
        rows = [[prose(r.name), r.section, code(r.pattern), prose(r.why)] for r in rules]
        table = _table(("rule", "section", "pattern", "why"), rows)
        yield from _details("The rules that set something aside", [table])


def _details(summary: str, blocks: Iterable[str]) -> Iterator[str]:
    """A folded part. `summary` is HTML."""
    yield f"<details><summary>{summary}</summary>"
    yield from blocks
    yield "</details>"


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table; pipes in cells are escaped, and spelled out where renderers would disagree."""
    titles = list(head)
    lines = [titles, ["---"] * len(titles)]
    lines += [[c.replace("\\|", "\\\\x7c").replace("|", "\\|") for c in row] for row in rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
