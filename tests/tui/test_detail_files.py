"""What is seen of two files: tensors, pictures, tables, made here and opened from disk."""

import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from tests import builders
from tests.tui.conftest import program
from tests.tui.stand_in import StandIn
from tests.tui.test_detail import opened

from repro_tui.compare.artifacts.file import OpenFile
from repro_tui.compare.artifacts.pictures import reduced
from repro_tui.compare.artifacts.tables import differing_cells
from repro_tui.evidence.model import FileRef, LocalFile, SectionName
from repro_tui.tui.tensor_rows import strip
from repro_tui.tui.terminal_pictures import Graphics, graphics
from repro_tui.tui.widgets.cell_table import CellTable, said
from repro_tui.tui.widgets.tensor_table import TensorTable


def engine(folder: Path, name: str, left: bytes, right: bytes) -> StandIn:
    """Two runs of which each has an artifact of that name, which lies on disk."""
    sides = []
    for side, content in (("left", left), ("right", right)):
        path = folder / side / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        known: FileRef = replace(builders.file(name, content), location=LocalFile(str(path)))
        sides.append(builders.known(known))
    comparison = builders.compared(
        builders.changed(builders.evidence(), SectionName.ARTIFACTS, (name,), sides[0]),
        builders.changed(builders.rerun_evidence(), SectionName.ARTIFACTS, (name,), sides[1]),
    )
    return StandIn(comparison=lambda: comparison)


def checkpoint(**tensors: object) -> bytes:
    written = io.BytesIO()
    torch.save(tensors, written)
    return written.getvalue()


async def test_tensors_are_a_table_that_is_sorted_by_what_differs(tmp_path: Path) -> None:
    weight, bias = torch.zeros(64, 10), torch.zeros(10)
    weight_b, bias_b = weight.clone(), bias.clone()
    weight_b[32:34, 0] = 1e-3
    bias_b[9] = 5.0
    files = (
        checkpoint(same=torch.ones(3), weight=weight, bias=bias, epoch=3),
        checkpoint(same=torch.ones(3), weight=weight_b, bias=bias_b, epoch=4),
    )
    async with program(engine(tmp_path, "model.pt", *files), (120, 40)) as session:
        await opened(session, SectionName.ARTIFACTS, "model.pt")
        table = session.app.screen.query_one(TensorTable)
        assert session.app.focused is table
        line = next(line for line in session.text().splitlines() if " weight " in line)
        assert line.split()[1:3] == ["weight", "·" * 8 + "█" + "·" * 7]
        assert line.split()[3:8] == ["float32", "64x10", "2", "640", "0.001"]
        assert table.current is not None
        assert table.current.kind.differs
        await session.press("s", "s")
        assert "▼absolute" in session.text()
        assert table.current.key == ("bias",)
        await session.press("/", *"EPOCH", "enter")
        assert table.current.key == ("epoch",)
        await session.press("/", *"weight", "enter", "enter")
        text = session.text()
        assert "artifacts / weight" in text
        assert "·" * 16 + "█" in text
        assert "from the first to the last, 640 in all" in text
        await session.press("]", "escape")
        assert session.app.focused is table


def png(width: int = 40, spot: int = 0) -> bytes:
    picture = Image.new("RGB", (width, 30), "white")
    picture.putpixel((3, 4), (255 - spot, 255, 255))
    written = io.BytesIO()
    picture.save(written, "PNG")
    return written.getvalue()


@pytest.mark.parametrize("colours", [True, False])
async def test_pictures_stand_side_by_side_with_what_differs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, colours: bool
) -> None:
    if not colours:
        monkeypatch.setenv("NO_COLOR", "1")
    async with program(engine(tmp_path, "loss.png", png(), png(spot=1)), (80, 24)) as session:
        await opened(session, SectionName.ARTIFACTS, "loss.png")
        await session.until(lambda: "40 × 30 pixels both" in session.text())
        assert "1 of 1,200 pixels differ" in session.text()
        await session.until(lambda: session.text().count("▀▀▀") > 20)
        shown = session.app.screen.query(".picture")
        assert len(shown) == 3
        await session.pilot.resize_terminal(160, 45)
        await session.until(lambda: shown.first().size.width > 40)
        await session.press("tab", "tab")
        assert "sha256:" in session.text()


async def test_pictures_of_two_sizes_are_not_laid_over_each_other(tmp_path: Path) -> None:
    async with program(engine(tmp_path, "loss.png", png(), png(50)), (80, 24)) as session:
        await opened(session, SectionName.ARTIFACTS, "loss.png")
        await session.until(lambda: "40 × 30 against 50 × 30 pixels" in session.text())
        assert len(session.app.screen.query(".picture")) == 2


