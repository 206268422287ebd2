"""Pictures by their pixels; what is written beside these is set aside and shown."""

import numpy as np
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


def _read(file: OpenFile) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Every frame as an array [height, width, channels], and the metadata by name."""
    file.stream.seek(0)
    with Image.open(file.stream, formats=FORMATS) as picture:
        count = getattr(picture, "n_frames", 1)
        if picture.width * picture.height * count > _MOST_PIXELS:
            raise Unsuited(f"it has {picture.width} x {picture.height} pixels in {count} frames")
        frames = {}
        for index in range(count):
            picture.seek(index)
            frames["pixels" if count == 1 else f"frame {index}"] = _pixels(picture)
        metadata = {str(name): _spell(value) for name, value in picture.info.items()}
        metadata |= {f"EXIF {tag}": _spell(value) for tag, value in picture.getexif().items()}
        metadata["format"] = picture.format or ""
    return frames, metadata


def _pixels(picture: Image.Image) -> Tensor:
    """What the frame shows: colours looked up in the palette, transparency applied."""
    if picture.mode in ("P", "PA") or "transparency" in picture.info:
        picture = picture.convert("RGBA")
    array = np.array(picture)
    return Tensor(array.dtype.name, array.shape, lambda: array)


def _spell(value: object) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)
