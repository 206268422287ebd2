"""The artifacts section: two trees of files, aligned, and a look inside what differs."""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from repro_tui.compare.artifacts import OpenFile, look_inside
from repro_tui.compare.code import Opener
from repro_tui.compare.mappings import compare_scalars, compare_section
from repro_tui.compare.model import Finding, Kind
from repro_tui.compare.policy import Policy
from repro_tui.errors import ReproError
from repro_tui.evidence.model import Fact, FileRef, Key, Known, Section, SectionName
from repro_tui.text import size

_MODELS = "models"
_NUMBERED = re.compile(r" #\d+$")
"""Ends the names of all but the first of the logged models of one run that share a name."""


def compare_artifacts(
    left: Section, right: Section, policy: Policy, opener: Opener, limit: int
) -> tuple[Finding, ...]:
    """Findings of the artifacts section; files up to `limit` bytes are looked into.

    Logged models that share a name are paired by content, since stores list them in any
    order. A file that one run has under another name is one finding, at the left name.
    """
    right = _renamed(right, _pair_models(_models(left), _models(right)))
    findings = compare_section(left, right, policy, compare_scalars(SectionName.ARTIFACTS))
    return tuple(_inside(finding, policy, opener, limit) for finding in _renames(findings))


def _models(section: Section) -> dict[str, set[tuple[Key, str]]]:
    """The files of each logged model: path and digest."""
    models: dict[str, set[tuple[Key, str]]] = defaultdict(set)
    for key, fact in section.facts.items():
        if len(key) > 1 and key[0] == _MODELS:
            files = models[key[1]]
            if isinstance(fact, Known) and isinstance(fact.value, FileRef):
                files.add((key[2:], fact.value.digest))
    return models


def _pair_models(
    left: dict[str, set[tuple[Key, str]]], right: dict[str, set[tuple[Key, str]]]
) -> dict[str, str]:
    """A new name for each of the right's models: that of the left's most alike one."""
    names: dict[str, str] = {}
    for stem in sorted({_stem(name) for name in right}):
        ours, theirs = ([n for n in sorted(side) if _stem(n) == stem] for side in (left, right))
        alike = sorted(
            ((a, b) for a in ours for b in theirs),
            key=lambda pair: (-len(left[pair[0]] & right[pair[1]]), pair[0] != pair[1], pair),
        )
        for a, b in alike:
            if a not in names.values() and b not in names:
                names[b] = a
        # Models without a partner keep a name of their own, but none that is taken.
        free = (n for n in (*theirs, *ours) if n not in set(names.values()))
        for b in theirs:
            if b not in names:
                names[b] = next(free)
    return names


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
