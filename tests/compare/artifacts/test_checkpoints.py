"""Checkpoints written by torch.save: state dicts, optimizers, views, odd dtypes."""

import argparse
import io
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.compare.artifacts.opened import at, inside, not_equal

from repro_tui.compare.model import Kind, TensorDetail
from repro_tui.compare.policy import Policy


def save(value: object) -> bytes:
    stream = io.BytesIO()
    torch.save(value, stream)
    return stream.getvalue()


def checkpoint(epoch: int = 3) -> dict[str, Any]:
    """A small model after one step of Adam, the same each time."""
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3))
    optimizer = torch.optim.Adam(model.parameters())
    model(torch.arange(8.0).reshape(4, 2)).square().sum().backward()
    optimizer.step()
    return {
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "epoch": epoch,
        "args": argparse.Namespace(lr=0.1, tags={"a", "b"}),
        "mean": np.float64(0.5),
        "table": np.arange(6.0).reshape(2, 3),
    }


def changed(seen: Any) -> list[str]:
    return [key[0] for key, kind in not_equal(seen).items() if kind is Kind.CHANGED]


def test_one_flipped_bit_in_one_weight() -> None:
    other = checkpoint()
    other["model"]["0.weight"].view(torch.int32)[1, 1] ^= 1
    seen = inside("last.pt", save(checkpoint()), save(other))
    assert seen.detail.comparer == "PyTorch checkpoint"
    assert seen.kind is Kind.CHANGED
    assert changed(seen) == ["model.0.weight"]
    found = at(seen, "model.0.weight")
    assert found.left is not None
    assert found.left.value == "float32 [3, 2]"  # type: ignore[union-attr]
    assert isinstance(found.detail, TensorDetail)
    assert found.detail.distance is not None
    assert found.detail.distance.max_abs_at == 3
    assert found.detail.distance.max_ulp == 1
    covered = inside("last.pt", save(checkpoint()), save(other), Policy(ulp=1))
    assert covered.kind is Kind.WITHIN_TOLERANCE


def edit_momentum(c: dict[str, Any]) -> None:
    c["optimizer"]["state"][0]["exp_avg"][0, 0] += 1


def edit_rate(c: dict[str, Any]) -> None:
    c["optimizer"]["param_groups"][0]["lr"] = 0.25


def edit_betas(c: dict[str, Any]) -> None:
    c["optimizer"]["param_groups"][0]["betas"] = [0.9, 0.999]


def edit_table(c: dict[str, Any]) -> None:
    c["table"][1, 2] = 9


@pytest.mark.parametrize(
    ("edit", "name"),
    [
        (lambda c: c.update(epoch=4), "epoch"),
        (edit_momentum, "optimizer.state[0].exp_avg"),
        (edit_rate, "optimizer.param_groups[0].lr"),
        (edit_betas, "optimizer.param_groups[0].betas"),
        (edit_table, "table"),
        (lambda c: setattr(c["args"], "lr", 0.2), "args.lr"),
        (lambda c: c["args"].tags.add("c") or c["args"].tags.remove("b"), "args.tags(0)[1]"),
    ],
)
def test_one_change_beside_the_weights(edit: Callable[[Any], None], name: str) -> None:
    other = checkpoint()
    edit(other)
    seen = inside("last.pt", save(checkpoint()), save(other))
    assert seen.detail.comparer == "PyTorch checkpoint"
    assert changed(seen) == [name]


def test_the_name_of_the_file_is_set_aside(tmp_path: Path) -> None:
    for name in ("epoch-1", "epoch-2"):
        torch.save(checkpoint(), tmp_path / f"{name}.pt")
    files = [(tmp_path / f"{name}.pt").read_bytes() for name in ("epoch-1", "epoch-2")]
    assert files[0] != files[1]
    seen = inside("last.pt", files[0], files[1])
    assert seen.kind is Kind.SET_ASIDE
    assert "checkpoint root folder" in seen.rule
    assert at(seen, "root folder").right.value == "epoch-2"  # type: ignore[union-attr]


BASE = torch.arange(24.0).reshape(4, 6)


