"""Changed inputs ranked by how likely they are to have moved the outcomes.

A ranking from experience, not a finding: on 19 CPU workloads, one factor at a time, a
library's minor version and whatever consumes the random stream moved results most,
threads and SIMD level a little, time zone and locale never. Proof takes a controlled
re-execution.
"""

import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import NamedTuple

from packaging.version import InvalidVersion, Version

from repro_tui.compare import packages
from repro_tui.compare.model import Finding, Kind, OutcomesVerdict, Suspect, Verdict
from repro_tui.compare.verdict import Sections
from repro_tui.evidence.model import Fact, Key, Known, Package, SectionName, Side

_PLACE = re.compile(
    r"(^|[._/-])(dir|folder|path|file|out|output|log\w*|name|verbose|tags?)$", re.IGNORECASE
)
"""Params that usually name a place to write to or a thing to be called by."""
_TRAINING = re.compile(
    r"train|model|data|loss|optim|fit|learn|net|layer|augment|loader", re.IGNORECASE
)
_CODE = frozenset({".py", ".pyx", ".ipynb", ".c", ".cc", ".cpp", ".cu", ".h", ".rs", ".sh", ".jl"})
_CONFIGURATION = frozenset({".yaml", ".yml", ".toml", ".json", ".ini", ".cfg"})
_PROSE = frozenset({".md", ".rst", ".txt", ".png", ".jpg", ".svg", ".pdf"})
_ASIDE_FOLDERS = frozenset({"docs", "doc", "tests", "test", ".github", "examples"})


class _Judged(NamedTuple):
    rank: int
    """The lower, the likelier."""
    why: str


class _Reached(NamedTuple):
    """What the runs are seen to use."""

    files: Mapping[str, str]
    imports: frozenset[str]
    installed_alike: frozenset[str]
    """Distributions that both had in one version."""


def suspects(
    sections: Sections,
    settled: Verdict,
    used: Mapping[str, str],
    imports: frozenset[str],
) -> tuple[Suspect, ...]:
    """Every changed input, the likeliest first; none where outcomes do not differ.

    `used` says of each file that a run is seen to use, how; `imports` are the
    distributions that the code imports by itself.
    """
    if settled.outcomes is not OutcomesVerdict.DIFFERENT:
        return ()
    alike = packages.installed_alike(sections[SectionName.ENVIRONMENT].findings)
    reached = _Reached(used, imports, alike)
    found = [
        (judged.rank, place, finding.key, Suspect(name, finding.key, judged.why))
        for place, (name, section) in enumerate(sections.items())
        if section.side is Side.INPUTS
        for finding in section.differing
        for judged in [_judge(name, finding, reached)]
    ]
    return tuple(item[3] for item in sorted(found, key=lambda item: item[:3]))


def _judge(section: SectionName, finding: Finding, reached: _Reached) -> _Judged:
    key = finding.key
    match section:
        case SectionName.PARAMS:
            return _param(key)
        case SectionName.RANDOMNESS:
            return _randomness(key)
        case SectionName.CODE:
            return _code(key, reached.files)
        case SectionName.DATA:
            return _data(key)
        case SectionName.ENVIRONMENT if key[0] != "packages":
            return _environment(key)
        case SectionName.ENVIRONMENT:
            return _package(finding, reached.imports, 0)
        case SectionName.LOCKFILES if packages.distribution(key[-1]) in reached.installed_alike:
            return _Judged(75, "Only the lock changed: both runs had one version installed.")
        case SectionName.LOCKFILES:
            return _package(finding, reached.imports, 1)
        case _:
            return _Judged(42, "Another device computes and rounds in another order.")


def _param(key: Key) -> _Judged:
    name = "/".join(key)
    if "seed" in name.lower():
        return _Judged(1, "Another seed draws other random numbers from the first step on.")
    if _PLACE.search(name):
        return _Judged(60, "A param changed, though its name is that of a place or a label.")
    return _Judged(2, "A param sets what the training computes.")


