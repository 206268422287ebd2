"""Several runs compared with one as JSON, by the schema of two: `comparison.schema.json`.

Every `values` has one entry a run; `run` is a run's place in `runs`. What is said of one
pair alone stands in `comparisons` and, key by key, in `against`. What the document says of
all is what the gravest pair says.
"""

from collections.abc import Callable

from repro_tui.compare.model import Comparison, Finding
from repro_tui.compare.several import KINDS_GRAVEST_FIRST, Row, Several
from repro_tui.compare.spread import LEVEL, Agreement, MetricSpread, Spread
from repro_tui.evidence.model import SectionName
from repro_tui.reports import json, several, spread, words
from repro_tui.reports.json import Json, finite


def to_json(compared: Several) -> Json:
    """Everything that any view shows, equal findings included, ready for `json.dumps`."""
    gravest = compared.gravest
    said = zip(several.names(compared)[1:], compared.comparisons, strict=True)
    reasons = [f"{name}: {words.verdict(each.verdict)}" for name, each in said]
    return {
        "schema": json.SCHEMA,
        "runs": [json.run(run) for run in compared.runs],
        "policy": json.policy(gravest.policy),
        "verdict": {**json.verdict(gravest), "reasons": reasons},
        "first_divergence": _first_divergence(gravest, 1 + compared.comparisons.index(gravest)),
        "suspects": _by_run(compared, json.suspects),
        "sections": [_section(compared, name) for name in SectionName if name in gravest.sections],
        "not_compared": _by_run(compared, json.not_compared),
        "comparisons": [
            {
                "run": place,
                "verdict": json.verdict(each),
                "first_divergence": _first_divergence(each, place),
            }
            for place, each in enumerate(compared.comparisons, 1)
        ],
        "spread": None if compared.spread is None else _spread(compared.spread),
    }


def _first_divergence(comparison: Comparison, place: int) -> Json | None:
    found = json.first_divergence(comparison.first_divergence)
    return found and {**found, "runs": [0, place]}


def _by_run(compared: Several, listed: Callable[[Comparison], list[Json]]) -> list[Json]:
    return [
        {**one, "run": place}
        for place, each in enumerate(compared.comparisons, 1)
        for one in listed(each)
    ]


def _section(compared: Several, name: SectionName) -> Json:
    kinds = {each[name].kind for each in compared.comparisons}
    return {
        "name": name,
        "side": name.side,
        "verdict": min(kinds, key=KINDS_GRAVEST_FIRST.index),
        "summary": several.counts(compared, name),
        "changes": [_row(row) for row in compared.rows if row.section is name],
    }


def _row(row: Row) -> Json:
    """A key as two runs have it; what one pair's comparison found there is in `against`."""
    notes = [words.finding_note(found) for found in row.findings if found is not None]
    return {
        "key": list(row.key),
        "kind": row.kind,
        "values": [json.fact(fact) for fact in row.facts],
        "summary": "; ".join(dict.fromkeys(filter(None, notes))),
        "note": "",
        "rule": "",
        "detail": None,
        "against": [
            _against(kind, found) for kind, found in zip(row.kinds, row.findings, strict=True)
        ],
    }


def _against(kind: str, found: Finding | None) -> Json:
    if found is None:
        return {"kind": kind, "summary": "", "note": "", "rule": "", "detail": None}
    whole = json.finding(found)
    return {name: whole[name] for name in ("kind", "summary", "note", "rule", "detail")}


def _spread(found: Spread) -> Json:
    return {
        "count": found.count,
        "seeds": list(found.seeds),
        "level": LEVEL,
        "quantile": found.quantile,
        "among": _agreement(found.among),
        "original": _agreement(found.original),
        "sentences": list(spread.sentences(found)),
        "metrics": [_metric(metric) for metric in found.metrics],
    }


def _agreement(found: Agreement) -> Json:
    return {"inputs": found.inputs, "outcomes": found.outcomes, "identical": found.identical}


def _metric(metric: MetricSpread) -> Json:
    return {
        "metric": metric.metric,
        "original": finite(metric.original),
        "values": [finite(value) for value in metric.values],
        "mean": finite(metric.mean),
        "deviation": finite(metric.deviation),
        "range": metric.range and [finite(end) for end in metric.range],
        "interval": metric.interval and [finite(end) for end in metric.interval],
        "standing": metric.standing,
        "rule": metric.rule,
        "spelled": list(spread.row(metric)),
    }
