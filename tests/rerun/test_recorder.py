"""The recorder in real training processes: what is seeded, what is left alone, what is told."""

import ast
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.rerun.training import PYTHON, Ended, environment, train

from repro_tui.rerun import overlay, recorder
from repro_tui.rerun.model import Determinism
from repro_tui.rerun.recorder import facts, streams
from repro_tui.rerun.recorder.runs import lies_beside

OFF, SEED, STRICT = Determinism.OFF, Determinism.SEED, Determinism.STRICT

STANDARD = """
import random
print(random.random(), random.sample(range(100), 5), hash("text"), {"a", "b", "c"})
"""
NUMPY = """
import numpy as np
print(np.random.rand(3), np.random.default_rng().random(), np.random.RandomState().rand())
print(np.random.Generator(np.random.PCG64()).random(), np.random.SeedSequence().entropy)
for _ in range(2):
    print(np.random.default_rng().integers(1 << 60))
np.random.seed()
print(np.random.rand())
"""
SKLEARN = """
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import SGDClassifier
from sklearn.model_selection import train_test_split
left, right, *labels = train_test_split(*make_classification(80))
print(RandomForestClassifier(5).fit(left, labels[0]).predict_proba(right).tobytes().hex())
print(SGDClassifier().fit(left, labels[0]).coef_.tobytes().hex())
"""
TORCH = """
import torch
from torch.utils.data import DataLoader, Dataset

class Noise(Dataset):
    def __len__(self):
        return 16
    def __getitem__(self, index):
        import random
        import numpy as np
        drawn = [random.random(), np.random.rand(), torch.rand(1).item()]
        return torch.tensor([index, torch.utils.data.get_worker_info().id, *drawn],
                            dtype=torch.float64)

torch.manual_seed is torch.random.manual_seed or print("the two names differ")
model = torch.nn.Sequential(torch.nn.Linear(5, 8), torch.nn.Dropout(0.5), torch.nn.Linear(8, 1))
drawn = []
for batch in DataLoader(Noise(), batch_size=4, shuffle=True, num_workers=2):
    drawn += batch.tolist()
    model(batch.float()).mean().backward()
print(drawn)
print([parameter.grad.numpy().tobytes().hex() for parameter in model.parameters()])
torch.seed()
print(torch.rand(1).item())
"""


@pytest.fixture(scope="module")
def scripts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return overlay.make(tmp_path_factory.mktemp("overlays") / "overlay", PYTHON)


def silent(ended: Ended) -> str:
    assert (ended.code, ended.err) == (0, "")
    return ended.out


@pytest.mark.parametrize(
    "program",
    [
        pytest.param(STANDARD, id="random"),
        pytest.param(NUMPY, id="numpy"),
        pytest.param(SKLEARN, id="scikit-learn", marks=pytest.mark.e2e),
        pytest.param(TORCH, id="torch", marks=pytest.mark.e2e),
    ],
)
def test_an_unseeded_program_repeats_itself_under_a_seed_and_only_then(
    program: str, scripts: Path, tmp_path: Path
) -> None:
    first, again = (silent(train(scripts, tmp_path, program)) for _ in range(2))
    other = silent(train(scripts, tmp_path, program, seed=8))
    off = silent(train(scripts, tmp_path, program, determinism=OFF))
    assert first == again
    assert len({first, other, off}) == 3


@pytest.mark.e2e
def test_workers_of_a_data_loader_draw_apart(scripts: Path, tmp_path: Path) -> None:
    out = silent(train(scripts, tmp_path, TORCH)).splitlines()[0]
    for column in range(2, 5):
        assert len({row[column] for row in ast.literal_eval(out)}) == 16


def test_the_first_process_starts_from_the_seed_itself(scripts: Path, tmp_path: Path) -> None:
    seeded = "import random; random.seed(7); print(random.random())"
    unseeded = "import random; print(random.random())"
    assert silent(train(scripts, tmp_path, unseeded)) == silent(
        train(scripts, tmp_path, seeded, seed=None)
    )


def test_seedless_generators_at_one_place_differ(scripts: Path, tmp_path: Path) -> None:
    program = "import numpy as np\nfor _ in range(9): print(np.random.default_rng().random())"
    assert len(set(silent(train(scripts, tmp_path, program)).splitlines())) == 9


