"""Files that are written whole or not at all."""

import os
from pathlib import Path

from repro_tui.errors import ReproError


def write_whole(path: Path, text: str) -> None:
    """Write `text` to `path` as UTF-8; whoever looks sees the old file or all of the new.

    Raises ReproError where the folder is missing or cannot be written to.
    """
    content = text.encode()
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        # Exclusive: a link that somebody planted under this name is not written through.
        with partial.open("xb") as file:
            file.write(content)
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise ReproError(
            f"{path} cannot be written: {error.strerror}.", "Choose another place."
        ) from error


def write_new(path: Path, text: str) -> None:
    """Write `text` to `path` as UTF-8. Raises ReproError where there is a file already."""
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise ReproError(f"{path} is there already.", "Edit it, or move it away.") from error
    except OSError as error:
        raise ReproError(
            f"{path} cannot be written: {error.strerror}.", "Choose another place."
        ) from error
