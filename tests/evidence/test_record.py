import hashlib
import json
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.builders import run
from tests.evidence.git import write
from tests.evidence.records import document, save

from repro_tui.errors import ReproError
from repro_tui.evidence.lockfiles import lockfiles
from repro_tui.evidence.model import Fact, Known, Missing, Package, Unreadable
from repro_tui.evidence.randomness import device, randomness
from repro_tui.evidence.record import Record, read_record


def record(folder: Path, content: object) -> Record:
    found = read_record(save(folder, content))
    assert isinstance(found, Record), found
    return found


def value(fact: Fact | None) -> object:
    assert isinstance(fact, Known)
    return fact.value


def test_a_whole_record(tmp_path: Path) -> None:
    found = record(tmp_path, document())
    assert found.launch is not None
    assert (found.launch.commit, found.launch.seed, found.launch.patch) == ("1" * 40, 7, None)
    assert found.machine is not None
    assert (found.machine["os"], found.machine["cores"]) == ("Debian GNU/Linux 12", 2)
    assert found.packages == (("NumPy", "2.1.0", ""), ("demo_project", "0.1", "file:///src"))
    assert found.inactive == ""
    assert found.lockfiles() == {"sub/uv.lock": tmp_path / "repro-tui" / "lockfiles" / "uv.lock"}
    assert found.patch() == ""


def test_no_record_is_missing(tmp_path: Path) -> None:
    assert isinstance(read_record(tmp_path), Missing)
    assert isinstance(read_record(tmp_path / "absent"), Missing)


def test_a_record_of_nothing_but_its_schema_has_gaps_everywhere(tmp_path: Path) -> None:
    found = record(tmp_path, {"schema": "repro-tui.record/1"})
    assert found.launch is None
    assert found.packages is None
    assert isinstance(randomness(found).at(("torch", "seed")), Missing)
    assert isinstance(randomness(found).at(("seed",)), Missing)
    assert isinstance(device(found, run()).at(("device",)), Missing)
    assert isinstance(device(found, run()).at(("cuda",)), Missing)


@pytest.mark.parametrize(
    "change",
    [
        {"schema": "repro-tui.record/2"},
        {"schema": None},
        {"launch": []},
        {"launch": {"seed": "7"}},
        {"launch": {"seed": True}},
        {"launch": {"parameters": {"a": 1}}},
        {"machine": {"gpus": {}}},
        {"packages": [{"version": "1"}]},
        {"packages": "numpy"},
        {"randomness": {"numpy": {"seed": 1.5}}},
        {"threads": {"torch": [1]}},
        {"files": ["../../etc/passwd"]},
        {"files": ["/etc/passwd"]},
        {"files": [1]},
        {"variables": {"A": {}}},
    ],
)
def test_an_odd_record_is_unreadable(tmp_path: Path, change: dict[str, object]) -> None:
    found = read_record(save(tmp_path, {**document(), **change}))
    assert isinstance(found, Unreadable)
    assert found.reason


def test_a_record_that_is_no_document_is_unreadable(tmp_path: Path) -> None:
    for text in ("", "{", "[]", "[" * 100_000, '{"schema": ' + "1" * 5000 + "}"):
        assert isinstance(read_record(save(tmp_path, text)), Unreadable)
    (tmp_path / "repro-tui" / "record.json").write_bytes(b" " * (9 << 20))
    found = read_record(tmp_path)
    assert isinstance(found, Unreadable)
    assert "larger than 8.0 MiB" in found.reason


def test_links_and_pipes_are_no_record(tmp_path: Path) -> None:
    real = save(tmp_path / "elsewhere", document())
    linked = tmp_path / "linked"
    (linked / "repro-tui").mkdir(parents=True)
    (linked / "repro-tui" / "record.json").symlink_to(real / "repro-tui" / "record.json")
    assert isinstance(read_record(linked), Unreadable)
    whole = tmp_path / "whole"
    whole.mkdir()
    (whole / "repro-tui").symlink_to(real / "repro-tui")
    assert isinstance(read_record(whole), Unreadable)
    piped = tmp_path / "piped"
    (piped / "repro-tui").mkdir(parents=True)
    os.mkfifo(piped / "repro-tui" / "record.json")
    assert isinstance(read_record(piped), Unreadable)


def test_the_patch_must_be_the_one_that_was_applied(tmp_path: Path) -> None:
    patch = b"+caf\xe9\n"
    content = document()
    content["launch"]["patch"] = f"sha256:{hashlib.sha256(patch).hexdigest()}"
    found = record(tmp_path, content)
    with pytest.raises(ReproError, match="No such file"):
        found.patch()
    write(tmp_path / "repro-tui", {"changes.patch": patch})
    assert found.patch().encode("utf-8", "surrogateescape") == patch
    write(tmp_path / "repro-tui", {"changes.patch": patch + b" "})
    with pytest.raises(ReproError, match="are not those of the execution"):
        found.patch()


