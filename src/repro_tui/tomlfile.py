"""A TOML file a person wrote, with the line that each of its keys stands on."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import tomli
from msgspec import Struct

from repro_tui.errors import ReproError

Place = tuple[str | int, ...]
"""The way to a value: keys of tables, and numbers in arrays of tables."""


class TomlFile(Struct, frozen=True):
    path: Path
    values: Mapping[str, Any]
    text: str

    def gives(self, place: Place) -> bool:
        """Whether a statement of the file gives the value at that place."""
        return place in lines(self.text)

    def where(self, *place: str | int) -> str:
        """`file:line` of a value, or of the nearest table around it, for a message."""
        for length in range(len(place), 0, -1):
            if line := lines(self.text).get(place[:length]):
                return f"{self.path}:{line}"
        return str(self.path)


def read(path: Path) -> TomlFile:
    """Read a file. Raises ReproError with its name and, where it is not valid, the line."""
    try:
        text = path.read_text(encoding="utf-8")
        return TomlFile(path, tomli.loads(text), text)
    except (OSError, UnicodeDecodeError) as error:
        raise ReproError(f"{path} cannot be read: {error}.") from error
    except tomli.TOMLDecodeError as error:
        raise ReproError(f"{path} is not valid TOML: {error}.", "Correct that line.") from error


@lru_cache(maxsize=4)
def lines(text: str) -> Mapping[Place, int]:
    """The line, from 1, that each key of a valid TOML document stands on, by the parser itself.

    A statement is the shortest run of lines that parses alone; a value that goes on over
    several lines doesn't, until its end. That takes long, and is only for messages.
    """
    found: dict[Place, int] = {}
    table: Place = ()
    counts: dict[Place, int] = {}
    pending: list[str] = []
    # TOML knows these two ends of a line; `splitlines` knows more.
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), 1):
        pending.append(line)
        try:
            statement = tomli.loads("\n".join(pending))
        except tomli.TOMLDecodeError:
            continue
        first, pending = number - len(pending) + 1, []
        if line.lstrip().startswith("[") and first == number:
            table = _table(statement, counts)
            array = [table[:-1]] if isinstance(table[-1], int) else []
            places: Iterable[Place] = [*array, table]
        else:
            places = _places(statement, table)
        for place in places:
            found.setdefault(place, first)
    return found


def _table(header: Mapping[str, Any], counts: dict[Place, int]) -> Place:
    """The table that a header opens; `counts` holds how many each array of tables has."""
    place: Place = ()
    inside: Any = header
    while inside:
        ((key, inside),) = inside.items()
        place = (*place, key)
        if isinstance(inside, list):
            (inside,) = inside
            counts[place] = counts.get(place, 0) + 1
        if place in counts:
            place = (*place, counts[place] - 1)
    return place


def _places(values: Mapping[str, Any], table: Place) -> Iterable[Place]:
    """Every key of one statement, those of inline tables and of arrays of these as well."""
    for key, value in values.items():
        place = (*table, key)
        yield place
        if isinstance(value, dict):
            yield from _places(value, place)
        elif isinstance(value, list):
            for index, item in enumerate(value):
                if isinstance(item, dict):
                    yield from _places(item, (*place, index))


def did_you_mean(word: str, known: Iterable[str], *, all_of_them: bool = True) -> str:
    """A sentence with the known word that is nearest; where none is near, with all, if wanted."""
    import difflib  # only mistakes need it

    known = sorted(known)
    near = difflib.get_close_matches(word, known, 1)
    if near:
        return f"Did you mean {near[0]}?"
    return f"There are: {', '.join(known)}." if all_of_them else ""
