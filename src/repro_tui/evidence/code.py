"""The section `code`: commit, uncommitted changes, entry point, command, the files used."""

from repro_tui.errors import ReproError
from repro_tui.evidence.model import (
    Fact,
    FileRef,
    GitBlob,
    Key,
    Known,
    LocalFile,
    Missing,
    Run,
    Section,
    SectionName,
)
from repro_tui.evidence.origin import Origin, Snapshot
from repro_tui.evidence.record import PATCH, Launch, Record
from repro_tui.evidence.tags import Tag

_RECORD = "record.json"


def code(run: Run, record: Record | None, origin: Origin) -> Section:
    """The section. Files are those of the project's subdirectory at the commit."""
    launch = record.launch if record else None
    facts: dict[Key, Fact] = {
        ("commit",): _known(
            origin.commit, launch, Tag.GIT_COMMIT if Tag.GIT_COMMIT in run.tags else Tag.COMMIT
        )
        or Missing("no commit was recorded: the run was not started in a Git repository"),
        ("entry point",): _known(origin.entry_point, launch, Tag.SOURCE_NAME)
        or Missing("neither an entry point nor a script was recorded"),
    }
    if Tag.GIT_BRANCH in run.tags:
        facts["branch",] = Known(run.tags[Tag.GIT_BRANCH], f"tag {Tag.GIT_BRANCH}")
    if record is not None and launch is not None:
        facts["uncommitted changes",] = _patch(record, launch)
        facts["command",] = Known(launch.command, _RECORD)
    else:
        facts["uncommitted changes",] = _uncommitted(run)
        facts["command",] = Missing("MLflow does not record the command line")
    return Section(SectionName.CODE, facts | _files(origin.code))


def _known(value: str, launch: Launch | None, tag: str) -> Known | None:
    if not value:
        return None
    return Known(value, _RECORD if launch is not None else f"tag {tag}")


def _patch(record: Record, launch: Launch) -> Fact:
    """The recorded changes as a file, so that their lines can be compared."""
    digest = launch.patch
    if launch.unkept:
        return Missing(f"they were not kept: {launch.unkept}")
    if digest is None:
        return Known("none", _RECORD)
    try:
        size = len(record.patch().encode(errors="surrogateescape"))
    except ReproError:
        return Known(digest, _RECORD)
    return Known(FileRef(PATCH, size, digest, LocalFile(str(record.folder / PATCH))), _RECORD)


def _uncommitted(run: Run) -> Fact:
    dirty = run.tags.get(Tag.DIRTY)
    if dirty == "false":
        return Known("none", f"tag {Tag.DIRTY}")
    if dirty == "true":
        return Missing("there were uncommitted changes, and they were not recorded")
    return Missing("MLflow does not record uncommitted changes")


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
