"""The stores that were opened before, and going from one to another while the program runs."""

from pathlib import Path
from typing import cast

import pytest
from tests.tui.conftest import Session, program
from tests.tui.stand_in import StandIn
from textual.widgets import Input, OptionList

from repro_tui.engine import Engine
from repro_tui.errors import ReproError
from repro_tui.evidence.tracking import StoreLocation
from repro_tui.remembered import Remembered, recall, remember
from repro_tui.settings import Remapping, load

OTHER = "https://other.example.org"


class Stores:
    """Opens stand-ins by URI; those in `unreachable` fail."""

    def __init__(self, *unreachable: str | None) -> None:
        self.unreachable = unreachable
        self.opened: list[StandIn] = []

    def __call__(self, uri: str | None) -> Engine:
        if uri in self.unreachable:
            raise ReproError(f"{uri or 'No store'} cannot be reached.", "Name another one.")
        engine = StandIn(runs=() if uri == OTHER else None)
        engine.location = StoreLocation(uri or "https://first.example.org", "your choice")
        self.opened.append(engine)
        return cast("Engine", engine)


def before(*uris: str) -> None:
    def all_of_them(remembered: Remembered) -> Remembered:
        for uri in uris:
            remembered = remembered.opened(uri)
        return remembered

    remember(load().state, all_of_them)


async def chosen(session: Session) -> None:
    """Wait until the list of stores is read and has the keyboard."""
    await session.until(lambda: isinstance(session.app.focused, OptionList))


async def test_the_store_that_was_opened_is_remembered() -> None:
    async with program(open_engine=Stores()) as session:
        await session.press("j")
    assert recall(load().state).last_store == "https://first.example.org"


async def test_another_store_takes_the_place_of_the_open_one() -> None:
    before("https://third.example.org", OTHER)
    stores = Stores()
    async with program(open_engine=stores) as session:
        await session.press("j", "space", "j", "c")
        assert session.screen == "CompareScreen"
        await session.press("O")
        await chosen(session)
        await session.press("enter")
        await session.until(lambda: session.screen == "RunsScreen")
        await session.settle()
        text = session.text()
        assert OTHER in text
        assert "holds no runs yet" in text
        assert "marked" not in text
        assert [engine.closed for engine in stores.opened] == [True, False]
    assert recall(load().state).last_store == OTHER


async def test_a_store_is_named_by_hand_and_a_failure_leaves_the_open_one() -> None:
    stores = Stores("https://typo.example.org")
    async with program(open_engine=stores) as session:
        await session.press("O")
        assert isinstance(session.app.focused, Input)
        await session.press(*"https://typo.example.org", "enter")
        assert session.screen == "StoresScreen"
        assert "typo.example.org cannot be reached" in session.text()
        assert not stores.opened[0].closed
        session.app.screen.query_one(Input).value = "~/x.db"
        await session.press("enter")
        await session.until(lambda: session.screen == "RunsScreen")
        assert stores.opened[1].location.uri == str(Path.home() / "x.db")


async def test_where_no_store_is_found_those_opened_before_are_offered() -> None:
    before("https://third.example.org", "sqlite:////no/longer/there.db", OTHER)
    async with program(open_engine=Stores(None)) as session:
        assert session.screen == "ErrorScreen"
        await chosen(session)
        text = session.text()
        assert "No store cannot be reached" in text
        assert OTHER in text
        assert "no/longer" not in text
        await session.press("j", "enter")
        assert session.screen == "RunsScreen"
        assert "https://third.example.org" in session.text()


@pytest.mark.parametrize("keys", [("O",), ("tab", "tab", "enter")], ids=["key", "button"])
async def test_where_no_store_is_found_one_is_named(keys: tuple[str, ...]) -> None:
    async with program(open_engine=Stores(None)) as session:
        await session.press(*keys)
        assert session.screen == "StoresScreen"
        await session.press(*OTHER, "enter")
        await session.until(lambda: session.screen == "RunsScreen")
        await session.settle()
        assert OTHER in session.text()


async def test_each_store_keeps_its_own_marks() -> None:
    before(OTHER)
    async with program(open_engine=Stores()) as session:
        await session.press("space")
        await session.press("O")
        await chosen(session)
        await session.press("enter")
        await session.until(lambda: "holds no runs yet" in session.text())
    kept = recall(load().state)
    assert len(kept.view("https://first.example.org").marks) == 1
    assert kept.view(OTHER).marks == ()


async def test_the_stores_are_walked_through_by_key() -> None:
    uris = [f"https://{name}.example.org" for name in ("one", "two", "three")]
    before(*uris)
    async with program(open_engine=Stores()) as session:
        await session.press("O")
        await chosen(session)
        listed = session.app.screen.query_one(OptionList)
        places = []
        for key in (*"Ggjk", "end", "up", "down", "home"):
            await session.press(key)
            places.append(listed.highlighted)
        assert places == [2, 0, 1, 0, 2, 1, 2, 0]
        await session.press("G", "enter")
        await session.until(lambda: session.screen == "RunsScreen")
        assert uris[0] in session.text()


async def test_another_store_is_opened_with_a_click() -> None:
    before("https://third.example.org", OTHER)
    async with program(open_engine=Stores()) as session:
        await session.press("O")
        await chosen(session)
        await session.click("https://third.example.org")
        await session.until(lambda: session.screen == "RunsScreen")
        assert "https://third.example.org" in session.text()
        await session.press("O")
        await chosen(session)
        await session.rest()
        await session.click("Close", line=-1)
        assert session.screen == "RunsScreen"


async def test_the_store_stays_open_where_none_is_chosen() -> None:
    before(OTHER)
    stores = Stores()
    async with program(open_engine=stores) as session:
        for key in ("q", "escape"):
            await session.press("O")
            await chosen(session)
            await session.press(key)
            assert session.screen == "RunsScreen"
        # In the field q is a letter; escape leaves it, too.
        await session.press("O")
        await chosen(session)
        session.app.screen.query_one(Input).focus()
        await session.press("q")
        assert session.app.screen.query_one(Input).value == "q"
        await session.press("escape")
        assert session.screen == "RunsScreen"
        assert len(stores.opened) == 1


async def test_where_no_store_is_found_one_is_opened_with_a_click() -> None:
    before(OTHER)
    async with program(open_engine=Stores(None)) as session:
        await chosen(session)
        await session.click(OTHER)
        await session.until(lambda: session.screen == "RunsScreen")
        await session.settle()
        assert "holds no runs yet" in session.text()


async def test_a_key_of_ones_own_opens_what_is_typed_or_else_what_is_chosen() -> None:
    before("https://third.example.org")
    keys = (Remapping("stores.open", "ctrl+o", "own.toml:1"),)
    stores = Stores()
    async with program(open_engine=stores, keys=keys) as session:
        await session.press("O")
        await chosen(session)
        await session.press("ctrl+o")
        await session.until(lambda: session.screen == "RunsScreen")
        await session.press("O")
        await chosen(session)
        box = session.app.screen.query_one(Input)
        box.value = OTHER
        box.focus()
        await session.press("ctrl+o")
        await session.until(lambda: session.screen == "RunsScreen")
        opened = [engine.location.uri for engine in stores.opened]
        assert opened == ["https://first.example.org", "https://third.example.org", OTHER]
