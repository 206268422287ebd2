"""One finding in full."""

from tests import builders
from tests.tui.conftest import Session, program
from tests.tui.stand_in import StandIn
from textual.widgets import Static

from repro_tui.compare.model import DiffLine, DiffMark
from repro_tui.evidence.model import SectionName
from repro_tui.tui.finding_rows import FindingRow
from repro_tui.tui.screens.detail import DetailScreen
from repro_tui.tui.widgets.diff_list import DiffList, side_by_side
from repro_tui.tui.widgets.finding_list import FindingList
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
        points = session.app.screen.query_one(PointList)
        await session.until(lambda: points.cursor == 1)
        lines = [line.split() for line in session.text().splitlines()]
    assert ["≠", "1", "0.5", "0.75"] in lines
    assert ["=", "0", "1.0", "1.0"] in lines
    assert ["≠", "3", "0.125", "nan"] in lines


async def test_a_point_that_one_side_lacks_is_said_so() -> None:
    async with program(size=(120, 50)) as session:
        await opened(session, SectionName.METRICS, "accuracy")
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


async def test_tab_goes_between_the_parts() -> None:
    async with program(size=(120, 50)) as session:
        await opened(session, SectionName.METRICS, "loss")
        await session.press("tab")
        assert session.app.focused is not None
        assert session.app.focused.id == "facts"
        assert session.app.screen.query(Static)


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
