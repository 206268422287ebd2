"""What will run, and what is said where it cannot."""

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.rerun.examples import (
    COMMIT,
    DIGITS,
    LAUNCH,
    RECORDED,
    REQUEST,
    RUN_ID,
    SCRIPT,
    SITUATION,
    original,
)

from repro_tui.errors import ReproError
from repro_tui.evidence.record import Launch
from repro_tui.evidence.tags import Tag
from repro_tui.rerun.describe import rows
from repro_tui.rerun.determinism import THREADS
from repro_tui.rerun.model import (
    Determinism,
    EnvManager,
    Fidelity,
    Plan,
    Refusal,
    Request,
)
from repro_tui.rerun.plan import first, plan
from repro_tui.rerun.situation import Environment, Link, Situation


def planned(request: Request = REQUEST, situation: Situation = SITUATION) -> Plan:
    made = plan(request, situation)
    assert isinstance(made, Plan), made
    return made


def refused(request: Request = REQUEST, situation: Situation = SITUATION) -> str:
    made = plan(request, situation)
    assert isinstance(made, Refusal)
    assert all(lack.remedy for lack in made.lacks)
    return "\n".join(f"{lack.what} {lack.remedy}" for lack in made.lacks)


def caveats(request: Request = REQUEST, situation: Situation = SITUATION) -> str:
    return "\n".join(planned(request, situation).caveats)


# --- As the original ---------------------------------------------------------------


def test_a_project_runs_as_it_ran() -> None:
    made = planned()
    assert made.command == "python train.py --conf-file confs/baseline.yaml --seed 7 --device cpu"
    assert made.parameters == {
        "conf_file": "confs/baseline.yaml",
        "seed": "7",
        "device": "cpu",
        "note": "",
    }
    assert (made.reexecutes, made.experiment_id, made.run_name) == (RUN_ID, "1", "baseline (rerun)")
    assert (made.commit, made.repository) == (COMMIT, "/home/someone/digits")
    assert (made.seed, made.device) == (7, "cpu")
    assert made.fidelity is Fidelity.DECLARED
    assert made.interpreter == "/env/bin/python"
    assert made.variables["PYTHONHASHSEED"] == "7"


def test_the_new_run_tells_where_it_comes_from() -> None:
    tags = planned().tags
    assert tags[Tag.REEXECUTES] == RUN_ID
    assert tags[Tag.SOURCE_NAME] == "file:///home/someone/digits"
    assert tags[Tag.SOURCE_TYPE] == "PROJECT"
    assert tags[Tag.GIT_COMMIT] == COMMIT
    assert tags[Tag.ENTRY_POINT] == "main"
    assert (tags[Tag.SEED], tags[Tag.DEVICE], tags[Tag.DETERMINISM]) == ("7", "cpu", "seed")
    assert Tag.PARENT_RUN_ID not in tags


def test_a_rerun_of_a_rerun_is_not_called_so_twice() -> None:
    run = replace(SITUATION.run, name="baseline (rerun)")
    assert planned(situation=replace(SITUATION, run=run)).run_name == "baseline (rerun)"


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
def test_values_come_back_as_the_process_received_them(value: str) -> None:
    # MLflow stores the values of a project's parameters quoted for the shell.
    run = original(**{**SITUATION.run.params, "note": shlex.quote(value)})
    assert planned(situation=replace(SITUATION, run=run)).parameters["note"] == value


def test_params_are_logged_as_the_original_has_them() -> None:
    run = original(**{**SITUATION.run.params, "note": "'a b'"})
    situation = replace(SITUATION, run=run)
    assert planned(situation=situation).params == {
        "conf_file": "confs/baseline.yaml",
        "seed": "7",
        "device": "cpu",
        "note": "'a b'",
    }
    changed = planned(replace(REQUEST, overrides={"note": "c d"}), situation)
    assert changed.params["note"] == "c d"


def test_what_the_script_logged_by_itself_is_not_passed() -> None:
    run = original(**SITUATION.run.params, learning_rate="0.1")
    situation = replace(SITUATION, run=run)
    assert "learning_rate" not in planned(situation=situation).parameters
    assert "not passed on: learning_rate" in caveats(situation=situation)


