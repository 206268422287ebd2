"""The main job on the demo's runs, as scripts and CI do it."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from tests.e2e.conftest import Finished, repro_tui

from repro_tui.reports.json import schema

pytestmark = pytest.mark.e2e


def run_ids(folder: Path) -> dict[str, str]:
    """Run ids by name; the re-execution has a name of its own."""
    listed = repro_tui("runs", "--format", "json", folder=folder)
    assert listed.code == 0, listed.err
    return {run["name"]: run["run_id"] for run in json.loads(listed.out)["runs"]}


def compared(folder: Path, left: str, right: str) -> tuple[int, Any]:
    ids = run_ids(folder)
    done = repro_tui("diff", ids[left][:12], ids[right], "--format", "json", folder=folder)
    read = json.loads(done.out)
    Draft202012Validator(schema()).validate(read)
    return done.code, read


def test_the_whole_chain_reproduces_the_baseline(demo: tuple[Path, Finished]) -> None:
    folder, finished = demo
    assert finished.code == 0, finished.err
    for name in ("baseline", "twin", "faster", "unseeded-1", "unseeded-2"):
        assert name in finished.out
    report = (folder / "report.md").read_text()
    assert "reproduced" in report.splitlines()[0] + report


def test_the_re_execution_is_reproduced_with_everything_compared(
    demo: tuple[Path, Finished],
) -> None:
    folder, _ = demo
    code, comparison = compared(folder, "baseline", "baseline (rerun)")
    assert code == 0
    assert comparison["verdict"]["headline"] == "reproduced"
    assert comparison["not_compared"] == []
    sections = {section["name"]: section for section in comparison["sections"]}
    files = {c["key"][0] for c in sections["artifacts"]["changes"] if c["kind"] == "equal"}
    assert {"checkpoint.pt", "predictions.csv", "confusion.png"} <= files
    metrics = {c["key"][0]: c["kind"] for c in sections["metrics"]["changes"]}
    assert metrics["train/loss"] == metrics["val/loss"] == "equal"
    assert metrics["epoch_seconds"] == "set aside"


def test_twins_are_identical(demo: tuple[Path, Finished]) -> None:
    folder, _ = demo
    code, comparison = compared(folder, "baseline", "twin")
    assert (code, comparison["verdict"]["headline"]) == (0, "reproduced")


def test_a_changed_learning_rate_diverges_and_is_named(demo: tuple[Path, Finished]) -> None:
    folder, _ = demo
    code, comparison = compared(folder, "baseline", "faster")
    assert (code, comparison["verdict"]["headline"]) == (1, "diverged")
    assert comparison["first_divergence"]["metric"] == "train/loss"
    # The first step's loss is computed before the first update: only the second can differ.
    assert comparison["first_divergence"]["step"] == 1
    assert any("learning_rate" in suspect["key"] for suspect in comparison["suspects"])


def test_unseeded_runs_are_nondeterministic(demo: tuple[Path, Finished]) -> None:
    folder, _ = demo
    code, comparison = compared(folder, "unseeded-1", "unseeded-2")
    assert (code, comparison["verdict"]["headline"]) == (1, "nondeterministic")
    assert comparison["verdict"]["inputs"] == "all the same"


def test_several_runs_stand_side_by_side(demo: tuple[Path, Finished]) -> None:
    folder, _ = demo
    ids = run_ids(folder)
    runs = [ids[name] for name in ("baseline", "twin", "faster", "unseeded-1")]
    done = repro_tui("diff", *runs, "--format", "json", folder=folder)
    assert done.code == 1, done.err
    read = json.loads(done.out)
    Draft202012Validator(schema()).validate(read)
    assert [pair["verdict"]["headline"] for pair in read["comparisons"]] == [
        "reproduced", "diverged", "diverged",
    ]  # fmt: skip
    (params,) = (section for section in read["sections"] if section["name"] == "params")
    (seed,) = (change for change in params["changes"] if change["key"] == ["seed"])
    assert [value["value"] for value in seed["values"]] == ["42", "42", "42", "none"]
    same = repro_tui("diff", *runs[:2], ids["baseline (rerun)"], "--repeats", folder=folder)
    assert same.code == 0, same.err
    assert "All 2 repeats came out identical, to the bit. So did the original." in same.out


def test_the_page_is_written_whole(demo: tuple[Path, Finished]) -> None:
    folder, _ = demo
    ids = run_ids(folder)
    runs = (ids["baseline"], ids["faster"])
    done = repro_tui(
        "diff", *runs, "--output", "page.html", folder=folder
    )  # fmt: skip
    assert done.code == 1, done.err
    page = (folder / "page.html").read_text()
    assert page.endswith("</html>\n")
    assert "train/loss by step" in page


def test_a_run_named_twice_and_too_many_runs_are_refused(demo: tuple[Path, Finished]) -> None:
    folder, _ = demo
    ids = run_ids(folder)
    for others in (["twin", "twin"], ["baseline"]):
        named = [ids[name] for name in ("baseline", *others)]
        twice = repro_tui("diff", *named, folder=folder)
        assert twice.code == 2
        assert "is named twice" in twice.err
    many = repro_tui("diff", *([ids["baseline"]] * 21), folder=folder)
    assert many.code == 2
    assert "21 runs are too many" in many.err


def test_a_demo_that_is_there_is_used_again(demo: tuple[Path, Finished]) -> None:
    folder, _ = demo
    again = repro_tui("demo", "--headless", "--into", str(folder), folder=folder)
    assert again.code == 0, again.err
    assert "Training" not in again.err


def test_a_folder_that_no_demo_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("years of work")
    refused = repro_tui("demo", "--headless", "--into", "mine", folder=tmp_path)
    assert refused.code == 2
    assert "was not made by the demo" in refused.err
    assert [p.name for p in (tmp_path / "mine").iterdir()] == ["thesis.tex"]


def test_a_dry_run_shows_the_plan_and_starts_nothing(demo: tuple[Path, Finished]) -> None:
    folder, _ = demo
    before = run_ids(folder)
    shown = repro_tui("rerun", before["baseline"], "--dry-run", "--seed", "7", folder=folder)
    assert shown.code == 0, shown.err
    assert "python train.py --conf-file confs/baseline.yaml --seed 7 --device cpu" in shown.out
    assert run_ids(folder) == before


def test_nobody_to_agree_means_nothing_is_executed(demo: tuple[Path, Finished]) -> None:
    folder, _ = demo
    refused = repro_tui("rerun", run_ids(folder)["baseline"], folder=folder)
    assert refused.code == 2
    assert "--yes" in refused.err


def test_another_seed_diverges(demo: tuple[Path, Finished]) -> None:
    folder, _ = demo
    done = repro_tui(
        "rerun", run_ids(folder)["baseline"], "--seed", "7", "--yes", folder=folder
    )  # fmt: skip
    assert done.code == 1, done.err
    assert "diverged" in done.out
