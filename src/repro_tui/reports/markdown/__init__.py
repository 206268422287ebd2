"""Comparisons as Markdown for a pull request: the verdict first, then what differs."""

from typing import TYPE_CHECKING

from repro_tui.compare.model import Comparison
from repro_tui.reports.markdown import comparison

if TYPE_CHECKING:
    from repro_tui.compare.several import Several

__all__ = ["markdown"]


def markdown(compared: "Comparison | Several", *, full: bool = False) -> str:
    """Write the comparison out, ending in one newline.

    Short: the verdict, suspects, the first divergence and, section by section, all that
    is not plainly equal. `full` adds what is equal, every value whole and its source.
    """
    if isinstance(compared, Comparison):
        return "\n\n".join(comparison.blocks(compared, full)) + "\n"
    from repro_tui.reports.markdown import several

    return "\n\n".join(several.blocks(compared, full)) + "\n"
