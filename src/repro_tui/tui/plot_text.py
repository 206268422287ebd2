"""What is told around a plot: which line is whose, and what stands under the cursor."""

from textual.content import Content

from repro_tui.compare.numbers import ulp
from repro_tui.text import duration, number
from repro_tui.tui.curves import Pairs, Window
from repro_tui.tui.plot_layout import Layout
from repro_tui.tui.spelling import MUTED, name

MARKS = ("o", "+")
"""On the lines of the left and of the right run, so that no colour is needed to tell them."""
_WIDE = 100
"""Cells from which the legend has room for whole words."""


def legend(names: tuple[str, str], first_step: int | None, width: int) -> Content:
    """Whose lines are drawn, and where they part."""
    wide = width >= _WIDE
    sides = whose(names, max((width - (62 if wide else 50)) // 2, 8))
    first = Content.styled("no step differs", MUTED)
    if first_step is not None:
        called = "first difference" if wide else "first"
        first = Content.styled(f"◆ {called}: step {first_step:,}", "$text-error")
    return Content("   ").join([sides, first])


def whose(names: tuple[str, str], room: int) -> Content:
    """Which line is whose run's; each name has so many cells."""
    return Content("   ").join(
        Content.styled(f"{mark}──{mark} ", style) + Content(f"{side} {name(called, room)}")
        for side, called, mark, style in zip(
            ("left", "right"), names, MARKS, ("$primary", "$accent"), strict=True
        )
    )


def readout(pairs: Pairs, row: int, layout: Layout, window: Window) -> Content:
    """The values under the cursor, and what the picture does not show."""
    if not len(pairs):
        return Content.styled("Neither run has a point of this metric.", MUTED)
    left, right = pairs.spelled(row)
    apart = Content.styled("= equal to the bit", MUTED)
    if pairs.differing[row]:
        apart = Content.styled("≠ ", "$diff-changed bold") + Content(_distance(*pairs.values(row)))
    elif pairs.awaited[row]:
        apart = Content.styled("? not compared yet: not all is logged here", "$diff-unknown")
    step = f"step {int(pairs.steps[row]):,}"
    if layout.look.by_time:
        step += f" at {duration(1000 * float(layout.x[row]))}"
    lines = [
        Content.styled(step, "bold") + Content(f"  left {left}  right {right}"),
        apart,
        Content.styled(_view(layout, window), MUTED),
    ]
    return Content("\n").join(lines)


def _view(layout: Layout, window: Window) -> str:
    """What is in view, and what cannot be."""
    axis = "seconds since the first point" if layout.look.by_time else "steps"
    parts = [f"by {axis}" + (" (log)" if layout.look.log_steps else "")]
    if not window.whole:
        parts.append(f"{window.high - window.low:.3g} of the axis in view (0: all)")
    if layout.undrawn_values:
        parts.append(f"not on this scale: {layout.undrawn_values}")
    if layout.undrawn_distances:
        parts.append(f"nor below: {layout.undrawn_distances} distances")
    if layout.undrawn_steps:
        parts.append(f"not on the log axis: {layout.undrawn_steps}")
    return "  ·  ".join(parts)


def _distance(left: float | None, right: float | None) -> str:
    """How far apart two points that differ are."""
    if left is None or right is None:
        return "no distance: a point is not there"
    far = ulp(left, right)
    if far is None:
        return "no distance: NaN or infinite"
    return f"right - left {number(right - left)}  {far:,} ULP"
