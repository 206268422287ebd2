"""The table of what was measured, as Markdown and as JSON."""

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

from benchmarks.speed.method import Measured, Unit

_PACKAGES = ("repro-tui", "mlflow", "textual", "numpy", "torch")


def machine() -> dict[str, str | int]:
    """Where it was measured."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count() or 1,
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB",
        "system": platform.system(),
    }


def versions(peers: Mapping[str, str]) -> dict[str, str]:
    """What was measured."""
    own = {name: version(name) for name in _PACKAGES}
    return {"Python": platform.python_version(), **own, **peers}


def markdown(
    measured: Sequence[Measured],
    failed: Mapping[str, str],
    machine: Mapping[str, str | int],
    versions: Mapping[str, str],
    rounds: int,
) -> str:
    lines = [
        "| operation | ours | against | theirs | ratio | goal | held to |",
        "|---|---|---|---|---|---|---|",
    ]
    for one in measured:
        ours, theirs = _figure(one.ours, one.unit), _figure(one.theirs, one.unit)
        ratio = f"{one.ratio:.3g}" if one.goal_met else f"**{one.ratio:.3g}**"
        held = "" if one.held is None else f"{one.held:.3g}"
        lines.append(
            f"| {one.operation} | {ours} | {one.against} | {theirs} | {ratio}"
            f" | ≤ {one.goal:.3g} | {held} |"
        )
    lines += [f"| {name} | not measured: {why} | | | | | |" for name, why in failed.items()]
    told = f"{machine['processor']}, {machine['cores']} cores, {machine['memory']}"
    named = ", ".join(f"{name} {number}" for name, number in versions.items())
    how = f"Median of {rounds} interleaved rounds, ratios within a round; bold: goal missed."
    how += " Held to: how close it came where the goal is known to be out of reach so far."
    lines += ["", f"{how} {told}, {machine['system']}; {named}."]
    return "\n".join(lines) + "\n"


def as_json(
    measured: Sequence[Measured],
    failed: Mapping[str, str],
    machine: Mapping[str, str | int],
    versions: Mapping[str, str],
) -> str:
    document = {
        "machine": dict(machine),
        "versions": dict(versions),
        "rows": [{**asdict(one), "ratio": one.ratio, "goal_met": one.goal_met} for one in measured],
        "failed": dict(failed),
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _figure(figures: Sequence[float], unit: Unit) -> str:
    middle = sorted(figures)[len(figures) // 2]
    if unit is Unit.BYTES:
        return f"{middle / 2**20:,.0f} MiB"
    return f"{middle:.2f} s" if middle >= 1 else f"{middle * 1000:.3g} ms"


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.machine()
