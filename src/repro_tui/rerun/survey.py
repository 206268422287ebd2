"""Everything that a plan needs to know: from the store, from Git, from this machine.

Nothing of the run is executed. Nothing is written but the cache: a commit that lies in a
repository on another machine is fetched into it.
"""

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

from packaging.utils import canonicalize_name

from repro_tui.errors import ReproError
from repro_tui.evidence.model import Run
from repro_tui.evidence.origin import Origin, Places, Snapshot, origin
from repro_tui.evidence.record import FOLDER, Launch, Record, read_record
from repro_tui.evidence.tags import Tag
from repro_tui.evidence.tracking import Reader
from repro_tui.evidence.tracking.downloads import Downloads
from repro_tui.evidence.tracking.reader import Progress, silent
from repro_tui.rerun import links, machine, masking, project, remote
from repro_tui.rerun.clues import find_clues
from repro_tui.rerun.declared import declared
from repro_tui.rerun.determinism import recorded_threads
from repro_tui.rerun.devices import cores
from repro_tui.rerun.model import Device, EnvManager, Project, Request
from repro_tui.rerun.situation import Clues, Environment, Situation
from repro_tui.rerun.source import Source, read_source
from repro_tui.settings import Settings


def survey(
    request: Request,
    reader: Reader,
    settings: Settings,
    devices: tuple[Device, ...],
    progress: Progress = silent,
) -> Situation:
    """Look up what stands around the run of the request.

    `progress` is told, in a few words, what takes long. Raises ReproError where the
    store does not hold the run.
    """
    with closing(Downloads(settings.cache, settings.download)) as downloads:
        run = reader.run(request.run_id)
        record = _record(run, reader, downloads)
        launch = _launch(run, record)
        found, unreachable = _origin(request, run, launch, settings, progress)
        code = found.code if isinstance(found.code, Snapshot) else None
        source = read_source(code, request) if code is not None else Source()
        interpreter = machine.interpreter()
        local = machine.environment(interpreter) if interpreter else None
        recorded = _recorded(record)
        active = {e.experiment_id for e in reader.experiments() if e.lifecycle_stage == "active"}
        manager = request.env_manager
        asked_for = source.project.environment if source.project is not None else ""
        return Situation(
            run=run,
            tracking_uri=reader.uri,
            launch=launch,
            patch=_patch(record, launch),
            recorded=recorded,
            experiment_active=run.experiment_id in active,
            migrates=machine.migrates(reader.uri),
            repository=(code.url or code.repository.name)
            if code
            else next(iter(found.opened), None),
            looked_in=found.looked_in,
            unreachable=unreachable,
            commit=found.commit,
            commit_found=code is not None,
            subdirectory=code.subdirectory if code else "",
            entry_point=_entry_point(found, source),
            script=found.script,
            project=source.project,
            project_problem=source.project_problem,
            tree=source.tree,
            own_store=source.own_store,
            left_out=source.left_out,
            links=tuple(
                links.look(code.repository.root, source.files, name) for name in request.links
            )
            if code
            else (),
            room=_room(settings.cache),
            paths=_existing_paths(_values(request, run, launch, source.project)),
            devices=devices,
            tools=machine.tools(docker=asked_for.startswith("docker_env")),
            interpreter=interpreter,
            environment=local,
            standing=machine.standing(local.mlflow if local is not None else "", reader.uri),
            threads=_threads(record),
            cores=cores(),
            clues=find_clues(run, record, recorded, code, reader, downloads)
            if manager is EnvManager.ORIGINAL
            else Clues(),
            declared=declared(asked_for, code),
            pythons=machine.pythons(manager),
            revision=machine.store_revision(reader.uri),
        )


# --- Where the code is -------------------------------------------------------------


def _origin(
    request: Request,
    run: Run,
    launch: Launch | None,
    settings: Settings,
    progress: Progress,
) -> tuple[Origin, tuple[str, ...]]:
    """Where the code of the run is, and why it could not be fetched where it is not here."""
    asked = os.path.expanduser(request.repository or "")  # noqa: PTH111 - it may be a URL
    places = Places(Path.cwd(), settings.repositories, settings.cache, only=asked)
    found = origin(run, launch, places)
    unreachable = []
    for url in found.remotes if found.commit and not isinstance(found.code, Snapshot) else ():
        progress(f"fetching {found.commit[:12]} from {masking.url(url)}")
        try:
            remote.fetch(url, found.commit, settings.cache)
            return origin(run, launch, places), ()
        except ReproError as error:
            unreachable.append(error.message)
    return found, tuple(unreachable)


def _entry_point(found: Origin, source: Source) -> str:
    """As recorded; of a script only where the commit holds it."""
    if not found.script:
        return found.entry_point or "main"
    folder = found.code.subdirectory if isinstance(found.code, Snapshot) else ""
    return found.entry_point if str(Path(folder) / found.entry_point) in source.files else ""


def _room(folder: Path) -> int:
    """Bytes that are free there, or where it will be made."""
    there = next(parent for parent in (folder, *folder.parents) if parent.exists())
    return shutil.disk_usage(there).free


# --- The original's record ---------------------------------------------------------


def _record(run: Run, reader: Reader, downloads: Downloads) -> Record | None:
    fetched = reader.fetch(f"{run.artifact_uri.rstrip('/')}/{FOLDER}", downloads)
    record = read_record(fetched.folder.parent) if fetched is not None else None
    return record if isinstance(record, Record) else None


def _launch(run: Run, record: Record | None) -> Launch | None:
    """How the original was started, where the record tells it of this very run.

    Of a project that a recorded command has started (`mlflow run` of a Git URI) only
    MLflow tells.
    """
    launch = record.launch if record is not None else None
    started = launch is not None and launch.verbatim
    return None if started and run.tags.get(Tag.SOURCE_TYPE) == "PROJECT" else launch


def _patch(record: Record | None, launch: Launch | None) -> str | None:
    if record is None or launch is None:
        return ""
    try:
        return record.patch()
    except ReproError:
        return None


def _recorded(record: Record | None) -> Environment | None:
    if record is None or record.packages is None or record.python is None:
        return None
    packages = {str(canonicalize_name(name)): version for name, version, _ in record.packages}
    origins = {str(canonicalize_name(name)): url for name, _, url in record.packages if url}
    return Environment(str(record.python.get("version", "")), packages, origins=origins)


def _threads(record: Record | None) -> dict[str, str]:
    if record is None:
        return {}
    told = {**(record.launch.variables if record.launch else {}), **(record.variables or {})}
    torch = (record.threads or {}).get("torch")
    return recorded_threads(told, torch, (record.machine or {}).get("cores"), cores())


# --- Paths among the parameters ----------------------------------------------------


def _values(
    request: Request, run: Run, launch: Launch | None, declared: Project | None
) -> Iterator[str]:
    """Every value that a parameter may come to have."""
    yield from request.overrides.values()
    yield from map(project.unquote, run.params.values())
    if launch is not None:
        yield from launch.parameters.values()
    for entry_point in declared.entry_points.values() if declared else ():
        for parameter in entry_point.parameters.values():
            yield parameter.default or ""


def _existing_paths(values: Iterable[str]) -> frozenset[str]:
    return frozenset(value for value in values if value.startswith("/") and _exists(value))


def _exists(path: str) -> bool:
    try:
        return Path(path).exists()
    except (OSError, ValueError):
        return False
