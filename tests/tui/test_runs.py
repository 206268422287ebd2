"""The list of runs, by keys and by mouse."""

import threading

import pytest
from msgspec.structs import replace
from tests import builders
from tests.tui.conftest import Session, program
from tests.tui.stand_in import StandIn, run_id, some_runs
from textual.widgets import Input, OptionList

from repro_tui.errors import ReproError
from repro_tui.evidence.model import Run
from repro_tui.evidence.tags import Tag
from repro_tui.evidence.tracking.outline import Outline
from repro_tui.evidence.tracking.reader import RunQuery
from repro_tui.tui.run_cache import MOST
from repro_tui.tui.screens.runs import RunsScreen
from repro_tui.tui.widgets import run_feed
from repro_tui.tui.widgets.run_feed import RunFeed
from repro_tui.tui.widgets.run_table import RunTable


def table(session: Session) -> RunTable:
    return session.app.screen.query_one(RunTable)


def current(session: Session) -> str:
    row = table(session).current
    assert row is not None
    return row.run.name


def many(count: int) -> tuple[Run, ...]:
    template = builders.run()
    return tuple(replace(template, run_id=run_id(n), name=f"run {n}") for n in range(count))


async def test_lists_runs_newest_first_with_children_below_their_parent() -> None:
    async with program() as session:
        names = [row.run.name for row in table(session).rows]
        depths = [row.depth for row in table(session).rows]
    assert names[:3] == ["still going", "baseline on another seed", "baseline again"]
    assert names[4:8] == ["sweep", "sweep lr=0.001", "sweep lr=0.01", "sweep lr=0.1"]
    assert depths[4:8] == [0, 1, 1, 1]


async def test_says_which_store_was_opened_and_who_named_it() -> None:
    async with program(size=(160, 45)) as session:
        assert "sqlite:///mlflow.db (from mlflow.db in this folder)" in session.text()


async def test_shows_status_commit_seed_device_metrics_and_verdicts() -> None:
    async with program(size=(200, 45)) as session:
        line = next(line for line in session.text().splitlines() if "another seed" in line)
        original = next(
            line for line in session.text().splitlines() if line.strip().startswith("baseline  ")
        )
        dirty = next(line for line in session.text().splitlines() if "other learning" in line)
    for part in ("✓ finished", "≠ diverged", "41.3 s", "0.125", "0.9375", "8", "cpu", "c0ffeec"):
        assert part in line
    assert "≠ diverged, ✓ reproduced" in original
    assert "c0ffeec*" in dirty


async def test_moves_with_arrows_and_with_vim_keys() -> None:
    async with program() as session:
        await session.press("j", "down", "k")
        assert table(session).cursor == 1
        await session.press("G")
        assert current(session) == "baseline"
        await session.press("g")
        assert table(session).cursor == 0
        await session.press("up")
        assert table(session).cursor == 0


async def test_marks_two_and_compares_them_in_the_order_of_marking() -> None:
    async with program() as session:
        await session.press("G", "space", "g", "space", "c")
        assert session.screen == "CompareScreen"
        await session.press("escape")
        assert session.screen == "RunsScreen"


async def test_runs_are_marked_in_order_and_u_takes_the_marks_away() -> None:
    async with program() as session:
        await session.press("space", "space", "space")
        assert [row.mark for row in table(session).rows][:4] == [1, 2, 3, 0]
        assert "●3" in session.text()
        await session.press("c")
        assert session.screen == "CompareScreen"
        await session.press("escape", "u")
        assert not any(row.mark for row in table(session).rows)


async def test_no_more_runs_are_marked_than_can_be_compared() -> None:
    async with program(StandIn(many(30))) as session:
        await session.press(*["space"] * 21)
        assert sum(bool(row.mark) for row in table(session).rows) == 20
        assert "u takes the marks away" in session.told()


