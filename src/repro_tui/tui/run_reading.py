"""How the list of runs is read: what workers ask the store, and the messages that come of it.

Where the store tells all runs of a query in outline, the list has its true length soon
after its first page; elsewhere it grows page by page as its end comes near. What runs hold
is read as they come near the screen, and read again when the store may have changed.
"""

from __future__ import annotations

import time
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from msgspec.structs import replace
from textual.message import Message

from repro_tui.evidence.model import Run
from repro_tui.evidence.tracking.reader import RunQuery
from repro_tui.tui.fuzzy import best_first
from repro_tui.tui.run_columns import search_text

if TYPE_CHECKING:
    from repro_tui.engine import Engine

    # The first frame, which lists nothing, does not wait for it.
    from repro_tui.evidence.tracking.outline import Outline

PAGE = 100
LARGE_PAGE = 1000
"""Runs a page while the list is read to its end."""


@dataclass
class Listed(Message):
    """A query was answered, or answered again: the list from its beginning."""

    query: RunQuery
    outline: Outline
    runs: tuple[Run, ...]
    """Some of them, whole."""
    next_page: str
    """The token of the page that follows the outline; empty: there is none."""
    took: float
    """Seconds."""
    state: Hashable | None = None
    """The store's, before it was asked."""


@dataclass
class Outlined(Message):
    """All runs of the query in outline; None: the store cannot tell."""

    query: RunQuery
    outline: Outline | None


@dataclass
class Continued(Message):
    """The page that follows came."""

    query: RunQuery
    outline: Outline
    """Of the list and that page."""
    runs: tuple[Run, ...]
    next_page: str


@dataclass
class RunsRead(Message):
    """What some runs of the list hold."""

    asked: tuple[str, ...]
    runs: tuple[Run, ...]


@dataclass
class Found(Message):
    """What a search found in some of the runs that the list holds."""

    search: str
    outline: Outline
    start: int
    """The place of the first run that was looked at."""
    texts: tuple[str, ...]
    """What was looked at, run by run."""
    places: tuple[int, ...]


# --- What workers call -------------------------------------------------------------------


def first(engine: Engine, query: RunQuery) -> Listed:
    """The first page of a query."""
    from repro_tui.evidence.tracking.outline import outline_of

    begun, state = time.monotonic(), engine.state()
    page = engine.runs(query)
    took = time.monotonic() - begun
    return Listed(query, outline_of(page.runs), page.runs, page.next_page_token, took, state)


def outlined(engine: Engine, query: RunQuery) -> Outlined:
    """All runs of a query in outline, ready to be laid out."""
    outline = engine.outline(query)
    return Outlined(query, outline if outline is None else _laid_out(outline))


def _laid_out(outline: Outline) -> Outline:
    _ = outline.parents  # Takes a moment where there are very many runs: not on the screen's time.
    return outline


def again(
    engine: Engine,
    query: RunQuery,
    known: Outline,
    next_page: str,
    seen: Sequence[str],
    read_at: Hashable | None,
) -> Listed:
    """The list as it is now, and the runs that are `seen`.

    Nothing is read where the store is still in the state in which it was read before.
    Where the store tells only page by page, what follows the first page is taken to follow
    it still.
    """
    from repro_tui.evidence.tracking.outline import outline_of

    begun, state = time.monotonic(), engine.state()
    if state is not None and state == read_at:
        return Listed(query, known, (), next_page, 0.0, state)
    outline = engine.outline(query) if len(known) > PAGE else None
    if outline is not None:
        runs, next_page = engine.runs_of(seen), ""
    else:
        page = engine.runs(replace(query, page_token=""))
        outline, runs = outline_of(page.runs), page.runs
        if page.next_page_token and len(known) > len(page.runs):
            outline = known.begun_with(outline)
            others = [run_id for run_id in seen if outline.run_ids.find(run_id) is not None]
            fresh = {run.run_id for run in page.runs}
            runs += engine.runs_of([run_id for run_id in others if run_id not in fresh])
        if len(outline) <= len(page.runs):
            next_page = page.next_page_token
    outline = known if outline == known else _laid_out(outline)
    return Listed(query, outline, runs, next_page, time.monotonic() - begun, state)


def more(engine: Engine, query: RunQuery, known: Outline, token: str, size: int) -> Continued:
    """The page that follows."""
    from repro_tui.evidence.tracking.outline import outline_of

    page = engine.runs(replace(query, page_token=token, max_results=size))
    outline = known.followed_by(outline_of(page.runs))
    return Continued(query, outline, page.runs, page.next_page_token)


def read(engine: Engine, run_ids: tuple[str, ...]) -> RunsRead:
    return RunsRead(run_ids, engine.runs_of(run_ids))


def search(
    engine: Engine,
    outline: Outline,
    start: int,
    wanted: str,
    names: Sequence[str],
    texts: tuple[str, ...] | None,
    cached: Sequence[Run],
) -> Found:
    """What is found from `start` on, in as many runs as are looked at in one go.

    `texts`: what was looked at there before; None: it is to be read, or taken from `cached`.
    """
    if texts is None:
        ids = outline.run_ids[start : start + LARGE_PAGE]
        known = {run.run_id: run for run in cached}
        unread = [run_id for run_id in ids if run_id not in known]
        known |= {run.run_id: run for run in (engine.runs_of(unread) if unread else ())}
        texts = tuple(
            search_text(known[run_id], names) if run_id in known else run_id for run_id in ids
        )
    places = tuple(start + place for place in best_first(wanted, texts))
    return Found(wanted, outline, start, texts, places)
