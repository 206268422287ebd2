"""The command line: what every mistake comes to, and that asking for help loads nothing."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from repro_tui.cli import main
from repro_tui.errors import ExitCode

HEAVY = ("mlflow", "torch", "pandas", "textual", "numpy", "git")


def outcome(*arguments: str) -> int:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert isinstance(caught.value.code, int)
    return caught.value.code


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["diff", "--help"]])
def test_asking_loads_nothing_heavy(arguments: list[str]) -> None:
    program = (
        "import sys\nfrom repro_tui.cli import main\n"
        f"try: main({arguments!r})\nexcept SystemExit as end: code = end.code\n"
        f"print(code, [name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stderr.strip() == "0 []"
    assert done.stdout.startswith(("Usage", "repro-tui "))


def test_no_store_is_one_sentence_and_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert outcome("runs") == ExitCode.FAILED
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("error: ")
    assert "hint: " in err
    assert "--tracking-uri" in err


def test_broken_settings_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine.toml").write_text("theme = 3")
    monkeypatch.setenv("REPRO_TUI_CONFIG", str(tmp_path / "mine.toml"))
    assert outcome("runs") == ExitCode.FAILED
    assert "mine.toml: theme has the wrong type" in capsys.readouterr().err


def test_without_a_terminal_there_is_nothing_to_open(capsys: pytest.CaptureFixture[str]) -> None:
    assert outcome() == ExitCode.FAILED
    assert "no terminal" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [["diff", "one"], ["rerun", "latest", "-P", "novalue"], ["runs", "--limit", "0"], ["nothing"]],
)
def test_words_that_are_off_are_usage_errors(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert outcome(*arguments) == ExitCode.FAILED
    out, err = capsys.readouterr()
    assert out == ""
    assert "Usage" in err or "Error" in err


def test_devices_always_lists_the_processor(capsys: pytest.CaptureFixture[str]) -> None:
    assert outcome("devices", "--format", "json") == 0
    devices = json.loads(capsys.readouterr().out)
    assert devices[0]["name"] == "cpu"
    assert devices[0]["memory"] > 0


def test_a_store_uri_that_is_hostile_is_spelled_out(capsys: pytest.CaptureFixture[str]) -> None:
    assert outcome("--tracking-uri", "sqlite:///\x1b]0;owned\x07.db", "runs") == ExitCode.FAILED
    assert "\x1b" not in capsys.readouterr().err


def test_a_reader_that_has_seen_enough_is_no_error(tmp_path: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-m", "repro_tui", "devices"],
        stdout=write, stderr=subprocess.PIPE, text=True, check=False, cwd=tmp_path,
    )  # fmt: skip
    os.close(write)
    assert "Traceback" not in done.stderr
