"""Plans, refusals and jobs told: to people in words, to scripts as JSON. Pure."""

import json
import shlex
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from repro_tui.rerun import masking, sbatch
from repro_tui.rerun.determinism import THREADS
from repro_tui.rerun.model import Backend, Job, Plan, Refusal
from repro_tui.rerun.series import Choice
from repro_tui.text import plural


def rows(plan: Plan) -> tuple[tuple[str, str], ...]:
    """What exactly will run, as (label, value), caveats last. Values are untrusted text."""
    return tuple(_rows(plan))


def _rows(plan: Plan) -> Iterator[tuple[str, str]]:
    folder = f"#{plan.subdirectory}" if plan.subdirectory else ""
    yield "repository", f"{masking.url(plan.repository)}{folder}"
    changes = " with the recorded uncommitted changes" if plan.patch else ""
    yield "commit", plan.commit + changes
    for asked, what in ((plan.submodules, "submodules"), (plan.lfs, "Git LFS files")):
        if asked:
            yield "with", what
    for path in plan.links:
        yield "with", f"{path} from the working tree, copied"
    if plan.entry_point:
        yield "entry point", plan.entry_point
    yield "command", plan.command
    for name, value in plan.parameters.items():
        yield f"  {name}", value
    yield "environment", f"env-manager {plan.env_manager}" + _made_of(plan)
    if plan.backend == Backend.SLURM:
        yield "backend", " ".join((plan.backend, *sbatch.spelled(json.loads(plan.backend_config))))
    elif plan.backend != Backend.LOCAL:
        yield "backend", f"{plan.backend} {plan.backend_config}"
    yield "device", plan.device
    threads = plan.variables.get(THREADS[0])
    yield "threads", "as each library chooses" if threads is None else threads
    yield "seed", "none" if plan.seed is None else str(plan.seed)
    yield "determinism", plan.determinism
    if plan.variables:
        settings = (f"{name}={shlex.quote(value)}" for name, value in plan.variables.items())
        yield "variables", " ".join(settings)
    yield "known", plan.fidelity
    for caveat in plan.caveats:
        yield "caveat", caveat


def _made_of(plan: Plan) -> str:
    rebuild = plan.rebuild
    if rebuild is None:
        return ""
    python = f"Python {rebuild.python}" if rebuild.python else "Python of any version that fits"
    count = len(rebuild.requirements) + len(rebuild.folders)
    packages = "" if rebuild.lockfile else f", {plural(count, 'package')}"
    return f": {python}{packages}, by {rebuild.evidence}"


def choice(chosen: Choice) -> str:
    """`lr 0.001 → 0.01`. Untrusted text."""
    return f"{chosen.name} {chosen.original or 'empty'} → {chosen.chosen or 'empty'}"


def often(plans: Sequence[Plan]) -> str:
    """How often it will run, and with which seeds, where it is more than once."""
    if len(plans) == 1:
        return ""
    seeds = list(dict.fromkeys(plan.seed for plan in plans))
    each = "each a job of its own"
    if len(seeds) > 1:
        each += f", with the seeds {', '.join(map(str, seeds))}"
    return f"{len(plans)}: {each}"


def to_json(jobs: Iterable[Job]) -> dict[str, Any]:
    """How jobs stand, for scripts. Times: milliseconds since the epoch, UTC."""
    return {"schema": "repro-tui.jobs/1", "jobs": [_job(job) for job in jobs]}


def _job(job: Job) -> dict[str, Any]:
    return {
        "job_id": job.job_id,
        "state": job.state.value,
        "reexecutes": job.plan.reexecutes,
        "run_id": job.run_id,
        "run_name": job.plan.run_name,
        "tracking_uri": job.plan.tracking_uri,
        "device": job.plan.device,
        "seed": job.plan.seed,
        "verdict": job.verdict,
        "message": job.message,
        "created": job.created,
        "started": job.started,
        "ended": job.ended,
        "log": str(job.log),
    }


def refusal_lines(refusal: Refusal) -> tuple[str, ...]:
    """One line a missing thing, with how to supply it."""
    return tuple(f"cannot re-execute: {lack.what} {lack.remedy}" for lack in refusal.lacks)
