"""The ids of all key bindings, and the keys that a person gives them instead."""

import importlib
import pkgutil
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase

from msgspec import Struct
from textual.binding import Binding
from textual.dom import DOMNode
from textual.keys import REPLACED_KEYS, Keys, _character_to_key, key_to_character

import repro_tui.tui
from repro_tui.errors import ReproError
from repro_tui.settings import Remapping
from repro_tui.tomlfile import did_you_mean
from repro_tui.tui.actions import told

_MODIFIERS = {"ctrl", "alt", "shift", "super", "hyper", "meta"}
_NAMED = {str(key.value) for key in Keys if key.value.isalnum()}
_EVERYWHERE = ("list", "app")
"""What ids begin with whose keys work on every screen."""


class Bound(Struct, frozen=True):
    """An action and the keys that start it as the program comes."""

    id: str
    keys: tuple[str, ...]
    description: str


class Keymap(Struct, frozen=True):
    keys: Mapping[str, str]
    """By id, as Textual takes it: `m,space`."""
    clashes: tuple[ReproError, ...]
    """Keys that would start two actions in one place. The one that was asked for has it."""


def bound() -> tuple[Bound, ...]:
    """Every key binding of the program, by id: those of all screens, lists and dialogs."""
    for module in pkgutil.walk_packages(repro_tui.tui.__path__, "repro_tui.tui."):
        importlib.import_module(module.name)
    found = {}
    for kind in _ours(DOMNode):
        for binding in kind.__dict__.get("BINDINGS", ()):
            if isinstance(binding, Binding) and binding.id is not None:
                keys = tuple(map(_normal, binding.key.split(",")))
                found[binding.id] = Bound(binding.id, keys, told(binding))
    return tuple(found[name] for name in sorted(found))


def _ours(kind: type[DOMNode]) -> Iterator[type[DOMNode]]:
    for below in kind.__subclasses__():
        if below.__module__.startswith("repro_tui."):
            yield below
        yield from _ours(below)


def keymap(wanted: Iterable[Remapping], known: Iterable[Bound]) -> Keymap:
    """The keys that are wanted, by id; the last one who speaks of an id is heard.

    Raises ReproError with file and line where an id or a key is unknown.
    """
    ids = {each.id: each for each in known}
    asked: dict[str, Remapping] = {}
    keys: dict[str, tuple[str, ...]] = {}
    for each in wanted:
        matching = [name for name in ids if fnmatchcase(name, each.binding)]
        if not matching:
            raise ReproError(
                f"{each.where}: no action has the id {each.binding}.",
                f"{did_you_mean(each.binding, ids, all_of_them=False)}"
                " `repro-tui config --keys` lists all.".strip(),
            )
        named = tuple(_named(key.strip(), each) for key in each.keys.split(","))
        for name in matching:
            asked[name], keys[name] = each, named
    now = {name: keys.get(name, each.keys) for name, each in ids.items()}
    return Keymap(
        {name: ",".join(own) for name, own in keys.items()}, tuple(_clashes(asked, now, ids))
    )


def _named(key: str, wish: Remapping) -> str:
    """The key as Textual names it. Raises ReproError where no keyboard has it."""
    *modifiers, last = [key] if key == "+" else key.split("+")
    if modifiers == ["shift"] and len(last) == 1 and last.isalpha():
        return last.upper()  # what a terminal sends
    last = _normal(last)
    is_one = last in _NAMED or key_to_character(REPLACED_KEYS.get(last, last))
    if key and set(modifiers) <= _MODIFIERS and is_one:
        return "+".join([*modifiers, last])
    near = did_you_mean(last, _NAMED, all_of_them=False)
    raise ReproError(
        f"{wish.where}: {wish.binding} is given the key {key!r}, which there is none of.",
        f"{near} Write keys like m, G, f5, ctrl+r, space, slash, with commas between.".strip(),
    )


def written(keys: Iterable[str]) -> str:
    """Keys as a person may write them in the settings, characters as themselves."""

    def spelled(key: str) -> str:
        character = key_to_character(REPLACED_KEYS.get(key, key))
        is_legible = character is not None and character.isprintable() and character not in " ,"
        return character if character and is_legible else key

    return ", ".join(map(spelled, keys))


def _normal(key: str) -> str:
    return _character_to_key(key) if len(key) == 1 else key


def _clashes(
    asked: Mapping[str, Remapping], now: Mapping[str, tuple[str, ...]], ids: Mapping[str, Bound]
) -> Iterator[ReproError]:
    for name, wish in asked.items():
        for other, keys in now.items():
            told_before = other in asked and other < name
            if other == name or told_before or not _meet(name, other):
                continue
            before = set(ids[name].keys) & set(ids[other].keys)
            for key in sorted(set(now[name]) & set(keys) - before):
                yield ReproError(
                    f"{wish.where}: {name} takes the key {key}, which {other} has.",
                    f"Give {other} another one, or choose another for {name}.",
                )


def _meet(one: str, other: str) -> bool:
    """Whether both work in one place: on one screen, or one of them everywhere."""
    rooms = {one.partition(".")[0], other.partition(".")[0]}
    return len(rooms) == 1 or bool(rooms & set(_EVERYWHERE))