async def test_a_mark_is_taken_away_where_it_was_set() -> None:
    async with program() as session:
        await session.press("space", "k", "space")
        assert not any(row.mark for row in table(session).rows)


async def test_enter_compares_a_reexecution_with_its_original() -> None:
    async with program() as session:
        await session.press("j", "enter")
        assert session.screen == "CompareScreen"


async def test_enter_on_a_run_without_a_partner_opens_it() -> None:
    async with program() as session:
        await session.press("enter")
        assert session.screen == "RunScreen"
        assert "still going" in session.text()


async def test_compare_without_a_partner_says_what_to_do() -> None:
    async with program() as session:
        await session.press("c")
        assert "Mark another run with space" in session.told()


async def test_details_show_params_metrics_datasets_and_tags() -> None:
    async with program(size=(160, 80)) as session:
        await session.press("d")
        await session.until(lambda: "digest 9f86d081" in session.text())
        text = session.text()
        await session.press("d")
        assert "digest 9f86d081" not in session.text()
    for part in (
        "params  3",
        "lr",
        "0.001",
        "metrics  2",
        "0.9375",
        "mlflow.runName",
        "still going",
    ):
        assert part in text


async def test_a_quick_search_narrows_what_is_shown_and_escape_ends_it() -> None:
    async with program() as session:
        await session.press("slash", *"SWEEP")
        assert {row.run.name.split()[0] for row in table(session).rows} == {"sweep"}
        await session.press("enter")
        assert session.app.focused is table(session)
        await session.press("escape")
        assert len(table(session).rows) == len(some_runs())


async def test_a_search_without_a_match_says_so() -> None:
    async with program() as session:
        await session.press("slash", *"zzz")
        assert "No run matches." in session.text()


async def test_a_filter_in_the_syntax_of_mlflow_is_the_store_s_to_answer() -> None:
    async with program() as session:
        await session.press("slash")
        session.app.screen.query_one(Input).value = "metrics.loss < 0.2"
        await session.press("enter")
        assert session.engine.queries[-1].filter == "metrics.loss < 0.2"
        await session.press("escape")
        assert session.engine.queries[-1].filter == ""


async def test_a_filter_that_the_store_refuses_is_told_in_its_words() -> None:
    async with program() as session:
        session.engine.failure = ReproError("Bad filter [/x].", "Write metrics.loss < 1.")
        await session.press("slash")
        session.app.screen.query_one(Input).value = "metrics.loss < 1"
        await session.press("enter")
        assert "Bad filter [/x]. Write metrics.loss < 1." in session.text()
        assert isinstance(session.app.focused, Input)
        assert len(table(session).rows) == len(some_runs())


async def test_a_mistake_in_a_filter_is_pointed_at_while_the_box_stays_open() -> None:
    async with program() as session:
        asked = len(session.engine.queries)
        await session.press("slash")
        session.app.screen.query_one(Input).value = "metrics.loss < 'a'"
        await session.press("enter")
        lines = session.text().splitlines()
        (box,) = (line for line in lines if "metrics.loss < 'a'" in line)
        (hint,) = (line for line in lines if "▲" in line)
        assert hint.index("▲") == box.index("'a'")
        assert "is compared with a number" in hint
        assert isinstance(session.app.focused, Input)
        assert len(session.engine.queries) == asked


async def test_a_filter_is_completed_by_key_and_by_mouse() -> None:
    async with program() as session:
        await session.press("slash", *"params.l", "tab")
        box = session.app.screen.query_one(Input)
        assert box.value == "params.lr "
        await session.press("tab")
        assert box.value == "params.lr = "
        await session.press("down", "tab")
        assert box.value == "params.lr = '0.01' "
        await session.pilot.click(OptionList, offset=(3, 0))
        await session.settle()
        assert box.value == "params.lr = '0.01' AND "
        await session.press(*"status = 'FIN", "tab", "enter")
        asked = "params.lr = '0.01' AND status = 'FINISHED'"
        assert session.engine.queries[-1].filter == asked
        assert session.app.focused is table(session)


