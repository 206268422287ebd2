"""What is known of a real run without reading its artifacts, and the command that tells it."""

import io
import json
import os
import shutil
from pathlib import Path

import pytest
from tests.evidence.conftest import Trained
from tests.evidence.records import document, save

from repro_tui.cli import main
from repro_tui.errors import ReproError
from repro_tui.evidence import files
from repro_tui.evidence.collect import collect
from repro_tui.evidence.gauge import Gauge, Group, Level, gauge, seen_on_page
from repro_tui.evidence.look import look
from repro_tui.evidence.model import SectionName, Unreadable
from repro_tui.evidence.overview import Overview
from repro_tui.evidence.tracking import local_path
from repro_tui.evidence.tracking.downloads import Downloads


@pytest.fixture
def known(trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Overview:
    monkeypatch.chdir(trained.repository)
    return look(trained.run_id("first"), trained.reader, Downloads(tmp_path))


def levels(of: Gauge) -> dict[tuple[Group, str], Level]:
    return {(grade.group, part.name): part.level for grade in of.grades for part in grade.parts}


def test_it_judges_as_the_whole_evidence_does(
    known: Overview, trained: Trained, tmp_path: Path
) -> None:
    whole = collect(known.run.run_id, trained.reader, Downloads(tmp_path))
    assert levels(gauge(known.run, known.sections)) == levels(gauge(whole.run, whole.sections))
    told, read = (gauge(of.run, of.sections).advice for of in (known, whole))
    assert told == read


def test_a_page_claims_nothing_that_is_not_so(known: Overview) -> None:
    page = levels(gauge(known.run, seen_on_page(known.run)))
    found = levels(gauge(known.run, known.sections))
    for part, level in page.items():
        if level in (Level.KNOWN, Level.MISSING):
            assert found[part] is level, part


def test_artifacts_are_listed_and_only_requirements_are_read(
    trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    really = files._open_regular

    def watched(path: str) -> tuple[io.BufferedReader, os.stat_result]:
        read.append(path)
        return really(path)

    monkeypatch.setattr(files, "_open_regular", watched)
    known = look(trained.run_id("first"), trained.reader, Downloads(tmp_path))
    assert {Path(path).name for path in read} <= {
        "MLmodel", "requirements.txt", "python_env.yaml", "conda.yaml"
    }  # fmt: skip
    listed = [file for place in known.stored for file in place.listing.files]  # type: ignore[union-attr]
    assert listed
    assert all(file.size is not None for file in listed)
    assert len(known.sections[SectionName.ARTIFACTS].facts) == len(listed)


def test_a_record_among_the_artifacts_is_read(trained: Trained, tmp_path: Path) -> None:
    run = trained.reader.run(trained.run_id("still running"))
    folder = local_path(run.artifact_uri, tmp_path)
    assert folder is not None
    assert not folder.exists()
    try:
        save(folder, document())
        known = look(run.run_id, trained.reader, Downloads(tmp_path))
    finally:
        shutil.rmtree(folder)
    found = gauge(known.run, known.sections)
    assert found[Group.ENVIRONMENT].level is Level.KNOWN
    assert "nobody seeded torch" in [part.told for part in found[Group.RANDOMNESS].parts]


def test_artifacts_that_are_out_of_reach_are_a_gap_with_its_reason(
    known: Overview, trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(uri: str, most: int) -> None:
        raise ReproError("The bucket does not answer.")

    monkeypatch.setattr(trained.reader, "listing", fails)
    found = look(known.run.run_id, trained.reader, Downloads(tmp_path))
    assert isinstance(found.stored[0].listing, Unreadable)
    artifacts = gauge(found.run, found.sections)[Group.OUTCOMES].parts[-1]
    assert artifacts.level is Level.MISSING
    assert "The bucket does not answer." in artifacts.told


# --- The command ---------------------------------------------------------------------


def show(trained: Trained, capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    with pytest.raises(SystemExit) as end:
        main(["show", "--tracking-uri", trained.reader.uri, *arguments])
    assert end.value.code == 0
    return capsys.readouterr().out


def test_show_tells_gauge_reasons_and_advice(
    trained: Trained, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(trained.repository)
    told = show(trained, capsys, trained.run_id("first"))
    for part in (
        "How well it could be reproduced: ◐◐◐○●",
        "● commit: " + trained.commit,
        "○ uncommitted changes: MLflow does not record uncommitted changes",
        "Next time",
        "repro-tui record --seed 1 -- COMMAND",
        "0 re-executions",
    ):
        assert part in told


def test_show_tells_scripts_the_same(
    trained: Trained, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(trained.repository)
    run_id = trained.run_id("first")
    told = json.loads(show(trained, capsys, run_id[:12], "--format", "json"))
    assert told["schema"] == "repro-tui.run/1"
    assert told["run"]["run_id"] == run_id
    assert [group["level"] for group in told["known"]][3] == "missing"
    commit = told["known"][0]["parts"][0]
    assert (commit["name"], commit["level"], commit["advice"]) == ("commit", "known", "")
    assert told["re_executions"] == []
    assert {"key": ["commit"], "fact": {
        "state": "known", "source": "tag mlflow.source.git.commit", "type": "str",
        "value": trained.commit, "spelled": trained.commit,
    }} in told["sections"]["code"]  # fmt: skip
