"""A command of the person's own, recorded while it runs: `repro-tui record`.

It runs as it was typed, where it was typed, with their terminal. What it started with
(commit, uncommitted changes, lockfiles) is kept before it starts: they may go on working
on the code while it trains. The record is written then as well, so that it is there
whatever becomes of this process, and completed when the command has ended.
"""

import os
import secrets
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any

from msgspec import Struct

from repro_tui.errors import ReproError
from repro_tui.evidence import uncommitted
from repro_tui.evidence.repository import Repository
from repro_tui.evidence.tags import Tag
from repro_tui.evidence.tracking.discover import absolute, discover, sqlite_path
from repro_tui.rerun import determinism as switches
from repro_tui.rerun import devices, masking, overlay, record, runcontext
from repro_tui.rerun.mlflowrun import project_command
from repro_tui.rerun.model import Determinism, EnvManager, Fidelity, Plan
from repro_tui.settings import Settings


class Recording(Struct, frozen=True):
    """A command that has ended."""

    record_id: str
    folder: Path
    """Holds record.json and the files beside it."""
    exit_code: int
    """As a shell tells it: 128 and the signal's number where one ended the command."""
    noted: tuple[record.NotedRun, ...]
    """The MLflow runs that its processes were seen to make."""
    document: dict[str, Any]
    """What record.json holds."""


def run(
    words: Sequence[str],
    *,
    seed: int | None,
    determinism: Determinism,
    device: str,
    settings: Settings,
    folder: Path | None,
    tracking_uri: str | None,
) -> Recording:
    """Run a command to its end and record it, in `folder` or where repro-tui keeps records.

    `device` is empty where nothing is to be chosen, `tracking_uri` where the command
    finds its store by itself. Raises ReproError where the command
    or the recorder cannot be started; nothing has run then.
    """
    here = Path.cwd()
    now = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    record_id = f"{now}-{secrets.token_hex(3)}"
    folder = settings.state / "records" / record_id if folder is None else folder.absolute()
    if folder.exists():
        raise ReproError(f"{folder} exists already.", "Name a folder that does not.")
    present = [found.name for found in devices.devices()] if device else []
    if device not in ("", *present):
        raise ReproError(
            f"This machine has no device {device!r}.", f"Choose one of: {', '.join(present)}."
        )
    plan, unkept = _plan(words, here, seed, determinism, device, tracking_uri)
    launch = record.launch(plan) | {
        "unkept": unkept,
        "masked": list(words) != list(masking.command(words, os.environ)),
        "runs": [],
    }
    with _scratch(settings.cache / "recordings") as scratch:
        processes = Path(scratch) / "processes"
        processes.mkdir()
        scripts = overlay.make(Path(scratch) / "overlay", _interpreter(words))
        environment = {
            **{name: os.environ[name] for name in os.environ if name not in overlay.OF_UV},
            **plan.variables,
            **({"MLFLOW_TRACKING_URI": absolute(tracking_uri, here)} if tracking_uri else {}),
            **switches.recorder_variables(processes, seed, determinism, settings.variables),
            **runcontext.tagging({Tag.RECORD: record_id}, os.environ),
            **overlay.variables(scripts, os.environ),
        }
        files = record.keep_files(folder, here, plan.patch)
        start = _now()
        document = record.assemble(processes, launch, files, start, None, None)
        record.write(folder, document)
        try:
            code = _carried_out(words, environment)
        except OSError as error:
            shutil.rmtree(folder, ignore_errors=True)
            raise not_started(words, error) from error
        exit_code = code if code >= 0 else 128 - code
        document = record.assemble(processes, launch, files, start, _now(), exit_code)
        record.write(folder, document)
        noted = tuple(record.noted_runs(processes))
    return Recording(record_id, folder, exit_code, noted, document)


def not_started(words: Sequence[str], error: OSError) -> ReproError:
    """What to tell the person whose command the system could not start."""
    return ReproError(
        f"The command cannot be started: {words[0]}: {error.strerror}.",
        "Give it as you would without repro-tui, behind `--`.",
    )


def _scratch(folder: Path) -> "tempfile.TemporaryDirectory[str]":
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return tempfile.TemporaryDirectory(dir=folder)
    except OSError as error:
        raise ReproError(
            f"The recorder cannot be prepared: {error}.", f"Check that {folder} can be written."
        ) from error


# --- What it starts with -------------------------------------------------------------


