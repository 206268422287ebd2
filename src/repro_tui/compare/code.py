"""The code section: commits, uncommitted changes, and the lines of files that differ."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import BinaryIO

from repro_tui.compare import texts
from repro_tui.compare.mappings import compare_scalars, compare_section
from repro_tui.compare.model import Finding, Kind, Policy
from repro_tui.errors import ReproError
from repro_tui.evidence.model import Fact, FileRef, Key, Known, Section, SectionName
from repro_tui.text import size

Opener = Callable[[FileRef], BinaryIO]
"""Gives the bytes of a file, or raises ReproError where they are gone or changed."""


def compare_code(
    left: Section, right: Section, policy: Policy, opener: Opener, text_limit: int
) -> tuple[Finding, ...]:
    """Findings of the code section; files up to `text_limit` bytes are compared by line.

    Where both runs have one commit and one known patch, their files are the same: only
    files that were listed and differ all the same (of another subdirectory) remain.
    """
    if _one_tree(left, right):
        left, right = _without_files(left, right), _without_files(right, left)
    findings = compare_section(left, right, policy, compare_scalars(SectionName.CODE))
    return tuple(_with_lines(finding, opener, text_limit) for finding in findings)


def _one_tree(left: Section, right: Section) -> bool:
    keys: tuple[Key, ...] = (("commit",), ("uncommitted changes",))
    facts = [(left.at(key), right.at(key)) for key in keys]
    return all(
        isinstance(a, Known) and isinstance(b, Known) and a.value == b.value for a, b in facts
    )


def _without_files(section: Section, other: Section) -> Section:
    """The section without the files that follow from the commit."""
    kept: Mapping[Key, Fact] = {
        key: fact
        for key, fact in section.facts.items()
        if key[:1] != ("files",) or (isinstance(fact, Known) and _lists_another(other, key, fact))
    }
    return Section(section.name, kept)


def _lists_another(section: Section, key: Key, fact: Known) -> bool:
    found = section.at(key)
    return found is None or (isinstance(found, Known) and found.value != fact.value)


def _with_lines(finding: Finding, opener: Opener, text_limit: int) -> Finding:
    match finding:
        case Finding(
            kind=Kind.CHANGED, left=Known(value=FileRef() as a), right=Known(value=FileRef() as b)
        ):
            if max(a.size, b.size) > text_limit:
                return replace(
                    finding, note=f"larger than {size(text_limit)}: not compared by line"
                )
            try:
                sides = [_read(ref, opener) for ref in (a, b)]
            except ReproError as error:
                return replace(finding, note=f"its lines cannot be read: {error.message}")
            before, after = (texts.decode(content) for content in sides)
            if before is None or after is None:
                return replace(finding, note="not text")
            return replace(finding, detail=texts.diff(before, after))
    return finding


def _read(ref: FileRef, opener: Opener) -> bytes:
    with opener(ref) as stream:
        return stream.read()