def _randomness(key: Key) -> _Judged:
    if key[0] == "threads":
        return _Judged(40, "Another number of threads sums in another order and rounds otherwise.")
    if key == ("PYTHONHASHSEED",) or key[-1] == "hash randomization":
        return _Judged(30, "The hash seed decides the order in which sets are iterated.")
    if "seed" in key[-1]:
        return _Judged(1, "Seeded otherwise, a generator draws other numbers from the start.")
    return _Judged(28, "A determinism switch decides which algorithms may be used.")


def _code(key: Key, used: Mapping[str, str]) -> _Judged:
    if key[0] == "files" and key[-1] in used:
        return _Judged(8, f"A changed file that the run uses: {used[key[-1]]}.")
    if key[0] == "files":
        return _file(PurePosixPath(key[-1]))
    return {
        "commit": _Judged(24, "Another commit may hold other code; its files are listed if known."),
        "uncommitted changes": _Judged(4, "Changes that were never committed ran in one of them."),
        "entry point": _Judged(5, "Another entry point runs another command."),
        "command": _Judged(26, "The command differs, perhaps only because of params named here."),
    }.get(key[0], _Judged(90, "It names the code and does not change it."))


def _file(path: PurePosixPath) -> _Judged:
    if path.suffix in _PROSE or _ASIDE_FOLDERS & set(path.parts):
        return _Judged(80, "A changed file that training is unlikely to read.")
    if path.suffix in _CODE and _TRAINING.search(path.name):
        return _Judged(10, "Changed code whose name says that it takes part in training.")
    if path.suffix in _CODE:
        return _Judged(12, "Changed code that the run may have executed.")
    if path.suffix in _CONFIGURATION:
        return _Judged(11, "A changed configuration file that the run may have read.")
    return _Judged(50, "A changed file of the project.")


def _data(key: Key) -> _Judged:
    if key[-1] in ("digest", "md5", "size"):
        return _Judged(6, "The run learned from other data.")
    return _Judged(20, "The data set is described otherwise; it may hold other data.")


def _environment(key: Key) -> _Judged:
    match key:
        case ("python" | "implementation", *_):
            return _Judged(36, "Another interpreter may order, hash or compute otherwise.")
        case ("libraries", *_):
            return _Judged(35, "The library that multiplies matrices decides how sums are rounded.")
        case ("variables", name) if "THREADS" in name:
            return _Judged(40, "Another number of threads sums in another order.")
        case ("variables", "PYTHONHASHSEED"):
            return _Judged(30, "The hash seed decides the order in which sets are iterated.")
        case ("variables", "LANG" | "LC_ALL" | "TZ"):
            return _Judged(85, "Language and time zone moved no result where this was tried.")
        case ("variables", *_):
            return _Judged(38, "Libraries read this variable to choose how they compute.")
        case ("cpu", *_):
            return _Judged(41, "Another processor may be given other instructions (SIMD level).")
        case _:
            return _Judged(70, "The system differs; results seldom depend on it.")


def _package(finding: Finding, imports: frozenset[str], later: int) -> _Judged:
    """`later` puts a lock's word behind that of the environment, which is what ran."""
    name = packages.distribution(finding.key[-1])
    if packages.numeric(name):
        what, base = "A numeric library", 14
    elif name in imports:
        what, base = "A package that the code imports,", 44
    else:
        what, base = "A package", 52
    if finding.kind is not Kind.CHANGED:
        return _Judged(base + 6 + later, f"{what} that only one of the runs has.")
    step = _version_step(finding.left, finding.right)
    rank = {"major": 0, "minor": 2, "patch": 4}.get(step, 6)
    if step:
        return _Judged(base + rank + later, f"{what} by another {step} version.")
    return _Judged(base + rank + later, f"{what} of one version from another source or build.")


def _version_step(left: Fact | None, right: Fact | None) -> str:
    """`major`, `minor` or `patch`, the first part that differs; empty where none does."""
    texts = [_version(fact) for fact in (left, right)]
    if texts[0] == texts[1]:
        return ""
    try:
        a, b = (Version(text) for text in texts)
    except InvalidVersion:
        return "major"
    if (a.epoch, a.major) != (b.epoch, b.major):
        return "major"
    return "minor" if a.minor != b.minor else "patch"


def _version(fact: Fact | None) -> str:
    value = fact.value if isinstance(fact, Known) else ""
    return value.version if isinstance(value, Package) else str(value)
