"""PDF: bytes, but for the dates of creation and change and the id of the document."""

import re

from repro_tui.compare.artifacts import asides, binary
from repro_tui.compare.artifacts.file import Inside, OpenFile, Unsuited, settle
from repro_tui.compare.policy import Policy

# PDF 32000-1:2008, 7.9.4 (dates) and 14.4 (file identifiers).
_DATE = re.compile(rb"/(CreationDate|ModDate) ?\(D:[0-9+\-'Z]{4,23}\)")
_ID = re.compile(rb"/ID ?\[ ?<[0-9A-Fa-f]{32}> ?<[0-9A-Fa-f]{32}> ?\]")


def compare(left: OpenFile, right: OpenFile, policy: Policy) -> Inside:
    """Raises Unsuited where a file does not begin as PDF does."""
    if not left.head(5) == right.head(5) == b"%PDF-":
        raise Unsuited("it does not begin as a PDF does")
    sides = [left.read(), right.read()]
    findings = []
    for aside, pattern in ((asides.TIMES, _DATE), (asides.IDS, _ID)):
        if [m[0] for m in pattern.finditer(sides[0])] != [m[0] for m in pattern.finditer(sides[1])]:
            findings.append(aside.finding((aside.rule,)))
        sides = [pattern.sub(b"", side) for side in sides]
    if sides[0] != sides[1]:
        return binary.compare(left, right, policy)
    return settle("pdf", findings, asides.DOCUMENT_LAYOUT)
