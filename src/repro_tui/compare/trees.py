"""The artifacts section: two trees of files, aligned, and a look inside what differs."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable

from msgspec.structs import replace

from repro_tui.compare.artifacts import OpenFile, look_inside
from repro_tui.compare.code import Opener
from repro_tui.compare.mappings import compare_scalars, compare_section
from repro_tui.compare.model import FileDetail, Finding, Kind
from repro_tui.compare.policy import Policy
from repro_tui.errors import ReproError
from repro_tui.evidence.model import Fact, FileRef, Key, Known, Section, SectionName
from repro_tui.text import size

_MODELS = "models"
Model = dict[Key, FileRef]
"""The files of one logged model by their path in it."""
_MOST_PAIRS = 64
"""Of models of one name, up to which their files are looked into to pair them."""
_NUMBERED = re.compile(r" #\d+$")
"""Ends the names of all but the first of the logged models of one run that share a name."""


def compare_artifacts(
    left: Section, right: Section, policy: Policy, opener: Opener, limit: int
) -> tuple[Finding, ...]:
    """Findings of the artifacts section; files up to `limit` bytes are looked into.

    Logged models that share a name are paired by content, since stores list them in any
    order. A file that one run has under another name is one finding, at the left name.
    """

    def apart(a: Model, b: Model) -> int:
        """How much differs between two models, after a look into their files."""
        changed = 0
        for path in a.keys() | b.keys():
            x, y = a.get(path), b.get(path)
            if x is None or y is None:
                changed += 1
            elif x.digest != y.digest:
                pair = Finding(path, Kind.CHANGED, Known(x, ""), Known(y, ""))
                changed += _weight(_inside(pair, policy, opener, limit))
        return changed

    right = _renamed(right, _pair_models(_models(left), _models(right), apart))
    findings = compare_section(left, right, policy, compare_scalars(SectionName.ARTIFACTS))
    return tuple(_inside(finding, policy, opener, limit) for finding in _renames(findings))


def _weight(finding: Finding) -> int:
    """How many parts of a file differ: 0 where what differs does not count."""
    if not finding.kind.differs:
        return 0
    parts = finding.detail.findings if isinstance(finding.detail, FileDetail) else ()
    return max(1, sum(part.kind.differs for part in parts))


def _models(section: Section) -> dict[str, Model]:
    """The files of each logged model by name."""
    models: dict[str, Model] = defaultdict(dict)
    for key, fact in section.facts.items():
        if len(key) > 1 and key[0] == _MODELS:
            files = models[key[1]]
            if isinstance(fact, Known) and isinstance(fact.value, FileRef):
                files[key[2:]] = fact.value
    return models


def _pair_models(
    left: dict[str, Model], right: dict[str, Model], apart: Callable[[Model, Model], int]
) -> dict[str, str]:
    """A new name for each of the right's models: that of the left's most alike one.

    Alike are those with the most equal files, then those between which `apart` finds the
    least: some files, as skops', never repeat to the bit.
    """
    names: dict[str, str] = {}
    for stem in sorted({_stem(name) for name in right}):
        ours, theirs = ([n for n in sorted(side) if _stem(n) == stem] for side in (left, right))
        look = 1 < len(ours) * len(theirs) <= _MOST_PAIRS
        alike = sorted(
            (-_equal(left[a], right[b]), apart(left[a], right[b]) if look else 0, a != b, a, b)
            for a in ours
            for b in theirs
        )
        for *_, a, b in alike:
            if a not in names.values() and b not in names:
                names[b] = a
        # Models without a partner keep a name of their own, but none that is taken.
        free = (n for n in (*theirs, *ours) if n not in set(names.values()))
        for b in theirs:
            if b not in names:
                names[b] = next(free)
    return names


def _equal(left: Model, right: Model) -> int:
    """How many files of two models are equal."""
    return sum(path in right and file.digest == right[path].digest for path, file in left.items())


def _stem(name: str) -> str:
    return _NUMBERED.sub("", name)


def _renamed(section: Section, names: dict[str, str]) -> Section:
    def key(key: Key) -> Key:
        return (_MODELS, names[key[1]], *key[2:]) if len(key) > 1 and key[0] == _MODELS else key

    facts: dict[Key, Fact] = {key(k): fact for k, fact in section.facts.items()}
    return Section(section.name, facts)


def _renames(findings: Iterable[Finding]) -> list[Finding]:
    """One finding where a removed and an added file have the same content.

    Empty files are left apart: that they are equal says nothing.
    """
    findings = list(findings)
    added: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        match finding:
            case Finding(kind=Kind.ADDED, right=Known(value=FileRef(size=length, digest=digest))):
                if length:
                    added[digest].append(finding)
    merged: list[Finding] = []
    gone: set[Key] = set()
    for finding in findings:
        match finding:
            case Finding(kind=Kind.REMOVED, left=Known(value=FileRef(digest=digest))):
                if added[digest]:
                    other = added[digest].pop(0)
                    gone.add(other.key)
                    note = f"renamed: the same content is at {'/'.join(other.key)}"
                    finding = replace(finding, kind=Kind.CHANGED, right=other.right, note=note)
        merged.append(finding)
    return [finding for finding in merged if finding.key not in gone]


def _inside(finding: Finding, policy: Policy, opener: Opener, limit: int) -> Finding:
    match finding:
        case Finding(
            kind=Kind.CHANGED, left=Known(value=FileRef() as a), right=Known(value=FileRef() as b)
        ) if a.digest != b.digest:
            if max(a.size, b.size) > limit:
                return replace(finding, note=f"larger than {size(limit)}: not looked into")
            try:
                with opener(a) as left, opener(b) as right:
                    sides = OpenFile(a.path, a.size, left), OpenFile(b.path, b.size, right)
                    found = look_inside(*sides, policy.inside(finding.key))
            except ReproError as error:
                return replace(finding, note=f"not looked into: {error.message}")
            return replace(finding, kind=found.kind, rule=found.rule, detail=found.detail)
    return finding
