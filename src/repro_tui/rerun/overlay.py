"""An overlay environment: a real one, with the recorder in front.

It is a virtual environment whose own site-packages hold the recorder and one `.pth`
that starts it and then adds the site-packages of the real environment. A `.pth` is the
one hook that survives whatever an entry command does: `PYTHONPATH=src python -m train`
hides a sitecustomize of ours, and `-E` and `-I` ignore every variable, but only `-S`
turns `.pth` files off. The real environment is read, never written to.

A command that names another interpreter by its path (`uv run`, `mlflow run` in an
environment of its own) passes the overlay by. For it there is a second door: a folder on
PYTHONPATH whose sitecustomize starts the same recorder and then makes way for the one
behind it. Not caught: such a command that also sets PYTHONPATH, or ignores it.
"""

import json
import os
import shlex
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from repro_tui.errors import ReproError

PACKAGE = "repro_tui_recorder"
"""The recorder's name in the training process."""

OF_UV = ("UV", "UV_RUN_RECURSION_DEPTH")
"""Variables that tell the recorder what uv starts, and why: a process that is not started
by uv must not inherit them from whoever started repro-tui."""

# What the real interpreter tells of itself; any Python from 3.8 on understands it.
_QUESTION = """
import json, os, site, sys
print(json.dumps({
    "version": list(sys.version_info[:3]),
    "executable": sys.executable,
    "base": getattr(sys, "_base_executable", None) or sys.executable,
    "prefix": sys.prefix,
    "venv": sys.prefix != sys.base_prefix,
    "site": site.getsitepackages([sys.prefix]),
}))
"""
_DOOR = "door"
# Understood by any Python: one that the recorder is not written for is left alone.
_SITECUSTOMIZE = """\
import sys

if sys.version_info >= (3, 8):
    sys.path.insert(0, {packages!r})
    import {package}

    sys.path.remove({packages!r})
    {package}.start(sys.executable, sys.prefix)
sys.path[:] = [place for place in sys.path if place != {door!r}]
own = sys.modules.pop("sitecustomize")
try:
    import sitecustomize
except ImportError as error:
    sys.modules["sitecustomize"] = own
    if getattr(error, "name", "sitecustomize") != "sitecustomize":
        raise
"""
# Linux reads 127 bytes of a `#!` line before 5.1, 255 since; macOS 512.
_SHEBANG_LIMIT = 127


class _Real(Struct, frozen=True):
    """The environment that is overlaid."""

    version: tuple[int, int, int]
    executable: Path
    base: Path
    """The interpreter that a virtual environment was made from, or itself."""
    prefix: str
    is_venv: bool
    system_site: bool
    """Whether the system's and the person's site-packages are seen as well."""
    site_packages: tuple[str, ...]
    """The environment's own."""


def make(folder: Path, interpreter: Path) -> Path:
    """Make the overlay of `interpreter`'s environment in `folder`; return its `bin`.

    `folder` must not exist yet. Raises ReproError where the interpreter cannot be run
    or the folder cannot be written.
    """
    real = _ask(interpreter)
    scripts = folder / "bin"
    major, minor, _ = real.version
    packages = folder / "lib" / f"python{major}.{minor}" / "site-packages"
    try:
        scripts.mkdir(parents=True)
        packages.mkdir(parents=True)
        (folder / "pyvenv.cfg").write_text(
            f"home = {real.base.parent}\n"
            f"include-system-site-packages = {str(real.system_site).lower()}\n"
            f"version = {'.'.join(map(str, real.version))}\n",
            encoding="utf-8",
        )
        shutil.copytree(
            Path(__file__).parent / "recorder",
            packages / PACKAGE,
            ignore=shutil.ignore_patterns("__pycache__"),
        )
        (packages / f"{PACKAGE}.pth").write_text(_pth(real), encoding="utf-8")
        _make_door(folder / _DOOR, packages)
        for name in ("python", "python3", f"python{major}.{minor}"):
            (scripts / name).symlink_to(real.base)
        (scripts / "activate").write_text(_activate(folder), encoding="utf-8")
        _scripts(real, scripts)
    except OSError as error:
        raise ReproError(
            f"The overlay environment cannot be made: {error}.",
            "Make room, or name another folder.",
        ) from error
    return scripts


