"""MLflow's search syntax: filters and orders read into clauses, without importing MLflow.

The grammar is that of `mlflow.utils.search_utils.SearchUtils` (MLflow 3.17): comparisons
joined by AND. https://mlflow.org/docs/latest/search-runs
"""

import re
from enum import StrEnum
from typing import NoReturn

from msgspec import Struct

from repro_tui.errors import ReproError
from repro_tui.text import visible


class NotUnderstoodError(ReproError):
    """A filter or an order that cannot be read; `position`: the character that it fails at."""

    def __init__(self, message: str, hint: str, position: int, why: str) -> None:
        super().__init__(message, hint)
        self.position = position
        self.why = why


class Entity(StrEnum):
    ATTRIBUTE = "attribute"
    METRIC = "metric"
    PARAM = "param"
    TAG = "tag"
    DATASET = "dataset"


class Comparison(Struct, frozen=True):
    """One comparison of a filter, checked to be one that MLflow allows."""

    entity: Entity
    key: str
    comparator: str
    """In capitals: `=`, `ILIKE`, `IN`, `IS NULL`…"""
    value: str | float | int | tuple[str, ...] | None
    """A number for metrics and times, strings for IN and NOT IN, None for IS NULL."""


class SortKey(Struct, frozen=True):
    entity: Entity
    key: str
    descending: bool


_ENTITIES = {
    **dict.fromkeys(("attribute", "attributes", "attr", "run"), Entity.ATTRIBUTE),
    **dict.fromkeys(("metric", "metrics"), Entity.METRIC),
    **dict.fromkeys(("parameter", "parameters", "param", "params"), Entity.PARAM),
    **dict.fromkeys(("tag", "tags"), Entity.TAG),
    **dict.fromkeys(("dataset", "datasets"), Entity.DATASET),
}
_NUMERIC_ATTRIBUTES = ("start_time", "end_time")
ATTRIBUTES = (
    *("run_id", "run_name", "user_id", "status", "artifact_uri"),
    *_NUMERIC_ATTRIBUTES,
)
_ALIASES = {
    **dict.fromkeys(("created", "Created"), "start_time"),
    **dict.fromkeys(("run name", "Run name", "Run Name"), "run_name"),
}
DATASET_KEYS = ("name", "digest", "context")

_NUMERIC = ("=", "!=", "<", "<=", ">", ">=")
_TEXT = ("=", "!=", "LIKE", "ILIKE")
_LIST = ("IN", "NOT IN")
_NULL = ("IS NULL", "IS NOT NULL")

_SPACE = re.compile(r"\s*")
_NAME = re.compile(
    r"""(?:(?P<entity>\w+|`\w+`)\s*\.\s*)?
        (?P<key>`[^`]+`|"[^"]+"|[A-Za-z_][\w.]*)""",
    re.VERBOSE,
)
_COMPARATOR = re.compile(
    r"(?:!=|<=|>=|=|<|>|(?:NOT\s+)?(?:LIKE|ILIKE|IN)\b|IS\s+(?:NOT\s+)?NULL\b)", re.IGNORECASE
)
_STRING = re.compile(r"'([^']*)'|\"([^\"]*)\"")
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_AND = re.compile(r"AND\b", re.IGNORECASE)
_DIRECTION = re.compile(r"(?:ASC|DESC)\b", re.IGNORECASE)

_EXAMPLE = "Write for example: metrics.loss < 0.1 AND params.lr = '0.01'."


def parse_filter(text: str) -> tuple[Comparison, ...]:
    """The comparisons of a filter, all of which must hold; an empty filter has none.

    Raises ReproError that points to the mistake.
    """
    scanner = _Scanner(text, "filter", _EXAMPLE)
    if scanner.ended():
        return ()
    comparisons = [_comparison(scanner)]
    while not scanner.ended():
        if not scanner.take(_AND):
            scanner.fail("comparisons are joined by AND")
        comparisons.append(_comparison(scanner))
    return tuple(comparisons)


def parse_order(clauses: tuple[str, ...]) -> tuple[SortKey, ...]:
    """What to sort by, the weightiest first. Raises ReproError that points to the mistake."""
    keys: list[SortKey] = []
    for text in clauses:
        scanner = _Scanner(text, "order", "Write for example: metrics.loss ASC.")
        entity, key = _name(scanner, orderable=True)
        direction = scanner.take(_DIRECTION)
        if not scanner.ended():
            scanner.fail("ASC, DESC or nothing may follow the name")
        if any((entity, key) == (other.entity, other.key) for other in keys):
            scanner.fail("another clause sorts by the same name")
        keys.append(SortKey(entity, key, direction is not None and direction[0].upper() == "DESC"))
    return tuple(keys)


