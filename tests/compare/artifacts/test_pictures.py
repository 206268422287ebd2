"""Pictures and plots, written by Pillow and Matplotlib."""

import datetime as dt
import io
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image, PngImagePlugin
from tests.compare.artifacts.opened import at, inside, not_equal

from repro_tui.compare.model import Kind, TensorDetail
from repro_tui.compare.policy import Policy

PIXELS = np.random.default_rng(0).integers(0, 255, (6, 5, 3), np.uint8)


def picture(pixels: Any = PIXELS, kind: str = "PNG", **options: Any) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, kind, **options)
    return stream.getvalue()


def noted(**text: str) -> PngImagePlugin.PngInfo:
    info = PngImagePlugin.PngInfo()
    for name, value in text.items():
        info.add_text(name, value)
    return info


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "PPM"])
def test_one_pixel(kind: str) -> None:
    other = PIXELS.copy()
    other[2, 3, 1] += 1
    seen = inside(f"x.{kind.lower()}", picture(kind=kind), picture(other, kind), Policy(atol=9))
    assert seen.kind is Kind.CHANGED
    assert not_equal(seen) == {("pixels",): Kind.CHANGED}
    detail = at(seen, "pixels").detail
    assert isinstance(detail, TensorDetail)
    assert detail.left_shape == (6, 5, 3)
    assert detail.distance is not None
    assert detail.distance.differing == 1


def test_metadata_alone_is_set_aside_and_shown() -> None:
    left, right = (picture(pnginfo=noted(Software=name)) for name in ("a 1.0", "a 1.1"))
    seen = inside("x.png", left, right)
    assert (seen.kind, seen.rule) == (Kind.SET_ASIDE, "picture metadata")
    found = at(seen, "metadata", "Software")
    assert found.left is not None
    assert found.left.value == "a 1.0"  # type: ignore[union-attr]


def test_encoding_alone_is_set_aside() -> None:
    seen = inside("x.png", picture(compress_level=0), picture(compress_level=9))
    assert (seen.kind, seen.rule) == (Kind.SET_ASIDE, "picture encoding")


def test_sizes_and_frames() -> None:
    seen = inside("x.png", picture(), picture(PIXELS[:5]))
    assert at(seen, "pixels").note == "the shapes differ"
    frames = [Image.fromarray(PIXELS[:, :, i]) for i in range(3)]
    files = []
    for last in (frames[2], frames[0]):
        stream = io.BytesIO()
        frames[0].save(stream, "GIF", save_all=True, append_images=[frames[1], last])
        files.append(stream.getvalue())
    kinds = not_equal(inside("x.gif", files[0], files[1]))
    assert [key for key, kind in kinds.items() if kind.differs] == [("frame 2",)]


def test_palettes_are_looked_up() -> None:
    grey = Image.fromarray(PIXELS[:, :, 0]).convert("P")
    palette = list(grey.getpalette() or ())
    other = grey.copy()
    palette[3 * int(PIXELS[0, 0, 0])] ^= 255
    other.putpalette(palette)
    files = []
    for image in (grey, other):
        stream = io.BytesIO()
        image.save(stream, "PNG")
        files.append(stream.getvalue())
    assert not_equal(inside("x.png", files[0], files[1]))[("pixels",)] is Kind.CHANGED


def test_a_picture_too_large_to_decode_is_left_to_bytes() -> None:
    stream = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(stream, "PNG")
    whole = stream.getvalue()
    seen = inside("x.png", whole, whole + b"\0")
    assert seen.detail.comparer == "bytes"
    assert "Not read as a picture" in seen.detail.summary


def test_a_picture_cut_short_is_left_to_bytes() -> None:
    seen = inside("x.png", picture(), picture()[:-40])
    assert (seen.kind, seen.detail.comparer) == (Kind.CHANGED, "bytes")


def plot(kind: str, value: float = 1.0, date: str = "2026-01-01T08:00:00") -> bytes:
    figure = Figure(figsize=(2, 2))
    axes = figure.add_subplot()
    axes.plot([0.0, value], marker="o")
    stream = io.BytesIO()
    metadata: dict[str, Any] = {"Date": date} if kind == "svg" else {}
    if kind == "pdf":
        metadata = {"CreationDate": dt.datetime.fromisoformat(date)}
    figure.savefig(stream, format=kind, metadata=metadata)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("kind", "rules"),
    [("svg", {"timestamps", "generated element ids"}), ("pdf", {"timestamps"})],
)
def test_plots_differ_in_dates_and_ids_alone(kind: str, rules: set[str]) -> None:
    left, right = plot(kind), plot(kind, date="2026-01-02T11:12:13")
    seen = inside(f"plot.{kind}", left, right)
    assert seen.kind is Kind.SET_ASIDE
    assert set(seen.rule.split(", ")) == rules
    seen = inside(f"plot.{kind}", left, plot(kind, 1.5))
    assert seen.kind is Kind.CHANGED


def test_a_plot_with_a_moved_point_as_png() -> None:
    assert plot("png") == plot("png")
    seen = inside("plot.png", plot("png"), plot("png", 1.5))
    assert not_equal(seen) == {("pixels",): Kind.CHANGED}
