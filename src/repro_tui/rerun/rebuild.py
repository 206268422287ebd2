"""The original run's environment: what is to be installed, and from which evidence. Pure.

In this order of trust: what repro-tui recorded inside the process; the lockfile at the
commit; what the run's models require. One of them is taken, never a mixture: together
they would make an environment that nobody ever had.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from packaging.utils import InvalidName, canonicalize_name
from packaging.version import InvalidVersion, Version

from repro_tui.evidence.tracking.schema import REVISIONS
from repro_tui.rerun.model import Lack, Rebuild
from repro_tui.rerun.situation import Environment, Situation, Standing

LOCKFILES = ("uv.lock", "pylock.toml", "requirements.txt", "constraints.txt")
"""The lockfiles that an environment is made of, the first one that is there; the last
two only where every package in them has hashes."""

HEADS = {
    (2, 0): "97727af70f4d",
    (2, 5): "7f2a7d5fae7d",
    (2, 9): "acf3f17fdcc7",
    (2, 13): "5b0e9adcef9c",
    (2, 22): "0584bdc529eb",
    (3, 1): "bda7b8c39065",
    (3, 4): "71994744cf8e",
    (3, 7): "bf29a5ff90ea",
    (3, 10): "1b5f0d9ad7c1",
    (3, 13): "da6fb0208061",
    (3, 15): "6f8d9c3b2a1e",
}
"""The newest schema that some minor versions of MLflow know: read off the migrations in
their wheels. A version between two of them knows at most the later one's."""

_COMMIT = re.compile(r"(?P<url>.+)@(?P<commit>[0-9a-f]{40})")
_PLAIN_URL = re.compile(r"[a-z][a-z+]*://[^\s\x00-\x1f\x7f;#]+")
_ARCHIVES = (".whl", ".tar.gz", ".zip")


def rebuild(situation: Situation) -> tuple[Rebuild | None, tuple[str, ...]]:
    """How the environment is made again, with what a person should know of it beforehand.

    None: nothing is known of it that could be followed.
    """
    clues, recorded = situation.clues, situation.recorded
    if recorded is not None:
        return _as_recorded(situation, recorded)
    if clues.lockfile:
        known = clues.modelled.get("python", "")
        python, caveat = _python(known, situation)
        said = (
            f"No record tells what the original ran in: it is taken to be what {clues.lockfile} "
            "at the commit fixes. Extras and groups that it was installed with are not known."
        )
        made = Rebuild(
            evidence=f"{clues.lockfile} at the commit",
            python=python,
            lockfile=clues.lockfile,
            folders=clues.folders,
            wanted=_exact(known),
        )
        return made, tuple(filter(None, (said, caveat)))
    pins = {name: version for name, version in clues.modelled.items() if name != "python"}
    if pins:
        return _as_modelled(situation, pins)
    return None, ()


def lacks(situation: Situation) -> Iterator[Lack]:
    """What stands in the way of making the original's environment again."""
    if "uv" not in situation.tools:
        yield Lack(
            "The original's environment is made again by uv, which is not installed.",
            "Install it (pip install uv), or choose --env-manager local.",
        )
        return
    made, _ = rebuild(situation)
    if made is None:
        yield Lack(
            "Nothing is known of the environment that the original ran in: no record, none of "
            f"{', '.join(LOCKFILES)} at the commit that fixes everything, no model whose "
            "requirements would tell.",
            "Choose --env-manager local, uv or virtualenv.",
        )
        return
    known = (
        situation.recorded.python
        if situation.recorded
        else situation.clues.modelled.get("python", "")
    )
    if known and not made.python:
        found = ", ".join(situation.pythons) or "none"
        yield Lack(
            f"The original ran on Python {known}, and uv finds no Python {_minor(known)} here "
            f"(it finds: {found}).",
            f"Install it (uv python install {_minor(known)}), or choose --env-manager local.",
        )
    yield from _mlflow(made, situation)


# --- What our record tells ---------------------------------------------------------


def _as_recorded(situation: Situation, recorded: Environment) -> tuple[Rebuild, tuple[str, ...]]:
    python, caveat = _python(recorded.python, situation)
    caveats = [caveat]
    lines, folders, wanted = [], [], {}
    for name, version in sorted(recorded.packages.items()):
        if not _valid(name, version):
            caveats.append(f"{name} {version} is left out: an index has no such name or version.")
            continue
        origin = recorded.origins.get(name, "")
        line, folder, said = _requirement(name, version, origin, situation)
        caveats.append(said)
        if folder:
            folders.append(folder)
        else:
            wanted[name] = version
            hashes = situation.clues.hashes.get(name, ()) if line == f"{name}=={version}" else ()
            lines.append(" ".join([line, *(f"--hash={one}" for one in hashes)]))
    made = Rebuild(
        evidence="the record of the run",
        python=python,
        requirements=tuple(lines),
        folders=tuple(dict.fromkeys(folders)),
        wanted={**_exact(recorded.python), **wanted},
    )
    return made, tuple(filter(None, caveats))


