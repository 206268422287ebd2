"""What runs stand on: the project's commits, the data, the environments."""

import hashlib
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import git
import numpy as np
from benchmarks.zoo.places import Places
from benchmarks.zoo.table import COMMITS, DATA, ENVIRONMENTS

_ROWS, _COLUMNS = 1200, 16
_DATE = "2026-01-01T00:00:00"
"""Of every commit, whose ids are then the same each time."""
_WORDS = (
    "good bad slow fast warm cold 20℃ straẞe film book plot actor never always often great "
    "dull long short quiet loud bright dark"
)
"""Two of them are spelled in ASCII one way or another, by version of Unidecode."""


def make_project(places: Places) -> dict[str, str]:
    """The repository with all of its commits; their ids by name."""
    source = Path(__file__).parent / "project"
    shutil.copytree(source, places.project, ignore=shutil.ignore_patterns("__pycache__"))
    rows = (places.data / "base" / "rows.csv").read_bytes()
    digest = hashlib.md5(rows, usedforsecurity=False).hexdigest()
    pin = places.project / "data" / "rows.csv.dvc"
    pin.parent.mkdir()
    pin.write_text(f"outs:\n- md5: {digest}\n  size: {len(rows)}\n  path: rows.csv\n")
    with git.Repo.init(places.project, initial_branch="main") as repository:
        commits = {"base": _commit(repository, "base", [])}
        base = repository.commit(commits["base"])
        for name, edits in COMMITS.items():
            if name == "base":
                continue
            before = {file: (places.project / file).read_text("utf-8") for file, _, _ in edits}
            for file, old, new in edits:
                if before[file].count(old) != 1:
                    raise ValueError(f"{old!r} does not stand in {file} just once")
                (places.project / file).write_text(before[file].replace(old, new), "utf-8")
            commits[name] = _commit(repository, name, [base])
            for file, content in before.items():
                (places.project / file).write_text(content, "utf-8")
        repository.index.reset(base, working_tree=False)
        repository.head.set_commit(base)
    return commits


def _commit(repository: git.Repo, name: str, parents: list[git.Commit]) -> str:
    top = Path(repository.working_dir)
    paths = [p.relative_to(top) for p in sorted(top.rglob("*")) if p.is_file()]
    repository.index.add([p.as_posix() for p in paths if ".git" not in p.parts])
    author = git.Actor("zoo", "zoo@example.org")
    commit = repository.index.commit(
        name, parent_commits=parents, head=not parents, author=author, committer=author,
        author_date=_DATE, commit_date=_DATE, skip_hooks=True,
    )  # fmt: skip
    return commit.hexsha


def changes(places: Places, commits: Mapping[str, str], name: str) -> str:
    """A commit's changes as `git diff --binary` writes them."""
    done = subprocess.run(
        ["git", "diff", "--binary", commits["base"], commits[name]],
        cwd=places.project,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def make_data(places: Places) -> None:
    """The data of every name in DATA."""
    generator = np.random.default_rng(20)
    x = generator.normal(size=(_ROWS, _COLUMNS))
    y = x @ generator.normal(size=_COLUMNS) + generator.normal(size=_ROWS) > 0
    rows = [
        ",".join(map(repr, [*map(float, row), int(label)])) for row, label in zip(x, y, strict=True)
    ]
    labels = generator.integers(0, 2, size=200)
    lines = [
        f"{label}\t{' '.join(generator.choice(_WORDS.split(), size=6))}"
        for label in labels.tolist()
    ]
    for name in DATA:
        folder = places.data / name
        folder.mkdir(parents=True)
        own, texts = list(rows), list(lines)
        if name == "one cell":
            own[500] = own[500][:-1] + ("0" if own[500][-1] == "1" else "1")
        elif name == "two rows swapped":
            own[500], own[700] = own[700], own[500]
        elif name == "one word":
            texts[50] += " dull" if "dull" not in texts[50] else " great"
        (folder / "rows.csv").write_text("\n".join(own) + "\n", "utf-8")
        (folder / "lines.txt").write_text("\n".join(texts) + "\n", "utf-8")


def make_environment(places: Places, name: str) -> None:
    """A virtual environment of exactly the packages in ENVIRONMENTS, by uv."""
    folder = places.environments / name
    wanted = [f"{package}=={version}" for package, version in ENVIRONMENTS[name].items()]
    told = folder / "wanted.txt"
    if told.exists() and told.read_text() == "\n".join(wanted):
        return
    uv = shutil.which("uv")
    if uv is None:
        raise FileNotFoundError("uv is not on the PATH; it makes the zoo's environments")
    own = places.interpreter("")
    subprocess.run([uv, "venv", "--quiet", "--clear", "--python", own, folder], check=True)
    subprocess.run(
        [uv, "pip", "install", "--quiet", "--no-deps", "--python", folder / "bin/python", *wanted],
        check=True,
    )
    told.write_text("\n".join(wanted))
