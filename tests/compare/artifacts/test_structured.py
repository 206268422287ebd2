"""JSON, YAML, TOML and MLmodel files."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.compare.artifacts.opened import at, inside, not_equal

from repro_tui.compare.model import Kind, TensorDetail
from repro_tui.compare.policy import Policy


def js(value: Any) -> bytes:
    return json.dumps(value).encode()


def test_one_changed_key() -> None:
    left = js({"model": {"layers": [1, 2]}, "name": "a"})
    right = js({"model": {"layers": [1, 3]}, "name": "a"})
    seen = inside("c.json", left, right)
    assert not_equal(seen) == {("model", "layers", "[1]"): Kind.CHANGED}
    assert seen.detail.text is not None
    assert seen.detail.text.lines


@pytest.mark.parametrize(
    ("name", "left", "right", "key"),
    [
        ("c.yaml", b"a: {b: 1}\n", b"a: {b: 2}\n", ("a", "b")),
        ("c.yml", b"a: yes\n", b"a: 'yes'\n", ("a",)),
        ("c.toml", b"[a]\nb = 1.5\n", b"[a]\nb = 1.25\n", ("a", "b")),
        ("c.toml", b"a = 2026-01-01\n", b"a = 2026-01-02\n", ("a",)),
        ("c.yaml", b"a: 2026-01-01\n", b"a: '2026-01-01'\n", ("a",)),
        ("c.json", b'{"a": true}', b'{"a": 1}', ("a",)),
        ("c.json", b'{"a": 0.0}', b'{"a": -0.0}', ("a",)),
        ("c.json", b'{"a": null}', b'{"a": {}}', ("a",)),
        ("c.json", b'{"a": 9007199254740992}', b'{"a": 9007199254740993}', ("a",)),
        ("c.json", b'{"a": 9007199254740993}', b'{"a": 9007199254740992.0}', ("a",)),
        ("c.json", b'{"a": 1%s}' % (b"0" * 400), b'{"a": 2%s}' % (b"0" * 400), ("a",)),
    ],
)
def test_one_change(name: str, left: bytes, right: bytes, key: tuple[str, ...]) -> None:
    assert not_equal(inside(name, left, right)) == {key: Kind.CHANGED}


def test_spelling_and_order_of_keys_are_layout() -> None:
    seen = inside("c.json", b'{"a": 1, "b": 2}', b'{"b":2,\n"a":1}')
    assert (seen.kind, seen.rule) == (Kind.SET_ASIDE, "document layout")
    seen = inside("c.json", b'{"a": 1, "b": NaN}', b'{"a": 1.0, "b": NaN}')
    assert (seen.kind, seen.rule) == (Kind.SET_ASIDE, "number spelling")
    seen = inside("c.yaml", b"a: 1 # one\n", b"a: 1\n")
    assert (seen.kind, seen.rule) == (Kind.SET_ASIDE, "document layout")


def test_a_long_list_of_numbers_is_measured_as_one_tensor() -> None:
    numbers = [i / 7 for i in range(100)]
    left, right = js({"w": numbers}), js({"w": [*numbers[:40], 9.0, *numbers[41:]]})
    detail = at(inside("m.json", left, right), "w").detail
    assert isinstance(detail, TensorDetail)
    assert detail.distance is not None
    assert (detail.distance.differing, detail.distance.max_abs_at) == (1, 40)


def test_numbers_within_tolerance() -> None:
    left, right = js({"loss": 0.5}), js({"loss": 0.5000001})
    assert inside("m.json", left, right).kind is Kind.CHANGED
    seen = inside("m.json", left, right, Policy(rtol=1e-6))
    assert (seen.kind, seen.rule) == (Kind.WITHIN_TOLERANCE, "rtol 1e-06")


def test_ids_and_times_are_set_aside_but_digests_count() -> None:
    left = js({"run_id": "a" * 32, "at": "2026-01-01T10:00:00Z"})
    right = js({"run_id": "b" * 32, "at": "2026-01-01T10:00:01Z"})
    seen = inside("c.json", left, right)
    assert (seen.kind, seen.rule) == (Kind.SET_ASIDE, "generated ids, timestamps")
    seen = inside("c.json", js({"md5": "a" * 32}), js({"md5": "b" * 32}))
    assert seen.kind is Kind.CHANGED
    seen = inside("c.json", js({"md5": ["a" * 32]}), js({"md5": ["b" * 32]}))
    assert seen.kind is Kind.CHANGED
    seen = inside("c.json", js({"shared": "a" * 32}), js({"shared": "b" * 32}))
    assert seen.kind is Kind.SET_ASIDE
    seen = inside("c.json", js({"until": "2026-01-01"}), js({"until": "2026-01-02"}))
    assert seen.kind is Kind.CHANGED


@pytest.mark.parametrize(
    ("name", "left", "right", "comparer"),
    [
        ("c.json", b'{"a": 1, "a": 2}', b'{"a": 3, "a": 2}', "text"),
        ("c.yaml", b"a: 1\na: 2\n", b"a: 3\na: 2\n", "text"),
        ("c.json", b"{", b"}", "text"),
        ("c.toml", b"a = ", b"a = 1", "text"),
        ("c.yaml", b"!!python/object/apply:os.getcwd []\n", b"a: 1\n", "text"),
        ("c.json", b"\xff{}", b"\xfe{}", "bytes"),
        ("c.yaml", b"a: !!set {x, y}\n", b"a: !!set {x, z}\n", "text"),
        ("c.json", b"[" * 100_000, b"[" * 99_999, "text"),
        ("c.yaml", b"[" * 100_000, b"[" * 99_999, "text"),
    ],
)
def test_what_cannot_be_read_fairly_is_left_to_the_next(
    name: str, left: bytes, right: bytes, comparer: str
) -> None:
    seen = inside(name, left, right)
    assert seen.kind is Kind.CHANGED
    assert seen.detail.comparer == comparer
    assert "Not read as" in seen.detail.summary


def test_a_yaml_bomb_ends_the_walk() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)]
    bomb = "\n".join(lines).encode()
    seen = inside("c.yaml", bomb, bomb + b"\nb: 1")
    assert seen.kind is Kind.CHANGED
    assert seen.detail.comparer == "text"
    assert "more than 300,000 values" in seen.detail.summary


documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=20) | st.dictionaries(st.text(max_size=3), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(left=documents, right=documents)
def test_documents_differ_exactly_when_their_values_do(left: Any, right: Any) -> None:
    a, b = js(left), js(right)
    # `repr` tells True from 1 and -0.0 from 0.0; 1 and 1.0 are one number.
    seen = inside("d.json", a, b + b"\n")
    assert (seen.kind is Kind.CHANGED) == (canonical(left) != canonical(right))


def canonical(value: Any) -> str:
    if isinstance(value, dict):
        items = sorted((repr(k), canonical(v)) for k, v in value.items())
        return "{" + ", ".join(f"{k}: {v}" for k, v in items) + "}"
    if isinstance(value, list):
        return f"[{', '.join(map(canonical, value))}]"
    if isinstance(value, int) and not isinstance(value, bool):
        return repr(float(value)) if abs(value) < 2**53 else repr(value)
    return repr(value)
