"""The nouns of a look at one run: what is known of it before its artifacts are read. Pure."""

from collections.abc import Mapping

from msgspec import Struct

from repro_tui.evidence.model import Dataset, LoggedModel, Run, Section, SectionName, Unreadable
from repro_tui.evidence.tracking.reader import Listing


class Stored(Struct, frozen=True):
    """Where a run or one of its models keeps its artifacts, and which there are."""

    model: str
    """The model's name; empty: the run's own."""
    uri: str
    listing: Listing | Unreadable


class Overview(Struct, frozen=True):
    run: Run
    sections: Mapping[SectionName, Section]
    """For the gauge, not for a comparison: of an artifact its size is known, of metrics and
    params the run itself tells."""
    datasets: tuple[Dataset, ...] | Unreadable
    models: tuple[LoggedModel, ...] | Unreadable
    stored: tuple[Stored, ...]
