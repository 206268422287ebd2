"""Draws the README's pictures, still and moving: the program, driven by keys over a demo's store.

python -m tasks.screens DEMO-FOLDER PICTURES-FOLDER
"""

import asyncio
import os
import sys
from pathlib import Path

from tasks.animation import Frame, animated
from textual.pilot import Pilot

from repro_tui.engine import Engine
from repro_tui.evidence.tracking import RunQuery
from repro_tui.settings import load
from repro_tui.tui.app import ReproApp

SIZE = (132, 34)
_FIRST, _LATER = 2.5, 2.0
"""Seconds that a picture of the moving one is seen."""


async def draw(demo: Path, pictures: Path) -> None:
    os.environ["REPRO_TUI_STATE_DIR"] = str(demo / "state")
    # No settings of the person who draws.
    os.environ["XDG_CONFIG_HOME"] = str(demo / "no-settings")
    # The store is found as a person finds it: the program is started in its folder.
    os.chdir(demo)
    app = ReproApp(lambda _: Engine.open(load(), None, Path()), load(), theme="repro-dark")
    async with app.run_test(size=SIZE) as pilot:
        while not app.ready:
            await pilot.pause(0.05)
        await settle(pilot)
        names = [run.name for run in app.engine.runs(RunQuery()).runs]
        frames: list[Frame] = []

        async def go_to(name: str) -> None:
            await press(pilot, "g", *("j" * names.index(name)))

        def seen() -> str:
            # Where the clone lies is nobody's business.
            return app.export_screenshot().replace(str(demo.parent), "")

        def save(name: str) -> None:
            (pictures / f"{name}.svg").write_text(seen() + "\n", encoding="utf-8")

        def film(said: str, seconds: float = _LATER) -> None:
            frames.append(Frame(seen(), said, seconds))

        film("just demo", _FIRST)
        for name in ("baseline", "faster"):
            await go_to(name)
            await press(pilot, "space")
            film(f"space marks {name}")
        save("runs")
        await press(pilot, "c")
        film("c compares them: the verdict, the first divergence, the suspects", _FIRST)
        save("compare")
        await press(pilot, "n")
        film("n goes to the next difference")
        await press(pilot, "slash", *"train/loss", "enter")
        film("/ searches")
        await press(pilot, "enter")
        film("enter opens it: both histories, and where they part", _FIRST)
        save("metric")
        await press(pilot, "escape", "escape", "escape", "u")
        await go_to("baseline")
        await press(pilot, "r")
        film("r shows what a re-execution would run; ctrl+s starts it", _FIRST)
        save("rerun")
        await press(pilot, "escape", "J")
        film("J shows the jobs and their logs")
        save("jobs")
        (pictures / "session.svg").write_text(animated(frames), encoding="utf-8")


async def press(pilot: Pilot[None], *keys: str) -> None:
    for key in keys:
        await pilot.press(key)
        await settle(pilot)


async def settle(pilot: Pilot[None]) -> None:
    """Wait until what a key started is done and drawn, the footer last."""
    await pilot.pause()
    while any(worker.is_running for worker in pilot.app.workers):
        await pilot.pause(0.05)
    await pilot.pause(0.3)


if __name__ == "__main__":
    asyncio.run(draw(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()))
