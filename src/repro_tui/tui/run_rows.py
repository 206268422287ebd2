"""The list of runs as it is shown: order, folding, marks, verdicts, columns. Pure."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from textual.content import Content

from repro_tui.compare.policy import Policy
from repro_tui.evidence.model import Run, SectionName, Tag
from repro_tui.reports.runs import commit, device, seed
from repro_tui.text import duration
from repro_tui.tui.spelling import MUTED, headline, metric, moment, shown, status
from repro_tui.tui.widgets.table import Column


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run in its place in the list."""

    run: Run
    depth: int = 0
    """How many of its ancestors are in the list above it."""
    children: int = 0
    folded: bool = False
    mark: int = 0
    """1 or 2 where it is marked for comparison: the left or the right side."""
    verdicts: tuple[str, ...] = ()
    """Its own where it is a re-execution, and those of its re-executions."""


def arrange(
    runs: Sequence[Run],
    folded: Collection[str] = (),
    marks: Sequence[str] = (),
    search: str = "",
) -> tuple[RunRow, ...]:
    """Children under their parents, in the given order; what is folded is left out.

    With `search`, runs that do not hold it are left out too, and so is the tree: what
    matches is listed flat.
    """
    known = {run.run_id for run in runs}
    children: dict[str | None, list[Run]] = {}
    for run in runs:
        parent = run.parent_run_id if run.parent_run_id in known else None
        children.setdefault(parent, []).append(run)
    verdicts = _verdicts(runs)
    rows: list[RunRow] = []

    def row(run: Run, depth: int) -> RunRow:
        return RunRow(
            run,
            depth,
            len(children.get(run.run_id, ())),
            run.run_id in folded,
            marks.index(run.run_id) + 1 if run.run_id in marks else 0,
            verdicts.get(run.run_id, ()),
        )

    if search:
        return tuple(row(run, 0) for run in runs if _holds(run, search.casefold()))
    # A stack, not recursion: a stranger's tags may nest as deep as they like. Runs that
    # name each other as parents are reached from no root; they are listed at the end.
    waiting = [(run, 0) for run in reversed(children.get(None, []))]
    placed: set[str] = set()
    while waiting or len(placed) < len(known):
        if not waiting:
            waiting = [(run, 0) for run in runs if run.run_id not in placed][:1]
        run, depth = waiting.pop()
        if run.run_id in placed:
            continue
        placed.add(run.run_id)
        rows.append(row(run, depth))
        if run.run_id in folded:
            placed.update(_below(run.run_id, children))
        else:
            below = children.get(run.run_id, [])
            waiting += [(child, depth + 1) for child in reversed(below)]
    return tuple(rows)


def _below(run_id: str, children: Mapping[str | None, Sequence[Run]]) -> set[str]:
    found: set[str] = set()
    waiting = [run_id]
    while waiting:
        for child in children.get(waiting.pop(), ()):
            if child.run_id not in found:
                found.add(child.run_id)
                waiting.append(child.run_id)
    return found


def _verdicts(runs: Iterable[Run]) -> dict[str, tuple[str, ...]]:
    verdicts: dict[str, tuple[str, ...]] = {}
    for run in runs:
        verdict, original = run.tags.get(Tag.VERDICT), run.tags.get(Tag.REEXECUTES)
        for run_id in (run.run_id, original):
            if verdict and run_id:
                verdicts[run_id] = (*verdicts.get(run_id, ()), verdict)
    return verdicts


def _holds(run: Run, search: str) -> bool:
    texts = (run.name, run.run_id, run.status, run.experiment_name, commit(run), device(run))
    verdict = run.tags.get(Tag.VERDICT, "")
    return any(search in text.casefold() for text in (*texts, verdict))


def common_metrics(runs: Iterable[Run], most: int, policy: Policy) -> tuple[str, ...]:
    """The metrics that the most of the runs have; none that the policy sets aside."""
    counts = Counter(name for run in runs for name in run.metrics)
    ranked = sorted(
        (name for name in counts if policy.rule_for(SectionName.METRICS, (name,)) is None),
        key=lambda name: (-counts[name], name),
    )
    return tuple(sorted(ranked[:most]))


def columns(metrics: Iterable[str], now: int, *, experiments: bool) -> tuple[Column[RunRow], ...]:
    """The columns of the list; `experiments`: whether runs of several are listed."""

    def of_metric(name: str) -> Column[RunRow]:
        return Column(
            shown(name, limit=16).plain, lambda row: Content(metric(row.run.metrics.get(name))), 16,
            right=True,
        )  # fmt: skip

    return (
        Column("", _mark, 2),
        Column("name", _name, 30),
        Column("status", lambda row: status(row.run), 14),
        Column("verdict", lambda row: verdict(row.verdicts), 32),
        *((Column("experiment", _experiment, 18),) if experiments else ()),
        Column("start", lambda row: Content(moment(row.run.start_time, now)), 12, right=True),
        Column("duration", _duration, 12, right=True),
        *map(of_metric, metrics),
        Column("seed", lambda row: shown(seed(row.run)), 10, right=True),
        Column("device", lambda row: shown(device(row.run)), 10),
        Column("commit", lambda row: shown(commit(row.run)), 8),
        Column("entry point", _entry_point, 14),
        Column("run id", lambda row: shown(row.run.run_id[:8], MUTED), 8),
    )


def _mark(row: RunRow) -> Content:
    return Content.styled(("", "●1", "●2")[row.mark], "$accent bold")


def _name(row: RunRow) -> Content:
    fold = ("▸ " if row.folded else "▾ ") if row.children else ""
    again = "↻ " if Tag.REEXECUTES in row.run.tags else ""
    orphan = "↳ " if row.run.parent_run_id and not row.depth else ""
    name = shown(row.run.name or row.run.run_id[:8])
    hidden = Content.styled(f" +{row.children}", MUTED) if row.folded else Content("")
    return Content("  " * min(row.depth, 8) + fold + orphan + again) + name + hidden


def _experiment(row: RunRow) -> Content:
    return shown(row.run.experiment_name, MUTED)


def _duration(row: RunRow) -> Content:
    took = row.run.duration
    return Content("" if took is None or took < 0 else duration(took))


def _entry_point(row: RunRow) -> Content:
    return shown(row.run.tags.get(Tag.ENTRY_POINT) or row.run.tags.get(Tag.SOURCE_NAME, ""))


def verdict(verdicts: Sequence[str]) -> Content:
    """One verdict in full; of several, how often each was found."""
    if len(verdicts) == 1:
        return headline(verdicts[0])
    counted = Counter(verdicts).most_common()
    return Content(", ").join(
        headline(text) + Content(f" ×{count}" if count > 1 else "") for text, count in counted
    )


def pair(current: Run | None, marks: Sequence[str]) -> tuple[str, str] | None:
    """The left and right run to compare: the marked ones, or what goes with the current.

    None where nothing says which two are meant.
    """
    if len(marks) == 2:
        return marks[0], marks[1]
    if current is None:
        return None
    if len(marks) == 1 and marks[0] != current.run_id:
        return marks[0], current.run_id
    original = current.tags.get(Tag.REEXECUTES)
    return (original, current.run_id) if original else None
