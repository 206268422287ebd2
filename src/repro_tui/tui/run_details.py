"""Everything that the store tells of one run, as text for the side pane. Pure."""

from collections.abc import Mapping, Sequence

from textual.content import Content

from repro_tui.evidence.model import Dataset, Run, Tag
from repro_tui.text import duration, number, plural
from repro_tui.tui.facts import Facts
from repro_tui.tui.run_rows import verdict
from repro_tui.tui.spelling import MUTED, moment, shown, status


def details(
    run: Run, datasets: Sequence[Dataset] | None, verdicts: Sequence[str], now: int
) -> Facts:
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
    lines = [(Content(""), shown(run.name or run.run_id, "$accent bold"))]
    lines += [(Content.styled(name, MUTED), value) for name, value in facts.items() if value]
    lines += _block(plural(len(run.params), "param"), _texts(run.params))
    lines += _block(f"{plural(len(metrics), 'metric')}, last values", metrics)
    lines += _datasets(datasets)
    lines += _block(plural(len(run.tags), "tag"), _texts(run.tags))
    return Facts(lines)


def _texts(values: Mapping[str, str]) -> dict[str, Content]:
    return {name: shown(value) or Content("(empty)") for name, value in values.items()}


def _block(title: str, values: Mapping[str, Content]) -> list[tuple[Content, Content]]:
    heading = Content("\n") + Content.styled(title, "$primary bold")
    lines = [(shown(name, MUTED), value) for name, value in values.items()]
    return [(Content(""), heading), *lines]


def _datasets(datasets: Sequence[Dataset] | None) -> list[tuple[Content, Content]]:
    if datasets is None:
        return _block("datasets are being read…", {})
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
