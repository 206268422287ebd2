"""Themes as files: all that ship are whole, a broken one is one clear message."""

import itertools
from pathlib import Path

import pytest
from tests.tui.conftest import program
from tests.tui.stand_in import StandIn, job
from textual.color import Color
from textual.theme import Theme
from textual.widgets import Footer

from repro_tui.compare.model import Kind
from repro_tui.rerun.model import JobState
from repro_tui.settings import resource
from repro_tui.tui.themes import FALLBACK, derived, load_theme, load_themes
from repro_tui.tui.widgets.plot import HistoryPlot

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


SHIPPED = pytest.mark.parametrize(
    "path", sorted(resource("themes").glob("*.toml")), ids=lambda p: p.stem
)


def colours(theme: Theme) -> dict[str, Color]:
    """All colours that the program draws with in a theme, by variable."""
    variables = {**FALLBACK, **theme.to_color_system().generate(), **theme.variables}
    variables |= derived(variables)
    names = ("background", "surface", "panel", "foreground", "primary", "muted", *FALLBACK)
    names += ("text-accent", "text-success", "text-warning", "text-error")
    names += ("ground-bar", "ground-row", "ground-away")
    return {name: Color.parse(variables[name]) for name in names}


@SHIPPED
def test_every_text_can_be_read_on_every_ground(path: Path) -> None:
    found = colours(load_theme(path))
    grounds = {"background", "surface", "panel", "ground-bar", "ground-row", "ground-away"}
    for text, ground in itertools.product(found.keys() - grounds, grounds):
        ratio = _contrast(found[text], found[ground])
        assert ratio >= 4.45, f"{text} {found[text].hex} on {ground}: {ratio:.2f}"
    if path.stem == "high-contrast":
        for text in found.keys() - grounds - {"muted"}:
            assert _contrast(found[text], found["background"]) >= 7


@SHIPPED
def test_the_row_of_the_cursor_is_seen_and_what_is_muted_too(path: Path) -> None:
    found = colours(load_theme(path))
    assert _contrast(found["ground-row"], found["background"]) >= 1.2
    assert _contrast(found["foreground"], found["muted"]) >= 1.5


def test_a_theme_of_few_words_is_made_readable() -> None:
    found = colours(Theme("mine", primary="#2f5f9e", foreground="#555555", background="#eeeeee"))
    for ground in ("background", "ground-bar", "ground-row"):
        assert _contrast(found["foreground"], found[ground]) >= 4.5
        assert _contrast(found["muted"], found[ground]) >= 4.4


def test_kinds_of_difference_are_told_apart_without_red_and_green() -> None:
    theme = load_theme(resource("themes") / "colour-blind-safe.toml")
    kinds = ("changed", "added", "removed", "within-tolerance", "unknown")
    seen = {kind: _deuteranope(Color.parse(theme.variables[f"diff-{kind}"])) for kind in kinds}
    for one, other in itertools.combinations(kinds, 2):
        apart = sum((a - b) ** 2 for a, b in zip(seen[one], seen[other], strict=True)) ** 0.5
        assert apart >= 0.2, f"{one} and {other}: {apart:.3f}"


def _deuteranope(colour: Color) -> tuple[float, float, float]:
    """The colour as seen without green cones (Machado, Oliveira and Fernandes 2009)."""
    red, green, blue = (_linear(part) for part in colour.normalized)
    seen = (
        0.367322 * red + 0.860646 * green - 0.227968 * blue,
        0.280085 * red + 0.672501 * green + 0.047413 * blue,
        -0.011820 * red + 0.042940 * green + 0.968881 * blue,
    )
    return tuple(max(part, 0) ** (1 / 2.2) for part in seen)


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4


def _contrast(a: Color, b: Color) -> float:
    """The contrast ratio of WCAG 2.1, 1 to 21."""

    def luminance(colour: Color) -> float:
        red, green, blue = map(_linear, colour.normalized)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    light, dark = sorted((luminance(a), luminance(b)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("keys", [("j", "space"), ("j", "c"), ("J",)], ids="".join)
async def test_what_is_drawn_can_be_read_in_every_theme(keys: tuple[str, ...]) -> None:
    jobs = (job(1, JobState.RUNNING), job(2, JobState.FAILED, message="it fell over"))
    async with program(StandIn(jobs=jobs)) as session:
        await session.press(*keys)
        for theme in session.app.available_themes:
            session.app.theme = theme
            await session.rest()
            footer = session.app.screen.query_one(Footer).region.y
            for strip in session.app.screen._compositor.render_strips()[:footer]:
                for text, style, _ in strip:
                    if any(c.isalnum() for c in text) and style and style.color and style.bgcolor:
                        drawn, ground = map(Color.from_rich_color, (style.color, style.bgcolor))
                        assert _contrast(drawn, ground) >= 4.4, f"{theme}: {text!r}"


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


async def test_a_plot_takes_another_theme_at_once() -> None:
    async with program() as session:
        await session.press("j", "c", "G", *"NNNN", "enter")
        plot = session.app.screen.query_one(HistoryPlot)

        def drawn() -> set[str]:
            strips = session.app.screen._compositor.render_strips()
            return {
                Color.from_rich_color(style.color).hex
                for text, style, _ in itertools.chain(*strips)
                if style and style.color and any("\u2801" <= c <= "\u28ff" for c in text)
            }

        await session.until(lambda: bool(drawn()))
        before = drawn()
        session.app.theme = "repro-light"
        await session.until(lambda: bool(drawn()) and not drawn() & before)
        left = plot.get_component_styles("plot--left").color
        assert left.hex in drawn()