@pytest.mark.parametrize(
    "view",
    [
        lambda t: t[1:3, ::2],
        lambda t: t.t(),
        lambda t: t[2, 2],
        lambda t: t[:, :1].expand(4, 3),
        lambda t: t.bfloat16(),
        lambda t: t.half(),
        lambda t: t.double(),
        lambda t: t.to(torch.complex64),
        lambda t: t.to(torch.int16),
        lambda t: t > 13.5,
        lambda t: t.to(torch.float8_e5m2),
        lambda t: t.to(torch.uint16),
        lambda t: torch.nn.Parameter(t),
        lambda t: t.to_sparse(),
        lambda t: torch.conj(t.to(torch.complex64)),
    ],
)
def test_views_and_dtypes(view: Callable[[torch.Tensor], torch.Tensor]) -> None:
    other = BASE.clone()
    other[2, 2] = -3.0
    other[2, 0] = 29.0
    left, right = save({"t": view(BASE).clone()}), save({"t": view(other).clone()})
    shared = save({"t": view(BASE), "epoch": 1}), save({"t": view(BASE), "epoch": 2})
    seen = inside("t.pt", left, right)
    assert seen.detail.comparer == "PyTorch checkpoint"
    assert changed(seen)
    assert all(name.startswith("t") for name in changed(seen))
    seen = inside("t.pt", shared[0], shared[1])
    assert changed(seen) == ["epoch"]


def test_elements_of_a_view_are_those_that_torch_shows() -> None:
    view = BASE[1:3, ::2]
    other = view.clone()
    other[1, 2] += 1
    seen = inside("t.pt", save({"t": view}), save({"t": other}))
    detail = at(seen, "t").detail
    assert isinstance(detail, TensorDetail)
    assert detail.distance is not None
    assert (detail.distance.compared, detail.distance.differing) == (6, 1)
    assert (detail.distance.max_abs_at, detail.distance.max_abs) == (5, 1.0)


def test_bytes_that_no_tensor_shows_are_not_passed_over() -> None:
    other = BASE.clone()
    other[0, 0] = 7
    seen = inside("t.pt", save({"t": BASE[2:]}), save({"t": other[2:]}))
    assert seen.kind is Kind.CHANGED
    assert at(seen, "t").kind is Kind.EQUAL
    assert "no tensor shows" in at(seen, "storage 0").note


def test_what_a_tensor_has_beside_its_elements() -> None:
    left, right = torch.ones(2), torch.ones(2, requires_grad=True)
    seen = inside("t.pt", save({"t": left}), save({"t": right}))
    assert changed(seen) == ["t.requires_grad"]


def test_tensors_that_come_and_go_and_change_shape() -> None:
    left = save({"a": BASE, "b": BASE, "c": {}})
    right = save({"b": BASE.reshape(6, 4), "d": BASE, "c": []})
    kinds = not_equal(inside("t.pt", left, right))
    assert kinds[("a",)] is Kind.REMOVED
    assert kinds[("b",)] is Kind.CHANGED
    assert kinds[("c",)] is Kind.CHANGED
    assert kinds[("d",)] is Kind.ADDED


def test_names_that_would_collide_are_both_kept() -> None:
    left = save({"a.b": torch.ones(2), "a": {"b": torch.ones(2)}})
    right = save({"a.b": torch.ones(2), "a": {"b": torch.zeros(2)}})
    assert changed(inside("t.pt", left, right)) == ["a.b #2"]


def test_a_whole_module_is_described_not_loaded() -> None:
    torch.manual_seed(0)
    model = torch.nn.Linear(2, 2)
    left = save(model)
    with torch.no_grad():
        model.weight[0, 0] += 1
    seen = inside("m.pth", left, save(model))
    assert changed(seen) == ["_parameters.weight"]


def old(value: Any) -> bytes:
    stream = io.BytesIO()
    torch.save(value, stream, _use_new_zipfile_serialization=False)
    return stream.getvalue()


def test_the_old_format_is_compared_by_tensor_too() -> None:
    base = torch.arange(6.0)
    files = [
        old({"t": torch.tensor([value]), "whole": base.clone(), "view": base.clone()[2:4], "n": 3})
        for value in (1.0, 1.0, 2.0)
    ]
    seen = inside("old.pt", files[0], files[2])
    assert changed(seen) == ["t"]
    assert seen.detail.comparer == "PyTorch checkpoint"
    # Storages are named by where they lay in memory.
    again = inside("old.pt", files[0], files[1])
    assert (again.kind, again.rule) == (Kind.SET_ASIDE, "torch storage keys")


