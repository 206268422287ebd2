"""How several runs are spelled: one place for every report, plain text as in `words`."""

from collections import Counter
from collections.abc import Iterator

from repro_tui.compare.model import Headline, Kind
from repro_tui.compare.several import Row, Several
from repro_tui.evidence.model import SectionName
from repro_tui.reports import words
from repro_tui.text import plural

PAIRS = "What lies inside a value is told two by two: compare the base with one run alone."
OVERVIEW = ("run", "verdict", "inputs", "outcomes", "first divergence", "first suspect")
_SAME = "="
_SHORTEST_ID = 8
_WIDTH = 320
"""Characters that the values of one row share in a short report …"""
_NARROWEST = 40
"""… of which every run has that many at least; a full report cuts nothing."""


def names(several: Several) -> tuple[str, ...]:
    """What the runs are called in tables, the base first: no two alike."""
    called = [run.name or run.run_id for run in several.runs]
    often = Counter(called)
    ids = [run.run_id for run in several.runs]
    lengths = range(_SHORTEST_ID, max(map(len, ids)) + 1)
    enough = next((n for n in lengths if len({each[:n] for each in ids}) == len(ids)), None)
    return tuple(
        name if often[name] == 1 else f"{name} ({run_id[:enough]})"
        for name, run_id in zip(called, ids, strict=True)
    )


def headline(several: Several) -> str:
    """`1 diverged, 2 reproduced`, the gravest first, in the order of the verdict table."""
    counts = Counter(each.verdict.headline for each in several.comparisons)
    order = (Headline.DIVERGED, Headline.NONDETERMINISTIC, Headline.UNVERIFIABLE, *Headline)
    return ", ".join(f"{counts[found]} {found}" for found in dict.fromkeys(order) if counts[found])


def against(several: Several) -> str:
    """How many runs were compared with the base."""
    return plural(len(several.comparisons), "run")


def overview(several: Several) -> Iterator[tuple[str, ...]]:
    """A row of `OVERVIEW` for each run but the base."""
    for name, each in zip(names(several)[1:], several.comparisons, strict=True):
        first = each.first_divergence
        yield (
            name,
            each.verdict.headline,
            each.verdict.inputs,
            each.verdict.outcomes,
            "" if first is None else words.first_divergence(first),
            ""
            if not each.suspects
            else f"{each.suspects[0].section} {words.key(each.suspects[0].key)}",
        )


def listed(several: Several, section: SectionName, *, full: bool) -> list[Row]:
    """The rows of a section that a report tells of: in a short one those not plainly equal."""
    return [
        row
        for row in several.rows
        if row.section is section
        and (full or any(found and words.told(found) for found in row.findings))
    ]


def counts(several: Several, section: SectionName) -> str:
    """`≠ 3 changed, = 8 equal`: the keys of a section by the gravest that was found."""
    found = Counter(row.kind for row in several.rows if row.section is section)
    order = (*(kind for kind in Kind if kind is not Kind.EQUAL), Kind.EQUAL)
    said = (f"{words.symbol(kind)} {found[kind]:,} {kind}" for kind in order if found[kind])
    return ", ".join(said) or "nothing recorded"


def cells(row: Row, *, full: bool) -> tuple[tuple[str, str | None], ...]:
    """For each run a symbol and a value: `=` and None where a run has what the base has.

    The base has no symbol. In a short report values are cut so that what differs is in view.
    """
    texts = [words.fact(fact) for fact in row.facts]
    width = max(_WIDTH // len(texts), _NARROWEST)
    if full:
        base, others = texts[0], texts[1:]
    else:
        base = words.abreast(texts, width)[0]
        others = [words.abreast((texts[0], text), width)[1] for text in texts[1:]]
    told = [
        (_SAME, None) if kind is Kind.EQUAL and text == texts[0] else (words.symbol(kind), shown)
        for kind, text, shown in zip(row.kinds, texts[1:], others, strict=True)
    ]
    return (("", base), *told)


def hidden(several: Several) -> str:
    """Which sections an excerpt leaves out of sight; empty: none."""
    out = [name for name in SectionName if name not in several.comparisons[0].sections]
    return f"Not shown here, but part of these verdicts: {', '.join(out)}." if out else ""


def not_compared(several: Several) -> Iterator[tuple[str, SectionName, str, str]]:
    """Run, section, key and reason of whatever could not be compared."""
    for name, each in zip(names(several)[1:], several.comparisons, strict=True):
        for section, finding in each.not_compared:
            yield name, section, words.key(finding.key), finding.note
