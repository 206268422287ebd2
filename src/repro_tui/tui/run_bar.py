"""What is said over the list of runs, and in its place where it is empty. Pure."""

from collections.abc import Iterator

from msgspec import Struct
from textual.content import Content

from repro_tui.evidence.tracking.discover import StoreLocation
from repro_tui.text import plural, visible
from repro_tui.tui.run_orders import Order
from repro_tui.tui.spelling import MUTED, shown


class Bar(Struct, frozen=True):
    """What there is to tell."""

    where: str
    """The experiments that were chosen; empty: all."""
    count: int | None
    """How many runs are listed; None: nothing was read yet."""
    whole: bool
    """Whether all runs are listed, as far as the store was asked for."""
    order: Order
    location: StoreLocation
    filter: str = ""
    deleted: bool = False
    marks: int = 0
    unlisted: int = 0
    """Marked runs that are not in the list."""
    search: str = ""
    found: int = 0
    searched: int | None = None
    """Runs that the search has looked at so far; None: all that are listed."""
    reading_on: bool = False
    stale: str = ""
    """Since when the store cannot be read; empty: it can."""


def bar(told: Bar) -> Content:
    """The line over the list: what is listed, what is not, and which store it is from."""
    where = shown(told.where or "all experiments", "bold", 40)
    return Content("  ·  ").join([Content.styled("repro-tui", "bold"), where, *_parts(told)])


def _parts(told: Bar) -> Iterator[Content]:
    if told.stale:
        yield Content.styled(f"as of {told.stale}, store unreachable: retrying", "$text-error bold")
    if told.count is not None:
        count = plural(told.count, "run") if told.whole else f"{told.count:,}+ runs"
        yield Content(f"{count}, {told.order.title}")
    if told.reading_on:
        yield Content.styled("reading to the end; any move stops it", "$accent")
    if told.search:
        of = "" if told.searched is None else f" in the first {told.searched:,}"
        found = f"{told.found:,} found{of}"
        yield Content.styled(f"search: {visible(told.search, 30)}, {found}", "$accent")
    if told.filter:
        yield Content.styled(f"filter: {visible(told.filter, 40)}", "$accent")
    if told.deleted:
        yield Content.styled("with deleted runs", "$accent")
    if told.marks:
        absent = f", {told.unlisted} not listed" if told.unlisted else ""
        yield Content.styled(f"{told.marks} marked{absent}", "$accent")
    yield shown(f"{told.location.shown} (from {told.location.found})", MUTED)


def why_empty(where: str, *, filtered: bool, deleted: bool) -> str:
    """Why nothing is listed, and what to do; `deleted`: whether deleted runs would be, too."""
    if filtered:
        return "No run matches. Escape takes the filter away."
    see_deleted = "" if deleted else ", see deleted ones with D"
    return (
        f"{visible(where or 'This store', 60)} holds no runs yet.\n\n"
        "Train something that logs to it and press ctrl+r, choose other experiments with e"
        f"{see_deleted}, or leave with q and see `repro-tui demo`."
    )
