"""Whatever the bytes: an answer in a plain sentence, no exception, nothing executed."""

import gzip
import io
import json
import pickle
import tarfile
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from PIL import Image
from tests.compare.artifacts.opened import inside, opened, zipped

from repro_tui.compare.artifacts import look_inside
from repro_tui.compare.artifacts.pickle_parts import numpy_dtype
from repro_tui.compare.artifacts.pickles import Call, Global, Table, describe
from repro_tui.compare.artifacts.values import unique
from repro_tui.compare.model import Finding, Kind
from repro_tui.compare.policy import Policy
from repro_tui.errors import ReproError

NAMES = (
    "x", "x.npy", "x.npz", "x.safetensors", "x.pt", "x.zip", "x.tar", "x.gz", "x.json", "x.yaml",
    "x.toml", "x.csv", "x.parquet", "x.png", "x.svg", "x.pdf", "x.skops", "x.pkl", "x.log",
    "MLmodel", "x.joblib", "x.z.joblib", "x.pth", "x.feather", "x.ubj", "x.txt",
)  # fmt: skip


@cache
def samples() -> dict[str, bytes]:
    """A small valid file of every kind."""
    import joblib
    import pandas as pd
    import torch

    def written(write: Any) -> bytes:
        stream = io.BytesIO()
        write(stream)
        return stream.getvalue()

    array = np.arange(6.0)
    npy = written(lambda s: np.save(s, array))
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a"))
    schema = {"__loader__": "NdArrayNode", "__id__": 1, "file": "1.npy"}
    header = json.dumps({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}).encode()
    return {
        "x.npy": npy,
        "x.npz": written(lambda s: np.savez(s, a=array)),
        "x.safetensors": len(header).to_bytes(8, "little") + header + bytes(8),
        "x.pt": written(lambda s: torch.save({"a": torch.ones(3), "b": [1, 2.5, "c"]}, s)),
        "x.zip": zipped({"a.txt": b"a", "b.json": b"{}"}),
        "x.tar": tar.getvalue(),
        "x.gz": gzip.compress(b"a\nb\n"),
        "x.json": b'{"a": [1, 2, {"b": null}]}',
        "x.yaml": b"a: [1, 2, {b: ~}]\n",
        "x.toml": b"a = 1\n[b]\nc = [1, 2]\n",
        "x.csv": b"a,b\n1,2\n3,x\n",
        "x.parquet": written(lambda s: pd.DataFrame({"a": [1, 2], "b": ["x", None]}).to_parquet(s)),
        "x.png": written(lambda s: Image.fromarray(np.zeros((2, 2), np.uint8)).save(s, "PNG")),
        "x.svg": b'<svg><a id="m0123456789"/></svg>',
        "x.pdf": b"%PDF-1.4\n/CreationDate (D:20260101000000Z)\n",
        "x.skops": zipped({"1.npy": npy, "schema.json": json.dumps(schema).encode()}),
        "x.pkl": pickle.dumps({"a": 1, "b": array}),
        "x.joblib": written(lambda s: joblib.dump({"a": array, "b": array.astype(object)}, s)),
        "x.z.joblib": written(lambda s: joblib.dump({"a": array}, s, compress=3)),
        "x.pth": written(
            lambda s: torch.save({"a": torch.ones(3)}, s, _use_new_zipfile_serialization=False)
        ),
        "x.feather": written(lambda s: pd.DataFrame({"a": [1, 2]}).to_feather(s)),
        "x.ubj": b"{L"
        + (1).to_bytes(8, "big")
        + b"a[$d#L"
        + (1).to_bytes(8, "big")
        + bytes(4)
        + b"i\x01b[i\x07Si\x01xT]i\x01c{}}",
        "x.txt": b"tree\nversion=v4\n\nTree=0\nleaf_value=0.5 1e-3\n\nend of trees\n",
        "MLmodel": b"run_id: a\nflavors: {}\n",
    }


