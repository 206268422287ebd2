"""Generated evidence: facts of every kind in every section, one change of it, and policies."""

import dataclasses
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.builders import RIGHT_ID, blob, bytes_of, changed, evidence, file, history, known, run

from repro_tui.compare.policy import BY_DTYPE, Policy, Rule, ToleranceRule
from repro_tui.evidence.model import (
    Evidence,
    Fact,
    FileRef,
    History,
    Key,
    Known,
    LocalFile,
    Missing,
    Package,
    SectionName,
    Unreadable,
)

names = st.text(st.sampled_from("abc/ *é\x1b|"), min_size=1, max_size=4)
texts = st.text(max_size=12)
floats = st.floats(width=64)
numbers = floats | st.sampled_from([0.0, -0.0, float("nan"), float("inf"), 0.1, 5e-324])
plain = st.one_of(st.none(), st.booleans(), st.integers(-9, 9), numbers, texts)
documents = st.recursive(
    plain,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
).filter(lambda value: isinstance(value, dict | list))
"""Nested configuration; JSON can hold all of it."""
scalars = st.one_of(
    texts, st.integers(-9, 9), st.booleans(), floats, st.none(), documents.map(json.dumps)
)
packages = st.builds(
    Package,
    st.sampled_from(["1.0", "1.1", "2"]),
    st.sampled_from(["", "https://example.org"]),
    st.sampled_from([(), ("sha256:01",)]),
    st.sampled_from(["", "python_version < '3.12'"]),
)
histories = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 2), numbers), min_size=1, max_size=6
).map(lambda found: history(*zip(*[(v, s, t) for s, t, v in sorted(found)], strict=True)))


curves = st.dictionaries(st.sampled_from([("a",), ("b",), ("c",)]), histories.map(known))
"""A few metrics, of names that two runs are likely to share."""


def section(name: SectionName, *, least: int = 0) -> st.SearchStrategy[dict[Key, Fact]]:
    """Facts of the kinds that the section holds, all of them known; `least` or more."""
    if name is SectionName.ARTIFACTS:
        return _artifacts(least)
    keys: st.SearchStrategy[Key] = st.tuples(names)
    values: st.SearchStrategy[object]
    match name:
        case SectionName.METRICS:
            values = histories
        case SectionName.CODE:
            keys = st.one_of(st.just(("commit",)), st.tuples(st.just("files"), names))
            values = st.builds(blob, names, st.binary(max_size=6))
        case SectionName.LOCKFILES:
            keys, values = st.tuples(names, names), packages
        case SectionName.ENVIRONMENT:
            keys = st.one_of(st.tuples(names), st.tuples(st.just("packages"), names))
            values = st.one_of(packages, texts)
        case SectionName.DATA:
            keys, values = st.tuples(st.just("datasets"), names, st.just("digest")), scalars
        case _:
            values = scalars
    return st.dictionaries(keys, values.map(known), min_size=least, max_size=4)  # type: ignore[arg-type]


def _artifacts(least: int) -> st.SearchStrategy[dict[Key, Fact]]:
    """Files of bytes and of JSON, of the run and of logged models."""
    folders = st.sampled_from([(), ("models", "m"), ("models", "m #2")])
    contents = st.binary(max_size=6).map(lambda held: ("", held))
    written = documents.map(lambda value: (".json", json.dumps(value).encode()))
    one = st.tuples(folders, names, contents | written)

    def fact(found: tuple[Key, str, tuple[str, bytes]]) -> tuple[Key, Fact]:
        folder, name, (suffix, held) = found
        return (*folder, name + suffix), known(file(name + suffix, held))

    return st.lists(one.map(fact), min_size=least, max_size=4, unique_by=lambda f: f[0]).map(dict)


def _whole(least: int) -> st.SearchStrategy[Evidence]:
    return st.fixed_dictionaries({name: section(name, least=least) for name in SectionName}).map(
        lambda sections: evidence(run(), sections)
    )


whole = _whole(0)
"""Evidence without gaps; sections may be empty."""
full = _whole(1)
"""The same with a fact or more in every section."""


def with_gaps(complete: Evidence, draw: st.DataObject) -> Evidence:
    for name in SectionName:
        if draw.draw(st.booleans()):
            key = draw.draw(st.sampled_from([(), *complete[name].facts]))
            gaps: list[Fact] = [Missing("lost"), Unreadable("x", "broken")]
            gap = draw.draw(st.sampled_from(gaps))
            complete = changed(complete, name, key, gap)
    return complete


def twin(of: Evidence) -> Evidence:
    return Evidence(replace(of.run, run_id=RIGHT_ID), of.sections)


# --- One change --------------------------------------------------------------------


@dataclass(frozen=True)
class Change:
    """One fact before and after; None: it is not there."""

    section: SectionName
    key: Key
    before: Fact | None
    after: Fact | None

    def made(self, of: Evidence) -> Evidence:
        return changed(of, self.section, self.key, self.after)


@st.composite
def changes(draw: st.DrawFn, of: Evidence) -> Change:
    """Any one change of complete evidence: something added, removed, lost, or altered."""
    name = draw(st.sampled_from(SectionName))
    facts = of[name].facts
    added = {k: f for k, f in draw(section(name, least=1)).items() if k not in facts}
    kinds = [*(["add"] if added else []), *(["remove", "lose", "alter", "alter"] if facts else [])]
    kind = draw(st.sampled_from(kinds)) if kinds else "lose"
    if kind == "add":
        key = draw(st.sampled_from(sorted(added)))
        return Change(name, key, None, added[key])
    key = draw(st.sampled_from(sorted(facts))) if facts else ()
    before = facts.get(key)
    if kind == "remove":
        return Change(name, key, before, None)
    if kind == "lose":
        return Change(name, key, before, Missing("lost"))
    assert isinstance(before, Known)
    return Change(name, key, before, known(draw(_another(before.value))))