def test_seedless_generators_do_not_depend_on_other_places_or_threads(
    scripts: Path, tmp_path: Path
) -> None:
    """What one part of a program draws must not move another's."""
    program = """
import sys, threading
import numpy as np
def draw():
    return np.random.default_rng().random()
if len(sys.argv) > 1 or "MORE" in __import__("os").environ:
    np.random.default_rng(); [np.random.default_rng() for _ in range(3)]
results = {}
def work(name): results[name] = draw()
threads = [threading.Thread(target=work, args=(n,), name=f"worker {n}") for n in range(4)]
[thread.start() for thread in threads]; [thread.join() for thread in threads]
print(sorted(results.items()), draw())
"""
    alone = silent(train(scripts, tmp_path, program))
    assert silent(train(scripts, tmp_path, program, extra={"MORE": "1"})) == alone
    assert len(set(dict(ast.literal_eval(alone[: alone.index("]") + 1])).values())) == 4


SELF_SEEDED = """
import inspect, pickle, random
import numpy as np
print(random.seed(3), random.random(), random.randbytes(4))
print(random.seed("text", version=2), random.random(), random.seed(a=b"x"), random.random())
print(np.random.seed(4), np.random.rand(), np.random.seed(seed=[1, 2]), np.random.rand())
print(np.random.default_rng(5).random(), np.random.RandomState(6).rand())
print(inspect.signature(random.seed), inspect.signature(np.random.seed))
print(random.seed.__name__, random.seed.__doc__, np.random.seed.__doc__)
print(pickle.loads(pickle.dumps(random.seed))(3), pickle.loads(pickle.dumps(np.random.seed))(3))
for seed in (random.seed, np.random.seed):
    try:
        print(seed(1, 2, 3))
    except TypeError as error:
        print("refused")
"""
SELF_SEEDED_TORCH = """
import inspect
import torch
print(torch.manual_seed(3).initial_seed(), torch.rand(2), torch.nn.Linear(2, 2).weight)
print(torch.random.manual_seed(seed=-1).initial_seed(), torch.initial_seed())
with torch.random.fork_rng():
    torch.manual_seed(5)
print(torch.rand(2), inspect.signature(torch.manual_seed), inspect.signature(torch.seed))
print(torch.manual_seed.__doc__, torch.seed.__doc__)
print(torch.are_deterministic_algorithms_enabled(), torch.backends.cudnn.deterministic)
"""


@pytest.mark.parametrize(
    "program",
    [
        pytest.param(SELF_SEEDED, id="random and numpy"),
        pytest.param(SELF_SEEDED_TORCH, id="torch", marks=pytest.mark.e2e),
    ],
)
@pytest.mark.parametrize("determinism", [SEED, OFF])
def test_a_program_that_seeds_itself_runs_as_without_us(
    program: str, determinism: Determinism, scripts: Path, tmp_path: Path
) -> None:
    alone = train(PYTHON.parent, tmp_path, program)
    assert silent(train(scripts, tmp_path, program, determinism=determinism)) == silent(alone)
    assert alone.processes == []


def test_the_systems_entropy_is_left_alone(scripts: Path, tmp_path: Path) -> None:
    program = """
import os, random, secrets, uuid
print(os.urandom(8).hex(), secrets.token_hex(), uuid.uuid4())
print(random.SystemRandom().random(), random.Random().random())
"""
    drawn = [silent(train(scripts, tmp_path, program)).split() for _ in range(2)]
    assert all(left != right for left, right in zip(*drawn, strict=True))


# --- Children ----------------------------------------------------------------------

CHILDREN = """
import multiprocessing, os, random, subprocess, sys
import numpy as np

def draw(number):
    return random.random(), np.random.rand(), np.random.default_rng().random()

if __name__ == "__main__":
    print(draw(0))
    for method in ("spawn", "fork", "forkserver"):
        context = multiprocessing.get_context(method)
        for _ in range(2):
            with context.Pool(1) as pool:
                print(pool.apply(draw, (0,)))
    program = "import random, numpy as np; " \
        "print((random.random(), np.random.rand(), np.random.default_rng().random()))"
    sys.stdout.flush()
    for environment in (None, None, dict(os.environ), {"PATH": os.environ["PATH"]}):
        subprocess.run(["true"], env=environment, check=True)
        for closing in (True, False):  # By fork_exec, and by posix_spawn.
            subprocess.run([sys.executable, "-c", program], env=environment, check=True,
                           close_fds=closing)
    for _ in range(2):
        os.system(f"python -c '{program}'")
    at_once = [subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
               for _ in range(3)]
    for process in at_once:
        print(process.communicate()[0].strip())
"""


