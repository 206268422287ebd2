"""The program on a screen of its own, over a stand-in for the engine."""

import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import cast

import pytest
from msgspec.structs import replace
from rich.cells import cell_len
from tests.tui.stand_in import NOW, StandIn
from textual.events import MouseScrollDown, MouseScrollUp
from textual.pilot import Pilot
from textual.widget import Widget
from textual.widgets import Input
from textual.widgets._footer import FooterKey

from repro_tui.engine import Engine
from repro_tui.settings import Remapping, load
from repro_tui.tui.app import ReproApp

_PATIENCE = 20.0
"""Seconds after which something that was waited for is taken not to come."""


@pytest.fixture(autouse=True)
def _utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.delenv("NO_COLOR", raising=False)
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


class Session:
    """A running program, its keyboard, and waiting for what a key leads to."""

    def __init__(self, pilot: Pilot[None], app: ReproApp, engine: StandIn) -> None:
        self.pilot = pilot
        self.app = app
        self.engine = engine

    async def until(self, condition: Callable[[], bool]) -> None:
        """Let the program run until the condition holds."""
        deadline = time.monotonic() + _PATIENCE
        while not condition():
            assert time.monotonic() < deadline, "it did not happen"
            await self.pilot.pause(0.01)
        await self.pilot.pause()

    async def press(self, *keys: str) -> None:
        """Press keys one after the other, and wait until the work they started is done."""
        for key in keys:
            await self.pilot.press(key)
            await self.settle()

    async def click(self, text: str, times: int = 1, line: int | None = None) -> None:
        """Click where a text is first to be read, or on that line, and wait as after a key."""
        lines = self.text().splitlines()
        y = next(i for i, each in enumerate(lines) if text in each) if line is None else line
        x = cell_len(lines[y][: lines[y].index(text)])
        await self.pilot.click(offset=(x, y % len(lines)), times=times)
        await self.settle()

    async def wheel(self, by: int, widget: Widget | type[Widget]) -> None:
        """Turn the wheel over a widget so many notches, up where it is negative."""
        turned = MouseScrollDown if by > 0 else MouseScrollUp
        for _ in range(abs(by)):
            await self.pilot._post_mouse_events([turned], widget, offset=(20, 2))
        await self.pilot.wait_for_animation()
        await self.settle()

    async def settle(self) -> None:
        await self.pilot.pause()
        await self.until(lambda: not any(worker.is_running for worker in self.app.workers))

    async def rest(self) -> None:
        """Wait until the footer, which is drawn late, tells what can be done now."""

        def agrees() -> bool:
            active = self.app.screen.active_bindings.values()
            enabled = {binding.action: able for _, binding, able, _ in active}
            keys = self.app.screen.query(FooterKey)
            return all(enabled.get(key.action) is not key.has_class("-disabled") for key in keys)

        await self.until(agrees)

    @property
    def screen(self) -> str:
        """The class of the screen on top."""
        return type(self.app.screen).__name__

    def text(self) -> str:
        """All that is to be read on the screen, line by line."""
        width, height = self.app.size
        lines = self.app.screen._compositor.render_strips()
        assert len(lines) == height
        assert width
        return "\n".join(strip.text.rstrip() for strip in lines)

    def told(self) -> str:
        """What notifications say, whether their toasts are drawn yet or not."""
        return "\n".join(notification.message for notification in self.app._notifications)

    def picture(self) -> str:
        """The screen as an SVG, with every text cursor visible."""
        for field in self.app.screen.query(Input):
            field.cursor_blink = False
        return self.app.export_screenshot(simplify=True)


@asynccontextmanager
async def program(
    engine: StandIn | None = None,
    size: tuple[int, int] = (120, 40),
    theme: str | None = "repro-dark",
    open_engine: Callable[[str | None], Engine] | None = None,
    settle: bool = True,
    keys: tuple[Remapping, ...] = (),
    welcome: bool = False,
    toasts: bool = False,
) -> AsyncIterator[Session]:
    """The program, started and settled."""
    chosen = StandIn() if engine is None else engine
    opens = open_engine or (lambda _: cast("Engine", chosen))
    app = ReproApp(opens, replace(load(), keys=keys), theme=theme, welcome=welcome, now=lambda: NOW)
    async with app.run_test(size=size, notifications=toasts) as pilot:
        session = Session(pilot, app, chosen)
        if settle:
            await session.settle()
        yield session