def _another(value: Any) -> st.SearchStrategy[Any]:
    """A value that differs from this one in the least."""
    match value:
        case History():
            return _another_history(value)
        case FileRef():
            make: Callable[[str, bytes], FileRef] = (
                file if isinstance(value.location, LocalFile) else blob
            )
            held = bytes_of(value)
            if value.path.endswith(".json"):
                inner = _another_document(json.loads(held)).map(lambda d: json.dumps(d).encode())
            else:
                inner = _another_text(held.decode("latin-1")).map(lambda t: t.encode("latin-1"))
            return inner.map(lambda other: make(value.path, other))
        case Package():
            fields = {
                "version": f"{value.version}.1",
                "source": f"{value.source}/",
                "hashes": (*value.hashes, "sha256:ff"),
                "marker": f"{value.marker} ",
            }
            return st.sampled_from(sorted(fields)).map(
                lambda field: replace(value, **{field: fields[field]})
            )
        case str() if value[:1] in ("{", "[") and _document(value) is not None:
            return _another_document(_document(value)).map(json.dumps) | _another_text(value)
        case str():
            return _another_text(value)
        case _:
            return _another_scalar(value)


def _document(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _another_text(text: str) -> st.SearchStrategy[str]:
    """One character inserted, dropped or replaced."""
    at = st.integers(0, max(len(text) - 1, 0))
    insert = at.map(lambda i: f"{text[:i]}x{text[i:]}")
    if not text:
        return insert
    drop = at.map(lambda i: text[:i] + text[i + 1 :])
    other = at.map(lambda i: f"{text[:i]}{'y' if text[i] != 'y' else 'z'}{text[i + 1 :]}")
    return insert | drop | other


def _another_scalar(value: float | bool | None) -> st.SearchStrategy[Any]:
    match value:
        case None:
            return st.sampled_from([0, "none", False])
        case bool():
            return st.sampled_from([not value, int(value)])
        case int():
            return st.sampled_from([value + 1, -value - 1, f"{value}x"])
        case _:
            return st.just(_flipped(np.array([value]), 0)[0].item())


def _flipped(values: Any, at: int) -> Any:
    """The array with the last bit of one number turned over: one ULP, or another NaN."""
    values = values.copy()
    values.view(np.uint64)[at] ^= np.uint64(1)
    return values


def _another_document(value: Any) -> st.SearchStrategy[Any]:
    """One part added, dropped or altered, however deep."""
    ways: list[st.SearchStrategy[Any]]
    match value:
        case dict():
            ways = [st.just({**value, "new" * (1 + len(value)): 1})]
            for key, inner in value.items():
                ways.append(st.just({k: v for k, v in value.items() if k != key}))
                ways.append(
                    st.tuples(st.just(key), _another_document(inner)).map(
                        lambda new: {**value, new[0]: new[1]}
                    )
                )
            return st.one_of(ways)
        case list():
            ways = [st.just([*value, 1])]
            for i, inner in enumerate(value):
                ways.append(st.just(value[:i] + value[i + 1 :]))
                ways.append(
                    st.tuples(st.just(i), _another_document(inner)).map(
                        lambda new: [*value[: new[0]], new[1], *value[new[0] + 1 :]]
                    )
                )
            return st.one_of(ways)
        case str():
            return _another_text(value)
        case float() if not np.isfinite(value):
            return st.just(1.5)  # JSON knows one NaN only
        case _:
            return _another_scalar(value)


def _another_history(value: History) -> st.SearchStrategy[History]:
    """One point altered by one bit or in its sign, moved, dropped, added or repeated."""
    at = st.integers(0, len(value) - 1)

    def taken(points: npt.NDArray[np.int64]) -> History:
        return History(value.steps[points], value.timestamps[points], value.values[points])

    def without(i: int) -> History:
        return taken(np.delete(np.arange(len(value)), i))

    def signed(i: int) -> History:
        values = value.values.copy()
        values[i] = -values[i]
        return dataclasses.replace(value, values=values)

    def repeated(i: int) -> History:
        return taken(np.insert(np.arange(len(value)), i, i))

    def moved(by: int) -> History:
        steps = value.steps.copy()
        steps[-1] += by
        return dataclasses.replace(value, steps=steps)

    ways = [
        at.map(lambda i: dataclasses.replace(value, values=_flipped(value.values, i))),
        at.map(signed),
        at.map(repeated),
        st.integers(1, 9).map(moved),
    ]
    if len(value) > 1:
        ways.append(at.map(without))
    return st.one_of(ways)


# --- Policies ----------------------------------------------------------------------

_patterns = st.sampled_from(["*", "a*", "*b", "a", "models/*", "*.json", "*.json/*", "*/[[]0]"])
_amounts = st.sampled_from([0.0, 1e-15, 1e-3, 0.5, BY_DTYPE])
policies = st.builds(
    Policy,
    rtol=_amounts,
    atol=_amounts,
    ulp=st.integers(0, 2),
    tolerances=st.lists(
        st.builds(
            ToleranceRule,
            _patterns,
            st.sampled_from([None, SectionName.METRICS, SectionName.ARTIFACTS]),
            st.none() | _amounts,
            st.none() | _amounts,
            st.none() | st.integers(0, 2),
        ),
        max_size=3,
    ).map(tuple),
    set_aside=st.lists(
        st.builds(Rule, st.just("rule"), st.sampled_from(SectionName), _patterns, st.just("why")),
        max_size=3,
    ).map(tuple),
)