def test_our_own_record_is_exact() -> None:
    made = planned(situation=RECORDED)
    assert made.parameters == LAUNCH.parameters
    assert made.command.endswith("--seed none --device cuda:0 --extra 1")
    assert made.fidelity is Fidelity.EXACT
    assert (made.seed, made.device) == (11, "cuda:1")
    assert made.variables["CUDA_VISIBLE_DEVICES"] == "1"


@pytest.mark.parametrize(
    ("recorded", "command"),
    [
        ("/home/someone/digits/vision/train.py", "python -m vision.train"),
        ("vision/train.py", "python vision/train.py"),
    ],
)
def test_a_module_of_a_package_is_run_as_it_was_recorded(recorded: str, command: str) -> None:
    """MLflow keeps a script as it was typed, and of `python -m` the whole path of its file."""
    run = replace(SCRIPT.run, tags={**SCRIPT.run.tags, Tag.SOURCE_NAME: recorded})
    tree = frozenset({".", "vision", "vision/train.py", "vision/__init__.py"})
    situation = replace(SCRIPT, run=run, entry_point="vision/train.py", tree=tree)
    assert planned(situation=situation).command == command
    assert ("python -m" in caveats(situation=situation)) == ("-m" in command)


def test_a_plain_script_is_its_own_entry_point() -> None:
    made = planned(situation=SCRIPT)
    assert made.command == "python train.py"
    assert made.parameters == {}
    assert made.fidelity is Fidelity.RECONSTRUCTED
    assert "its arguments" in "\n".join(made.caveats)
    assert made.tags[Tag.SOURCE_NAME] == "file:///home/someone/digits"


def test_a_plain_script_runs_by_the_project_that_names_it() -> None:
    made = planned(situation=replace(SCRIPT, project=DIGITS))
    assert made.entry_point == "main"
    assert made.parameters["seed"] == "5"
    assert made.fidelity is Fidelity.RECONSTRUCTED
    assert "'conf_file' is not recorded; its default" in "\n".join(made.caveats)


# --- Chosen ------------------------------------------------------------------------


def test_overrides_win() -> None:
    request = replace(REQUEST, seed=3, overrides={"seed": "4", "conf_file": "confs/b.yaml"})
    made = planned(request)
    assert (made.parameters["seed"], made.parameters["conf_file"]) == ("4", "confs/b.yaml")
    assert made.seed == 3


def test_an_unknown_override_is_refused_with_the_known_ones() -> None:
    said = refused(replace(REQUEST, overrides={"lr": "1"}))
    assert "no parameter 'lr'" in said
    assert "conf_file, seed, device, note" in said
    # One that MLproject does not declare may have been an argument, too.
    run = original(**SITUATION.run.params, lr="0.1")
    made = planned(replace(REQUEST, overrides={"lr": "a b"}), replace(SITUATION, run=run))
    assert made.command.endswith("--device cpu --lr 'a b'")


def test_a_plain_script_takes_any_argument_and_logs_by_itself() -> None:
    made = planned(replace(REQUEST, overrides={"rate": "1"}), SCRIPT)
    assert made.command == "python train.py --rate 1"
    assert made.params == {}


def test_an_undeclared_parameter_that_is_recorded_can_be_overridden() -> None:
    made = planned(replace(REQUEST, overrides={"extra": "2"}), RECORDED)
    assert made.command.endswith("--extra 2")


def test_a_chosen_seed_reaches_the_declared_parameter() -> None:
    made = planned(replace(REQUEST, seed=3))
    assert (made.seed, made.parameters["seed"]) == (3, "3")


def test_the_recorded_seed_is_not_forced_on_the_project() -> None:
    assert planned(situation=RECORDED).parameters["seed"] == "none"


@pytest.mark.parametrize("value", ["none", "-1", "1.5", "4294967296", "٣"])
def test_a_seed_that_is_nobodys_is_zero_and_said_so(value: str) -> None:
    run = original(**{**SITUATION.run.params, "seed": value})
    made = planned(situation=replace(SITUATION, run=run))
    assert made.seed == 0
    assert "seed is not known" in "\n".join(made.caveats)


