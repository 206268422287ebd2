"""Pickles read as inert descriptions. Nothing is imported, called or executed.

A pickle is a program for a small stack machine (PEP 307, PEP 3154; `pickletools`).
This reader runs the instructions that build plain values and *writes down* the rest:
where a pickle says `call os.system`, the result is a `Call` that says so.
"""

import pickletools
from collections.abc import Callable
from typing import Any, BinaryIO, NamedTuple

from msgspec import Struct, field

from repro_tui.compare.artifacts.file import Unsuited


class Global(NamedTuple):
    """A name that unpickling would import."""

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


class Table(Struct, eq=False):
    """A dict. Its keys may be anything, so it is kept as pairs."""

    pairs: list[tuple[object, object]] = field(default_factory=list)


class Call(Struct, eq=False):
    """What unpickling would call, with what; and what it would then put into the result."""

    function: object
    arguments: object
    state: list[object] = field(default_factory=list)
    pairs: list[tuple[object, object]] = field(default_factory=list)
    items: list[object] = field(default_factory=list)


class Persistent(Struct, frozen=True):
    """A reference to something kept beside the pickle, such as a tensor's storage."""

    identity: object


LARGEST = 1 << 28
"""Bytes of a pickle that are read at once."""
_MOST_INSTRUCTIONS = 3_000_000
"""About ten seconds."""
_MARK = object()
_MOST_ENCODED = 1 << 28
"""Bytes; one text can be spelled once and encoded any number of times."""
_ENCODE = Global("_codecs", "encode")
_CONSTANTS: dict[str, Callable[[], object]] = {
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
    "EMPTY_TUPLE": tuple,
    "EMPTY_LIST": list,
    "EMPTY_DICT": Table,
    "EMPTY_SET": lambda: Call(Global("builtins", "set"), ()),
}
_LITERALS = frozenset(
    {"INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT"}
    | {"STRING", "BINSTRING", "SHORT_BINSTRING", "BINBYTES", "SHORT_BINBYTES", "BINBYTES8"}
    | {"UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8"}
)


def describe(
    pickle: bytes | BinaryIO, built: Callable[[Call], object] = lambda call: call
) -> object:
    """What the pickle describes: plain values, tuples, lists, `Table`, `Call`, `Persistent`.

    A stream is left behind the end of the pickle. `built` is shown each object when it has
    been given its state, with the stream behind that instruction, and says what it stands
    for: it may read on.

    Shared and even cyclic references stay shared: walk the result with a limit. Raises
    Unsuited or ValueError where the pickle is malformed or has unknown instructions.
    """
    machine = _Machine()
    try:
        for count, (opcode, argument, _) in enumerate(pickletools.genops(pickle)):
            if count > _MOST_INSTRUCTIONS:
                raise Unsuited(f"its pickle has more than {_MOST_INSTRUCTIONS:,} instructions")
            if opcode.name != "STOP":
                machine.step(opcode.name, argument)
            if opcode.name == "BUILD":
                machine.stack[-1] = built(machine.stack[-1])
        return machine.stack[-1]
    except (IndexError, KeyError) as error:
        raise Unsuited("its pickle takes what was never put there") from error


