"""A policy as people write it: the tables of the settings, the options of the line."""

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from repro_tui.compare.policy import BY_DTYPE, Policy, Rule, ToleranceRule
from repro_tui.errors import ReproError
from repro_tui.evidence.model import SectionName

_AMOUNTS = ("rtol", "atol", "ulp")
_MEASURED = (SectionName.METRICS, SectionName.ARTIFACTS)
"""The sections whose numbers a tolerance can cover."""
_NUMBER = "a number, 0 or more; for ulp a whole one; for rtol and atol also “dtype”."
_GIVE = f"Give it {_NUMBER}"


class Asked(Struct, frozen=True):
    """What the options of one command ask for, to be laid over the settings' policy."""

    general: Mapping[str, Any] = field(default_factory=dict)
    """rtol, atol and ulp, those that were given without a pattern."""
    tolerances: tuple[ToleranceRule, ...] = ()
    set_aside: tuple[Rule, ...] = ()

    def over(self, policy: Policy) -> Policy:
        """The policy with these before its own: their tolerances win, their rules are named."""
        return replace(
            policy,
            **self.general,
            tolerances=(*policy.tolerances, *self.tolerances),
            set_aside=(*self.set_aside, *policy.set_aside),
        )


def asked(
    rtol: Iterable[str] = (),
    atol: Iterable[str] = (),
    ulp: Iterable[str] = (),
    ignore: Iterable[str] = (),
) -> Asked:
    """Read `[[SECTION:]PATTERN=]VALUE` of the tolerances and `SECTION:PATTERN` of `--ignore`.

    A pattern may hold `=` and, behind the section, `:`. Raises ReproError.
    """
    general: dict[str, Any] = {}
    rules = []
    for name, texts in zip(_AMOUNTS, (rtol, atol, ulp), strict=True):
        for text in texts:
            place, equals, value = text.rpartition("=")
            amount = _amount(name, _number(value))
            section, pattern = _place(place)
            if amount is None or (equals and not pattern):
                raise ReproError(
                    f"--{name} {text!r} is not [[SECTION:]PATTERN=]VALUE.",
                    f"VALUE: {_NUMBER} As in `--{name} 4` or `--{name} 'metrics:val/*=4'`.",
                )
            if section not in (None, *_MEASURED):
                raise ReproError(
                    f"--{name} {text!r}: nothing in {section} is compared by a tolerance.",
                    f"Sections with measured numbers are {' and '.join(_MEASURED)}.",
                )
            if equals:
                rules.append(ToleranceRule(pattern, section, **{name: amount}))
            else:
                general[name] = amount
    return Asked(general, tuple(rules), tuple(_ignored(text) for text in ignore))


def _place(text: str) -> tuple[SectionName | None, str]:
    section, colon, pattern = text.partition(":")
    if colon and section in tuple(SectionName):
        return SectionName(section), pattern
    return None, text


def _number(text: str) -> object:
    if text == BY_DTYPE:
        return text
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        return None


def _amount(name: str, value: object) -> Any:
    """The value where it can be this tolerance, else None."""
    if name == "ulp":
        return value if type(value) is int and value >= 0 else None
    if value == BY_DTYPE:
        return value
    if type(value) in (int, float):
        number = float(value)  # type: ignore[arg-type]
        return number if number >= 0 and math.isfinite(number) else None
    return None


def _ignored(text: str) -> Rule:
    section, colon, pattern = text.partition(":")
    if section not in tuple(SectionName) or not (colon and pattern):
        raise ReproError(
            f"--ignore {text!r} is not SECTION:PATTERN.",
            f"Sections are {', '.join(SectionName)}.",
        )
    return Rule(f"--ignore {text}", SectionName(section), pattern, "asked for with --ignore")


def from_settings(
    tolerance: Mapping[str, Any], set_aside: Iterable[object], where: Callable[..., str]
) -> Policy:
    """The policy of `[tolerance]` and `[[set_aside]]`.

    `where` gives file and line of the value at a place; ReproError begins with these.
    """
    amounts = {name: _amount(name, tolerance[name]) for name in _AMOUNTS}
    for name, amount in amounts.items():
        if amount is None:
            place = where("tolerance", name)
            raise ReproError(f"{place}: tolerance.{name} cannot be {tolerance[name]!r}.", _GIVE)
    return Policy(
        **amounts,
        tolerances=tuple(
            _tolerance_rule(table, where("tolerance", "for", index))
            for index, table in enumerate(tolerance["for"])
        ),
        set_aside=tuple(
            _rule(table, where("set_aside", index)) for index, table in enumerate(set_aside)
        ),
    )


def _tolerance_rule(table: object, place: str) -> ToleranceRule:
    if not (isinstance(table, dict) and isinstance(table.get("pattern"), str) and table["pattern"]):
        raise ReproError(f"{place}: a [[tolerance.for]] has no pattern.", "Give it one, a string.")
    where = f"{place}: [[tolerance.for]] {table['pattern']!r}"
    if strange := table.keys() - {"pattern", "section", *_AMOUNTS}:
        raise ReproError(
            f"{where} has no setting {min(strange)}.",
            "There are: pattern, section, rtol, atol, ulp.",
        )
    section = table.get("section")
    if section not in (None, *_MEASURED):
        raise ReproError(
            f"{where} has the section {section!r}.",
            f"Sections with measured numbers are {' and '.join(_MEASURED)}; none means both.",
        )
    amounts = {name: _amount(name, table[name]) for name in _AMOUNTS if name in table}
    if not amounts:
        raise ReproError(f"{where} gives no tolerance.", "Give it rtol, atol or ulp.")
    for name, amount in amounts.items():
        if amount is None:
            raise ReproError(f"{where}: {name} cannot be {table[name]!r}.", _GIVE)
    return ToleranceRule(table["pattern"], section and SectionName(section), **amounts)


def _rule(table: object, place: str) -> Rule:
    wanted = {"name", "section", "pattern", "why"}
    if not (
        isinstance(table, dict)
        and set(table) == wanted
        and all(isinstance(value, str) for value in table.values())
    ):
        raise ReproError(
            f"{place}: a [[set_aside]] rule is incomplete.",
            "Give it name, section, pattern and why, each a string.",
        )
    if table["section"] not in tuple(SectionName):
        raise ReproError(
            f"{place}: the rule {table['name']!r} names no section.",
            f"Sections are {', '.join(SectionName)}.",
        )
    return Rule(table["name"], SectionName(table["section"]), table["pattern"], table["why"])
