"""A person who has never read the manual, at the demo: what differs, and where it began."""

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.e2e.conftest import Finished
from tests.tui.conftest import Session, program

from repro_tui.engine import Engine
from repro_tui.settings import load
from repro_tui.tui.widgets.run_table import RunTable

pytestmark = pytest.mark.e2e


def opener(folder: Path) -> Callable[..., Engine]:
    return lambda *_: Engine.open(load(), f"sqlite:///{folder / 'mlflow.db'}", folder)


async def to_run(session: Session, name: str) -> int:
    """Go down, or up, to the run of that name; how many keys that took."""
    table = session.app.screen.query_one(RunTable)
    wanted = next(i for i, row in enumerate(table.rows) if row.run.name == name)
    keys = wanted - table.cursor
    for _ in range(abs(keys)):
        await session.press("down" if keys > 0 else "up")
    return abs(keys)


@pytest.mark.parametrize("size", [(80, 24), (160, 45)])
async def test_step_and_cause_within_ten_keys_that_the_screen_names(
    demo: tuple[Path, Finished], size: tuple[int, int]
) -> None:
    folder, _ = demo
    async with program(size=size, open_engine=opener(folder)) as session:
        await session.until(lambda: "faster" in session.text())
        keys = await to_run(session, "faster")
        await session.until(lambda: "space Mark" in session.text())
        await session.press("space")
        keys += 1 + await to_run(session, "baseline")
        await session.until(lambda: "c Compare" in session.text())
        await session.press("c")
        await session.until(lambda: "≠ diverged" in session.text())
        keys += 1
        read = " ".join(session.text().split())
        assert "first divergence train/loss at step 1" in read
        assert "1. params learning_rate" in read
        assert keys <= 10
        # And what it was changed to, by the one key more that the screen names.
        assert "n Next" in read
        lines = session.text().splitlines()
        line = next((line for line in lines if "≠ learning_rate" in line), "")
        assert line.split()[2:5] == ["0.08", "│", "0.05"]
