"""What is known of one run without reading its artifacts: they are listed, and no more.

Read are the record of the execution and what MLflow keeps beside models of their
requirements, where that is on this machine. It costs no hashing and, of remote artifacts,
no download but the record's. `collect` reads everything.
"""

from pathlib import Path, PurePosixPath

from repro_tui.errors import ReproError
from repro_tui.evidence.artifacts import Files, by_model, fetch, files, models_within
from repro_tui.evidence.code import code
from repro_tui.evidence.collect import ask
from repro_tui.evidence.data import data
from repro_tui.evidence.environment import REQUIREMENTS, environment
from repro_tui.evidence.lockfiles import lockfiles
from repro_tui.evidence.lost import gone, model_gone
from repro_tui.evidence.model import (
    NOT_LOOKED_AT,
    Fact,
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
from repro_tui.evidence.overview import Overview, Stored
from repro_tui.evidence.randomness import device, randomness
from repro_tui.evidence.record import FOLDER, NO_RECORD, Record, record_in
from repro_tui.evidence.tracking import Listing, Reader, local_path
from repro_tui.evidence.tracking.downloads import Downloads
from repro_tui.evidence.tracking.reader import Fetched, Progress, silent

MOST_FILES = 2_000
"""Artifacts that are listed at one place."""


def look(
    run_id: str,
    reader: Reader,
    downloads: Downloads,
    progress: Progress = silent,
    places: Places | None = None,
) -> Overview:
    """All of it that can be had. What cannot is a gap with its reason.

    Raises ReproError only where the store does not hold the run.
    """
    run = reader.run(run_id)
    progress("listing the artifacts")
    uri = run.artifact_uri
    own = Stored("", uri, _listing(reader, uri) or gone(run, reader.uri) or _NOTHING)
    models = ask(lambda: reader.logged_models(run_id))
    progress("listing the models")
    of_models = (
        () if isinstance(models, Unreadable) else tuple(_of_model(reader, m) for m in models)
    )
    stored = (own, *of_models)
    progress("reading the record of the execution")
    record = _record(run, own, reader, downloads)
    known = record if isinstance(record, Record) else None
    progress("looking into the repository")
    source = origin(run, known.launch if known else None, places or Places(Path.cwd()))
    datasets = ask(lambda: reader.datasets(run_id))
    sections = (
        code(run, known, source),
        data(datasets, source.code),
        _environment(run, known, stored, models),
        lockfiles(run, source.code, known),
        randomness(record),
        device(record, run),
        Section(SectionName.ARTIFACTS, _sizes(stored, models)),
    )
    return Overview(run, {section.name: section for section in sections}, datasets, models, stored)


_NOTHING = Listing(())


def _listing(reader: Reader, uri: str) -> Listing | Unreadable | None:
    try:
        return reader.listing(uri, MOST_FILES)
    except ReproError as error:
        return Unreadable(uri, error.message)


def _of_model(reader: Reader, model: LoggedModel) -> Stored:
    uri = model.artifact_location
    return Stored(model.name, uri, _listing(reader, uri) or model_gone(model) or _NOTHING)


def _record(
    run: Run, own: Stored, reader: Reader, downloads: Downloads
) -> Record | Missing | Unreadable:
    if isinstance(own.listing, Unreadable):
        return own.listing
    if not own.listing.files:
        return NO_RECORD
    fetched = fetch(reader, f"{run.artifact_uri.rstrip('/')}/{FOLDER}", downloads)
    if isinstance(fetched, Fetched):
        return record_in(fetched.folder)
    return fetched or NO_RECORD


def _environment(
    run: Run,
    record: Record | None,
    stored: tuple[Stored, ...],
    models: tuple[LoggedModel, ...] | Unreadable,
) -> Section:
    """The section; what models that lie elsewhere would tell of packages was not looked at."""
    if isinstance(models, Unreadable):
        return environment(run, record, models)
    there = [(place, _requirements(place)) for place in stored]
    own, *of_models = (found for _, found in there)
    named = by_model([(m, found or {}) for m, found in zip(models, of_models, strict=True)])
    section = environment(run, record, {**models_within(own or {}), **named})
    if record is None and any(found is None for _, found in there):
        return Section(section.name, {**section.facts, ("packages",): NOT_LOOKED_AT})
    return section


def _requirements(place: Stored) -> Files | None:
    """The files that tell a model's requirements; None: they lie elsewhere."""
    if place.listing == _NOTHING or isinstance(place.listing, Unreadable):
        return {}
    folder = local_path(place.uri, Path.cwd())
    if folder is None:
        return None
    wanted = ("MLmodel", *REQUIREMENTS)
    found = files(Fetched(folder), lambda path: PurePosixPath(path).name in wanted)
    return {} if isinstance(found, Unreadable) else found


def _sizes(
    stored: tuple[Stored, ...], models: tuple[LoggedModel, ...] | Unreadable
) -> dict[Key, Fact]:
    facts: dict[Key, Fact] = {}
    if isinstance(models, Unreadable):
        facts["models",] = models
    for number, place in enumerate(stored):
        at: Key = ("models", f"{place.model} #{number}") if number else ()
        if isinstance(place.listing, Unreadable):
            facts[at] = place.listing
            continue
        for file in place.listing.files:
            facts[*at, file.path] = (
                Unreadable(file.path, file.note) if file.note else Known(file.size, "listed")
            )
    return facts
