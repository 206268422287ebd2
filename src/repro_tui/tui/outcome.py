"""How it ended, as a symbol and words: the headline of a verdict, the state of a job. Pure.

Apart from other spellings because a list of runs that were never re-executed needs neither
what a comparison is nor what a job is.
"""

from textual.content import Content

from repro_tui.compare.model import Headline
from repro_tui.rerun.model import JobState
from repro_tui.tui.spelling import shown

_STATE = {
    JobState.QUEUED: ("⋯", "$text-accent"),
    JobState.PREPARING: ("…", "$text-accent"),
    JobState.RUNNING: ("▶", "$text-accent"),
    JobState.COMPARING: ("⇄", "$text-accent"),
    JobState.FINISHED: ("✓", "$text-success"),
    JobState.FAILED: ("✗", "$text-error"),
    JobState.CANCELLED: ("■", "$text-warning"),
    JobState.LOST: ("?", "$text-error"),
}
_HEADLINE = {
    Headline.REPRODUCED: ("✓", "$text-success"),
    Headline.REPRODUCED_WITHIN_TOLERANCE: ("≈", "$text-success"),
    Headline.UNAFFECTED: ("✓", "$text-success"),
    Headline.UNAFFECTED_WITHIN_TOLERANCE: ("≈", "$text-success"),
    Headline.MATCHES: ("✓", "$text-success"),
    Headline.MATCHES_WITHIN_TOLERANCE: ("≈", "$text-success"),
    Headline.NONDETERMINISTIC: ("≠", "$text-warning"),
    Headline.DIVERGED: ("≠", "$text-error"),
    Headline.UNVERIFIABLE: ("?", "$diff-unknown"),
}


def headline(text: str, style: str = "") -> Content:
    """A verdict as a symbol and its words; a word that is none of ours is only shown."""
    if text not in tuple(Headline):
        return shown(text, style, 60)
    symbol, own = _HEADLINE[Headline(text)]
    return Content.styled(f"{symbol} {text}", f"{own} {style}".strip())


def job_state(state: JobState) -> Content:
    symbol, style = _STATE[state]
    return Content.styled(f"{symbol} {state}", style)