def _plan(
    words: Sequence[str],
    here: Path,
    seed: int | None,
    determinism: Determinism,
    device: str,
    tracking_uri: str | None,
) -> tuple[Plan, str]:
    """The execution as a plan, and why its uncommitted changes cannot be kept, if so."""
    repository, commit, place, patch, unkept = "", "", "", "", ""
    try:
        found = Repository.open(here)
    except ReproError:
        top = None
    else:
        top, commit = found.root, found.head() or ""
    if top is not None and commit:
        repository, place = str(top), here.resolve().relative_to(top.resolve()).as_posix()
        try:
            content = uncommitted.patch(found, left_out=_stores(top, here, tracking_uri))
            patch = content.decode("utf-8", "surrogateescape")
        except ReproError as error:
            unkept = error.message
    project = project_command(words, here)
    if project is not None and top is not None and project.folder.is_relative_to(top.resolve()):
        place = project.folder.relative_to(top.resolve()).as_posix()
        entry_point, command = project.entry_point, project.command
        parameters, env_manager = project.parameters, project.env_manager
    else:
        entry_point, parameters, env_manager = "", {}, EnvManager.LOCAL
        command = shlex.join(masking.command(_portable(words, top, here), os.environ))
    plan = Plan(
        reexecutes=None,
        tracking_uri="",
        experiment_id="",
        run_name="",
        repository=repository,
        commit=commit,
        subdirectory="" if place == "." else place,
        patch=patch,
        entry_point=entry_point,
        command=command,
        parameters=parameters,
        env_manager=env_manager,
        device=device,
        seed=seed,
        determinism=determinism,
        variables=switches.variables(seed, determinism, device),
        fidelity=Fidelity.EXACT,
    )
    return plan, unkept


def _stores(top: Path, here: Path, tracking_uri: str | None) -> list[str]:
    """The database of the tracking store as a pattern of .gitignore, where it is in the tree."""
    try:
        path = sqlite_path(discover(tracking_uri, here).uri, here)
    except ReproError:
        return []
    if path is None or not path.resolve().is_relative_to(top.resolve()):
        return []
    inside = path.resolve().relative_to(top.resolve()).as_posix()
    literal = "".join(f"\\{c}" if c in "*?[\\ " else c for c in inside)
    return [f"/{literal}", f"/{literal}-*"]


def _portable(words: Sequence[str], top: Path | None, here: Path) -> list[str]:
    """The command as it can be run in a checkout of the repository.

    A program of a virtual environment is called by its name, and paths into the
    repository start from the folder that the command runs in: the checkout lies
    elsewhere, and has no environment in it.
    """
    first, *rest = words
    if _environment(first) is not None:
        name = Path(first).name
        first = "python" if name.startswith("python") else name
    if top is None:
        return [first, *rest]
    return [
        os.path.relpath(word, here)
        if os.path.isabs(word) and Path(word).is_relative_to(top)  # noqa: PTH117
        else word
        for word in (first, *rest)
    ]


def _environment(program: str) -> Path | None:
    """The interpreter of the virtual environment that a program, given by a path, is of."""
    place = Path(program).parent
    python = place / "python"
    known = "/" in program and python.exists() and (place.parent / "pyvenv.cfg").exists()
    return python if known else None


def _interpreter(words: Sequence[str]) -> Path:
    """What `python` means to the command."""
    found = _environment(words[0]) or shutil.which("python") or shutil.which("python3")
    return Path(found or sys.executable).absolute()


# --- Running -------------------------------------------------------------------------


def _carried_out(words: Sequence[str], environment: Mapping[str, str]) -> int:
    """The command's exit code, or minus the number of the signal that ended it."""
    process: list[subprocess.Popen[bytes]] = []

    def pass_on(number: int, _frame: FrameType | None) -> None:
        for each in process:
            each.send_signal(number)

    with _outlived(pass_on):
        process.append(subprocess.Popen(list(words), env=environment))
        return process[0].wait()


@contextmanager
def _outlived(pass_on: Any) -> Iterator[None]:
    """Signals end the command, not us: there is its record to keep.

    A terminal sends what is typed (Ctrl-C) to the command as well. What was ignored
    before, as `nohup` does it, stays so, for the command too.
    """
    typed = (signal.SIGINT, signal.SIGQUIT)
    handlers = {
        number: (lambda *_: None) if number in typed and _has_terminal() else pass_on
        for number in (*typed, signal.SIGTERM, signal.SIGHUP)
        if signal.getsignal(number) is not signal.SIG_IGN
    }
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _has_terminal() -> bool:
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True


def _now() -> int:
    """Milliseconds since the epoch."""
    return round(time.time() * 1000)
