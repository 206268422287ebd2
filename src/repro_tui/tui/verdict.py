"""A verdict as people read it: the headline first, then what it rests on. Pure."""

from collections.abc import Iterator, Sequence

from msgspec import Struct
from textual.content import Content

from repro_tui.compare.model import Comparison, Suspect
from repro_tui.compare.several import Several
from repro_tui.reports import several as several_words
from repro_tui.reports import spread as spread_words
from repro_tui.reports import words
from repro_tui.text import plural
from repro_tui.tui.facts import Facts
from repro_tui.tui.outcome import headline
from repro_tui.tui.spelling import MUTED, name, shown

_ALL = 1_000_000
_NAME = 22
_TOGETHER = 3
"""Reasons that are weightier than a second suspect."""


class _Line(Struct, frozen=True):
    label: str
    text: Content
    weight: int
    """What is shown where there is little room: the lowest."""
    noun: str = ""
    """What it is one of, where lines of its kind are left out."""
    own: bool = False
    """Whether each line of its kind has a label of its own."""


def banner(compared: Comparison | Several, width: int, most: int = _ALL) -> Content:
    """The verdict in at most so many lines of that width; they say what they leave out."""
    if isinstance(compared, Several):
        return _fitted(*_several(compared, width), width, most)
    return _fitted(_headline(compared), list(_lines(compared)), width, most)


def whole(compared: Comparison | Several, width: int) -> Content:
    """Everything that the verdict rests on; of several runs one after the other."""
    if not isinstance(compared, Several):
        return banner(compared, width)
    parts = [banner(compared, width)]
    if compared.spread is not None:
        parts.append(_spread_table(compared, width))
    for called, each in zip(several_words.names(compared)[1:], compared.comparisons, strict=True):
        parts.append(shown(called, "bold $primary") + Content("\n") + banner(each, width))
    return Content("\n\n").join(parts)


def _fitted(first: Content, lines: Sequence[_Line], width: int, most: int) -> Content:
    """As many lines, the weightiest, as there is room for, in the order in which they stand."""
    order = sorted(lines, key=lambda line: line.weight)
    for count in range(len(order), -1, -1):
        kept = set(map(id, order[:count]))
        out = [line for line in lines if id(line) not in kept]
        told = [line for line in lines if id(line) in kept]
        heads = [not i or told[i - 1].noun != line.noun or line.own for i, line in enumerate(told)]
        facts = [
            (Content.styled(f"  {line.label if head else ''}", MUTED), line.text)
            for line, head in zip(told, heads, strict=True)
        ]
        if out:
            nouns = dict.fromkeys(line.noun for line in out)
            more = ", ".join(plural(sum(x.noun == n for x in out), f"more {n}") for n in nouns)
            facts.append((Content.styled("  v shows", "$accent"), Content.styled(more, "$accent")))
        whole = Content("\n").join([*first.wrap(width), Facts(facts).content(width)])
        if whole.plain.count("\n") < most or not count:
            return whole if facts else first
    raise AssertionError("unreachable")


def _headline(comparison: Comparison) -> Content:
    verdict = comparison.verdict
    said = headline(verdict.headline, "bold").stylize("reverse")
    return said + Content(f"   inputs {verdict.inputs}, outcomes {verdict.outcomes}")


def _lines(comparison: Comparison) -> Iterator[_Line]:
    reasons, suspects = comparison.verdict.reasons, comparison.suspects
    if comparison.first_divergence is not None:
        first = shown(words.first_divergence(comparison.first_divergence), "$diff-changed")
        yield _Line("first divergence", first, 0)
    for number, suspect in enumerate(suspects):
        weight = 1 if not number else number + _TOGETHER + 1
        yield _Line("suspects", _suspect(number + 1, suspect), weight, "suspect")
    for number, reason in enumerate(reasons):
        weight = number + 2 if number < _TOGETHER else number + len(suspects) + _TOGETHER + 1
        yield _Line("because", shown(reason), weight, "reason")


def _suspect(number: int, suspect: Suspect) -> Content:
    name = shown(f"{suspect.section} {words.key(suspect.key)}", "$diff-changed bold", 60)
    return Content(f"{number}. ") + name + shown(f": {suspect.why}")


# --- Several runs ----------------------------------------------------------------------


def _several(several: Several, width: int) -> tuple[Content, list[_Line]]:
    base, *others = several_words.names(several)
    said = Content.styled(several_words.headline(several), "bold")
    first = said + shown(f"   {several_words.against(several)} against {base}")
    keys = Content.styled("   b base · c pair", MUTED)
    if first.cell_length + keys.cell_length <= width:
        first += keys
    lines = [
        _Line("repeats", shown(sentence), number, "sentence")
        for number, sentence in enumerate(
            spread_words.sentences(several.spread) if several.spread is not None else ()
        )
    ]
    for number, (called, each) in enumerate(zip(others, several.comparisons, strict=True)):
        lines.append(
            _Line(name(called, _NAME), _one(each), number + (2 if lines else 0), "run", own=True)
        )
    return first, lines


def _one(comparison: Comparison) -> Content:
    parts = [headline(comparison.verdict.headline, "bold")]
    if comparison.first_divergence is not None:
        first = comparison.first_divergence
        parts.append(shown(f"first at step {first.step:,} of {first.metric}"))
    if comparison.suspects:
        suspect = comparison.suspects[0]
        parts.append(shown(f"suspect {suspect.section} {words.key(suspect.key)}", limit=60))
    return Content(" · ").join(parts)


def _spread_table(several: Several, width: int) -> Content:
    """What the repeats' metrics vary by, metric by metric."""
    lines: list[tuple[Content, Content]] = [
        (Content(""), Content.styled("Metrics, by their last value", "bold $primary"))
    ]
    assert several.spread is not None
    for row in spread_words.rows(several.spread):
        told = zip(spread_words.COLUMNS[1:], row[1:], strict=True)
        said = ", ".join(f"{title} {text}" for title, text in told if text)
        lines.append((shown(f"  {row[0]}", MUTED), shown(said)))
    return Facts(lines).content(width)
