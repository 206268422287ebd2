"""The application: opening, failing to open, themes, help, palette, jobs that end, leaving."""

import subprocess
import sys
import threading
from pathlib import Path
from typing import cast

import pytest
from msgspec.structs import replace
from tests.tui.conftest import program
from tests.tui.stand_in import StandIn, job
from textual.command import CommandPalette
from textual.containers import VerticalScroll
from textual.widgets import OptionList

from repro_tui.engine import Engine
from repro_tui.errors import ReproError
from repro_tui.rerun.model import JobState
from repro_tui.tui.actions import actions
from repro_tui.tui.screens import error


def test_the_first_paint_loads_nothing_heavy() -> None:
    script = """
import asyncio, sys, threading
from repro_tui.settings import load
from repro_tui.tui.app import ReproApp

async def main() -> None:
    released = threading.Event()
    app = ReproApp(lambda _: released.wait(), load())  # the store is still being opened
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert "Opening the store" in app.export_screenshot().replace("&#160;", " ")
        app.workers.cancel_all()
        released.set()
        heavy = {"mlflow", "torch", "pandas", "git"} & set(sys.modules)
    print(sorted(heavy))

asyncio.run(main())
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "[]", done.stderr


async def test_keys_do_nothing_before_the_store_is_open() -> None:
    released = threading.Event()
    engine = StandIn()

    def slow(_: str | None) -> Engine:
        assert released.wait(20)
        return cast("Engine", engine)

    async with program(engine, open_engine=slow, settle=False) as session:
        assert "Opening the store" in session.text()
        for key in ("space", "c", "r", "slash", "d", "e", "s", "J", "ctrl+r", "z"):
            await session.pilot.press(key)
        assert session.screen == "RunsScreen"
        released.set()
        await session.settle()
        assert "still going" in session.text()


async def test_a_store_that_cannot_be_opened_is_explained_and_tried_again() -> None:
    engine = StandIn()
    failures = [ReproError("No store [/x] \x1b]0;owned\x07 here.", "Name one.")]

    def open_engine(_: str | None) -> Engine:
        if failures:
            raise failures.pop()
        return cast("Engine", engine)

    async with program(engine, open_engine=open_engine) as session:
        assert session.screen == "ErrorScreen"
        text = session.text()
        assert "No store [/x] \\x1b]0;owned\\x07 here." in text
        assert "Name one." in text
        await session.press("r")
        assert session.screen == "RunsScreen"
        assert "still going" in session.text()


async def test_a_store_that_comes_back_is_opened_by_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(error, "RETRY_SECONDS", 0.02)
    engine = StandIn()
    failures = [ReproError("It is locked."), ReproError("It is not there.")]

    def open_engine(_: str | None) -> Engine:
        if failures:
            raise failures[-1]
        return cast("Engine", engine)

    async with program(engine, open_engine=open_engine) as session:
        assert session.screen == "ErrorScreen"
        failures.pop()
        await session.until(lambda: "It is locked." in session.text())
        failures.pop()
        await session.until(lambda: session.screen == "RunsScreen")
        await session.settle()
        assert "still going" in session.text()


async def test_the_button_of_the_error_tries_again() -> None:
    engine = StandIn()
    failures = [ReproError("No store here.")]

    def open_engine(_: str | None) -> Engine:
        if failures:
            raise failures.pop()
        return cast("Engine", engine)

    async with program(engine, open_engine=open_engine) as session:
        await session.pilot.click("Button")
        await session.settle()
        assert "still going" in session.text()


async def test_a_first_session_is_told_what_to_begin_with() -> None:
    async with program(welcome=True) as session:
        assert "space marks a run, c compares the marked ones" in session.told()


async def test_the_theme_that_was_picked_is_worn_by_the_next_session() -> None:
    async with program(theme=None) as session:
        await session.press("t", "j", "enter")
        picked = session.app.theme
    assert picked != "repro-dark"
    async with program(theme=None) as session:
        assert session.app.theme == picked
    async with program(theme="high-contrast") as session:
        assert session.app.theme == "high-contrast"


async def test_the_program_names_what_is_wrong_with_a_theme_of_ones_own(own_folders: Path) -> None:
    folder = own_folders / "config" / "repro-tui" / "themes"
    folder.mkdir(parents=True)
    (folder / "mine.toml").write_text('name = "mine"\nprimary = "#102030"\n')
    (folder / "broken.toml").write_text('name = "broken"\nprimary = "reddish"\n')
    async with program() as session:
        assert "mine" in session.app.available_themes
        assert "broken.toml:2: primary is no colour: 'reddish'" in session.told()


async def test_themes_are_tried_on_live_and_escape_takes_the_old_one_back() -> None:
    async with program() as session:
        await session.press("t", "j")
        assert session.app.theme == "repro-light"
        await session.press("escape")
        assert session.app.theme == "repro-dark"
        await session.press("t", "g", "j", "enter")
        assert session.app.theme == "gruvbox"
        await session.press("t", "G", "enter")
        assert session.app.theme == "solarized-light"


async def test_only_our_own_themes_are_offered() -> None:
    async with program() as session:
        files = {path.stem for path in (Path(__file__).parents[2] / "themes").glob("*.toml")}
        assert set(session.app.available_themes) == files


async def test_a_theme_that_is_not_there_is_told_and_the_default_is_worn() -> None:
    async with program(theme="no such") as session:
        assert session.app.theme == "repro-dark"
        assert "No theme is named no such." in session.told()


async def test_the_help_of_a_screen_tells_its_keys_in_groups() -> None:
    async with program(size=(100, 60)) as session:
        await session.press("question_mark")
        text = session.text()
        for part in ("This screen", "Mark", "Moving", "Everywhere", "Re-executions", "↓, j"):
            assert part in text
        await session.press("j", "k", "escape")
        assert session.screen == "RunsScreen"


async def test_the_help_explains_symbols_and_is_searched() -> None:
    async with program(size=(100, 60)) as session:
        await session.press("question_mark", "slash", *"tolerance")
        text = session.text()
        assert "≈" in text
        assert "lets it pass" in text
        assert "Everywhere" not in text
        await session.press(*"xyz")
        assert "Nothing here is called so." in session.text()
        await session.press("escape")
        assert "Everywhere" in session.text()
        await session.press("escape")
        assert session.screen == "RunsScreen"


@pytest.mark.parametrize(
    "keys",
    [(), ("j", "c"), ("j", "c", "enter"), ("j", "c", "v"), ("J",), ("t",)],
    ids=["runs", "compare", "detail", "verdict", "jobs", "themes"],
)
async def test_every_screen_has_help_and_every_action_in_it(keys: tuple[str, ...]) -> None:
    async with program(size=(100, 70)) as session:
        await session.press(*keys)
        own = actions(session.app.screen)
        assert {"help", "app.help"} & {action.action for action in own}
        await session.press("f1")
        assert session.screen == "HelpScreen"
        text = session.text()
        for action in own:
            assert action.description in text


async def test_the_palette_holds_every_action_of_the_screen() -> None:
    async with program() as session:
        titles = {command.title for command in session.app.get_system_commands(session.app.screen)}
        assert titles >= {
            "Mark the run, or take its mark away", "Compare the marked runs", "Leave the program",
            "Re-execute the run under the cursor", "Search, or filter in MLflow's syntax",
            "Choose a theme", "Open another store", "Help for this screen",
        }  # fmt: skip


async def test_an_action_can_be_started_from_the_palette() -> None:
    async with program() as session:
        await session.press("ctrl+p")
        assert isinstance(session.app.screen, CommandPalette)
        await session.press(*"Show or hide")
        await session.until(lambda: session.app.screen.query_one(OptionList).option_count > 0)
        await session.press("enter")
        await session.until(lambda: session.app.screen.has_class("-details"))


async def test_the_end_of_a_job_is_told_wherever_one_is() -> None:
    running = job(1, JobState.RUNNING)
    async with program(StandIn(jobs=(running,))) as session:
        await session.press("j", "c")
        session.engine.all_jobs = (replace(running, state=JobState.FINISHED, verdict="diverged"),)
        session.app.read_jobs()
        await session.settle()
        assert "baseline, re-executed: diverged" in session.told()


async def test_jobs_that_ended_before_are_no_news() -> None:
    async with program(StandIn(jobs=(job(1, JobState.FINISHED),))) as session:
        assert session.told() == ""


async def test_leaving_while_a_job_runs_says_that_it_goes_on() -> None:
    async with program(StandIn(jobs=(job(1, JobState.RUNNING),))) as session:
        await session.pilot.press("q")
        await session.until(lambda: not session.app.is_running)
        assert session.engine.cancelled == []
        (_, message) = session.app._exit_renderables[0], str(session.app._exit_renderables[0])
        assert "1 re-execution still running" in message


async def test_leaving_says_so_where_jobs_end_with_the_program() -> None:
    engine = StandIn(jobs=(job(1, JobState.RUNNING),))
    engine.settings = replace(engine.settings, jobs_end_with_program=True)
    async with program(engine) as session:
        await session.pilot.press("q")
        await session.until(lambda: not session.app.is_running)
        assert "being cancelled" in str(session.app._exit_renderables[0])


async def test_why_a_store_is_slow_is_told_once_it_is_open() -> None:
    engine = StandIn()
    engine.reader.remark = "The store is read through MLflow: install \x1b[31mthe extra."
    async with program(engine) as session:
        assert "install \\x1b[31mthe extra" in session.told()


async def test_the_help_is_read_to_its_end_and_left() -> None:
    async with program(size=(80, 24)) as session:
        await session.press("question_mark")
        top = session.text()
        place = session.app.screen.query_one(VerticalScroll)
        for last, first in (("G", "g"), ("end", "home")):
            await session.press(last)
            await session.until(lambda: place.scroll_y == place.max_scroll_y > 0)
            assert "This screen" not in session.text()
            await session.press(first)
            await session.until(lambda: session.text() == top)
        for down, up in (("j", "k"), ("down", "up")):
            await session.press(down)
            await session.until(lambda: session.text() != top)
            await session.press(up)
            await session.until(lambda: session.text() == top)
        for key in ("q", "question_mark", "f1"):
            await session.press(key)
            assert session.screen == "RunsScreen"
            await session.press("question_mark")


async def test_the_help_is_scrolled_with_the_wheel_and_closed_from_the_footer() -> None:
    async with program(size=(80, 24)) as session:
        await session.press("f1")
        top = session.text()
        await session.wheel(3, VerticalScroll)
        assert session.text() != top
        await session.wheel(-3, VerticalScroll)
        assert session.text() == top
        await session.rest()
        await session.click("Close", line=-1)
        assert session.screen == "RunsScreen"


async def test_a_theme_is_gone_to_with_k_and_picked_with_a_click() -> None:
    async with program() as session:
        await session.press("t", "j", "j", "k")
        assert session.app.theme == "repro-light"
        await session.click("gruvbox")
        assert session.screen == "RunsScreen"
        assert session.app.theme == "gruvbox"


async def test_a_click_on_a_message_takes_it_away() -> None:
    async with program(toasts=True) as session:
        await session.press("c")
        await session.until(lambda: "Mark another run" in session.text())
        await session.click("Mark another run")
        await session.until(lambda: "Mark another run" not in session.text())
        assert session.told() == ""
