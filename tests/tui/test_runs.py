"""The list of runs, by keys and by mouse."""

from dataclasses import replace

from tests import builders
from tests.tui.conftest import Session, program
from tests.tui.stand_in import StandIn, run_id, some_runs
from textual.widgets import Input

from repro_tui.errors import ReproError
from repro_tui.tui.screens.runs import RunsScreen
from repro_tui.tui.widgets.run_table import RunTable


def table(session: Session) -> RunTable:
    return session.app.screen.query_one(RunTable)


def current(session: Session) -> str:
    row = table(session).current
    assert row is not None
    return row.run.name


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


async def test_a_third_mark_is_refused_and_u_takes_marks_away() -> None:
    async with program() as session:
        await session.press("space", "space", "space")
        assert sum(bool(row.mark) for row in table(session).rows) == 2
        await session.press("u")
        assert not any(row.mark for row in table(session).rows)


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
        session.app.screen.query_one(Input).value = "metrics.loss <"
        await session.press("enter")
        assert "Bad filter [/x]. Write metrics.loss < 1." in session.told()


async def test_sorting_asks_the_store() -> None:
    async with program() as session:
        await session.press("s", "j", "enter")
        assert session.engine.queries[-1].order_by == ("attributes.start_time ASC",)
        assert "oldest first" in session.text()


async def test_an_experiment_can_be_chosen() -> None:
    async with program() as session:
        await session.press("e", "j", "enter", "e", "k", "enter")
        assert [query.experiment_ids for query in session.engine.queries[-2:]] == [("1",), ()]


async def test_leaving_the_choice_of_an_experiment_changes_nothing() -> None:
    async with program() as session:
        asked = len(session.engine.queries)
        await session.press("e", "j", "escape")
        assert len(session.engine.queries) == asked


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


async def test_the_next_page_is_fetched_as_the_cursor_nears_the_end() -> None:
    template = builders.run()
    many = tuple(replace(template, run_id=run_id(n), name=f"run {n}") for n in range(250))
    async with program(StandIn(many)) as session:
        assert len(table(session).rows) == 100
        await session.press("G")
        assert len(table(session).rows) == 200
        await session.press("G")
        assert len(table(session).rows) == 250
        await session.press("ctrl+r")
        assert len(table(session).rows) == 250
        assert current(session) == "run 199"


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
