"""One finding in full."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from tests import builders
from tests.tui.conftest import Session, program
from tests.tui.stand_in import StandIn
from textual.containers import VerticalScroll
from textual.events import Click, MouseMove, MouseScrollUp, MouseUp
from textual.pilot import _get_mouse_message_arguments
from textual.widgets import Tab

from repro_tui.compare.model import Comparison, DiffLine, DiffMark
from repro_tui.evidence.model import LocalFile, Package, SectionName
from repro_tui.tui.diff_rows import side_by_side
from repro_tui.tui.finding_rows import FindingRow
from repro_tui.tui.screens.detail import DetailScreen
from repro_tui.tui.widgets.diff_list import DiffList
from repro_tui.tui.widgets.finding_list import FindingList
from repro_tui.tui.widgets.plot import HistoryPlot
from repro_tui.tui.widgets.point_list import PointList


async def opened(session: Session, section: SectionName, *key: str) -> None:
    """Open the detail of one finding, from the list of findings and with the enter key."""
    await session.press("j", "c", "a")
    findings = session.app.screen.query_one(FindingList)
    findings.cursor = next(
        i for i, row in enumerate(findings.rows)
        if isinstance(row, FindingRow) and (row.section, row.finding.key) == (section, key)
    )  # fmt: skip
    await session.press("enter")
    assert isinstance(session.app.screen, DetailScreen)


async def test_a_file_shows_its_whole_digests_on_both_sides() -> None:
    left = builders.file("predictions.csv", b"id,label\n1,3\n2,5\n").digest
    right = builders.file("predictions.csv", b"id,label\n1,3\n2,8\n").digest
    async with program(size=(120, 60)) as session:
        await opened(session, SectionName.ARTIFACTS, "predictions.csv")
        await session.press("shift+tab")
        assert left in session.text()
        assert right in session.text()


async def test_a_value_is_shown_whole_with_where_it_was_read() -> None:
    long = "x" * 700 + "END"
    right = builders.changed(
        builders.rerun_evidence(), SectionName.PARAMS, ("lr",), builders.known(long, "the tag a.b")
    )
    comparison = builders.compared(builders.evidence(), right)
    async with program(StandIn(comparison=lambda: comparison), size=(80, 50)) as session:
        await opened(session, SectionName.PARAMS, "lr")
        text = session.text()
    assert text.replace("\n", "").replace(" ", "").count("x") >= 700
    assert "END" in text
    assert "the tag a.b" in text


async def test_code_stands_side_by_side_when_wide_and_stacked_when_narrow() -> None:
    async with program(size=(120, 50)) as session:
        await opened(session, SectionName.CODE, "files", "train.py")
        assert any(
            "- lr = 0.001" in line and "+ lr = 0.01" in line for line in session.text().splitlines()
        )
        await session.pilot.resize_terminal(80, 50)
        await session.settle()
        assert not any(
            "- lr = 0.001" in line and "+ lr = 0.01" in line for line in session.text().splitlines()
        )
        assert session.app.focused is session.app.screen.query_one(DiffList)


async def test_a_metric_shows_all_its_points_from_where_the_runs_part() -> None:
    async with program(size=(120, 50)) as session:
        await opened(session, SectionName.METRICS, "loss")
        await session.press("tab")
        points = session.app.screen.query_one(PointList)
        await session.until(lambda: points.cursor == 1)
        lines = [line.split()[:4] for line in session.text().splitlines()]
    assert ["≠", "1", "0.5", "0.75"] in lines
    assert ["=", "0", "1.0", "1.0"] in lines
    assert ["≠", "3", "0.125", "nan"] in lines


async def test_a_point_that_one_side_lacks_is_said_so() -> None:
    async with program(size=(120, 50)) as session:
        await opened(session, SectionName.METRICS, "accuracy")
        await session.press("tab")
        assert any("no point" in line for line in session.text().splitlines())


async def test_a_million_points_cost_what_is_in_view() -> None:
    values = [n / 7 for n in range(1_000_000)]
    other = [*values[:777_777], 0.5, *values[777_778:]]
    left = builders.changed(
        builders.evidence(), SectionName.METRICS, ("loss",),
        builders.known(builders.history(values, timestamps=range(len(values)))),
    )  # fmt: skip
    right = builders.changed(
        builders.rerun_evidence(), SectionName.METRICS, ("loss",),
        builders.known(builders.history(other, timestamps=range(len(values)))),
    )  # fmt: skip
    comparison = builders.compared(left, right)
    async with program(StandIn(comparison=lambda: comparison)) as session:
        await opened(session, SectionName.METRICS, "loss")
        await session.until(lambda: "first difference: step 777,777" in session.text())
        await session.press("tab")
        points = session.app.screen.query_one(PointList)
        await session.until(lambda: points.cursor == 777_777)
        assert "777,777" in session.text()
        await session.press("G")
        assert "999,999" in session.text()


async def test_what_is_inside_a_file_opens_in_a_detail_of_its_own() -> None:
    right = builders.changed(
        builders.rerun_evidence(), SectionName.ARTIFACTS, ("conf.json",),
        builders.known(builders.file("conf.json", b'{"lr": 0.01, "epochs": 3}')),
    )  # fmt: skip
    left = builders.changed(
        builders.evidence(), SectionName.ARTIFACTS, ("conf.json",),
        builders.known(builders.file("conf.json", b'{"lr": 0.001, "epochs": 3}')),
    )  # fmt: skip
    comparison = builders.compared(left, right)
    async with program(StandIn(comparison=lambda: comparison), size=(120, 50)) as session:
        await opened(session, SectionName.ARTIFACTS, "conf.json")
        inside = session.app.screen.query_one(FindingList)
        inside.cursor = next(
            i for i, row in enumerate(inside.rows)
            if isinstance(row, FindingRow) and row.finding.kind.differs
        )  # fmt: skip
        await session.press("enter")
        text = session.text()
        assert "0.001" in text
        assert "0.01" in text
        await session.press("escape", "escape")
        assert session.screen == "CompareScreen"


async def test_tab_and_the_mouse_go_from_view_to_view() -> None:
    async with program(size=(120, 50)) as session:
        await opened(session, SectionName.METRICS, "loss")
        focused = []
        for _ in range(4):
            focused.append(type(session.app.focused))
            await session.press("tab")
        assert focused == [HistoryPlot, PointList, VerticalScroll, HistoryPlot]
        tab = session.app.screen.query_one("#view-2", Tab)
        await session.pilot.click(tab)
        await session.until(lambda: isinstance(session.app.focused, VerticalScroll))


async def test_the_findings_that_differ_are_walked_through_without_leaving_the_view() -> None:
    async with program(size=(120, 50)) as session:
        await opened(session, SectionName.METRICS, "loss")
        assert "metrics / loss  ·  2 of 2 that differ" in session.text()
        await session.press("T", "]")
        await session.until(lambda: "by seconds since the first point" in session.text())
        await session.press("[", "tab", "]")
        assert "metrics / accuracy  ·  1 of 2 that differ" in session.text()
        assert isinstance(session.app.focused, PointList)
        await session.press("[")
        assert "metrics / loss" in session.text()
        await session.press("escape")
        assert session.screen == "CompareScreen"


async def test_the_plot_is_walked_zoomed_and_read_by_key() -> None:
    values = [n / 7 for n in range(200)]
    other = [value + (n >= 120) * 0.25 for n, value in enumerate(values)]
    async with program(StandIn(comparison=lambda: _losses(values, other)), (120, 50)) as session:
        await opened(session, SectionName.METRICS, "loss")
        plot = session.app.screen.query_one(HistoryPlot)
        assert "◆ first difference: step 120" in session.text()
        assert "step 120  left" in session.text()
        assert "right - left 0.25" in session.text()
        await session.press("h", "h", "N")
        assert plot.pairs.steps[plot.row] < 120
        assert "= equal to the bit" in session.text()
        await session.press("n")
        assert plot.row == 120
        await session.press("+", "+")
        assert plot.window.high - plot.window.low == 0.25
        assert "0.25 of the axis in view" in session.text()
        await session.press("G", ".")
        assert plot.row == 199
        assert plot.window.high == 1
        await session.press("0", "/", *"17", "enter")
        assert plot.row == 17
        assert plot.window.whole
        await session.press("/", *"x", "enter")
        assert "'x' is no step" in session.told()
        await session.press("escape", "L")
        assert "2 zero" in session.text()
        await session.press("u", "T", "X")
        assert "in ULP" in session.text()
        assert "seconds since the first point (log)" in session.text()
        await session.press("f", "y")
        assert session.app.clipboard == f"120\t{values[120]!r}\t{other[120]!r}"


async def test_the_plot_is_pointed_at_with_the_mouse() -> None:
    values = [float(n) for n in range(100)]
    comparison = _losses(values, [*values[:50], *[0.0] * 50])
    async with program(StandIn(comparison=lambda: comparison), (120, 50)) as session:
        await opened(session, SectionName.METRICS, "loss")
        plot = session.app.screen.query_one(HistoryPlot)
        area = plot.query_one("#values")
        await session.pilot.click(area, offset=(12, 5))
        assert plot.row < 3
        await session.pilot._post_mouse_events([MouseScrollUp], area, offset=(60, 5))
        await session.until(lambda: plot.window.high - plot.window.low < 1)
        seen, row = plot.window, plot.row
        await session.pilot.mouse_down(area, offset=(80, 5))
        # The Pilot moves the mouse without its buttons.
        moved = _get_mouse_message_arguments(area, (60, 5), button=1) | {"delta_x": -20}
        session.app.screen._forward_event(MouseMove(**moved))
        await session.pilot._post_mouse_events([MouseUp, Click], area, offset=(60, 5), button=1)
        await session.until(lambda: plot.window.low > seen.low)
        assert plot.row == row
        await session.wheel(1, area)
        assert plot.window.whole


async def test_any_history_is_drawn_without_colours_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    nan, inf = float("nan"), float("inf")
    made: dict[str, list[float]] = {
        "a": [],
        "b": [1.0],
        "c": [0.1] * 5,
        "d": [nan] * 3,
        "e": [1e308, -1e308, inf],
    }
    sides = [builders.evidence(), builders.rerun_evidence()]
    for name, values in made.items():
        for side, extra in ((0, []), (1, [5e-324])):
            history = builders.known(builders.history([*values, *extra]))
            sides[side] = builders.changed(sides[side], SectionName.METRICS, (name,), history)
    comparison = builders.compared(sides[0], sides[1])
    async with program(StandIn(comparison=lambda: comparison), (80, 24)) as session:
        await opened(session, SectionName.METRICS, "a")
        for name, values in made.items():
            assert f"metrics / {name}" in session.text()
            assert f"◆ first: step {len(values)}" in session.text()
            await session.press("L", "X", "T", "u", "+", "right", "n", "<", "0", "G", "g", "]")


def _losses(left: Sequence[float], right: Sequence[float]) -> Comparison:
    """Two runs whose losses are these."""
    sides = [builders.known(builders.history(side)) for side in (left, right)]
    return builders.compared(
        builders.changed(builders.evidence(), SectionName.METRICS, ("loss",), sides[0]),
        builders.changed(builders.rerun_evidence(), SectionName.METRICS, ("loss",), sides[1]),
    )


async def test_lines_are_gone_through_searched_wrapped_and_unfolded(tmp_path: Path) -> None:
    left = [f"line_{n} = {n}" for n in range(60)]
    right = [
        *left[:10],
        "line_10 = 'other'",
        *left[11:50],
        "x = '" + "long " * 60 + "'",
        *left[51:],
    ]
    refs = []
    for name, written in (("left", left), ("right", right)):
        path = tmp_path / f"{name}.py"
        path.write_text("\n".join(written))
        content = path.read_bytes()
        builders.file("train.py", content)  # what the comparison reads; the view reads the file
        refs.append(replace(builders.file("train.py", content), location=LocalFile(str(path))))
    key = SectionName.ARTIFACTS, ("train.py",)
    comparison = builders.compared(
        builders.changed(builders.evidence(), *key, builders.known(refs[0])),
        builders.changed(builders.rerun_evidence(), *key, builders.known(refs[1])),
    )
    async with program(StandIn(comparison=lambda: comparison), (120, 40)) as session:
        await opened(session, SectionName.ARTIFACTS, "train.py")
        lines = session.app.screen.query_one(DiffList)
        first = lines.cursor
        assert "line_10 = 'other'" in session.text()
        await session.press("n")
        assert lines.cursor > first
        await session.press("N")
        assert lines.cursor == first
        assert "line_30" not in session.text()
        await session.press("z")
        await session.until(lambda: len(lines.rows) == 60)
        await session.press("/", *"LINE_30", "enter")
        assert "line_30 = 30" in session.text()
        assert lines.copied() == "line_30 = 30"
        await session.press("/", *"nowhere", "enter", "escape", "w")
        assert "No line that is shown holds that." in session.told()
        assert len(lines.rows) > 60
        await session.press("y")
        assert session.app.clipboard == "line_30 = 30"
        await session.pilot.resize_terminal(80, 24)
        await session.settle()
        assert len(lines.rows) > 62


async def test_a_locked_package_shows_both_lockfiles() -> None:
    locked = Package("2.10.0", "https://example.org/simple", ("sha256:03",))
    right = builders.changed(
        builders.rerun_evidence(), SectionName.LOCKFILES, ("uv.lock", "torch"),
        builders.known(locked),
    )  # fmt: skip
    comparison = builders.compared(builders.evidence(), right)
    async with program(StandIn(comparison=lambda: comparison), (120, 40)) as session:
        await opened(session, SectionName.LOCKFILES, "uv.lock", "torch")
        lines = session.text().splitlines()
        assert any('- version = "2.9.0"' in n and '+ version = "2.10.0"' in n for n in lines)
        assert any('- hash = "sha256:02"' in n and '+ hash = "sha256:03"' in n for n in lines)
        assert any('source = "https://example.org/simple"' in line for line in lines)


async def test_a_dataset_shows_its_schema_and_profile() -> None:
    async with program(size=(120, 50)) as session:
        await opened(session, SectionName.DATA, "datasets", "digits (training)", "digest")
        text = session.text()
        assert '"mlflow_colspec": []' in text
        assert '"num_rows": 1797' in text


def test_lines_that_came_in_the_place_of_others_stand_beside_them() -> None:
    context = DiffLine(DiffMark.CONTEXT, 1, 1, "a")
    removed = [DiffLine(DiffMark.REMOVED, n, None, f"old {n}") for n in (2, 3)]
    added = DiffLine(DiffMark.ADDED, None, 2, "new")
    assert list(side_by_side([context, *removed, added, context])) == [
        (context, context),
        (removed[0], added),
        (removed[1], None),
        (context, context),
    ]
    assert list(side_by_side([added, removed[0]])) == [(None, added), (removed[0], None)]


async def test_the_differing_points_are_gone_through_by_key_and_a_click_sets_the_cursor() -> None:
    values = [float(n) for n in range(100)]
    other = [value + (n in (20, 60)) for n, value in enumerate(values)]
    async with program(StandIn(comparison=lambda: _losses(values, other)), (120, 50)) as session:
        await opened(session, SectionName.METRICS, "loss")
        await session.press("tab")
        points = session.app.screen.query_one(PointList)
        await session.until(lambda: points.cursor == 20)
        await session.press("n")
        assert points.cursor == 60
        await session.press("n", "N")
        assert points.cursor == 20
        top = points.scroll_offset.y
        equal = next(row for row in range(top + 4, top + 6) if values[row] == other[row])
        await session.click(" = " + f"{equal:>12}")
        assert points.cursor == equal
        await session.press("y")
        assert session.app.clipboard.split("\t")[0] == str(equal)
        await session.wheel(3, points)
        assert points.scroll_offset.y > top
        assert points.cursor == equal
        await session.press("q")
        assert session.screen == "CompareScreen"


async def test_the_plot_is_moved_point_by_point_and_over_its_axis() -> None:
    values = [float(n) for n in range(400)]
    comparison = _losses(values, [*values[:200], *[0.0] * 200])
    async with program(StandIn(comparison=lambda: comparison), (120, 50)) as session:
        await opened(session, SectionName.METRICS, "loss")
        plot = session.app.screen.query_one(HistoryPlot)
        for keys, step in (((".", "."), 202), ((",",), 201), (("shift+right",), 202)):
            await session.press(*keys)
            assert f"step {step}  left" in session.text()
        await session.press("shift+left", "shift+left")
        assert "step 200  left" in session.text()
        await session.press("+", "+")
        seen = plot.window
        assert "0.25 of the axis in view" in session.text()
        await session.press(">")
        assert plot.window.low == pytest.approx(seen.low + 0.125)
        await session.press("pagedown", "pageup", "<")
        assert plot.window.low == pytest.approx(seen.low)
        await session.press("-")
        assert "0.5 of the axis in view" in session.text()
        await session.press("-")
        assert plot.window.whole


async def test_lines_are_pointed_at_and_scrolled_with_the_mouse() -> None:
    async with program(size=(120, 50)) as session:
        await opened(session, SectionName.CODE, "files", "train.py")
        await session.click("lr = 0.01")
        await session.press("y")
        assert session.app.clipboard == "lr = 0.01"
