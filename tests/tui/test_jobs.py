"""The list of re-executions and their logs."""

from msgspec.structs import replace
from tests.builders import history
from tests.tui.conftest import Session, program
from tests.tui.stand_in import NOW, StandIn, job

from repro_tui.compare.departure import so_far
from repro_tui.compare.policy import Policy
from repro_tui.rerun.advance import Advance, Course
from repro_tui.rerun.model import JobState
from repro_tui.tui.widgets.job_table import JobTable
from repro_tui.tui.widgets.log_view import LogView

RUNNING = job(1, JobState.RUNNING)
DONE = job(2, JobState.FINISHED)
FAILED = job(3, JobState.FAILED, message="The process exited with 1.")


def log_of(session: Session) -> str:
    return "\n".join(session.app.screen.query_one(LogView).rows)


async def test_lists_jobs_with_state_elapsed_time_and_verdict() -> None:
    async with program(StandIn(jobs=(RUNNING, DONE, FAILED))) as session:
        await session.press("J")
        text = session.text()
    for part in ("▶ running", "1 min 20 s", "✓ finished", "✓ reproduced", "✗ failed", "1 running"):
        assert part in text


async def test_without_jobs_it_says_how_to_start_one() -> None:
    async with program() as session:
        await session.press("J")
        assert "press r on a run" in session.text()


async def test_the_log_grows_while_the_job_runs() -> None:
    async with program(StandIn(jobs=(RUNNING,))) as session:
        await session.press("J")
        await session.until(lambda: "epoch 1 loss 0.5" in log_of(session))
        session.engine.log += "epoch 2 loss 0.25\nepo"
        await session.until(lambda: "epoch 2 loss 0.25" in log_of(session))
        session.engine.log += "ch 3\n"
        await session.until(lambda: "\nepoch 3" in log_of(session))
        assert log_of(session).count("epo") == 3


async def test_how_far_a_job_has_come_is_held_against_its_original() -> None:
    engine = StandIn(jobs=(RUNNING,))
    async with program(engine) as session:
        await session.press("J")
        await session.until(lambda: "━" * 8 + "┄" * 8 + " 50%  step 5 of 11" in session.text())
        assert "▶ running  1 min 20 s, about 1 min 20 s left" in session.text()
        engine.how_far = Course(Advance("[/x]", 11, 11, 1.0))
        await session.until(lambda: "━" * 16 + " 100%  step 11 of 11 of [/x]" in session.text())
        assert "left" not in session.text()
        engine.how_far = Course(None, 60_000)
        await session.until(lambda: "1 min 20 s, 20.0 s longer than the original" in session.text())
        assert "━" not in session.text()


async def test_the_time_goes_on_while_nothing_else_changes() -> None:
    async with program(StandIn(jobs=(RUNNING,))) as session:
        await session.press("J")
        session.app.now = lambda: NOW + 60_000
        await session.until(lambda: session.text().count("2 min 20 s") == 2)


async def test_a_queued_job_says_what_it_waits_for() -> None:
    queued = job(4, JobState.QUEUED, started=None)
    async with program(StandIn(jobs=(queued, RUNNING))) as session:
        await session.press("J")
        text = session.text()
        for part in ("⋯ queued", "waits until cpu is free", "1 running, 1 queued"):
            assert part in text
        await session.press("K", "y")
        assert session.engine.cancelled == [queued]


async def test_the_cursor_chooses_whose_log_is_shown() -> None:
    async with program(StandIn(jobs=(RUNNING, FAILED))) as session:
        await session.press("J")
        await session.until(lambda: "epoch 1" in log_of(session))
        await session.press("j")
        assert "The process exited with 1." in session.text()
        await session.until(lambda: "epoch 1" in log_of(session))


async def test_a_long_log_is_followed_to_its_end() -> None:
    engine = StandIn(jobs=(RUNNING,))
    engine.log = "".join(f"epoch {n}\n" for n in range(300))
    async with program(engine) as session:
        await session.press("J")
        await session.until(lambda: "epoch 299" in session.text())


