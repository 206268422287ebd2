"""Tracking stores: found as MLflow finds them, read and never written."""

from repro_tui.evidence.tracking.artifacts import local_path
from repro_tui.evidence.tracking.discover import StoreLocation, discover, is_gone
from repro_tui.evidence.tracking.open import open_reader
from repro_tui.evidence.tracking.reader import Listing, Reader, RunPage, RunQuery, StoredFile

__all__ = [
    "Listing",
    "Reader",
    "RunPage",
    "RunQuery",
    "StoreLocation",
    "StoredFile",
    "discover",
    "is_gone",
    "local_path",
    "open_reader",
]
