"""The lines that tell of a run: whole, safe, and never more than what fits."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from tests import builders
from tests.tui.stand_in import NOW, StandIn, run_id, some_runs

from repro_tui.evidence.model import Run, Unreadable
from repro_tui.evidence.overview import Overview
from repro_tui.evidence.tags import Tag
from repro_tui.evidence.tracking.reader import Listing, StoredFile
from repro_tui.text import visible
from repro_tui.tui.artifact_tree import tree
from repro_tui.tui.run_details import NOTE, lines
from repro_tui.tui.run_lines import Line, Topic, wrap
from repro_tui.tui.screens.value import pieces
from repro_tui.tui.told import Told

ENGINE = StandIn()


def whole(run: Run | None = None, **fields: Any) -> Told:
    of = ENGINE.run(run_id(0xA1)) if run is None else run
    known = replace(ENGINE.overview(run_id(0xA1)), run=of)
    told = Told(of, known, ENGINE.histories(of.run_id), ENGINE.reexecutions(of.run_id))
    return replace(told, **fields)


def read(told: Told, width: int = 80, **how: Any) -> list[str]:
    return [line.draw().plain.rstrip() for line in lines(told, width, NOW, **how)]


def of(topic: Topic, told: Told, width: int = 80, **how: Any) -> list[Line]:
    return [line for line in lines(told, width, NOW, **how) if line.topic is topic]


def test_what_is_missing_and_what_to_do_comes_first() -> None:
    told = read(whole())
    assert told[0] == "▾ could it be reproduced?  ●●●○●"
    assert told[1] == "  ●code ●environment ●data ○randomness ●outcomes"
    assert told[2].startswith("  ○ seeds")
    advice = next(i for i, line in enumerate(told) if line.startswith("  → Record with"))
    assert advice < next(i for i, line in enumerate(told) if line.startswith("  ● commit"))
    assert "  ● known  ◐ partly known  · not looked at yet  ○ missing" in told


def test_before_anything_is_read_a_page_tells_what_it_can() -> None:
    told = read(Told(builders.run()))
    assert told[1] == "  ◐code ·environment ·data ○randomness ◐outcomes"
    assert "reading…" in told[0]
    assert "▾ metrics  reading…" in told


def test_what_cannot_be_read_says_why() -> None:
    gone = Told(builders.run(), "The store is [/x] locked.", "Gone.", "Away.")
    told = "\n".join(read(gone))
    assert "cannot be read: The store is [/x] locked." in told
    assert "cannot be read: Gone." in told
    assert "accuracy" in told
    known = whole().overview
    assert isinstance(known, Overview)
    broken = replace(known, datasets=Unreadable("store", "no"), models=Unreadable("store", "no"))
    assert "datasets  cannot be read: no" in "\n".join(read(whole(overview=broken)))


def test_metrics_are_exact_with_their_whole_history() -> None:
    metrics = {"loss": 0.1 + 0.2, "nan": math.nan, "inf": -math.inf}
    histories = {"loss": builders.history([1.0, math.nan, 0.25])}
    told = read(whole(builders.run(metrics=metrics), histories=histories), width=100)
    (loss,) = [line for line in told if line.startswith("  loss")]
    assert "█×▁" in loss
    assert "0.30000000000000004  3 points" in loss
    assert any(line.split() == ["nan", "nan"] for line in told)
    (line,) = of(Topic.METRICS, whole(builders.run(metrics=metrics), histories=histories))[1:2]
    assert line.shows is not None
    assert line.shows().split("\n") == [
        "3 points, steps 0 to 2", "first    1.0", "last     0.25",
        "lowest   0.25 at step 2", "highest  1.0 at step 0", "no number: 1 NaN, 0 infinite",
    ]  # fmt: skip
    assert any(line.split() == ["inf", "-inf"] for line in told)


def test_reexecutions_open_as_comparisons_newest_first() -> None:
    again = of(Topic.AGAIN, whole())
    assert [line.opens for line in again[1:]] == [
        (run_id(0xA1), run_id(0xD2)), (run_id(0xA1), run_id(0xD1)),
    ]  # fmt: skip
    texts = [line.draw().plain for line in again]
    assert texts[0] == "▾ re-executions  2, newest first"
    for part in ("≠ diverged", "seed 8", "cpu", "41.3 s"):
        assert part in texts[1]
    (own,) = of(Topic.AGAIN, Told(next(r for r in some_runs() if r.run_id == run_id(0xD1))))[1:]
    assert own.opens == (run_id(0xA1), run_id(0xD1))


def test_a_reexecution_that_was_not_compared_says_so() -> None:
    going = builders.run(status="RUNNING", end_time=None, tags={Tag.REEXECUTES: "a" * 32})
    assert "▶ running, not compared" in "\n".join(read(Told(going)))


def test_notes_are_plain_text() -> None:
    note = "# Title\n\n[b]bold[/b] \x1b]0;owned\x07 " + "word " * 40
    told = read(whole(builders.run(tags={NOTE: note})))
    at = told.index("▾ notes")
    assert told[at + 1 : at + 3] == ["  # Title", ""]
    assert told[at + 3].startswith("  [b]bold[/b] \\x1b]0;owned\\x07 word")
    assert not any(NOTE in line for line in told)


def test_folded_sections_are_their_headings_and_a_search_looks_into_them() -> None:
    told = read(whole(), folded=frozenset(Topic))
    assert len(told) == 9
    assert all(line.startswith(("▸ ", "  ")) for line in told)
    found = read(whole(), folded=frozenset(Topic), search="WEIGHTS")
    assert found == ["▾ artifacts  5 files, 4.0 MiB", "    weights.bin  4.0 MiB"]


def test_a_long_value_is_cut_where_it_is_shown_and_kept_whole() -> None:
    long = "x" * 1_000_000
    tags = of(Topic.TAGS, whole(builders.run(tags={"big": long})))
    assert len(tags) == 5
    assert tags[-1].draw().plain.strip() == "… 1,000,000 characters; enter shows all"
    assert all(line.value == long for line in tags[1:])


def test_of_ten_thousand_params_the_first_are_listed_and_all_are_found() -> None:
    run = builders.run(params={f"p{n}": "v" * (n % 50) for n in range(10_000)})
    params = of(Topic.PARAMS, whole(run))
    assert len(params) == 502
    assert params[0].draw().plain == "▾ params  10,000"
    assert params[-1].draw().plain == "  … and more; / searches in all of them"
    assert [line.label for line in of(Topic.PARAMS, whole(run), search="P9999")] == ["", "p9999"]


@given(
    st.dictionaries(st.text(max_size=80), st.text(max_size=400), max_size=4),
    st.integers(min_value=20, max_value=200),
)
def test_no_text_of_a_stranger_reaches_the_terminal_as_it_is(
    values: dict[str, str], width: int
) -> None:
    told = whole(builders.run(params=values, tags={**values, NOTE: "".join(values.values())}))
    for line in lines(told, width, NOW):
        told_as = line.draw().plain
        assert visible(told_as) == told_as


@pytest.mark.parametrize("text", [*builders.HOSTILE, "雪" * 300, "a\n\nb", ""])
def test_a_value_by_itself_is_whole_and_safe(text: str) -> None:
    parts = pieces(text, 40)
    assert all(visible(part) == part for part in parts)
    assert all(len(part) <= 40 for part in parts)
    assert "".join(parts).replace("\\n", "").count("雪") == text.count("雪")


def test_a_tree_sums_up_its_folders_and_says_where_it_ends() -> None:
    files = (StoredFile("a/b/one", 1024), StoredFile("a/two", None), StoredFile("three", 1))
    summary, branches = tree(Listing(files, more=True))
    assert summary.plain == "3 files, 1.0 KiB and more, which are not listed"
    assert [branch.draw().plain for branch in branches] == [
        "  a/  2 files, 1.0 KiB", "    b/  1 file, 1.0 KiB", "      one  1.0 KiB",
        "    two  size not told", "  three  1 B",
    ]  # fmt: skip
    assert tree(Listing(()))[0].plain == "none"
    assert tree(Unreadable("s3", "no [/x] access"))[0].plain == "cannot be listed: no [/x] access"


def test_the_hint_at_a_long_text_is_wrapped_where_there_is_little_room() -> None:
    lines = wrap("long " * 100, 16, 6)
    assert " ".join(lines[-3:]) == "… 500 characters; enter shows all"
    assert all(len(line) <= 16 for line in lines)
    assert len(lines) == 6
