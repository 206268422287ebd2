"""What repro-tui says of a pair, held against the truth."""

import struct
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from benchmarks.zoo.make import read_points
from benchmarks.zoo.model import AS_LOGGED, Pair, Point

from repro_tui.compare.model import Comparison, Headline, InputsVerdict, Kind, OutcomesVerdict
from repro_tui.evidence.model import Key, SectionName, Side

_SAME = (Headline.REPRODUCED, Headline.UNAFFECTED, Headline.MATCHES)
_DIFFERENT = (Headline.NONDETERMINISTIC, Headline.DIVERGED)
_ALL_KNOWN = (Headline.REPRODUCED, Headline.NONDETERMINISTIC)


@dataclass
class Judged:
    """One pair, judged."""

    pair: Pair
    headline: str
    first: Point | None
    suspect: str
    missed: list[str] = field(default_factory=list)
    """Differences, or gaps in the evidence, that are there and were not told."""
    false_alarms: list[str] = field(default_factory=list)
    """What was told and is not there."""

    @property
    def suspect_right(self) -> bool:
        return _matches(self.suspect, self.pair.suspect)


def judge(pair: Pair, comparison: Comparison, raw: tuple[Path, Path]) -> Judged:
    """Hold a comparison against the truth; `raw`: what both trainings wrote, where they did."""
    verdict, first = comparison.verdict, comparison.first_divergence
    suspects = comparison.suspects
    judged = Judged(
        pair,
        verdict.headline.value,
        (first.metric, first.step) if first else None,
        _key(suspects[0].section, suspects[0].key) if suspects else "",
    )
    _judge_outcomes(judged, verdict.outcomes, raw)
    _judge_inputs(judged, comparison)
    if verdict.headline is not pair.headline and not (judged.missed or judged.false_alarms):
        judged.false_alarms.append(f"the verdict is {verdict.headline}, not {pair.headline}")
    if not pair.suspect and suspects and not pair.planted:
        judged.false_alarms.append(f"{judged.suspect} is suspected, and no input was changed")
    return judged


def differs(raw: tuple[Path, Path]) -> bool:
    """Whether the two trainings wrote anything that differs, but for times and ids.

    Points by metric, step and bits; of the files the weights, models and tables.
    """
    points = [{(m, s, _bits(v)) for m, v, _, s in read_points(one)} for one in raw]
    timing = {"epoch_seconds"}
    if {p for p in points[0] if p[0] not in timing} != {p for p in points[1] if p[0] not in timing}:
        return True
    return any(
        _content(one / "files" / path.name) != path.read_bytes()
        for other, one in (raw, raw[::-1])
        for path in (other / "files").iterdir()
        if path.suffix in (".npy", ".csv", ".pkl", ".ubj", ".pt")
    )


def _content(path: Path) -> bytes:
    return path.read_bytes() if path.exists() else b""


def _judge_outcomes(judged: Judged, outcomes: OutcomesVerdict, raw: tuple[Path, Path]) -> None:
    pair = judged.pair
    if pair.headline in _DIFFERENT:
        if outcomes is not OutcomesVerdict.DIFFERENT:
            judged.missed.append(f"the outcomes differ and are called {outcomes}")
        first = _first(raw) if pair.first == AS_LOGGED else pair.first
        if judged.first != first:
            judged.missed.append(f"first divergence {first}, not {judged.first}")
    elif pair.headline in _SAME:
        if outcomes is not OutcomesVerdict.IDENTICAL:
            judged.false_alarms.append(f"the outcomes are the same and are called {outcomes}")
        if judged.first is not None:
            judged.false_alarms.append(f"a first divergence, {judged.first}")
    elif outcomes is not OutcomesVerdict.UNKNOWN:
        which = judged.false_alarms if outcomes is OutcomesVerdict.DIFFERENT else judged.missed
        which.append(f"the outcomes cannot be known and are called {outcomes}")


def _judge_inputs(judged: Judged, comparison: Comparison) -> None:
    pair = judged.pair
    inputs = [
        (name, finding)
        for name, section in comparison.sections.items()
        if name.side is Side.INPUTS
        for finding in section.findings
    ]
    found = [_key(name, finding.key) for name, finding in inputs if finding.kind.differs]
    for pattern in pair.planted:
        if not any(_matches(key, pattern) for key in found):
            judged.missed.append(f"{pattern} was changed")
    allowed = (*pair.planted, *pair.follows)
    for key in found:
        if not any(_matches(key, pattern) for pattern in allowed):
            judged.false_alarms.append(f"{key} was not changed")
    gaps = {name.value for name, finding in inputs if finding.kind is Kind.UNKNOWN}
    judged.missed += [f"{name} is not all known" for name in pair.unknown if name not in gaps]
    judged.false_alarms += [
        f"{name} is called unknown" for name in sorted(gaps) if name not in pair.unknown
    ]
    if pair.headline in _ALL_KNOWN and comparison.verdict.inputs is not InputsVerdict.SAME:
        judged.false_alarms.append(f"the inputs are called {comparison.verdict.inputs}")


def _first(raw: tuple[Path, Path]) -> Point | None:
    """The earliest point of the left training that the right one does not have."""
    left, right = (read_points(one) for one in raw)
    there = {(metric, step, _bits(value)) for metric, value, _, step in right}
    apart = [
        (timestamp, step, metric)
        for metric, value, timestamp, step in left
        if (metric, step, _bits(value)) not in there and metric != "epoch_seconds"
    ]
    return (min(apart)[2], min(apart)[1]) if apart else None


def _bits(value: float) -> bytes:
    return struct.pack("<d", value)


def _key(section: SectionName, key: Key) -> str:
    return f"{section}:{'/'.join(key)}"


def _matches(key: str, pattern: str) -> bool:
    return fnmatchcase(key, pattern)
