"""Files that PyTorch and safetensors wrote: equal ones, and ones with a known change."""

import io
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from tests.compare.artifacts.opened import at, inside, nested, not_equal

from repro_tui.compare.model import Kind, TensorDetail


def network(nudge: float = 0.0) -> torch.nn.Module:
    torch.manual_seed(0)
    last = torch.nn.Linear(4, 2)
    with torch.no_grad():
        last.bias[1] += nudge
    return torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU(), last)


def trained(nudge: float = 0.0) -> dict[str, object]:
    """A checkpoint in the middle of a training: weights, Adam's state, the epoch."""
    made = network()
    optimizer = torch.optim.Adam(made.parameters(), lr=0.01)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1)
    made(torch.ones(2, 3)).sum().backward()
    optimizer.step()
    scheduler.step()
    state = optimizer.state_dict()
    state["state"][3]["exp_avg"][0] += nudge
    return {
        "model": made.state_dict(),
        "optimizer": state,
        "scheduler": scheduler.state_dict(),
        "epoch": 1,
        "generator": torch.get_rng_state(),
    }


def exported(made: torch.nn.Module, path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.export.save(torch.export.export(made, (torch.ones(2, 3),)), path)


WRITERS: dict[str, tuple[Callable[[torch.nn.Module, Path], object], str]] = {
    "state.pt": (lambda made, path: torch.save(made.state_dict(), path), "2.bias"),
    "module.pt": (torch.save, "_modules.2._parameters.bias"),
    "legacy.pth": (
        lambda made, path: torch.save(made, path, _use_new_zipfile_serialization=False),
        "_modules.2._parameters.bias",
    ),
    "script.pt": (lambda made, path: torch.jit.script(made).save(path), "2.bias"),
    "export.pt2": (exported, "2.bias"),
    "weights.safetensors": (lambda made, path: save_file(made.state_dict(), path), "2.bias"),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", WRITERS)
def test_one_weight_is_named_and_a_copy_is_the_same(name: str, tmp_path: Path) -> None:
    write, key = WRITERS[name]
    contents = []
    for place, nudge in (("left", 0.0), ("right", 1e-6), ("copy of left", 0.0)):
        path = tmp_path / f"{place}{Path(name).suffix}"
        write(network(nudge), path)
        contents.append(path.read_bytes())
    seen = inside(name, contents[0], contents[1])
    assert seen.kind is Kind.CHANGED
    assert [k for k, kind in not_equal(seen).items() if kind is Kind.CHANGED] == [(key,)]
    detail = at(seen, key).detail
    assert isinstance(detail, TensorDetail)
    assert detail.distance is not None
    assert (detail.distance.compared, detail.distance.differing) == (2, 1)
    if contents[0] != contents[2]:
        again = inside(name, contents[0], contents[2])
        assert again.kind is Kind.SET_ASIDE
        assert set(again.rule.split(", ")) <= {
            "checkpoint root folder", "torch serialization id", "torch storage keys"
        }  # fmt: skip


@pytest.mark.parametrize("zipped", [True, False])
def test_one_number_of_an_optimizer(zipped: bool) -> None:
    sides = []
    for nudge in (0.0, 1e-6):
        stream = io.BytesIO()
        torch.save(trained(nudge), stream, _use_new_zipfile_serialization=zipped)
        sides.append(stream.getvalue())
    seen = inside("last.ckpt", sides[0], sides[1])
    found = [key for key, kind in not_equal(seen).items() if kind is Kind.CHANGED]
    assert found == [("optimizer.state[3].exp_avg",)]


class Net(torch.nn.Module):
    """Written down here, so that an export tells of this file."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * 2 + 1


def test_where_an_exported_graph_was_written_is_set_aside(tmp_path: Path) -> None:
    exported(Net(), tmp_path / "a.pt2")
    content = (tmp_path / "a.pt2").read_bytes()
    assert b"test_real_torch" in content
    moved = rezipped(content, "test_real_torch.py", "moved.py")
    seen = inside("a.pt2", content, moved)
    graph = at(seen, "models/model.json")
    assert (graph.kind, graph.rule) == (Kind.SET_ASIDE, "source positions")
    assert all(f.key[-1] == "stack_trace" for f in nested(graph).findings if f.kind is Kind.CHANGED)
    other = inside("a.pt2", content, rezipped(content, "aten.mul.Tensor", "aten.div.Tensor"))
    assert at(other, "models/model.json").kind is Kind.CHANGED


def rezipped(content: bytes, old: str, new: str) -> bytes:
    """The same zip with a word of its graph replaced."""
    import zipfile

    stream = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as before,
        zipfile.ZipFile(stream, "w") as after,
    ):
        for info in before.infolist():
            data = before.read(info)
            if info.filename.endswith("model.json"):
                assert old.encode() in data
                data = data.replace(old.encode(), new.encode())
            after.writestr(zipfile.ZipInfo(info.filename, info.date_time), data)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"dtype": 7', '"dtype": 99'),
        ('"as_int": 4', '"as_expr": 4'),
        ('"as_int": 4', '"as_int": 4000'),
        ('"config"', '"konfig"'),
        ('"weight_0"', '"../weight"'),
    ],
)
def test_an_export_that_says_what_cannot_be_is_a_zip_like_others(
    old: str, new: str, tmp_path: Path
) -> None:
    exported(network(), tmp_path / "a.pt2")
    content = (tmp_path / "a.pt2").read_bytes()
    import zipfile

    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as before, zipfile.ZipFile(stream, "w") as after:
        for info in before.infolist():
            data = before.read(info)
            if info.filename.endswith("weights_config.json"):
                data = data.replace(old.encode(), new.encode())
            after.writestr(info.filename, data)
    seen = inside("a.pt2", content, stream.getvalue())
    assert seen.kind is Kind.CHANGED
    assert seen.detail.comparer == "zip"
    assert "Not read as a PyTorch export" in seen.detail.summary