def variables(scripts: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """What leads the Pythons that `environment` would start into the overlay.

    `scripts` is the overlay's `bin`. The folders of `environment` come behind it.
    """
    door = str(scripts.parent / _DOOR)
    behind = environment.get("PYTHONPATH")
    return {
        "PATH": f"{scripts}{os.pathsep}{environment.get('PATH', os.defpath)}",
        # An empty entry would stand for the working directory.
        "PYTHONPATH": f"{door}{os.pathsep}{behind}" if behind else door,
    }


def _make_door(door: Path, packages: Path) -> None:
    door.mkdir()
    text = _SITECUSTOMIZE.format(package=PACKAGE, packages=str(packages), door=str(door))
    (door / "sitecustomize.py").write_text(text, encoding="utf-8")


def _ask(interpreter: Path) -> _Real:
    try:
        done = subprocess.run(
            [interpreter, "-I", "-c", _QUESTION], capture_output=True, timeout=60, check=True
        )
        told = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise ReproError(
            f"{interpreter} does not run as a Python interpreter: {error}.",
            "Choose another environment.",
        ) from error
    is_venv = told["venv"]
    return _Real(
        version=tuple(told["version"]),
        executable=Path(told["executable"]),
        base=Path(told["base"]),
        prefix=told["prefix"],
        is_venv=is_venv,
        system_site=not is_venv or _includes_system(Path(told["prefix"]) / "pyvenv.cfg"),
        site_packages=tuple(told["site"]) if is_venv else (),
    )


def _includes_system(configuration: Path) -> bool:
    """Read `pyvenv.cfg` as `site.py` does."""
    for line in configuration.read_text(encoding="utf-8").splitlines():
        key, _, value = line.partition("=")
        if key.strip().lower() == "include-system-site-packages":
            return value.strip().lower() == "true"
    return True


def _pth(real: _Real) -> str:
    """One line: `site` runs each line by itself, so that the order is this line's."""
    add = "".join(f"; site.addsitedir({path!r})" for path in real.site_packages)
    told = f"executable={str(real.executable)!r}, prefix={real.prefix!r}"
    return f"import site, {PACKAGE}; {PACKAGE}.start({told}){add}\n"


def _activate(folder: Path) -> str:
    """Enough of venv's script for a shell that runs one command and ends."""
    home = shlex.quote(str(folder))
    return (
        f"VIRTUAL_ENV={home}\nexport VIRTUAL_ENV\n"
        'PATH="$VIRTUAL_ENV/bin:$PATH"\nexport PATH\n'
        "unset PYTHONHOME\nhash -r 2>/dev/null || true\n"
    )


def _scripts(real: _Real, scripts: Path) -> None:
    """The real environment's commands, so that they run in the overlay.

    Console scripts get the overlay's interpreter. The rest is linked, but not out of a
    system's `bin`, which stays on the PATH anyway.
    """
    interpreters = {os.path.realpath(real.executable), os.path.realpath(real.base)}
    for entry in os.scandir(real.executable.parent):
        target = scripts / entry.name
        if not entry.is_file() or target.is_symlink() or target.exists():
            continue
        text = _console_script(Path(entry.path), interpreters)
        if text is not None:
            target.write_bytes(_shebang(scripts / "python") + text)
            target.chmod(0o755)
        elif real.is_venv and not entry.name.lower().startswith(("activate", "python")):
            target.symlink_to(entry.path)


def _console_script(path: Path, interpreters: set[str]) -> bytes | None:
    """The body of a script that one of these interpreters runs, without its `#!`.

    pip, uv and distlib write either `#!/path/python` or, for long paths and ones with
    spaces, a shell line that the interpreter takes for a string:
    `#!/bin/sh`, `'''exec' "/path/python" "$0" "$@"`, `' '''`.
    """
    try:
        with path.open("rb") as file:
            first = file.readline(_LINE)
            if not first.startswith(b"#!"):
                return None
            words = _words(first[2:])
            if words[:1] == ["/bin/sh"]:
                second = file.readline(_LINE)
                if not second.startswith(_EXEC) or file.readline(_LINE) != b"' '''\n":
                    return None
                if second.startswith(_RELOCATABLE):
                    return file.read()
                words = _words(second[len(_EXEC) :])
            place = Path(words[0]) if words else Path()
            own = place.parent == path.parent and os.path.realpath(place) in interpreters
            return file.read() if own else None
    except OSError:
        return None


_LINE = 4096
_EXEC = b"'''exec' "
# How uv's relocatable scripts name the interpreter in their own folder.
_RELOCATABLE = _EXEC + b'"$(dirname -- '


def _words(line: bytes) -> list[str]:
    try:
        return shlex.split(line.decode("utf-8"))
    except ValueError:
        return []


def _shebang(python: Path) -> bytes:
    line = f"#!{python}\n"
    if len(line.encode()) <= _SHEBANG_LIMIT and not any(c.isspace() for c in str(python)):
        return line.encode()
    return f"#!/bin/sh\n'''exec' {shlex.quote(str(python))} \"$0\" \"$@\"\n' '''\n".encode()
