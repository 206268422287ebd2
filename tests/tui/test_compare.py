"""The comparison of two runs on screen: walking, folding, everything, waiting, failing."""

from collections.abc import Callable

import pytest
from tests import builders
from tests.tui.conftest import Session, program
from tests.tui.stand_in import StandIn

from repro_tui.compare.model import Comparison, Kind
from repro_tui.errors import ReproError
from repro_tui.evidence.model import SectionName
from repro_tui.tui.finding_rows import FindingRow, Row, SectionRow
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
