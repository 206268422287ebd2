from pathlib import Path

from tests.evidence.git import write
from tests.evidence.records import document, save

from repro_tui.evidence.artifacts import models_within
from repro_tui.evidence.environment import environment
from repro_tui.evidence.files import hash_folder
from repro_tui.evidence.model import Known, Missing, Package, Run, Unreadable
from repro_tui.evidence.record import Record, read_record

RUN = Run("r", "r", "1", "e", "FINISHED", 0, 1, "")


def test_from_a_record(tmp_path: Path) -> None:
    record = read_record(save(tmp_path, document()))
    assert isinstance(record, Record)
    section = environment(RUN, record, {})
    assert {key: fact.value for key, fact in section.facts.items() if isinstance(fact, Known)} == {
        ("python",): "3.11.7",
        ("implementation",): "cpython",
        ("os",): "Debian GNU/Linux 12",
        ("kernel",): "6.1.0",
        ("cpu",): "AMD EPYC",
        ("host",): "box",
        ("packages", "numpy"): Package("2.1.0"),
        ("packages", "demo-project"): Package("0.1", "file:///src"),
        ("libraries", "blas"): "openblas 0.3.27",
        ("libraries", "numpy dispatch"): "AVX2",
        ("libraries", "torch cpu capability"): "AVX2",
        ("variables", "LANG"): "C.UTF-8",
    }
    assert section.at(("packages", "scipy")) is None


def test_code_that_is_imported_in_place_is_not_known_by_its_version(tmp_path: Path) -> None:
    """`pip install -e ../library`: its files change, and its version stays."""
    content = document()
    own = content["launch"]["repository"]
    content["packages"] += [
        {"name": name, "version": "0.1", "origin": f"file://{folder}", "editable": "yes"}
        for name, folder in (
            ("My_Library", "/else/a%20b"),
            ("own", own),
            ("part", f"{own}/part"),
            ("repro-tui", "/else/c"),
        )
    ]
    record = read_record(save(tmp_path, content))
    assert isinstance(record, Record)
    section = environment(RUN, record, {})
    assert section.at(("packages", "my-library")) == Known(
        Package("0.1", "file:///else/a%20b"), "record.json"
    )
    gaps = {key: fact for key, fact in section.facts.items() if isinstance(fact, Missing)}
    assert set(gaps) == {("packages", "my-library", "content")}
    assert "/else/a b in place" in gaps["packages", "my-library", "content"].reason


def test_what_a_record_does_not_hold_is_a_gap(tmp_path: Path) -> None:
    content = document()
    for part in ("packages", "python", "libraries", "variables"):
        del content[part]
    record = read_record(save(tmp_path, content))
    assert isinstance(record, Record)
    section = environment(RUN, record, {})
    for key in [("packages", "numpy"), ("python",), ("libraries", "blas"), ("variables", "LANG")]:
        assert isinstance(section.at(key), Missing)


def test_from_models(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "requirements.txt": "NumPy==2.1.0\nmlflow[extras]==3.1\nscipy>=1\ntorch==2.*\n",
            "python_env.yaml": "python: 3.10\nbuild_dependencies: [pip==24.0]\n",
            "conda.yaml": "dependencies:\n- python=3.10\n- pip:\n  - numpy==2.1.0\n",
            "code/requirements.txt": "requests==2.0\n",
        },
    )
    section = environment(RUN, None, {"model": hash_folder(tmp_path)})

    known = {key: fact.value for key, fact in section.facts.items() if isinstance(fact, Known)}
    assert known == {
        ("python",): "3.10",
        ("packages", "numpy"): Package("2.1.0"),
        ("packages", "mlflow"): Package("3.1"),
        ("packages", "requests"): Package("2.0"),
    }
    for key in [("packages", "scipy"), ("os",), ("cpu",), ("variables", "LANG")]:
        assert isinstance(section.at(key), Missing)


def test_models_that_contradict_each_other(tmp_path: Path) -> None:
    write(tmp_path, {"a/requirements.txt": "numpy==1\n", "b/requirements.txt": "numpy==2\n"})
    models = {name: hash_folder(tmp_path / name) for name in "ab"}
    found = environment(RUN, None, models).at(("packages", "numpy"))
    assert isinstance(found, Unreadable)
    assert "contradict" in found.reason


def test_hostile_model_files_are_gaps(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "conda.yaml": "a: &a [x]\ndependencies: [*a]\n",
            "requirements.txt": b"\xff\xfe",
            "python_env.yaml": b"python: 1\n" + b"#" * (5 << 20),
        },
    )
    section = environment(RUN, None, {"m": hash_folder(tmp_path), "n": Unreadable("n", "gone")})
    assert isinstance(section.at(("python",)), Missing)
    reasons = [fact.reason for fact in section.facts.values() if isinstance(fact, Unreadable)]
    assert len(reasons) == 3


def test_without_anything_all_is_unknown() -> None:
    section = environment(RUN, None, {})
    gap = section.at(("packages", "numpy"))
    assert gap == Missing("no model was logged, whose requirements would tell")
    unreadable = environment(RUN, None, Unreadable("store", "gone"))
    assert unreadable.at(("packages", "numpy")) == Unreadable("store", "gone")


def test_a_docker_image_is_told() -> None:
    tags = {"mlflow.docker.image.uri": "demo:1"}
    run = Run("r", "r", "1", "e", "FINISHED", 0, 1, "", tags=tags)
    found = environment(run, None, {}).at(("docker.image.uri",))
    assert found == Known("demo:1", "tag mlflow.docker.image.uri")


def test_a_model_among_the_runs_own_artifacts_tells_too(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "out/model/MLmodel": "flavors: {}\n",
            "out/model/requirements.txt": "numpy==2.1.0\n",
            "out/other/requirements.txt": "numpy==1.0\n",
            "MLmodel": "",
        },
    )
    models = models_within(hash_folder(tmp_path))
    assert {name: sorted(files) for name, files in models.items()} == {
        "out/model": ["MLmodel", "requirements.txt"]
    }
    section = environment(RUN, None, models)
    assert section.facts["packages", "numpy"] == Known(
        Package("2.1.0"), "out/model/requirements.txt"
    )
    assert models_within(Unreadable("x", "gone")) == {}