async def test_columns_are_scrolled_to_and_not_chosen_where_they_do_not_sort() -> None:
    async with program(StandIn(jobs=(RUNNING, DONE)), size=(60, 24)) as session:
        await session.press("J")
        heading = session.app.screen.query_one(JobTable).head(60)
        assert not any("underline" in str(span.style) for span in heading.spans)
        assert "device" not in session.text()
        await session.press(*"l" * 20)
        assert "device" in session.text()
        await session.press(*"h" * 20)
        assert "device" not in session.text()


async def test_following_the_log_can_be_held() -> None:
    async with program(StandIn(jobs=(RUNNING,))) as session:
        await session.press("J", "f")
        assert not session.app.screen.query_one(LogView).follows
        await session.press("f")
        assert session.app.screen.query_one(LogView).follows


async def test_cancelling_is_asked_for_first() -> None:
    async with program(StandIn(jobs=(RUNNING,))) as session:
        await session.press("J", "K")
        assert session.screen == "ConfirmScreen"
        await session.press("n")
        assert session.engine.cancelled == []
        await session.press("K", "enter")
        assert session.engine.cancelled == []
        await session.press("K", "y")
        assert session.engine.cancelled == [RUNNING]


async def test_a_job_that_ended_cannot_be_cancelled_but_compared() -> None:
    async with program(StandIn(jobs=(DONE,))) as session:
        await session.press("J", "K")
        assert session.screen == "JobsScreen"
        await session.press("c")
        assert session.screen == "CompareScreen"


async def test_a_running_job_is_not_compared_and_enter_does_once_it_ended() -> None:
    async with program(StandIn(jobs=(RUNNING,))) as session:
        await session.press("J", "J")
        assert session.screen == "RunsScreen"
        await session.press("J", "c", "enter")
        assert session.screen == "JobsScreen"
        session.engine.all_jobs = (replace(RUNNING, state=JobState.FINISHED),)
        session.app.read_jobs()
        await session.settle()
        await session.press("enter")
        assert session.screen == "CompareScreen"


async def test_the_log_is_searched_also_while_it_grows() -> None:
    engine = StandIn(jobs=(RUNNING,))
    engine.log = "".join(f"epoch {n}\n" for n in range(50))
    async with program(engine) as session:
        await session.press("J")
        await session.until(lambda: "epoch 49" in log_of(session))
        await session.press("slash", *"EPOCH 1")
        # The nearest to where the cursor stood: the end.
        assert "match 11 of 11" in session.text()
        await session.press("enter", "N")
        assert "match 10 of 11" in session.text()
        await session.press("N", "n")
        assert "match 10 of 11" in session.text()
        engine.log += "epoch 100\n"
        await session.until(lambda: "match 10 of 12" in session.text())
        await session.press("y")
        assert session.app.clipboard == "epoch 18"
        await session.press("escape")
        assert session.screen == "JobsScreen"
        assert "search" not in session.text()
        await session.press("escape")
        assert session.screen == "RunsScreen"


async def test_who_reads_an_older_line_is_left_there() -> None:
    engine = StandIn(jobs=(RUNNING,))
    engine.log = "".join(f"epoch {n}\n" for n in range(300))
    async with program(engine) as session:
        await session.press("J")
        await session.until(lambda: "epoch 299" in session.text())
        await session.press("tab", "k")
        engine.log += "more\n"
        await session.until(lambda: "more" in log_of(session))
        log = session.app.screen.query_one(LogView)
        assert log.current == "epoch 298"
        await session.press("G")
        engine.log += "last"
        await session.until(lambda: log.current == "last")


async def test_an_ended_job_is_removed_once_somebody_agrees() -> None:
    async with program(StandIn(jobs=(RUNNING, DONE, FAILED))) as session:
        await session.press("J", "X")
        assert session.screen == "JobsScreen"
        await session.press("j", "X", "n")
        assert len(session.engine.all_jobs) == 3
        await session.press("delete", "y")
        assert [each.state for each in session.engine.all_jobs] == ["running", "failed"]
        await session.until(lambda: "finished" not in session.text())
        await session.press("ctrl+x", "y")
        assert [each.state for each in session.engine.all_jobs] == ["running"]


async def test_a_log_that_is_empty_says_why() -> None:
    queued = job(4, JobState.QUEUED, started=None)
    silent = job(5, JobState.FAILED, message="uv is not there.")
    engine = StandIn(jobs=(queued, RUNNING, silent))
    engine.log = ""
    async with program(engine) as session:
        await session.press("J")
        assert "baseline, re-executed holds it, running." in session.text()
        await session.press("j")
        assert "Nothing is written yet." in session.text()
        await session.press("j")
        assert "It wrote nothing." in session.text()
        assert "uv is not there." in session.text()


