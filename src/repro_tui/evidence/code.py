"""The section `code`: commit, uncommitted changes, entry point, command, the files used."""

from repro_tui.evidence.model import (
    Fact,
    FileRef,
    GitBlob,
    Key,
    Known,
    Missing,
    Run,
    Section,
    SectionName,
    Tag,
)
from repro_tui.evidence.record import Record
from repro_tui.evidence.snapshot import Snapshot

_RECORD = "record.json"


def code(run: Run, record: Record | None, snapshot: Snapshot | Missing) -> Section:
    """The section. Files are those of the project's subdirectory at the commit."""
    launch = record.launch if record is not None else None
    facts: dict[Key, Fact] = {}
    if launch is not None and launch.commit:
        facts["commit",] = Known(launch.commit, _RECORD)
    else:
        facts["commit",] = _tag(
            run, Tag.GIT_COMMIT, "no commit was recorded: the run was not started in a repository"
        )
    if Tag.GIT_BRANCH in run.tags:
        facts["branch",] = Known(run.tags[Tag.GIT_BRANCH], f"tag {Tag.GIT_BRANCH}")
    if launch is not None:
        facts["uncommitted changes",] = Known(launch.patch or "none", _RECORD)
        facts["entry point",] = Known(launch.entry_point, _RECORD)
        facts["command",] = Known(launch.command, _RECORD)
    else:
        facts["uncommitted changes",] = _uncommitted(run)
        facts["entry point",] = _entry_point(run)
        facts["command",] = Missing("MLflow does not record the command line")
    facts |= _files(snapshot)
    return Section(SectionName.CODE, facts)


def _uncommitted(run: Run) -> Fact:
    dirty = run.tags.get(Tag.DIRTY)
    if dirty == "false":
        return Known("none", f"tag {Tag.DIRTY}")
    if dirty == "true":
        return Missing("there were uncommitted changes, and they were not recorded")
    return Missing("MLflow does not record uncommitted changes")


def _entry_point(run: Run) -> Fact:
    """The project's entry point, or the script that was started."""
    if Tag.ENTRY_POINT in run.tags:
        return _tag(run, Tag.ENTRY_POINT, "")
    return _tag(run, Tag.SOURCE_NAME, "neither an entry point nor a script was recorded")


def _tag(run: Run, tag: str, otherwise: str) -> Fact:
    value = run.tags.get(tag)
    return Known(value, f"tag {tag}") if value else Missing(otherwise)


def _files(snapshot: Snapshot | Missing) -> dict[Key, Fact]:
    if isinstance(snapshot, Missing):
        return {("files",): snapshot}
    project = f"{snapshot.subdirectory}/" if snapshot.subdirectory else ""
    source = f"{snapshot.repository.name} at {snapshot.commit[:12]}"
    facts: dict[Key, Fact] = {}
    for entry in snapshot.entries:
        if not entry.path.startswith(project):
            continue
        if entry.kind == "blob":
            location = GitBlob(snapshot.repository.name, entry.id)
            file = FileRef(entry.path, entry.size, f"git:{entry.id}", location)
            facts["files", entry.path] = Known(file, source)
        else:
            facts["files", entry.path] = Known(f"submodule at {entry.id}", source)
    if not facts:
        return {("files",): Missing(f"the commit has no folder {snapshot.subdirectory}")}
    return facts