async def test_a_search_is_loose_in_names_and_what_matches_as_it_is_comes_first() -> None:
    async with program() as session:
        await session.press("slash", *"bas")
        names = [row.run.name for row in table(session).rows]
        assert names == ["baseline on another seed", "baseline again", "baseline"]
        await session.press("backspace", "backspace", *"ln")
        assert {row.run.name.split()[0] for row in table(session).rows} == {"baseline"}
        cell = table(session).cell(table(session).fitted_columns.columns[1], table(session).rows[0])
        assert [span.start for span in cell.spans if "underline" in str(span.style)] == [2, 6, 8]


async def test_sorting_asks_the_store() -> None:
    async with program() as session:
        await session.press("s", "j", "enter")
        assert session.engine.queries[-1].order_by == ("attributes.start_time ASC",)
        assert "oldest first" in session.text()


async def test_the_column_under_the_cursor_is_sorted_by_and_turned_round() -> None:
    async with program() as session:
        await session.press("l", "S")
        assert session.engine.queries[-1].order_by == ("attributes.run_name ASC",)
        assert "name ↑" in session.text()
        await session.press("S")
        assert session.engine.queries[-1].order_by == ("attributes.run_name DESC",)
        assert "name ↓" in session.text()


async def test_a_click_on_a_heading_sorts_by_it_where_the_store_can() -> None:
    async with program(size=(160, 45)) as session:
        head = session.text().splitlines()[1]
        await session.pilot.click(RunTable, offset=(head.index("loss"), 0))
        await session.settle()
        assert session.engine.queries[-1].order_by == ("metrics.`loss` ASC",)
        await session.pilot.click(RunTable, offset=(head.index("duration"), 0))
        await session.settle()
        assert "cannot sort by duration" in session.told()


async def test_an_experiment_can_be_chosen_and_several_by_ticking() -> None:
    async with program() as session:
        await session.press("e", "j", "enter", "e", "a")
        assert [query.experiment_ids for query in session.engine.queries[-2:]] == [("1",), ()]
        await session.press("e", "j", "space", "j", "space", "enter")
        assert list(session.engine.queries[-1].experiment_ids) == ["1", "2"]
        assert "2 experiments" in session.text()
        await session.press("e", "slash", *"digits", "enter", "space", "ctrl+s")
        assert list(session.engine.queries[-1].experiment_ids) == ["2"]


async def test_leaving_the_choice_of_an_experiment_changes_nothing() -> None:
    async with program() as session:
        asked = len(session.engine.queries)
        await session.press("e", "j", "escape")
        assert len(session.engine.queries) == asked


async def test_columns_are_chosen_ordered_and_sized() -> None:
    async with program(size=(160, 45)) as session:
        await session.press("o", "slash", *"params.lr", "enter", "space", "enter")
        assert "params.lr" in keys(session)
        await session.press("o", "G", "k")
        await session.press("g", "j", "J", "less_than_sign", "space", "ctrl+s")
        assert keys(session)[1:3] == ["name", "verdict"]
        assert "status" not in keys(session)
        await session.press("o", "escape")
        await session.press("l", "greater_than_sign", "greater_than_sign")
        width = table(session).fitted_columns.widths[1]
    async with program(size=(160, 45)) as session:
        assert keys(session)[1:3] == ["name", "verdict"]
        assert "params.lr" in keys(session)
        assert table(session).fitted_columns.widths[1] == width
        await session.press("o", "a")
        assert keys(session)[1:4] == ["name", "status", "verdict"]
        assert "params.lr" not in keys(session)


def keys(session: Session) -> list[str]:
    return [column.key for column in table(session).fitted_columns.columns]


async def test_marks_order_and_experiments_are_remembered() -> None:
    async with program() as session:
        await session.press("j", "space", "space", "s", "j", "enter")
    async with program() as session:
        assert [row.mark for row in table(session).rows][:4] == [0, 1, 2, 0]
        assert "oldest first" in session.text()


