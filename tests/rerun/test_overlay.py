"""Overlay environments, made of this test's own and of fresh virtual environments."""

import json
import subprocess
import sys
import venv
from pathlib import Path

import pytest
from tests.rerun.training import PYTHON, environment

from repro_tui.errors import ReproError
from repro_tui.rerun import overlay

# Which of our processes run in the overlay, and what they see of its environment.
WHO = """
import json, sys
import numpy
print(json.dumps([sys.prefix, "repro_tui_recorder" in sys.modules, numpy.__file__]))
"""


@pytest.fixture(scope="module")
def scripts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return overlay.make(tmp_path_factory.mktemp("overlays") / "an overlay", PYTHON)


@pytest.fixture
def record(tmp_path: Path) -> Path:
    folder = tmp_path / "record"
    folder.mkdir()
    return folder


def run(
    command: list[str | Path], record: Path, scripts: Path, cwd: Path | None = None, **extra: str
) -> str:
    variables = environment(record)
    variables |= overlay.variables(scripts, {**variables, **extra})
    done = subprocess.run(
        command, env=variables, cwd=cwd, capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def snapshot(folder: Path) -> dict[str, tuple[int, int]]:
    """Every file and folder with its size and time."""
    return {
        str(path.relative_to(folder)): (path.lstat().st_size, path.lstat().st_mtime_ns)
        for path in folder.rglob("*")
    }


@pytest.mark.parametrize("name", ["python", "python3", f"python3.{sys.version_info[1]}"])
@pytest.mark.parametrize("options", [[], ["-E"], ["-I"], ["-s"], ["-P"]])
def test_every_python_runs_in_it_with_the_real_packages(
    name: str, options: list[str], scripts: Path, record: Path
) -> None:
    import numpy as np

    told = json.loads(run([scripts / name, *options, "-c", WHO], record, scripts))
    assert told == [str(scripts.parent), True, np.__file__]


def test_the_entry_command_may_set_the_python_path(
    scripts: Path, record: Path, tmp_path: Path
) -> None:
    (tmp_path / "src" / "train").mkdir(parents=True)
    (tmp_path / "src" / "train" / "__init__.py").touch()
    (tmp_path / "src" / "train" / "__main__.py").write_text(WHO)
    command = "PYTHONPATH=src python -m train"
    told = json.loads(run(["bash", "-c", command], record, scripts, tmp_path))
    assert told[:2] == [str(scripts.parent), True]


def test_an_interpreter_that_is_named_by_its_path_is_recorded(record: Path, tmp_path: Path) -> None:
    """By the second door, with what is behind it: nothing that the program sees is moved."""
    real, scripts = tmp_path / "real", overlay.make(tmp_path / "overlay", PYTHON)
    venv.create(real, symlinks=True)
    program = "import json, sys; print(json.dumps([sys.prefix, sys.path]))"
    command: list[str | Path] = [real / "bin" / "python", "-c", program]
    place = str(tmp_path / "behind")
    told = json.loads(run(command, record, scripts, PYTHONPATH=place))
    plain = subprocess.run(
        command, env={"PYTHONPATH": place}, capture_output=True, text=True, check=True
    )
    assert told == json.loads(plain.stdout)
    process = json.loads((record / "process-0.json").read_bytes())
    assert process["recorder"]["active"] is True
    assert process["python"]["prefix"] == str(real)


def test_the_second_door_makes_way_for_the_persons_customisation(
    record: Path, scripts: Path, tmp_path: Path
) -> None:
    (tmp_path / "sitecustomize.py").write_text("import sys\nprint(sys.modules[__name__].__file__)")
    venv.create(tmp_path / "real", symlinks=True)
    program = "import sys, sitecustomize; print(sitecustomize.__file__)"
    out = run(
        [tmp_path / "real" / "bin" / "python", "-c", program],
        *(record, scripts), PYTHONPATH=str(tmp_path),
    )  # fmt: skip
    assert out == f"{tmp_path / 'sitecustomize.py'}\n" * 2
    (tmp_path / "sitecustomize.py").write_text("import not_there")
    out = run(
        ["bash", "-c", f"'{tmp_path}/real/bin/python' -c 'import repro_tui_recorder' 2>&1; true"],
        *(record, scripts), PYTHONPATH=str(tmp_path),
    )  # fmt: skip
    assert "No module named 'not_there'" in out


def test_it_can_be_activated(scripts: Path, record: Path) -> None:
    command = f"source '{scripts}/activate' && python -c '{WHO}' && printenv VIRTUAL_ENV"
    lines = run(["bash", "-euc", command], record, Path("/nowhere")).splitlines()
    assert json.loads(lines[0])[:2] == [str(scripts.parent), True]
    assert lines[1] == str(scripts.parent)


def test_console_scripts_run_in_it(scripts: Path, record: Path) -> None:
    """Its path has a space, so that the script's first line cannot name the interpreter."""
    assert run(["f2py", "-v"], record, scripts).strip()
    told = json.loads((record / "process-0.json").read_bytes())
    assert told["loaded"] == ["numpy"]


@pytest.mark.parametrize("name", ["sitecustomize", "usercustomize"])
def test_a_customisation_of_the_person_still_runs(name: str, record: Path, tmp_path: Path) -> None:
    """usercustomize runs where the real environment lets it: in one that sees the system's."""
    venv.create(tmp_path / "real", system_site_packages=True, symlinks=True)
    place = tmp_path / "customised"
    place.mkdir()
    (place / f"{name}.py").write_text("print('customised')")
    scripts = overlay.make(tmp_path / "overlay", tmp_path / "real" / "bin" / "python")
    program = "import sys; print('repro_tui_recorder' in sys.modules)"
    out = run(["python", "-c", program], record, scripts, PYTHONPATH=str(place))
    assert out == "customised\nTrue\n"


def test_the_real_environment_is_seen_whole_and_left_untouched(
    record: Path, tmp_path: Path
) -> None:
    real = tmp_path / "real"
    venv.create(real, symlinks=True)
    python = real / "bin" / "python"
    site = real / "lib" / f"python3.{sys.version_info[1]}" / "site-packages"
    (site / "mine.py").write_text("name = 'mine'")
    (site / "linked.pth").write_text(f"{tmp_path / 'elsewhere'}\n")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "editable.py").write_text("name = 'editable'")
    (real / "bin" / "tool").write_text(f"#!{python}\nimport sys\nprint(sys.prefix)\n")
    (real / "bin" / "helper").write_text("#!/bin/sh\necho helped\n")
    for name in ("tool", "helper"):
        (real / "bin" / name).chmod(0o755)
    before = snapshot(real)
    scripts = overlay.make(tmp_path / "overlay", python)
    program = "import mine, editable; print(mine.name, editable.name)"
    # Bytecode is what Python itself leaves beside the modules that it imports.
    assert run(["python", "-B", "-c", program], record, scripts) == "mine editable\n"
    assert run(["tool"], record, scripts) == f"{tmp_path / 'overlay'}\n"
    assert run(["helper"], record, scripts) == "helped\n"
    assert snapshot(real) == before


