"""A comparison with some of its sections left out of sight. The verdict stays that of all."""

from collections.abc import Collection
from typing import TYPE_CHECKING

from msgspec.structs import replace

from repro_tui.compare.model import Comparison
from repro_tui.evidence.model import SectionName

if TYPE_CHECKING:
    from repro_tui.compare.several import Several


def excerpt(
    comparison: Comparison, only: Collection[SectionName], skip: Collection[SectionName]
) -> Comparison:
    """The comparison with the sections `only` (empty: all) without those in `skip`.

    Verdict and reasons rest on every section; a last reason names those not shown.
    """
    kept = {
        name: section
        for name, section in comparison.sections.items()
        if (not only or name in only) and name not in skip
    }
    hidden = [name for name in comparison.sections if name not in kept]
    if not hidden:
        return comparison
    said = f"Not shown here, but part of this verdict: {', '.join(hidden)}."
    return replace(
        comparison,
        sections=kept,
        verdict=replace(comparison.verdict, reasons=(*comparison.verdict.reasons, said)),
        first_divergence=comparison.first_divergence if SectionName.METRICS in kept else None,
        suspects=tuple(suspect for suspect in comparison.suspects if suspect.section in kept),
    )


def excerpt_several(
    several: "Several", only: Collection[SectionName], skip: Collection[SectionName]
) -> "Several":
    """The same of every pair, of their table, and of the repeats' metrics."""
    comparisons = tuple(excerpt(each, only, skip) for each in several.comparisons)
    kept = comparisons[0].sections
    spread = several.spread
    if spread is not None and SectionName.METRICS not in kept:
        spread = replace(spread, metrics=())
    rows = tuple(row for row in several.rows if row.section in kept)
    return replace(several, comparisons=comparisons, rows=rows, spread=spread)
