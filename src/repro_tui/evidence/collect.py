"""All that is known of one run, gathered into its ten sections."""

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import TypeVar

from repro_tui.errors import ReproError
from repro_tui.evidence.artifacts import (
    Files,
    artifacts,
    by_model,
    fetch,
    files,
    models_within,
)
from repro_tui.evidence.code import code
from repro_tui.evidence.data import data
from repro_tui.evidence.environment import environment
from repro_tui.evidence.hashes import Hashes
from repro_tui.evidence.lockfiles import lockfiles
from repro_tui.evidence.lost import gone, model_gone
from repro_tui.evidence.model import (
    Evidence,
    Fact,
    History,
    Key,
    Known,
    LoggedModel,
    Missing,
    Run,
    Section,
    SectionName,
    Unreadable,
)
from repro_tui.evidence.origin import Places, origin
from repro_tui.evidence.randomness import device, randomness
from repro_tui.evidence.reach import reach
from repro_tui.evidence.record import Record, read_record
from repro_tui.evidence.tracking.downloads import Downloads
from repro_tui.evidence.tracking.reader import Fetched, Progress, Reader, silent

_STORE = "tracking store"
T = TypeVar("T")


def collect(
    run_id: str,
    reader: Reader,
    downloads: Downloads,
    progress: Progress = silent,
    places: Places | None = None,
) -> Evidence:
    """Everything that can be had of a run. What cannot is a gap with its reason.

    Files that the evidence names are there until `downloads` is closed. `progress` is told,
    in a few words, what is being read. `places` is where repositories are looked for,
    otherwise where the person is; its cache remembers the hashes of files. Raises ReproError
    only where the store does not hold the run.
    """
    run = reader.run(run_id)
    progress("the run's artifacts")
    fetched = fetch(reader, run.artifact_uri, downloads, _of("the run's artifacts", progress))
    fetched = fetched or gone(run, reader.uri)
    # What is still being written may be mapped into memory, and change unseen.
    cache = places.cache if places and run.finished else None
    with Hashes(cache) if cache else nullcontext() as hashes:
        own = files(fetched, hashes=hashes)
        progress("the models")
        models = _models(run_id, reader, downloads, _of("the models", progress), hashes)
    progress("the record of the execution")
    record: Record | Missing | Unreadable
    if isinstance(fetched, Fetched):
        record = read_record(fetched.folder)
    else:
        record = fetched or Missing("no record of the execution; the run has no artifacts")
    known = record if isinstance(record, Record) else None
    progress("the repository")
    source = origin(run, known.launch if known else None, places or Places(Path.cwd()))
    progress("the metrics")
    sections = (
        code(run, known, source),
        _params(run),
        data(ask(lambda: reader.datasets(run_id)), source.code),
        environment(
            run,
            known,
            models if isinstance(models, Unreadable) else {**models_within(own), **models},
        ),
        lockfiles(run, source.code, known),
        randomness(record),
        device(record, run),
        _metrics(ask(lambda: reader.histories(run_id))),
        artifacts(own, models),
        _status(run),
    )
    reached = reach(run, known.launch if known else None, source)
    return Evidence(run, {section.name: section for section in sections}, reached)


def _of(what: str, progress: Progress) -> Progress:
    """Progress in a part of the work."""
    return lambda text: progress(f"{what}: {text}")


def _models(
    run_id: str, reader: Reader, downloads: Downloads, progress: Progress, hashes: Hashes | None
) -> dict[str, Files | Unreadable] | Unreadable:
    models = ask(lambda: reader.logged_models(run_id))
    if isinstance(models, Unreadable):
        return models

    def fetched(model: LoggedModel) -> Fetched | Unreadable | None:
        return fetch(reader, model.artifact_location, downloads, progress)

    return by_model(
        [(model, files(fetched(model) or model_gone(model), hashes=hashes)) for model in models]
    )


def ask(read: Callable[[], T]) -> T | Unreadable:
    """What the store answers, or why it does not."""
    try:
        return read()
    except ReproError as error:
        return Unreadable(_STORE, error.message)


def _params(run: Run) -> Section:
    facts: dict[Key, Fact] = {(name,): Known(value, "params") for name, value in run.params.items()}
    return Section(SectionName.PARAMS, facts)


def _metrics(histories: Mapping[str, History] | Unreadable) -> Section:
    if isinstance(histories, Unreadable):
        return Section(SectionName.METRICS, {(): histories})
    facts: dict[Key, Fact] = {(name,): Known(h, "metrics") for name, h in histories.items()}
    return Section(SectionName.METRICS, facts)


def _status(run: Run) -> Section:
    duration = run.duration
    return Section(
        SectionName.STATUS,
        {
            ("status",): Known(run.status, _STORE),
            ("duration",): Missing("the run has no end yet, or no start")
            if duration is None
            else Known(duration, _STORE),
        },
    )