async def test_deleted_runs_are_listed_on_request_and_said_to_be_deleted() -> None:
    runs = some_runs()
    engine = StandIn((replace(runs[0], lifecycle_stage="deleted"), *runs[1:]))
    async with program(engine) as session:
        assert "still going" not in session.text()
        await session.press("D")
        assert "still going (deleted)" in session.text()
        assert "with deleted runs" in session.text()
        await session.press("D")
        assert "still going" not in session.text()


async def test_refreshing_keeps_cursor_and_marks() -> None:
    async with program() as session:
        await session.press("j", "space")
        before = current(session)
        new = builders.run(run_id(0xFF), "just started")
        session.engine.all_runs = (new, *session.engine.all_runs)
        await session.press("ctrl+r")
        assert current(session) == before
        assert [row.run.name for row in table(session).rows if row.mark] == [
            "baseline on another seed"
        ]
        assert table(session).rows[0].run.name == "just started"


async def test_children_are_folded_and_unfolded() -> None:
    async with program() as session:
        await session.press("j", "j", "j", "j")
        assert current(session) == "sweep"
        await session.press("z")
        assert [row.run.name for row in table(session).rows][4:6] == [
            "sweep",
            "other learning rate",
        ]
        assert "▸ sweep +3" in session.text()
        await session.press("Z")
        assert "▾ sweep" in session.text()


async def test_what_comes_into_view_by_folding_is_read() -> None:
    parent, *others = many(1000)
    children = [replace(run, tags={Tag.PARENT_RUN_ID: parent.run_id}) for run in others[:700]]
    async with program(StandIn((parent, *children, *others[700:]))) as session:
        await session.press("z")
        rows = table(session).rows
        assert [row.known and row.known.name for row in rows[:3]] == ["run 0", "run 701", "run 702"]


async def test_a_list_that_the_store_tells_in_outline_has_its_true_length() -> None:
    async with program(StandIn(many(2500))) as session:
        assert len(table(session).rows) == 2500
        assert "2,500 runs" in session.text()
        assert len(session.engine.queries) == 1
        await session.press("G")
        assert current(session) == "run 2499"
        assert len(list(session.app.screen.query_one(RunFeed).cache)) <= MOST
        await session.press("pageup", "g", "ctrl+r")
        assert current(session) == "run 0"


async def test_the_last_run_is_gone_to_once_the_outline_that_was_on_its_way_has_come() -> None:
    came = threading.Event()

    class Slow(StandIn):
        def outline(self, query: RunQuery) -> Outline | None:
            came.wait(20)
            return super().outline(query)

    async with program(Slow(many(2500)), settle=False) as session:
        await session.until(lambda: len(table(session).rows) == 100)
        await session.pilot.press("G")
        assert current(session) == "run 99"
        came.set()
        await session.settle()
        assert current(session) == "run 2499"


async def test_elsewhere_the_next_page_is_fetched_as_the_end_comes_near() -> None:
    engine = StandIn(many(350))
    engine.outlines = False
    async with program(engine) as session:
        assert len(table(session).rows) == 100
        assert "100+ runs" in session.text()
        table(session).cursor = 90
        await session.settle()
        assert len(table(session).rows) == 200
        await session.press("ctrl+r")
        assert len(table(session).rows) == 200
        assert current(session) == "run 90"
        await session.press("G")
        assert len(table(session).rows) == 350
        assert current(session) == "run 349"
        assert "350 runs" in session.text()


async def test_a_search_looks_through_runs_that_were_not_read() -> None:
    async with program(StandIn(many(2500))) as session:
        await session.press("slash", *"run 2499", "enter")
        assert [row.run.name for row in table(session).rows] == ["run 2499"]
        assert "1 found" in session.text()


