"""Themes from `themes/*.toml`: Textual's theme fields and the colours of a difference."""

from collections.abc import Mapping
from pathlib import Path

from textual.color import Color, ColorParseError
from textual.theme import Theme

from repro_tui import tomlfile
from repro_tui.compare.model import Kind
from repro_tui.errors import ReproError
from repro_tui.tomlfile import TomlFile, did_you_mean

_DIFF = {str(kind).replace(" ", "-") for kind in Kind}
_COLOURS = {
    "primary", "secondary", "accent", "foreground", "background",
    "surface", "panel", "success", "warning", "error", "boost",
}  # fmt: skip
_OTHERS: Mapping[str, tuple[tuple[type, ...], str]] = {
    "name": ((str,), "a text in quotes"),
    "dark": ((bool,), "true or false"),
    "luminosity_spread": ((int, float), "a number"),
    "text_alpha": ((int, float), "a number"),
}

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


def load_themes(*folders: Path) -> tuple[tuple[Theme, ...], tuple[ReproError, ...]]:
    """The themes of all folders by file name, and what is wrong with those left out.

    Of two themes with one name that of the later folder is taken.
    """
    themes: dict[str, Theme] = {}
    problems: list[ReproError] = []
    for path in (path for folder in folders for path in sorted(folder.glob("*.toml"))):
        try:
            theme = load_theme(path)
            themes[theme.name] = theme
        except ReproError as error:
            problems.append(error)
    return tuple(themes.values()), tuple(problems)


def load_theme(path: Path) -> Theme:
    """Read one theme. Raises ReproError with the file, the line and the key that is wrong.

    Every colour is parsed here: Textual registers a theme with a bad one without a word
    and fails only when somebody selects it.
    """
    file = tomlfile.read(path)
    values = dict(file.values)
    diff = values.pop("diff", {})
    if not isinstance(diff, dict):
        raise _mistake(file, "diff is no table", "Head the colours below it with [diff].", "diff")
    if unknown := [key for key in values if key not in _COLOURS and key not in _OTHERS]:
        hint = did_you_mean(unknown[0], {*_COLOURS, *_OTHERS, "diff"})
        raise _mistake(file, f"a theme has no {unknown[0]}", hint, unknown[0])
    if unknown := [key for key in diff if key not in _DIFF]:
        hint = did_you_mean(unknown[0], _DIFF)
        raise _mistake(
            file, f"no kind of difference is named {unknown[0]}", hint, "diff", unknown[0]
        )
    for key in ("name", "primary"):
        if key not in values:
            raise _mistake(file, f"the theme gives no {key}", f'Add a line: {key} = "…"')
    for key, (kind, wanted) in _OTHERS.items():
        if key in values and not isinstance(values[key], kind):
            raise _mistake(file, f"{key} has the wrong type", f"Give it {wanted}.", key)
    for key in values.keys() & _COLOURS:
        _check_colour(file, values[key], key)
    for key, value in diff.items():
        _check_colour(file, value, "diff", key)
    return Theme(**values, variables={f"diff-{key}": value for key, value in diff.items()})


def _check_colour(file: TomlFile, value: object, *place: str) -> None:
    try:
        Color.parse(str(value))
    except ColorParseError as error:
        hint = 'Write it as "#rrggbb", or as a name: "teal".'
        raise _mistake(file, f"{'.'.join(place)} is no colour: {value!r}", hint, *place) from error


def _mistake(file: TomlFile, what: str, hint: str, *place: str | int) -> ReproError:
    return ReproError(f"{file.where(*place)}: {what}.", hint)