async def test_the_moment_a_job_departs_from_its_original_is_pointed_out() -> None:
    ended, now = history([1.0, 0.5, 0.25]), history([1.0, 0.625])
    same = history([1.0, 0.5])
    engine = StandIn(jobs=(RUNNING,))
    engine.how_far = Course(so_far=so_far({"loss": ended}, {"loss": same}, Policy()))
    async with program(engine) as session:
        await session.press("J")
        await session.until(lambda: "= identical so far: 2 of 3 points" in session.text())
        held = so_far({"loss": ended}, {"loss": now}, Policy())
        engine.how_far = Course(None, None, held, {"loss": ended}, {"loss": now})
        told = "departed from the original at step 1 of loss: 0.625, not 0.5"
        # The screen and what watches all jobs hear of it one after the other.
        await session.until(lambda: told in session.text() and told in session.told())
        assert session.told().count(told) == 1
        await session.press("p")
        assert "first difference: step 1" in session.text()
        assert "step 1  left 0.5  right 0.625" in session.text()
        await session.press("G")
        assert "step 2  left 0.25  right no point\n ? not compared yet" in session.text()
        await session.press("g", "n", "n")
        assert "step 1  left 0.5  right 0.625" in session.text()
        await session.press("m")
        assert "loss  ≠ from step 1" in session.text()
        await session.press("escape", "escape")
        assert "first difference" not in session.text()


async def test_a_departure_is_pointed_out_on_every_screen_and_once() -> None:
    held = so_far({"loss": history([1.0, 0.5])}, {"loss": history([1.0, 0.625])}, Policy())
    engine = StandIn(jobs=(RUNNING, DONE))
    engine.how_far = Course(so_far=held)
    told = "departed from the original at step 1 of loss: 0.625, not 0.5"
    async with program(engine) as session:
        await session.until(lambda: told in session.told())
        assert session.screen == "RunsScreen"
        looks = engine.looks
        session.app.read_jobs()
        await session.press("J")
        await session.until(lambda: engine.looks > looks)
        assert session.told().count(told) == 1


async def test_the_jobs_under_way_are_told_everywhere_and_a_click_shows_them() -> None:
    queued = job(4, JobState.QUEUED, started=None)
    async with program(StandIn(jobs=(RUNNING, queued, DONE)), size=(80, 24)) as session:
        assert "▶ 1 running, 1 queued" in session.text().split("\n")[0]
        await session.press("j", "c")
        assert "▶ 1 running, 1 queued" in session.text().split("\n")[0]
        await session.pilot.click(".bar", offset=(70, 0))
        await session.settle()
        assert session.screen == "JobsScreen"


async def test_a_click_on_a_job_shows_it_a_second_one_compares_it() -> None:
    async with program(StandIn(jobs=(RUNNING, FAILED, DONE))) as session:
        await session.press("J")
        await session.click("✗ failed")
        assert "The process exited with 1." in session.text()
        await session.click("✓ finished")
        await session.click("✓ finished", times=2)
        assert session.screen == "CompareScreen"


async def test_a_question_is_answered_with_its_buttons() -> None:
    async with program(StandIn(jobs=(RUNNING,))) as session:
        await session.press("J")
        await session.rest()
        await session.click("Cancel job", line=-1)
        await session.pilot.click("#no")
        await session.settle()
        assert session.screen == "JobsScreen"
        assert session.engine.cancelled == []
        await session.press("K")
        await session.pilot.click("#yes")
        await session.settle()
        assert session.engine.cancelled == [RUNNING]


async def test_a_line_of_the_log_is_pointed_at_with_the_mouse() -> None:
    engine = StandIn(jobs=(RUNNING,))
    engine.log = "".join(f"epoch {n}\n" for n in range(300))
    async with program(engine) as session:
        await session.press("J")
        await session.until(lambda: "epoch 299" in session.text())
        await session.wheel(-3, LogView)
        assert "epoch 299" not in session.text()
        await session.click("epoch 285")
        await session.press("y")
        assert session.app.clipboard == "epoch 285"