async def test_the_list_is_read_again_by_itself_and_keeps_cursor_and_marks() -> None:
    engine = StandIn()
    engine.settings = replace(engine.settings, refresh_seconds=0.05)
    async with program(engine, size=(160, 45)) as session:
        await session.press("j", "space")
        before = current(session)
        runs = engine.all_runs
        moved = replace(runs[0], metrics={"loss": 0.0625}, status="FINISHED")
        engine.all_runs = (builders.run(run_id(0xFF), "just started"), moved, *runs[1:])
        await session.until(lambda: "just started" in session.text() and "0.0625" in session.text())
        assert current(session) == before
        assert [row.mark for row in table(session).rows][:4] == [0, 0, 1, 0]


async def test_a_store_that_tells_that_nothing_was_written_is_not_read_again() -> None:
    class Telling(StandIn):
        times, written = 0, "once"

        def state(self) -> str:
            self.times += 1
            return self.written

    engine = Telling()
    engine.settings = replace(engine.settings, refresh_seconds=0.01)
    async with program(engine) as session:
        await session.until(lambda: engine.times > 3)
        assert len(engine.queries) == 1
        engine.all_runs = (builders.run(run_id(0xFF), "just started"), *engine.all_runs)
        engine.written = "twice"
        await session.until(lambda: "just started" in session.text())


async def test_nothing_is_read_while_somebody_types() -> None:
    engine = StandIn()
    engine.settings = replace(engine.settings, refresh_seconds=0.01)
    async with program(engine) as session:
        await session.press("slash")
        asked = len(engine.queries)
        await session.press(*"swee")
        await session.pilot.pause(0.1)
        assert len(engine.queries) == asked


async def test_a_store_that_goes_away_leaves_its_rows_with_their_time_until_it_is_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(run_feed, "RETRY_SECONDS", 0.05)
    async with program() as session:
        session.engine.failure = ReproError("The server [/x] does not answer.", "Start it.")
        await session.press("ctrl+r")
        assert "as of 09:53:20, store unreachable: retrying" in session.text()
        assert "The server [/x] does not answer. Start it." in session.told()
        assert len(table(session).rows) == len(some_runs())
        session.engine.failure = None
        await session.until(lambda: "unreachable" not in session.text())