class _Machine:
    """The stack and the memo, and one method that carries out an instruction."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.memo: dict[int, object] = {}
        self.encoded = 0

    def step(self, name: str, argument: Any) -> None:
        if name in _LITERALS:
            self.stack.append(argument)
        elif name in _CONSTANTS:
            self.stack.append(_CONSTANTS[name]())
        elif name in ("PUT", "BINPUT", "LONG_BINPUT"):
            self.memo[argument] = self.stack[-1]
        elif name == "MEMOIZE":
            self.memo[len(self.memo)] = self.stack[-1]
        elif name in ("GET", "BINGET", "LONG_BINGET"):
            self.stack.append(self.memo[argument])
        elif name not in ("PROTO", "FRAME"):
            handler = _HANDLERS.get(name)
            if handler is None:
                raise Unsuited(f"its pickle has the instruction {name}")
            handler(self, argument)

    def pop_to_mark(self) -> list[Any]:
        items: list[Any] = []
        while (item := self.stack.pop()) is not _MARK:
            items.append(item)
        return items[::-1]

    def pop(self, count: int) -> list[Any]:
        return [self.stack.pop() for _ in range(count)][::-1]

    def push_tuple(self, items: list[Any]) -> None:
        self.stack.append(tuple(items))

    def append(self, items: list[Any]) -> None:
        target = self.stack[-1]
        if isinstance(target, list):
            target.extend(items)
        elif isinstance(target, Call):
            target.items.extend(items)
        else:
            raise Unsuited("its pickle appends to what is no list")

    def set_items(self, items: list[Any]) -> None:
        target = self.stack[-1]
        if not isinstance(target, Table | Call):
            raise Unsuited("its pickle sets items of what is no dict")
        target.pairs.extend(zip(items[::2], items[1::2], strict=True))

    def new_global(self, module: object, name: object) -> None:
        if not (isinstance(module, str) and isinstance(name, str)):
            raise Unsuited("its pickle imports what is no name")
        self.stack.append(Global(module, name))

    def new_table(self, items: list[Any]) -> None:
        self.stack.append(Table())
        self.set_items(items)

    def call(self, function: object, arguments: object, *keywords: object) -> None:
        if function == _ENCODE and isinstance(arguments, tuple) and len(arguments) == 2:
            text, encoding = arguments
            # How Python 2's protocols spell bytes.
            if isinstance(text, str) and encoding == "latin1":
                self.encoded += len(text)
                if self.encoded > _MOST_ENCODED:
                    raise Unsuited("its pickle holds too many bytes spelled as text")
                self.stack.append(text.encode("latin1"))
                return
        self.stack.append(Call(function, arguments, list(keywords)))

    def build(self) -> None:
        target, state = self.pop(2)
        if not isinstance(target, Call):
            raise Unsuited("its pickle gives a state to what is no object")
        target.state.append(state)
        self.stack.append(target)

    def new(self, items: list[Any]) -> None:
        self.call(items[0], tuple(items[1:]))


def _inst(machine: _Machine, argument: str) -> None:
    module, _, name = argument.partition(" ")
    machine.call(Global(module, name), tuple(machine.pop_to_mark()))


_HANDLERS: dict[str, Callable[[_Machine, Any], object]] = {
    "MARK": lambda m, _: m.stack.append(_MARK),
    "POP": lambda m, _: m.stack.pop(),
    "POP_MARK": lambda m, _: m.pop_to_mark(),
    "DUP": lambda m, _: m.stack.append(m.stack[-1]),
    "BYTEARRAY8": lambda m, argument: m.stack.append(bytes(argument)),
    "TUPLE": lambda m, _: m.push_tuple(m.pop_to_mark()),
    "TUPLE1": lambda m, _: m.push_tuple(m.pop(1)),
    "TUPLE2": lambda m, _: m.push_tuple(m.pop(2)),
    "TUPLE3": lambda m, _: m.push_tuple(m.pop(3)),
    "LIST": lambda m, _: m.stack.append(m.pop_to_mark()),
    "APPEND": lambda m, _: m.append(m.pop(1)),
    "APPENDS": lambda m, _: m.append(m.pop_to_mark()),
    "ADDITEMS": lambda m, _: m.append(m.pop_to_mark()),
    "FROZENSET": lambda m, _: m.call(Global("builtins", "frozenset"), (m.pop_to_mark(),)),
    "DICT": lambda m, _: m.new_table(m.pop_to_mark()),
    "SETITEM": lambda m, _: m.set_items(m.pop(2)),
    "SETITEMS": lambda m, _: m.set_items(m.pop_to_mark()),
    "GLOBAL": lambda m, argument: m.stack.append(Global(*argument.split(" ", 1))),
    "STACK_GLOBAL": lambda m, _: m.new_global(*m.pop(2)),
    "REDUCE": lambda m, _: m.call(*m.pop(2)),
    "NEWOBJ": lambda m, _: m.call(*m.pop(2)),
    "NEWOBJ_EX": lambda m, _: m.call(*m.pop(3)),
    "OBJ": lambda m, _: m.new(m.pop_to_mark()),
    "INST": _inst,
    "BUILD": lambda m, _: m.build(),
    "PERSID": lambda m, argument: m.stack.append(Persistent(argument)),
    "BINPERSID": lambda m, _: m.stack.append(Persistent(m.stack.pop())),
}
