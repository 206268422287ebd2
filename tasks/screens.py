"""Draws the README's pictures: the program itself, driven by keys over a demo's store.

python tasks/screens.py DEMO-FOLDER PICTURES-FOLDER
"""

import asyncio
import os
import sys
from pathlib import Path

from textual.pilot import Pilot

from repro_tui.engine import Engine
from repro_tui.evidence.tracking import RunQuery
from repro_tui.settings import load
from repro_tui.tui.app import ReproApp

SIZE = (132, 34)


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

        async def go_to(name: str) -> None:
            await press(pilot, "g", *("j" * names.index(name)))

        def save(name: str) -> None:
            # Where the clone lies is nobody's business.
            shown = app.export_screenshot().replace(str(demo.parent), "")
            (pictures / f"{name}.svg").write_text(shown + "\n", encoding="utf-8")

        for name in ("baseline", "faster"):
            await go_to(name)
            await press(pilot, "space")
        save("runs")
        await press(pilot, "c")
        save("compare")
        await press(pilot, "q", "u")
        await go_to("baseline")
        await press(pilot, "r")
        save("rerun")
        await press(pilot, "escape", "J")
        save("jobs")


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
