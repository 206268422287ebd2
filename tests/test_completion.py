"""Completion as a shell asks for it: run ids, experiments and jobs of a real store."""

import os
import subprocess
import sys
from pathlib import Path

import pexpect
import pytest
from tests.evidence.tracking import stores

PROGRAM = Path(sys.executable).with_name("repro-tui")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A folder with a store in it, and the ids of its runs by name."""
    folder = tmp_path_factory.mktemp("completion")
    return folder, stores.populate(f"sqlite:///{folder}/mlflow.db", folder)


def environment(folder: Path) -> dict[str, str]:
    return stores.environment() | {
        "PATH": f"{PROGRAM.parent}{os.pathsep}{os.environ['PATH']}",
        "XDG_CONFIG_HOME": str(folder),
        "REPRO_TUI_STATE_DIR": str(folder / "state"),
        "REPRO_TUI_CACHE_DIR": str(folder / "cache"),
    }


def asked(folder: Path, words: str) -> list[str]:
    """What is offered behind `words`, in an order of no meaning."""
    done = subprocess.run(
        [PROGRAM],
        cwd=folder,
        env=environment(folder)
        | {
            "_REPRO_TUI_COMPLETE": "bash_complete",
            "COMP_WORDS": words,
            "COMP_CWORD": str(words.count(" ")),
        },
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return [line.partition(",")[2] for line in done.stdout.splitlines() if line]


def test_runs_are_offered_by_what_their_ids_begin_with(store: tuple[Path, dict[str, str]]) -> None:
    folder, ids = store
    assert {"latest", ids["parent"], ids["metrics"]} <= set(asked(folder, "repro-tui diff "))
    assert asked(folder, f"repro-tui rerun {ids['parent'][:12]}") == [ids["parent"]]


def test_experiments_whose_names_a_shell_can_take_are_offered(
    store: tuple[Path, dict[str, str]],
) -> None:
    folder, _ = store
    offered = asked(folder, "repro-tui runs -e ")
    assert "second" in offered
    assert all(name.isprintable() for name in offered)


def test_devices_and_jobs_are_offered(store: tuple[Path, dict[str, str]]) -> None:
    folder, _ = store
    assert "cpu" in asked(folder, "repro-tui rerun x --device ")
    assert asked(folder, "repro-tui jobs log ") == ["latest"]


def test_where_nothing_can_be_read_nothing_is_said(tmp_path: Path) -> None:
    assert asked(tmp_path, "repro-tui diff ") == ["latest"]
    (tmp_path / "mlflow.db").write_text("no database")
    assert asked(tmp_path, "repro-tui runs -e ") == []


def test_tab_completes_a_run_id_in_a_real_bash(store: tuple[Path, dict[str, str]]) -> None:
    folder, ids = store
    shell = pexpect.spawn(
        "bash", ["--norc", "--noprofile"], cwd=str(folder), env=environment(folder),
        encoding="utf-8", timeout=60,
    )  # fmt: skip
    shell.sendline('PS1="ready"; eval "$(repro-tui completion bash)"; echo do""ne')
    shell.expect("done")
    shell.send(f"echo repro-tui; repro-tui rerun {ids['parent'][:12]}\t")
    shell.expect(ids["parent"])
    shell.close(force=True)
