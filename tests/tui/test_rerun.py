"""The dialog before a re-execution: what it shows, what it changes, what it refuses."""

from tests import builders
from tests.tui.conftest import Session, program
from tests.tui.stand_in import REFUSAL, StandIn, run_id
from textual.widgets import Button, Checkbox, Collapsible, Input, Select

from repro_tui.errors import ReproError
from repro_tui.rerun.model import Determinism, EnvManager, Series


async def fill(session: Session, selector: str, value: str) -> None:
    """Type a value in place of what a field holds, and wait for the new plan."""
    asked = len(session.engine.requests)
    session.app.screen.query_one(selector, Input).value = value
    await session.until(lambda: len(session.engine.requests) > asked)
    await session.settle()


async def choose(session: Session, selector: str, value: str) -> None:
    asked = len(session.engine.requests)
    session.app.screen.query_one(selector, Select).value = value
    await session.until(lambda: len(session.engine.requests) > asked)
    await session.settle()


async def test_shows_exactly_what_will_run() -> None:
    async with program(size=(160, 40)) as session:
        await session.press("G", "r")
        text = session.text()
    for part in (
        "/home/ada/digits", builders.COMMIT, "entry point", "main",
        "python train.py --conf confs/training.yaml --lr 0.001", "env-manager local",
        "PYTHONHASHSEED=7", "declared parameters only", "packages were not recorded",
    ):  # fmt: skip
        assert part in text
    assert session.engine.requests[-1].run_id == run_id(0xA1)


async def test_offers_the_devices_of_this_machine() -> None:
    async with program(size=(120, 40)) as session:
        await session.press("r", "tab", "enter")
        text = session.text()
    assert "cpu  AMD EPYC 7B13" in text
    assert "cuda:0  NVIDIA H200, 139.7 GiB" in text


async def test_every_choice_changes_the_plan_at_once() -> None:
    async with program(size=(120, 40)) as session:
        await session.press("r")
        await fill(session, "#seed", "42")
        assert session.engine.requests[-1].seed == 42
        assert "PYTHONHASHSEED=42" in session.text()
        await choose(session, "#device", "cuda:0")
        assert session.engine.requests[-1].device == "cuda:0"
        await choose(session, "#determinism", Determinism.STRICT)
        assert session.engine.requests[-1].determinism is Determinism.STRICT
        await choose(session, "#manager", EnvManager.UV)
        assert session.engine.requests[-1].env_manager is EnvManager.UV
        assert "env-manager uv" in session.text()
        fields = session.app.screen.query("#parameters Input").results(Input)
        rate = next(field for field in fields if field.name == "lr")
        rate.value = "0.5"
        await session.until(lambda: "0.001 → 0.5" in session.text())
        assert session.engine.requests[-1].overrides == {"lr": "0.5"}


async def test_typing_a_seed_plans_once_it_rests() -> None:
    async with program() as session:
        await session.press("r", "tab", "tab")
        await session.pilot.press(*"123")
        await session.until(lambda: session.engine.requests[-1].seed == 123)
        assert [request.seed for request in session.engine.requests][-1] == 123


async def test_threads_and_what_joins_the_checkout_are_choices() -> None:
    async with program(size=(120, 45)) as session:
        await session.press("r")
        await fill(session, "#threads", "2")
        assert session.engine.requests[-1].threads == 2
        session.app.screen.query_one(Collapsible).collapsed = False
        await fill(session, "#repository", "/elsewhere")
        assert session.engine.requests[-1].repository == "/elsewhere"
        await fill(session, "#links", " data, models/base.pt,")
        assert session.engine.requests[-1].links == ("data", "models/base.pt")
        for name in ("submodules", "lfs"):
            asked = len(session.engine.requests)
            session.app.screen.query_one(f"#{name}", Checkbox).value = True
            await session.until(lambda asked=asked: len(session.engine.requests) > asked)  # type: ignore[misc]
            assert getattr(session.engine.requests[-1], name)


