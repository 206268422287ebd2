"""The settings key by key: the defaults, a person's file over them, the environment over both.

Each value knows where it comes from, so that a mistake names its line and `repro-tui config`
can say who decided what.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from functools import partial
from itertools import takewhile
from typing import Any

from msgspec import Struct

from repro_tui.compare.policy import BY_DTYPE
from repro_tui.errors import ReproError
from repro_tui.tomlfile import Place, TomlFile, did_you_mean

VARIABLES: Mapping[Place, str] = {("theme",): "REPRO_TUI_THEME"}
"""Environment variables that decide a setting."""

_KEYS = "keys"
"""The table whose keys are not ours: ids of key bindings."""
_ADDED = "set_aside"
"""The array that a person's file adds to, where it replaces others."""
_TEXTS = {"runs.metrics", "environment.variables", "trusted_repositories"}
_DTYPE_TOO = {"tolerance.rtol", "tolerance.atol"}
_WANTED = {
    str: "a text in quotes",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    list: "a list in square brackets",
    dict: "a table",
}


class Source(StrEnum):
    DEFAULT = "default"
    FILE = "file"
    ENVIRONMENT = "environment"
    PICKED = "picked"
    """Chosen in the program and remembered."""


class Setting(Struct, frozen=True):
    """One value in force."""

    name: str
    value: Any
    source: Source
    find: Callable[[], str]

    @property
    def where(self) -> str:
        """`file:line`, or a variable's name: looked up when it is asked for."""
        return self.find()


class Layers(Struct, frozen=True):
    defaults: TomlFile
    own: TomlFile | None

    @property
    def written(self) -> dict[str, Any]:
        """What the files say, table by table. Only right where `problems` finds none."""
        return _merge(self.defaults.values, self.own.values if self.own else {})

    @property
    def values(self) -> dict[str, Any]:
        """What the files and the environment say."""
        merged = self.written
        for place, variable in VARIABLES.items():
            if value := os.environ.get(variable):
                merged[str(place[0])] = value
        return merged

    def problems(self) -> Iterator[ReproError]:
        """Every key of the person's file that is unknown or has the wrong type."""
        if self.own is not None:
            yield from self._problems(self.defaults.values, self.own.values, ())

    def _problems(
        self, defaults: Mapping[str, Any], own: Mapping[str, Any], table: tuple[str, ...]
    ) -> Iterator[ReproError]:
        for key, value in own.items():
            place = (*table, key)
            name, where = ".".join(place), self.where(*place)
            if key not in defaults:
                known = [".".join((*table, each)) for each in defaults]
                yield ReproError(f"{where}: no setting is named {name}.", did_you_mean(name, known))
            elif not _fits(name, value, defaults[key]):
                wanted = _WANTED[type(defaults[key])]
                yield ReproError(f"{where}: {name} has the wrong type.", f"Give it {wanted}.")
            elif name in _TEXTS and not all(isinstance(item, str) for item in value):
                yield ReproError(f"{where}: {name} has the wrong type.", "Give it texts in quotes.")
            elif isinstance(value, dict) and name != _KEYS:
                yield from self._problems(defaults[key], value, place)

    def where(self, *place: str | int) -> str:
        """`file:line` of the value in force, or the name of the variable that decides it."""
        return self._origin(place)[1]()

    def _origin(self, place: Place) -> tuple[Source, Callable[[], str]]:
        variable = VARIABLES.get(place)
        if variable and os.environ.get(variable):
            return Source.ENVIRONMENT, lambda: variable
        if place[0] == _ADDED and len(place) > 1:
            _, index, *rest = place
            first = int(index) - len(self.defaults.values[_ADDED])
            if first >= 0 and self.own is not None:
                return Source.FILE, partial(self.own.where, _ADDED, first, *rest)
        elif self.own is not None and self.own.gives(_keys(place)):
            return Source.FILE, partial(self.own.where, *place)
        return Source.DEFAULT, partial(self.defaults.where, *place)

    def settings(self) -> Iterator[Setting]:
        """Every value in force; one for each table of an array of tables."""
        yield from self._settings(self.values, ())

    def _settings(self, values: Mapping[str, Any], table: Place) -> Iterator[Setting]:
        for key, value in values.items():
            place: Place = (*table, key)
            name = ".".join(map(str, place))
            if isinstance(value, dict):
                yield from self._settings(value, place)
            elif isinstance(value, list) and value and isinstance(value[0], dict):
                for index, item in enumerate(value):
                    yield Setting(f"{name}[{index}]", item, *self._origin((*place, index)))
            else:
                yield Setting(name, value, *self._origin(place))


def _keys(place: Place) -> Place:
    """The keys on the way to a value, up to the first array."""
    return tuple(takewhile(lambda step: isinstance(step, str), place))


def _fits(name: str, value: object, default: object) -> bool:
    if isinstance(default, float) and type(value) is int:
        return True
    if name in _DTYPE_TOO and value == BY_DTYPE:
        return True
    return type(value) is type(default)


def _merge(
    defaults: Mapping[str, Any], own: Mapping[str, Any], table: tuple[str, ...] = ()
) -> dict[str, Any]:
    """`own` over `defaults`, table by table. Rules to set aside are added, not replaced."""
    merged = dict(defaults)
    for key, value in own.items():
        default = defaults.get(key)
        if isinstance(default, dict) and isinstance(value, dict):
            merged[key] = _merge(default, value, (*table, key))
        elif isinstance(default, float) and type(value) is int:
            merged[key] = float(value)
        elif (*table, key) == (_ADDED,):
            merged[key] = [*(default or ()), *value]
        else:
            merged[key] = value
    return merged
