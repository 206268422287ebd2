"""Names and values from strangers are shown as the plain text that they are."""

import pytest
from msgspec.structs import replace
from tests import builders
from tests.tui.conftest import program
from tests.tui.stand_in import StandIn, job, plan_for, run_id

from repro_tui.evidence.tags import Tag
from repro_tui.rerun.model import JobState, Request

TAGS = (
    Tag.GIT_COMMIT, Tag.ENTRY_POINT, Tag.SEED, Tag.DEVICE, Tag.VERDICT, Tag.REEXECUTES,
    Tag.PARENT_RUN_ID,
)  # fmt: skip
RUNS = tuple(
    builders.run(
        run_id(n),
        text,
        status=text,
        params={text: text},
        metrics={text: float(n)},
        experiment_name=text,
        user=text,
        tags=dict.fromkeys((*TAGS, text), text),
    )
    for n, text in enumerate(builders.HOSTILE)
)


def hostile() -> StandIn:
    text = "".join(builders.HOSTILE)
    plan = replace(plan_for(Request("a")), run_name=text, command=text, device=text)
    engine = StandIn(
        RUNS, builders.hostile, (job(1, JobState.FAILED, plan=plan, message=text, verdict=text),)
    )
    engine.log = f"{text}\n"
    return engine


@pytest.mark.parametrize(
    "keys",
    [
        (), ("d",), ("slash", "["), ("e",), ("s",), ("r",), ("J",), ("j", "c"),
        ("j", "c", "a", "G"), ("j", "c", "v"), ("j", "c", "n", "n", "enter"), ("j", "c", "x"),
        ("ctrl+p",),
        ("question_mark",),
    ],
    ids=lambda keys: "+".join(keys) or "runs",
)  # fmt: skip
@pytest.mark.parametrize("size", [(80, 24), (160, 45)], ids=["80x24", "160x45"])
async def test_no_screen_obeys_what_it_shows(keys: tuple[str, ...], size: tuple[int, int]) -> None:
    async with program(hostile(), size=size) as session:
        await session.press(*keys)
        text = session.text()
    assert not {"\x1b", "\x07", "\u202e", "\x00"} & set(text)
    assert text.strip()


async def test_every_finding_of_a_hostile_comparison_opens() -> None:
    async with program(hostile()) as session:
        await session.press("j", "c")
        for _ in range(12):
            await session.press("n", "enter")
            assert session.screen == "DetailScreen"
            assert "\x1b" not in session.text()
            await session.press("escape")


async def test_markup_is_shown_as_it_was_written() -> None:
    async with program(hostile(), size=(160, 45)) as session:
        text = session.text()
    assert "[/nothing]" in text
    assert "\\u202egnp.exe" in text
    assert "\\x1b]0;owned\\x07[red]\\x1b[31m" in text