def _requirement(
    name: str, version: str, origin: str, situation: Situation
) -> tuple[str, str, str]:
    """The line, or the folder that is installed in place, and what to say of it."""
    exact = f"{name}=={version}"
    if not origin:
        public = Version(version).public
        said = (
            f"{exact} is a build of its own; where your index does not have it, {public} is taken."
            if Version(version).local
            else ""
        )
        return exact, "", said
    inside = _inside(origin, situation)
    if inside:
        return "", inside, ""
    commit = _COMMIT.fullmatch(origin)
    if commit is not None and _PLAIN_URL.fullmatch(commit["url"]):
        return f"{name} @ git+{commit['url']}@{commit['commit']}", "", ""
    if origin.startswith(("https://", "http://")) and _PLAIN_URL.fullmatch(origin):
        return f"{name} @ {origin}", "", ""
    path = PurePosixPath(unquote(urlsplit(origin).path)) if origin.startswith("file://") else None
    if path is not None and str(path) in situation.clues.present and _PLAIN_URL.fullmatch(origin):
        said = f"{name} is taken from {path} as it is there now, not as it was then."
        if path.name.endswith(_ARCHIVES):
            return f"{name} @ {origin}", "", said
        return "", str(path), said
    said = (
        f"{name} {version} was installed from {origin}, which cannot be followed: "
        "the version of that number on your index is taken."
    )
    return exact, "", said


def _inside(origin: str, situation: Situation) -> str:
    """The folder of the commit that a package was installed from; empty: another place."""
    launch = situation.launch
    top = launch.repository if launch is not None else situation.repository or ""
    base = PurePosixPath(top).as_uri() if top.startswith("/") else top
    if not base or not f"{origin}/".startswith(f"{base}/"):
        return ""
    folder = str(PurePosixPath(unquote(origin.removeprefix(base)).strip("/")))
    return folder if _is_package(situation, folder) else ""


def _valid(name: str, version: str) -> bool:
    """Whether these can stand in a requirement, and say nothing else there."""
    try:
        canonicalize_name(name, validate=True)
        return str(Version(version)) != "" and not any(c.isspace() for c in version)
    except (InvalidName, InvalidVersion):
        return False


def _is_package(situation: Situation, folder: str) -> bool:
    """Whether a folder of the commit holds a package that can be installed."""
    names = ("pyproject.toml", "setup.py")
    return any(str(PurePosixPath(folder, name)) in situation.tree for name in names)


# --- What the models tell ----------------------------------------------------------


def _as_modelled(situation: Situation, pins: Mapping[str, str]) -> tuple[Rebuild, tuple[str, ...]]:
    known = situation.clues.modelled.get("python", "")
    python, caveat = _python(known, situation)
    start = situation.run.start_time
    before = ""
    if start is not None:
        before = datetime.fromtimestamp(start / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    fixed = {name: version for name, version in pins.items() if _valid(name, version)}
    made = Rebuild(
        evidence="the requirements of the run's models",
        python=python,
        requirements=tuple(f"{name}=={version}" for name, version in sorted(fixed.items())),
        resolve=True,
        before=before,
        wanted={**_exact(known), **fixed},
    )
    then = f" as they were on {before[:10]}" if before else ""
    said = (
        f"Only the {len(fixed)} packages that the run's models require are known; what else "
        f"they need is the newest that fits{then}."
    )
    unknown = "" if known else "The original's Python version is not known."
    return made, tuple(filter(None, (said, caveat, unknown)))


# --- The interpreter, and MLflow ---------------------------------------------------


def _python(known: str, situation: Situation) -> tuple[str, str]:
    """The version to take, and what to say of it; empty: none fits, or none is known."""
    if not known or known in situation.pythons:
        return known, ""
    near = [one for one in situation.pythons if _minor(one) == _minor(known)]
    if not near:
        return "", ""
    newest = max(near, key=lambda one: [int(part) for part in re.findall(r"\d+", one)])
    if known == _minor(known):
        return newest, ""
    return newest, f"Python {newest} stands in for the original's {known}, which is not installed."


def _exact(python: str) -> dict[str, str]:
    return {"python": python} if python != _minor(python) else {}


def _minor(version: str) -> str:
    return ".".join(version.split(".")[:2])


def _mlflow(made: Rebuild, situation: Situation) -> Iterator[Lack]:
    """Whether the environment's MLflow can write to the store."""
    planned = {**situation.clues.locked, **made.wanted}
    version = planned.get("mlflow") or planned.get("mlflow-skinny") or ""
    if too_old(version, situation.revision):
        yield Lack(unfit(version, Standing.OLDER), SERVE)
    elif situation.revision and "mlflow-skinny" in planned and "sqlalchemy" not in planned:
        what = "The environment holds mlflow-skinny alone, which cannot open a SQLite store."
        yield Lack(what, SERVE)


SERVE = (
    "Let it reach the store through a server (mlflow server --backend-store-uri …, then "
    "--tracking-uri http://…), or choose another --env-manager."
)


def unfit(version: str, standing: Standing) -> str:
    """What is wrong with an environment's MLflow that does not fit the store."""
    if standing is Standing.OLDER:
        return (
            f"The environment holds MLflow {version}, which is too old for the store: a newer "
            "MLflow has migrated its schema since."
        )
    return (
        f"The environment holds MLflow {version}, which would migrate the schema of the store: "
        "older MLflows could no longer open it."
    )


def too_old(version: str, revision: str) -> bool:
    """Whether this MLflow certainly does not know the schema `revision`."""
    try:
        release = Version(version).release[:2]
    except InvalidVersion:
        return False
    head = next((head for minor, head in HEADS.items() if release <= minor), None)
    if head is None or revision not in REVISIONS:
        return False
    return REVISIONS.index(revision) > REVISIONS.index(head)
