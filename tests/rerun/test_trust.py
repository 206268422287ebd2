"""Somebody else's code is executed when the person says so, and only as it is shown."""

import subprocess
from pathlib import Path

import click
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.evidence.git import commit, git
from tests.rerun.conftest import Store
from tests.rerun.examples import SCRIPT
from tests.rerun.test_plan import planned

from repro_tui import settings as configuration
from repro_tui.cli import main
from repro_tui.cli.rerun import series
from repro_tui.engine import Engine
from repro_tui.errors import ReproError
from repro_tui.evidence.tags import Tag
from repro_tui.rerun.model import Device, EntryPoint, Job, Parameter, Plan, Series
from repro_tui.rerun.project import find_entry_point, render

HOSTILE = (
    *("$(touch pwned)", "`touch pwned`", "'; touch pwned; '", '"; touch pwned; "'),
    *("a\nb", "-x"),
)


@pytest.fixture
def asked(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[list[str], Path]:
    """A command line that re-executes a script, and the repository of the script."""
    repository = tmp_path / "repository"
    head = commit(repository, {"train.py": "open('pwned', 'w')"})
    tags = {Tag.SOURCE_NAME: str(repository / "train.py"), Tag.GIT_COMMIT: head}
    run_id = store.add({**tags, Tag.SOURCE_TYPE: "LOCAL"})
    monkeypatch.chdir(tmp_path)
    return ["rerun", "--tracking-uri", store.uri, run_id], repository


def outcome(arguments: list[str]) -> object:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    return ended.value.code


def test_nothing_runs_before_somebody_agrees(
    asked: tuple[list[str], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    arguments, repository = asked
    assert outcome(arguments) == 2
    said = capsys.readouterr().err
    # What would run is shown all the same: repository, commit and command.
    for shown in (str(repository), git(repository, "rev-parse", "HEAD"), "python train.py"):
        assert shown in said
    assert "--yes" in said
    assert not configuration.load().jobs.exists()
    assert not list(repository.rglob("pwned"))


def test_seeds_and_presets_are_shown_before_anything_runs(
    asked: tuple[list[str], Path],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # There may be a GPU where this is tested: whether it fits is the preset's own test.
    monkeypatch.setattr("repro_tui.rerun.devices.devices", lambda: (Device("cpu", "A CPU"),))
    arguments = [*asked[0], "--dry-run"]

    def shown(*options: str, code: int = 0) -> str:
        assert outcome([*arguments, *options]) == code
        return "".join(capsys.readouterr())

    assert "with the seeds 3, 4\n" in shown("--seeds", "3, 4")
    told = shown("--preset", "five times, other seeds", "--times", "2", "--threads", "3")
    assert "with the seeds 1, 2\n" in told
    assert "threads as each library chooses → 3" in told
    assert "no GPU" in shown("--preset", "CPU against GPU", code=2)


def test_options_stand_above_a_preset() -> None:
    five = Series(5, other_seeds=True)
    assert series(None, None, None, five) == five
    assert series(2, None, None, five) == Series(2, other_seeds=True)
    assert series(None, None, 7, five) == Series(5)
    assert series(None, "other", None, Series(3)) == Series(3, other_seeds=True)
    assert series(None, "3, 4", None, five) == Series(2, (3, 4))
    with pytest.raises(click.UsageError, match="--times"):
        series(9, None, None, Series(2, (3, 4)))
    for times, seeds, seed in ((None, "other", None), (3, "1,2", None), (1, "1,x", None),
                               (None, "1", 1)):  # fmt: skip
        with pytest.raises(click.UsageError, match="--seeds"):
            series(times, seeds, seed, Series())


def test_a_trusted_repository_is_not_asked_about(
    asked: tuple[list[str], Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    arguments, repository = asked
    own = tmp_path / "own.toml"
    monkeypatch.setenv("REPRO_TUI_CONFIG", str(own))

    # It would take a minute: that it is submitted is enough.
    def submit(engine: Engine, plan: Plan) -> Job:
        raise ReproError(f"submitted {plan.repository}")

    monkeypatch.setattr(Engine, "submit", submit)
    for trusted, submitted in (
        (str(repository), True),
        (str(repository / "."), True),
        (str(tmp_path), False),
        (str(repository) + "2", False),
        ("https://git.example.org/a.git", False),
    ):
        own.write_text(f'trusted_repositories = ["{trusted}"]')
        outcome(arguments)
        assert (f"submitted {repository}" in capsys.readouterr().err) is submitted


def test_an_address_is_trusted_to_the_letter(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "own.toml"
    monkeypatch.setenv("REPRO_TUI_CONFIG", str(own))
    made = replace(planned(situation=SCRIPT), repository="https://git.example.org/a")
    for named, trusted in (("a", True), ("", False), ("a/b", False)):
        own.write_text(f'trusted_repositories = ["https://git.example.org/{named}"]')
        assert Engine.open(configuration.load(), store.uri, tmp_path).trusts(made) is trusted


words = st.one_of(
    st.sampled_from(HOSTILE), st.text(st.characters(exclude_characters="\0", codec="utf-8"))
)


@settings(max_examples=60)
@given(words, words, words.filter(bool))
def test_nothing_from_a_run_is_read_by_the_shell(
    tmp_path_factory: pytest.TempPathFactory, value: str, extra: str, name: str
) -> None:
    folder = tmp_path_factory.getbasetemp()
    entry_point = EntryPoint("main", r"printf '%s\0' {a}", {"a": Parameter("a")})
    parameters = {"a": value, **({name: extra} if name != "a" else {})}
    done = subprocess.run(
        ["bash", "-c", render(entry_point, parameters)],
        cwd=folder, capture_output=True, check=True,
    )  # fmt: skip
    expected = [value, *(word for n, v in parameters.items() if n != "a" for word in (f"--{n}", v))]
    assert done.stdout.decode().split("\0")[:-1] == expected
    assert not (folder / "pwned").exists()


@pytest.mark.parametrize("name", [f"{word}.py" for word in HOSTILE if "/" not in word])
def test_a_scripts_name_is_one_word(tmp_path: Path, name: str) -> None:
    found = find_entry_point(None, name)
    assert found is not None
    done = subprocess.run(
        ["bash", "-c", f"python() {{ printf '%s\\0' \"$@\"; }}; {render(found, {})}"],
        cwd=tmp_path, capture_output=True, check=True,
    )  # fmt: skip
    assert done.stdout.decode().split("\0")[:-1] == [name]
    assert not (tmp_path / "pwned").exists()
