"""HTML and SVG: text in which the ids of elements are numbered or drawn anew each time.

scikit-learn numbers the containers of its estimators (`sk-container-id-3`), Matplotlib
draws the ids of markers and clip paths from a random salt (`m6f1e0a2b3c`, where
`svg.hashsalt` is not set) and writes the time of day.
"""

import re

from repro_tui.compare.artifacts import asides, text
from repro_tui.compare.artifacts.file import Inside, OpenFile
from repro_tui.compare.policy import Policy

_IDS = re.compile(
    r"\bsk-(?:container|estimator)-id-\d+\b|(?<=[\"#])[mpC][0-9a-f]{10}\b|\bC[0-9a-f]+_[0-9a-f]+_[0-9a-f]{10}\b"
)


def compare(left: OpenFile, right: OpenFile, policy: Policy) -> Inside:  # noqa: ARG001 - exact
    """Compare after numbering the generated ids in the order in which they appear.

    So an id that is used in another place than its counterpart is still a difference.
    Raises Unsuited where a file is not UTF-8 text or too long.
    """
    sides = text.read(left), text.read(right)
    numbered = _numbered(sides[0]), _numbered(sides[1])
    same_ids = _IDS.findall(sides[0]) == _IDS.findall(sides[1])
    before = [] if same_ids else [asides.MARKUP_IDS.finding((asides.MARKUP_IDS.rule,))]
    return text.compare_lines("markup", *numbered, before=before)


def _numbered(content: str) -> str:
    numbers: dict[str, int] = {}
    return _IDS.sub(
        lambda match: f"generated-id-{numbers.setdefault(match[0], len(numbers) + 1)}", content
    )