def test_bytes_that_no_tensor_shows_are_found_in_the_old_format() -> None:
    sides = []
    for hidden in (1.0, 2.0):
        base = torch.zeros(4)
        base[3] = hidden
        sides.append(old(base[:2]))
    assert changed(inside("old.pt", sides[0], sides[1])) == ["storage 0"]


@pytest.mark.parametrize(
    ("cut", "reason"),
    [(-1, "reaches beyond the file"), (-30, "")],
)
def test_the_old_format_cut_short_is_left_to_bytes(cut: int, reason: str) -> None:
    content = old({"t": torch.arange(3.0)})
    seen = inside("old.pt", content, content[:cut])
    assert seen.detail.comparer == "bytes"
    assert reason in seen.detail.summary
    assert "something follows" in inside("old.pt", content, content + b"x").detail.summary


def rewritten(content: bytes, **members: bytes) -> bytes:
    """A checkpoint with members replaced (`data__pkl` stands for `data.pkl`)."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(stream, "w") as new:
        for info in old.infolist():
            name = info.filename.partition("/")[2].replace(".", "__").replace("/", "_")
            new.writestr(info, members.get(name, old.read(info)))
    return stream.getvalue()


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b"K\x04K\x06\x86", b"K\x05K\x06\x86", "beyond its storage"),
        (b"K\x06K\x01\x86", b"K\x00K\x01\x86", "many times over"),
        (b"FloatStorage", b"F1oatStorage", "no known storage"),
        (b"X\x01\x00\x00\x000", b"X\x01\x00\x00\x009", "the storage 9 of a tensor is not there"),
    ],
)
def test_a_view_outside_its_storage_is_refused(old: bytes, new: bytes, reason: str) -> None:
    content = save({"t": BASE})
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        pickled = archive.read("archive/data.pkl")
    assert pickled.count(old) == 1
    if reason == "many times over":
        new = b"K\x01K\x01\x86"
        pickled = pickled.replace(b"K\x04K\x06\x86", b"K\x10K\x09\x86")
    forged = rewritten(content, data__pkl=pickled.replace(old, new))
    seen = inside("t.pt", content, forged)
    assert seen.kind is Kind.CHANGED
    assert seen.detail.comparer == "zip"
    assert reason in seen.detail.summary


class Marker:
    """Makes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self.path,))


def test_nothing_in_a_checkpoint_is_executed(tmp_path: Path) -> None:
    marker = tmp_path / "executed"
    left = save({"t": BASE, "x": Marker(marker)})
    right = save({"t": BASE, "x": Marker(tmp_path / "elsewhere")})
    seen = inside("t.pt", left, right)
    assert seen.kind is Kind.CHANGED
    assert any(name.startswith("x") for name in changed(seen))
    bare = pickle.dumps(Marker(marker)), pickle.dumps(Marker(tmp_path / "elsewhere"))
    for name in ("model.pkl", "model.pt", "data.joblib", "x"):
        seen = inside(name, bare[0], bare[1])
        assert seen.detail.comparer == "pickle"
        (found,) = [f for f in seen.detail.findings if f.kind is Kind.CHANGED]
        assert found.key[0].startswith("(0)")
    assert list(tmp_path.iterdir()) == []


@given(
    shape=st.lists(st.integers(1, 4), min_size=1, max_size=3),
    dtype=st.sampled_from([torch.float32, torch.float64, torch.bfloat16, torch.int64, torch.uint8]),
    transpose=st.booleans(),
    data=st.data(),
)
@settings(max_examples=60, deadline=None)
def test_any_altered_element_is_found(
    shape: list[int], dtype: torch.dtype, transpose: bool, data: st.DataObject
) -> None:
    tensor = torch.arange(int(np.prod(shape))).reshape(shape).to(dtype)
    if transpose:
        tensor = tensor.transpose(0, -1)
    index = tuple(data.draw(st.integers(0, n - 1)) for n in tensor.shape)
    other = tensor.clone()
    other[index] += 1
    seen = inside("t.pt", save({"a": {"t": tensor}}), save({"a": {"t": other}}))
    assert changed(seen) == ["a.t"]
    detail = at(seen, "a.t").detail
    assert isinstance(detail, TensorDetail)
    assert detail.distance is not None
    assert detail.distance.differing == 1
    assert detail.distance.max_abs_at == np.ravel_multi_index(index, tensor.shape)
