"""Everything that a plan needs to know: from the store, from Git, from this machine.

Nothing is written and nothing of the run is executed.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

from packaging.utils import canonicalize_name

from repro_tui.errors import ReproError
from repro_tui.evidence.model import Run
from repro_tui.evidence.record import FOLDER, Launch, Record, read_record
from repro_tui.evidence.tracking import Reader
from repro_tui.rerun import machine, project
from repro_tui.rerun.determinism import recorded_threads
from repro_tui.rerun.devices import cores
from repro_tui.rerun.model import Device, Project, Request
from repro_tui.rerun.situation import Environment, Situation
from repro_tui.rerun.source import find_source
from repro_tui.settings import Settings


def survey(
    request: Request, reader: Reader, settings: Settings, devices: tuple[Device, ...]
) -> Situation:
    """Look up what stands around the run of the request.

    Raises ReproError where the store does not hold the run.
    """
    run = reader.run(request.run_id)
    record = _record(run, reader, settings)
    launch = record.launch if record is not None else None
    source = find_source(run, launch)
    interpreter = machine.interpreter()
    recorded = _recorded(record)
    active = {e.experiment_id for e in reader.experiments() if e.lifecycle_stage == "active"}
    declared = source.project.environment if source.project is not None else ""
    return Situation(
        run=run,
        tracking_uri=reader.uri,
        launch=launch,
        patch=_patch(record),
        recorded=recorded,
        experiment_active=run.experiment_id in active,
        migrates=machine.migrates(reader.uri),
        repository=source.repository.name if source.repository is not None else None,
        looked_in=source.looked_in,
        commit=source.commit,
        commit_found=source.found,
        subdirectory=source.subdirectory,
        entry_point=source.entry_point,
        script=source.script,
        project=source.project,
        project_problem=source.problem,
        tree=source.tree,
        left_out=source.left_out,
        paths=_existing_paths(_values(request, run, launch, source.project)),
        devices=devices,
        tools=machine.tools(docker=declared.startswith("docker_env")),
        interpreter=interpreter,
        environment=machine.environment(interpreter) if interpreter else None,
        threads=_threads(record),
        cores=cores(),
    )


# --- The original's record ---------------------------------------------------------


def _record(run: Run, reader: Reader, settings: Settings) -> Record | None:
    into = settings.cache / "records" / run.run_id / FOLDER
    folder = reader.fetch(f"{run.artifact_uri.rstrip('/')}/{FOLDER}", into)
    record = read_record(folder.parent) if folder is not None else None
    return record if isinstance(record, Record) else None


def _patch(record: Record | None) -> str | None:
    if record is None:
        return ""
    try:
        return record.patch()
    except ReproError:
        return None


def _recorded(record: Record | None) -> Environment | None:
    if record is None or record.packages is None or record.python is None:
        return None
    packages = {str(canonicalize_name(name)): version for name, version, _ in record.packages}
    return Environment(str(record.python.get("version", "")), packages)


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
