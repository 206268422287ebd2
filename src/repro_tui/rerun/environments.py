"""Environments that uv makes as a plan's `Rebuild` says. Kept by content, never half-built.

    <cache>/environments/<key>          whole, and as it was wanted; taken by any job
    <cache>/environments/<key>.<job>    being built, or not quite as it was wanted: for
                                        that job alone, removed when it has ended

uv's own settings hold (indexes, proxies, its cache); Pythons are never downloaded.
"""

import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace
from packaging.version import Version

from repro_tui.errors import ReproError
from repro_tui.rerun import machine
from repro_tui.rerun.model import Rebuild

_OF_PYTHON = "python is "
"""How the one difference starts that cannot go away: it is part of what was asked for."""
_REASON_LIMIT = 400
_SAID = 3
_ROUNDS = 20
"""Requirements that are left out, one after the other, before the whole is given up."""
# What would lead uv or a build to another environment than the one it is told.
_LEFT_OUT = ("PYTHONHOME", "PYTHONPATH", "UV_PROJECT_ENVIRONMENT", "UV_PYTHON", "VIRTUAL_ENV")


class Built(Struct, frozen=True):
    interpreter: Path
    differences: tuple[str, ...]
    """How the environment differs from what was wanted, and why; each a short clause."""


def build(rebuild: Rebuild, checkout: Path, cache: Path, job_id: str) -> Built:
    """Make the environment, or take one that was made of the same before.

    `checkout` holds the files of the commit. Raises ReproError where uv cannot make it.
    """
    folder = cache / "environments"
    folder.mkdir(parents=True, exist_ok=True)
    python = _find_python(rebuild, checkout, folder)
    key = _key(rebuild, checkout, python)
    kept, draft = folder / key, folder / f"{key}.{job_id}"
    if kept.is_dir():
        return _checked(rebuild, kept, {})
    # Relocatable: it is moved to its place when it is whole.
    _uv(["venv", "--quiet", "--relocatable", "--clear", "--python", python, str(draft)], folder)
    left_out = {}
    if rebuild.lockfile:
        _install_lockfile(checkout / rebuild.lockfile, draft)
    else:
        left_out = _install_requirements(rebuild, draft)
    built = _checked(rebuild, draft, left_out)
    if any(not difference.startswith(_OF_PYTHON) for difference in built.differences):
        return built
    try:
        draft.rename(kept)
    except OSError:
        # Another job has made the same one meanwhile.
        shutil.rmtree(draft, ignore_errors=True)
    return replace(built, interpreter=_interpreter(kept))


def sentence(built: Built | None) -> str:
    """How an environment differs from the original's, for a person; empty: not at all."""
    if built is None or not built.differences:
        return ""
    some = "; ".join(built.differences[:_SAID]) + ("; …" if len(built.differences) > _SAID else "")
    return f"The environment differs from the original's in {len(built.differences)}: {some}."


def discard(cache: Path, job_id: str) -> None:
    """Remove what was built for this job alone."""
    for draft in (cache / "environments").glob(f"*.{job_id}"):
        shutil.rmtree(draft, ignore_errors=True)


def install_folders(rebuild: Rebuild, checkout: Path, overlay: Path) -> None:
    """Install the packages of `rebuild.folders` in place into a job's overlay.

    What cannot be installed is put on the path, and the log says so.
    """
    for name in rebuild.folders:
        folder = checkout / name
        python = overlay / "bin" / "python"
        command = ["pip", "install", "--no-deps", "--python", str(python), "--editable"]
        try:
            _uv([*command, str(folder)], overlay)
        except ReproError as error:
            source = folder / "src" if (folder / "src").is_dir() else folder
            packages = next((overlay / "lib").glob("python*/site-packages"))
            # A number keeps two folders of one name apart.
            number = len(list(packages.glob("repro_tui_path*.pth")))
            (packages / f"repro_tui_path{number}.pth").write_text(f"{source}\n", encoding="utf-8")
            print(f"{name} is on the path, but not installed: {error.message}", flush=True)


def _find_python(rebuild: Rebuild, checkout: Path, folder: Path) -> str:
    """The interpreter; where its version is not known, the one that the project wants."""
    wanted = [rebuild.python] if rebuild.python else []
    place = (checkout / rebuild.lockfile).parent if rebuild.lockfile else folder
    return _uv(["python", "find", "--system", *wanted], place).strip()


def _interpreter(environment: Path) -> Path:
    return environment / "bin" / "python"


def _key(rebuild: Rebuild, checkout: Path, python: str) -> str:
    """The name of an environment by all that decides what is in it."""
    digest = hashlib.sha256()
    told = [rebuild.requirements, rebuild.resolve, rebuild.before, platform.platform()]
    digest.update(json.dumps([*told, _version(python)]).encode())
    if rebuild.lockfile:
        lockfile = checkout / rebuild.lockfile
        for file in (lockfile, lockfile.with_name("pyproject.toml")):
            digest.update(file.read_bytes() if file.is_file() else b"")
    return digest.hexdigest()[:32]


