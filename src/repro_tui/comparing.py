"""How evidence is compared by the settings: for a person who asks, and at the end of a job."""

from collections.abc import Callable
from functools import partial

from repro_tui.compare.compare import compare
from repro_tui.compare.model import Comparison
from repro_tui.compare.policy import Policy
from repro_tui.evidence.files import open_file
from repro_tui.evidence.model import Evidence
from repro_tui.evidence.repository import commits_between
from repro_tui.settings import Settings


def comparing(
    settings: Settings, policy: Policy | None = None
) -> Callable[[Evidence, Evidence], Comparison]:
    """What compares two runs; `policy` stands in for the one in the settings."""
    return partial(
        compare,
        policy=policy or settings.policy,
        opener=open_file,
        look_inside=settings.look_inside,
        text_limit=settings.text_limit,
        commits_between=commits_between,
    )
