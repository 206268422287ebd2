"""The sections `randomness` and `device`: what only a record of the execution can tell."""

from repro_tui.evidence.model import (
    NOT_SEEDED,
    NOT_SET,
    Fact,
    Key,
    Known,
    Missing,
    Run,
    Section,
    SectionName,
    Unreadable,
)
from repro_tui.evidence.record import Generator, Record, Scalar
from repro_tui.evidence.tags import Tag

_SOURCE = "record.json"
_DEFAULT = "the library's default, always the same"

VISIBLE_DEVICES = "CUDA_VISIBLE_DEVICES"


def randomness(record: Record | Missing | Unreadable) -> Section:
    """Seeds and determinism switches.

    A generator that nobody seeded is the fact NOT_SEEDED, whatever the operating
    system gave it: two unseeded executions have the same input.
    """
    if not isinstance(record, Record):
        return Section(SectionName.RANDOMNESS, {(): record})
    facts: dict[Key, Fact] = {}
    if record.launch is not None:
        seed = record.launch.seed
        facts["seed",] = Known(NOT_SET if seed is None else seed, _SOURCE)
        facts["determinism",] = Known(record.launch.determinism, _SOURCE)
    else:
        facts["seed",] = facts["determinism",] = Missing("the launch was not recorded")
    if record.inactive:
        # Whatever the process did to its generators, nobody was there to see it.
        facts[()] = Missing(f"the recorder was not active in the process: {record.inactive}")
    elif record.generators is None or record.switches is None:
        facts[()] = Missing("the record holds nothing about random number generators")
    for name, generator in (record.generators or {}).items():
        where = f"{_SOURCE}, {generator.where}" if generator.where else _SOURCE
        facts[name, "seed"] = _seed(generator, where)
        facts[name, "seeded by"] = Known(generator.seeded_by, where)
    for name, value in (record.switches or {}).items():
        facts[_switch(name)] = _set_or_not(value)
    if record.threads is None:
        facts["threads",] = Missing("the record holds no numbers of threads")
    for name, value in (record.threads or {}).items():
        facts["threads", name] = _set_or_not(value)
    return Section(SectionName.RANDOMNESS, facts)


def _seed(generator: Generator, where: str) -> Fact:
    if generator.seeded_by == "library":
        return Known(_DEFAULT, where)
    if generator.seeded_by not in ("repro-tui", "code"):
        return Known(NOT_SEEDED, where)
    if generator.seed is None:
        return Missing("it was seeded, but the seed could not be read")
    return Known(generator.seed, where)


def device(record: Record | Missing | Unreadable, run: Run) -> Section:
    """The device that the process computed on, and the software that drives it.

    Without a record, what repro-tui's plugin has told MLflow of the cards.
    """
    if not isinstance(record, Record):
        shown = run.tags.get(Tag.VISIBLE_DEVICES)
        told = Known(shown, f"tag {Tag.VISIBLE_DEVICES}") if shown else record
        return Section(SectionName.DEVICE, {(): record, ("visible to CUDA",): told})
    return Section(SectionName.DEVICE, _recorded_device(record))


def _recorded_device(record: Record) -> dict[Key, Fact]:
    facts: dict[Key, Fact] = {}
    if record.device is not None:
        facts |= {(key,): Known(value, _SOURCE) for key, value in record.device.items()}
    if ("device",) not in facts and record.launch is not None and record.launch.device:
        facts["device",] = Known(record.launch.device, _SOURCE)
    if ("device",) not in facts:
        facts[()] = Missing("the record names no device")
    facts["visible to CUDA",] = _visible(record)
    drivers = {gpu.get("driver") for gpu in record.gpus or ()} - {None}
    if record.gpus is None:
        facts["driver",] = Missing("the record lists no graphics cards")
    elif drivers:
        facts["driver",] = Known(", ".join(sorted(map(str, drivers))), _SOURCE)
    if record.libraries is None:
        facts["cuda",] = facts["cudnn",] = Missing("the record lists no libraries")
    else:
        torch = record.libraries.get("torch", {})
        for key in ("cuda", "cudnn"):
            if torch.get(key) is not None:
                facts[key,] = Known(torch[key], _SOURCE)
    return facts


def _visible(record: Record) -> Fact:
    """The graphics cards that CUDA shows to the process, by their numbers on the machine.

    Not set, the variable shows all of them; empty, none; on a machine that has none it
    says nothing.
    """
    if record.gpus is None or record.variables is None:
        return Missing("the record does not tell the graphics cards and the variables")
    cards = ",".join(map(str, range(len(record.gpus))))
    shown = record.variables.get(VISIBLE_DEVICES, cards) if cards else ""
    return Known(shown or "none", _SOURCE)


def _switch(name: str) -> Key:
    """`torch.backends.cudnn.allow_tf32` stands at `("cudnn", "allow tf32")`."""
    *places, last = name.split(".")
    if not places:
        return (name,)
    return places[-1], last.removeprefix("use_").replace("_", " ")


def _set_or_not(value: Scalar) -> Fact:
    return Known(NOT_SET if value is None else value, _SOURCE)
