"""MLproject files, held to what MLflow itself makes of them."""

import shlex
import string
import subprocess

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from repro_tui.errors import ReproError
from repro_tui.rerun import project
from repro_tui.rerun.model import EntryPoint, Parameter

DIGITS = """
name: digits
python_env: python_env.yaml
entry_points:
  main:
    parameters:
      conf_file: {type: path, default: confs/baseline.yaml}
      seed: {type: string, default: "42"}
      text: string
      flag: {default: false}
    command: python train.py --conf-file {conf_file} --text {text} --json '{{}}'
  check:
    command: python check.py
"""

NAMES = st.text(string.ascii_lowercase + "_", min_size=1, max_size=6)
VALUES = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
LITERALS = st.text(string.ascii_letters + " -=$'\"/.", max_size=8)


@st.composite
def projects(draw: st.DrawFn) -> tuple[str, dict[str, str]]:
    """The text of a project, and values for an execution of its entry point."""
    declared = draw(
        st.dictionaries(
            NAMES,
            st.one_of(
                st.sampled_from(["string", "float"]),
                st.fixed_dictionaries(
                    {"type": st.just("string")},
                    optional={
                        "default": st.one_of(
                            VALUES, st.booleans(), st.integers(), st.floats(), st.none()
                        )
                    },
                ),
            ),
            max_size=4,
        )
    )
    used = draw(st.lists(st.sampled_from(sorted(declared)), max_size=4)) if declared else []
    command = draw(LITERALS)
    for name in used:
        command += "{" + name + "}" + draw(LITERALS) + draw(st.sampled_from(["", "{{", "}}"]))
    given_values = (
        draw(st.dictionaries(st.sampled_from(sorted(declared)), VALUES)) if declared else {}
    )
    extra = draw(st.dictionaries(NAMES.map(str.upper), VALUES, max_size=3))
    entry = {"parameters": declared, "command": command}
    return yaml.safe_dump({"entry_points": {"main": entry}}), given_values | extra


@given(projects())
@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_the_command_is_the_one_that_mlflow_makes(made: tuple[str, dict[str, str]]) -> None:
    # Importing it here keeps MLflow's five seconds out of the collection of tests.
    from mlflow.exceptions import ExecutionException
    from mlflow.projects import _project_spec as mlflows

    text, values = made
    document = yaml.safe_load(text)["entry_points"]["main"]
    theirs = mlflows.EntryPoint("main", document["parameters"], document["command"])
    try:
        expected = theirs.compute_command(values, None)
    except ExecutionException:
        expected = None
    entry_point = project.parse(text).entry_points["main"]
    if expected is None:
        with pytest.raises(ReproError):
            project.render(entry_point, values)
    else:
        assert project.render(entry_point, values) == expected


@given(VALUES)
def test_unquoting_undoes_the_quoting(value: str) -> None:
    assert project.unquote(shlex.quote(value)) == value


@pytest.mark.parametrize("value", ["a b", "it's", "'", "a'b", '"quoted"', "\\"])
def test_what_was_never_quoted_stays(value: str) -> None:
    assert project.unquote(value) == value


@pytest.mark.parametrize(
    "value", ["$(touch pwned)", "; touch pwned", "a 'b' \"c\"", "a\nb", "-x", "{}"]
)
def test_a_shell_hands_hostile_values_on_untouched(value: str) -> None:
    entry_point = EntryPoint("main", "printf %s {text}", {"text": Parameter("text")})
    command = project.render(entry_point, {"text": value})
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)
    assert done.stdout == value


def test_a_project_is_read() -> None:
    digits = project.parse(DIGITS)
    assert digits.name == "digits"
    assert digits.environment == "python_env: python_env.yaml"
    assert list(digits.entry_points) == ["main", "check"]
    parameters = digits.entry_points["main"].parameters
    assert parameters["conf_file"] == Parameter("conf_file", "path", "confs/baseline.yaml")
    assert parameters["text"] == Parameter("text", "string", None)
    assert parameters["flag"].default == "False"