async def test_a_store_that_cannot_be_read_at_first_is_read_once_it_can_be(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(run_feed, "RETRY_SECONDS", 0.05)
    engine = StandIn()
    engine.failure = ReproError("The database is locked.", "Try again later.")
    async with program(engine) as session:
        assert "The database is locked." in session.text()
        assert "0 runs" not in session.text()
        assert "Try again later." in session.text()
        engine.failure = None
        await session.until(lambda: "baseline" in session.text())


async def test_an_empty_store_says_what_to_do() -> None:
    async with program(StandIn(())) as session:
        assert "holds no runs yet" in session.text()
        assert "repro-tui demo" in session.text()


async def test_the_mouse_moves_chooses_and_uses_the_footer() -> None:
    async with program() as session:
        await session.pilot.click(RunTable, offset=(10, 2))
        await session.settle()
        assert table(session).cursor == 1
        await session.pilot.click(RunTable, offset=(10, 2), times=2)
        await session.settle()
        assert session.screen == "CompareScreen"


async def test_q_on_the_runs_leaves_the_program() -> None:
    async with program() as session:
        assert isinstance(session.app.screen, RunsScreen)
        await session.pilot.press("q")
        await session.until(lambda: not session.app.is_running)
        assert session.app.return_code == 0
    assert session.engine.closed


async def test_runs_are_paged_through_and_scrolled_with_the_wheel() -> None:
    async with program(StandIn(many(300)), size=(80, 24)) as session:
        page = table(session).size.height - 2
        for key, at in (("pagedown", 1), ("ctrl+f", 2), ("pageup", 1), ("ctrl+b", 0)):
            await session.press(key)
            assert current(session) == f"run {at * page}"
        await session.wheel(2, RunTable)
        assert table(session).scroll_offset.y > 0
        assert current(session) == "run 0"
        await session.wheel(-2, RunTable)
        assert "run 0 " in session.text()


async def test_names_stay_while_the_other_columns_are_scrolled() -> None:
    async with program(size=(80, 24)) as session:
        assert "run id" not in session.text()
        await session.press(*"l" * 20)
        heading = session.text().split("\n")[1]
        assert heading.split()[0] == "name"
        assert heading.split()[-2:] == ["run", "id"]
        assert "status" not in heading
        assert "baseline on another seed" in session.text()
        # What is clicked is what is seen there.
        for title in ("name", "commit"):
            at = heading.index(title)
            await session.pilot.click(RunTable, offset=(at, 0))
            under = table(session).under_cursor
            assert under is not None
            assert under.key == title
        await session.press(*"h" * 20)
        assert "status" in session.text()


async def test_nothing_stays_where_it_would_take_half_of_the_view() -> None:
    async with program(size=(50, 24)) as session:
        await session.press(*"l" * 20)
        assert "name" not in session.text().split("\n")[1]


async def test_the_completions_are_walked_up_again() -> None:
    async with program() as session:
        await session.press("slash", *"params.lr = ")
        await session.press("down", "down", "up", "tab")
        assert session.app.screen.query_one(Input).value == "params.lr = '0.01' "


async def test_a_column_is_left_for_the_one_before_and_made_narrower() -> None:
    async with program(size=(160, 45)) as session:
        await session.press("l", "l", "h")
        under = table(session).under_cursor
        assert under is not None
        assert under.key == "name"
        width = table(session).fitted_columns.widths[1]
        await session.press("less_than_sign", "less_than_sign")
        assert table(session).fitted_columns.widths[1] == width - 4
        assert "↻ baseline on another…" in session.text()
        await session.press("right", "left", "S")
        assert "name ↑" in session.text()


async def test_a_column_is_moved_to_and_fro_and_made_wider() -> None:
    async with program(size=(160, 45)) as session:
        before = keys(session)
        await session.press("o", "j", "K", "greater_than_sign", "shift+right")
        assert "20 cells" in session.text()
        await session.press("enter")
        assert keys(session)[:3] == [before[0], before[2], before[1]]
        assert table(session).fitted_columns.widths[1] == 20
        await session.press("o", "j", "shift+up", "ctrl+s")
        assert keys(session)[:3] == before[:3]


async def test_columns_are_ticked_with_the_mouse() -> None:
    async with program(size=(160, 45)) as session:
        assert {"status", "verdict"} <= set(keys(session))
        await session.press("o")
        await session.click("✓ status")
        await session.click("verdict", line=row_of(session, "✓ verdict"))
        await session.click("verdict", times=2, line=row_of(session, "✓ verdict"))
        assert "· verdict" in session.text()
        await session.press("enter")
        assert not {"status", "verdict"} & set(keys(session))


def row_of(session: Session, text: str) -> int:
    """The line of the screen on which that is to be read."""
    return next(i for i, line in enumerate(session.text().splitlines()) if text in line)


async def test_experiments_are_ticked_and_taken_with_the_mouse() -> None:
    async with program() as session:
        await session.press("e")
        await session.click("· digits")
        assert "✓ digits" in session.text()
        assert "· all experiments" in session.text()
        await session.rest()
        await session.click("Take", line=-1)
        assert list(session.engine.queries[-1].experiment_ids) == ["1"]
        await session.press("e")
        await session.click("all experiments", line=row_of(session, " all experiments"))
        await session.rest()
        await session.click("Take", line=-1)
        assert session.screen == "RunsScreen"
        assert list(session.engine.queries[-1].experiment_ids) == []


async def test_an_order_is_picked_with_a_click() -> None:
    async with program() as session:
        await session.press("s")
        await session.click("oldest first")
        assert session.screen == "RunsScreen"
        assert session.engine.queries[-1].order_by == ("attributes.start_time ASC",)