def compared(name: str) -> tuple[Entity, str, tuple[str, ...]]:
    """What a name such as `metrics.loss` stands for, and by what it can be compared.

    Raises ReproError where it is no name.
    """
    scanner = _Scanner(name, "filter", _EXAMPLE)
    entity, key = _name(scanner)
    if not scanner.ended():
        scanner.fail("a name such as metrics.loss is meant")
    return entity, key, _comparators(entity, key, _is_numeric(entity, key))


class _Scanner:
    """A text read from left to right, that can say where it could not be understood."""

    def __init__(self, text: str, what: str, example: str) -> None:
        self.text = text
        self._what = what
        self._example = example
        self._position = 0
        self._skip()

    def ended(self) -> bool:
        return self._position == len(self.text)

    def take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        match = pattern.match(self.text, self._position)
        if match:
            self._position = match.end()
            self._skip()
        return match

    def fail(self, why: str, at: re.Match[str] | None = None) -> NoReturn:
        """Refuse what comes next, or the token `at` that was already taken."""
        position = at.start() if at else self._position
        rest = visible(self.text[position:], 40)
        where = f"at character {position + 1}, “{rest}”" if rest else "at its end"
        told = f"The {self._what} is not understood {where}: {why}."
        raise NotUnderstoodError(told, self._example, position, why)

    def _skip(self) -> None:
        space = _SPACE.match(self.text, self._position)
        assert space is not None
        self._position = space.end()


def _comparison(scanner: _Scanner) -> Comparison:
    entity, key = _name(scanner)
    numeric = _is_numeric(entity, key)
    allowed = _comparators(entity, key, numeric)
    match = scanner.take(_COMPARATOR)
    comparator = " ".join(match[0].upper().split()) if match else ""
    if comparator not in allowed:
        scanner.fail(f"{entity}.{key} is compared by one of {', '.join(allowed)}", match)
    if comparator in _NULL:
        return Comparison(entity, key, comparator, None)
    if comparator in _LIST:
        return Comparison(entity, key, comparator, _strings(scanner))
    if not numeric:
        return Comparison(entity, key, comparator, _string(scanner))
    number = scanner.take(_NUMBER)
    if number is None:
        scanner.fail(f"{entity}.{key} is compared with a number")
    digits = number[0].lstrip("+-").isdigit()
    exact = digits and entity is Entity.ATTRIBUTE
    return Comparison(entity, key, comparator, int(number[0]) if exact else float(number[0]))


def _is_numeric(entity: Entity, key: str) -> bool:
    return entity is Entity.METRIC or (entity is Entity.ATTRIBUTE and key in _NUMERIC_ATTRIBUTES)


def _comparators(entity: Entity, key: str, numeric: bool) -> tuple[str, ...]:
    if numeric:
        return _NUMERIC
    if entity in (Entity.PARAM, Entity.TAG):
        return (*_TEXT, *_NULL)
    if entity is Entity.DATASET or key == "run_id":
        return (*_TEXT, *_LIST)
    return _TEXT


def _name(scanner: _Scanner, *, orderable: bool = False) -> tuple[Entity, str]:
    """`metrics.loss`, params.`batch size`, or the bare name of an attribute."""
    match = scanner.take(_NAME)
    if match is None:
        scanner.fail("a name such as metrics.loss belongs there")
    prefix = (match["entity"] or "attribute").strip("`")
    entity = _ENTITIES.get(prefix)
    if entity is None or (orderable and entity is Entity.DATASET):
        scanner.fail(f"{visible(prefix)} is none of attributes, metrics, params, tags", match)
    key = match["key"]
    if key[0] in '`"':
        key = key[1:-1]
    if entity is Entity.ATTRIBUTE:
        key = _ALIASES.get(key, key)
    known = {Entity.ATTRIBUTE: ATTRIBUTES, Entity.DATASET: DATASET_KEYS}.get(entity)
    if known and key not in known:
        scanner.fail(f"the {entity}s are {', '.join(known)}", match)
    return entity, key


def _string(scanner: _Scanner) -> str:
    match = scanner.take(_STRING)
    if match is None:
        scanner.fail("a text in quotes belongs there")
    return match[1] if match[1] is not None else match[2]


_OPEN, _COMMA, _CLOSE = (re.compile(re.escape(character)) for character in "(,)")


def _strings(scanner: _Scanner) -> tuple[str, ...]:
    if not scanner.take(_OPEN):
        scanner.fail("a list in parentheses belongs there")
    values = [_string(scanner)]
    while scanner.take(_COMMA):
        values.append(_string(scanner))
    if not scanner.take(_CLOSE):
        scanner.fail("the list is not closed")
    return tuple(values)
