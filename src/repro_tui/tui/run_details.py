"""Everything that the store tells of one run, as text for the side pane. Pure."""

from collections.abc import Iterable, Mapping, Sequence

from textual.content import Content

from repro_tui.evidence.model import Dataset, Run, Tag
from repro_tui.text import duration, number, plural
from repro_tui.tui.run_rows import verdict
from repro_tui.tui.spelling import MUTED, moment, shown, status


def details(
    run: Run, datasets: Sequence[Dataset] | None, verdicts: Sequence[str], now: int
) -> Content:
    """The run's facts, params, metrics, datasets and tags; datasets None: still being read."""
    took = run.duration
    facts = {
        "run id": shown(run.run_id),
        "experiment": shown(run.experiment_name),
        "status": status(run),
        "start": Content(moment(run.start_time, now)),
        "duration": Content("" if took is None else duration(took)),
        "user": shown(run.user),
        "verdict": verdict(verdicts),
        "re-executes": shown(run.tags.get(Tag.REEXECUTES, "")),
        "commit": shown(run.tags.get(Tag.GIT_COMMIT, "")),
        "uncommitted": shown({"true": "yes", "false": "none"}.get(run.tags.get(Tag.DIRTY, ""), "")),
        "artifacts": shown(run.artifact_uri),
        "deleted": shown("yes" if run.lifecycle_stage == "deleted" else ""),
    }
    metrics = {name: Content(number(value)) for name, value in run.metrics.items()}
    blocks = [
        Content.styled(shown(run.name or run.run_id).plain, "$accent bold"),
        _block("", {name: value for name, value in facts.items() if value}),
        _block(plural(len(run.params), "param"), _texts(run.params)),
        _block(plural(len(metrics), "metric") + ", last values", metrics),
        _datasets(datasets),
        _block(plural(len(run.tags), "tag"), _texts(run.tags)),
    ]
    return Content("\n").join(block for block in blocks if block)


def _texts(values: Mapping[str, str]) -> dict[str, Content]:
    return {name: shown(value) for name, value in values.items()}


def _block(title: str, values: Mapping[str, Content]) -> Content:
    return Content("\n").join(_lines(title, values))


def _lines(title: str, values: Mapping[str, Content]) -> Iterable[Content]:
    if title:
        yield Content.styled(f"\n{title}", "$primary bold")
    names = {name: shown(name, MUTED) for name in values}
    width = min(max((name.cell_length for name in names.values()), default=0), 22)
    for name, value in values.items():
        yield names[name].pad_right(max(width - names[name].cell_length, 0)) + "  " + value


def _datasets(datasets: Sequence[Dataset] | None) -> Content:
    if datasets is None:
        return Content.styled("\ndatasets: being read…", MUTED)
    return _block(
        plural(len(datasets), "dataset"),
        {
            f"{dataset.name} ({dataset.context})" if dataset.context else dataset.name: shown(
                f"digest {dataset.digest}, {dataset.source_type} {dataset.source}".strip(),
                limit=400,
            )
            for dataset in datasets
        },
    )
