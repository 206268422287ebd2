"""Pictures by their pixels; what is written beside these is set aside and shown."""

import numpy as np
import numpy.typing as npt
from msgspec import Struct
from PIL import Image

from repro_tui.compare.artifacts import asides
from repro_tui.compare.artifacts.file import Inside, OpenFile, Unsuited, settle
from repro_tui.compare.artifacts.tensors import Tensor, compare_tensor
from repro_tui.compare.artifacts.values import pair
from repro_tui.compare.policy import Policy
from repro_tui.compare.scalars import known

FORMATS = ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM")
"""Decoders that strangers' bytes are given to; Pillow has many more."""
_MOST_PIXELS = 1 << 26
"""Over all frames of one picture."""
_MOST_SHOWN = 1024
"""Pixels of the longer side of what is shown."""
_ROWS = 256
"""Rows of pixels that are subtracted at once."""
_DARKEST = 96
"""Brightness of the smallest difference."""


def compare(left: OpenFile, right: OpenFile, policy: Policy) -> Inside:  # noqa: ARG001
    """Tolerances are for measurements: a pixel is equal or it is not.

    Raises Unsuited, or what Pillow raises, where a file cannot be decoded.
    """
    paths = left.path, right.path
    (frames_a, info_a), (frames_b, info_b) = _read(left), _read(right)
    findings = [compare_tensor((n,), a, b, Policy(), paths) for n, a, b in pair(frames_a, frames_b)]
    for name, x, y in pair(info_a, info_b):
        if x != y:
            facts = [known(v or "", path) for v, path in zip((x, y), paths, strict=True)]
            findings.append(asides.PICTURE_METADATA.finding(("metadata", name), *facts))
    return settle("picture", findings, asides.PICTURE_ENCODING)


class Abreast(Struct, frozen=True, eq=False):
    """Two pictures to be looked at, reduced to what a terminal can show."""

    left: Image.Image
    right: Image.Image
    difference: Image.Image | None
    """Black where pixels are equal, the brighter the further apart they are, and never so dark
    that one is overlooked; every differing pixel shows, however much it is reduced. None
    where the sizes differ."""
    sizes: tuple[tuple[int, int], tuple[int, int]]
    """Width and height of either in pixels."""
    frames: tuple[int, int]
    """How many frames either has; the first ones are shown."""
    differing: int | None
    """Pixels of the first frames that differ; None where the sizes differ."""


def abreast(left: OpenFile, right: OpenFile) -> Abreast:
    """Decode the first frames of two pictures. Raises what `compare` does."""
    (a, frames_a), (b, frames_b) = _first(left), _first(right)
    sizes, frames = (a.size, b.size), (frames_a, frames_b)
    difference, differing = None, None
    if a.size == b.size:
        apart = _apart(a, b)
        differing = int(np.count_nonzero(apart))
        lit = np.where(apart, np.maximum(apart, _DARKEST), 0).astype(np.uint8)
        difference = reduced(Image.fromarray(lit), _MOST_SHOWN)
    shown = [side.convert("RGBA") for side in (a, b)]
    for side in shown:
        side.thumbnail((_MOST_SHOWN, _MOST_SHOWN))
    return Abreast(shown[0], shown[1], difference, sizes, frames, differing)


def _first(file: OpenFile) -> tuple[Image.Image, int]:
    file.stream.seek(0)
    with Image.open(file.stream, formats=FORMATS) as picture:
        count = _frames(picture)
        picture.seek(0)
        return _plain(picture).copy(), count


def _apart(a: Image.Image, b: Image.Image) -> npt.NDArray[np.uint8]:
    """For each pixel how far its channels are apart at most, as a brightness; 0: equal."""
    if a.mode != b.mode:
        a, b = a.convert("RGBA"), b.convert("RGBA")
    x, y = np.asarray(a), np.asarray(b)
    # Colours of transparent pixels count, too: this is about what is in the file.
    apart = np.empty(x.shape[:2], np.float32)
    for row in range(0, len(x), _ROWS):
        rows = slice(row, row + _ROWS)
        far = np.abs(x[rows].astype(np.float64) - y[rows].astype(np.float64))
        apart[rows] = far if far.ndim == 2 else far.max(axis=2)
    most = apart.max(initial=0.0)
    bright = np.ceil(apart / most * 255) if most else apart
    return np.where(np.isfinite(bright), bright, 255).astype(np.uint8)


def reduced(brightness: Image.Image, most: int) -> Image.Image:
    """At most so many pixels wide and high: whole blocks, each as bright as its brightest pixel."""
    pixels = np.asarray(brightness)
    by = max(-(-max(pixels.shape) // max(most, 1)), 1)
    if by > 1:
        rows, columns = (np.arange(0, length, by) for length in pixels.shape)
        pixels = np.maximum.reduceat(np.maximum.reduceat(pixels, rows), columns, axis=1)
    return Image.fromarray(pixels)


def _read(file: OpenFile) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Every frame as an array [height, width, channels], and the metadata by name."""
    file.stream.seek(0)
    with Image.open(file.stream, formats=FORMATS) as picture:
        count = _frames(picture)
        frames = {}
        for index in range(count):
            picture.seek(index)
            frames["pixels" if count == 1 else f"frame {index}"] = _pixels(picture)
        metadata = {str(name): _spell(value) for name, value in picture.info.items()}
        metadata |= {f"EXIF {tag}": _spell(value) for tag, value in picture.getexif().items()}
        metadata["format"] = picture.format or ""
    return frames, metadata


def _frames(picture: Image.Image) -> int:
    """How many frames it has. Raises Unsuited where these are too many pixels."""
    count = int(getattr(picture, "n_frames", 1))
    if picture.width * picture.height * count > _MOST_PIXELS:
        raise Unsuited(f"it has {picture.width} x {picture.height} pixels in {count} frames")
    return count


def _plain(picture: Image.Image) -> Image.Image:
    """What the frame shows: colours looked up in the palette, transparency applied."""
    if picture.mode in ("P", "PA") or "transparency" in picture.info:
        return picture.convert("RGBA")
    return picture


def _pixels(picture: Image.Image) -> Tensor:
    array = np.array(_plain(picture))
    return Tensor(array.dtype.name, array.shape, lambda: array)


def _spell(value: object) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)