def test_defaults_are_filled_in_and_unused_parameters_dropped() -> None:
    main = project.parse(DIGITS).entry_points["main"]
    assert project.render(main, {"text": "x", "extra": "1 2"}) == (
        "python train.py --conf-file confs/baseline.yaml --text x --json '{}' --extra '1 2'"
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not a mapping"),
        ("[]", "not a mapping"),
        ("a: [", "not valid YAML"),
        ("entry_points: {main: {parameters: {}}}", "has no command"),
        ("entry_points: {main: {command: [a]}}", "has no command"),
        ("entry_points: {1: {command: a}}", "put it in quotes"),
        ("entry_points: {main: {parameters: {on: string}, command: a}}", "put it in quotes"),
        ("entry_points: {main: {parameters: {a: [1]}, command: a}}", "not a mapping"),
        ("entry_points: {main: {parameters: {a: {default: [1]}}, command: a}}", "plain values"),
        ("entry_points: {main: {parameters: , command: a}}", "not a mapping"),
        ("{python_env: a, conda_env: b}", "more than one environment"),
        ("{docker_env: {volumes: []}}", "docker_env is incomplete"),
        ("databricks_spark_job: {python_file: a.py}", "Databricks"),
        ("!!python/object/apply:os.system ['touch pwned']", "not valid YAML"),
        ("a" * (project.SIZE_LIMIT + 1), "longer than"),
        ("[" * 100_000, "not valid YAML"),
    ],
)
def test_a_project_that_cannot_be_run_is_refused_in_words(text: str, said: str) -> None:
    with pytest.raises(ReproError, match=said) as caught:
        project.parse(text)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("python {", "stray brace"),
        ("python {}", "not among its parameters"),
        ("python {other}", "not among its parameters"),
        ("python {a:>9999999999}", "plain placeholders"),
        ("python {a!r}", "plain placeholders"),
        ("python {a.__class__}", "not among its parameters"),
        ("python {a[0]}", "not among its parameters"),
    ],
)
def test_a_template_cannot_do_more_than_name_parameters(command: str, said: str) -> None:
    entry_point = EntryPoint("main", command, {"a": Parameter("a")})
    with pytest.raises(ReproError, match=said):
        project.render(entry_point, {"a": "1"})


def test_a_uri_must_be_one() -> None:
    entry_point = EntryPoint("main", "x {a}", {"a": Parameter("a", "uri")})
    assert project.render(entry_point, {"a": "s3://bucket/x"}) == "x s3://bucket/x"
    with pytest.raises(ReproError, match="must be a URI"):
        project.render(entry_point, {"a": "bucket/x"})


@pytest.mark.parametrize(
    ("name", "command"),
    [("train.py", "python train.py"), ("a b{}.py", "python 'a b{}.py'"), ("go.sh", "bash go.sh")],
)
def test_a_script_is_an_entry_point(name: str, command: str) -> None:
    entry_point = project.find_entry_point(None, name)
    assert entry_point is not None
    assert project.render(entry_point, {}) == command


@pytest.mark.parametrize(
    ("script", "command"),
    [
        ("vision/train.py", "python -m vision.train"),
        ("vision/deep/train.py", "python -m vision.deep.train"),
        ("vision/__main__.py", "python -m vision"),
        ("src/inner/train.py", "PYTHONPATH=src python -m inner.train"),
        ("plain/train.py", None),
        ("train.py", None),
        ("vision/run.sh", None),
        ("vision/2nd.py", None),
    ],
)
def test_a_script_in_a_package_is_a_module(script: str, command: str | None) -> None:
    packages = ("vision", "vision/deep", "src/inner")
    tree = {script, "__init__.py", *(f"{package}/__init__.py" for package in packages)}
    found = project.as_module(script, tree)
    assert (found and project.render(found, {})) == command
    if found:
        assert project.render(found, {"lr": "0.1"}) == f"{command} --lr 0.1"


def test_what_is_neither_declared_nor_a_script_is_no_entry_point() -> None:
    assert project.find_entry_point(project.parse(DIGITS), "other") is None
    assert project.find_entry_point(project.parse(DIGITS), "check") is not None


@pytest.mark.parametrize(
    ("command", "script", "runs"),
    [
        ("python train.py --x {x}", "train.py", True),
        ("python ./train.py", "train.py", True),
        ("PYTHONPATH=src python -m pkg.train", "pkg/train.py", True),
        ("python other.py", "train.py", False),
        ("python 'train.py", "train.py", False),
        ("python -m train", "pkg/train.py", False),
    ],
)
def test_the_script_of_a_command_is_recognised(command: str, script: str, runs: bool) -> None:
    assert project.runs_script(EntryPoint("main", command), script) is runs
