"""Themes from `themes/*.toml`: Textual's theme fields and the colours of a difference."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from textual.color import Color, ColorParseError
from textual.theme import Theme

from repro_tui import tomlfile
from repro_tui.errors import ReproError
from repro_tui.tomlfile import TomlFile, did_you_mean

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
"""The variables that a theme's `[diff]` table fills, for themes that lack it: one a Kind."""
_DIFF = {name.removeprefix("diff-") for name in FALLBACK}

READABLE = 4.5
"""The contrast of a text with its ground that WCAG 2.1 asks for."""
_TINTS = {"ground-bar": 0.22, "ground-away": 0.15, "ground-row": 0.32}
"""Grounds that are the background with some of the primary colour: at most so much."""
_MUTED = 0.62
"""How much of the foreground is in what explains and does not matter by itself: at least."""


def derived(variables: Mapping[str, str]) -> dict[str, str]:
    """The grounds and the muted text that go with a theme's colours, as far as they can be read.

    A ground takes as much of the primary colour as leaves the texts on it readable, and the
    muted colour is as faint as all grounds allow.
    """

    def colour(name: str) -> Color:
        return Color.parse(variables[name])

    background, foreground = colour("background"), colour("foreground")
    texts = [
        foreground,
        colour("primary"),
        *map(colour, FALLBACK),
        *(colour(f"text-{name}") for name in ("accent", "success", "warning", "error")),
    ]
    grounds = {
        name: _tinted(background, colour("primary"), most, texts) for name, most in _TINTS.items()
    }
    everywhere = [background, colour("surface"), colour("panel"), *grounds.values()]
    steps = (background.blend(foreground, part / 100) for part in range(round(_MUTED * 100), 100))
    muted = next((each for each in steps if _readable(each, everywhere)), foreground)
    return {name: ground.hex for name, ground in grounds.items()} | {"muted": muted.hex}


def _tinted(background: Color, primary: Color, most: float, texts: Sequence[Color]) -> Color:
    least = 8
    for percent in range(round(most * 100), least, -1):
        ground = background.blend(primary, percent / 100)
        if all(_readable(text, [ground]) for text in texts):
            return ground
    return background.blend(primary, least / 100)


def _readable(text: Color, grounds: Iterable[Color]) -> bool:
    return all(contrast(text, ground) >= READABLE for ground in grounds)


def contrast(a: Color, b: Color) -> float:
    """The contrast ratio of WCAG 2.1, 1 to 21."""
    light, dark = sorted((_luminance(a), _luminance(b)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: Color) -> float:
    red, green, blue = (
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4
        for part in colour.normalized
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


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