def test_recorded_lockfiles_come_before_the_commits(tmp_path: Path) -> None:
    found = record(tmp_path, document())
    write(tmp_path / "repro-tui", {"lockfiles/uv.lock": '[[package]]\nname = "a"\nversion = "1"\n'})

    section = lockfiles(run(), Missing("the repository is gone"), found)

    assert value(section.at(("sub/uv.lock", "a"))) == Package("1")
    assert section.at(("other.lock", "a")) == Missing("the repository is gone")


def test_randomness(tmp_path: Path) -> None:
    section = randomness(record(tmp_path, document()))
    unread = section.facts["tensorflow", "seed"]
    assert unread == Missing("it was seeded, but the seed could not be read")
    read = {key: value(fact) for key, fact in section.facts.items() if fact is not unread}
    assert read == {
        ("seed",): 7,
        ("determinism",): "seed",
        ("PYTHONHASHSEED",): "7",
        ("hash randomization",): True,
        ("random", "seed"): 7,
        ("random", "seeded by"): "repro-tui",
        ("numpy", "seed"): 3,
        ("numpy", "seeded by"): "code",
        ("torch", "seed"): "not seeded",
        ("torch", "seeded by"): "nobody",
        ("tensorflow", "seeded by"): "code",
        ("lightgbm", "seed"): "the library's default, always the same",
        ("lightgbm", "seeded by"): "library",
        ("torch", "deterministic algorithms"): False,
        ("cudnn", "benchmark"): True,
        ("CUBLAS_WORKSPACE_CONFIG",): "not set",
        ("threads", "OMP_NUM_THREADS"): "not set",
        ("threads", "torch"): 2,
        ("threads", "torch interop"): 2,
    }


def test_two_unseeded_executions_have_the_same_input(tmp_path: Path) -> None:
    one, two = document(), document()
    two["randomness"]["torch"]["seed"] = 1
    assert randomness(record(tmp_path / "1", one)) == randomness(record(tmp_path / "2", two))


def test_an_inactive_recorder_leaves_a_gap(tmp_path: Path) -> None:
    content = document()
    content["recorder"] = {"active": False, "reason": "python was started with -S"}
    section = randomness(record(tmp_path, content))
    gap = section.at(("xgboost", "seed"))
    assert isinstance(gap, Missing)
    assert "python was started with -S" in gap.reason
    assert value(section.at(("seed",))) == 7


def test_device(tmp_path: Path) -> None:
    found = record(tmp_path, document())
    assert {key: value(fact) for key, fact in device(found, run()).facts.items()} == {
        ("device",): "cpu",
        ("name",): "AMD EPYC",
        ("driver",): "570.1",
        ("cuda",): "12.8",
        ("cudnn",): "91002",
        ("visible to CUDA",): "0",
    }
    assert isinstance(device(replace(found, gpus=None), run()).at(("driver",)), Missing)
    assert device(replace(found, gpus=()), run()).at(("driver",)) is None


def test_what_cuda_is_shown_counts_only_where_there_are_cards(tmp_path: Path) -> None:
    found = record(tmp_path, document())

    def visible(cards: int, variables: dict[str, str]) -> object:
        gpus = ({"name": "a card"},) * cards
        told = device(replace(found, gpus=gpus, variables=variables), run())
        return value(told.at(("visible to CUDA",)))

    for variables in ({}, {"CUDA_VISIBLE_DEVICES": ""}, {"CUDA_VISIBLE_DEVICES": "0"}):
        assert visible(0, variables) == "none"
    assert visible(2, {}) == visible(2, {"CUDA_VISIBLE_DEVICES": "0,1"}) == "0,1"
    assert visible(2, {"CUDA_VISIBLE_DEVICES": ""}) == "none"
    assert visible(2, {"CUDA_VISIBLE_DEVICES": "1"}) == "1"
    assert isinstance(device(replace(found, gpus=None), run()).at(("visible to CUDA",)), Missing)


@pytest.mark.parametrize("gap", [Missing("no record"), Unreadable("record.json", "broken")])
def test_without_a_record_all_is_unknown(gap: Missing | Unreadable) -> None:
    assert randomness(gap).at(("torch", "seed")) == gap
    assert device(gap, run()).at(("device",)) == gap


PATHS = [
    (part, *rest)
    for part, content in document().items()
    for rest in [(), *((name,) for name in (content if isinstance(content, dict) else ()))]
]
JUNK = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3) | st.just([1])


@settings(max_examples=200)
@given(path=st.sampled_from(PATHS), junk=JUNK | st.dictionaries(st.text(max_size=3), JUNK))
def test_any_part_can_be_junk(
    tmp_path_factory: pytest.TempPathFactory, path: tuple[str, ...], junk: object
) -> None:
    content = document()
    table = content
    for name in path[:-1]:
        table = table[name]
    table[path[-1]] = junk
    found = read_record(save(tmp_path_factory.mktemp("junk"), json.loads(json.dumps(content))))
    assert isinstance(found, Record | Unreadable)
    if isinstance(found, Record):
        assert randomness(found).facts
        assert device(found, run()).facts
