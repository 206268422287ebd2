"""How a part is made of facts. Pure."""

from collections.abc import Mapping
from functools import lru_cache
from typing import TypeGuard

from repro_tui.evidence.gauge.model import Level, Part
from repro_tui.evidence.model import (
    NOT_LOOKED_AT,
    Fact,
    FileRef,
    Key,
    Known,
    Missing,
    Section,
    SectionName,
    Unreadable,
)
from repro_tui.text import plural

Sections = Mapping[SectionName, Section]

_LONG = 60
"""Characters of a value in what is told."""


def one(name: str, section: Section, key: Key, advice: str) -> Part:
    held = section.at(key)
    if is_known(held):
        return known(name, held)
    return lack(name, held or Missing("nobody recorded it"), advice)


def known(name: str, fact: Known, before: str = "") -> Part:
    return Part(name, Level.KNOWN, f"{before}{spelled(fact)}")


@lru_cache(256)
def lack(name: str, fact: Fact, advice: str) -> Part:
    """A part of which nothing is known. Made once: most runs of a store lack the same."""
    if fact == NOT_LOOKED_AT:
        return Part(name, Level.NOT_LOOKED_AT, str(Level.NOT_LOOKED_AT))
    return Part(name, Level.MISSING, reason_of(fact), advice)


def partly(name: str, told: str, gap: Fact | None, lacking: str, advice: str) -> Part:
    """A part of which something is known; `gap` stands where the rest would."""
    if gap == NOT_LOOKED_AT:
        return Part(name, Level.PARTLY, f"{told}; the rest was not looked at yet")
    return Part(name, Level.PARTLY, f"{told}; {lacking}", advice)


def reason_of(fact: Fact) -> str:
    match fact:
        case Missing(reason):
            return reason
        case Unreadable(source, reason):
            return f"{source}: {reason}"
        case Known():
            return "it is empty"


def is_known(fact: Fact | None) -> TypeGuard[Known]:
    return isinstance(fact, Known) and fact.value not in (None, "")


def knowns(section: Section, first: str) -> dict[Key, Known]:
    return {
        key: fact
        for key, fact in section.facts.items()
        if key[:1] == (first,) and len(key) > 1 and isinstance(fact, Known)
    }


def spelled(fact: Known, *, source: bool = True) -> str:
    """A known value in few words, with where it was read."""
    match fact.value:
        case FileRef(path, size):
            text = f"{path}, {plural(size, 'byte')}"
        case value:
            text = str(value)
    text = text if len(text) <= _LONG else f"{text[:_LONG]}…"
    return f"{text} ({fact.source})" if source else text


def sources(facts: Mapping[Key, Fact]) -> str:
    """Where facts were read: the one place, or the first and how many more."""
    found = list(dict.fromkeys(fact.source for fact in facts.values() if isinstance(fact, Known)))
    return f"{found[0]} and {len(found) - 1} more" if len(found) > 1 else found[0]