def test_without_determinism_there_is_no_seed() -> None:
    made = planned(replace(REQUEST, determinism=Determinism.OFF))
    assert made.seed is None
    assert Tag.SEED not in made.tags
    assert "PYTHONHASHSEED" not in made.variables


def test_what_was_strict_is_strict_again_unless_another_is_chosen() -> None:
    strict = replace(RECORDED, launch=replace(LAUNCH, determinism="strict"))
    assert planned(situation=strict).determinism is Determinism.STRICT
    seeded = planned(replace(REQUEST, determinism=Determinism.SEED), strict)
    assert seeded.determinism is Determinism.SEED
    unseeded = replace(RECORDED, launch=replace(LAUNCH, determinism="off"))
    assert planned(situation=unseeded).determinism is Determinism.SEED


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_a_seed_out_of_range_is_refused(seed: int) -> None:
    assert "out of range" in refused(replace(REQUEST, seed=seed))


@pytest.mark.parametrize(
    ("recorded", "chosen", "device", "parameter"),
    [
        ("cpu", None, "cpu", "cpu"),
        ("cpu", "cuda:1", "cuda:1", "cuda:0"),
        ("cuda", "cuda:1", "cuda:1", "cuda"),
        ("cuda:1", None, "cuda:1", "cuda:0"),
        ("cuda", None, "cuda:0", "cuda"),
        ("cuda:1", "cpu", "cpu", "cpu"),
        ("auto", "cuda:0", "cuda:0", "cuda:0"),
        ("auto", None, "cpu", "auto"),
    ],
)
def test_the_device_is_masked_and_passed_under_its_masked_name(
    recorded: str, chosen: str | None, device: str, parameter: str
) -> None:
    run = original(**{**SITUATION.run.params, "device": recorded})
    made = planned(replace(REQUEST, device=chosen), replace(SITUATION, run=run))
    assert (made.device, made.parameters["device"]) == (device, parameter)
    assert made.tags[Tag.DEVICE] == device
    assert ("device of the original is not known" in "\n".join(made.caveats)) == (
        recorded == "auto" and chosen is None
    )


# --- What is missing ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("situation", "said"),
    [
        (replace(SITUATION, commit=""), "does not tell its Git commit"),
        (
            replace(SITUATION, repository=None, commit_found=False),
            "looked in: /home/someone/digits, /elsewhere",
        ),
        (
            replace(SITUATION, commit_found=False),
            '[[repositories]] from = "file:///home/someone/digits"',
        ),
        (replace(SITUATION, commit_found=False, unreachable=("No answer.",)), "No answer."),
        (replace(SITUATION, commit_found=False), "git fetch --all"),
        (replace(SITUATION, project_problem="The MLproject is broken."), "is broken"),
        (replace(SITUATION, entry_point="other"), "It declares: main, needy"),
        (replace(SITUATION, project=None), "There is no MLproject at the commit"),
        (replace(SITUATION, project=None, subdirectory="sub"), "no MLproject in sub at"),
        (replace(SITUATION, project=None, entry_point="gone.py"), "There is no MLproject"),
        (replace(SITUATION, entry_point="needy"), "-P text="),
        (replace(SITUATION, experiment_active=False), "was deleted"),
        (replace(SITUATION, links=(Link("a", "is Git's own"),)), "The data 'a' is Git's own."),
        (replace(SITUATION, links=(Link("a", size=1000),), room=999), "1000 B, and 999 B are free"),
        (replace(SITUATION, migrates=True), "mlflow db upgrade sqlite:////store/mlflow.db"),
        (replace(SITUATION, interpreter=""), "No `python`"),
        (replace(SCRIPT, entry_point=""), "script 'train.py'"),
        (
            replace(SITUATION, project=replace(DIGITS, environment="docker_env: image")),
            "no Docker daemon",
        ),
    ],
)
def test_what_is_missing_is_named_with_its_remedy(situation: Situation, said: str) -> None:
    assert said in refused(situation=situation)


