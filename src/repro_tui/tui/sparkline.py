"""A metric's whole history in a few characters. Pure.

Textual's own Sparkline raises on NaN; here NaN and infinities have signs of their own.
"""

import numpy as np
import numpy.typing as npt

_BARS = "▁▂▃▄▅▆▇█"
_NAN, _UP, _DOWN = "×", "↑", "↓"


def sparkline(values: npt.NDArray[np.float64], width: int) -> str:
    """At most `width` characters, one a point or, of longer histories, one a stretch of points.

    A stretch shows its value that is farthest from the median of all, so that no spike is
    lost; one that holds a NaN is `×`, an infinity `↑` or `↓`. Equal values are a flat line.
    """
    if not len(values) or width < 1:
        return ""
    finite = values[np.isfinite(values)]
    half = len(finite) // 2
    # Not NumPy's median: the sum of the two largest numbers is none.
    middle = np.partition(finite, half)[half] if len(finite) else 0.0
    low, high = (finite.min(), finite.max()) if len(finite) else (0.0, 0.0)
    stretches = np.array_split(values, min(width, len(values)))
    return "".join(_bar(stretch, low, high, middle) for stretch in stretches)


def _bar(stretch: npt.NDArray[np.float64], low: float, high: float, middle: float) -> str:
    if np.isnan(stretch).any():
        return _NAN
    if np.isinf(stretch).any():
        return _UP if np.isposinf(stretch).any() else _DOWN
    # Halves: the distance of the largest numbers is no number any more.
    span = high / 2 - low / 2
    if not span:
        return _BARS[3]
    value = stretch[np.abs(stretch / 2 - middle / 2).argmax()]
    place = (value / 2 - low / 2) / span
    return _BARS[min(int(place * len(_BARS)), len(_BARS) - 1)]
