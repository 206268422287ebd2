"""One run written out: how well it could be reproduced, what is known, its re-executions."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from repro_tui.evidence.gauge import Gauge, Level, gauge
from repro_tui.evidence.model import Fact, Known, Missing, Package, Run, Unreadable
from repro_tui.evidence.overview import Overview
from repro_tui.evidence.tags import Tag
from repro_tui.reports import json, words
from repro_tui.reports.runs import described, device, seed, started
from repro_tui.reports.runs import to_json as runs_to_json
from repro_tui.text import duration, number, plural, visible

SCHEMA = "repro-tui.run/1"
_CELL = 80
"""Characters of a fact's value on a terminal."""
_MOST = 12
"""Facts of one kind that are listed on a terminal; JSON has them all."""
_STYLES = {
    Level.KNOWN: "green",
    Level.PARTLY: "yellow",
    Level.MISSING: "bold red",
    Level.NOT_LOOKED_AT: "dim",
}


def to_json(known: Overview, repeats: Sequence[Run]) -> dict[str, Any]:
    """All of it. Artifacts are listed with their sizes, and were not read."""
    (run,) = runs_to_json([known.run])["runs"]
    return {
        "schema": SCHEMA,
        # What a page would tell of it is less than what stands below.
        "run": {name: value for name, value in run.items() if name != "known"},
        "known": [
            {
                "group": grade.group,
                "level": grade.level,
                "parts": [
                    {"name": p.name, "level": p.level, "told": p.told, "advice": p.advice}
                    for p in grade.parts
                ],
            }
            for grade in gauge(known.run, known.sections).grades
        ],
        "sections": {
            name: [{"key": [*key], "fact": json.fact(fact)} for key, fact in section.facts.items()]
            for name, section in known.sections.items()
        },
        "re_executions": [
            {
                "run_id": again.run_id,
                "started": again.start_time,
                "seed": seed(again),
                "device": device(again),
                "duration": again.duration,
                "status": again.status,
                "verdict": again.tags.get(Tag.VERDICT, ""),
                "tolerance": again.tags.get(Tag.TOLERANCE, ""),
            }
            for again in repeats
        ],
    }


def render(known: Overview, repeats: Sequence[Run]) -> RenderableType:
    """The same in short for a rich console."""
    return Group(*_blocks(known, repeats))


def _blocks(known: Overview, repeats: Sequence[Run]) -> Iterator[RenderableType]:
    found = gauge(known.run, known.sections)
    about = [(label, texts[0]) for label, texts in described([known.run]) if texts[0]]
    if original := known.run.tags.get(Tag.REEXECUTES):
        about.append(("re-executes", f"{original}: {_verdict(known.run)}"))
    yield _labelled(about)
    yield Text()
    yield Text(f"How well it could be reproduced: {found.cells}", "bold")
    yield from _gauge(found)
    yield Text()
    yield Text(plural(len(repeats), "re-execution"), "bold")
    if repeats:
        yield Padding(_repeats(repeats), (0, 0, 0, 2))
    params = [(name, _short(value)) for name, value in known.run.params.items()]
    yield from _block(plural(len(params), "param"), params)
    metrics = [(name, number(value)) for name, value in known.run.metrics.items()]
    yield from _block(plural(len(metrics), "metric"), metrics)
    for section in known.sections.values():
        facts = [(words.key(key), _fact(fact)) for key, fact in section.facts.items()]
        yield from _block(f"{section.name}: {plural(len(facts), 'fact')}", facts)


def _gauge(found: Gauge) -> Iterator[RenderableType]:
    for grade in found.grades:
        yield Text(f"  {grade.level.symbol} {grade.group}: ", _STYLES[grade.level]).append(
            str(grade.level)
        )
        for part in grade.parts:
            line = Text(f"      {part.level.symbol} ", _STYLES[part.level])
            yield line.append(f"{part.name}: {visible(part.told)}", "default")
    if found.advice:
        yield Text("Next time", "bold")
        yield from (Text(f"  - {visible(advice)}") for advice in found.advice)


def _repeats(repeats: Sequence[Run]) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for column in ("run", "started (UTC)", "seed", "device", "duration", "status"):
        table.add_column(column, no_wrap=True)
    table.add_column("verdict")
    for run in repeats:
        took = run.duration
        lasted = "" if took is None else duration(took)
        texts = (run.run_id[:8], started(run), seed(run), device(run), lasted, run.status)
        table.add_row(*(Text(visible(text, 60)) for text in (*texts, _verdict(run))))
    return table


def _verdict(run: Run) -> str:
    told = run.tags.get(Tag.VERDICT, "") or "not compared"
    tolerance = run.tags.get(Tag.TOLERANCE, "")
    return f"{told} ({tolerance})" if tolerance else told


def _block(title: str, texts: Sequence[tuple[str, str]]) -> Iterator[RenderableType]:
    yield Text()
    yield Text(title, "bold")
    yield _labelled(texts[:_MOST])
    if len(texts) > _MOST:
        yield Text(f"  … {len(texts) - _MOST:,} more; --format json has them all", "dim")


def _fact(fact: Fact) -> str:
    match fact:
        case Known(Package(version), source):
            return f"{version}  ({source})"
        case Known(value, source):
            return f"{_short(words.value(value))}  ({source})"
        case Missing(reason) | Unreadable(_, reason):
            return f"{words.fact(fact)}: {reason}"


def _short(text: str) -> str:
    return text if len(text) <= _CELL else f"{text[:_CELL]}…"


def _labelled(lines: Iterable[tuple[str, str]]) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for label, text in lines:
        table.add_row(Text(f"  {visible(label, 60)}", "dim"), Text(visible(text)))
    return table
