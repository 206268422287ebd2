"""Request x Situation -> Plan | Refusal: what exactly will run, or what is missing. Pure."""

import json
import posixpath
import re
from collections.abc import Mapping
from pathlib import PurePosixPath

from msgspec.structs import replace

from repro_tui.errors import ReproError
from repro_tui.evidence import address
from repro_tui.evidence.tags import Tag
from repro_tui.rerun import determinism as switches
from repro_tui.rerun import lacks, masking, project, rebuild, sbatch
from repro_tui.rerun.caveats import caveats
from repro_tui.rerun.devices import child_name
from repro_tui.rerun.model import (
    Backend,
    Determinism,
    EntryPoint,
    EnvManager,
    Fidelity,
    Lack,
    Plan,
    Project,
    Rebuild,
    Refusal,
    Request,
)
from repro_tui.rerun.situation import Situation

SEED_NAMES = ("seed", "random_seed", "random_state")
"""A declared parameter of one of these names is given a chosen seed."""
DEVICE_NAME = "device"
"""A declared parameter of this name is given a chosen device."""
SEED_UNKNOWN = "The original's seed is not known; what the code leaves unseeded starts from 0."
DEVICE_UNKNOWN = "The device of the original is not known; the CPU is used."

_NAME_SUFFIX = " (rerun)"
_DEVICE = re.compile(r"cpu|mps|cuda(:[0-9]+)?", re.ASCII)


def plan(request: Request, situation: Situation) -> Plan | Refusal:
    """The exact execution that `request` leads to, or everything that stands in its way."""
    missing = [
        *lacks.code(situation),
        *lacks.machine(situation),
        *lacks.data(situation),
        *lacks.numbers(request),
        *lacks.environment(request, situation),
    ]
    entry_point = None if missing else _entry_point(situation)
    if entry_point is None:
        return Refusal(tuple(missing or [lacks.no_entry_point(situation)]))

    original = _original_parameters(situation, entry_point)
    filled = project.fill(entry_point, original)
    device, device_caveat = _device(request, situation, filled)
    seed, seed_caveat = _seed(request, situation, filled)
    chosen = _chosen(request, entry_point, filled, device)
    parameters = project.fill(entry_point, original | chosen | dict(request.overrides))
    missing += lacks.backend(request, situation)
    missing += lacks.device(device, request, situation)
    missing += lacks.override(request, situation, entry_point, original)
    missing += lacks.value(entry_point, parameters, situation)
    if missing:
        return Refusal(tuple(missing))
    try:
        command = project.render(entry_point, parameters)
    except ReproError as error:
        return Refusal((Lack(error.message, error.hint),))

    run = situation.run
    rebuilt, rebuild_caveats = _rebuild(request, situation)
    said = (
        *caveats(request, situation, entry_point),
        *rebuild_caveats,
        seed_caveat,
        device_caveat,
    )
    made = Plan(
        reexecutes=run.run_id,
        tracking_uri=situation.tracking_uri,
        experiment_id=run.experiment_id,
        run_name=run.name.removesuffix(_NAME_SUFFIX) + _NAME_SUFFIX,
        repository=situation.repository or "",
        commit=situation.commit,
        subdirectory=situation.subdirectory,
        patch=situation.patch or "",
        entry_point=entry_point.name,
        command=command,
        parameters=parameters,
        # What a plain script logs, it logs by itself.
        params={} if situation.script else _logged(parameters, run.params),
        submodules=request.submodules,
        lfs=request.lfs,
        links=tuple(link.path for link in situation.links),
        env_manager=request.env_manager,
        interpreter=situation.interpreter,
        rebuild=rebuilt,
        build_image=situation.image != situation.run.tags.get(Tag.IMAGE, ""),
        backend=request.backend,
        backend_config=_backend_config(request, device),
        device=device,
        seed=seed,
        determinism=_determinism(request, situation),
        fidelity=_fidelity(situation),
        caveats=tuple(caveat for caveat in said if caveat),
        variables=_threads(request, situation),
        tags=_inherited_tags(situation),
    )
    return _complete(made)


