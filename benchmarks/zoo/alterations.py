"""What is done to a copy of a real run after its training."""

import json
import math
import shutil
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass
class Copy:
    """A copy on its way into the store."""

    points: list[tuple[str, float, int, int]]
    """Metric, value, timestamp, step."""
    files: Path
    """The copy's artifacts, where they stay: the record lies among them."""
    ended: bool = True


def _flip_weight(copy: Copy) -> None:
    path = copy.files / "weights.npy"
    weights = np.load(path)
    weights.view(np.uint64)[7] ^= 1
    np.save(path, weights)


def _flip_tensor(copy: Copy) -> None:
    import torch

    path = copy.files / "checkpoint.pt"
    checkpoint = torch.load(path, weights_only=True)
    weights = checkpoint["model"]["3.weight"].numpy()
    weights.view(np.uint32)[3, 5] ^= 1
    torch.save(checkpoint, path)


def _flip_byte(name: str) -> Callable[[Copy], None]:
    """One bit in the middle of a file whose format is not looked at."""

    def flip(copy: Copy) -> None:
        path = copy.files / name
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)

    return flip


def _last_digit(copy: Copy) -> None:
    path = copy.files / "scores.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    value = float(lines[100])
    lines[100] = repr(math.nextafter(value, math.inf))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _set(metric: str, step: int, change: Callable[[float], float]) -> Callable[[Copy], None]:
    def alter(copy: Copy) -> None:
        copy.points = [
            (name, change(value) if (name, at) == (metric, step) else value, timestamp, at)
            for name, value, timestamp, at in copy.points
        ]

    return alter


def _keep(wanted: Callable[[str, int], bool]) -> Callable[[Copy], None]:
    def drop(copy: Copy) -> None:
        copy.points = [point for point in copy.points if wanted(point[0], point[3])]

    return drop


def _repeat_point(copy: Copy) -> None:
    found = next(point for point in copy.points if point[0] == "train/loss" and point[3] == 20)
    name, value, timestamp, step = found
    copy.points.append((name, value + 1, timestamp + 1, step))


def _an_hour_later(copy: Copy) -> None:
    copy.points = [(name, value, time + 3_600_000, step) for name, value, time, step in copy.points]


def _slower(copy: Copy) -> None:
    copy.points = [
        (name, value * 2 if name == "epoch_seconds" else value, time, step)
        for name, value, time, step in copy.points
    ]


def _remove_file(copy: Copy) -> None:
    (copy.files / "scores.csv").unlink()


def _remove_record(copy: Copy) -> None:
    shutil.rmtree(copy.files / "repro-tui")


def _damage_record(copy: Copy) -> None:
    path = copy.files / "repro-tui" / "record.json"
    path.write_bytes(path.read_bytes()[:1000])


def _forget(part: str) -> Callable[[Copy], None]:
    def forget(copy: Copy) -> None:
        path = copy.files / "repro-tui" / "record.json"
        record = json.loads(path.read_bytes())
        del record[part]
        path.write_text(json.dumps(record), encoding="utf-8")

    return forget


def _lead_out(copy: Copy) -> None:
    path = copy.files / "weights.npy"
    path.unlink()
    path.symlink_to("/etc/hostname")


def _remove_files(copy: Copy) -> None:
    shutil.rmtree(copy.files)


def _do_not_end(copy: Copy) -> None:
    copy.ended = False


def _ulp(value: float) -> float:
    (bits,) = struct.unpack("<q", struct.pack("<d", value))
    (moved,) = struct.unpack("<d", struct.pack("<q", bits + 1))
    return float(moved)


ALTERATIONS: dict[str, Callable[[Copy], None]] = {
    "": lambda _: None,
    "one bit of weights.npy": _flip_weight,
    "one bit of checkpoint.pt": _flip_tensor,
    "one bit of model.ubj": _flip_byte("model.ubj"),
    "one bit of model.pkl": _flip_byte("model.pkl"),
    "one cell of scores.csv": _last_digit,
    "one point by one ULP": _set("train/loss", 57, _ulp),
    "one point NaN": _set("train/loss", 60, lambda _: math.nan),
    "one point infinite": _set("val/accuracy", 1, lambda _: math.inf),
    "steps from 100 on dropped": _keep(lambda name, step: name != "train/loss" or step < 100),
    "step 33 dropped": _keep(lambda name, step: (name, step) != ("train/loss", 33)),
    "a metric dropped": _keep(lambda name, _: name != "val/accuracy"),
    "step 20 twice": _repeat_point,
    "an hour later": _an_hour_later,
    "measured slower": _slower,
    "a file removed": _remove_file,
    "no record": _remove_record,
    "record cut off": _damage_record,
    "record without packages": _forget("packages"),
    "record without threads": _forget("threads"),
    "a link that leads out": _lead_out,
    "no artifact folder": _remove_files,
    "not ended": _do_not_end,
}
