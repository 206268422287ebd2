"""The formats that a comparison can be written to a file in."""

import json

from repro_tui.compare.model import Comparison
from repro_tui.reports.json import to_json
from repro_tui.reports.markdown import markdown
from repro_tui.reports.terminal import plain

FORMATS = ("text", "md", "json")


def written(comparison: Comparison, format_: str, *, full: bool = False) -> str:
    """The comparison in one of `FORMATS`, ending in one newline.

    `full` adds what is equal; JSON always holds everything.
    """
    if format_ == "json":
        # ASCII alone: escapes keep a terminal from obeying what a stranger wrote.
        return json.dumps(to_json(comparison), indent=2) + "\n"
    if format_ == "md":
        return markdown(comparison, full=full)
    return plain(comparison, full=full)