def test_everything_that_is_missing_is_named_at_once() -> None:
    said = refused(
        replace(REQUEST, device="mps", env_manager=EnvManager.VIRTUALENV, seed=-1),
        replace(SITUATION, commit_found=False),
    )
    assert said.count("\n") == 2
    said = refused(replace(REQUEST, device="mps", overrides={"x": "1", "conf_file": "no.yaml"}))
    assert said.count("\n") == 2


def test_an_absent_device_is_refused_with_the_present_ones() -> None:
    said = refused(replace(REQUEST, device="cuda:7"))
    assert "no device 'cuda:7'" in said
    assert "cpu, cuda:0, cuda:1" in said


def test_the_originals_absent_device_is_refused_too() -> None:
    situation = replace(RECORDED, devices=SITUATION.devices[:1])
    assert "no device 'cuda:1'" in refused(situation=situation)


def test_environment_managers_must_be_installed_and_fit() -> None:
    assert planned(replace(REQUEST, env_manager=EnvManager.UV)).tags[Tag.PROJECT_ENV] == "uv"
    conda = replace(REQUEST, env_manager=EnvManager.CONDA)
    assert "conda is not installed" in refused(conda)
    installed = replace(SITUATION, tools=frozenset({"conda"}))
    assert "which conda does not make" in refused(conda, installed)


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("confs/b.yaml", True),
        ("./confs/b.yaml", True),
        ("confs", True),
        (".", True),
        ("/data/conf.yaml", True),
        ("/data/gone.yaml", False),
        ("confs/gone.yaml", False),
        ("../confs/b.yaml", False),
        ("s3://bucket/conf.yaml", False),
    ],
)
def test_paths_must_exist_at_the_commit_or_here(path: str, found: bool) -> None:
    made = plan(replace(REQUEST, overrides={"conf_file": path}), SITUATION)
    assert isinstance(made, Plan) is found


def test_paths_are_taken_from_the_projects_folder() -> None:
    situation = replace(
        SITUATION, subdirectory="sub", tree=frozenset({"sub/confs/baseline.yaml", "top.yaml"})
    )
    assert planned(situation=situation).subdirectory == "sub"
    request = replace(REQUEST, overrides={"conf_file": "../top.yaml"})
    assert planned(request, situation).parameters["conf_file"] == "../top.yaml"


def test_a_file_that_the_patch_adds_exists() -> None:
    patch = "diff --git a/confs/new.yaml b/confs/new.yaml\n--- /dev/null\n+++ b/confs/new.yaml\n"
    request = replace(REQUEST, overrides={"conf_file": "confs/new.yaml"})
    assert planned(request, replace(RECORDED, patch=patch)).patch == patch
    assert "confs/new.yaml" in refused(request, RECORDED)


# --- What the person should know ---------------------------------------------------


def test_uncommitted_changes_are_never_passed_over_in_silence() -> None:
    assert "is not recorded" in caveats()
    for dirty, said in (("true", "nobody recorded"), ("false", "")):
        run = replace(SITUATION.run, tags={**SITUATION.run.tags, Tag.DIRTY: dirty})
        found = caveats(situation=replace(SITUATION, run=run))
        assert "uncommitted changes is not" not in found
        assert said in found
    assert "uncommitted" not in caveats(situation=RECORDED)
    assert "are applied" in caveats(situation=replace(RECORDED, patch="--- a"))
    assert "text is lost" in caveats(situation=replace(RECORDED, patch=None))


def test_another_environment_is_named() -> None:
    recorded = Environment("3.11.7", {"numpy": "1.26.4", "torch": "2.4.0", "old": "1"})
    local = Environment("3.12.1", {"numpy": "2.0.0", "torch": "2.4.0", "new": "2"})
    found = caveats(situation=replace(RECORDED, recorded=recorded, environment=local))
    assert "in 4: Python 3.12.1 (was 3.11.7)" in found
    assert "numpy 2.0.0 (was 1.26.4)" in found
    assert "new 2 (was absent)" in found
    assert "torch" not in found
    same = replace(RECORDED, recorded=recorded, environment=recorded)
    assert "environment" not in caveats(situation=same)


