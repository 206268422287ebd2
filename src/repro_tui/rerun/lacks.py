"""What stands in the way of a re-execution, each thing with its remedy. Pure."""

import json
import posixpath
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from repro_tui.errors import ReproError
from repro_tui.evidence import address
from repro_tui.evidence.record import Launch
from repro_tui.evidence.tags import Tag
from repro_tui.rerun import masking, rebuild, sbatch
from repro_tui.rerun.model import Backend, EntryPoint, EnvManager, Lack, Request
from repro_tui.rerun.situation import Situation, Standing
from repro_tui.text import size

_INSTALL = {
    EnvManager.UV: ("uv is", "Install it (pip install uv)"),
    EnvManager.VIRTUALENV: ("virtualenv needs pyenv, which is", "Install pyenv"),
    EnvManager.CONDA: ("conda is", "Install it (Miniforge brings it)"),
}
SEED_LIMIT = 2**32
"""NumPy's legacy generator takes no seed from here on."""
_MOST_THREADS = 4096
"""More than that is a slip of the finger; libraries crash on it."""


def code(situation: Situation) -> Iterator[Lack]:
    commit, run = situation.commit, situation.run
    if not commit:
        yield Lack(
            f"The run {run.run_id} does not tell its Git commit.",
            "Only runs that were started inside a Git repository can be re-executed.",
        )
    elif not situation.commit_found:
        yield from _no_code(situation)
    elif situation.launch is not None and situation.launch.verbatim:
        yield from _command(situation.launch, run.run_id)
    elif situation.project_problem:
        yield Lack(situation.project_problem, "The commit cannot be changed: choose another run.")
    elif situation.script and not situation.entry_point:
        name = run.tags.get(Tag.SOURCE_NAME, "")
        yield Lack(
            f"The script {name!r} of the run is not in the commit {commit}.",
            "It can only be re-executed from a commit that holds it.",
        )


def _no_code(situation: Situation) -> Iterator[Lack]:
    """The commit is not here: where it was looked for, and how to say where it is."""
    named = masking.url(situation.run.tags.get(Tag.SOURCE_NAME, ""))
    old = address.split(situation.launch.repository if situation.launch else named)[0]
    remedy = "Name a clone that has it: --repository PATH."
    if "/" in old:
        # A script as it was typed names no place that could be mapped.
        remedy = (
            "Name a clone that has it, --repository PATH, or map it for good in the settings: "
            f"[[repositories]] from = {json.dumps(old)}, to = the path or URL now."
        )
    for reason in situation.unreachable:
        yield Lack(reason, remedy)
    looked_in = ", ".join(situation.looked_in)
    if situation.unreachable:
        return
    if situation.repository is None:
        where = f" (looked in: {looked_in})"
        yield Lack(f"The Git repository of {named!r} is not on this machine{where}.", remedy)
    else:
        yield Lack(
            f"The commit {situation.commit} is not in {looked_in}.",
            f"Fetch it (`git fetch --all`). {remedy}",
        )


def _command(launch: Launch, run_id: str) -> Iterator[Lack]:
    """What keeps a recorded command from being run again."""
    if launch.masked:
        yield Lack(
            "The recorded command held secrets, which were not recorded.",
            "Record it again with the secrets in environment variables.",
        )
    if run_id in launch.runs[1:]:
        yield Lack(
            f"The command of the run {run_id} started {len(launch.runs)} runs, and this is "
            f"number {launch.runs.index(run_id) + 1}.",
            f"Re-execute the first, which runs them all: {launch.runs[0]}.",
        )


def machine(situation: Situation) -> Iterator[Lack]:
    if not situation.experiment_active:
        yield Lack(
            f"The run's experiment {situation.run.experiment_name!r} was deleted.",
            "Restore it: mlflow experiments restore.",
        )
    if situation.migrates:
        yield Lack(
            "The store was written by an older MLflow: a new run would migrate its schema, "
            "and that MLflow could no longer open it.",
            f"Keep a copy, then migrate it yourself: mlflow db upgrade {situation.tracking_uri}",
        )


def environment(request: Request, situation: Situation) -> Iterator[Lack]:
    manager = request.env_manager
    declared = situation.project.environment if situation.project else ""
    if situation.image:
        yield from _docker(request, situation)
    elif manager is EnvManager.LOCAL:
        if not situation.interpreter:
            yield Lack("No `python` is on PATH.", "Activate the project's environment first.")
        elif situation.environment and not (
            situation.migrates or situation.standing is Standing.FITS
        ):
            version = situation.environment.packages.get("mlflow", "")
            yield Lack(rebuild.unfit(version, situation.standing), rebuild.SERVE)
    elif manager is EnvManager.ORIGINAL:
        yield from rebuild.lacks(situation)
    elif manager.value not in situation.tools:
        what, remedy = _INSTALL[manager]
        yield Lack(
            f"The environment manager {what} not installed.",
            f"{remedy}, or choose --env-manager local.",
        )
    elif manager is EnvManager.CONDA and situation.launch and situation.launch.verbatim:
        yield Lack(
            "conda runs entry points of projects, and the run was recorded as a command.",
            "Choose --env-manager local.",
        )
    elif manager is EnvManager.CONDA and declared.startswith("python_env"):
        yield Lack(
            "The project declares a python_env, which conda does not make.",
            "Choose --env-manager uv or virtualenv.",
        )
    else:
        yield from _python(manager, situation)


