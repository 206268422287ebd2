"""Writing the comparison on screen to a file."""

from pathlib import Path

import pytest
from tests import builders
from tests.tui.conftest import program
from textual.widgets import Input, Select

from repro_tui.reports import formats
from repro_tui.reports.markdown import markdown

NAME = "repro-0a0a0a0a-1b1b1b1b.md"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def written(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def test_writes_what_differs_under_the_name_it_offers(folder: Path) -> None:
    async with program() as session:
        await session.press("j", "c", "x", "enter")
        assert session.screen == "CompareScreen"
        assert str(folder / NAME) in session.told()
    assert (folder / NAME).read_text() == markdown(builders.diverged(), full=False)
    assert written(folder) == [NAME]


async def test_everything_on_screen_is_everything_in_the_file(folder: Path) -> None:
    async with program() as session:
        await session.press("j", "c", "a", "x")
        assert session.app.screen.query_one("#full", Select).value is True
        await session.press("ctrl+s")
    assert (folder / NAME).read_text() == markdown(builders.diverged(), full=True)


async def test_another_name_and_more_can_be_chosen(folder: Path) -> None:
    async with program() as session:
        await session.press("j", "c", "x")
        session.app.screen.query_one(Input).value = "report.md"
        session.app.screen.query_one("#full", Select).value = True
        await session.pilot.click("#write")
        await session.settle()
    assert (folder / "report.md").read_text() == markdown(builders.diverged(), full=True)


@pytest.mark.parametrize(
    ("name", "format_"), [("a.html", "html"), ("a.JSON", "json"), ("a.txt", "text"), ("a", "md")]
)
async def test_the_ending_of_the_name_chooses_the_format(
    folder: Path, name: str, format_: str
) -> None:
    async with program() as session:
        await session.press("j", "c", "x")
        session.app.screen.query_one(Input).value = name
        await session.press("enter")
        assert session.screen == "CompareScreen"
    assert (folder / name).read_text() == formats.written(builders.diverged(), format_)


async def test_a_file_that_exists_is_replaced_only_when_said_twice(folder: Path) -> None:
    (folder / NAME).write_text("mine")
    async with program() as session:
        await session.press("j", "c", "x", "enter")
        assert session.screen == "ExportScreen"
        assert "exists. Write once more to replace it." in session.text()
        assert (folder / NAME).read_text() == "mine"
        await session.press("escape")
        assert (folder / NAME).read_text() == "mine"
        await session.press("x", "enter", "enter")
        assert session.screen == "CompareScreen"
    assert (folder / NAME).read_text().startswith(markdown(builders.diverged())[:40])


@pytest.mark.parametrize(
    ("name", "told"),
    [("", "Give the file a name"), (".", "is a folder"), ("no/such/x.md", "cannot be written")],
)
async def test_a_name_that_cannot_be_is_said_so(folder: Path, name: str, told: str) -> None:
    async with program() as session:
        await session.press("j", "c", "x")
        session.app.screen.query_one(Input).value = name
        await session.press("enter")
        assert session.screen == "ExportScreen"
        assert told in session.text()
    assert written(folder) == []


async def test_how_much_is_written_is_chosen_and_the_dialog_left_with_the_mouse(
    folder: Path,
) -> None:
    async with program() as session:
        await session.press("j", "c", "x")
        await session.pilot.click("#full")
        await session.until(lambda: "everything, also what is equal" in session.text())
        await session.click("everything, also what is equal")
        assert session.app.screen.query_one("#full", Select).value is True
        await session.click(" Close ")
        assert session.screen == "CompareScreen"
    assert written(folder) == []