async def test_so_many_times_is_so_many_jobs() -> None:
    async with program() as session:
        await session.press("r")
        times = session.app.screen.query_one("#times", Input)
        times.value = "20"
        await session.until(lambda: "cannot be run 20 times" in session.text())
        assert session.app.screen.query_one("#start", Button).disabled
        times.value = "3"
        await session.until(lambda: "3: each a job of its own." in session.text())
        await session.press("ctrl+s")
        assert [plan.seed for plan in session.engine.submitted] == [7, 7, 7]
        assert session.screen == "JobsScreen"


async def test_each_job_gets_a_seed_of_its_own_where_that_is_chosen() -> None:
    async with program() as session:
        await session.press("r")
        await fill(session, "#seed", "3, 4")
        assert session.engine.series[-1] == Series(2, (3, 4))
        assert "with the seeds 3, 4." in session.text()
        await fill(session, "#seed", "other")
        await fill(session, "#times", "2")
        assert session.engine.series[-1] == Series(2, other_seeds=True)
        session.app.screen.query_one("#seed", Input).value = "1,2,3"
        await session.until(lambda: "3 seeds for 2 times" in session.text())
        await fill(session, "#times", "")
        await session.press("ctrl+s")
        assert [plan.seed for plan in session.engine.submitted] == [1, 2, 3]


async def test_what_is_not_as_the_original_comes_first() -> None:
    async with program() as session:
        await session.press("r")
        assert "Nothing is chosen otherwise than the original had it." in session.text()
        await fill(session, "#seed", "8")
        assert "Not as the original" in session.text()
        assert "7 → 8" in session.text()


async def test_what_was_strict_stays_so_until_another_is_chosen() -> None:
    engine = StandIn()
    engine.usual = Determinism.STRICT
    async with program(engine) as session:
        await session.press("r")
        select = session.app.screen.query_one("#determinism", Select)
        assert select.value == Determinism.STRICT
        await choose(session, "#preset", "CPU against GPU")
        assert select.value == Determinism.STRICT
        assert engine.requests[-1].determinism is None
        await choose(session, "#determinism", Determinism.SEED)
        assert engine.requests[-1].determinism is Determinism.SEED


async def test_a_preset_fills_the_fields_and_what_is_changed_afterwards_stands() -> None:
    async with program(size=(80, 24)) as session:
        await session.press("r", "ctrl+o")
        # The stand-in's machine has a GPU.
        assert "CPU against GPU" in session.text()
        # none, strict, exactly as recorded, CPU against GPU
        await session.press("down", "down", "down", "enter")
        await session.until(lambda: session.engine.requests[-1].device == "cuda:0")
        await choose(session, "#preset", "five times, other seeds")
        assert session.engine.series[-1] == Series(5, other_seeds=True)
        assert session.engine.requests[-1].device is None
        await choose(session, "#preset", "same device, same seed, strict")
        assert session.engine.series[-1] == Series()
        assert session.engine.requests[-1].determinism is Determinism.STRICT
        await fill(session, "#threads", "2")
        select = session.app.screen.query_one("#preset", Select)
        assert select.is_blank()
        assert session.engine.requests[-1].determinism is Determinism.STRICT
        await fill(session, "#threads", "")
        assert select.value == "same device, same seed, strict"


async def test_a_preset_that_does_not_fit_this_machine_says_why() -> None:
    engine = StandIn()
    engine.all_devices = engine.all_devices[:1]
    async with program(engine) as session:
        await session.press("r", "ctrl+o")
        assert "✗ CPU against GPU: This machine has no GPU." in session.text()
        await session.press("down", "down", "down", "enter")
        assert "This machine has no GPU." in session.told()
        assert session.app.screen.query_one("#preset", Select).is_blank()
        assert session.engine.requests[-1].device is None


