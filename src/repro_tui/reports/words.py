"""How a comparison is spelled: one place for every report and for the screens.

Everything here is plain text that may hold what strangers wrote: each view makes it safe
in its own way (`text.visible` before a terminal, escapes in Markdown). Kinds are told by
symbol and word, so that no view needs colour to be understood.
"""

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from repro_tui.compare.inline import Spans, spans
from repro_tui.compare.model import (
    Comparison,
    Detail,
    DiffLine,
    Distance,
    FileDetail,
    Finding,
    FirstDivergence,
    HistoryDetail,
    Kind,
    SectionComparison,
    Suspect,
    TensorDetail,
    TextDetail,
    Verdict,
)
from repro_tui.compare.policy import Policy, Rule
from repro_tui.evidence.model import (
    Dataset,
    Fact,
    FileRef,
    History,
    Key,
    Known,
    Missing,
    Package,
    Unreadable,
    Value,
)
from repro_tui.text import number, plural

_SYMBOLS = {
    Kind.EQUAL: "=",
    Kind.CHANGED: "≠",
    Kind.ADDED: "+",
    Kind.REMOVED: "-",
    Kind.WITHIN_TOLERANCE: "≈",
    Kind.SET_ASIDE: "~",
    Kind.UNKNOWN: "?",
}

_LINES = 60
"""Lines of a text that differs in a short report: forges take only so much as a comment."""
_LINE = 400
"""Characters of such a line."""


def symbol(kind: Kind) -> str:
    """One character, of its own for each kind."""
    return _SYMBOLS[kind]


def key(parts: Key) -> str:
    """Where something stands in its section: `packages / numpy`."""
    return " / ".join(parts) or "(the whole section)"


def fact(known: Fact | None) -> str:
    """The value in one line, whole, or why there is none. Reasons are in the note."""
    match known:
        case None:
            return "not there"
        case Missing():
            return "not known"
        case Unreadable():
            return "cannot be read"
        case Known():
            return value(known.value)


def value(held: Value) -> str:
    """A value in one line, whole but for a history, which is summed up."""
    match held:
        case None:
            return "none"
        case float():
            return number(held)
        case FileRef():
            return f"{held.digest} ({plural(held.size, 'byte')})"
        case Package():
            return " ".join(filter(None, (held.version, held.source, held.marker, *held.hashes)))
        case Dataset():
            context = f" ({held.context})" if held.context else ""
            return f"{held.name}{context} {held.digest} from {held.source_type} {held.source}"
        case History():
            last = f", last {number(float(held.values[-1]))}" if len(held) else ""
            return f"{plural(len(held), 'point')}{last}"
        case _:
            return str(held)


def finding_note(finding: Finding) -> str:
    """What was found, in one line: the note, what lies inside, the rule that applied."""
    inside = "" if finding.detail is None else detail(finding.detail)
    # A comparer's note may only count what the detail counts, too.
    parts = [inside] if inside.startswith(finding.note) else [finding.note, inside]
    if finding.kind is Kind.SET_ASIDE:
        parts.append(f"set aside by the rule “{finding.rule}”")
    elif finding.kind is Kind.WITHIN_TOLERANCE:
        parts.append(f"passed by {finding.rule}")
    return "; ".join(filter(None, parts))


def detail(found: Detail) -> str:
    """What differs inside a value, in one line."""
    match found:
        case HistoryDetail():
            return "; ".join(_history(found))
        case TensorDetail():
            return "; ".join(_tensor(found))
        case TextDetail():
            return found.summary
        case FileDetail():
            return f"{found.comparer}: {found.summary}"


def _history(found: HistoryDetail) -> Iterator[str]:
    if found.first_step is not None:
        left, right = point(found.first_left), point(found.first_right)
        yield f"first differs at step {found.first_step:,} ({left}, {right})"
    yield distance(found.distance, "point", "step")
    for count, side in ((found.only_left, "left"), (found.only_right, "right")):
        if count:
            yield f"{plural(count, 'point')} only on the {side}"


def _tensor(found: TensorDetail) -> Iterator[str]:
    if found.left_dtype != found.right_dtype:
        yield f"{found.left_dtype} against {found.right_dtype}"
    if found.left_shape != found.right_shape:
        yield f"shape {list(found.left_shape)} against {list(found.right_shape)}"
    if found.distance is not None:
        ulp = "float" in found.left_dtype or "complex" in found.left_dtype
        yield distance(found.distance, "value", "index", ulp=ulp)


_FEW_ULP = 1_000_000
"""Of a float64 near 1: a difference of 2e-10. Beyond that the number says nothing to anyone."""


def distance(apart: Distance, noun: str, place: str, *, ulp: bool = True) -> str:
    """How far apart two series are: how many differ, the largest distances and where.

    Distances are rounded to three digits: they are to be judged, not to be calculated with.
    """
    if not apart.differing:
        return f"{plural(apart.compared, noun)} equal"
    parts = [f"{apart.differing:,} of {plural(apart.compared, noun)} differ"]
    if apart.beyond_tolerance < apart.differing:
        parts.append(f"{apart.beyond_tolerance:,} beyond tolerance")
    if apart.max_abs_at is not None:
        parts.append(f"at most by {apart.max_abs:.3g} at {place} {apart.max_abs_at:,}")
        parts.append(f"relatively by {apart.max_rel:.3g}")
        if ulp and apart.max_ulp <= _FEW_ULP:
            parts.append(f"by {apart.max_ulp:,} ULP")
    if apart.nonfinite:
        parts.append(f"{apart.nonfinite:,} with NaN or infinity")
    return ", ".join(parts)


def point(value: float | None) -> str:
    """A metric's value, or that there is none."""
    return "no point" if value is None else number(value)


