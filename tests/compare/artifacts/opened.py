"""Bytes handed over as opened files, and findings looked up by their key."""

import io
import zipfile
from collections.abc import Mapping

from repro_tui.compare.artifacts import Inside, OpenFile, look_inside
from repro_tui.compare.model import FileDetail, Finding, Kind
from repro_tui.compare.policy import Policy


def opened(path: str, content: bytes) -> OpenFile:
    return OpenFile(path, len(content), io.BytesIO(content))


def inside(path: str, left: bytes, right: bytes, policy: Policy | None = None) -> Inside:
    """Look into two files of one name."""
    return look_inside(opened(path, left), opened(path, right), policy or Policy())


def at(seen: Inside | FileDetail, *key: str) -> Finding:
    """The one finding with this key."""
    detail = seen.detail if isinstance(seen, Inside) else seen
    (found,) = [finding for finding in detail.findings if finding.key == key]
    return found


def nested(finding: Finding) -> FileDetail:
    """What was seen inside the file that a finding is about."""
    assert isinstance(finding.detail, FileDetail)
    return finding.detail


def not_equal(seen: Inside) -> dict[tuple[str, ...], Kind]:
    """The kinds of all findings that are not `equal`, by key."""
    return {f.key: f.kind for f in seen.detail.findings if f.kind is not Kind.EQUAL}


def zipped(
    members: Mapping[str, bytes],
    when: tuple[int, int, int, int, int, int] = (2026, 1, 2, 3, 4, 6),
    compression: int = zipfile.ZIP_DEFLATED,
) -> bytes:
    """A zip of these members, in their order, all written at one time."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name, when), content, compression)
    return stream.getvalue()
