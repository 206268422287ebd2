"""What `torch.save` wrote before PyTorch 1.6, and still writes on request; no unpickling.

Five pickles follow each other (a magic number, the version, the sizes of C's types, the
object, the keys of its storages), then each storage: how many elements, and these
(torch/serialization.py, `_legacy_save`).
"""

from io import BytesIO
from typing import Any, Literal

from msgspec.structs import replace

from repro_tui.compare.artifacts.file import OpenFile, Unsuited
from repro_tui.compare.artifacts.pickle_parts import name_parts
from repro_tui.compare.artifacts.pickles import LARGEST, Call, Persistent, Table, describe
from repro_tui.compare.artifacts.tensors import storage_dtype
from repro_tui.compare.artifacts.torch_tensors import (
    Storages,
    View,
    is_storage,
    storage_of,
)

MAGIC = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19"
"""The magic number as pickle protocol 2 writes it."""


class LegacyCheckpoint:
    """One checkpoint: its parts by dotted name.

    Storages are named by their addresses in memory and stand in the order of these. Here
    they have running numbers, in the order in which the object refers to them.
    """

    def __init__(self, file: OpenFile) -> None:
        if file.size > LARGEST:
            raise Unsuited("it is too large to be read at once")
        stream = BytesIO(file.read())
        describe(stream)
        describe(stream)
        order = _order(describe(stream))
        description = describe(stream)
        keys = describe(stream)
        if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
            raise Unsuited("it does not list its storages")
        widths = _widths(description)
        numbers = {key: str(number) for number, key in enumerate(widths)}
        sizes, starts = {}, {}
        place = stream.tell()
        content = stream.getvalue()
        for key in keys:
            if key not in widths:
                raise Unsuited("it holds a storage that nothing refers to")
            count = int.from_bytes(content[place : place + 8], _BYTE_ORDERS[order], signed=True)
            size = count * widths[key]
            if count < 0 or place + 8 + size > len(content):
                raise Unsuited("a storage reaches beyond the file")
            sizes[numbers[key]], starts[numbers[key]] = size, place + 8
            place += 8 + size
        if place != len(content):
            raise Unsuited("something follows its storages")

        def storage(number: str) -> OpenFile:
            return file.part(number, starts[number], sizes[number])

        self.storages = Storages(sizes, storage, order)

        def leaf(value: Call | Persistent) -> View | None:
            return self.storages.leaf(_numbered(value, numbers))

        self.parts = name_parts(description, leaf)


_BYTE_ORDERS: dict[str, Literal["big", "little"]] = {">": "big", "<": "little"}


def _order(sizes: object) -> Literal["<", ">"]:
    """The byte order of the machine that wrote the file."""
    pairs = sizes.pairs if isinstance(sizes, Table) else []
    return ">" if ("little_endian", False) in pairs else "<"


def _widths(description: object) -> dict[str, int]:
    """Bytes of an element of each storage, in the order in which they are referred to."""
    widths: dict[str, int] = {}

    def note(value: Call | Persistent) -> None:
        if isinstance(value, Persistent) and is_storage(value):
            storage, _ = storage_of(value)
            widths.setdefault(storage.key, storage_dtype(storage.dtype).itemsize)

    name_parts(description, note)
    return widths


def _numbered(value: Call | Persistent, numbers: dict[str, str]) -> Any:
    """The tensor's description with its storage's number in place of the address."""
    match value:
        case Persistent(identity=("storage", kind, str(key), *rest)) if key in numbers:
            return Persistent(("storage", kind, numbers[key], *rest))
        case Call(arguments=((Call() | Persistent()) as first, *rest)):
            return replace(value, arguments=(_numbered(first, numbers), *rest))
    return value
