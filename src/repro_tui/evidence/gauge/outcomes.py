"""What came out: what a reproduction is held to. Pure."""

from collections.abc import Iterator

from repro_tui.evidence.gauge.model import Level, Part
from repro_tui.evidence.gauge.parts import Sections, lack, partly, reason_of, sources
from repro_tui.evidence.model import NOT_LOOKED_AT, History, Known, Run, Section, SectionName
from repro_tui.text import plural


def outcomes(run: Run, sections: Sections) -> Iterator[Part]:
    """What a reproduction is held to: of metrics and files one may be known to be absent."""
    if not run.finished:
        yield Part("end", Level.MISSING, f"the run has not ended: it is {run.status}")
    metrics = sections[SectionName.METRICS]
    if metrics.at(()) == NOT_LOOKED_AT:
        # A page holds the last value of each, so it tells which there are.
        told = f"{plural(len(run.metrics), 'metric')} (last values)"
        of_metrics = Part("metrics", Level.KNOWN, told) if run.metrics else None
    else:
        of_metrics = _results(metrics, "metric")
    of_files = _results(sections[SectionName.ARTIFACTS], "file")
    parts = [part for part in (of_metrics, of_files) if part is not None]
    if not parts:
        yield Part(
            "results", Level.MISSING, "neither a metric nor a file was logged",
            "Log what the run computes: `mlflow.log_metric`, `mlflow.log_artifact`.",
        )  # fmt: skip
    yield from parts


def _results(section: Section, noun: str) -> Part | None:
    """The metrics or the files; None: there are none."""
    name = "metrics" if noun == "metric" else "artifacts"
    held = {
        key: fact
        for key, fact in section.facts.items()
        if isinstance(fact, Known) and not (isinstance(fact.value, History) and not len(fact.value))
    }
    gaps = [fact for fact in section.facts.values() if not isinstance(fact, Known)]
    advice = f"Restore the {name}, or the way to where they lie."
    if held and not gaps:
        return Part(name, Level.KNOWN, f"{plural(len(held), noun)} ({sources(held)})")
    if held:
        told = plural(len(held), noun)
        return partly(name, told, gaps[0], f"not all: {reason_of(gaps[0])}", advice)
    if gaps:
        return lack(name, gaps[0], advice)
    return None
