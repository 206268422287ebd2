"""What can come next in a filter in MLflow's syntax: names, comparators, values, AND. Pure."""

import re
from collections.abc import Iterable

from msgspec import Struct

from repro_tui.errors import ReproError
from repro_tui.evidence.model import Run
from repro_tui.evidence.tracking.search import ATTRIBUTES, DATASET_KEYS, Entity, compared
from repro_tui.tui.fuzzy import best_first, fold
from repro_tui.tui.run_rows import names_of

_KINDS = ("metrics", "params", "tags", "attributes", "datasets")
_STATUS = ("FINISHED", "FAILED", "KILLED", "RUNNING", "SCHEDULED")
_PLAIN = re.compile(r"[A-Za-z_][\w.]*")
_QUOTED = r"`[^`]*(?:`|$)|\"[^\"]*(?:\"|$)|'[^']*(?:'|$)"
_LAST_AND = re.compile(rf"(?:{_QUOTED}|(?P<and>\bAND\s)|.)", re.IGNORECASE | re.DOTALL)
_CLAUSE = re.compile(
    r"""(?P<name>\w+(?:\.(?:`[^`]*`|"[^"]*"|[\w.]+))?)
        (?P<gap>\s*)
        (?:(?P<comparator>!=|<=|>=|=|<|>|(?:NOT\s+)?(?:LIKE|ILIKE|IN)\b|IS\s+(?:NOT\s+)?NULL\b)\s*
        (?P<value>.*))?$""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
_WHOLE = re.compile(r"'[^']*'|\"[^\"]*\"|[-+\d.eE]+|\(.*\)")
_MOST = 50


class Completion(Struct, frozen=True):
    shown: str
    """What is offered."""
    text: str
    """The whole filter, once it is taken."""


class Vocabulary:
    """The names and values that a filter over these runs can be about."""

    def __init__(self, runs: Iterable[Run] = ()) -> None:
        self._runs = tuple(runs)
        self.names = (
            *(
                f"{kind}.{_spelled(name)}"
                for kind, counts in names_of(self._runs).items()
                for name, _ in counts.most_common()
                if "`" not in name
            ),
            *(f"attributes.{name}" for name in ATTRIBUTES),
            *(f"datasets.{name}" for name in DATASET_KEYS),
        )

    def values(self, entity: Entity, key: str) -> tuple[str, ...]:
        """The values that were seen under that name, as texts."""
        match entity, key:
            case Entity.ATTRIBUTE, "status":
                return _STATUS
            case Entity.ATTRIBUTE, "run_name":
                found = (run.name for run in self._runs)
            case Entity.ATTRIBUTE, "user_id":
                found = (run.user for run in self._runs)
            case Entity.PARAM, _:
                found = (run.params.get(key, "") for run in self._runs)
            case Entity.TAG, _:
                found = (run.tags.get(key, "") for run in self._runs)
            case _:
                return ()
        return tuple(sorted({value for value in found if value and "'" not in value})[:_MOST])


def completions(text: str, known: Vocabulary) -> tuple[Completion, ...]:
    """How the filter can go on from its end; nothing where that is not known."""
    start = _clause_start(text)
    clause = text[start:]
    lead = text[:start] + clause[: len(clause) - len(clause.lstrip())]
    match = _CLAUSE.match(clause.lstrip())
    if match is None or not (match["gap"] or match["comparator"]):
        word = clause.strip()
        named = _names(word, known) if word or start else []
        done = [] if match is None or word not in named else _comparators(word)
        return (
            *(Completion(f"{word} {each}", f"{lead}{word} {each} ") for each in done),
            *(Completion(name, f"{lead}{name} ") for name in named if name != word),
        )
    name, comparator, value = match["name"], match["comparator"], match["value"]
    if not comparator:
        return tuple(Completion(each, f"{lead}{name} {each} ") for each in _comparators(name))
    before = lead + clause.lstrip()[: match.start("value")]
    if comparator.upper().endswith("NULL") or (
        _WHOLE.fullmatch(value.strip()) and value[-1:] == " "
    ):
        return (Completion("AND", f"{(before + value).rstrip()} AND "),)
    if not before.endswith(" "):
        before += " "
    try:
        entity, key, _ = compared(name)
    except ReproError:
        return ()
    values = known.values(entity, key)
    typed = value.lstrip("('\"")
    fitting = [values[place] for place in best_first(typed, values)]
    return tuple(
        Completion(each, f"{before}{_in_list(comparator, each)} ")
        for each in fitting
        if f"'{each}'" != value.strip()
    )


def _in_list(comparator: str, value: str) -> str:
    return f"('{value}')" if comparator.upper().endswith("IN") else f"'{value}'"


def _names(word: str, known: Vocabulary) -> list[str]:
    """The names that begin so, or hold what was typed; before the point only the kinds."""
    if "." not in word:
        kinds = [f"{kind}." for kind in _KINDS if kind.startswith(fold(word))]
        if kinds and word:
            return [name for name in known.names if name.startswith(tuple(kinds))][:_MOST]
    return [known.names[place] for place in best_first(word, known.names)][:_MOST]


def _comparators(name: str) -> tuple[str, ...]:
    try:
        return compared(name)[2]
    except ReproError:
        return ()


def _clause_start(text: str) -> int:
    """Where the comparison begins that is being written, after the last AND."""
    return max((match.end() for match in _LAST_AND.finditer(text) if match["and"]), default=0)


def _spelled(name: str) -> str:
    return name if _PLAIN.fullmatch(name) else f"`{name}`"
