"""Where the files of an artifact URI lie, when that is on this machine."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

_NAMED_SERVICES = ("databricks", "databricks-uc", "uc")
"""URIs that look like a file name and are none."""


def local_path(uri: str, folder: Path) -> Path | None:
    """The path of a plain path or a `file:` URI of this machine; None for other URIs.

    A relative path is taken from `folder`.
    """
    parts = urlsplit(uri)
    if parts.scheme == "file" and parts.netloc in ("", "localhost"):
        return folder.absolute() / unquote(parts.path)
    if parts.scheme == "" and uri not in ("", *_NAMED_SERVICES):
        return folder.absolute() / uri
    return None
