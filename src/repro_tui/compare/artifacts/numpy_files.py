"""NumPy's files: .npy (NEP 1) and .npz, a zip of them.

Nothing is unpickled: an array of Python objects is said to be unreadable.
"""

import math

import numpy as np

from repro_tui.compare.artifacts import asides
from repro_tui.compare.artifacts.allowance import Allowance
from repro_tui.compare.artifacts.archives import Members
from repro_tui.compare.artifacts.file import Inside, OpenFile, Unsuited, settle
from repro_tui.compare.artifacts.tensors import Array, Stored, Tensor, compare_tensor
from repro_tui.compare.artifacts.values import pair
from repro_tui.compare.policy import Policy


def compare_npy(left: OpenFile, right: OpenFile, policy: Policy) -> Inside:
    """Raises Unsuited where a file is not a .npy, is cut short or holds objects."""
    finding = compare_tensor(
        ("array",), read_npy(left), read_npy(right), policy, (left.path, right.path)
    )
    return settle("npy", [finding], asides.TENSOR_LAYOUT)


def read_npy(file: OpenFile) -> Tensor:
    """The one array of a .npy file."""
    file.stream.seek(0)
    version = np.lib.format.read_magic(file.stream)
    if version == (1, 0):
        header = np.lib.format.read_array_header_1_0(file.stream)
    elif version == (2, 0):
        header = np.lib.format.read_array_header_2_0(file.stream)
    else:
        raise Unsuited(f"version {version[0]}.{version[1]} of the format is not known")
    shape, fortran, dtype = header
    if dtype.hasobject:
        raise Unsuited("it holds Python objects, which only unpickling would read")
    start, length = file.stream.tell(), math.prod(shape) * dtype.itemsize
    if min(shape, default=0) < 0 or start + length != file.size:
        raise Unsuited(f"its header promises {length:,} bytes, {file.size - start:,} are there")

    name = dtype.name if dtype.names is None else str(dtype)
    if not fortran:
        return Tensor.of(name, Stored(file, start, dtype, shape))

    def load() -> Array:
        return Stored(file, start, dtype, (math.prod(shape),)).whole().reshape(shape, order="F")

    return Tensor(name, shape, load)


def compare_npz(left: OpenFile, right: OpenFile, policy: Policy, allowance: Allowance) -> Inside:
    """Raises Unsuited where a member is not a .npy or too large to unpack."""
    paths = left.path, right.path
    sides = Members.of_zip(left, allowance), Members.of_zip(right, allowance)
    arrays = [{name: _npy_member(side, name) for name in side.by_name} for side in sides]
    findings = [
        compare_tensor((name.removesuffix(".npy"),), a, b, policy, paths)
        for name, a, b in pair(*arrays)
    ]
    return settle("npz", [*findings, *sides[0].compare_packing(sides[1])], asides.ARCHIVE_LAYOUT)


def _npy_member(members: Members, name: str) -> Tensor:
    """The array of a member; where that is packed, it is unpacked for the header and once more
    for the elements.
    """
    tensor = read_npy(members.in_place(name))
    return Tensor(tensor.dtype, tensor.shape, lambda: read_npy(members.in_place(name)).load())