def first(
    declared: Project,
    entry_point: str,
    parameters: Mapping[str, str],
    *,
    repository: str,
    commit: str,
    subdirectory: str = "",
    tracking_uri: str,
    experiment_id: str,
    run_name: str,
    interpreter: str,
    seed: int | None,
    determinism: Determinism = Determinism.SEED,
    device: str = "cpu",
    env_manager: EnvManager = EnvManager.LOCAL,
) -> Plan:
    """A plan for a first execution: the same launcher, no original to compare with.

    Raises ReproError where the entry point is unknown or a parameter has no value.
    """
    found = project.find_entry_point(declared, entry_point)
    if found is None:
        raise ReproError(f"The project has no entry point {entry_point!r}.")
    made = Plan(
        reexecutes=None,
        tracking_uri=tracking_uri,
        experiment_id=experiment_id,
        run_name=run_name,
        repository=repository,
        commit=commit,
        subdirectory=subdirectory,
        patch="",
        entry_point=entry_point,
        command=project.render(found, parameters),
        parameters=project.fill(found, parameters),
        params=project.fill(found, parameters),
        env_manager=env_manager,
        interpreter=interpreter,
        device=device,
        seed=seed,
        determinism=determinism,
        fidelity=Fidelity.EXACT,
        variables={},
    )
    return _complete(made)


def _complete(plan: Plan) -> Plan:
    """Add the variables and tags that follow from the rest. Those it has already win."""
    scheme = "" if address.is_remote(plan.repository) else "file://"
    folder = f"#{plan.subdirectory}" if plan.subdirectory else ""
    local = plan.env_manager is EnvManager.LOCAL
    own = {
        # The place that is kept, never the throw-away checkout that really runs.
        Tag.SOURCE_NAME: f"{scheme}{masking.url(plan.repository)}{folder}",
        Tag.SOURCE_TYPE: "PROJECT",
        Tag.PROJECT_ENV: "" if local else plan.env_manager.value,
        Tag.GIT_COMMIT: plan.commit,
        Tag.ENTRY_POINT: plan.entry_point,
        Tag.SEED: "" if plan.seed is None else str(plan.seed),
        Tag.DEVICE: plan.device,
        Tag.DETERMINISM: plan.determinism.value,
        Tag.DIRTY: "true" if plan.patch else "false",
        Tag.REEXECUTES: plan.reexecutes or "",
        **plan.tags,
    }
    return replace(
        plan,
        variables={
            **switches.variables(plan.seed, plan.determinism, plan.device),
            **plan.variables,
        },
        tags={name: value for name, value in own.items() if value},
    )


# --- What the original was ---------------------------------------------------------


def _fidelity(situation: Situation) -> Fidelity:
    if situation.launch is not None:
        return Fidelity.EXACT
    return Fidelity.RECONSTRUCTED if situation.script else Fidelity.DECLARED


def _rebuild(request: Request, situation: Situation) -> tuple[Rebuild | None, tuple[str, ...]]:
    if request.env_manager is not EnvManager.ORIGINAL or situation.image:
        return None, ()
    return rebuild.rebuild(situation)


def _entry_point(situation: Situation) -> EntryPoint | None:
    declared, name = situation.project, situation.entry_point
    if situation.launch is not None and situation.launch.verbatim:
        return project.verbatim(situation.launch.command)
    if situation.script and declared is not None:
        for entry_point in declared.entry_points.values():
            if project.runs_script(entry_point, name):
                return entry_point
    found = project.find_entry_point(declared, name)
    if found is None or (declared is not None and name in declared.entry_points):
        return found
    script = posixpath.normpath(posixpath.join(situation.subdirectory, name))
    if script not in situation.tree:
        return None
    # MLflow records the script as it was typed, but the whole path where Python found it.
    whole = PurePosixPath(situation.run.tags.get(Tag.SOURCE_NAME, "")).is_absolute()
    as_module = project.as_module(script, situation.tree) if whole and situation.script else None
    return as_module or found


