"""The columns of the list of runs: which there are, and how a run reads in each. Pure."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache

from msgspec import Struct
from textual.content import Content

from repro_tui.compare.policy import Policy
from repro_tui.evidence.gauge import gauge, seen_on_page
from repro_tui.evidence.model import Run, SectionName
from repro_tui.evidence.tags import Tag
from repro_tui.reports.runs import commit, device, seed
from repro_tui.text import duration, visible
from repro_tui.tui.run_orders import Order
from repro_tui.tui.run_rows import RunRow, names_of
from repro_tui.tui.spelling import MUTED, cells, metric, moment, shown, status
from repro_tui.tui.widgets.table import Column

_UNREAD = frozenset({"", "name", "verdict", "run id"})
"""The columns that tell something of a run before it was read."""
_QUARTER = 15 * 60 * 1000
"""Milliseconds of a quarter of an hour."""


class BuiltIn(Struct, frozen=True):
    """A column that every list of runs can have."""

    about: str
    cell: Callable[[RunRow, int], Content]
    """Given the row, and the time now in milliseconds."""
    most: int
    right: bool = False
    usual: bool = True
    """Whether it is there when nobody chose columns."""


def _name(row: RunRow) -> Content:
    fold = ("▸ " if row.folded else "▾ ") if row.children else ""
    lead = "  " * min(row.depth, 8) + fold
    if row.known is None:
        what = "no longer in the store" if row.gone else "⋯"
        return Content(lead) + shown(f"{row.run_id[:8]} {what}", MUTED)
    again = "↻ " if Tag.REEXECUTES in row.run.tags else ""
    orphan = "↳ " if row.run.parent_run_id and not row.depth else ""
    deleted = row.run.lifecycle_stage == "deleted"
    name = shown(row.run.name or row.run_id[:8], f"{MUTED} strike" if deleted else "")
    said = Content.styled(" (deleted)", "$text-warning") if deleted else Content("")
    hidden = Content.styled(f" +{row.children}", MUTED) if row.folded else Content("")
    return Content(lead + orphan + again) + name + said + hidden


def _duration(row: RunRow) -> Content:
    took = row.run.duration
    return Content("" if took is None or took < 0 else duration(took))


def _entry_point(row: RunRow) -> Content:
    return shown(row.run.tags.get(Tag.ENTRY_POINT) or row.run.tags.get(Tag.SOURCE_NAME, ""))


def verdict(verdicts: Sequence[str]) -> Content:
    """One verdict in full; of several, how often each was found."""
    if not verdicts:
        return Content("")
    from repro_tui.tui.outcome import headline  # most lists have no verdicts

    if len(verdicts) == 1:
        return headline(verdicts[0])
    counted = Counter(verdicts).most_common()
    return Content(", ").join(
        headline(text) + Content(f" ×{count}" if count > 1 else "") for text, count in counted
    )


BUILT_IN = {
    "name": BuiltIn("the run's name, its children below it", lambda row, _: _name(row), 30),
    "status": BuiltIn("whether it has ended, and how", lambda row, _: status(row.run), 14),
    "verdict": BuiltIn(
        "what its re-executions came to", lambda row, _: verdict(row.verdicts), 32
    ),
    "known": BuiltIn(
        "how much is known of code, environment, data, randomness, outcomes",
        lambda row, _: cells(gauge(row.run, seen_on_page(row.run))), 5,
    ),
    "experiment": BuiltIn(
        "the experiment that it is in",
        lambda row, _: shown(row.run.experiment_name, MUTED), 18,
    ),
    "start": BuiltIn(
        "when it started",
        lambda row, now: Content(moment(row.run.start_time, now)), 12, right=True,
    ),
    "end": BuiltIn(
        "when it ended",
        lambda row, now: Content(moment(row.run.end_time, now)), 12, right=True, usual=False,
    ),
    "duration": BuiltIn("how long it took", lambda row, _: _duration(row), 12, right=True),
    "metrics": BuiltIn("the metrics that the most runs have", lambda *_: Content(""), 0),
    "seed": BuiltIn(
        "the seed that was set, or a param of that name",
        lambda row, _: shown(seed(row.run)), 10, right=True,
    ),
    "device": BuiltIn("the device that it ran on", lambda row, _: shown(device(row.run)), 10),
    "commit": BuiltIn(
        "the Git commit; * uncommitted changes", lambda row, _: shown(commit(row.run)), 8
    ),
    "entry point": BuiltIn("what was run", lambda row, _: _entry_point(row), 14),
    "user": BuiltIn("who ran it", lambda row, _: shown(row.run.user), 14, usual=False),
    "run id": BuiltIn(
        "the first characters of its id", lambda row, _: shown(row.run_id[:8], MUTED), 8
    ),
}  # fmt: skip
"""In the order in which they stand when nobody chose; `metrics` stands for several."""


def usual_columns(metrics: Iterable[str], *, experiments: bool) -> tuple[str, ...]:
    """The columns while nobody chose any; `experiments`: whether runs of several are listed."""
    names: list[str] = []
    for name, column in BUILT_IN.items():
        if name == "metrics":
            names += [f"metrics.{each}" for each in metrics]
        elif column.usual and (name != "experiment" or experiments):
            names.append(name)
    return tuple(names)


def columns(
    names: Iterable[str], now: int, order: Order | None = None, *, chosen: bool = False
) -> tuple[Column[RunRow], ...]:
    """The columns of these names, the marks before them.

    `chosen`: by the person, so that also empty ones are there. Unknown names are left out.
    The same columns come again while it is the same quarter of an hour: what was drawn stays.
    """
    # Times are told by the day that it is, and days begin with a quarter, whatever the zone.
    return _columns(tuple(names), now - now % _QUARTER, order, chosen)


@lru_cache(maxsize=4)
def _columns(
    names: tuple[str, ...],
    now: int,
    order: Order | None,
    chosen: bool,
) -> tuple[Column[RunRow], ...]:
    known = (_column(name, now, order, chosen=chosen) for name in names)
    return (
        Column("", _mark, 3, least=2, always=True, stays=True),
        *(column for column in known if column is not None),
    )


def _column(name: str, now: int, order: Order | None, *, chosen: bool) -> Column[RunRow] | None:
    arrow = order.arrow if order is not None and order.column == name else ""
    if name in BUILT_IN and name != "metrics":
        built_in = BUILT_IN[name]
        cell, most, right, title = built_in.cell, built_in.most, built_in.right, name
    else:
        kind, _, key = name.partition(".")
        of = _OF_KIND.get(kind)
        if of is None or not key:
            return None
        cell, most, right = of(key)
        title = visible(key, most)

    def told(row: RunRow) -> Content:
        return cell(row, now) if row.known is not None or name in _UNREAD else Content("")

    always = chosen or bool(arrow)
    stays = name == "name"
    return Column(title, told, most, right, name=name, always=always, arrow=arrow, stays=stays)


_Of = tuple[Callable[[RunRow, int], Content], int, bool]


def _metric(key: str) -> _Of:
    return lambda row, _: Content(metric(row.run.metrics.get(key))), 16, True


def _param(key: str) -> _Of:
    return lambda row, _: shown(row.run.params.get(key, ""), limit=200), 24, False


def _tag(key: str) -> _Of:
    return lambda row, _: shown(row.run.tags.get(key, ""), limit=200), 24, False


_OF_KIND = {"metrics": _metric, "params": _param, "tags": _tag}


def _mark(row: RunRow) -> Content:
    return Content.styled(f"●{row.mark}", "$accent bold") if row.mark else Content("")


def common_metrics(runs: Iterable[Run], most: int, policy: Policy) -> tuple[str, ...]:
    """The metrics that the most of the runs have; none that the policy sets aside."""
    counts = Counter(name for run in runs for name in run.metrics)
    ranked = sorted(
        (name for name in counts if policy.rule_for(SectionName.METRICS, (name,)) is None),
        key=lambda name: (-counts[name], name),
    )
    return tuple(sorted(ranked[:most]))


def search_text(run: Run, names: Iterable[str]) -> str:
    """What a quick search looks for letters in: what tells runs apart, and chosen columns."""
    texts = [run.name, run.run_id, run.status.lower(), run.experiment_name, commit(run)]
    texts += [device(run), run.tags.get(Tag.VERDICT, "")]
    for name in names:
        kind, _, key = name.partition(".")
        values = {"params": run.params, "tags": run.tags}.get(kind)
        if values is not None and key in values:
            texts.append(values[key][:200])
    return "\n".join(filter(None, texts))


def offers(runs: Iterable[Run]) -> tuple[tuple[str, str], ...]:
    """The columns that there can be over these runs, and what each tells."""
    known = list(runs)
    built_in = [(name, column.about) for name, column in BUILT_IN.items() if name != "metrics"]
    own = [
        (f"{kind}.{name}", f"a {kind[:-1]} of {count} of {len(known)} runs read")
        for kind, counts in names_of(known).items()
        for name, count in sorted(counts.items())
    ]
    return (*built_in, *own)