def test_what_a_system_interpreter_sees_is_seen(record: Path, tmp_path: Path) -> None:
    base = Path(sys.base_prefix) / "bin" / "python3"
    scripts = overlay.make(tmp_path / "overlay", base)
    program = "import sys; print([path for path in sys.path if 'overlay' not in path])"
    expected = subprocess.run(
        [base, "-c", program], env=environment(record), capture_output=True, text=True, check=True
    )
    assert run(["python", "-c", program], record, scripts) == expected.stdout


def test_children_however_they_are_started_run_in_it(
    scripts: Path, record: Path, tmp_path: Path
) -> None:
    (tmp_path / "train.py").write_text(
        """
import multiprocessing, os, subprocess, sys

def prefix():
    return sys.prefix, "repro_tui_recorder" in sys.modules

def put(queue):
    queue.put(prefix())

if __name__ == "__main__":
    program = "import sys; print((sys.prefix, 'repro_tui_recorder' in sys.modules))"
    for command in ([sys.executable, "-c", program], ["python", "-I", "-c", program]):
        print(subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip())
    print(subprocess.run([sys.executable, "-c", program], env={}, capture_output=True,
                         text=True, check=True).stdout.strip())
    sys.stdout.flush()
    os.system(f"python -c {program!r}")
    for method in ("spawn", "fork", "forkserver"):
        context = multiprocessing.get_context(method)
        queue = context.Queue()
        process = context.Process(target=put, args=(queue,))
        process.start()
        print(queue.get())
        process.join()
"""
    )
    lines = run(["python", "train.py"], record, scripts, tmp_path).splitlines()
    assert lines == [str((str(scripts.parent), True))] * 7


def test_without_a_record_to_write_it_is_an_ordinary_environment(
    scripts: Path, tmp_path: Path
) -> None:
    program = "import random, sys; print('repro_tui_recorder.session' in sys.modules)"
    done = subprocess.run(
        [scripts / "python", "-c", program], env={}, capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == ("False\n", "")


def test_an_overlay_of_an_overlay_works(scripts: Path, record: Path, tmp_path: Path) -> None:
    second = overlay.make(tmp_path / "second", scripts / "python")
    told = json.loads(run(["python", "-c", WHO], record, second))
    assert told[:2] == [str(tmp_path / "second"), True]
    assert [path.name for path in record.iterdir()] == ["process-0.json"]


def test_relocatable_and_long_console_scripts_are_made_the_overlays(tmp_path: Path) -> None:
    real = tmp_path / "real"
    venv.create(real, symlinks=True)
    body = "import sys\nprint(sys.prefix)\n"
    heads = {
        "long": f"#!/bin/sh\n'''exec' \"{real}/bin/python\" \"$0\" \"$@\"\n' '''\n",
        "relocatable": "#!/bin/sh\n'''exec' \"$(dirname -- \"$(realpath -- \"$0\")\")\"/'python' "
        "\"$0\" \"$@\"\n' '''\n",
        "foreign": "#!/usr/bin/env bash\n",
    }
    for name, head in heads.items():
        (real / "bin" / name).write_text(head + body)
        (real / "bin" / name).chmod(0o755)
    scripts = overlay.make(tmp_path / "overlay", real / "bin" / "python")
    for name in ("long", "relocatable"):
        out = subprocess.run([scripts / name], capture_output=True, text=True, check=True).stdout
        assert out == f"{tmp_path / 'overlay'}\n"
    assert (scripts / "foreign").is_symlink()


def test_what_is_no_interpreter_is_refused(tmp_path: Path) -> None:
    for program in (tmp_path / "absent", Path("/bin/true")):
        with pytest.raises(ReproError, match="does not run as a Python interpreter"):
            overlay.make(tmp_path / "overlay", program)
    assert not (tmp_path / "overlay").exists()


def test_a_folder_that_exists_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    with pytest.raises(ReproError, match="cannot be made"):
        overlay.make(tmp_path, PYTHON)
