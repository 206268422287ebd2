"""Which comparer looks into which files: by their first bytes, then by their names."""

import codecs
from collections.abc import Iterator
from functools import partial
from typing import Protocol

from msgspec.structs import replace

from repro_tui.compare.artifacts import (
    archives,
    binary,
    checkpoints,
    lightgbm_text,
    markup,
    numpy_files,
    packed,
    pdf,
    pickled,
    safetensors,
    skops,
    structured,
    tables,
    text,
    torch_export,
    torch_legacy,
    ubjson,
)
from repro_tui.compare.artifacts.allowance import Allowance
from repro_tui.compare.artifacts.file import Comparer, Inside, OpenFile, Unsuited
from repro_tui.compare.policy import Policy


class Nesting(Protocol):
    """A comparer of files that hold other files."""

    def __call__(
        self, left: OpenFile, right: OpenFile, policy: Policy, allowance: Allowance
    ) -> Inside: ...


def _compare_pictures(left: OpenFile, right: OpenFile, policy: Policy) -> Inside:
    from repro_tui.compare.artifacts import pictures  # with Pillow, which no other file needs

    return pictures.compare(left, right, policy)


_PICTURES = (
    b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\0", b"MM\0*", b"P4", b"P5", b"P6"
)  # fmt: skip
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_BY_MAGIC: tuple[tuple[str, tuple[bytes, ...], Comparer], ...] = (
    ("an array", (b"\x93NUMPY",), numpy_files.compare_npy),
    ("Parquet", (b"PAR1",), tables.compare_parquet),
    ("Feather", (b"ARROW1\0\0",), tables.compare_feather),
    ("a model of LightGBM", (lightgbm_text.MAGIC,), lightgbm_text.compare),
    # An object whose first key has its length in 8 bytes: as XGBoost writes it.
    ("UBJSON", (b"{L\0\0\0\0",), ubjson.compare),
    ("a PyTorch checkpoint", (torch_legacy.MAGIC,), checkpoints.compare_legacy),
    ("PDF", (b"%PDF-",), pdf.compare),
    ("a picture", _PICTURES, _compare_pictures),
)
_BY_SUFFIX: dict[str, tuple[str, Comparer]] = {
    ".safetensors": ("safetensors", safetensors.compare),
    ".ubj": ("UBJSON", ubjson.compare),
    ".json": ("JSON", structured.compare_json),
    ".yaml": ("YAML", structured.compare_yaml),
    ".yml": ("YAML", structured.compare_yaml),
    ".toml": ("TOML", structured.compare_toml),
    ".csv": ("CSV", tables.compare_csv),
    ".tsv": ("TSV", tables.compare_csv),
    ".html": ("HTML", markup.compare),
    ".htm": ("HTML", markup.compare),
    ".svg": ("SVG", markup.compare),
    ".webp": ("a picture", _compare_pictures),
}
_PICKLES = frozenset({".pkl", ".pickle", ".joblib", ".p", ".dill", ".cloudpickle"})
_PICKLED = tuple(bytes((0x80, protocol)) for protocol in range(2, 6))
"""How pickles begin since protocol 2; earlier ones have no mark."""


def look_inside(left: OpenFile, right: OpenFile, policy: Policy) -> Inside:
    """Say what differs between two files whose bytes differ, whatever they hold.

    Each comparer that cannot read them leaves them to the next simpler one, at last to
    the comparison of bytes, and the summary says so. Nothing is unpickled or executed.
    Raises ReproError where a file changes while it is read.
    """
    return _look(left, right, policy, Allowance.of(_look, left, right))


def _look(left: OpenFile, right: OpenFile, policy: Policy, allowance: Allowance) -> Inside:
    heads = left.head(300), right.head(300)
    reasons: list[str] = []
    for name, compare in _comparers(left, right, heads, allowance):
        try:
            return _explained(compare(left, right, policy), reasons)
        except Unsuited as error:
            reasons.append(f"Not read as {name}: {error}")
        # A stranger's bytes can make a parser raise anything; what it says is passed on.
        except Exception as error:  # noqa: BLE001
            said = str(error).partition("\n")[0][:200]
            reasons.append(f"Not read as {name}: {said or type(error).__name__}")
    return _explained(binary.compare(left, right, policy), reasons)


def _explained(inside: Inside, reasons: list[str]) -> Inside:
    if not reasons:
        return inside
    said = "; ".join((inside.detail.summary, *reasons))
    return replace(inside, detail=replace(inside.detail, summary=said))


def _comparers(
    left: OpenFile, right: OpenFile, heads: tuple[bytes, bytes], allowance: Allowance
) -> Iterator[tuple[str, Comparer]]:
    """Those to try, the one that says the most first; `bytes` is always left."""
    for name, magics, comparer in _BY_MAGIC:
        if all(head.startswith(magics) for head in heads):
            yield name, comparer
    for name, nested in _nesting(left, right, heads):
        yield name, partial(nested, allowance=allowance)
    if left.path.rpartition("/")[2] == "MLmodel":
        yield "an MLmodel file", structured.compare_mlmodel
    elif left.suffix in _BY_SUFFIX:
        yield _BY_SUFFIX[left.suffix]
    if left.suffix not in _PICKLES and all(map(_may_be_text, heads)):
        yield "text", text.compare


def _nesting(
    left: OpenFile, right: OpenFile, heads: tuple[bytes, bytes]
) -> Iterator[tuple[str, Nesting]]:
    """Comparers of files that hold other files."""
    if all(head.startswith(_ZIP) for head in heads):
        names = archives.zip_names(left), archives.zip_names(right)
        if all(skops.SCHEMA in side for side in names):
            yield "a skops file", skops.compare
        if all(any(name.endswith("/data.pkl") for name in side) for side in names):
            yield "a PyTorch checkpoint", checkpoints.compare
        if all(any(name.endswith(f"/{torch_export.MARK}") for name in side) for side in names):
            yield "a PyTorch export", checkpoints.compare_export
        if all(side and all(name.endswith(".npy") for name in side) for side in names):
            yield "arrays", numpy_files.compare_npz
        yield "a zip", archives.compare_zip
    if all(head.startswith(packed.MAGICS) for head in heads):
        yield "a packed file", packed.compare
    if left.suffix in _PICKLES or all(head.startswith(_PICKLED) for head in heads):
        # joblib's own way of packing, which has no mark that text could not have too.
        if all(head.startswith(packed.ZLIB) for head in heads):
            yield "a packed file", packed.compare
        yield "a pickle", pickled.compare
    if all(head[257:262] == b"ustar" for head in heads):
        yield "a tar", archives.compare_tar


def _may_be_text(head: bytes) -> bool:
    """Whether UTF-8 text could begin so; its last character may be cut."""
    try:
        return "\0" not in codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