def test_code_that_does_not_come_from_the_commit_is_named() -> None:
    editable = {"digits": "/home/someone/digits/src", "tool": "/home/someone/tool"}
    local = Environment("3.12.1", {}, editable)
    found = caveats(situation=replace(SITUATION, environment=local))
    assert "imports digits from /home/someone/digits/src as it is there now" in found
    assert "tool" not in found
    left_out = ("the submodule a", "files in Git LFS")
    found = caveats(situation=replace(SITUATION, left_out=left_out))
    assert "leaves out: the submodule a, files in Git LFS." in found


@pytest.mark.parametrize(("status", "said"), [("RUNNING", "not ended"), ("FAILED", "end well")])
def test_an_original_that_did_not_end_well_is_only_a_caveat(status: str, said: str) -> None:
    run = replace(SITUATION.run, status=status)
    assert said in caveats(situation=replace(SITUATION, run=run))


# --- Threads -----------------------------------------------------------------------


def test_threads_are_as_the_originals_unless_chosen() -> None:
    assert not set(THREADS) & set(planned().variables)
    situation = replace(SITUATION, threads={"MKL_NUM_THREADS": "2"})
    assert planned(situation=situation).variables["MKL_NUM_THREADS"] == "2"
    chosen = planned(replace(REQUEST, threads=3), situation).variables
    assert {chosen[name] for name in THREADS} == {"3"}
    assert chosen["PYTHONHASHSEED"] == "7"
    assert ("threads", "3") in rows(planned(replace(REQUEST, threads=3)))
    assert ("threads", "as each library chooses") in rows(planned())


def test_more_threads_than_cores_are_a_caveat() -> None:
    small = replace(SITUATION, cores=2)
    assert "has 2 cores" in caveats(replace(REQUEST, threads=3), small)
    assert "cores" not in caveats(replace(REQUEST, threads=2), small)
    assert "cores" not in caveats(REQUEST, small)


@pytest.mark.parametrize("number", [0, -1, 10_000])
def test_a_number_of_threads_that_cannot_be_is_refused(number: int) -> None:
    assert f"{number} threads" in refused(replace(REQUEST, threads=number))


# --- First executions --------------------------------------------------------------


def first_of(entry_point: str = "main", **parameters: str) -> Plan:
    return first(
        DIGITS,
        entry_point,
        parameters,
        repository="/demo/project",
        commit=COMMIT,
        tracking_uri="sqlite:////demo/mlflow.db",
        experiment_id="1",
        run_name="baseline",
        interpreter="/env/bin/python",
        seed=42,
    )


def test_a_first_execution_has_no_original() -> None:
    made = first_of(seed="7")
    assert made.reexecutes is None
    assert Tag.REEXECUTES not in made.tags
    assert made.parameters["seed"] == "7"
    assert made.parameters["conf_file"] == "confs/baseline.yaml"
    assert made.tags[Tag.SOURCE_NAME] == "file:///demo/project"


def test_a_first_execution_that_cannot_be_is_an_error() -> None:
    with pytest.raises(ReproError, match="no entry point"):
        first_of("other")
    with pytest.raises(ReproError, match="no value"):
        first_of("needy")


def test_linked_data_is_what_a_path_may_lead_to() -> None:
    request = replace(REQUEST, overrides={"conf_file": "data/conf.yaml"}, links=("data",))
    assert "--link PATH" in refused(request)
    situation = replace(SITUATION, links=(Link("data", files=2, size=3),))
    made = planned(replace(request, lfs=True), situation)
    assert (made.links, made.lfs, made.submodules) == (("data",), True, False)
    assert "data is copied as it is now (2 files, 3 B)" in "".join(made.caveats)
    assert ("with", "data from the working tree, copied") in rows(made)
    assert ("with", "Git LFS files") in rows(made)


