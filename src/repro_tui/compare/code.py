"""The code section: commits, uncommitted changes, and the lines of files that differ."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import BinaryIO

from msgspec.structs import replace

from repro_tui.compare import texts
from repro_tui.compare.documents import compare_documents, parse_file
from repro_tui.compare.mappings import (
    WRITTEN_DIFFERENTLY,
    compare_scalars,
    compare_section,
    noted,
)
from repro_tui.compare.model import DiffLine, DiffMark, Finding, Kind, TextDetail
from repro_tui.compare.policy import Policy
from repro_tui.errors import ReproError
from repro_tui.evidence.model import (
    Commit,
    Fact,
    FileRef,
    GitBlob,
    Key,
    Known,
    Section,
    SectionName,
)
from repro_tui.text import plural, size

Opener = Callable[[FileRef], BinaryIO]
"""Gives the bytes of a file, or raises ReproError where they are gone or changed."""

CommitsBetween = Callable[[str, str, str], Sequence[Commit]]
"""The commits that the third commit has and the second has not, newest first, in the
repository of that name; ReproError where it cannot tell. A thousand at most."""

_MOST_SUBJECTS = 50
_MOST_COMMITS = 1000


def compare_code(
    left: Section,
    right: Section,
    policy: Policy,
    opener: Opener,
    text_limit: int,
    commits_between: CommitsBetween,
    used: Mapping[str, str],
) -> tuple[Finding, ...]:
    """Findings of the code section; files up to `text_limit` bytes are compared by line.

    `used` says of each file that a run is seen to use, how; these come first. A file that
    only one run has is read only where it is used.

    Where both runs have one commit and one known patch, their files are the same: only
    files that were listed and differ all the same (of another subdirectory) remain.
    """
    repositories = list(dict.fromkeys((*_repositories(left), *_repositories(right))))
    if _one_tree(left, right):
        left, right = _without_files(left, right), _without_files(right, left)
    findings = compare_section(left, right, policy, compare_scalars(SectionName.CODE))
    first = {(path,) for path in used}
    found = []
    for finding in findings:
        if finding.key == ("commit",):
            finding = _with_commits(finding, repositories, commits_between)
        elif finding.key[:1] != ("files",):
            finding = _with_lines(finding, opener, text_limit)
        elif finding.kind.differs and (why := used.get(finding.key[-1])):
            finding = noted(_with_lines(finding, opener, text_limit), why)
        elif finding.kind is Kind.CHANGED:
            finding = _with_lines(finding, opener, text_limit)
        found.append(finding)
    return tuple(sorted(found, key=lambda f: (f.key[:1], f.key[-1:] not in first, f.key)))


def _one_tree(left: Section, right: Section) -> bool:
    keys: tuple[Key, ...] = (("commit",), ("uncommitted changes",))
    facts = [(left.at(key), right.at(key)) for key in keys]
    return all(
        isinstance(a, Known) and isinstance(b, Known) and a.value == b.value for a, b in facts
    )


def _without_files(section: Section, other: Section) -> Section:
    """The section without the files that follow from the commit."""
    kept: Mapping[Key, Fact] = {
        key: fact
        for key, fact in section.facts.items()
        if key[:1] != ("files",) or (isinstance(fact, Known) and _lists_another(other, key, fact))
    }
    return Section(section.name, kept)


def _lists_another(section: Section, key: Key, fact: Known) -> bool:
    found = section.at(key)
    return found is None or (isinstance(found, Known) and found.value != fact.value)


def _repositories(section: Section) -> Iterator[str]:
    """The repositories on this machine that the files were read from."""
    for fact in section.facts.values():
        match fact:
            case Known(value=FileRef(location=GitBlob(repository=repository))):
                yield repository


def _with_commits(
    finding: Finding, repositories: Sequence[str], commits_between: CommitsBetween
) -> Finding:
    """The commits that lie between two, where a repository here holds both."""
    match finding:
        case Finding(kind=Kind.CHANGED, left=Known(value=str(a)), right=Known(value=str(b))):
            for repository in repositories:
                try:
                    gone = commits_between(repository, b, a)
                    come = commits_between(repository, a, b)
                except ReproError:
                    continue
                return replace(finding, note=_order(gone, come), detail=_subjects(gone, come))
            note = "which commits lie between is not known: no repository here tells of both"
            return replace(finding, note=note)
    return finding


def _order(gone: Sequence[Commit], come: Sequence[Commit]) -> str:
    if not gone:
        return "the right commit came after the left one"
    if not come:
        return "the right commit came before the left one"
    return "neither commit came after the other"


def _subjects(gone: Sequence[Commit], come: Sequence[Commit]) -> TextDetail:
    """The commits of one side as lines: what the left has alone, then the right."""
    lines: list[DiffLine] = []
    counts = []
    for side, mark, commits in (("left", DiffMark.REMOVED, gone), ("right", DiffMark.ADDED, come)):
        shown = (f"{commit.id[:12]} {commit.subject}" for commit in commits[:_MOST_SUBJECTS])
        lines += [DiffLine(mark, None, None, line) for line in shown]
        if len(commits) > _MOST_SUBJECTS:
            more = plural(len(commits) - _MOST_SUBJECTS, "older commit")
            lines.append(DiffLine(DiffMark.SKIPPED, None, None, more))
        if commits:
            many = " or more" if len(commits) >= _MOST_COMMITS else ""
            counts.append(f"{plural(len(commits), 'commit')}{many} only on the {side}")
    return TextDetail(", ".join(counts), tuple(lines))


def _with_lines(finding: Finding, opener: Opener, text_limit: int) -> Finding:
    """The lines that differ; of a file that only one run has, all of them."""
    refs = [_file(finding.left), _file(finding.right)]
    sizes = [ref.size for ref in refs if ref is not None]
    if not finding.kind.differs or not sizes:
        return finding
    if max(sizes) > text_limit:
        return noted(finding, f"larger than {size(text_limit)}: not compared by line")
    try:
        sides = [_read(ref, opener) for ref in refs]
    except ReproError as error:
        return noted(finding, f"its lines cannot be read: {error.message}")
    before, after = (texts.decode(content) for content in sides)
    if before is None or after is None:
        return noted(finding, "not text")
    lines = texts.diff(before, after)
    if finding.kind is not Kind.CHANGED or None in refs:
        return replace(finding, detail=lines)
    return _with_values(replace(finding, detail=lines), before, after, lines)


def _with_values(finding: Finding, before: str, after: str, lines: TextDetail) -> Finding:
    """A configuration file by its values too: what changed at which key."""
    path = finding.key[-1]
    left, right = parse_file(path, before), parse_file(path, after)
    if left is None or right is None or type(left.content) is not type(right.content):
        return finding
    assert isinstance(finding.left, Known)
    assert isinstance(finding.right, Known)
    try:
        detail = compare_documents(left, right, (finding.left.source, finding.right.source))
    except ValueError:
        return finding
    if detail is None:
        return noted(finding, WRITTEN_DIFFERENTLY)
    return replace(finding, detail=replace(detail, text=lines))


def _file(fact: Fact | None) -> FileRef | None:
    return fact.value if isinstance(fact, Known) and isinstance(fact.value, FileRef) else None


def _read(ref: FileRef | None, opener: Opener) -> bytes:
    if ref is None:
        return b""
    with opener(ref) as stream:
        return stream.read()
