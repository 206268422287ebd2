"""The metrics of one run: last values to the bit, and their histories in a few cells. Pure."""

from collections.abc import Iterator, Mapping
from functools import partial

import numpy as np
from textual.content import Content

from repro_tui.evidence.model import History
from repro_tui.text import number, plural
from repro_tui.tui.run_lines import Holds, Line, Topic, fit, label_width
from repro_tui.tui.sparkline import sparkline
from repro_tui.tui.spelling import MUTED, shown


def metric_lines(
    metrics: Mapping[str, float], histories: Mapping[str, History], width: int, holds: Holds
) -> Iterator[Line]:
    """A line for each metric that `holds` lets through; `histories` are those that are read."""
    longest = max(map(len, histories.values()), default=0)
    wide = min(24 if width >= 70 else 10, longest)
    most = min(label_width(metrics, width), max(width - wide - 28, 8))
    for name, value in metrics.items():
        if not holds(name, number(value)):
            continue

        def draw(name: str = name, value: float = value) -> Content:
            history = histories.get(name)
            line = Content("  ") + fit(shown(name, MUTED, 200), most) + Content("  ")
            bars = "" if history is None else sparkline(history.values, wide)
            line += Content.styled(f"{bars:<{wide}}  ", "$accent") + Content(number(value))
            points = "" if history is None else f"  {plural(len(history), 'point')}"
            return line + Content.styled(points, MUTED)

        history = histories.get(name)
        shows = partial(_summary, history) if history is not None and len(history) else None
        yield Line(Topic.METRICS, name, draw, number(value), shows=shows)


def _summary(history: History) -> str:
    """A history in a few exact lines."""
    values, steps = history.values, history.steps
    lines = [
        f"{plural(len(history), 'point')}, steps {steps[0]:,} to {steps[-1]:,}",
        f"first    {number(float(values[0]))}",
        f"last     {number(float(values[-1]))}",
    ]
    finite = np.flatnonzero(np.isfinite(values))
    if len(finite):
        for name, at in (
            ("lowest", finite[values[finite].argmin()]),
            ("highest", finite[values[finite].argmax()]),
        ):
            lines.append(f"{name:<8} {number(float(values[at]))} at step {steps[at]:,}")
    if len(finite) < len(values):
        lost = [plural(int(np.isnan(values).sum()), "NaN"), f"{np.isinf(values).sum():,} infinite"]
        lines.append(f"no number: {', '.join(lost)}")
    return "\n".join(lines)
