"""Guild and DVC: installed in environments of their own, and given the same work as we."""

import shutil
import subprocess
from pathlib import Path

from benchmarks.speed.ground import Ground
from benchmarks.speed.project import COMMITS, Project, project

_LOCKS = Path(__file__).parent / "locks"


def program(ground: Ground, name: str) -> str:
    """The peer's command, installed from its lock unless it is there."""
    place = ground.folder / "environments" / name
    done = place / "installed"
    lock = (_LOCKS / f"{name}.txt").read_text(encoding="utf-8")
    if not done.exists() or done.read_text(encoding="utf-8") != lock:
        _run("uv", "venv", "--quiet", "--clear", "--python", ">=3.11,<3.14", str(place))
        _run(
            "uv", "pip", "sync", "--quiet", "--require-hashes", "--python", str(place),
            str(_LOCKS / f"{name}.txt"),
        )  # fmt: skip
        done.write_text(lock, encoding="utf-8")
    return str(place / "bin" / name)


def version(ground: Ground, name: str) -> str:
    """What the peer says that its version is."""
    said = _run(program(ground, name), "--version", variables=ground.variables())
    return said.split()[-1]


def guild_runs(ground: Ground) -> tuple[str, str]:
    """The ids of two ordinary runs of Guild: one at each commit of the project."""
    guild = program(ground, "guild")
    home = ground.folder / "guild"
    made = home / "ordinary"
    if not made.exists():
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir()
        at = project(ground)
        for commit in COMMITS:
            at.checkout(commit)
            _run(guild, "run", "-y", "train", at=at.folder, variables=ground.variables())
        runs = sorted((home / "runs").iterdir(), key=lambda run: run.stat().st_ctime_ns)
        made.write_text("\n".join(run.name for run in runs), encoding="utf-8")
    left, right = made.read_text(encoding="utf-8").split()
    return left, right


def many_guild_runs(ground: Ground, count: int) -> Path:
    """A home of Guild with `count` runs: one that it made, copied."""
    home = ground.folder / f"guild-{count}"
    if not home.exists():
        original = ground.folder / "guild" / "runs" / guild_runs(ground)[0]
        partial = home.with_suffix(".partial")
        shutil.rmtree(partial, ignore_errors=True)
        for number in range(count):
            run = partial / "runs" / f"{number:032x}"
            shutil.copytree(original, run)
            attributes = run / ".guild" / "attrs"
            (attributes / "id").write_text(run.name, encoding="utf-8")
            started = int((attributes / "started").read_text(encoding="utf-8"))
            (attributes / "started").write_text(str(started + number), encoding="utf-8")
        partial.rename(home)
    return home


def dvc_repository(ground: Ground) -> Project:
    """The project, in which DVC has been told of its params and metrics."""
    at = project(ground)
    if not (at.folder / ".dvc").exists():
        _run(program(ground, "dvc"), "init", "--quiet", at=at.folder, variables=ground.variables())
    return at


def _run(*command: str, at: Path | None = None, variables: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        command, cwd=at, env=variables, check=True, capture_output=True, encoding="utf-8"
    )
    return done.stdout
