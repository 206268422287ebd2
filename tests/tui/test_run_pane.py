"""The pane beside the list of runs, and a run on a screen of its own, by their keys."""

from tests import builders
from tests.tui.conftest import Session, program
from tests.tui.stand_in import StandIn, run_id
from textual.widgets import Input

from repro_tui.errors import ReproError
from repro_tui.tui.run_lines import Topic
from repro_tui.tui.widgets.run_pane import RunLines


def known(session: Session) -> RunLines:
    return session.app.screen.query_one(RunLines)


def topic(session: Session) -> Topic:
    line = known(session).current
    assert line is not None
    return line.topic


async def looked(session: Session) -> None:
    """Wait until everything that is read of a run is there."""
    await session.until(lambda: any(line.topic is Topic.MODELS for line in known(session).rows))
    await session.settle()


async def go(session: Session, wanted: Topic) -> None:
    while topic(session) is not wanted:
        await session.press("]")


async def test_the_pane_tells_of_the_run_under_the_cursor() -> None:
    async with program(size=(160, 45)) as session:
        await session.press("G", "d")
        await looked(session)
        assert "○randomness" in session.text()
        assert "Record with `repro-tui record --seed 1" in session.text()
        await session.press("k")
        await session.until(lambda: "run  twin" in session.text())


async def test_tab_goes_to_the_pane_and_its_keys_move_in_it() -> None:
    async with program(size=(80, 24)) as session:
        await session.press("G", "d", "tab")
        await looked(session)
        assert session.app.focused is known(session)
        await session.press("]")
        assert topic(session) is Topic.RUN
        await session.press("]", "[", "[")
        assert topic(session) is Topic.KNOWN
        await session.press("G", "g", "j")
        assert known(session).cursor == 1


async def test_sections_fold_one_by_one_and_all_at_once() -> None:
    async with program(size=(80, 24)) as session:
        await session.press("G", "enter")
        await looked(session)
        await session.press("j", "j", "z")
        assert "▸ could it be reproduced?" in session.text()
        assert known(session).cursor == 0
        await session.press("enter")
        assert "▾ could it be reproduced?" in session.text()
        await session.press("Z")
        assert all(line.heads for line in known(session).rows)
        await session.press("Z")
        assert not all(line.heads for line in known(session).rows)


async def test_enter_opens_a_reexecution_as_a_comparison() -> None:
    async with program() as session:
        await session.press("G", "enter")
        await looked(session)
        await go(session, Topic.AGAIN)
        await session.press("j", "enter")
        assert session.screen == "CompareScreen"
        await session.press("q")
        assert session.screen == "RunScreen"


async def test_enter_shows_a_long_value_whole_and_y_copies_it() -> None:
    long = "v" * 100_000 + "END"
    async with program(StandIn((builders.run(params={"big": long}),))) as session:
        await session.press("enter")
        await go(session, Topic.PARAMS)
        await session.press("j", "y")
        assert session.app.clipboard == long
        assert "Copied 100,003 characters." in session.told()
        await session.press("Y")
        assert session.app.clipboard == f"big\t{long}"
        await session.press("enter")
        assert session.screen == "ValueScreen"
        await session.press("G")
        assert "END" in session.text()
        await session.press("y", "escape")
        assert session.screen == "RunScreen"


async def test_what_was_left_half_read_is_read_when_it_is_come_back_to() -> None:
    async with program(size=(160, 45)) as session:
        session.engine.go_on.clear()
        await session.pilot.press("G", "d")
        await session.until(lambda: bool(session.engine.looked_at))
        await session.pilot.press("k")
        await session.until(lambda: len(set(session.engine.looked_at)) == 2)
        await session.pilot.press("j")
        session.engine.go_on.set()
        await looked(session)
        assert "run  baseline" in session.text()
        again = len(session.engine.looked_at)
        await session.press("ctrl+r")
        await session.until(lambda: len(session.engine.looked_at) > again)
        assert "reading…" not in session.text()


async def test_a_search_leaves_what_holds_it_and_escape_ends_it() -> None:
    async with program() as session:
        await session.press("G", "enter")
        await looked(session)
        everything = len(known(session).rows)
        await session.press("slash", *"weights")
        assert [line.topic for line in known(session).rows] == [Topic.ARTIFACTS, Topic.ARTIFACTS]
        await session.press("enter")
        assert session.app.focused is known(session)
        await session.press("escape")
        assert len(known(session).rows) == everything
        assert session.screen == "RunScreen"
        await session.press("escape")
        assert session.screen == "RunsScreen"


async def test_the_search_of_the_pane_is_not_the_filter_of_the_runs() -> None:
    async with program(size=(160, 45)) as session:
        await session.press("G", "d", "tab", "slash")
        assert isinstance(session.app.focused, Input)
        assert session.app.focused.id == "find"


async def test_a_run_on_a_screen_of_its_own_is_compared_and_executed_again() -> None:
    async with program() as session:
        await session.press("G", "enter", "c")
        assert "enter on one of its re-executions compares" in session.told()
        await session.press("r")
        assert session.screen == "RerunScreen"


async def test_what_cannot_be_read_is_told_in_its_place() -> None:
    async with program() as session:
        session.engine.failure = ReproError("The store [/x] went away.")
        await session.press("G", "enter")
        await session.until(lambda: "cannot be read: The store [/x] went away." in session.text())
        assert session.told() == ""


async def test_ten_thousand_params_do_not_stand_in_the_way() -> None:
    many = builders.run(
        run_id(1), params={f"p{n}": str(n) for n in range(10_000)}, tags={"big": "x" * 1_000_000}
    )
    async with program(StandIn((many,))) as session:
        await session.press("enter")
        await looked(session)
        await session.press("G", "slash", *"p9999")
        params = [line.label for line in known(session).rows if line.topic is Topic.PARAMS]
        assert params == ["", "p9999"]


async def test_sections_are_folded_and_values_opened_with_the_mouse() -> None:
    async with program() as session:
        await session.press("G", "enter")
        await session.until(lambda: "▾ params" in session.text())
        await session.click("lr ")
        await session.click("lr ", times=2)
        assert session.screen == "ValueScreen"
        await session.press("escape")
        await session.click("▾ params")
        await session.click("▾ params", times=2)
        assert "▸ params" in session.text()
