"""What `torch.export.save` writes (`.pt2`): a graph as JSON, and the elements of its tensors.

Format: torch/export/pt2_archive/constants.py; codes of dtypes: torch/_export/serde/schema.py,
`ScalarType` (PyTorch 2.15).
"""

from collections.abc import Iterator

from repro_tui.compare.artifacts.allowance import Allowance
from repro_tui.compare.artifacts.archives import Members
from repro_tui.compare.artifacts.file import OpenFile, Unsuited
from repro_tui.compare.artifacts.parts import Part
from repro_tui.compare.artifacts.torch_tensors import Storage, Storages, View
from repro_tui.compare.artifacts.values import unique
from repro_tui.compare.documents import load_json

MARK = "archive_format"
"""The member that tells such a zip from others."""
_DTYPES = {
    1: "uint8", 2: "int8", 3: "int16", 4: "int32", 5: "int64", 6: "float16", 7: "float32",
    8: "float64", 10: "complex64", 11: "complex128", 12: "bool", 13: "bfloat16", 28: "uint16",
    29: "float8_e4m3fn", 30: "float8_e5m2", 34: "uint32", 35: "uint64",
}  # fmt: skip
_TENSORS = {
    "data/weights/": "data/weights/model_weights_config.json",
    "data/constants/": "data/constants/model_constants_config.json",
}
"""Folders of tensors, and the files that say what these are."""


class Export:
    """One exported program: its tensors by name, and its members without the root folder."""

    def __init__(self, file: OpenFile, allowance: Allowance) -> None:
        """Raises Unsuited or ValueError where a file is not such a zip."""
        self.root, self.members = Members.of_zip(file, allowance).below_root()
        in_order = "byteorder" in self.members.by_name
        order = self.members.read("byteorder").read() if in_order else b"little"
        self.storages = Storages(
            {name: member.size for name, member in self.members.by_name.items()},
            self.members.in_place,
            ">" if order == b"big" else "<",
        )
        found = list(self._tensors())
        self.parts: dict[str, Part] = dict(
            zip(unique(name for name, _ in found), (view for _, view in found), strict=True)
        )

    def _tensors(self) -> Iterator[tuple[str, View]]:
        for folder, config in _TENSORS.items():
            if config not in self.members.by_name:
                continue
            document = load_json(self.members.read(config).read().decode())
            match document:
                case {"config": dict(entries)}:
                    for name, entry in entries.items():
                        match entry:
                            # Others are pickled: members like all the rest.
                            case {"use_pickle": False, "path_name": str(path)}:
                                yield name, self._view(f"{folder}{path}", entry)
                case _:
                    raise Unsuited(f"{config} says nothing readable")

    def _view(self, key: str, entry: object) -> View:
        match entry:
            case {"tensor_meta": {
                "dtype": int(code), "sizes": list(sizes), "strides": list(strides),
                "storage_offset": {"as_int": int(offset)}, "requires_grad": bool(grad),
                "device": {"type": str(device)},
            }} if code in _DTYPES:  # fmt: skip
                shape, steps = _numbers(sizes), _numbers(strides)
                storage = Storage(key, _DTYPES[code], device)
                return self.storages.view(storage, storage.dtype, offset, shape, steps, grad)
        raise Unsuited(f"one of its tensors, {key}, is described in an unknown way")

    @property
    def read(self) -> set[str]:
        """The members that its parts are made of."""
        views = [part for part in self.parts.values() if isinstance(part, View)]
        return {"byteorder", *(view.storage.key for view in views)}


def _numbers(sizes: list[object]) -> tuple[object, ...]:
    """Raises Unsuited where a size is not told as a number."""
    numbers = []
    for size in sizes:
        match size:
            case {"as_int": int(number)}:
                numbers.append(number)
            case _:
                raise Unsuited("a tensor's size is no number")
    return tuple(numbers)