def told(name: str, left: bytes, right: bytes) -> None:
    """Look into both, both ways round; the answer is one of three kinds, and says something."""
    for sides in ((left, right), (right, left)):
        seen = inside(name, *sides)
        assert seen.kind in (Kind.CHANGED, Kind.WITHIN_TOLERANCE, Kind.SET_ASIDE)
        assert seen.detail.summary
        assert (seen.kind is Kind.SET_ASIDE) == bool(seen.rule)


@given(name=st.sampled_from(NAMES), left=st.binary(), right=st.binary())
@settings(max_examples=300, deadline=None)
def test_arbitrary_bytes_never_raise(name: str, left: bytes, right: bytes) -> None:
    if left != right:
        told(name, left, right)


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("x", "x.log")])
@given(data=st.data())
@settings(max_examples=120, deadline=None)
def test_damaged_files_never_raise(name: str, data: st.DataObject) -> None:
    whole = samples()[name]
    damaged = bytearray(whole[: data.draw(st.integers(0, len(whole)))])
    for _ in range(data.draw(st.integers(0, 3))):
        if damaged:
            at = data.draw(st.integers(0, len(damaged) - 1))
            damaged[at] = data.draw(st.integers(0, 255))
    if bytes(damaged) != whole:
        told(name, whole, bytes(damaged))
        told(name, bytes(damaged), bytes(damaged) + b"\0")


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("x", "x.log")])
def test_a_whole_file_beside_another_kind(name: str) -> None:
    for other in samples().values():
        if other != samples()[name]:
            told(name, samples()[name], other)


def test_a_pickle_is_described_and_not_run() -> None:
    class Marker:
        def __reduce__(self) -> tuple[Any, ...]:
            return (print, ("executed",))

    (found,) = [describe(pickle.dumps(Marker(), 4))]
    assert isinstance(found, Call)
    assert found.function == Global("builtins", "print")
    assert found.arguments == ("executed",)


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False)
        | st.text()
        | st.binary(),
        lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner),
        max_leaves=20,
    ),
    st.integers(0, 5),
)
def test_plain_values_are_read_as_pickle_would(value: Any, protocol: int) -> None:
    assert plain(describe(pickle.dumps(value, protocol))) == value


def plain(value: Any) -> Any:
    if isinstance(value, Table):
        return {plain(k): plain(v) for k, v in value.pairs}
    if isinstance(value, Call):  # protocol 0 to 2 spell empty bytes as a call
        assert (value.function, value.arguments) == (Global("__builtin__", "bytes"), ())
        return b""
    return type(value)(map(plain, value)) if isinstance(value, list | tuple) else value


def test_a_list_that_holds_itself_ends() -> None:
    import torch

    files = []
    for end in (1, 2):
        loop: list[Any] = [end]
        loop.append(loop)
        bomb: Any = [end]
        for _ in range(40):
            bomb = [bomb, bomb]
        for value in (loop, bomb):
            stream = io.BytesIO()
            torch.save(value, stream)
            files.append(stream.getvalue())
    for left, right in ((files[0], files[2]), (files[1], files[3])):
        seen = inside("x.pt", left, right)
        assert (seen.kind, seen.detail.comparer) == (Kind.CHANGED, "PyTorch checkpoint")
        (found,) = [
            f for f in seen.detail.findings if f.kind is Kind.CHANGED and f.key[0][0] != "."
        ]
        assert found.left is not None
        assert found.right is not None


def test_values_too_deep_or_too_many_are_left_to_the_next() -> None:
    nested = b"\x80\x04" + b"]" * 300 + b"a" * 299 + b"."
    for content in (nested, pickle.dumps(list(range(100_001)))):
        seen = inside("x.pkl", content, pickle.dumps(1))
        assert seen.detail.comparer == "bytes"
        assert "too many, too deep" in seen.detail.summary


def test_findings_are_capped_and_the_rest_is_counted() -> None:
    left, right = ({str(i): str(i * n) for i in range(1, 3001)} for n in (1, 2))
    seen = inside("x.json", json.dumps(left).encode(), json.dumps(right).encode())
    assert seen.detail.summary == "3,000 parts: 3,000 changed"
    last = seen.detail.findings[-1]
    assert last == Finding(("…",), Kind.CHANGED, None, None, note="and 2,000 more")


