"""Changed inputs ranked by how likely they are to have moved the outcomes.

A ranking from experience, not a finding: on 19 CPU workloads, one factor at a time, a
library's minor version and whatever consumes the random stream moved results most,
threads and SIMD level a little, time zone and locale never. Proof takes a controlled
re-execution.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import PurePosixPath
from typing import NamedTuple

from packaging.version import InvalidVersion, Version

from repro_tui.compare import packages
from repro_tui.compare.model import (
    DiffMark,
    Finding,
    Kind,
    OutcomesVerdict,
    Sections,
    Suspect,
    TextDetail,
    Verdict,
)
from repro_tui.evidence.model import Fact, Key, Known, Package, SectionName, Side

_PLACE = re.compile(
    r"(^|[._/-])(dir|folder|path|file|out|output|log\w*|name|verbose|tags?)$", re.IGNORECASE
)
"""Params that usually name a place to write to or a thing to be called by."""
_READ = re.compile(
    r"(^|[._/-])(conf|config|data\w*|input|train|valid|val|test|vocab|pretrained)[._/-]",
    re.IGNORECASE,
)
"""Of these, the ones that name what is read: `conf_file`, `data_dir`."""
_TRAINING = re.compile(
    r"train|model|data|loss|optim|fit|learn|net|layer|augment|loader", re.IGNORECASE
)
_CODE = frozenset({".py", ".pyx", ".ipynb", ".c", ".cc", ".cpp", ".cu", ".h", ".rs", ".sh", ".jl"})
_CONFIGURATION = frozenset({".yaml", ".yml", ".toml", ".json", ".ini", ".cfg"})
_PROSE = frozenset({".md", ".rst", ".txt", ".png", ".jpg", ".svg", ".pdf"})
_HASH_COMMENTS = frozenset({".py", ".pyx", ".sh", ".jl", ".yaml", ".yml", ".toml", ".cfg"})
_PROSE_RANK = 80
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
    code: Sequence[Finding]
    """The findings of the code section."""
    params: Sequence[Finding]
    """The params that differ."""
    made: Collection[Key]
    """The data sets that the code of both runs made, by a split or a draw."""


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
    code, params = sections[SectionName.CODE].findings, sections[SectionName.PARAMS].differing
    made = [
        finding.key[:-1]
        for finding in sections[SectionName.DATA].findings
        if finding.kind is Kind.EQUAL and _says_code(finding)
    ]
    reached = _Reached(used, imports, alike, code, params, made)
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
            return _code(finding, reached)
        case SectionName.DATA:
            return _data(key, reached.made)
        case SectionName.ENVIRONMENT if key[0] != "packages":
            return _environment(key)
        case SectionName.ENVIRONMENT:
            return _package(finding, reached.imports, 0)
        case SectionName.LOCKFILES if packages.distribution(key[-1]) in reached.installed_alike:
            return _Judged(75, "Only the lock changed: both runs had one version installed.")
        case SectionName.LOCKFILES:
            return _package(finding, reached.imports, 1)
        case _:
            return _device(key)


def _param(key: Key) -> _Judged:
    name = "/".join(key)
    if "seed" in name.lower():
        return _Judged(1, "Another seed draws other random numbers from the first step on.")
    if _PLACE.search(name) and _READ.search(name):
        return _Judged(3, "A param names another file or folder to read from.")
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


def _code(finding: Finding, reached: _Reached) -> _Judged:
    match finding.key:
        case ("files", path):
            return _changed_file(finding, path, reached.files)
        case ("commit",):
            return _commit(reached)
        case ("uncommitted changes",):
            return _uncommitted(finding, reached.files)
        case ("entry point",):
            return _Judged(5, "Another entry point runs another command.")
        case ("command",) if _spells_params(finding, reached.params):
            return _Judged(61, "The command spells params that differ, which are named here.")
        case ("command",):
            return _Judged(26, "The command differs, and not only in params that are known.")
        case _:
            return _Judged(90, "It names the code and does not change it.")


def _uncommitted(finding: Finding, used: Mapping[str, str]) -> _Judged:
    """A patch by the files that it touches, where its lines are known."""
    detail = finding.detail
    if isinstance(detail, TextDetail) and not detail.cut:
        heads = [line.text for line in detail.lines if line.text.startswith("diff --git ")]
        paths = [head.partition(" b/")[2] for head in heads]
        judged = [_file(PurePosixPath(path)).rank for path in paths if path not in used]
        if heads and len(judged) == len(paths) and min(judged) >= _PROSE_RANK:
            why = "Changes that were never committed, to files that training is unlikely to read."
            return _Judged(_PROSE_RANK, why)
    return _Judged(4, "Changes that were never committed ran in one of them.")


def _commit(reached: _Reached) -> _Judged:
    """A commit by the files that it brings: it is no suspect beside them."""
    files = [finding for finding in reached.code if finding.key[:1] == ("files",)]
    if not files or any(finding.kind is Kind.UNKNOWN for finding in files):
        return _Judged(24, "Another commit may hold other code; which, is not all known.")
    changed = [_code(finding, reached).rank for finding in files if finding.kind.differs]
    if changed:
        return _Judged(min(changed) + 1, "Another commit, with the changed files named here.")
    return _Judged(88, "Another commit, in which no file of the project differs.")


def _spells_params(command: Finding, params: Sequence[Finding]) -> bool:
    """Whether the commands differ in nothing but the values of params that differ."""
    left, right = (re.split(r"[\s=]+", _text(fact)) for fact in (command.left, command.right))
    values = {(_text(finding.left), _text(finding.right)) for finding in params}
    differing = {pair for pair in zip(left, right, strict=False) if pair[0] != pair[1]}
    return len(left) == len(right) and differing <= values


def _text(fact: Fact | None) -> str:
    return str(fact.value) if isinstance(fact, Known) else ""


def _changed_file(finding: Finding, path: str, used: Mapping[str, str]) -> _Judged:
    if _only_comments(finding, PurePosixPath(path)):
        return _Judged(78, "Only comments or blank lines of it changed.")
    if path in used:
        return _Judged(8, f"A changed file that the run uses: {used[path]}.")
    return _file(PurePosixPath(path))


def _only_comments(finding: Finding, path: PurePosixPath) -> bool:
    detail = finding.detail
    if not isinstance(detail, TextDetail) or detail.cut or path.suffix not in _HASH_COMMENTS:
        return False
    changed = [
        line.text.strip()
        for line in detail.lines
        if line.mark in (DiffMark.ADDED, DiffMark.REMOVED)
    ]
    return bool(changed) and all(not text or text.startswith("#") for text in changed)


def _file(path: PurePosixPath) -> _Judged:
    if path.suffix in _PROSE or _ASIDE_FOLDERS & set(path.parts):
        return _Judged(_PROSE_RANK, "A changed file that training is unlikely to read.")
    if path.suffix in _CODE and _TRAINING.search(path.name):
        return _Judged(10, "Changed code whose name says that it takes part in training.")
    if path.suffix in _CODE:
        return _Judged(12, "Changed code that the run may have executed.")
    if path.suffix in _CONFIGURATION:
        return _Judged(11, "A changed configuration file that the run may have read.")
    return _Judged(50, "A changed file of the project.")


def _says_code(finding: Finding) -> bool:
    fact = finding.left
    return finding.key[-1] == "source type" and isinstance(fact, Known) and fact.value == "code"


def _data(key: Key, made: Collection[Key]) -> _Judged:
    if key[-1] == "digest" and key[:-1] in made:
        return _Judged(6, "The code of the run made other data, by a split or a draw.")
    if key[-1] in ("digest", "md5", "size"):
        return _Judged(6, "The run learned from other data.")
    return _Judged(20, "The data set is described otherwise; it may hold other data.")


def _device(key: Key) -> _Judged:
    if key == ("device",):
        return _Judged(13, "Another device computes everything with other code.")
    return _Judged(43, "Another card or driver computes and rounds in another order.")


def _environment(key: Key) -> _Judged:
    match key:
        case ("python" | "implementation", *_):
            return _Judged(36, "Another interpreter may order, hash or compute otherwise.")
        case ("libraries", *_):
            return _Judged(35, "The library that multiplies matrices decides how sums are rounded.")
        # What a variable sets stands in `randomness`, too, and is named there first.
        case ("variables", name) if "THREADS" in name:
            return _Judged(41, "Another number of threads sums in another order.")
        case ("variables", "PYTHONHASHSEED"):
            return _Judged(31, "The hash seed decides the order in which sets are iterated.")
        case ("variables", "LANG" | "LC_ALL" | "TZ"):
            return _Judged(85, "Language and time zone moved no result where this was tried.")
        case ("variables", *_):
            # Before the libraries: what they tell of themselves may follow from it.
            return _Judged(34, "Libraries read this variable to choose how they compute.")
        case ("cpu", *_):
            return _Judged(42, "Another processor may be given other instructions (SIMD level).")
        case _:
            return _Judged(70, "The system differs; results seldom depend on it.")


def _package(finding: Finding, imports: frozenset[str], later: int) -> _Judged:
    """`later` puts a lock's word behind that of the environment, which is what ran."""
    name = packages.distribution(finding.key[-1])
    if packages.numeric(name):
        what, base, patch = "A numeric library", 14, 42
    elif name in imports:
        what, base, patch = "A package that the code imports,", 44, 48
    else:
        what, base, patch = "A package", 52, 56
    if finding.kind is not Kind.CHANGED:
        return _Judged(base + 6 + later, f"{what} that only one of the runs has.")
    step = _version_step(finding.left, finding.right)
    # Patch releases mend; of numeric libraries they seldom move a number.
    rank = {"major": base, "minor": base + 2, "patch": patch}.get(step, base + 6)
    if step:
        return _Judged(rank + later, f"{what} by another {step} version.")
    return _Judged(rank + later, f"{what} of one version from another source or build.")


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