@pytest.mark.e2e
def test_every_process_draws_apart_and_each_as_before(scripts: Path, tmp_path: Path) -> None:
    path = {"PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}"}
    first, again = (train(scripts, tmp_path, CHILDREN, extra=path) for _ in range(2))
    drawn = [ast.literal_eval(line) for line in silent(first).splitlines()]
    assert len(drawn) == 20
    assert all(len(set(column)) == len(drawn) for column in zip(*drawn, strict=True))
    assert silent(again) == first.out


def test_helpers_in_between_do_not_move_a_childs_stream(scripts: Path, tmp_path: Path) -> None:
    program = """
import os, subprocess, sys
if "MORE" in os.environ:
    subprocess.run(["true"])
print(subprocess.check_output([sys.executable, "-c", "import random; print(random.random())"]))
"""
    plain, more = (
        silent(train(scripts, tmp_path, program, extra=extra)) for extra in ({}, {"MORE": "1"})
    )
    assert plain == more


def test_a_fork_inherits_what_the_program_seeded(scripts: Path, tmp_path: Path) -> None:
    program = """
import os
import numpy as np
np.random.seed(3)
if os.fork() == 0:
    print(np.random.rand(), flush=True)
    os._exit(0)
os.wait()
print(np.random.rand())
"""
    child, parent = silent(train(scripts, tmp_path, program)).split()
    assert child == parent