def _original_parameters(situation: Situation, entry_point: EntryPoint) -> dict[str, str]:
    """What the original's process received. What its script logged by itself is left out."""
    if situation.launch is not None:
        return dict(situation.launch.parameters)
    params = situation.run.params
    return {
        name: params[name] if situation.script else project.unquote(params[name])
        for name in entry_point.parameters
        if name in params
    }


def _logged(parameters: Mapping[str, str], original: Mapping[str, str]) -> dict[str, str]:
    """The parameters as the new run logs them: spelled as in the original where equal.

    Spelled otherwise they would look changed in a comparison. A script that logs the
    same params meets what it met then.
    """
    spelled = {(name, project.unquote(value)): value for name, value in original.items()}
    return {name: spelled.get((name, value), value) for name, value in parameters.items()}


def _inherited_tags(situation: Situation) -> dict[str, str]:
    """Tags that say where the code came from, as the original has them."""
    names = [Tag.GIT_BRANCH, Tag.GIT_REPO_URL]
    if not situation.script:
        names += [Tag.SOURCE_NAME, Tag.SOURCE_TYPE]
    tags = situation.run.tags
    return {name: tags[name] for name in names if name in tags}


# --- What is chosen ----------------------------------------------------------------


def _seed(
    request: Request, situation: Situation, parameters: Mapping[str, str]
) -> tuple[int | None, str]:
    """The seed, and a caveat where it is nobody's choice."""
    if request.determinism is Determinism.OFF:
        return None, ""
    if request.seed is not None:
        return request.seed, ""
    if situation.launch is not None and situation.launch.seed is not None:
        return situation.launch.seed, ""
    for name in SEED_NAMES:
        value = parameters.get(name, "")
        if value.isascii() and value.isdecimal() and int(value) < lacks.SEED_LIMIT:
            return int(value), ""
    return 0, SEED_UNKNOWN


def _determinism(request: Request, situation: Situation) -> Determinism:
    """Never less than the original had: without its switches it would be another execution."""
    if request.determinism is not None:
        return request.determinism
    strict = situation.launch is not None and situation.launch.determinism == Determinism.STRICT
    return Determinism.STRICT if strict else Determinism.SEED


def _device(
    request: Request, situation: Situation, parameters: Mapping[str, str]
) -> tuple[str, str]:
    """The device, and a caveat where it is nobody's choice."""
    recorded = situation.launch.device if situation.launch else parameters.get(DEVICE_NAME, "")
    for device in (request.device, recorded):
        if device is not None and (device == request.device or _DEVICE.fullmatch(device)):
            return ("cuda:0" if device == "cuda" else device), ""
    return "cpu", DEVICE_UNKNOWN


def _backend_config(request: Request, device: str) -> str:
    if request.backend == Backend.SLURM:
        options = sbatch.options(json.loads(request.backend_config))
        return json.dumps(sbatch.with_device(options, device))
    return request.backend_config


def _threads(request: Request, situation: Situation) -> Mapping[str, str]:
    return situation.threads if request.threads is None else switches.threads(request.threads)


def _chosen(
    request: Request, entry_point: EntryPoint, parameters: Mapping[str, str], device: str
) -> dict[str, str]:
    """The declared parameters that a chosen seed or device sets."""
    chosen = {}
    if request.seed is not None:
        chosen = {name: str(request.seed) for name in SEED_NAMES if name in entry_point.parameters}
    if DEVICE_NAME in entry_point.parameters:
        value = parameters.get(DEVICE_NAME, "")
        # The process sees the chosen device alone, and so as the first of its kind.
        seen = child_name(device)
        same = value in (seen, seen.partition(":")[0])
        if (request.device is not None or _DEVICE.fullmatch(value)) and not same:
            chosen[DEVICE_NAME] = seen
    return chosen
