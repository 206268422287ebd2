"""The nouns of the gauge: how much is known of what a reproduction needs. Pure."""

from enum import StrEnum

from msgspec import Struct


class Level(StrEnum):
    """How much of something is known, the least first."""

    MISSING = "missing"
    NOT_LOOKED_AT = "not looked at yet"
    PARTLY = "partly known"
    KNOWN = "known"

    @property
    def symbol(self) -> str:
        """One character whose shape, not its colour, tells the level."""
        return {"missing": "○", "partly known": "◐", "known": "●"}.get(self, "·")


class Group(StrEnum):
    """What a reproduction needs, in the order of the gauge's cells."""

    CODE = "code"
    ENVIRONMENT = "environment"
    DATA = "data"
    RANDOMNESS = "randomness"
    OUTCOMES = "outcomes"


class Part(Struct, frozen=True):
    """One thing that a reproduction needs."""

    name: str
    level: Level
    told: str
    """What is known and from where, or why it is not; may hold a stranger's text."""
    advice: str = ""
    """What to do so that it is known next time, in one sentence; empty: nothing."""


class Grade(Struct, frozen=True):
    group: Group
    parts: tuple[Part, ...]

    @property
    def level(self) -> Level:
        """Known where every part is; of nothing known, whether there is more to look at."""
        levels = {part.level for part in self.parts}
        if levels == {Level.KNOWN}:
            return Level.KNOWN
        if levels & {Level.KNOWN, Level.PARTLY}:
            return Level.PARTLY
        return Level.NOT_LOOKED_AT if Level.NOT_LOOKED_AT in levels else Level.MISSING


class Gauge(Struct, frozen=True):
    """A grade for each group, in the order of `Group`."""

    grades: tuple[Grade, ...]

    @property
    def cells(self) -> str:
        """Five characters: `●◐○·●`."""
        return "".join(grade.level.symbol for grade in self.grades)

    @property
    def gaps(self) -> tuple[tuple[Group, Part], ...]:
        """What is not wholly known and not merely unseen, in order."""
        return tuple(
            (grade.group, part)
            for grade in self.grades
            for part in grade.parts
            if part.level in (Level.MISSING, Level.PARTLY)
        )

    @property
    def advice(self) -> tuple[str, ...]:
        """What to do next time, each sentence once."""
        return tuple(dict.fromkeys(part.advice for _, part in self.gaps if part.advice))

    def __getitem__(self, group: Group) -> Grade:
        return next(grade for grade in self.grades if grade.group is group)