def test_a_repository_on_another_machine_names_the_new_run() -> None:
    situation = replace(SCRIPT, repository="https://git.example.org/a.git", subdirectory="sub")
    situation = replace(situation, tree=frozenset({"sub/train.py"}))
    assert planned(situation=situation).tags[Tag.SOURCE_NAME] == "https://git.example.org/a.git#sub"


def test_data_that_the_original_was_given_is_asked_for_again() -> None:
    situation = replace(SITUATION, launch=replace(LAUNCH, links=("data",)))
    assert "ask for it, --link data" in caveats(situation=situation)
    again = replace(situation, links=(Link("data", files=1),))
    assert "ask for it" not in caveats(situation=again)


def test_a_part_of_another_run_stands_for_the_whole_script() -> None:
    run = replace(SCRIPT.run, tags={**SCRIPT.run.tags, Tag.PARENT_RUN_ID: "0b" * 16})
    assert f"a part of the run {'0b' * 16}" in caveats(situation=replace(SCRIPT, run=run))
    assert "a part of the run" not in caveats(situation=SCRIPT)


# --- Recorded commands -----------------------------------------------------------------

COMMAND = Launch(
    reexecutes=None,
    repository="/home/someone/digits",
    commit=COMMIT,
    subdirectory="",
    patch=None,
    entry_point="",
    command="python train.py --conf '{\"lr\": 0.1}'",
    parameters={},
    env_manager="local",
    seed=3,
    determinism="seed",
    device="cpu",
    variables={},
)
COMMANDED = replace(
    SITUATION,
    launch=COMMAND,
    project=None,
    run=replace(original(lr="0.1"), tags={Tag.SOURCE_NAME: "train.py", Tag.SOURCE_TYPE: "LOCAL"}),
)


def test_a_recorded_command_runs_verbatim() -> None:
    made = plan(REQUEST, COMMANDED)
    assert isinstance(made, Plan)
    assert (made.command, made.entry_point, made.parameters) == (COMMAND.command, "", {})
    assert (made.seed, made.device, made.fidelity) == (3, "cpu", Fidelity.EXACT)
    # The new run tells of its source what the original tells.
    assert (made.tags[Tag.SOURCE_NAME], made.tags[Tag.SOURCE_TYPE]) == ("train.py", "LOCAL")
    # Params that the script logged are no parameters: it will log them again itself.
    assert made.params == {}


@pytest.mark.parametrize(
    ("launch", "request_", "what"),
    [
        (replace(COMMAND, masked=True), REQUEST, "held secrets"),
        (replace(COMMAND, runs=("1b" * 16, RUN_ID)), REQUEST, "number 2"),
        (COMMAND, replace(REQUEST, overrides={"lr": "1"}), "declares no parameter 'lr'"),
        (COMMAND, replace(REQUEST, env_manager=EnvManager.CONDA), "conda"),
    ],
)
def test_what_a_recorded_command_cannot_do_is_refused(
    launch: Launch, request_: Request, what: str
) -> None:
    refused = plan(request_, replace(COMMANDED, launch=launch, tools=frozenset({"conda"})))
    assert isinstance(refused, Refusal)
    (lack,) = refused.lacks
    assert what in lack.what
    assert lack.remedy


def test_the_first_of_several_runs_stands_for_all_of_them() -> None:
    several = replace(COMMAND, runs=(RUN_ID, "1b" * 16))
    made = plan(REQUEST, replace(COMMANDED, launch=several))
    assert isinstance(made, Plan)
    assert any("starts 2 runs" in caveat for caveat in made.caveats)


def test_a_secret_in_an_address_is_not_shown() -> None:
    secret = "https://someone:token@git.example.org/a.git"
    made = planned(situation=replace(SCRIPT, repository=secret))
    assert made.repository == secret
    assert "token" not in repr((rows(made), made.tags))
    named = replace(SCRIPT.run, tags={**SCRIPT.run.tags, Tag.SOURCE_NAME: secret})
    for repository in (None, "/home/someone/digits"):
        lost = replace(SCRIPT, run=named, repository=repository, commit_found=False)
        assert "token" not in refused(situation=lost)
