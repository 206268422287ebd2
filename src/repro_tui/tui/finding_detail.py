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
    History,
    Known,
    LocalFile,
    Missing,
    Package,
    Unreadable,
    Value,
)
from repro_tui.reports import words
from repro_tui.text import number, size
from repro_tui.tui.facts import Facts
from repro_tui.tui.spelling import MUTED, shown
from repro_tui.tui.tensor_rows import strip


def facts(finding: Finding, names: tuple[str, str]) -> Facts:
    """Both sides whole, and what was measured; the screen's head tells what was found."""
    lines: list[tuple[Content, Content]] = []
    if finding.rule:
        lines.append((Content.styled("by", MUTED), shown(finding.rule)))
    for side, name, fact in (
        ("left", names[0], finding.left),
        ("right", names[1], finding.right),
    ):
        head = Content.styled(f"{side}  ", "$primary bold") + shown(name, "bold")
        lines.append((Content(""), Content("\n") + head if lines else head))
        lines += [(Content.styled(f"  {label}", MUTED), value) for label, value in _fact(fact)]
    measured = [
        (Content.styled(f"  {label}", MUTED), shown(value)) for label, value in _measured(finding)
    ]
    if measured:
        lines.append((Content(""), Content("\n") + Content.styled("what differs", "$primary bold")))
    return Facts(lines + measured)


def _fact(fact: Fact | None) -> Iterator[tuple[str, Content]]:
    match fact:
        case None:
            yield "value", Content.styled("not there", f"{MUTED} italic")
        case Missing(reason):
            yield "not known", shown(reason, "$diff-unknown")
        case Unreadable(source, reason):
            yield "cannot be read", shown(reason, "$diff-unknown")
            yield "from", shown(source, MUTED)
        case Known(value, source):
            yield from ((label, shown(text)) for label, text in _value(value) if text)
            yield "from", shown(source, MUTED)


def _value(value: Value) -> Iterator[tuple[str, str]]:
    match value:
        case FileRef(path, count, digest, location):
            yield "path", path
            yield "size", f"{count:,} bytes" + (f" ({size(count)})" if count >= 1024 else "")
            yield "digest", digest
            yield "at", location.path if isinstance(location, LocalFile) else location.repository
        case Package(version, source, hashes, marker):
            yield "version", version
            yield "source", source
            yield "marker", marker
            yield from (("hash", text) for text in hashes)
        case History():
            yield "value", words.value(value)
            if len(value):
                yield "steps", f"{value.steps[0]:,} to {value.steps[-1]:,}"
        case Dataset():
            yield "dataset", f"{value.name} ({value.context})" if value.context else value.name
            yield "digest", value.digest
            yield "source", f"{value.source_type} {value.source}"
            yield "schema", value.schema
            yield "profile", value.profile
        case str():
            lines = value.split("\n")
            yield "value", lines[0] or "(empty)"
            yield from ((" ", line) for line in lines[1:])
        case _:
            yield "value", words.value(value)


def _measured(finding: Finding) -> Iterator[tuple[str, str]]:
    match finding.detail:
        case HistoryDetail() as detail:
            if detail.first_step is not None:
                yield "first at step", f"{detail.first_step:,}"
                yield (
                    "values there",
                    f"{words.point(detail.first_left)} │ {words.point(detail.first_right)}",
                )
            yield (
                "last values",
                f"{words.point(detail.last_left)} │ {words.point(detail.last_right)}",
            )
            yield from _distance(detail.distance, "step")
            if detail.only_left or detail.only_right:
                yield "only on one side", f"{detail.only_left:,} │ {detail.only_right:,}"
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
    yield "largest absolute", number(distance.max_abs) + at
    yield "largest relative", number(distance.max_rel)
    yield "largest in ULP", f"{distance.max_ulp:,}"
    if len(distance.where) > 1:
        yield "where", strip(distance.where, 32)
        yield "", f"from the first to the last, {distance.compared:,} in all"
    if distance.nonfinite:
        yield "with NaN or infinity", f"{distance.nonfinite:,}"
    if distance.beyond_tolerance != distance.differing:
        yield "beyond the tolerance", f"{distance.beyond_tolerance:,}"


def text_of(finding: Finding) -> TextDetail | None:
    """The line-by-line differences of a finding, where it has them."""
    match finding.detail:
        case TextDetail() as detail:
            return detail
        case FileDetail(text=text):
            return text
        case _:
            return None
