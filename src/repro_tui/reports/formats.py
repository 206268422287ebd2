"""The formats that a comparison can be written to a file in."""

import json
from typing import Any

from repro_tui.compare.model import Comparison
from repro_tui.compare.several import Several
from repro_tui.reports import json as json_pair
from repro_tui.reports import json_several
from repro_tui.reports.markdown import markdown
from repro_tui.reports.terminal import plain

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


def written(compared: Comparison | Several, format_: str, *, full: bool = False) -> str:
    """The comparison in one of `FORMATS`, ending in one newline.

    `full` adds what is equal; JSON always holds everything.
    """
    if format_ == "json":
        # ASCII alone: escapes keep a terminal from obeying what a stranger wrote.
        return json.dumps(document(compared), indent=2) + "\n"
    if format_ == "md":
        return markdown(compared, full=full)
    if format_ == "html":
        from repro_tui.reports.html import html  # a template engine, which no other needs

        return html(compared, full=full)
    return plain(compared, full=full)


def document(compared: Comparison | Several) -> dict[str, Any]:
    """The comparison by the JSON schema."""
    if isinstance(compared, Several):
        return json_several.to_json(compared)
    return json_pair.to_json(compared)
