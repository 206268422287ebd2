"""Themes as files: all that ship are whole, a broken one is one clear message."""

from pathlib import Path

import pytest
from textual.color import Color

from repro_tui.compare.model import Kind
from repro_tui.settings import resource
from repro_tui.tui.themes import FALLBACK, load_theme, load_themes

GOOD = 'name = "mine"\nprimary = "#102030"\n[diff]\nchanged = "#ff0000"\n'


def test_the_themes_that_ship_are_whole_and_named_as_their_files() -> None:
    folder = resource("themes")
    themes, problems = load_themes(folder)
    assert not problems
    assert {theme.name for theme in themes} == {path.stem for path in folder.glob("*.toml")}
    assert {"repro-dark", "repro-light", "high-contrast", "colour-blind-safe"} <= {
        theme.name for theme in themes
    }
    for theme in themes:
        assert set(theme.variables) == set(FALLBACK)


def test_every_kind_of_finding_has_a_colour() -> None:
    assert set(FALLBACK) == {f"diff-{str(kind).replace(' ', '-')}" for kind in Kind}


@pytest.mark.parametrize("path", sorted(resource("themes").glob("*.toml")), ids=lambda p: p.stem)
def test_differences_can_be_read_on_every_background(path: Path) -> None:
    theme = load_theme(path)
    wanted = 7.0 if theme.name == "high-contrast" else 4.5
    grounds = [Color.parse(ground) for ground in (theme.background, theme.surface) if ground]
    for name, value in {**theme.variables, "text": theme.foreground or ""}.items():
        for ground in grounds:
            contrast = _contrast(Color.parse(value), ground)
            assert contrast >= wanted, f"{name} {value}: {contrast:.2f}"


def _contrast(a: Color, b: Color) -> float:
    """The contrast ratio of WCAG 2.1, 1 to 21."""

    def luminance(colour: Color) -> float:
        linear = [
            c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4
            for c in (colour.r / 255, colour.g / 255, colour.b / 255)
        ]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(a), luminance(b)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ('primary = "#102030"', "", "the theme gives no name"),
        ('name = "mine"', "", "the theme gives no primary"),
        ("name = ", "", "is not valid TOML"),
        (GOOD + 'added = "reddish"', ":5", "diff.added is no colour: 'reddish'. Write it as"),
        (GOOD.replace('"#102030"', "3"), ":2", "primary is no colour: 3"),
        (
            GOOD + 'aded = "#000000"',
            ":5",
            "no kind of difference is named aded. Did you mean added?",
        ),
        ('primry = "#000000"\n' + GOOD, ":1", "a theme has no primry. Did you mean primary?"),
        ('dark = "no"\n' + GOOD, ":1", "dark has the wrong type. Give it true or false."),
        ('name = "mine"\nprimary = "#102030"\ndiff = 1', ":3", "diff is no table"),
    ],
)
def test_a_broken_theme_is_one_message_and_the_others_load(
    tmp_path: Path, text: str, line: str, told: str
) -> None:
    (tmp_path / "broken.toml").write_text(text)
    (tmp_path / "good.toml").write_text(GOOD)
    themes, problems = load_themes(tmp_path)
    assert [theme.name for theme in themes] == ["mine"]
    (problem,) = problems
    assert str(problem).startswith(f"{tmp_path / 'broken.toml'}{line}")
    assert told in str(problem)


def test_a_theme_of_ones_own_stands_above_one_of_the_same_name(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(GOOD.replace("mine", "nord"))
    themes, _ = load_themes(resource("themes"), tmp_path / "not there", tmp_path)
    (nord,) = [theme for theme in themes if theme.name == "nord"]
    assert nord.primary == "#102030"
