"""What went in: the parts of code, environment, data and randomness, in the order told. Pure."""

import re
from collections.abc import Iterator

from repro_tui.evidence.gauge.model import Level, Part
from repro_tui.evidence.gauge.parts import (
    Sections,
    is_known,
    known,
    knowns,
    lack,
    one,
    partly,
    reason_of,
    sources,
    spelled,
)
from repro_tui.evidence.model import (
    NOT_SEEDED,
    NOT_SET,
    FileRef,
    Known,
    Missing,
    Package,
    Run,
    Section,
    SectionName,
)
from repro_tui.evidence.tags import Tag
from repro_tui.text import plural

_COMMIT = (
    "Commit before training, or record with `repro-tui record -- COMMAND`, which keeps what is "
    "uncommitted."
)
_RECORD = (
    "Record with `repro-tui record -- COMMAND`: it keeps the command, the interpreter, every "
    "package and the machine."
)
_SEED = (
    "Record with `repro-tui record --seed 1 -- COMMAND`: it seeds every generator and keeps the "
    "seeds, the threads and the switches."
)
_SEED_PARAMS = ("seed", "random_state")
"""How params end that are seeds: `seed`, `model.random_state`."""
_ANY_HASH = (NOT_SET, "random")
"""Values of PYTHONHASHSEED that leave it to chance, anew in every process."""
_NUMBER = re.compile(r"[0-9]{1,20}")


def code(run: Run, sections: Sections) -> Iterator[Part]:
    section = sections[SectionName.CODE]
    yield one(
        "commit", section, ("commit",),
        "Train inside a Git repository, with Git installed: MLflow then records the commit.",
    )  # fmt: skip
    yield _changes(section)
    yield _source(section)
    yield _start(run, section)


def _changes(section: Section) -> Part:
    part = one("uncommitted changes", section, ("uncommitted changes",), _COMMIT)
    held = section.at(("uncommitted changes",))
    if isinstance(held, Known) and not isinstance(held.value, FileRef) and held.value != "none":
        told = f"only their digest is known: {part.told}"
        return Part(part.name, Level.PARTLY, told, "Restore the artifact repro-tui/changes.patch.")
    return part


def _source(section: Section) -> Part:
    files = knowns(section, "files")
    gap = section.at(("files",))
    if files and gap is None:
        told = f"{plural(len(files), 'file')} ({next(iter(files.values())).source})"
        return Part("source", Level.KNOWN, told)
    if is_known(section.at(("commit",))):
        advice = (
            "Clone the repository on this machine and start there, or name the clone under "
            "[[repositories]] in the settings."
        )
    else:
        advice = "Commit the code before training."
    return lack("source", gap or Missing("the commit's files are not known"), advice)


def _start(run: Run, section: Section) -> Part:
    """How the process was started: the command, or what MLflow Projects makes it from."""
    name = "command"
    command, entry = section.at(("command",)), section.at(("entry point",))
    if is_known(command):
        return known(name, command)
    if is_known(entry) and Tag.ENTRY_POINT in run.tags:
        # MLflow records the parameters of a project's entry point among the params.
        return known(name, entry, "entry point ")
    if is_known(entry):
        told = f"the script {spelled(entry)}"
        return partly(name, told, command, "not its arguments", _RECORD)
    return lack(name, command or entry or Missing("how it was started is not known"), _RECORD)


# --- Environment ---------------------------------------------------------------------


def environment(run: Run, sections: Sections) -> Iterator[Part]:
    del run
    section = sections[SectionName.ENVIRONMENT]
    yield one("Python", section, ("python",), _RECORD)
    yield _packages(section, sections[SectionName.LOCKFILES])
    yield _system(section)
    yield one("device", sections[SectionName.DEVICE], ("device",), _RECORD)


def _packages(section: Section, locks: Section) -> Part:
    name = "packages"
    installed, gap = knowns(section, "packages"), section.at(("packages",))
    if installed and gap is None:
        return Part(name, Level.KNOWN, f"{len(installed):,} installed ({sources(installed)})")
    told = []
    if installed:
        told.append(f"{len(installed):,} fixed by {sources(installed)}")
    locked = {
        key: fact
        for key, fact in locks.facts.items()
        if isinstance(fact, Known) and isinstance(fact.value, Package)
    }
    if locked:
        told.append(f"{plural(len(locked), 'package')} locked in {sources(locked)}")
    for key in (("docker.image.id",), ("docker.image.uri",)):
        if is_known(image := section.at(key)):
            told.append(f"the image {spelled(image)}")
            break
    if told:
        return partly(name, "; ".join(told), gap, "not what was installed", _RECORD)
    return lack(name, gap or Missing("no package is known"), _RECORD)


