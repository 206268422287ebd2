"""What is seen of two files: tensors, pictures, tables, made here and opened from disk."""

import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
from hypothesis import given
from hypothesis import strategies as st
from tests import builders
from tests.tui.conftest import program
from tests.tui.stand_in import StandIn
from tests.tui.test_detail import opened

from repro_tui.evidence.model import FileRef, LocalFile, SectionName
from repro_tui.tui.tensor_rows import strip
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
