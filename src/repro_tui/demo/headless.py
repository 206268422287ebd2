"""The main job without a terminal: list, re-execute, compare, write, exit by the verdict."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from repro_tui.compare.model import Comparison
from repro_tui.compare.verdict import exit_code
from repro_tui.engine import Engine
from repro_tui.errors import ExitCode, ReproError
from repro_tui.evidence.model import Run
from repro_tui.evidence.tags import Tag
from repro_tui.evidence.tracking import RunQuery
from repro_tui.output import write_whole
from repro_tui.reports import words
from repro_tui.reports.markdown import markdown
from repro_tui.reports.runs import COLUMNS, cells
from repro_tui.rerun.model import JobState, Refusal, Request


def main_job(
    engine: Engine,
    folder: Path,
    narrate: Callable[[str], None],
    show: Callable[[str], None],
    show_table: Callable[[Sequence[str], Iterable[Sequence[str]]], None],
) -> ExitCode:
    """Do with the demo's runs what a person would; the exit code is the baseline's verdict.

    `narrate` is told what happens; `show` and `show_table` are given what was found.
    """
    runs = engine.runs(RunQuery()).runs
    show_table(COLUMNS, map(cells, runs))
    trained = {run.name: run for run in runs if Tag.REEXECUTES not in run.tags}

    narrate("Re-executing the baseline, seeded, on the CPU")
    again = _reexecute(engine, trained["baseline"])
    baseline = engine.compare(trained["baseline"].run_id, again)
    changed = engine.compare(trained["baseline"].run_id, trained["faster"].run_id)
    unseeded = engine.compare(trained["unseeded-1"].run_id, trained["unseeded-2"].run_id)

    report = folder / "report.md"
    write_whole(report, markdown(baseline))
    for comparison in (baseline, changed, unseeded):
        show(_line(comparison))
    narrate(f"Wrote {report}")
    return exit_code(baseline)


def _reexecute(engine: Engine, original: Run) -> str:
    plan = engine.plan(Request(run_id=original.run_id, device="cpu"))
    if isinstance(plan, Refusal):
        lack = plan.lacks[0]
        raise ReproError(lack.what, lack.remedy)
    job = engine.wait(engine.submit(plan))
    if job.state is not JobState.FINISHED or job.run_id is None:
        raise ReproError(f"The re-execution {job.state}: {job.message}", f"Its log: {job.log}")
    return job.run_id


def _line(comparison: Comparison) -> str:
    """One comparison on one line: who, the verdict, where it first diverged and why."""
    parts = [words.verdict(comparison.verdict)]
    first = comparison.first_divergence
    if first is not None:
        parts.append(f"first at step {first.step} of {first.metric}")
    if comparison.suspects:
        suspect = comparison.suspects[0]
        parts.append(f"suspect: {words.key(suspect.key)} in {suspect.section}")
    return f"{comparison.left.name} / {comparison.right.name}: {'; '.join(parts)}"
