"""The list of re-executions and their logs."""

import unicodedata
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from tests.tui.conftest import Session, program
from tests.tui.stand_in import NOW, StandIn, job
from textual.widgets import Log

from repro_tui.rerun.advance import Advance, Course
from repro_tui.rerun.model import JobState
from repro_tui.tui.screens.jobs import log_line

RUNNING = job(1, JobState.RUNNING)
DONE = job(2, JobState.FINISHED)
FAILED = job(3, JobState.FAILED, message="The process exited with 1.")


def log_of(session: Session) -> str:
    return "\n".join(session.app.screen.query_one(Log).lines)


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


async def test_how_far_a_job_has_come_is_held_against_its_original() -> None:
    engine = StandIn(jobs=(RUNNING,))
    async with program(engine) as session:
        await session.press("J")
        told = "━" * 8 + "┄" * 8 + " 50%  step 5 of 11 of loss  1 min 20 s of about"
        await session.until(lambda: f"{told} 2 min 40 s" in session.text())
        engine.how_far = Course(Advance("[/x]", 11, 11, 1.0))
        await session.until(lambda: "━" * 16 + " 100%  step 11 of 11 of [/x]" in session.text())
        assert "of about" not in session.text()
        engine.how_far = Course(None, 160_000)
        await session.until(lambda: "1 min 20 s of about 2 min 40 s" in session.text())
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


async def test_following_the_log_can_be_held() -> None:
    async with program(StandIn(jobs=(RUNNING,))) as session:
        await session.press("J", "f")
        assert not session.app.screen.query_one(Log).auto_scroll
        await session.press("f")
        assert session.app.screen.query_one(Log).auto_scroll


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
        await session.press("J", "c", "enter")
        assert session.screen == "JobsScreen"
        session.engine.all_jobs = (replace(RUNNING, state=JobState.FINISHED),)
        session.app.read_jobs()
        await session.settle()
        await session.press("enter")
        assert session.screen == "CompareScreen"


def test_a_progress_bar_shows_where_it_stands() -> None:
    assert log_line(" 10%|#\r 50%|##\r100%|###\r") == "100%|###"
    assert log_line("\x1b[31merror\x1b[0m") == "error"
    assert log_line("\x1b]0;owned\x07") == "\\x1b]0;owned\\x07"


@given(st.text())
def test_no_line_of_a_log_reaches_the_terminal_raw(line: str) -> None:
    hidden = {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert not hidden & {unicodedata.category(character) for character in log_line(line)}
