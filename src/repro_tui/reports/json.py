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
    HistoryDetail,
    SectionComparison,
    TensorDetail,
    TextDetail,
)
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
    settled, first = comparison.verdict, comparison.first_divergence
    return {
        "schema": SCHEMA,
        "runs": [_run(comparison.left), _run(comparison.right)],
        "policy": {
            "rtol": _float(comparison.policy.rtol),
            "atol": _float(comparison.policy.atol),
            "ulp": comparison.policy.ulp,
            "set_aside": [
                {"name": r.name, "section": r.section, "pattern": r.pattern, "why": r.why}
                for r in comparison.policy.set_aside
            ],
        },
        "verdict": {
            "headline": settled.headline,
            "inputs": settled.inputs,
            "outcomes": settled.outcomes,
            "reasons": list(settled.reasons),
            "exit_code": int(exit_code(comparison)),
        },
        "first_divergence": None
        if first is None
        else {
            "metric": first.metric,
            "step": first.step,
            "values": [_float(first.left), _float(first.right)],
            "ulp": first.ulp,
            "summary": words.first_divergence(first),
        },
        "suspects": [
            {"section": s.section, "key": list(s.key), "why": s.why} for s in comparison.suspects
        ],
        "sections": [_section(section) for section in comparison.sections.values()],
        "not_compared": [
            {"section": name, "key": list(finding.key), "reason": finding.note}
            for name, finding in comparison.not_compared
        ],
    }


def schema() -> Json:
    """The JSON Schema that every output satisfies."""
    text = files("repro_tui.reports").joinpath("comparison.schema.json").read_text("utf-8")
    parsed: Json = json.loads(text)
    return parsed


def _float(value: float | None) -> float | str | None:
    if value is None or value - value == 0:
        return value
    return number(value)


def _run(run: Run) -> Json:
    return {
        "run_id": run.run_id,
        "name": run.name,
        "experiment_id": run.experiment_id,
        "experiment_name": run.experiment_name,
        "status": run.status,
        "start_time": run.start_time,
        "end_time": run.end_time,
        "duration": run.duration,
        "user": run.user,
    }


def _section(section: SectionComparison) -> Json:
    return {
        "name": section.name,
        "side": section.side,
        "verdict": section.kind,
        "summary": words.section(section),
        "changes": [_finding(finding) for finding in section.findings],
    }


def _finding(finding: Finding) -> Json:
    return {
        "key": list(finding.key),
        "kind": finding.kind,
        "values": [_fact(finding.left), _fact(finding.right)],
        "summary": words.finding_note(finding),
        "note": finding.note,
        "rule": finding.rule,
        "detail": None if finding.detail is None else _detail(finding.detail),
    }


def _fact(fact: Fact | None) -> Json | None:
    """None: known not to be there."""
    match fact:
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
            kind, content = "float", _float(value)
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
        "values": [_float(value) for value in history.values.tolist()],
    }


def _detail(detail: Detail) -> Json:
    match detail:
        case HistoryDetail():
            return {
                "type": "history",
                "distance": _distance(detail.distance),
                "first_step": detail.first_step,
                "first_values": [_float(detail.first_left), _float(detail.first_right)],
                "last_values": [_float(detail.last_left), _float(detail.last_right)],
                "unmatched": [detail.only_left, detail.only_right],
            }
        case TensorDetail():
            return {
                "type": "tensor",
                "dtypes": [detail.left_dtype, detail.right_dtype],
                "shapes": [list(detail.left_shape), list(detail.right_shape)],
                "distance": None if detail.distance is None else _distance(detail.distance),
            }
        case TextDetail():
            return {"type": "text", **_text(detail)}
        case FileDetail():
            return {
                "type": "file",
                "comparer": detail.comparer,
                "summary": detail.summary,
                "changes": [_finding(finding) for finding in detail.findings],
                "text": None if detail.text is None else _text(detail.text),
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
        "max_abs": _float(distance.max_abs),
        "max_abs_at": distance.max_abs_at,
        "max_rel": _float(distance.max_rel),
        "max_ulp": distance.max_ulp,
        "nonfinite": distance.nonfinite,
        "beyond_tolerance": distance.beyond_tolerance,
    }