async def test_what_is_typed_and_not_planned_yet_is_never_started_without_it() -> None:
    async with program() as session:
        await session.press("r", "tab", "tab")
        await session.pilot.press("8", "ctrl+s")
        assert session.engine.submitted == []
        await session.until(lambda: "7 → 8" in session.text())
        await session.pilot.press("9", "backspace")
        await session.until(lambda: not session.app.screen.query_one("#start", Button).disabled)
        await session.press("ctrl+s")
        assert [plan.seed for plan in session.engine.submitted] == [8]


async def test_a_refusal_opens_what_may_supply_the_missing() -> None:
    async with program(size=(120, 45)) as session:
        session.engine.refusal = REFUSAL
        await session.press("r")
        assert not session.app.screen.query_one(Collapsible).collapsed
        assert "Repository: path or URL" in session.text()
        session.engine.refusal = None
        await fill(session, "#repository", "/elsewhere")
        assert "entry point" in session.text()


async def test_a_seed_that_is_no_number_is_said_so_and_cannot_start() -> None:
    async with program() as session:
        await session.press("r")
        session.app.screen.query_one("#seed", Input).value = "seven"
        await session.until(lambda: "seed has no whole number" in session.text())
        assert session.app.screen.query_one("#start", Button).disabled
        await session.press("ctrl+s")
        assert session.engine.submitted == []


async def test_a_refusal_is_told_in_words_with_remedies() -> None:
    async with program() as session:
        session.engine.refusal = REFUSAL
        await session.press("r")
        for lack in REFUSAL.lacks:
            assert lack.what in session.text()
            assert lack.remedy in session.text()
        await session.press("ctrl+s")
        assert session.engine.submitted == []


async def test_a_plan_that_cannot_be_made_says_why() -> None:
    async with program() as session:
        session.engine.failure = ReproError("Git is not there.", "Install it.")
        await session.press("r")
        assert "Git is not there." in session.text()
        assert "Install it." in session.text()


async def test_ctrl_s_starts_what_was_shown_and_goes_to_the_jobs() -> None:
    async with program() as session:
        await session.press("G", "r")
        await fill(session, "#seed", "8")
        await session.press("ctrl+s")
        (plan,) = session.engine.submitted
        assert plan.seed == 8
        assert session.screen == "JobsScreen"
        await session.press("escape")
        assert session.screen == "RunsScreen"


async def test_the_button_starts_too() -> None:
    async with program() as session:
        await session.press("r")
        await session.pilot.click("#start")
        await session.settle()
        assert len(session.engine.submitted) == 1


async def test_what_was_chosen_is_not_lost_unasked() -> None:
    async with program() as session:
        await session.press("r")
        session.app.screen.query_one("#seed", Input).value = "7"
        await session.press("escape")
        assert session.screen == "ConfirmScreen"
        await session.press("n")
        assert session.screen == "RerunScreen"
        assert session.app.screen.query_one("#seed", Input).value == "7"
        await session.press("escape", "y")
        assert session.screen == "RunsScreen"


async def test_escape_starts_nothing() -> None:
    async with program() as session:
        await session.press("r", "escape")
        assert session.screen == "RunsScreen"
        assert session.engine.submitted == []


async def test_the_dialog_is_filled_in_and_left_with_the_mouse() -> None:
    async with program(size=(120, 50)) as session:
        await session.press("r")
        await session.click("Code and data")
        await session.until(lambda: "Fetch Git LFS files" in session.text())
        await session.pilot.wait_for_animation()
        asked = len(session.engine.requests)
        await session.click("Fetch Git LFS files")
        await session.until(lambda: len(session.engine.requests) > asked)
        assert session.engine.requests[-1].lfs
        asked = len(session.engine.requests)
        await session.pilot.click("#device")
        await session.until(lambda: "NVIDIA H200" in session.text())
        await session.click("NVIDIA H200")
        await session.until(lambda: len(session.engine.requests) > asked)
        assert session.engine.requests[-1].device == "cuda:0"
        await session.settle()
        await session.click(" Close ")
        assert session.screen == "ConfirmScreen"
        await session.pilot.click("#yes")
        await session.settle()
        assert session.screen == "RunsScreen"
