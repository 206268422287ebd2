"""What a person should know before a re-execution that can be done. Pure."""

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from repro_tui.evidence.record import Launch
from repro_tui.evidence.tags import Tag
from repro_tui.rerun.model import Backend, EntryPoint, EnvManager, Request
from repro_tui.rerun.situation import Situation
from repro_tui.text import plural, size

_PARAM_LIMIT = 6000
"""MLflow cuts longer values of params off."""


def caveats(request: Request, situation: Situation, entry_point: EntryPoint) -> Iterator[str]:
    run = situation.run
    if not run.finished:
        yield f"The original has not ended: its status is {run.status}."
    elif run.status != "FINISHED":
        yield f"The original did not end well: its status is {run.status}."
    if situation.launch is None:
        yield from _unrecorded(situation, entry_point)
    else:
        yield from _recorded(situation.launch, situation.patch)
    yield from _commit(situation)
    yield from _data(situation)
    yield from _backend(request)
    yield from _surroundings(request.env_manager, situation)
    if request.threads is not None and situation.cores and request.threads > situation.cores:
        yield (
            f"This machine has {plural(situation.cores, 'core')}: PyTorch computes with no more "
            "threads than that, other libraries with as many as asked for."
        )


def _backend(request: Request) -> Iterator[str]:
    if not Backend.is_ours(request.backend):
        yield (
            f"On {request.backend} nothing is seeded or recorded by repro-tui: only the "
            "variables and the parameters go along."
        )


def _surroundings(manager: EnvManager, situation: Situation) -> Iterator[str]:
    image = situation.image
    if image:
        yield "Inside the container nothing is seeded or recorded by repro-tui."
        ran = situation.run.tags.get(Tag.IMAGE, "")
        if ran == image:
            yield f"The code is what the image {image} holds, as then, and not the commit's."
        elif not ran:
            yield (
                f"Whether the original ran the image {image} as it is, is not recorded: one is "
                "built of it with the commit's files."
            )
    elif manager is EnvManager.LOCAL:
        yield _environment(situation)
        yield from _editable(situation)
    elif manager in (EnvManager.UV, EnvManager.VIRTUALENV):
        yield from _declared(manager, situation)


def _commit(situation: Situation) -> Iterator[str]:
    if situation.own_store:
        yield (
            f"{_some(situation.own_store)} sets a tracking URI of its own: a store beside the code "
            "is taken for this one; where it is another, the run that is made here is not found "
            "there, and the command fails."
        )
    if situation.left_out:
        yield f"The checkout leaves out: {_some(situation.left_out)}."


def _data(situation: Situation) -> Iterator[str]:
    for link in situation.links:
        yield (
            f"{link.path} is copied as it is now ({plural(link.files, 'file')}, "
            f"{size(link.size)}): whether it was the same then is not recorded."
        )
    for path in situation.launch.links if situation.launch else ():
        if path not in [link.path for link in situation.links]:
            yield f"The original was given {path} from a working tree: ask for it, --link {path}."


def _recorded(launch: Launch, patch: str | None) -> Iterator[str]:
    if patch is None:
        yield (
            "The original ran with uncommitted changes whose text is lost: "
            "the commit runs without them."
        )
    elif patch:
        yield "The original's uncommitted changes are applied to the commit."
    if len(launch.runs) > 1:
        yield f"The command starts {len(launch.runs)} runs; this one, the first, is compared."


def _unrecorded(situation: Situation, entry_point: EntryPoint) -> Iterator[str]:
    run = situation.run
    dirty = run.tags.get(Tag.DIRTY)
    if dirty == "true":
        yield (
            "The original ran with uncommitted changes that nobody recorded: "
            "the commit runs without them."
        )
    elif dirty != "false":
        yield "Whether the original had uncommitted changes is not recorded."
    logged = [name for name in run.params if name not in entry_point.parameters]
    if situation.script and run.parent_run_id is not None:
        yield (
            f"The original is a part of the run {run.parent_run_id}, made by the same process: the "
            "whole script runs, and the new run is its first. Re-execute that one instead."
        )
    if situation.script:
        yield (
            "The original was a plain script: its arguments, its working folder and its "
            "environment are not recorded. Give arguments: -P NAME=VALUE."
        )
        if " -m " in entry_point.command and entry_point.name.endswith(".py"):
            yield "It lies in a package, and was recorded as if started by python -m: so is this."
    elif logged:
        yield (
            f"Params that MLproject does not declare are not passed on: {_some(logged)}. "
            "Give those that were arguments: -P NAME=VALUE."
        )
    for name in entry_point.parameters:
        if name not in run.params:
            yield f"The parameter {name!r} is not recorded; its default is used."
        elif len(run.params[name]) >= _PARAM_LIMIT:
            yield f"The parameter {name!r} may have been cut off when it was recorded."


def _environment(situation: Situation) -> str:
    recorded, local = situation.recorded, situation.environment
    if recorded is None or local is None:
        return "Whether this Python environment is the original's is not known."
    then, now = recorded.packages, local.packages
    names = [name for name in {*then, *now} if then.get(name) != now.get(name)]
    # What changed or is gone can change results; what came along seldom does.
    names.sort(key=lambda name: (name not in then, _weight(name)))
    differing = [
        f"{name} {now.get(name, 'absent')} (was {then.get(name, 'absent')})" for name in names
    ]
    if recorded.python != local.python:
        differing.insert(0, f"Python {local.python} (was {recorded.python})")
    if not differing:
        return ""
    said = f"This environment differs from the original's in {len(differing)}: {_some(differing)}."
    return f"{said} --env-manager original makes it again." if "uv" in situation.tools else said


_WEIGHTY = (
    "torch", "tensorflow", "jax", "jaxlib", "keras", "xgboost", "xgboost-cpu", "lightgbm",
    "scikit-learn", "numpy", "scipy", "pandas", "transformers", "mlflow", "mlflow-skinny",
)  # fmt: skip


def _weight(name: str) -> tuple[int, str]:
    """What computes comes first, the rest by name."""
    return _WEIGHTY.index(name) if name in _WEIGHTY else len(_WEIGHTY), name


def _declared(manager: EnvManager, situation: Situation) -> Iterator[str]:
    declared = situation.declared
    if not declared.found:
        yield (
            "The project declares no environment that uv or pip could make: MLflow makes an "
            "empty one."
        )
    if declared.unpinned:
        yield (
            "The project does not fix the versions of everything that it requires "
            f"({_some(declared.unpinned)}), and MLflow keeps environments by the text of the "
            "requirements: it takes the one it made first, however old, or else the newest."
        )
    if manager is EnvManager.VIRTUALENV and declared.python.count(".") < 2:
        yield (
            f"MLflow asks pyenv for the newest Python {declared.python}".rstrip()
            + ", and has it built where it is not installed."
        )


def _editable(situation: Situation) -> Iterator[str]:
    """Packages whose code does not come from the commit, although it could."""
    for name, folder in situation.environment.editable.items() if situation.environment else ():
        if PurePosixPath(folder).is_relative_to(situation.repository or "/"):
            yield (
                f"The environment imports {name} from {folder} as it is there now, "
                "not as it was at the commit."
            )


def _some(things: Sequence[str]) -> str:
    return ", ".join(things[:5]) + (", …" if len(things) > 5 else "")