def section(compared: SectionComparison) -> str:
    """A section in one line: `≠ 3 changed, = 8 equal`, the gravest first."""
    order = (*(kind for kind in Kind if kind is not Kind.EQUAL), Kind.EQUAL)
    counts = [(kind, compared.count(kind)) for kind in order]
    return ", ".join(f"{symbol(k)} {n:,} {k}" for k, n in counts if n) or "nothing recorded"


def verdict(settled: Verdict) -> str:
    """The verdict in a sentence, and what it is read off."""
    return f"{settled.headline} (inputs {settled.inputs}, outcomes {settled.outcomes})"


def first_divergence(first: FirstDivergence) -> str:
    """Where the runs part, and how far they are apart there: in ULP where these can be grasped."""
    apart = ""
    if first.ulp is not None and first.ulp <= _FEW_ULP:
        apart = f", {first.ulp:,} ULP apart"
    elif first.left is not None and first.right is not None and first.ulp is not None:
        apart = f", {abs(first.right - first.left):.3g} apart"
    left, right = point(first.left), point(first.right)
    return f"{first.metric} at step {first.step:,}: {left} left, {right} right{apart}"


def tolerance(policy: Policy) -> str:
    """How numbers were compared: `exactly, to the bit`, `within rtol 1e-05; ulp 4 for loss`."""
    if policy.general:
        return f"within {policy.asked}"
    return "; ".join(filter(None, ("exactly, to the bit", policy.asked)))


def sides(finding: Finding, width: int | None) -> tuple[str, ...]:
    """What either run has, in one line; cut to `width` where it is given."""
    texts = fact(finding.left), fact(finding.right)
    return texts if width is None else abreast(texts, width)


Pieces = tuple[tuple[str, bool], ...]
"""A text in pieces, each with whether it has no counterpart in the other text."""


def pieces(finding: Finding, width: int | None) -> tuple[Pieces, Pieces]:
    """What either run has, as `sides` has it, in pieces that say where the two differ."""
    left, right = sides(finding, width)
    both = finding.kind in (Kind.CHANGED, Kind.WITHIN_TOLERANCE)
    a, b = spans(left, right) if both else ((), ())
    return tuple(_pieces(left, a)), tuple(_pieces(right, b))


def _pieces(text: str, differing: Spans) -> Iterator[tuple[str, bool]]:
    end = 0
    for start, stop in differing:
        if start > end:
            yield text[end:start], False
        yield text[start:stop], True
        end = stop
    if end < len(text) or not text:
        yield text[end:], False


def sources(finding: Finding) -> tuple[str, ...]:
    """Where the values were read, each place once."""
    facts = (finding.left, finding.right)
    read = [held.source for held in facts if isinstance(held, Known | Unreadable)]
    return tuple(dict.fromkeys(filter(None, read)))


def inside(finding: Finding) -> tuple[tuple[Finding, ...], TextDetail | None]:
    """What a comparer saw inside a value: its parts and its lines."""
    match finding.detail:
        case TextDetail() as text:
            return (), text
        case FileDetail() as file:
            return file.findings, file.text
        case _:
            return (), None


def lines(text: TextDetail, *, full: bool) -> tuple[tuple[DiffLine, ...], str]:
    """The lines that a report shows, and what it says of those that it does not."""
    more = "More lines differ; they are not shown." if text.cut else ""
    if full:
        return text.lines, more
    shown = tuple(
        line if len(line.text) <= _LINE else replace(line, text=f"{line.text[: _LINE - 1]}…")
        for line in text.lines[:_LINES]
    )
    left_out = len(text.lines) - len(shown)
    hidden = f"Not shown: {plural(left_out, 'further line')}." if left_out else ""
    return shown, " ".join(filter(None, (hidden, more)))


def suspected(comparison: Comparison) -> Iterator[tuple[Suspect, Finding]]:
    """Every suspect with what was found there."""
    for suspect in comparison.suspects:
        findings = comparison[suspect.section].findings
        yield suspect, next(finding for finding in findings if finding.key == suspect.key)


def rules_used(comparisons: Sequence[Comparison]) -> list[Rule]:
    """The policy's rules that set a key aside, in the policy's order."""
    policy = comparisons[0].policy
    used = {
        policy.rule_for(name, finding.key)
        for comparison in comparisons
        for name, section in comparison.sections.items()
        for finding in section.findings
        if finding.kind is Kind.SET_ASIDE
    }
    return [rule for rule in policy.set_aside if rule in used]


def told(finding: Finding) -> bool:
    """Whether a short report tells of a finding: all but what is plainly equal."""
    return finding.kind is not Kind.EQUAL or bool(finding.note)


def abreast(texts: Sequence[str], width: int) -> tuple[str, ...]:
    """The texts cut to `width` so that the first place where they differ is in view.

    >>> abreast(["a" * 40 + "x", "a" * 40 + "y"], 12)
    ('…aaaaaaax', '…aaaaaaay')
    """
    if max(map(len, texts)) <= width:
        return tuple(texts)
    start = opening(texts, width)
    return tuple(_window(text, start, width) for text in texts)


def opening(texts: Sequence[str], width: int) -> int:
    """From which character on `width` of them show the first place where the texts differ."""
    places = enumerate(zip(*texts, strict=False))
    first = next((i for i, found in places if len(set(found)) > 1), min(map(len, texts)))
    return max(first - width * 2 // 3, 0) if first >= width - 1 else 0


def _window(text: str, start: int, width: int) -> str:
    head = "…" if start else ""
    body = text[start + len(head) :]
    return head + (body if len(head + body) <= width else body[: width - len(head) - 1] + "…")
