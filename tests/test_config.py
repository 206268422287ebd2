"""`repro-tui config`: what is in force and who said so; the file that it writes and checks."""

import json
import re
from pathlib import Path

import pytest
from tests.test_cli import outcome

from repro_tui.cli.config import starting_file
from repro_tui.errors import ExitCode
from repro_tui.remembered import Remembered, remember
from repro_tui.settings import load, read, resource, settle


def told(capsys: pytest.CaptureFixture[str]) -> dict[str, tuple[object, str, str]]:
    assert outcome("config", "--format", "json") == 0
    document = json.loads(capsys.readouterr().out)
    assert document["schema"] == "repro-tui.config/1"
    return {
        one["name"]: (one["value"], one["source"], one["where"]) for one in document["settings"]
    }


def test_every_value_says_where_it_comes_from(
    own_file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    own_file.write_text(
        'theme = "nord"\n\n[tolerance]\n# loose\nrtol = 1\n[keys]\nruns.mark = "m"\n'
        '[[set_aside]]\nname = "mine"\nsection = "metrics"\npattern = "x"\nwhy = "so"\n'
    )
    before = told(capsys)
    assert before["theme"] == ("nord", "file", f"{own_file}:1")
    assert before["tolerance.rtol"] == (1.0, "file", f"{own_file}:5")
    assert before["keys.runs.mark"] == ("m", "file", f"{own_file}:7")
    assert before["set_aside[8]"][1:] == ("file", f"{own_file}:8")
    value, source, where = before["tolerance.atol"]
    assert (value, source) == (0.0, "default")
    assert where.partition(":")[0].endswith("repro-tui.toml")
    monkeypatch.setenv("REPRO_TUI_THEME", "gruvbox")
    assert told(capsys)["theme"] == ("gruvbox", "environment", "REPRO_TUI_THEME")


def test_the_theme_of_whoever_spoke_last_is_worn(
    own_file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    own_file.write_text('theme = "nord"')
    remember(load().state, lambda _: Remembered(theme="gruvbox", theme_asked="nord"))
    assert load().theme == "gruvbox"
    assert told(capsys)["theme"][:2] == ("gruvbox", "picked")
    monkeypatch.setenv("REPRO_TUI_THEME", "repro-light")
    assert load().theme == "repro-light"
    assert load().theme_asked == "nord"
    monkeypatch.delenv("REPRO_TUI_THEME")
    own_file.write_text('theme = "high-contrast"')
    assert load().theme == "high-contrast"


def test_the_text_tells_the_same(own_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own_file.write_text("[jobs]\nper_device = 4\n")
    assert outcome("config") == 0
    out, err = capsys.readouterr()
    (line,) = [line for line in out.split("\n") if "jobs.per_device" in line]
    assert line.split() == ["jobs.per_device", "4", f"{own_file}:2"]
    assert str(own_file) in err


def test_the_path_is_told_whether_the_file_is_there_or_not(
    own_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert outcome("config", "--path") == 0
    assert capsys.readouterr().out == f"{own_file}\n"


def test_a_starting_file_is_written_once(
    own_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert outcome("config", "--init") == 0
    written = own_file.read_text()
    assert outcome("config", "--check", str(own_file)) == 0
    assert "decides 0 settings" in capsys.readouterr().err
    own_file.write_text(written + "# mine\n")
    assert outcome("config", "--init") == ExitCode.FAILED
    assert "is there already" in capsys.readouterr().err
    assert own_file.read_text() == written + "# mine\n"


def test_the_starting_file_holds_every_key_with_its_default(own_file: Path) -> None:
    own_file.write_text("")
    defaults = load()
    start = starting_file((resource("confs") / "repro-tui.toml").read_text())
    taken = "\n".join(
        line[1:] if re.match(r'#([^ [#]|    ")', line) else line
        for line in start.partition("#[[set_aside]]")[0].split("\n")
    )
    own_file.write_text(taken)
    layers = read()
    assert settle(layers) == defaults
    sources = {
        one.source.value for one in layers.settings() if not one.name.startswith("set_aside")
    }
    assert sources == {"file"}


@pytest.mark.parametrize(
    ("text", "mistakes"),
    [
        ('theme = "nrd"\n', [":1: no theme is named nrd.|Did you mean nord?"]),
        (
            "\n[runs]\nmetrcs = []\nmetric_columns = true\n",
            [":3: no setting is named runs.metrcs.|Did you mean runs.metrics?",
             ":4: runs.metric_columns has the wrong type.|Give it a whole number."],
        ),
        ("[runs]\nmetrics = [\n  'a',\n  3\n]", [":2: runs.metrics has the wrong type"]),
        ("[limits]\ntext = -1", [":2: limits.text is -1.|Give it 0 or more."]),
        ("[keys]\nruns.mrk = 'm'", [":2: no action has the id runs.mrk.|Did you mean runs.mark?"]),
        ("[keys]\nruns.mark = 3", [":2: keys.runs.mark has the wrong type"]),
        ("[keys]\nruns.mark = 'spce'", [":2: runs.mark is given the key 'spce'"]),
        ('[[tolerance.for]]\nulp=1\npattern="x"\n[[tolerance.for]]\n', [":4: a [[tolerance.for]]"]),
        ('[[set_aside]]\nname = "x"', [":1: a [[set_aside]] rule is incomplete"]),
        ("a = ", ["is not valid TOML: Invalid value (at end"]),
    ],
)  # fmt: skip
def test_mistakes_are_told_with_line_and_fix(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, mistakes: list[str]
) -> None:
    path = tmp_path / "a.toml"
    path.write_text(text)
    assert outcome("config", "--check", str(path)) == ExitCode.FAILED
    errors = capsys.readouterr().err
    for mistake in mistakes:
        assert mistake.replace("|", "\nhint: ") in errors
    assert errors.count("error: ") == len(mistakes)


def test_keys_are_listed_by_id_with_those_of_ones_own(
    own_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own_file.write_text('[keys]\n"runs.mark" = "m,/"\n')
    assert outcome("config", "--keys") == 0
    (line,) = [line for line in capsys.readouterr().out.split("\n") if "runs.mark" in line]
    assert line.split()[:4] == ["runs.mark", "m,", "/", "Mark"]
    assert line.split()[-1] == "space"
    assert outcome("config", "--keys", "--format", "json") == 0
    actions = {one["id"]: one for one in json.loads(capsys.readouterr().out)["actions"]}
    assert actions["runs.mark"]["keys"] == ["m", "slash"]
    assert actions["list.down"]["default"] == ["down", "j"]
