"""How well a run could be reproduced, before anything is run: what is known of it. Pure.

Five groups, each made of parts that a reproduction needs. A part is known, partly known,
missing, or was not looked at yet: the sections may hold as little as a page of runs tells
(`seen_on_page`) or be those of a whole Evidence, and nothing is claimed beyond them.
"""

from collections.abc import Callable, Iterator

from repro_tui.evidence.gauge.inputs import code, data, environment, randomness
from repro_tui.evidence.gauge.model import Gauge, Grade, Group, Level, Part
from repro_tui.evidence.gauge.outcomes import outcomes
from repro_tui.evidence.gauge.page import seen_on_page
from repro_tui.evidence.gauge.parts import Sections
from repro_tui.evidence.model import NOT_LOOKED_AT, Run, Section, SectionName

__all__ = ["Gauge", "Grade", "Group", "Level", "Part", "gauge", "seen_on_page"]

_GROUPS: dict[Group, Callable[[Run, Sections], Iterator[Part]]] = {
    Group.CODE: code,
    Group.ENVIRONMENT: environment,
    Group.DATA: data,
    Group.RANDOMNESS: randomness,
    Group.OUTCOMES: outcomes,
}

_UNSEEN = {name: Section(name, {(): NOT_LOOKED_AT}) for name in SectionName}


def gauge(run: Run, sections: Sections) -> Gauge:
    """What is known of a run. A section that is not among `sections` was not looked at."""
    held = {**_UNSEEN, **sections}
    return Gauge(tuple(Grade(group, tuple(parts(run, held))) for group, parts in _GROUPS.items()))