def _docker(request: Request, situation: Situation) -> Iterator[Lack]:
    if "docker" not in situation.tools:
        yield Lack("The project needs Docker, and no Docker daemon answers.", "Start one.")
    if request.env_manager is not EnvManager.LOCAL:
        yield Lack(
            "The project runs in a Docker image, which no environment manager makes.",
            "Leave --env-manager away.",
        )
    if request.device == "mps":
        yield Lack("A Docker container has no MPS.", "Choose --device cpu.")


def _python(manager: EnvManager, situation: Situation) -> Iterator[Lack]:
    """The Python that the project's file asks for. conda brings its own."""
    wanted = situation.declared.python
    fits = [one for one in situation.pythons if f"{one}.".startswith(f"{wanted}.")]
    if wanted and not fits and manager is not EnvManager.CONDA:
        by = "uv" if manager is EnvManager.UV else "pyenv"
        found = ", ".join(situation.pythons) or "none"
        yield Lack(
            f"The project asks for Python {wanted}, which {by} does not find here "
            f"(it finds: {found}).",
            f"Install it ({by} {'python ' if by == 'uv' else ''}install {wanted}), "
            "or choose --env-manager local.",
        )


def numbers(request: Request) -> Iterator[Lack]:
    if request.seed is not None and not 0 <= request.seed < SEED_LIMIT:
        yield Lack(
            f"The seed {request.seed} is out of range.",
            f"Give one from 0 to {SEED_LIMIT - 1}.",
        )
    if request.threads is not None and not 1 <= request.threads <= _MOST_THREADS:
        yield Lack(
            f"Nothing can compute with {request.threads} threads.",
            f"Give a number from 1 to {_MOST_THREADS}.",
        )


def data(situation: Situation) -> Iterator[Lack]:
    for link in situation.links:
        if link.problem:
            yield Lack(
                f"The data {link.path!r} {link.problem}.",
                "Link what Git ignores, by its path from the top of the repository.",
            )
    wanted = sum(link.size for link in situation.links)
    if wanted > situation.room:
        yield Lack(
            f"The data to link holds {size(wanted)}, and {size(situation.room)} are free.",
            "Make room where the cache is (REPRO_TUI_CACHE_DIR), or link less.",
        )


def backend(request: Request, situation: Situation) -> Iterator[Lack]:
    """Whether the backend can be handed this plan, as far as can be told from here."""
    if request.backend == Backend.SLURM:
        if "slurm" not in situation.tools:
            yield Lack(
                "Slurm's commands are not installed on this machine.",
                "Run repro-tui on a machine that submits to the cluster.",
            )
        try:
            sbatch.options(json.loads(request.backend_config))
        except ReproError as error:
            yield Lack(error.message, error.hint)
    elif not Backend.is_ours(request.backend):
        launch = situation.launch
        if situation.script or (launch is not None and not launch.entry_point):
            yield Lack(
                f"The backend {request.backend} runs MLflow Projects; this run is a command's.",
                "Choose the backend local or slurm.",
            )


def device(device: str, request: Request, situation: Situation) -> Iterator[Lack]:
    if request.backend != Backend.LOCAL:
        # What others have they alone know; they refuse what they have not.
        return
    present = [found.name for found in situation.devices]
    if device not in present:
        yield Lack(
            f"This machine has no device {device!r}.",
            f"Choose one of: {', '.join(present)}.",
        )


def no_entry_point(situation: Situation) -> Lack:
    if situation.project is None:
        folder = f" in {situation.subdirectory}" if situation.subdirectory else ""
        what = f"There is no MLproject{folder} at the commit {situation.commit}."
        return Lack(what, "Choose another run.")
    names = ", ".join(situation.project.entry_points) or "none"
    return Lack(
        f"The MLproject at the commit has no entry point {situation.entry_point!r}.",
        f"It declares: {names}.",
    )


def override(
    request: Request,
    situation: Situation,
    entry_point: EntryPoint,
    original: Mapping[str, str],
) -> Iterator[Lack]:
    """A name that neither MLproject nor the run knows is a slip of the pen.

    A plain script declares nothing: whatever is given becomes an argument of it.
    """
    if not entry_point.name:
        for name in request.overrides:
            yield Lack(
                f"The run was recorded as a command, which declares no parameter {name!r}.",
                "Run the command yourself with another value: repro-tui record -- COMMAND.",
            )
        return
    if situation.script:
        return
    known = list(dict.fromkeys([*entry_point.parameters, *original, *situation.run.params]))
    for name in request.overrides:
        if name not in known:
            yield Lack(
                f"{entry_point.name!r} has no parameter {name!r} to override.",
                f"It has: {', '.join(known)}." if known else "It has none.",
            )


def value(
    entry_point: EntryPoint, parameters: Mapping[str, str], situation: Situation
) -> Iterator[Lack]:
    for name, parameter in entry_point.parameters.items():
        if name not in parameters:
            yield Lack(
                f"The value of the parameter {name!r} is not recorded, and it has no default.",
                f"Give it: -P {name}=…",
            )
        elif parameter.type == "path" and not _path_found(parameters[name], situation):
            yield Lack(
                f"The path {parameters[name]!r} of the parameter {name!r} is neither in the "
                "project at the commit nor on this machine.",
                f"Give the absolute path of a copy: -P {name}=…, or, where Git ignores it, "
                "link it: --link PATH.",
            )


def _path_found(path: str, situation: Situation) -> bool:
    if PurePosixPath(path).is_absolute():
        return path in situation.paths
    inside = posixpath.normpath(posixpath.join(situation.subdirectory, path))
    added = f"\n+++ b/{inside}\n" in (situation.patch or "")
    linked = any(PurePosixPath(inside).is_relative_to(link.path) for link in situation.links)
    return inside == "." or inside in situation.tree or added or linked