def _version(python: str) -> str:
    question = "import platform, sys; print(sys.executable, platform.python_version())"
    done = subprocess.run([python, "-I", "-c", question], capture_output=True, check=False)
    return done.stdout.decode(errors="replace")


# --- Installing --------------------------------------------------------------------


def _install_lockfile(lockfile: Path, draft: Path) -> None:
    python = str(_interpreter(draft))
    if lockfile.name == "uv.lock":
        command = ["sync", "--frozen", "--no-install-local", "--python", python]
        _uv(command, lockfile.parent, {"UV_PROJECT_ENVIRONMENT": str(draft)})
    else:
        hashes = [] if lockfile.name == "pylock.toml" else ["--require-hashes"]
        _uv(["pip", "sync", *hashes, "--python", python, lockfile.name], lockfile.parent)


def _install_requirements(rebuild: Rebuild, draft: Path) -> dict[str, str]:
    """Install them; return those that could not be, by name, with the reason.

    uv installs all or nothing and names the first obstacle: that one is replaced or left
    out, and it is asked again.
    """
    lines, before = list(rebuild.requirements), rebuild.before
    left_out: dict[str, str] = {}
    file = draft / "requirements.txt"
    for _ in range(_ROUNDS):
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        options = [] if rebuild.resolve else ["--no-deps"]
        options += ["--exclude-newer", before] if before else []
        python = str(_interpreter(draft))
        try:
            _uv(["pip", "install", *options, "--python", python, "-r", str(file)], draft)
        except ReproError as error:
            if before:
                # Not every index tells when its files were uploaded.
                before = ""
                left_out[""] = f"what they require is the newest, not that of {rebuild.before}"
                continue
            line = _obstacle(lines, error.message)
            if line is None or len(lines) == 1:
                raise
            public = _public(line)
            lines[lines.index(line)] = public
            if not public:
                lines.remove("")
                left_out[_name(line)] = " ".join(error.message.split())[:_REASON_LIMIT]
        else:
            return left_out
    raise ReproError(
        f"The original's environment cannot be made: {_ROUNDS} of its packages, and more, "
        "cannot be installed.",
        "Choose --env-manager local.",
    )


def _obstacle(lines: Sequence[str], message: str) -> str | None:
    """The requirement that uv names as what it cannot install; None: none, or several."""
    named = []
    for line in lines:
        wanted = line.split(" --hash")[0]
        if re.search(rf"(?<![\w.+-]){re.escape(wanted)}(?![\w.+-])", message) or re.search(
            rf"(?<![\w.+-]){re.escape(_name(line))} was not found in the package registry", message
        ):
            named.append(line)
    return named[0] if len(named) == 1 else None


def _public(line: str) -> str:
    """The requirement without the label of a build (`1.0+cpu`); empty: it has none."""
    name, _, version = line.split(" --hash")[0].partition("==")
    return f"{name}=={Version(version).public}" if version and Version(version).local else ""


def _name(line: str) -> str:
    return re.split(r"==| @ ", line, maxsplit=1)[0]


# --- What came of it ---------------------------------------------------------------


def _checked(rebuild: Rebuild, environment: Path, left_out: Mapping[str, str]) -> Built:
    """The environment as it tells of itself, against what was wanted."""
    interpreter = _interpreter(environment)
    found = machine.environment(str(interpreter))
    packages = {"python": found.python, **found.packages} if found is not None else {}
    differences = [left_out[""]] if "" in left_out else []
    for name, version in rebuild.wanted.items():
        if name not in packages:
            why = f" ({left_out[name]})" if name in left_out else ""
            differences.append(f"{name} {version} is missing{why}")
        elif packages[name] != version:
            differences.append(f"{name} is {packages[name]} instead of {version}")
    return Built(interpreter, tuple(differences))


def _uv(arguments: Sequence[str], folder: Path, more: Mapping[str, str] | None = None) -> str:
    """Run uv in `folder`; return what it prints. Its progress goes to the log."""
    variables = {name: value for name, value in os.environ.items() if name not in _LEFT_OUT}
    variables |= {"UV_PYTHON_DOWNLOADS": "never", "UV_NO_PROGRESS": "1", **(more or {})}
    try:
        done = subprocess.run(
            ["uv", *arguments], cwd=folder, env=variables, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    except OSError as error:
        raise ReproError(f"uv cannot be run: {error}.", "Install it: pip install uv.") from error
    print(done.stderr, end="", flush=True)
    if done.returncode:
        raise ReproError(
            f"uv could not make the original's environment: {done.stderr.strip()[-2000:]}",
            "Read the job's log, or choose --env-manager local.",
        )
    return done.stdout
