"""Themes from `themes/*.toml`: Textual's theme fields and the colours of a difference."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomli
from textual.color import Color, ColorParseError
from textual.theme import Theme

from repro_tui.compare.model import Kind
from repro_tui.errors import ReproError

_DIFF = {str(kind).replace(" ", "-") for kind in Kind}
_COLOURS = {
    "primary", "secondary", "accent", "foreground", "background",
    "surface", "panel", "success", "warning", "error", "boost",
}  # fmt: skip
_OTHERS = {"name": str, "dark": bool, "luminosity_spread": float, "text_alpha": float}

FALLBACK: Mapping[str, str] = {
    "diff-changed": "ansi_yellow",
    "diff-added": "ansi_green",
    "diff-removed": "ansi_red",
    "diff-within-tolerance": "ansi_cyan",
    "diff-set-aside": "ansi_bright_black",
    "diff-unknown": "ansi_magenta",
    "diff-equal": "ansi_bright_black",
}
"""The variables that a theme's `[diff]` table fills, for themes that lack it."""


def load_themes(folder: Path) -> tuple[tuple[Theme, ...], tuple[ReproError, ...]]:
    """The themes of a folder by file name, and what is wrong with those left out."""
    themes: list[Theme] = []
    problems: list[ReproError] = []
    for path in sorted(folder.glob("*.toml")):
        try:
            themes.append(load_theme(path))
        except ReproError as error:
            problems.append(error)
    return tuple(themes), tuple(problems)


def load_theme(path: Path) -> Theme:
    """Read one theme. Raises ReproError, naming the file and the key that is wrong.

    Every colour is parsed here: Textual registers a theme with a bad one without a word
    and fails only when somebody selects it.
    """
    hint = "Correct that key, or take the file out of the folder."
    try:
        values = tomli.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomli.TOMLDecodeError) as error:
        raise ReproError(f"The theme {path.name} cannot be read: {error}.", hint) from error
    diff = values.pop("diff", {})
    if not isinstance(diff, dict):
        raise ReproError(f"The theme {path.name} has a diff that is no table.", hint)
    unknown = [key for key in values if key not in _COLOURS and key not in _OTHERS]
    unknown += [f"diff.{key}" for key in diff if key not in _DIFF]
    if unknown:
        raise ReproError(f"The theme {path.name} has the unknown key {unknown[0]}.", hint)
    for key in {"name", "primary"} - set(values):
        raise ReproError(f"The theme {path.name} gives no {key}.", hint)
    for key in _OTHERS.keys() & set(values):
        if not isinstance(values[key], _OTHERS[key]):
            wanted = _OTHERS[key].__name__
            raise ReproError(f"The theme {path.name} gives {key} no {wanted}.", hint)
    colours: dict[str, Any] = {key: values[key] for key in values if key in _COLOURS}
    colours |= {f"diff.{key}": value for key, value in diff.items()}
    for key, value in colours.items():
        try:
            Color.parse(str(value))
        except ColorParseError as error:
            message = f"The theme {path.name} gives {key} the colour {value!r}, which is none."
            raise ReproError(message, hint) from error
    return Theme(**values, variables={f"diff-{key}": value for key, value in diff.items()})
