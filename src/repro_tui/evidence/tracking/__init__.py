"""Tracking stores: found as MLflow finds them, read and never written."""

from repro_tui.evidence.tracking.discover import StoreLocation, discover
from repro_tui.evidence.tracking.open import open_reader
from repro_tui.evidence.tracking.outline import Outline
from repro_tui.evidence.tracking.reader import Reader, RunPage, RunQuery

__all__ = ["Outline", "Reader", "RunPage", "RunQuery", "StoreLocation", "discover", "open_reader"]
