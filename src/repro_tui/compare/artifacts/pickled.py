"""Pickles and joblib's dumps, part by part: arrays by their elements, the rest by value.

Nothing is unpickled: what a pickle would import and call is compared as it is written.
joblib interrupts its pickle after each description of an array, to write the elements
(joblib/numpy_pickle.py, `NumpyArrayWrapper`).
"""

import math
from collections.abc import Iterator
from io import BytesIO

from repro_tui.compare.artifacts import asides
from repro_tui.compare.artifacts.allowance import Allowance
from repro_tui.compare.artifacts.file import Inside, OpenFile, Unsuited, settle
from repro_tui.compare.artifacts.parts import Part, compare_parts, paired
from repro_tui.compare.artifacts.pickle_parts import array, name_parts, numpy_dtype
from repro_tui.compare.artifacts.pickles import LARGEST, Call, Global, Table, describe
from repro_tui.compare.model import Finding
from repro_tui.compare.policy import Policy
from repro_tui.compare.scalars import known

_WRAPPER = Global("joblib.numpy_pickle", "NumpyArrayWrapper")
_A_FILE = 200
"""Bytes or characters from which a value is looked into as if it were a file."""


def compare(left: OpenFile, right: OpenFile, policy: Policy, allowance: Allowance) -> Inside:
    """Raises Unsuited or ValueError where a file is no pickle, or beyond the reader."""
    paths = left.path, right.path
    findings: list[Finding] = []
    for name, a, b in paired(_read(left), _read(right)):
        # A text is not the bytes that spell it.
        if _is_file(a) and type(a) is type(b) and a != b and _is_file(b) and allowance.depth:
            findings.append(_compare_files(name, a, b, policy, allowance, paths))
        else:
            findings += compare_parts(name, a, b, policy, paths)
    return settle("pickle", findings, asides.PICKLE_LAYOUT)


def _read(file: OpenFile) -> dict[str, Part]:
    if file.size > LARGEST:
        raise Unsuited("it is too large to be read at once")
    stream = BytesIO(file.read())

    def built(call: Call) -> object:
        return _joblib_array(call, stream) if call.function == _WRAPPER else call

    description = describe(stream, built)
    if stream.tell() != file.size:
        raise Unsuited("something follows the pickle")
    return name_parts(description, lambda _: None)


def _joblib_array(wrapper: Call, stream: BytesIO) -> object:
    """The array whose elements stand in the stream. Raises Unsuited where they do not fit."""
    # Nested tuples that share their parts take for ever to hash and to print.
    state = {name: value for table in wrapper.state if isinstance(table, Table)
             for name, value in table.pairs if isinstance(name, str)}  # fmt: skip
    dtype, shape = numpy_dtype(state.get("dtype")), state.get("shape")
    if dtype is None or not isinstance(shape, tuple) or not all(isinstance(n, int) for n in shape):
        raise Unsuited("one of its arrays is described in an unknown way")
    subclass = state.get("subclass")
    if subclass not in (Global("numpy", "ndarray"), Global("numpy", "memmap")):
        told = subclass if isinstance(subclass, Global) else "class of its own"
        raise Unsuited(f"one of its arrays is a {told}")
    if dtype.hasobject:
        return describe(stream)
    if state.get("numpy_array_alignment_bytes") is not None:
        padding = stream.read(1)
        stream.read(padding[0] if padding else 0)
    length = math.prod(shape) * dtype.itemsize
    if not 0 <= length <= len(stream.getbuffer()) - stream.tell():
        raise Unsuited("one of its arrays reaches beyond the file")
    fortran = state.get("order") == "F"
    tensor = array(stream.read(length), state["dtype"], shape, fortran=fortran)
    if tensor is None:
        raise Unsuited("one of its arrays is described in an unknown way")
    return tensor


def _is_file(part: Part) -> bool:
    return isinstance(part, bytes | str) and len(part) >= _A_FILE


def _compare_files(
    name: str,
    left: Part,
    right: Part,
    policy: Policy,
    allowance: Allowance,
    paths: tuple[str, str],
) -> Finding:
    """A long text or run of bytes in a pickle is often a model in a format of its own."""
    files = [OpenFile(name, len(content), BytesIO(content)) for content in _contents(left, right)]
    inside = allowance.inside(files[0], files[1], policy.inside((name,)))
    assert isinstance(left, bytes | str)
    assert isinstance(right, bytes | str)
    facts = known(left, paths[0]), known(right, paths[1])
    return Finding((name,), inside.kind, *facts, inside.detail.summary, inside.rule, inside.detail)


def _contents(*parts: Part) -> Iterator[bytes]:
    for part in parts:
        if isinstance(part, str):
            yield part.encode(errors="surrogatepass")
        elif isinstance(part, bytes):
            yield part