def test_processes_of_a_shell_draw_apart(scripts: Path, tmp_path: Path) -> None:
    record = tmp_path / "record"
    record.mkdir()
    program = "python -c 'import random; print(random.random())'"
    done = subprocess.run(
        ["bash", "-c", f"{program} && {program}"],
        env=environment(record) | {"PATH": str(scripts)},
        executable="/bin/bash", capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert len(set(done.stdout.split())) == 2
    assert sorted(path.name for path in record.iterdir()) == ["process-0+1.json", "process-0.json"]


# --- What is told ------------------------------------------------------------------


def test_it_is_told_who_seeded_last(scripts: Path, tmp_path: Path) -> None:
    program = "import random\nimport numpy as np\n\nnp.random.seed(11)\n"
    seeded = train(scripts, tmp_path, program)
    assert seeded.generator("random") == ("repro-tui", 7, "")
    assert seeded.generator("numpy") == ("code", 11, "train.py:4")
    off = train(scripts, tmp_path, program, determinism=OFF)
    assert off.generator("random") == ("nobody", None, "")
    assert off.generator("numpy") == ("code", 11, "train.py:4")


def test_a_seed_that_is_no_number_is_said_to_be_the_codes(scripts: Path, tmp_path: Path) -> None:
    ended = train(scripts, tmp_path, "import random\nrandom.seed('text')\n")
    assert ended.generator("random") == ("code", None, "train.py:2")


def test_cards_that_were_seeded_by_themselves_are_told(scripts: Path, tmp_path: Path) -> None:
    """Without a card, too: PyTorch seeds those that it meets later."""

    def told(*lines: str) -> dict[str, Any]:
        program = "\n".join(("import torch", *lines))
        ended = train(scripts, tmp_path, program)
        assert silent(ended) == ""
        randomness: dict[str, Any] = ended.root["randomness"]
        assert randomness["torch"]["seeded_by"] in ("code", "repro-tui")
        return randomness

    assert told("torch.cuda.manual_seed(5)")["torch.cuda"] == {
        "seeded_by": "code", "seed": 5, "where": "train.py:2",
    }  # fmt: skip
    assert told("torch.cuda.seed_all()")["torch.cuda"] == {
        "seeded_by": "repro-tui", "seed": 7, "where": "train.py:2",
    }  # fmt: skip
    for last in ("manual_seed(3)", "seed()"):
        assert "torch.cuda" not in told("torch.cuda.manual_seed_all(5)", f"torch.{last}")


def test_it_is_told_where_generators_without_a_seed_were_made(
    scripts: Path, tmp_path: Path
) -> None:
    program = "import numpy as np\nfor _ in range(3):\n    np.random.default_rng()\n"
    assert train(scripts, tmp_path, program).root["recorder"] == {
        "active": True, "reason": "", "stream": "v1", "seedless": {"train.py:3": 3},
    }  # fmt: skip


def test_python_packages_and_variables_are_told(scripts: Path, tmp_path: Path) -> None:
    import numpy as np

    program = "import os; os.environ['TZ'] = 'UTC'; import numpy"
    told = train(scripts, tmp_path, program, allowed=["TZ", "PYTHONHASHSEED", "ABSENT"]).root
    assert told["python"]["executable"] == sys.executable
    assert told["python"]["version"].startswith(f"3.{sys.version_info[1]}.")
    assert {"name": "numpy", "version": np.__version__, "origin": ""} in told["packages"]
    assert told["variables"] == {"TZ": "UTC", "PYTHONHASHSEED": "7"}
    assert told["randomness"]["PYTHONHASHSEED"] == "7"
    assert told["randomness"]["hash randomization"] is True
    assert told["libraries"]["blas"].startswith("scipy-openblas")
    assert "numpy dispatch" in told["libraries"]


@pytest.mark.e2e
def test_strict_enforces_deterministic_algorithms(scripts: Path, tmp_path: Path) -> None:
    ended = train(scripts, tmp_path, "import torch; torch.rand(1)", determinism=STRICT)
    assert silent(ended) == ""
    switches = ended.root["randomness"]["switches"]
    assert switches["torch.use_deterministic_algorithms"] is True
    assert switches["torch.backends.cudnn.deterministic"] is True
    assert switches["torch.backends.cudnn.benchmark"] is False
    assert switches["torch.backends.cuda.matmul.fp32_precision"] == "none"
    assert switches["CUBLAS_WORKSPACE_CONFIG"] == ":4096:8"
    assert ended.generator("torch") == ("repro-tui", 7, "")
    assert ended.root["threads"]["torch"] >= 1
    assert ended.root["libraries"]["torch"]["cpu capability"]
    assert ended.root["device"]["device"] == "cpu"


def test_tensor_cores_are_told_however_the_code_asked_for_them(
    scripts: Path, tmp_path: Path
) -> None:
    program = "import torch; torch.backends.cuda.matmul.fp32_precision = 'tf32'"
    switches = train(scripts, tmp_path, program).root["randomness"]["switches"]
    assert switches["torch.backends.cuda.matmul.fp32_precision"] == "tf32"
    # PyTorch refuses to tell it by the older name then.
    assert "torch.backends.cuda.matmul.allow_tf32" not in switches


def test_a_device_is_not_told_where_another_library_may_have_used_one(
    scripts: Path, tmp_path: Path
) -> None:
    assert train(scripts, tmp_path, "import torch, xgboost").root["device"] is None


def test_packages_are_those_of_importlib() -> None:
    from importlib.metadata import distributions

    expected = {
        name.lower().replace("_", "-").replace(".", "-"): distribution.version
        for distribution in reversed(list(distributions()))
        if (name := distribution.metadata["Name"]) is not None
    }
    assert {each["name"]: each["version"] for each in facts.packages(sys.path)} == expected


def test_an_editable_package_tells_where_it_comes_from() -> None:
    own = next(each for each in facts.packages(sys.path) if each["name"] == "repro-tui")
    assert own["origin"].startswith("file://")
    assert own["editable"] == "yes"


# --- When things go wrong ----------------------------------------------------------


def test_a_program_that_fails_is_recorded(scripts: Path, tmp_path: Path) -> None:
    ended = train(scripts, tmp_path, "import random\nrandom.seed(1)\nraise SystemExit(3)")
    assert ended.code == 3
    assert ended.root["finished"] is True
    assert ended.generator("random")[0] == "code"


def test_a_killed_program_leaves_packages_and_seeds(scripts: Path, tmp_path: Path) -> None:
    program = "import os, random, signal\nrandom.seed(1)\nos.kill(os.getpid(), signal.SIGKILL)"
    ended = train(scripts, tmp_path, program)
    assert ended.code == -signal.SIGKILL
    assert ended.root["finished"] is False
    assert ended.root["recorder"]["active"] is True
    assert len(ended.root["packages"]) > 50
    assert ended.generator("random") == ("code", 1, "train.py:2")


@pytest.mark.parametrize(
    ("module", "said"),
    [("numpy/random/bit_generator.py", "randbits"), ("numpy/random/mtrand.py", "entropy")],
)
def test_a_library_that_cannot_be_seeded_makes_the_recorder_inactive(
    module: str, said: str, scripts: Path, tmp_path: Path
) -> None:
    place = tmp_path / "strange" / module
    place.parent.mkdir(parents=True)
    for path in (place, place.with_name("__init__.py"), place.parents[1] / "__init__.py"):
        path.touch()
    ended = train(
        scripts, tmp_path, f"import {module[:-3].replace('/', '.')}; print('trained')",
        extra={"PYTHONPATH": str(tmp_path / "strange")},
    )  # fmt: skip
    assert silent(ended) == "trained\n"
    assert ended.root["recorder"]["active"] is False
    assert said in ended.root["recorder"]["reason"]


def test_a_seed_that_is_no_number_makes_the_recorder_inactive(
    scripts: Path, tmp_path: Path
) -> None:
    ended = train(scripts, tmp_path, "print('trained')", extra={"REPRO_TUI_SEED": "seven"})
    assert silent(ended) == "trained\n"
    assert ended.root["recorder"]["active"] is False
    assert "seven" in ended.root["recorder"]["reason"]


def test_a_recorder_that_cannot_start_leaves_the_reason(scripts: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "json.py").write_text("raise ImportError('no json here')")
    ended = train(scripts, tmp_path, "print('trained')", extra={"PYTHONPATH": str(broken)})
    assert silent(ended) == "trained\n"
    (reason,) = ended.record.glob("failure-*.txt")
    assert reason.read_text() == "ImportError: no json here"


def test_a_folder_that_is_gone_does_not_stop_the_program(scripts: Path, tmp_path: Path) -> None:
    gone = {"REPRO_TUI_RECORD": str(tmp_path / "gone")}
    assert silent(train(scripts, tmp_path, "print('trained')", extra=gone)) == "trained\n"


def test_the_programs_own_wrappers_and_finders_live_beside_it(
    scripts: Path, tmp_path: Path
) -> None:
    program = """
import sys

class Finder:
    def find_spec(self, name, path=None, target=None):
        for finder in sys.meta_path:
            if finder is not self and (spec := finder.find_spec(name, path, target)):
                return spec

sys.meta_path.insert(0, Finder())
import numpy.random.mtrand as mtrand
print(type(mtrand.__loader__).__name__, "exec_module" in vars(mtrand.__loader__))
"""
    ended = train(scripts, tmp_path, program)
    assert silent(ended) == "ExtensionFileLoader False\n"
    assert ended.generator("numpy") == ("repro-tui", 7, "")


# --- The package itself ------------------------------------------------------------

SOURCES = sorted(Path(str(recorder.__file__)).parent.glob("*.py"))


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.name)
def test_it_is_written_for_old_interpreters_and_imports_only_what_they_have(source: Path) -> None:
    tree = ast.parse(source.read_text(encoding="utf-8"), feature_version=(3, 8))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names = [str(node.module)]
        else:
            continue
        assert {name.partition(".")[0] for name in names} <= set(sys.stdlib_module_names)


