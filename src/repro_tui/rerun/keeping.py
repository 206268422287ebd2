"""The record of a recorded command, kept with the runs that the command started."""

import contextlib
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from repro_tui.errors import ReproError
from repro_tui.evidence.model import Run
from repro_tui.evidence.record import FOLDER
from repro_tui.evidence.tags import Tag
from repro_tui.evidence.tracking import RunQuery, open_reader
from repro_tui.evidence.tracking.artifacts import local_path
from repro_tui.evidence.tracking.discover import absolute, discover
from repro_tui.evidence.tracking.reader import MAX_RESULTS
from repro_tui.rerun import record
from repro_tui.rerun.command import Recording
from repro_tui.settings import Settings


def keep(
    recording: Recording,
    tracking_uri: str | None,
    settings: Settings,
    problem: Callable[[str], None],
) -> tuple[Run, ...]:
    """Upload the record to every run of the command; return those that have it now.

    Each gets the whole record, in which `launch.runs` names all of them in the order in
    which they were started. `problem` is told in words what could not be read or kept.
    repro-tui's own copy goes once every run has it.
    """
    started = dict(_started(recording, tracking_uri, settings, problem))
    if not started:
        return ()
    runs = sorted(started, key=lambda run_id: started[run_id][1].start_time or 0)
    recording.document["launch"]["runs"] = runs
    record.write(recording.folder, recording.document)
    kept = []
    for run_id in runs:
        uri, run = started[run_id]
        try:
            _upload(recording.folder, uri, run)
            kept.append(run)
        except Exception as error:  # noqa: BLE001 - whatever MLflow or a remote store comes up with
            problem(f"The record was not kept with the run {run_id}: {error}")
    if len(kept) == len(runs) and recording.folder.is_relative_to(settings.state):
        shutil.rmtree(recording.folder, ignore_errors=True)
    return tuple(kept)


def _started(
    recording: Recording,
    tracking_uri: str | None,
    settings: Settings,
    problem: Callable[[str], None],
) -> Iterator[tuple[str, tuple[str, Run]]]:
    """The runs of the command, by id, each with its store.

    Those that its processes were seen to make; and, for processes that the recorder was
    not in, those of the usual store that have the record's tag.
    """
    here = Path.cwd()
    stores: dict[str, set[str]] = {}
    for noted in recording.noted:
        try:
            uri = discover(noted.tracking_uri or None, noted.folder).uri
        except ReproError as error:
            problem(error.message)
            continue
        stores.setdefault(absolute(uri, noted.folder), set()).add(noted.run_id)
    with contextlib.suppress(ReproError):
        # Where there is none, nothing was logged, or where the processes said.
        stores.setdefault(discover(tracking_uri, here).uri, set())
    for uri, run_ids in stores.items():
        try:
            with closing(open_reader(uri, settings.cache)) as reader:
                everywhere = tuple(each.experiment_id for each in reader.experiments())
                tagged = RunQuery(
                    everywhere,
                    f"tags.`{Tag.RECORD}` = '{recording.record_id}'",
                    max_results=MAX_RESULTS,
                )
                found = {run.run_id: run for run in reader.runs(tagged).runs}
                found |= {one: reader.run(one) for one in run_ids if one not in found}
        except ReproError as error:
            problem(error.message)
            continue
        for run_id, run in found.items():
            yield run_id, (uri, run)


def _upload(folder: Path, tracking_uri: str, run: Run) -> None:
    """Put the record among the run's artifacts.

    Without MLflow where they are on this machine: opening a database with it would
    migrate the schema that an older MLflow of the person's relies on.
    """
    place = local_path(run.artifact_uri, Path.cwd())
    if place is not None:
        shutil.copytree(folder, place / FOLDER, dirs_exist_ok=True)
        return
    from repro_tui.rerun.newrun import upload

    upload(folder, tracking_uri, run.run_id)
