"""A verdict as people read it: the headline first, then what it rests on. Pure."""

from textual.content import Content

from repro_tui.compare.model import Comparison, Suspect
from repro_tui.reports import words
from repro_tui.tui.spelling import headline, shown

_FEW = 3


def banner(comparison: Comparison, *, whole: bool = False) -> Content:
    """The verdict in a few lines; `whole`: with every reason and every suspect."""
    verdict = comparison.verdict
    said = headline(verdict.headline, "bold")
    lines = [
        said.stylize("reverse")
        + Content(f"   inputs {verdict.inputs}, outcomes {verdict.outcomes}")
    ]
    reasons = verdict.reasons if whole else verdict.reasons[:2]
    lines += [Content("  ") + shown(reason) for reason in reasons]
    if comparison.first_divergence is not None:
        first = shown(words.first_divergence(comparison.first_divergence), "$diff-changed")
        lines.append(Content("  first divergence: ") + first)
    suspects = comparison.suspects
    if whole:
        lines += [Content("  suspect: ") + _suspect(suspect, why=True) for suspect in suspects]
    elif suspects:
        named = Content(", ").join(_suspect(suspect, why=False) for suspect in suspects[:_FEW])
        more = len(suspects) - _FEW
        lines.append(
            Content("  suspects: ") + named + Content(f" and {more} more (v)" if more > 0 else "")
        )
    return Content("\n").join(lines)


def _suspect(suspect: Suspect, *, why: bool) -> Content:
    name = shown(f"{suspect.section} {words.key(suspect.key)}", "$diff-changed", 60)
    return name + shown(f": {suspect.why}") if why else name
