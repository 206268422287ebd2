"""A verdict as people read it: the headline first, then what it rests on. Pure."""

from textual.content import Content

from repro_tui.compare.model import Comparison, FirstDivergence, Suspect
from repro_tui.text import number, plural
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
        lines.append(Content("  ") + _first(comparison.first_divergence))
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


def _first(first: FirstDivergence) -> Content:
    left, right = (
        "no point" if value is None else number(value) for value in (first.left, first.right)
    )
    apart = "" if first.ulp is None else f", {plural(first.ulp, 'unit')} in the last place apart"
    return (
        Content("first divergence: ")
        + shown(first.metric, "$diff-changed bold")
        + Content.styled(f" at step {first.step:,}", "$diff-changed bold")
        + Content(f": {left} │ {right}{apart}")
    )


def _suspect(suspect: Suspect, *, why: bool) -> Content:
    name = shown(f"{suspect.section} {' / '.join(suspect.key)}", "$diff-changed", 60)
    return name + shown(f": {suspect.why}") if why else name
