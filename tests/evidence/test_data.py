import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.evidence.git import commit

from repro_tui.evidence.data import data
from repro_tui.evidence.model import Dataset, Known, Missing, Section, Unreadable
from repro_tui.evidence.origin import Snapshot
from repro_tui.evidence.repository import Repository

NOWHERE = Missing("no commit")


def dataset(profile: object, schema: object = None, **fields: str) -> Dataset:
    values = {
        "name": "d", "digest": "1234abcd", "source_type": "local", "source": "{}", "context": "",
    }  # fmt: skip
    return Dataset(**(values | fields), profile=json.dumps(profile), schema=json.dumps(schema))


def columns(**types: str) -> dict[str, object]:
    return {"mlflow_colspec": [{"name": name, "type": kind} for name, kind in types.items()]}


def gap(found: Dataset, name: str) -> str:
    fact = data([found], NOWHERE).facts.get(("datasets", "d", name))
    assert fact is None or isinstance(fact, Missing)
    return fact.reason if fact else ""


@pytest.mark.parametrize(
    ("profile", "beyond"),
    [
        ({"num_rows": 10_000}, ""),
        ({"num_rows": 10_001}, "first 10,000 rows; there are 10,001"),
        ({"features_size": 10_000}, ""),
        ({"features_size": 10, "targets_size": 20_000}, "first 10,000 values; there are 20,000"),
        ({"features_size": {"a": 1, "b": 10_001}}, "there are 10,001"),
        ({"features_cardinality": 5}, "tells no number of rows"),
        ({"approx_count": 5}, "tells no number of rows"),
        ({"num_rows": "many"}, "tells no number of rows"),
        (None, "tells no number of rows"),
        ([], "tells no number of rows"),
    ],
)
def test_rows_beyond_the_digest(profile: object, beyond: str) -> None:
    found = gap(dataset(profile, columns(x="double")), "rows beyond the digest")
    assert beyond in found
    assert bool(beyond) == bool(found)


@pytest.mark.parametrize(
    ("digest", "named"),
    [("1234abcd", False), ("9" * 32, False), ("v1", True), ("2026-11", True), ("", True)],
)
def test_a_name_in_the_place_of_a_digest_says_nothing_of_the_data(digest: str, named: bool) -> None:
    """`mlflow.data.from_pandas(frame, digest="v1")`, and the frame changes under it."""
    found = gap(dataset({"num_rows": 2}, columns(x="double"), digest=digest), "content")
    assert bool(found) == named


@pytest.mark.parametrize(
    ("schema", "unseen"),
    [
        (columns(x="double", y="long", z="string"), ""),
        (columns(x="double", when="datetime", yes="boolean"), "when, yes"),
        ({"mlflow_colspec": [{"name": "s", "type": "string", "required": False}]}, ": s"),
        (None, "the columns are not known"),
        ({"mlflow_colspec": ["junk"]}, "?"),
    ],
)
def test_columns_beyond_the_digest(schema: object, unseen: str) -> None:
    found = gap(dataset({"num_rows": 2}, schema), "columns beyond the digest")
    assert unseen in found
    assert bool(unseen) == bool(found)


def test_datasets_of_one_name_are_told_apart_whatever_their_order() -> None:
    several = [dataset({}, digest=digest, context="training") for digest in ("b", "a", "c")]
    section = data(several, NOWHERE)
    assert section == data(reversed(several), NOWHERE)
    digests = {key[1]: fact for key, fact in section.facts.items() if key[2:] == ("digest",)}
    assert digests == {
        "d (training)": Known("a", "logged input"),
        "d (training) #2": Known("b", "logged input"),
        "d (training) #3": Known("c", "logged input"),
    }


def test_no_dataset_is_a_gap_and_so_is_no_answer() -> None:
    assert isinstance(data([], NOWHERE).at(("datasets", "d", "digest")), Missing)
    unreadable = Unreadable("store", "gone")
    assert data(unreadable, NOWHERE).at(("datasets", "d", "digest")) == unreadable
    assert data([], NOWHERE).at(("dvc", "x", "md5")) == NOWHERE


def dvc(folder: Path, files: dict[str, str | bytes]) -> Section:
    made = commit(folder, files)
    repository = Repository.open(folder)
    return data([], Snapshot(repository, made, "", repository.tree(made)))


def test_dvc_files_and_lock(tmp_path: Path) -> None:
    section = dvc(
        tmp_path,
        {
            "data/raw.csv.dvc": f"outs:\n- md5: {'1e5' + '0' * 29}\n  size: 12\n  path: raw.csv\n",
            "dvc.lock": (
                "schema: '2.0'\nstages:\n  train:\n    cmd: python train.py\n"
                "    deps:\n    - path: train.py\n      md5: abc\n      size: 3\n"
                "    outs:\n    - path: model.pt\n      md5: def.dir\n"
            ),
        },
    )
    facts = {key: fact for key, fact in section.facts.items() if key[0] == "dvc"}
    assert {key[1:]: fact.value for key, fact in facts.items() if isinstance(fact, Known)} == {
        ("data/raw.csv", "md5"): "1e5" + "0" * 29,
        ("data/raw.csv", "size"): "12",
        ("train.py", "md5"): "abc",
        ("train.py", "size"): "3",
        ("model.pt", "md5"): "def.dir",
    }


def test_hostile_dvc_files_are_gaps(tmp_path: Path) -> None:
    section = dvc(
        tmp_path,
        {
            "bomb.dvc": "a: &a [x]\nouts: [*a]\n",
            "wrong.dvc": "outs: {}\n",
            "latin.dvc": b"\xff",
            "huge.dvc": b"#" * (9 << 20),
            "fine.dvc": "outs:\n- md5: abc\n  path: fine\n",
        },
    )
    for name in ("bomb.dvc", "wrong.dvc", "latin.dvc", "huge.dvc"):
        assert isinstance(section.at(("dvc", name)), Unreadable), name
    assert isinstance(section.at(("dvc", "fine", "md5")), Known)


@given(profile=st.text(), schema=st.text())
def test_any_profile_and_schema_can_be_junk(profile: str, schema: str) -> None:
    found = Dataset("d", "x", "local", "s", schema, profile, "")
    assert data([found], NOWHERE).at(("datasets", "d", "profile")) == Known(profile, "logged input")
