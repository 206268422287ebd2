"""The nouns of a look at one run: what is known of it before its artifacts are read. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from repro_tui.evidence.model import Dataset, LoggedModel, Run, Section, SectionName, Unreadable
from repro_tui.evidence.tracking.reader import Listing


@dataclass(frozen=True, slots=True)
class Stored:
    """Where a run or one of its models keeps its artifacts, and which there are."""

    model: str
    """The model's name; empty: the run's own."""
    uri: str
    listing: Listing | Unreadable


@dataclass(frozen=True, slots=True)
class Overview:
    run: Run
    sections: Mapping[SectionName, Section]
    """For the gauge, not for a comparison: of an artifact its size is known, of metrics and
    params the run itself tells."""
    datasets: tuple[Dataset, ...] | Unreadable
    models: tuple[LoggedModel, ...] | Unreadable
    stored: tuple[Stored, ...]
