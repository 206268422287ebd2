"""One finding in full: whole values, whole digests, where they come from. Pure."""

from collections.abc import Iterator

from textual.content import Content

from repro_tui.compare.model import (
    Distance,
    FileDetail,
    Finding,
    HistoryDetail,
    TensorDetail,
    TextDetail,
)
from repro_tui.evidence.model import (
    Dataset,
    Fact,
    FileRef,
    GitBlob,
    History,
    Known,
    LocalFile,
    Missing,
    Package,
    Unreadable,
    Value,
)
from repro_tui.reports import words
from repro_tui.text import number, plural, size
from repro_tui.tui.spelling import MUTED, colour, shown


def facts(finding: Finding, names: tuple[str, str]) -> Content:
    """Both sides whole, what was found, and what it rests on."""
    style = colour(finding.kind)
    first = Content.styled(f"{words.symbol(finding.kind)} {finding.kind}", f"{style} bold")
    note = words.finding_note(finding)
    lines = [first + shown(f"  {note}" if note else "")]
    if finding.rule:
        lines.append(shown(f"by the rule or tolerance: {finding.rule}", MUTED))
    for side, name, fact in (
        ("left", names[0], finding.left),
        ("right", names[1], finding.right),
    ):
        lines.append(Content.styled(f"\n{side}  ", "$primary bold") + shown(name, "bold"))
        lines += [Content("  ") + line for line in _fact(fact)]
    measured = list(_measured(finding))
    if measured:
        lines.append(Content.styled("\nhow far apart", "$primary bold"))
        lines += [
            Content.styled(f"  {title:<28}", MUTED) + shown(value) for title, value in measured
        ]
    return Content("\n").join(lines)


def _fact(fact: Fact | None) -> Iterator[Content]:
    match fact:
        case None:
            yield Content.styled("not there", f"{MUTED} italic")
        case Missing(reason):
            yield Content.styled("not known: ", "$diff-unknown") + shown(reason)
        case Unreadable(source, reason):
            yield Content.styled("cannot be read: ", "$diff-unknown") + shown(reason)
            yield shown(f"from {source}", MUTED)
        case Known(value, source):
            yield from _value(value)
            yield shown(f"from {source}", MUTED)


def _value(value: Value) -> Iterator[Content]:
    match value:
        case FileRef(path, count, digest, location):
            yield shown(path)
            yield Content(f"{size(count)} ({count:,} bytes)")
            yield shown(digest)
            match location:
                case LocalFile(place):
                    yield shown(place, MUTED)
                case GitBlob(repository, blob):
                    yield shown(f"{repository} {blob}", MUTED)
        case Package(version, source, hashes, marker):
            yield shown(version, "bold")
            yield from (shown(text) for text in (source, marker, *hashes) if text)
        case History():
            yield Content(plural(len(value), "point"))
            if len(value):
                yield Content(f"steps {value.steps[0]:,} to {value.steps[-1]:,}")
                yield Content(f"last value {number(float(value.values[-1]))}")
        case Dataset():
            yield shown(f"{value.name} {value.digest} ({value.context})")
            yield shown(f"{value.source_type} {value.source}")
            yield from (shown(text) for text in (value.schema, value.profile) if text)
        case float():
            yield Content(number(value))
        case str() if "\n" in value:
            yield from (shown(line) for line in value.split("\n"))
        case _:
            yield shown(str(value))


def _measured(finding: Finding) -> Iterator[tuple[str, str]]:
    match finding.detail:
        case HistoryDetail() as detail:
            if detail.first_step is not None:
                yield "first differing step", f"{detail.first_step:,}"
                yield "values there", f"{_point(detail.first_left)} │ {_point(detail.first_right)}"
            yield "last values", f"{_point(detail.last_left)} │ {_point(detail.last_right)}"
            yield from _distance(detail.distance, "step")
            if detail.only_left or detail.only_right:
                yield "points on one side only", f"{detail.only_left:,} │ {detail.only_right:,}"
        case TensorDetail() as detail:
            yield "dtype", f"{detail.left_dtype} │ {detail.right_dtype}"
            yield "shape", f"{list(detail.left_shape)} │ {list(detail.right_shape)}"
            if detail.distance is not None:
                yield from _distance(detail.distance, "flat index")
        case FileDetail() as detail:
            yield f"looked into as {detail.comparer}", detail.summary
            if detail.text is not None:
                yield "lines", detail.text.summary
        case TextDetail() as detail:
            yield "lines", detail.summary


def _distance(distance: Distance, place: str) -> Iterator[tuple[str, str]]:
    yield "differing", f"{distance.differing:,} of {distance.compared:,} compared"
    if not distance.differing:
        return
    at = "" if distance.max_abs_at is None else f" at {place} {distance.max_abs_at:,}"
    yield "largest absolute distance", number(distance.max_abs) + at
    yield "largest relative distance", number(distance.max_rel)
    yield "largest distance in ulp", f"{distance.max_ulp:,}"
    if distance.nonfinite:
        yield "not finite on one side", f"{distance.nonfinite:,}"
    if distance.beyond_tolerance != distance.differing:
        yield "beyond the tolerance", f"{distance.beyond_tolerance:,}"


def _point(value: float | None) -> str:
    return "no point" if value is None else number(value)


def text_of(finding: Finding) -> TextDetail | None:
    """The line-by-line differences of a finding, where it has them."""
    match finding.detail:
        case TextDetail() as detail:
            return detail
        case FileDetail(text=text):
            return text
        case _:
            return None