def test_streams_are_what_version_1_says() -> None:
    """These numbers are a promise: a change of them is a new version."""
    assert streams.VERSION == "v1"
    assert streams.process_seed(7, "0") == 7
    assert streams.process_seed(7, "0.1") == 697835268
    assert streams.derive(7, "0", "train:3/MainThread/0", 64) == 5697658646916390497


@given(st.integers(), st.integers(), st.text(), st.text())
def test_streams_differ_by_seed_and_lineage(seed: int, other: int, left: str, right: str) -> None:
    numbers = {
        streams.derive(each, lineage, "purpose", 128)
        for each in (seed, other)
        for lineage in (left, right)
    }
    assert len(numbers) == len({seed, other}) * len({left, right})


def test_starting_costs_little(scripts: Path, tmp_path: Path) -> None:
    """Counted in modules, which a busy machine does not change; the goal is 150 ms."""
    program = "import sys; print(len(sys.modules))"
    ours = int(silent(train(scripts, tmp_path, program)))
    plain = int(silent(train(PYTHON.parent, tmp_path, program)))
    assert ours - plain < 60


def test_the_whole_file_is_small(scripts: Path, tmp_path: Path) -> None:
    assert len(json.dumps(train(scripts, tmp_path, "pass").root)) < 50_000


@pytest.mark.parametrize(
    ("uri", "beside"),
    [
        ("sqlite:///mlflow.db", True),
        ("sqlite:///../mlflow.db", True),
        ("sqlite:////checkout/a/mlflow.db", True),
        ("sqlite:////checkout/../mlflow.db", False),
        ("sqlite:////else/mlflow.db", False),
        ("sqlite://", False),
        ("sqlite:///:memory:", False),
        ("mlruns", True),
        ("./mlruns", True),
        ("/checkout/mlruns", True),
        ("/checkouts/mlruns", False),
        ("file:mlruns", True),
        ("file:///checkout/mlruns", True),
        ("file:///else/mlruns", False),
        ("http://127.0.0.1:5000", False),
        ("postgresql://host/db", False),
        ("databricks", False),
        ("", False),
    ],
)
def test_which_store_lies_beside_the_code(uri: str, beside: bool) -> None:
    assert lies_beside(uri, "/checkout") == beside
