"""What is known of one run, as lines: what is missing first, then section by section. Pure.

A line is drawn when it is seen, so that ten thousand params cost what is in view.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import islice

from textual.content import Content

from repro_tui.evidence.gauge import Gauge, Part, gauge, seen_on_page
from repro_tui.evidence.model import LoggedModel, Run, Unreadable
from repro_tui.evidence.overview import Overview
from repro_tui.evidence.tags import Tag
from repro_tui.evidence.tracking.reader import RunPage
from repro_tui.reports.runs import device, seed
from repro_tui.text import duration, visible
from repro_tui.tui.artifact_tree import tree
from repro_tui.tui.metric_lines import metric_lines
from repro_tui.tui.outcome import headline
from repro_tui.tui.run_lines import Holds, Line, Topic, beside, fit, label_width, wrap, wrapped
from repro_tui.tui.spelling import LEGEND, LEVEL_STYLES, MUTED, cells, moment, shown, status
from repro_tui.tui.told import Told

NOTE = "mlflow.note.content"
"""The tag in which MLflow keeps what a person wrote about a run."""
Section = tuple[Topic, Content, Iterable[Line]]
"""A topic, what its heading says, and its lines."""
_MOST_SHOWN = 500
"""Lines of one section."""
_NOTE_LINES = 40


def lines(
    told: Told, width: int, now: int, folded: Collection[Topic] = (), search: str = ""
) -> tuple[Line, ...]:
    """Every section with its lines; of a folded one the heading. A search leaves what holds it."""
    found: list[Line] = []
    wanted = search.casefold()

    def holds(label: str, value: str) -> bool:
        return wanted in label.casefold() or wanted in value.casefold()

    for topic, summary, body in _topics(told, width, now, holds):
        inside = list(islice((o for o in body if holds(o.label, o.value)), _MOST_SHOWN + 1))
        if wanted and not inside:
            continue
        shut = topic in folded and not wanted
        found.append(_heading(topic, summary, shut, bool(inside)))
        found += [] if shut else inside[:_MOST_SHOWN]
        if len(inside) > _MOST_SHOWN and not shut:
            found.append(Line(topic, "more", _more))
    return tuple(found)


def _more() -> Content:
    return Content.styled("  … and more; / searches in all of them", MUTED)


def _topics(told: Told, width: int, now: int, holds: Holds) -> Iterator[Section]:
    """The sections. What can be long is searched before its lines are made."""
    run, known = told.run, told.overview
    sections = known.sections if isinstance(known, Overview) else seen_on_page(run)
    measured = gauge(run, sections)
    summary = cells(measured)
    if not isinstance(known, Overview):
        summary += Content("  ") + _state(known, Content(""))
    yield Topic.KNOWN, summary, _gauge(measured, width)
    yield Topic.RUN, shown(run.name or run.run_id, "$accent bold"), _facts(run, now, width)
    yield Topic.AGAIN, _state(told.again, _count_again(told)), _again(told, now)
    params = {name: value for name, value in run.params.items() if holds(name, value)}
    yield Topic.PARAMS, _count(len(run.params)), _values(Topic.PARAMS, params, width)
    histories = told.histories if isinstance(told.histories, Mapping) else {}
    metrics = _state(told.histories, _count(len(run.metrics)))
    yield Topic.METRICS, metrics, metric_lines(run.metrics, histories, width, holds)
    if isinstance(known, Overview):
        yield from _overview_topics(known, width)
    if note := run.tags.get(NOTE):
        yield Topic.NOTES, Content(""), _note(note, width)
    tags = {name: value for name, value in run.tags.items() if name != NOTE}
    found = {name: value for name, value in tags.items() if holds(name, value)}
    yield Topic.TAGS, _count(len(tags)), _values(Topic.TAGS, found, width)


def _heading(topic: Topic, summary: Content, folded: bool, holds: bool) -> Line:
    fold = "▸ " if folded else "▾ " if holds else "  "

    def draw() -> Content:
        return Content.styled(f"{fold}{topic}  ", "$primary bold") + summary

    return Line(topic, "", draw, heads=True)


def _count(count: int) -> Content:
    return Content.styled(f"{count:,}" if count else "none", MUTED)


def _state(read: object, count: Content) -> Content:
    """What a heading says of what is still being read, or could not be."""
    if read is None:
        return Content.styled("reading…", MUTED)
    return shown(f"cannot be read: {read}", "$text-error") if isinstance(read, str) else count


# --- How well it could be reproduced ---------------------------------------------------


def _gauge(measured: Gauge, width: int) -> Iterator[Line]:
    yield Line(Topic.KNOWN, "groups", lambda: _groups(measured))
    gaps = [part for _, part in measured.gaps]
    for part in gaps:
        yield from _part(part, width)
    for number_, advice in enumerate(measured.advice):
        yield from wrapped(Topic.KNOWN, f"next time {number_}", "→ ", advice, width, "$accent")
    for part in (part for grade in measured.grades for part in grade.parts):
        if part not in gaps:
            yield from _part(part, width)
    yield Line(Topic.KNOWN, "legend", lambda: Content.styled(f"  {LEGEND}", MUTED))


def _groups(measured: Gauge) -> Content:
    return Content("  ") + Content(" ").join(
        Content.styled(f"{grade.level.symbol}{grade.group}", LEVEL_STYLES[grade.level])
        for grade in measured.grades
    )


def _part(part: Part, width: int) -> Iterator[Line]:
    head = Content.styled(f"{part.level.symbol} {part.name}", LEVEL_STYLES[part.level])
    return beside(Topic.KNOWN, part.name, head, part.told, width, 21)


# --- The run and its values --------------------------------------------------------------


def _facts(run: Run, now: int, width: int) -> Iterator[Line]:
    took = run.duration
    texts = {
        "run id": run.run_id,
        "experiment": run.experiment_name,
        "start": moment(run.start_time, now),
        "duration": "" if took is None else duration(took),
        "user": run.user,
        "artifacts": run.artifact_uri,
        "deleted": "yes" if run.lifecycle_stage == "deleted" else "",
    }
    yield Line(
        Topic.RUN, "status",
        lambda: Content.styled(f"  {'status':<12}", MUTED) + status(run), run.status,
    )  # fmt: skip
    for name, text in texts.items():
        if text:
            yield from beside(Topic.RUN, name, Content.styled(name, MUTED), text, width, 10)


def _values(topic: Topic, values: Mapping[str, str], width: int) -> Iterator[Line]:
    most = label_width(values, width)
    for name, value in values.items():
        yield from beside(topic, name, None, value, width, most)


def _note(note: str, width: int) -> Iterator[Line]:
    """What a person wrote, as plain text: nothing in it is obeyed."""
    paragraphs = note.rstrip().replace("\r\n", "\n").split("\n")
    for number_, paragraph in enumerate(paragraphs[:_NOTE_LINES]):
        parts = wrap(paragraph, max(width - 4, 8), 12) if paragraph else [""]
        for place, part in enumerate(parts):

            def draw(part: str = part) -> Content:
                return Content(f"  {part}")

            yield Line(Topic.NOTES, str(number_), draw, note, place=place)
    if len(paragraphs) > _NOTE_LINES:
        more = f"  … {len(paragraphs) - _NOTE_LINES:,} more lines; enter shows all"
        yield Line(Topic.NOTES, "more", lambda: Content.styled(more, MUTED), note)


# --- Re-executions -----------------------------------------------------------------------


def _count_again(told: Told) -> Content:
    if not isinstance(told.again, RunPage):
        return Content("")
    more = " or more" if told.again.next_page_token else ""
    count = len(told.again.runs)
    return Content.styled(f"{count:,}{more}, newest first" if count else "none", MUTED)


def _again(told: Told, now: int) -> Iterator[Line]:
    repeats = told.again.runs if isinstance(told.again, RunPage) else ()
    original = told.run.tags.get(Tag.REEXECUTES)
    listed = (told.run, *repeats) if original else repeats
    most = min(max((_outcome(run).cell_length for run in listed), default=0), 34)
    if original:
        yield _comparison(told.run, original, f"this one, of {original[:8]}", now, most)
    for run in repeats:
        yield _comparison(run, told.run.run_id, run.run_id[:8], now, most)


def _outcome(run: Run) -> Content:
    told = run.tags.get(Tag.VERDICT, "")
    return headline(told) if told else status(run) + Content(", not compared")


def _comparison(run: Run, original: str, name: str, now: int, most: int) -> Line:
    """One re-execution: what came of it, when, on which seed and device, how long it took."""
    took = run.duration
    seeded, on = seed(run), device(run)

    def draw() -> Content:
        facts = (
            moment(run.start_time, now),
            f"seed {visible(seeded, 12)}" if seeded else "",
            visible(on, 12),
            "" if took is None else duration(took),
        )
        rest = "  ".join(filter(None, facts))
        named = shown(f"  {name}", MUTED)
        return Content("  ↻ ") + fit(_outcome(run), most) + Content(f"  {rest}") + named

    value = f"{run.run_id} {run.name} {run.tags.get(Tag.VERDICT, '')} {seeded} {on}"
    return Line(Topic.AGAIN, run.run_id, draw, value, opens=(original, run.run_id))


# --- What had to be looked at -------------------------------------------------------------


def _overview_topics(known: Overview, width: int) -> Iterator[Section]:
    if isinstance(known.datasets, Unreadable):
        yield Topic.DATASETS, _state(known.datasets.reason, Content("")), []
    else:
        datasets = {}
        for dataset in known.datasets:
            name = f"{dataset.name} ({dataset.context})" if dataset.context else dataset.name
            source = f"{dataset.source_type} {dataset.source}".strip()
            datasets[name] = f"digest {dataset.digest}, {source}"
        yield (
            Topic.DATASETS,
            _count(len(known.datasets)),
            _values(Topic.DATASETS, datasets, width),
        )
    own, *_ = known.stored
    summary, branches = tree(own.listing)
    yield (
        Topic.ARTIFACTS,
        summary,
        [
            Line(Topic.ARTIFACTS, b.path, b.draw, f"{own.uri.rstrip('/')}/{b.path}")
            for b in branches
        ],
    )
    if isinstance(known.models, Unreadable):
        yield Topic.MODELS, _state(known.models.reason, Content("")), []
    elif known.models:
        yield Topic.MODELS, _count(len(known.models)), _models(known, known.models)


def _models(known: Overview, models: Iterable[LoggedModel]) -> Iterator[Line]:
    for model, stored in zip(models, known.stored[1:], strict=True):
        summary, branches = tree(stored.listing, 1)

        def draw(model: LoggedModel = model, summary: Content = summary) -> Content:
            told = shown(f"  {model.model_id}  {model.status.lower()}  ", MUTED)
            return Content("  ") + shown(model.name, "bold", 60) + told + summary

        yield Line(Topic.MODELS, model.model_id, draw, model.model_id)
        for branch in branches:
            path = f"{stored.uri.rstrip('/')}/{branch.path}"
            yield Line(Topic.MODELS, f"{model.model_id}/{branch.path}", branch.draw, path)
