"""The zip that `torch.save` writes, read without torch; nothing is unpickled.

`data.pkl` is read as an inert description of dicts, scalars and tensors, and the storages
are members of their own (torch/serialization.py, `_save`).
"""

from repro_tui.compare.artifacts.allowance import Allowance
from repro_tui.compare.artifacts.archives import Members
from repro_tui.compare.artifacts.file import OpenFile, Unsuited
from repro_tui.compare.artifacts.pickle_parts import name_parts
from repro_tui.compare.artifacts.pickles import LARGEST, describe
from repro_tui.compare.artifacts.torch_tensors import Storages, View

_DATA = "data/"


class Checkpoint:
    """One checkpoint: its parts by dotted name, and its members without the root folder."""

    def __init__(self, file: OpenFile, allowance: Allowance) -> None:
        self.root, self.members = Members.of_zip(file, allowance).below_root()
        in_order = "byteorder" in self.members.by_name
        order = self.members.read("byteorder").read() if in_order else b"little"
        sizes = {
            name.removeprefix(_DATA): member.size
            for name, member in self.members.by_name.items()
            if name.startswith(_DATA)
        }
        self.storages = Storages(
            sizes,
            lambda key: self.members.in_place(f"{_DATA}{key}"),
            ">" if order == b"big" else "<",
        )
        pickled = self.members.read("data.pkl")
        if pickled.size > LARGEST:
            raise Unsuited("its pickle is too large")
        self.parts = name_parts(describe(pickled.stream), self.storages.leaf)

    @property
    def read(self) -> set[str]:
        """The members that its parts are made of."""
        views = [part for part in self.parts.values() if isinstance(part, View)]
        return {"data.pkl", "byteorder"} | {f"{_DATA}{view.storage.key}" for view in views}
