"""Presets: the choices of a re-execution by a name, from `confs/` and from a person's file."""

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from repro_tui import tomlfile
from repro_tui.errors import ReproError
from repro_tui.rerun.model import MOST_TIMES, Determinism, Device, EnvManager, Series
from repro_tui.settings import resource, user_file
from repro_tui.tomlfile import TomlFile, did_you_mean

FILE = "presets.toml"
_GPU, _OTHER = "gpu", "other"
_DEVICE = re.compile(rf"cpu|mps|cuda:[0-9]+|{_GPU}|{_OTHER}", re.ASCII)


class Preset(Struct, frozen=True):
    """Choices by a name. `confs/presets.toml` documents the keys; None: as the original."""

    name: str
    why: str = ""
    device: str | None = None
    """As `Request` has it once it is `fitted`; before that `gpu` or `other`, too."""
    seed: int | None = None
    seeds: str | tuple[int, ...] = ()
    """`other`, or a seed for each time."""
    times: int = 1
    determinism: Determinism | None = None
    env_manager: EnvManager = EnvManager.LOCAL
    threads: int | None = None

    @property
    def series(self) -> Series:
        if isinstance(self.seeds, str):
            return Series(self.times, other_seeds=True)
        return Series(len(self.seeds) or self.times, self.seeds)


def load() -> tuple[Preset, ...]:
    """All presets, the person's own last. Raises ReproError, naming file and line."""
    found: dict[str, Preset] = {}
    for path in (resource("confs") / FILE, own_file()):
        if path.is_file():
            read = tomlfile.read(path)
            found |= {preset.name: preset for preset in _presets(read)}
    return tuple(found.values())


def own_file() -> Path:
    """Where a person's own presets are looked for."""
    return user_file().with_name(FILE)


def find(name: str, presets: Sequence[Preset]) -> Preset:
    """Raises ReproError where no preset has this name."""
    for preset in presets:
        if preset.name == name:
            return preset
    known = [f'"{preset.name}"' for preset in presets]
    raise ReproError(f"No preset is named {name!r}.", did_you_mean(name, known))


def fitted(preset: Preset, original: str | None, devices: Iterable[Device]) -> Preset:
    """The preset on this machine, for a run that had the device `original`.

    None: nobody knows which. Raises ReproError, in words, where it does not fit.
    """
    asked = preset.device
    names = [device.name for device in devices]
    gpus = [name for name in names if name != "cpu"]
    if asked == _OTHER:
        if original is None:
            raise ReproError("It cannot be said yet which device the original had.")
        asked = "cpu" if original != "cpu" else _GPU
    if asked == _GPU:
        asked = gpus[0] if gpus else None
        if asked is None:
            raise ReproError("This machine has no GPU.", "Choose another preset.")
    if asked is not None and asked not in names:
        raise ReproError(f"This machine has no {asked}.", f"It has: {', '.join(names)}.")
    return replace(preset, device=asked)


def _presets(file: TomlFile) -> Iterator[Preset]:
    for key in file.values:
        if key != "preset":
            raise ReproError(
                f"{file.where(key)}: only [[preset]] tables stand here.", f"Remove {key}."
            )
    tables = file.values.get("preset", [])
    if not isinstance(tables, list):
        raise ReproError(
            f"{file.where('preset')}: preset is no list of tables.", "Write [[preset]]."
        )
    for index, table in enumerate(tables):
        yield _preset(table, file, index)


def _preset(table: object, file: TomlFile, index: int) -> Preset:
    known = Preset.__struct_fields__
    if not isinstance(table, dict):
        raise ReproError(f"{file.where('preset')}: a preset is no table.", "Write [[preset]].")
    if not isinstance(table.get("name"), str) or not table["name"].strip():
        raise ReproError(f"{file.where('preset', index)}: a preset has no name.", "Give it one.")
    values = {}
    for key, value in table.items():
        where = file.where("preset", index, key)
        if key not in known:
            raise ReproError(f"{where}: a preset has no {key}.", did_you_mean(key, known))
        try:
            values[key] = _checked(key, value)
        except ValueError as error:
            raise ReproError(f"{where}: {key} cannot be {value!r}.", f"Give it {error}.") from None
    return Preset(**values)


def _checked(key: str, value: object) -> Any:
    """The value of a key. Raises ValueError that says what it can be."""
    match key, value:
        case "name" | "why", str():
            return value
        case "device", str() if _DEVICE.fullmatch(value):
            return value
        case "determinism", str() if value in tuple(Determinism):
            return Determinism(value)
        case "env_manager", str() if value in tuple(EnvManager):
            return EnvManager(value)
        case "seeds", "other":
            return value
        case "seeds", [*numbers] if numbers and all(type(each) is int for each in numbers):
            return tuple(numbers)
        case "times", int() if type(value) is int and 1 <= value <= MOST_TIMES:
            return value
        case "seed" | "threads", int() if type(value) is int:
            return value
    raise ValueError(_WANTED[key])


_WANTED = {
    "name": "a text",
    "why": "a text",
    "device": '"cpu", "cuda:0", "mps", "gpu" or "other"',
    "determinism": ", ".join(Determinism),
    "env_manager": ", ".join(EnvManager),
    "seeds": '"other", or a list of whole numbers',
    "times": f"a number from 1 to {MOST_TIMES}",
    "seed": "a whole number",
    "threads": "a whole number",
}
