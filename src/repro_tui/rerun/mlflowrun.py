"""`mlflow run …` as a person types it: which project, entry point and parameters."""

import argparse
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import NoReturn

from msgspec import Struct, field

from repro_tui.errors import ReproError
from repro_tui.evidence.files import read_text
from repro_tui.rerun import project
from repro_tui.rerun.model import EntryPoint, EnvManager, Project


class ProjectCommand(Struct, frozen=True):
    """One call of `mlflow run` on a folder of this machine."""

    folder: Path
    """Of the project, absolute."""
    entry_point: str
    command: str
    """What the entry point becomes, as the process receives it."""
    parameters: dict[str, str] = field(default_factory=dict)
    """With the defaults of those that were not given."""
    env_manager: EnvManager = EnvManager.VIRTUALENV


def project_command(words: Sequence[str], here: Path) -> ProjectCommand | None:
    """What `mlflow run` started in the folder `here` would run.

    None: the command is another one, or a project that is not simply a folder of this
    machine as it stands (a Git URI, `--version`, Docker, an MLproject that cannot be
    read), or one that MLflow will refuse.
    """
    arguments = _arguments(words)
    if arguments is None:
        return None
    try:
        told, rest = _parser().parse_known_args(arguments)
    except ReproError:
        return None
    folder = here / told.uri
    if rest or told.version or not folder.is_dir() or "#" in told.uri:
        return None
    given = dict(one.split("=", 1) for one in told.param_list if "=" in one)
    try:
        declared = _declared(folder)
        entry_point = project.find_entry_point(declared, told.entry_point)
        if entry_point is None or (declared and declared.environment.startswith("docker_env")):
            return None
        return _called(folder.resolve(), entry_point, given, EnvManager(told.env_manager))
    except (ReproError, ValueError):
        return None


def _called(
    folder: Path, entry_point: EntryPoint, given: dict[str, str], env_manager: EnvManager
) -> ProjectCommand:
    return ProjectCommand(
        folder,
        entry_point.name,
        project.render(entry_point, given),
        project.fill(entry_point, given),
        env_manager,
    )


def _declared(folder: Path) -> Project | None:
    for path in sorted(folder.iterdir()):
        if path.name.lower() == project.FILE_NAME:
            return project.parse(read_text(path, project.SIZE_LIMIT))
    return None


def _arguments(words: Sequence[str]) -> list[str] | None:
    """Of `mlflow run …` or `python -m mlflow run …`; None: it is another command."""
    names = [PurePosixPath(word).name for word in words[:4]]
    if names[:2] == ["mlflow", "run"]:
        return list(words[2:])
    if names[:1] and names[0].startswith("python") and names[1:] == ["-m", "mlflow", "run"]:
        return list(words[4:])
    return None


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise ReproError(message)


def _parser() -> argparse.ArgumentParser:
    """The options of `mlflow run` that bear on what runs, and those that take a value."""
    parser = _Parser(add_help=False, allow_abbrev=False)
    parser.add_argument("uri")
    parser.add_argument("-e", "--entry-point", default="main")
    parser.add_argument("-v", "--version")
    parser.add_argument("-P", "--param-list", action="append", default=[])
    parser.add_argument("--env-manager", default=EnvManager.VIRTUALENV)
    for name in ("--experiment-name", "--experiment-id", "--run-name", "--storage-dir"):
        parser.add_argument(name)
    return parser