def _system(section: Section) -> Part:
    name = "system"
    found = [fact for key in ("os", "cpu") if is_known(fact := section.at((key,)))]
    libraries, gap = knowns(section, "libraries"), section.at(("libraries",))
    told = [spelled(fact, source=False) for fact in found]
    told += [plural(len(libraries), "library fact")] if libraries else []
    if len(found) == 2 and gap is None:
        return Part(name, Level.KNOWN, f"{', '.join(told)} ({found[0].source})")
    if told:
        lacking = "not all of operating system, CPU and libraries"
        return partly(name, ", ".join(told), section.at(("os",)), lacking, _RECORD)
    return lack(name, section.at(("os",)) or Missing("nobody recorded it"), _RECORD)


# --- Data ----------------------------------------------------------------------------


def data(run: Run, sections: Sections) -> Iterator[Part]:
    del run
    section = sections[SectionName.DATA]
    name = "datasets"
    digests = [
        key
        for key, fact in knowns(section, "datasets").items()
        if key[-1] == "digest" and fact.value
    ]
    pinned = {key[1] for key in knowns(section, "dvc") if len(key) > 2}
    partial = [
        reason_of(fact)
        for key, fact in section.facts.items()
        if len(key) > 2 and key[0] == "datasets" and not isinstance(fact, Known)
    ]
    gap = section.at(("datasets",))
    shown = ", ".join(dict.fromkeys(key[1] for key in digests[:3]))
    shown += ", …" if len(digests) > 3 else ""
    if digests and not partial and gap is None:
        yield Part(name, Level.KNOWN, f"{plural(len(digests), 'digest')}: {shown} (logged input)")
    elif digests:
        yield Part(
            name, Level.PARTLY, f"{shown}: {partial[0] if partial else 'not all can be read'}",
            "Give the logged dataset a digest of your own over all of it: 32 hexadecimal digits.",
        )  # fmt: skip
    elif pinned:
        yield Part(
            name, Level.PARTLY, f"{plural(len(pinned), 'file')} pinned by DVC; none was logged",
            "Log what the run reads with `mlflow.log_input`.",
        )  # fmt: skip
    else:
        yield lack(
            name, gap or Missing("no dataset was logged"),
            "Log what the run reads with `mlflow.log_input(mlflow.data.from_pandas(frame))`.",
        )  # fmt: skip


# --- Randomness ----------------------------------------------------------------------


def randomness(run: Run, sections: Sections) -> Iterator[Part]:
    section = sections[SectionName.RANDOMNESS]
    yield _seeds(run, section)
    yield _switches(section)


def _seeds(run: Run, section: Section) -> Part:
    name = "seeds"
    seeds = {
        key[0]: fact for key, fact in section.facts.items() if len(key) == 2 and key[1] == "seed"
    }
    unseeded = [
        of for of, fact in seeds.items() if isinstance(fact, Known) and fact.value == NOT_SEEDED
    ]
    unread = [of for of, fact in seeds.items() if not isinstance(fact, Known)]
    seed = section.at(("seed",))
    whole = section.at(()) is None
    good = [of for of in seeds if of not in (*unseeded, *unread)]
    if unseeded or unread:
        told = f"nobody seeded {', '.join(unseeded)}" if unseeded else ""
        told = told or f"the seed of {', '.join(unread)} could not be read"
        return Part(name, Level.PARTLY if good else Level.MISSING, told, _SEED)
    if good:
        told = f"{', '.join(good)} ({sources({(of, 'seed'): seeds[of] for of in good})})"
        if whole:
            return Part(name, Level.KNOWN, told)
        return partly(name, told, section.at(()), "not every generator", _SEED)
    if isinstance(seed, Known) and isinstance(seed.value, int | str) and seed.value != NOT_SET:
        told = f"seed {seed.value} ({seed.source})"
        return partly(name, told, section.at(()), "not which generators it reached", _SEED)
    for param, value in run.params.items():
        if param.endswith(_SEED_PARAMS) and _NUMBER.fullmatch(value):
            told = f"{value} (param {param})"
            return partly(name, told, section.at(()), "not what it seeded", _SEED)
    return lack(name, section.at(()) or seed or Missing("no seed is known"), _SEED)


def _switches(section: Section) -> Part:
    """What decides whether the same seed gives the same numbers."""
    name = "switches"
    switches = ("determinism", "PYTHONHASHSEED")
    told = [
        f"{key} {spelled(fact, source=False)}"
        for key in switches
        if is_known(fact := section.at((key,))) and fact.value not in _ANY_HASH
    ]
    whole = len(told) == len(switches) and section.at(("threads",)) is None
    if threads := knowns(section, "threads"):
        told.append("threads")
    if whole and threads:
        return Part(name, Level.KNOWN, f"{', '.join(told)} ({sources(threads)})")
    if told:
        hashes = section.at(("PYTHONHASHSEED",))
        lacking = "not all of determinism, hash seed and threads"
        if isinstance(hashes, Known) and hashes.value in _ANY_HASH:
            lacking = "nobody fixed the hash seed, which orders sets of texts"
        return partly(name, ", ".join(told), section.at(()), lacking, _SEED)
    gap = section.at(()) or section.at(("determinism",)) or Missing("no switch is known")
    return lack(name, gap, _SEED)
