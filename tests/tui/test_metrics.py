"""All metrics of a comparison at once: their order, what is said over each, and the grid."""

from collections.abc import Sequence

import pytest
from tests import builders
from tests.tui.conftest import Session, program
from tests.tui.stand_in import StandIn
from textual.content import Content

from repro_tui.compare.model import Comparison, Finding
from repro_tui.evidence.model import Fact, Missing, SectionName
from repro_tui.tui.multiples import columns, listed, multiples
from repro_tui.tui.plot_layout import Look, laid, place_of
from repro_tui.tui.screens.detail import DetailScreen
from repro_tui.tui.widgets.multiples import MetricGrid, MetricPlot
from repro_tui.tui.widgets.plot_area import PlotArea


def _metrics(**both: tuple[Fact | None, Fact | None]) -> Comparison:
    """Two runs that have these metrics alone, by name."""
    sides = []
    for side, before in ((0, builders.evidence()), (1, builders.rerun_evidence())):
        for key in tuple(before[SectionName.METRICS].facts):
            before = builders.changed(before, SectionName.METRICS, key, None)
        for name, facts in both.items():
            before = builders.changed(before, SectionName.METRICS, (name,), facts[side])
        sides.append(before)
    return builders.compared(sides[0], sides[1])


def _every_second(*values: float) -> Fact:
    return builders.known(builders.history(values, timestamps=range(0, 1000 * len(values), 1000)))


def _mixed() -> tuple[Finding, ...]:
    whole = _every_second(1, 2, 3)
    return _metrics(
        equal=(whole, whole),
        late=(whole, _every_second(1, 2, 4)),
        early=(whole, _every_second(1, 4, 3)),
        gone=(whole, None),
        lost=(whole, Missing("the server does not answer")),
        epoch_seconds=(whole, _every_second(7, 8, 9)),
    )[SectionName.METRICS].findings


def test_what_parts_first_comes_first_and_what_is_unknown_before_what_is_equal() -> None:
    found = multiples(_mixed())
    assert [each.name for each in found] == [
        "gone", "early", "late", "lost", "equal", "epoch_seconds",
    ]  # fmt: skip
    assert [each.head(60).plain for each in found] == [
        "- gone  only on the left",
        "≠ early  ◆ step 1",
        "≠ late  ◆ step 2",
        "? lost  unknown",
        "= equal  equal",
        "~ epoch_seconds  set aside",
    ]


def test_what_does_not_differ_is_listed_when_asked_for() -> None:
    found = multiples(_mixed())
    assert len(listed(found, everything=True)) == 6
    assert [each.name for each in listed(found, everything=False)] == ["gone", "early", "late"]
    assert [each.name for each in listed(found, everything=True, search="E seconds")] == [
        "epoch_seconds"
    ]


def test_a_long_name_leaves_room_for_what_was_found() -> None:
    comparison = _metrics(**{"x" * 90: (_every_second(1, 2), _every_second(1, 3))})
    (found,) = multiples(comparison[SectionName.METRICS].findings)
    head = found.head(40)
    assert isinstance(head, Content)
    assert head.cell_length == 40
    assert head.plain.endswith("x…  ◆ step 1")


@pytest.mark.parametrize(("width", "count"), [(30, 1), (80, 1), (100, 2), (160, 3), (400, 4)])
def test_as_many_plots_stand_abreast_as_there_is_width_for(width: int, count: int) -> None:
    assert columns(width) == count


def test_where_the_runs_part_has_a_place_by_steps_and_by_time() -> None:
    left, right = builders.history([1, 2, 3]), builders.history([1, 2, 3, 4, 5])
    for look in (Look(), Look(by_time=True)):
        scale, _ = laid(left, right, look)
        assert place_of(4, left, right, look, scale) == 1
        assert place_of(0, left, right, look, scale) == 0
        assert place_of(9, left, right, look, scale) != place_of(9, left, right, look, scale)


# --- The screen ------------------------------------------------------------------------


def _hundred() -> StandIn:
    def values(number: int) -> Sequence[float]:
        return [1.0] * number + [2.0] * (101 - number)

    both = {
        f"layer{n:02}": (_every_second(*[1.0] * 101), _every_second(*values(n))) for n in range(100)
    }
    comparison = _metrics(**both)
    return StandIn(comparison=lambda: comparison)


def _drawn(session: Session) -> int:
    return len(session.app.screen.query(PlotArea))


async def test_a_hundred_metrics_are_gone_through_by_key_and_drawn_as_they_are_seen() -> None:
    async with program(_hundred(), (160, 45)) as session:
        await session.press("j", "c", "m")
        grid = session.app.screen.query_one(MetricGrid)
        await session.until(lambda: "layer00  ◆ step 0" in session.text() and _drawn(session) >= 12)
        assert _drawn(session) <= 15
        assert "1 of 100" in session.text()
        await session.press("j", "l", "k", "l")
        assert grid.current is not None
        assert grid.current.key == ("layer02",)
        await session.press("G")
        await session.until(lambda: "layer99  ◆ step 99" in session.text())
        await session.until(lambda: 12 < _drawn(session) <= 30)
        places = []
        for key in ("h", "left", "g", "pagedown", "pageup"):
            await session.press(key)
            places.append(grid.cursor)
        assert places == [98, 97, 0, 12, 0]
        await session.until(lambda: "layer00  ◆ step 0" in session.text())
        await session.wheel(6, grid)
        await session.until(lambda: "layer00  ◆" not in session.text())
        assert "1 of 100" in session.text()
        await session.press("L", "X", "T")
        assert "by seconds (log)  ·  log values" in session.text()
        await session.press("slash", *"r42", "enter")
        assert "1 of 1" in session.text()
        await session.press("enter")
        assert isinstance(session.app.screen, DetailScreen)
        assert "metrics / layer42" in session.text()
        await session.press("m")
        assert session.screen == "MetricsScreen"
        await session.press("escape", "escape")
        assert session.screen == "CompareScreen"


async def test_a_plot_is_pointed_at_and_opened_with_the_mouse() -> None:
    async with program(size=(160, 45)) as session:
        await session.press("j", "c", "m")
        grid = session.app.screen.query_one(MetricGrid)
        await session.until(lambda: _drawn(session) == 2)
        second = list(grid.query(MetricPlot))[1]
        await session.pilot.click(second, offset=(20, 4))
        assert second.has_class("-at")
        await session.pilot.click(second, offset=(20, 4), times=2)
        await session.until(lambda: session.screen == "DetailScreen")
        assert f"metrics / {second.multiple.name}" in session.text()


async def test_where_nothing_differs_it_says_so_and_shows_all_when_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with program(StandIn(comparison=builders.reproduced), (80, 24)) as session:
        await session.press("j", "c", "m")
        assert "No metric differs. a shows all" in session.text()
        await session.press("enter", "j", "a")
        await session.until(lambda: "▸ = accuracy" in session.text() and _drawn(session) > 0)


async def test_there_are_no_plots_of_what_was_not_compared() -> None:
    missing = Missing("the server does not answer")
    comparison = _metrics(loss=(missing, missing))
    async with program(StandIn(comparison=lambda: comparison)) as session:
        await session.press("j", "c", "m")
        assert session.screen == "CompareScreen"


async def test_the_metrics_are_left_at_once_also_while_a_search_is_shown() -> None:
    async with program() as session:
        await session.press("j", "c")
        for key in ("q", "m"):
            await session.press("m", "slash", *"loss", "enter")
            assert "1 of 1" in session.text()
            await session.press(key)
            assert session.screen == "CompareScreen"