def pickled(program: bytes) -> bytes:
    """A checkpoint whose pickle is this program."""
    return zipped({"x/data.pkl": program, "x/version": b"3"})


LIST_BOMB = b"]" + b"q\0" + b"h\0h\0\x86q\0" * 60


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        # A name, a set's element and what is called: none may be spelled out when it is a bomb.
        (b"\x80\x04" + LIST_BOMB + b"h\0\x93.", "what is no name"),
        (b"\x80\x04\x8f(" + LIST_BOMB + b"\x90.", "too many, too deep"),
        (b"\x80\x04" + LIST_BOMB + b")R)R.", "too many, too deep"),
        (b"\x80\x04}X\xe8\x03\0\0" + b"k" * 1000 + b"q\1" + b"}h\1" * 4 + b"}sssss.",
         "too long names"),
        (b"\x80\x02c_codecs\nencode\nq\0X\0\0\x10\0" + b"a" * (1 << 20)
         + b"q\1X\6\0\0\0latin1q\2" + b"h\0h\1h\2\x86R" * 300 + b".", "spelled as text"),
        (b"\x80\x02.", "never put there"),
        (b"\x80\x02", "before seeing STOP"),
        (b"\x80\x02]K\1K\2s.", "no dict"),
        (b"\x80\x02K\1K\1a.", "no list"),
        (b"\x80\x02K\1K\1b.", "no object"),
        (b"\x80\x02\x82\1.", "EXT1"),
    ],
)  # fmt: skip
def test_hostile_pickles_end_soon(program: bytes, reason: str) -> None:
    seen = inside("x.pt", pickled(program), pickled(b"\x80\x02N."))
    assert seen.kind is Kind.CHANGED
    assert seen.detail.comparer == "zip"
    assert reason in seen.detail.summary


def test_a_file_that_shrinks_meanwhile_is_said_to() -> None:
    left, right = opened("x", b"\0" * 9), replace(opened("x", b"\0" * 8), size=9)
    with pytest.raises(ReproError, match="became shorter"):
        look_inside(left, right, Policy())


def test_shared_tuples_as_names_end_soon() -> None:
    wrapper = b"\x80\x04cjoblib.numpy_pickle\nNumpyArrayWrapper\n)\x81}("
    # Doubled by way of the memo: the same tuple twice, a hundred levels deep.
    bomb = b")q\0" + b"h\0h\0\x86q\0" * 100
    sides = [wrapper + bomb + b"K" + number + b"ub." for number in (b"\1", b"\2")]
    assert "described in an unknown way" in inside("x.joblib", sides[0], sides[1]).detail.summary


def test_records_in_records_end_soon() -> None:
    dtype = Global("numpy", "dtype")
    described = Call(dtype, ("f8", False, True), [(3, "<", None, None, None, -1, -1, 0)])
    assert numpy_dtype(described) == np.dtype("f8")
    for level in range(60):
        fields = Table([("a", (described, 0)), ("b", (described, 0))])
        described = Call(dtype, ("V8", False, True), [(3, "|", None, ("a", "b"), fields, 8, 1, 0)])
        assert (numpy_dtype(described) is not None) == (level == 0)


def test_long_names_in_ubjson_are_left_to_the_next() -> None:
    content = b"{L" + (3000).to_bytes(8, "big") + b"a" * 3000 + b"[i\x01i\x02]}"
    seen = inside("x.ubj", content, content.replace(b"i\x02", b"i\x03"))
    assert "too long names" in seen.detail.summary


def test_names_that_look_like_numbered_ones_hide_nothing() -> None:
    assert list(unique(["a #2", "a", "a", "a", "a #2"])) == ["a #2", "a", "a #3", "a #4", "a #2 #2"]


def test_a_text_is_not_the_bytes_that_spell_it() -> None:
    sides = [pickle.dumps({"model": model}) for model in ("x" * 300, b"x" * 300)]
    assert inside("x.pkl", sides[0], sides[1]).kind is Kind.CHANGED
