"""The formats that a comparison can be written to a file in.

What writes one, and what only more than two runs need, is imported when it is asked for: rich,
a template engine, statistics.
"""

import json
from typing import TYPE_CHECKING, Any

from repro_tui.compare.model import Comparison

if TYPE_CHECKING:
    from repro_tui.compare.several import Several

FORMATS = ("text", "md", "json", "html")

_ENDINGS = {
    "txt": "text",
    "md": "md",
    "markdown": "md",
    "json": "json",
    "html": "html",
    "htm": "html",
}


def by_ending(name: str) -> str | None:
    """The one of `FORMATS` that a file's name asks for, if it asks for one."""
    return _ENDINGS.get(name.rpartition(".")[2].lower())


def written(compared: "Comparison | Several", format_: str, *, full: bool = False) -> str:
    """The comparison in one of `FORMATS`, ending in one newline.

    `full` adds what is equal; JSON always holds everything.
    """
    if format_ == "json":
        # ASCII alone: escapes keep a terminal from obeying what a stranger wrote.
        return json.dumps(document(compared), indent=2) + "\n"
    if format_ == "md":
        from repro_tui.reports.markdown import markdown

        return markdown(compared, full=full)
    if format_ == "html":
        from repro_tui.reports.html import html

        return html(compared, full=full)
    from repro_tui.reports.terminal import plain

    return plain(compared, full=full)


def document(compared: "Comparison | Several") -> dict[str, Any]:
    """The comparison by the JSON schema."""
    if isinstance(compared, Comparison):
        from repro_tui.reports.json import to_json

        return to_json(compared)
    from repro_tui.reports.json_several import to_json as several_to_json

    return several_to_json(compared)
