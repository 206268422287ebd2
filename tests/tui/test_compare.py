"""The comparison of two runs on screen: walking, folding, everything, waiting, failing."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests import builders
from tests.tui.conftest import Session, program
from tests.tui.stand_in import StandIn
from textual.containers import VerticalScroll

from repro_tui.compare.model import Comparison, Kind
from repro_tui.compare.several import Several
from repro_tui.errors import ReproError
from repro_tui.evidence.model import SectionName
from repro_tui.tui.finding_rows import FindingRow, Row, SectionRow
from repro_tui.tui.screens.compare import CompareScreen
from repro_tui.tui.widgets.finding_list import FindingList


def listed(session: Session) -> FindingList:
    return session.app.screen.query_one(FindingList)


def current(session: Session) -> Row:
    row = listed(session).current
    assert row is not None
    return row


def kinds(session: Session) -> set[Kind]:
    return {row.finding.kind for row in listed(session).rows if isinstance(row, FindingRow)}


async def test_the_verdict_comes_first_with_what_it_rests_on() -> None:
    async with program() as session:
        await session.press("j", "c")
        top = session.text().splitlines()[:7]
    assert "≠ diverged" in top[1]
    assert "inputs some changed, outcomes different" in top[1]
    assert any("first divergence  loss at step 1" in line for line in top)
    assert any("suspects  " in line for line in top)


async def test_values_stand_side_by_side_with_a_symbol() -> None:
    async with program() as session:
        await session.press("j", "c")
        line = next(line for line in session.text().splitlines() if " lr " in line)
    assert line.split() == ["≠", "lr", "0.001", "│", "0.01"]


async def test_only_differences_until_everything_is_asked_for() -> None:
    async with program() as session:
        await session.press("j", "c")
        assert Kind.EQUAL not in kinds(session)
        assert Kind.CHANGED in kinds(session)
        await session.press("a")
        assert {Kind.EQUAL, Kind.SET_ASIDE, Kind.CHANGED} <= kinds(session)
        assert "everything" in session.text()
        await session.press("a")
        assert Kind.EQUAL not in kinds(session)


async def test_sections_are_in_order_with_counts_though_nothing_differs() -> None:
    async with program(StandIn(comparison=builders.reproduced)) as session:
        await session.press("j", "c")
        sections = [row.name for row in listed(session).rows if isinstance(row, SectionRow)]
        text = session.text()
    assert sections == list(SectionName)
    assert "✓ reproduced" in text
    assert text.index("INPUTS") < text.index("OUTCOMES")


async def test_next_and_previous_difference_and_section() -> None:
    async with program() as session:
        await session.press("j", "c")
        first = current(session)
        assert isinstance(first, FindingRow)
        assert first.finding.kind.differs
        await session.press("n")
        second = current(session)
        assert isinstance(second, FindingRow)
        assert second != first
        await session.press("N")
        assert current(session) == first
        await session.press("]")
        section = current(session)
        assert isinstance(section, SectionRow)
        assert section.name is SectionName.PARAMS
        await session.press("[")
        assert current(session) != section


async def test_walking_through_all_differences_visits_each_once() -> None:
    async with program() as session:
        await session.press("j", "c")
        differing = [
            row for row in listed(session).rows
            if isinstance(row, FindingRow) and row.finding.kind.differs
        ]  # fmt: skip
        seen = [current(session)]
        for _ in differing[1:]:
            await session.press("n")
            seen.append(current(session))
    assert seen == differing


async def test_a_section_folds_and_the_next_difference_unfolds() -> None:
    async with program() as session:
        await session.press("j", "c", "z")
        assert isinstance(current(session), SectionRow)
        assert "▸ code" in session.text()
        await session.press("n")
        assert "▾ code" in session.text()
        await session.press("Z")
        assert kinds(session) == set()
        await session.press("Z")
        assert kinds(session)


async def test_enter_on_a_section_folds_it() -> None:
    async with program() as session:
        await session.press("j", "c", "]", "enter")
        assert "▸ params" in session.text()


async def test_the_whole_verdict_names_every_suspect() -> None:
    async with program(size=(120, 60)) as session:
        await session.press("j", "c", "v")
        assert session.screen == "TextScreen"
        text = session.text()
        suspects = builders.diverged().suspects
        assert all(f"{n}. {s.section}" in text for n, s in enumerate(suspects, 1))
        await session.press("escape")
        assert session.screen == "CompareScreen"


async def test_progress_is_told_and_escape_stops_the_waiting() -> None:
    engine = StandIn()
    engine.go_on.clear()
    async with program(engine) as session:
        await session.pilot.press("j", "c")
        await session.until(lambda: "hashing 3 artifacts" in session.text())
        for key in ("a", "x", "v", "n", "enter"):
            await session.pilot.press(key)
        assert session.screen == "CompareScreen"
        await session.press("escape")
        assert session.screen == "RunsScreen"


async def test_a_comparison_that_fails_says_why_and_can_be_tried_again() -> None:
    async with program() as session:
        session.engine.failure = ReproError("The artifacts [/x] are gone.", "Restore them.")
        await session.press("j", "c")
        assert "The artifacts [/x] are gone." in session.text()
        assert "Restore them." in session.text()
        session.engine.failure = None
        await session.press("ctrl+r")
        assert "≠ diverged" in session.text()


@pytest.mark.parametrize(
    ("comparison", "headline"),
    [
        (builders.reproduced, "✓ reproduced"),
        (builders.nondeterministic, "≠ nondeterministic"),
        (builders.diverged, "≠ diverged"),
        (builders.unverifiable, "? unverifiable"),
    ],
)
async def test_every_headline_has_its_symbol(
    comparison: Callable[[], Comparison], headline: str
) -> None:
    async with program(StandIn(comparison=comparison)) as session:
        await session.press("j", "c")
        assert headline in session.text()


async def test_what_is_unknown_is_listed_with_its_reason() -> None:
    async with program(StandIn(comparison=builders.unverifiable), size=(160, 45)) as session:
        await session.press("j", "c")
        assert "? (the whole section)" in session.text()
        assert Kind.UNKNOWN in kinds(session)


async def test_rerunning_from_here_takes_the_left_run() -> None:
    async with program() as session:
        await session.press("j", "c", "r")
        assert session.screen == "RerunScreen"
        assert session.engine.requests[-1].run_id == builders.LEFT_ID


async def test_the_mouse_opens_a_finding() -> None:
    async with program() as session:
        await session.press("j", "c")
        line = next(i for i, text in enumerate(session.text().splitlines()) if " lr " in text)
        await session.pilot.click(offset=(10, line), times=2)
        await session.settle()
        assert session.screen == "DetailScreen"
        assert "params / lr" in session.text()


async def test_going_back_with_q_leaves_the_program_running() -> None:
    async with program() as session:
        await session.press("j", "c", "q")
        assert session.screen == "RunsScreen"


async def test_n_unfolds_only_what_hides_the_next_difference() -> None:
    async with program() as session:
        await session.press("j", "c", "Z", "n")
        text = session.text()
        assert "▾ code" in text
        assert "▸ params" in text
        assert "▸ artifacts" in text
        await session.press("n", "n", "n")
        assert current(session) is not None
        assert "▾ params" in session.text()
        assert "▸ metrics" in session.text()


async def test_the_bar_says_which_difference_this_is() -> None:
    async with program() as session:
        await session.press("j", "c")
        assert "difference 1 of 12" in session.text()
        await session.press("n")
        assert "difference 2 of 12" in session.text()


async def test_a_search_walks_through_matches_and_ends_with_escape() -> None:
    async with program() as session:
        await session.press("j", "c", "z", "slash", *"suspect", "enter")
        assert "search: suspect" in session.text()
        assert "match 1 of 7" in session.text()
        await session.press("n", "n")
        assert "match 3 of 7" in session.text()
        await session.press("N")
        assert "match 2 of 7" in session.text()
        await session.press("slash")
        for _ in "suspect":
            await session.pilot.press("backspace")
        await session.press(*"torch")
        assert "match 1 of 1" in session.text()
        row = current(session)
        assert isinstance(row, FindingRow)
        assert "torch" in str(row.finding)
        await session.press("escape")
        assert session.screen == "CompareScreen"
        assert "difference" in session.text().splitlines()[0]
        await session.press("escape")
        assert session.screen == "RunsScreen"


async def test_a_search_without_a_match_says_where_else_to_look() -> None:
    async with program() as session:
        await session.press("j", "c", "slash", *"omp_num", "enter")
        assert "0 matches" in session.text()
        assert "a searches in what is equal" in session.told()
        await session.press("a")
        assert "1 match" in session.text()
        await session.press("n")
        assert "match 1 of 1" in session.text()


async def test_copying_a_value_the_other_the_key_and_the_row() -> None:
    async with program() as session:
        await session.press("j", "c", "n", "n", "n", "n", "y")
        assert session.app.clipboard == "0.01"
        assert "0.01" in session.told()
        await session.press("h", "y")
        assert session.app.clipboard == "0.001"
        await session.press("h", "y")
        assert session.app.clipboard == "lr"
        await session.press("Y")
        assert session.app.clipboard.startswith("params / lr: 0.001 │ 0.01 (changed; suspect 2:")


async def test_hostile_text_is_copied_as_it_is_and_shown_safely() -> None:
    async with program(StandIn(comparison=builders.hostile)) as session:
        await session.press("j", "c", "slash", *"params", "enter")
        copied = set()
        for _ in range(len(builders.HOSTILE)):
            await session.press("h", "h", "y", "l", "l", "n")
            copied.add(session.app.clipboard)
        assert copied == set(builders.HOSTILE)
        assert not {"\x1b", "\u202e"} & set(session.told())
        assert "\\u202e" in session.told()


async def test_long_values_stand_one_above_the_other_where_it_is_narrow() -> None:
    async with program(StandIn(comparison=long_values), size=(80, 30)) as session:
        await session.press("j", "c", "slash", *"schedule", "enter")
        lines = session.text().splitlines()
        left = next(line for line in lines if line.strip().startswith("◀ cosine"))
        right = next(line for line in lines if line.strip().startswith("▶ cosine"))
        assert "until step 9000" in left
        assert "until step 8000" in right
        await session.press("j", "y")
        assert session.app.clipboard == LONG
        await session.press("l", "y")
        assert session.app.clipboard == LONG.replace("9000", "8000")
        await session.press("enter")
        assert session.screen == "DetailScreen"
        await session.press("escape")
        await session.pilot.resize_terminal(140, 30)
        await session.settle()
        row = current(session)
        assert isinstance(row, FindingRow)
        assert row.finding.key == ("schedule",)
        assert "◀ cosine" not in session.text()


LONG = "cosine, warm-up 200 steps, restarts every 1000, decays until step 9000"


def long_values() -> Comparison:
    left = builders.changed(
        builders.evidence(), SectionName.PARAMS, ("schedule",), builders.known(LONG)
    )
    other = builders.known(LONG.replace("9000", "8000"))
    right = builders.changed(builders.rerun_evidence(), SectionName.PARAMS, ("schedule",), other)
    return builders.compared(left, right)


async def test_b_swaps_the_sides() -> None:
    async with program() as session:
        await session.press("j", "c")
        left, right = session.engine.asked[-1]
        await session.press("b")
        assert session.engine.asked[-1] == (right, left)


async def test_escape_stops_comparing_again_and_keeps_what_is_there() -> None:
    async with program() as session:
        await session.press("j", "c")
        session.engine.go_on.clear()
        await session.pilot.press("ctrl+r")
        await session.until(lambda: "hashing 3 artifacts" in session.text())
        await session.press("escape")
        assert session.screen == "CompareScreen"
        assert "≠ diverged" in session.text()
        assert "hashing" not in session.text()


async def test_the_mouse_folds_and_chooses_a_column() -> None:
    async with program() as session:
        await session.press("j", "c")
        lines = session.text().splitlines()
        row = next(i for i, text in enumerate(lines) if " lr " in text)
        await session.pilot.click(offset=(lines[row].index("0.001"), row))
        await session.press("y")
        assert session.app.clipboard == "0.001"
        head = next(i for i, text in enumerate(lines) if "▾ params" in text)
        await session.pilot.click(offset=(2, head))
        await session.settle()
        assert "▸ params" in session.text()


async def test_the_whole_verdict_is_read_by_key_and_with_the_wheel() -> None:
    async with program(size=(80, 16)) as session:
        await session.press("j", "c", "v")
        top = session.text()
        place = session.app.screen.query_one(VerticalScroll)
        await session.press("j")
        await session.until(lambda: place.scroll_y == 1)
        assert session.text() != top
        await session.press("k")
        await session.until(lambda: session.text() == top)
        await session.press("G")
        await session.until(lambda: place.scroll_y == place.max_scroll_y > 1)
        await session.press("g")
        await session.until(lambda: session.text() == top)
        await session.wheel(1, place)
        assert session.text() != top


async def test_the_wheel_scrolls_what_was_found() -> None:
    async with program(size=(80, 24)) as session:
        await session.press("j", "c")
        top = session.text().splitlines()
        await session.wheel(3, FindingList)
        below = session.text().splitlines()
        assert below[:2] == top[:2]
        assert below != top
        await session.wheel(-3, FindingList)
        assert session.text().splitlines() == top


async def test_the_footer_can_be_clicked() -> None:
    async with program() as session:
        await session.press("j", "c")
        await session.rest()
        line = session.text().splitlines()[-1]
        for word, screen in (("Verdict", "TextScreen"), ("Export", "ExportScreen")):
            await session.pilot.click(offset=(line.index(word), 39))
            await session.settle()
            assert session.screen == screen
            await session.press("escape")


# --- More than two ---------------------------------------------------------------------


@asynccontextmanager
async def several(
    compared: Callable[[], Several] = builders.several, size: tuple[int, int] = (120, 40)
) -> AsyncIterator[Session]:
    """The comparison of the runs that `compared` compares."""
    engine = StandIn()
    engine.several = compared
    async with program(engine, size) as session:
        session.app.push_screen(CompareScreen(*(run.run_id for run in compared().runs)))
        await session.settle()
        yield session


async def test_several_runs_stand_in_columns_with_the_verdict_on_each() -> None:
    async with several() as session:
        text = session.text()
        assert "1 diverged, 1 unverifiable, 1 reproduced" in text
        line = next(line for line in text.splitlines() if " lr " in line)
        assert line.split() == ["≠", "lr", "0.001", "│", "=", "│", "≠", "0.01", "│", "="]
        head = next(line for line in text.splitlines() if "base baseline" in line)
        assert head.index("✓ twin") < head.index("≠ twin") < head.index("? lost")


async def test_columns_scroll_sideways_while_key_and_base_stay() -> None:
    async with several(size=(60, 30)) as session:
        assert "? lost" not in session.text().splitlines()[7]
        await session.press("l", "l")
        line = next(line for line in session.text().splitlines() if "base baseline" in line)
        assert "? lost" in line
        assert "runs 3-3 of 3" in line
        await session.press("h", "h")
        line = next(line for line in session.text().splitlines() if "base baseline" in line)
        assert "✓ twin" in line


async def test_a_cell_opens_the_base_against_that_run() -> None:
    async with several() as session:
        await session.press("l", "enter")
        assert session.screen == "DetailScreen"
        assert "0.01" in session.text()
        await session.press("escape", "h", "h", "h", "enter")
        assert session.screen == "DetailScreen"


async def test_any_run_can_become_the_base_and_any_pair_stand_alone() -> None:
    async with several() as session:
        ids = [run.run_id for run in builders.several().runs]
        await session.press("l", "b")
        assert session.engine.asked[-1] == (ids[2], ids[0], ids[1], ids[3])
        await session.press("h", "h", "b")
        assert session.screen == "PickScreen"
        await session.press("down", "enter")
        assert session.engine.asked[-1][0] != ids[2]
        await session.press("l", "c")
        assert session.engine.asked[-1] == tuple(
            session.engine.asked[-2][place] for place in (0, 1)
        )


async def test_repeats_tell_their_spread() -> None:
    async with several(builders.repeats) as session:
        assert "The 3 repeats differ among themselves" in session.text()
        assert "95% prediction interval 0.12303" in " ".join(session.text().split())
        await session.press("v")
        assert "standard deviation" in session.text()


async def test_all_runs_are_exported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    async with several() as session:
        await session.press("x", "ctrl+s")
    text = (tmp_path / "repro-0a0a0a0a-and-3-others.md").read_text()
    assert all(run.name in text for run in builders.several().runs)


async def test_hostile_runs_are_harmless_in_columns() -> None:
    async with several(builders.hostile_several) as session:
        await session.press("a", "G", "y", "Y")
        assert "\x1b" not in session.text() + session.told()


async def test_a_new_user_finds_step_and_cause_without_looking_anything_up() -> None:
    """From the list of runs, with keys that the screen itself names."""
    async with program(size=(80, 24)) as session:
        await session.press("down")
        # The footer is drawn late.
        await session.until(lambda: "c Compare" in session.text())
        await session.press("c")
        text = " ".join(session.text().split())
    assert "first divergence loss at step 1" in text
    assert "1. params conf" in text
    assert "v shows" in text