async def test_a_picture_that_is_gone_is_a_sentence(tmp_path: Path) -> None:
    made = engine(tmp_path, "loss.png", png(), png(spot=1))
    (tmp_path / "left" / "loss.png").unlink()
    async with program(made, (80, 24)) as session:
        await opened(session, SectionName.ARTIFACTS, "loss.png")
        await session.until(lambda: "loss.png cannot be opened" in session.text())


@given(st.integers(1, 300), st.integers(1, 300), st.integers(1, 40), st.data())
def test_a_differing_pixel_shows_however_small_the_picture_is_made(
    width: int, height: int, most: int, data: st.DataObject
) -> None:
    x, y = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    lit = Image.new("L", (width, height))
    lit.putpixel((x, y), 96)
    small = reduced(lit, most)
    assert max(small.size) <= most
    assert small.getextrema() == ((96, 96) if small.size == (1, 1) else (0, 96))


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"TERM": "xterm-kitty"}, Graphics.KITTY),
        ({"TERM": "foot"}, Graphics.SIXEL),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "WezTerm"}, Graphics.SIXEL),
        ({"TERM": "xterm-256color"}, Graphics.BLOCKS),
        ({"TERM": "tmux-256color", "TMUX": "1", "TERM_PROGRAM": "WezTerm"}, Graphics.BLOCKS),
        ({"TERM": "xterm-kitty", "NO_COLOR": "1"}, Graphics.BLOCKS),
        ({}, Graphics.BLOCKS),
    ],
)
def test_the_terminal_s_graphics_are_used_where_it_tells_of_them(
    environment: dict[str, str], expected: Graphics
) -> None:
    assert graphics(environment) is expected


async def test_the_cells_that_differ_are_listed(tmp_path: Path) -> None:
    rows = [f"{n},{n * 2},name {n}" for n in range(1, 51)]
    left = "\n".join(["id,score,label", *rows])
    rows[6], rows[40] = "7,15,name 7", "41,82,\x1b]0;owned\x07"
    right = "\n".join(["id,score,label", *rows])
    files = left.encode(), right.encode()
    async with program(engine(tmp_path, "predictions.csv", *files), (80, 24)) as session:
        await opened(session, SectionName.ARTIFACTS, "predictions.csv")
        table = session.app.screen.query_one(CellTable)
        await session.until(lambda: len(table.rows) == 2)
        assert "2 cells differ" in session.text()
        lines = [line.split() for line in session.text().splitlines()]
        assert ["7", "score", "14", "│", "15"] in lines
        assert any(line[:3] == ["41", "label", "name"] for line in lines)
        assert r"\x1b]0;owned\x07" in session.text()
        await session.press("y")
        assert session.app.clipboard == "7\tscore\t14\t15"
        await session.press("/", *"41", "enter")
        assert table.current is not None
        assert table.current.row == 41
        await session.press("/", *"id", "enter", "escape", "s")
        assert "No cell differs in a column of that name." in session.told()


def test_tables_of_other_rows_and_columns_say_so() -> None:
    left, right = b"a,b\n1,2\n3,4\n", b"a,c\n1,2\n9,4\n5,6\n"
    sides = [OpenFile("t.csv", len(side), io.BytesIO(side)) for side in (left, right)]
    found = differing_cells("csv", *sides)
    assert [(cell.row, cell.column, cell.left, cell.right) for cell in found.cells] == [
        (2, "a", "3", "9")
    ]
    assert said(found) == "1 cell differs  ·  2 rows against 3  ·  only left: b  ·  only right: c"


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=64), st.integers(1, 64))
def test_every_stretch_with_a_difference_is_seen_in_the_strip(
    where: Sequence[int], width: int
) -> None:
    drawn = strip(where, width)
    cells = min(len(where), width)
    assert len(drawn) == cells
    for cell, block in enumerate(drawn):
        here = [n for stretch, n in enumerate(where) if stretch * cells // len(where) == cell]
        assert (block == "·") == (sum(here) == 0)
    if any(where):
        assert "█" in drawn


async def test_tensors_that_differ_are_gone_through_and_opened_with_a_click(
    tmp_path: Path,
) -> None:
    made = {f"layer{n}": torch.full((4,), float(n)) for n in range(6)}
    other = {**made, "layer1": torch.zeros(4), "layer4": torch.zeros(4)}
    files = checkpoint(**made), checkpoint(**other)
    async with program(engine(tmp_path, "model.pt", *files), (120, 40)) as session:
        await opened(session, SectionName.ARTIFACTS, "model.pt")
        table = session.app.screen.query_one(TensorTable)
        walked = []
        for key in ("n", "n", "N", "N"):
            await session.press(key)
            assert table.current is not None
            walked.append(table.current.key[0])
        assert walked == ["layer4", "layer4", "layer1", "layer1"]
        await session.click("layer4")
        assert table.current is not None
        assert table.current.key == ("layer4",)
        await session.click("layer4", times=2)
        assert "artifacts / layer4" in session.text()
