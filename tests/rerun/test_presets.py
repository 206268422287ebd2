"""Presets: those that come along, a person's own, and what a file must not say."""

from pathlib import Path

import pytest

from repro_tui.errors import ReproError
from repro_tui.rerun import presets
from repro_tui.rerun.model import Determinism, Device, EnvManager, Series
from repro_tui.rerun.presets import Preset, fitted

CPU, GPU, SECOND = (Device(name, "x") for name in ("cpu", "cuda:0", "cuda:1"))


@pytest.fixture
def own(own_folders: Path) -> Path:
    path = presets.own_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def named(name: str) -> Preset:
    return presets.find(name, presets.load())


def test_those_that_come_along_say_what_they_are_for() -> None:
    found = presets.load()
    assert len(found) >= 5
    assert all(preset.why for preset in found)
    assert named("same device, same seed, strict").determinism is Determinism.STRICT
    assert named("CPU against GPU").device == "other"
    assert named("five times, other seeds").series == Series(5, other_seeds=True)
    assert named("exactly as recorded").env_manager is EnvManager.ORIGINAL


def test_a_persons_own_come_last_and_take_the_place_of_others(own: Path) -> None:
    own.write_text(
        '[[preset]]\nname = "one thread"\nthreads = 2\n'
        '[[preset]]\nname = "mine"\nseeds = [3, 4]\ndevice = "cuda:1"\n'
    )
    assert named("one thread").threads == 2
    assert named("mine").series == Series(2, (3, 4))
    assert presets.load()[-1].name == "mine"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[[preset]]\nname = "a"\nsede = 1', ":3: a preset has no sede. Did you mean seed"),
        ('[[preset]]\nname = "a"\nseed = "1"', ":3: seed cannot be '1'. Give it a whole number"),
        ('[[preset]]\nname = "a"\nseed = true', "seed cannot be True"),
        ('[[preset]]\nname = "a"\nseeds = []', "seeds cannot be []"),
        ('[[preset]]\nname = "a"\ntimes = 20', "times cannot be 20"),
        ('[[preset]]\nname = "a"\ndevice = "gpu:1"', "device cannot be 'gpu:1'"),
        ('[[preset]]\nname = "a"\ndeterminism = "on"', "determinism cannot be 'on'"),
        ("[[preset]]\nseed = 1", ":1: a preset has no name"),
        ("preset = [1]", "is no table"),
        ("preset = 1", "no list"),
        ("presets = []", "only [[preset]]"),
        ("=", "not valid TOML"),
    ],
)
def test_a_mistake_names_its_line_and_what_to_write(own: Path, text: str, said: str) -> None:
    own.write_text(text)
    with pytest.raises(ReproError) as raised:
        presets.load()
    assert said in f"{raised.value.message} {raised.value.hint}"
    assert str(own) in raised.value.message


def test_no_such_preset_names_those_that_there_are() -> None:
    with pytest.raises(ReproError, match="No preset is named"):
        named("nonsense")


def test_the_other_device_is_the_other_kind() -> None:
    other = Preset("x", device="other")
    assert fitted(other, "cpu", (CPU, GPU, SECOND)).device == "cuda:0"
    assert fitted(other, "cuda:1", (CPU, GPU)).device == "cpu"
    assert fitted(other, "mps", (CPU,)).device == "cpu"
    assert fitted(Preset("x", device="gpu"), None, (CPU, GPU)).device == "cuda:0"
    assert fitted(Preset("x"), None, (CPU,)).device is None


@pytest.mark.parametrize(
    ("device", "original", "said"),
    [
        ("other", "cpu", "no GPU"),
        ("gpu", "cpu", "no GPU"),
        ("cuda:1", "cpu", "no cuda:1"),
        ("other", None, "which device the original had"),
    ],
)
def test_a_preset_that_does_not_fit_this_machine_says_why(
    device: str, original: str | None, said: str
) -> None:
    with pytest.raises(ReproError, match=said):
        fitted(Preset("x", device=device), original, (CPU,))
