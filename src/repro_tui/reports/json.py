"""A comparison as JSON, whole: the schema is `comparison.schema.json` beside this file.

Fields are only added within a version of the schema. JSON has no NaN and no infinities:
those floats are the strings that `text.number` gives, `nan`, `inf`, `-inf`.
"""

import json
from importlib.resources import files
from typing import Any

from repro_tui.compare.model import (
    Comparison,
    Detail,
    DiffMark,
    Distance,
    FileDetail,
    Finding,
    FirstDivergence,
    HistoryDetail,
    SectionComparison,
    TensorDetail,
    TextDetail,
)
from repro_tui.compare.policy import Policy
from repro_tui.compare.verdict import exit_code
from repro_tui.evidence.model import (
    Dataset,
    Fact,
    FileRef,
    History,
    Known,
    Missing,
    Package,
    Run,
    Unreadable,
    Value,
)
from repro_tui.reports import words
from repro_tui.text import number

SCHEMA = "repro-tui.comparison/1"

Json = dict[str, Any]

_MARKS = {
    DiffMark.CONTEXT: "context",
    DiffMark.REMOVED: "removed",
    DiffMark.ADDED: "added",
    DiffMark.SKIPPED: "skipped",
}


def to_json(comparison: Comparison) -> Json:
    """Everything that any view shows, equal findings included, ready for `json.dumps`.

    `runs` holds the base first; every `values` is in the order of `runs`.
    """
    return {
        "schema": SCHEMA,
        "runs": [run(comparison.left), run(comparison.right)],
        "policy": policy(comparison.policy),
        "verdict": verdict(comparison),
        "first_divergence": first_divergence(comparison.first_divergence),
        "suspects": suspects(comparison),
        "sections": [_section(section) for section in comparison.sections.values()],
        "not_compared": not_compared(comparison),
    }


def schema() -> Json:
    """The JSON Schema that every output satisfies."""
    text = files("repro_tui.reports").joinpath("comparison.schema.json").read_text("utf-8")
    parsed: Json = json.loads(text)
    return parsed


def policy(asked: Policy) -> Json:
    return {
        "rtol": asked.rtol,
        "atol": asked.atol,
        "ulp": asked.ulp,
        "summary": words.tolerance(asked),
        "tolerances": [
            {
                "section": r.section,
                "pattern": r.pattern,
                "rtol": r.rtol,
                "atol": r.atol,
                "ulp": r.ulp,
            }
            for r in asked.tolerances
        ],
        "set_aside": [
            {"name": r.name, "section": r.section, "pattern": r.pattern, "why": r.why}
            for r in asked.set_aside
        ],
    }


def verdict(comparison: Comparison) -> Json:
    settled = comparison.verdict
    return {
        "headline": settled.headline,
        "inputs": settled.inputs,
        "outcomes": settled.outcomes,
        "reasons": list(settled.reasons),
        "exit_code": int(exit_code(comparison)),
    }


def first_divergence(first: FirstDivergence | None) -> Json | None:
    if first is None:
        return None
    return {
        "metric": first.metric,
        "step": first.step,
        "values": [finite(first.left), finite(first.right)],
        "ulp": first.ulp,
        "summary": words.first_divergence(first),
    }


def suspects(comparison: Comparison) -> list[Json]:
    return [{"section": s.section, "key": list(s.key), "why": s.why} for s in comparison.suspects]


def not_compared(comparison: Comparison) -> list[Json]:
    return [
        {"section": name, "key": list(finding.key), "reason": finding.note}
        for name, finding in comparison.not_compared
    ]


def finite(value: float | None) -> float | str | None:
    """A float as JSON can hold it."""
    if value is None or value - value == 0:
        return value
    return number(value)


def run(of: Run) -> Json:
    return {
        "run_id": of.run_id,
        "name": of.name,
        "experiment_id": of.experiment_id,
        "experiment_name": of.experiment_name,
        "status": of.status,
        "start_time": of.start_time,
        "end_time": of.end_time,
        "duration": of.duration,
        "user": of.user,
    }


def _section(section: SectionComparison) -> Json:
    return {
        "name": section.name,
        "side": section.side,
        "verdict": section.kind,
        "summary": words.section(section),
        "changes": [finding(found) for found in section.findings],
    }


def finding(found: Finding) -> Json:
    return {
        "key": list(found.key),
        "kind": found.kind,
        "values": [fact(found.left), fact(found.right)],
        "summary": words.finding_note(found),
        "note": found.note,
        "rule": found.rule,
        "detail": None if found.detail is None else detail(found.detail),
    }


def fact(held: Fact | None) -> Json | None:
    """None: known not to be there."""
    match held:
        case None:
            return None
        case Missing(reason):
            return {"state": "missing", "reason": reason}
        case Unreadable(source, reason):
            return {"state": "unreadable", "reason": reason, "source": source}
        case Known(value, source):
            return {"state": "known", "source": source, **_value(value)}


def _value(value: Value) -> Json:
    """The type of a value by name, the value whole, and how views spell it."""
    kind: str
    content: Any
    match value:
        case float():
            kind, content = "float", finite(value)
        case History():
            kind, content = "history", _history(value)
        case FileRef(path, size, digest):
            kind, content = "file", {"path": path, "size": size, "digest": digest}
        case Package(version, source, hashes, marker):
            kind = "package"
            content = {"version": version, "source": source, "hashes": [*hashes], "marker": marker}
        case Dataset():
            kind = "dataset"
            content = {
                "name": value.name,
                "digest": value.digest,
                "source_type": value.source_type,
                "source": value.source,
                "schema": value.schema,
                "profile": value.profile,
                "context": value.context,
            }
        case _:
            kind, content = "none" if value is None else type(value).__name__, value
    return {"type": kind, "value": content, "spelled": words.value(value)}


def _history(history: History) -> Json:
    return {
        "steps": history.steps.tolist(),
        "timestamps": history.timestamps.tolist(),
        "values": [finite(value) for value in history.values.tolist()],
    }


def detail(found: Detail) -> Json:
    match found:
        case HistoryDetail():
            return {
                "type": "history",
                "distance": _distance(found.distance),
                "first_step": found.first_step,
                "first_values": [finite(found.first_left), finite(found.first_right)],
                "last_values": [finite(found.last_left), finite(found.last_right)],
                "unmatched": [found.only_left, found.only_right],
            }
        case TensorDetail():
            return {
                "type": "tensor",
                "dtypes": [found.left_dtype, found.right_dtype],
                "shapes": [list(found.left_shape), list(found.right_shape)],
                "distance": None if found.distance is None else _distance(found.distance),
            }
        case TextDetail():
            return {"type": "text", **_text(found)}
        case FileDetail():
            return {
                "type": "file",
                "comparer": found.comparer,
                "summary": found.summary,
                "changes": [finding(each) for each in found.findings],
                "text": None if found.text is None else _text(found.text),
            }


def _text(detail: TextDetail) -> Json:
    return {
        "summary": detail.summary,
        "cut": detail.cut,
        "lines": [
            {
                "mark": _MARKS[line.mark],
                "numbers": [line.left, line.right],
                "text": line.text,
            }
            for line in detail.lines
        ],
    }


def _distance(distance: Distance) -> Json:
    return {
        "compared": distance.compared,
        "differing": distance.differing,
        "max_abs": finite(distance.max_abs),
        "max_abs_at": distance.max_abs_at,
        "max_rel": finite(distance.max_rel),
        "max_ulp": distance.max_ulp,
        "nonfinite": distance.nonfinite,
        "beyond_tolerance": distance.beyond_tolerance,
        "where": list(distance.where),
    }
