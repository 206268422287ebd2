"""What of the original's environment is made again, and what is said of it beforehand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from packaging.requirements import Requirement
from tests.rerun.examples import LAUNCH, RECORDED, REQUEST, SITUATION
from tests.rerun.test_plan import caveats, planned, refused

from repro_tui.evidence.tracking.schema import REVISIONS
from repro_tui.rerun.model import EnvManager, Rebuild
from repro_tui.rerun.rebuild import HEADS, too_old
from repro_tui.rerun.situation import Clues, Environment, Situation, Standing

ORIGINAL = replace(REQUEST, env_manager=EnvManager.ORIGINAL)
PYTHONS = ("3.12.4", "3.11.9", "3.11.2")


def recorded(
    packages: dict[str, str], origins: dict[str, str] | None = None, **fields: object
) -> Situation:
    known = Environment("3.11.9", packages, origins=origins or {})
    situation = replace(RECORDED, recorded=known, pythons=PYTHONS)
    return replace(situation, **fields)


def rebuilt(situation: Situation) -> Rebuild:
    made = planned(ORIGINAL, situation)
    assert made.rebuild is not None
    return made.rebuild


# --- From the record ---------------------------------------------------------------


def test_recorded_packages_are_wanted_exactly() -> None:
    clues = Clues(hashes={"numpy": ("sha256:01", "sha256:02")})
    made = rebuilt(recorded({"torch": "2.9.0", "numpy": "2.3.4"}, clues=clues))
    assert made.requirements == (
        "numpy==2.3.4 --hash=sha256:01 --hash=sha256:02",
        "torch==2.9.0",
    )
    assert (made.python, made.resolve, made.evidence) == ("3.11.9", False, "the record of the run")
    assert made.wanted == {"python": "3.11.9", "numpy": "2.3.4", "torch": "2.9.0"}
    assert caveats(ORIGINAL, recorded({"torch": "2.9.0"})) == ""


def test_the_record_is_trusted_before_everything_else() -> None:
    clues = Clues(lockfile="uv.lock", locked={"six": "1"}, modelled={"six": "2"})
    assert rebuilt(recorded({"six": "1.16.0"}, clues=clues)).requirements == ("six==1.16.0",)


@pytest.mark.parametrize(
    ("origin", "line", "folder", "said"),
    [
        (f"https://example.org/x.git@{'a' * 40}",
         f"x @ git+https://example.org/x.git@{'a' * 40}", "", ""),
        ("https://example.org/x-1.0.zip", "x @ https://example.org/x-1.0.zip", "", ""),
        ("file:///home/someone/digits", "", ".", ""),
        ("file:///home/someone/digits/libs/x", "", "libs/x", ""),
        ("file:///home/someone/digits/gone", "x==1.0", "", "cannot be followed"),
        ("file:///home/someone/x", "", "/home/someone/x", "as it is there now"),
        ("file:///wheels/x-1.0.whl", "x @ file:///wheels/x-1.0.whl", "", "as it is there now"),
        ("file:///nowhere/x", "x==1.0", "", "cannot be followed"),
        ("file:///home/someone/digits/../x", "x==1.0", "", "cannot be followed"),
        ("ftp://example.org/x", "x==1.0", "", "cannot be followed"),
    ],
)  # fmt: skip
def test_what_came_from_no_index_is_taken_from_where_it_came(
    origin: str, line: str, folder: str, said: str
) -> None:
    tree = SITUATION.tree | {"pyproject.toml", "libs/x/setup.py"}
    clues = Clues(present=frozenset({"/home/someone/x", "/wheels/x-1.0.whl"}))
    situation = recorded({"x": "1.0"}, {"x": origin}, tree=tree, clues=clues)
    made = rebuilt(situation)
    assert made.requirements == ((line,) if line else ())
    assert made.folders == ((folder,) if folder else ())
    assert said in caveats(ORIGINAL, situation)
    assert bool(said) is bool(caveats(ORIGINAL, situation))


def test_a_build_of_its_own_is_named_beforehand() -> None:
    assert "2.9.0 is taken" in caveats(ORIGINAL, recorded({"torch": "2.9.0+cpu"}))


HOSTILE = st.one_of(
    st.text(max_size=20),
    st.sampled_from([
        "six\n--index-url https://example.org", "-r /etc/passwd", "six; os_name", "a b", "--pre",
        "1.0 --hash=sha256:0", "1.0\n-e .", "1.0 ; python_version > '0'", "https://example.org/x y",
        "file:///x\n--pre", f"https://example.org/x\n@{'a' * 40}",
    ]),
)  # fmt: skip


@given(st.dictionaries(HOSTILE, HOSTILE, max_size=3), HOSTILE)
def test_a_strangers_record_says_nothing_but_requirements(
    packages: dict[str, str], origin: str
) -> None:
    situation = recorded(packages, dict.fromkeys(packages, origin))
    for line in rebuilt(situation).requirements:
        assert "\n" not in line
        assert Requirement(line).name in packages


# --- The interpreter ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("known", "taken", "said"),
    [
        ("3.11.9", "3.11.9", ""),
        ("3.11.7", "3.11.9", "Python 3.11.9 stands in for the original's 3.11.7"),
        ("3.12", "3.12.4", ""),
    ],
)
def test_another_patch_of_python_stands_in_and_is_named(known: str, taken: str, said: str) -> None:
    environment = Environment(known, {"six": "1.16.0"})
    situation = replace(RECORDED, recorded=environment, pythons=PYTHONS)
    assert rebuilt(situation).python == taken
    assert said in caveats(ORIGINAL, situation)


def test_a_python_that_is_not_installed_is_refused() -> None:
    situation = replace(recorded({"six": "1.16.0"}), pythons=("3.12.4",))
    assert "ran on Python 3.11.9, and uv finds no Python 3.11 here" in refused(ORIGINAL, situation)
    assert "uv python install 3.11" in refused(ORIGINAL, situation)


# --- Without a record --------------------------------------------------------------


def test_a_lockfile_at_the_commit_is_followed() -> None:
    clues = Clues(lockfile="sub/uv.lock", folders=("sub",), modelled={"python": "3.11.2"})
    situation = replace(SITUATION, clues=clues, pythons=PYTHONS)
    made = rebuilt(situation)
    assert (made.lockfile, made.folders, made.python) == ("sub/uv.lock", ("sub",), "3.11.2")
    assert made.requirements == ()
    assert "Extras and groups" in caveats(ORIGINAL, situation)


def test_the_models_requirements_are_better_than_nothing() -> None:
    clues = Clues(modelled={"mlflow": "3.4.0", "numpy": "2.3.4", "python": "3.11.9"})
    situation = replace(SITUATION, clues=clues, pythons=PYTHONS)
    made = rebuilt(situation)
    assert made.requirements == ("mlflow==3.4.0", "numpy==2.3.4")
    assert (made.resolve, made.before) == (True, "1970-01-01T00:00:01Z")
    assert "Only the 2 packages" in caveats(ORIGINAL, situation)


def test_what_is_known_of_nothing_is_refused() -> None:
    assert "Nothing is known of the environment" in refused(ORIGINAL)
    nothing = replace(SITUATION, clues=Clues(modelled={"python": "3.11.9"}), pythons=PYTHONS)
    assert "Nothing is known of the environment" in refused(ORIGINAL, nothing)


def test_without_uv_it_is_refused() -> None:
    situation = replace(recorded({"six": "1.16.0"}), tools=frozenset())
    assert "made again by uv, which is not installed" in refused(ORIGINAL, situation)


# --- MLflow and the store ----------------------------------------------------------


def test_an_mlflow_too_old_for_the_store_is_refused_with_a_way_round() -> None:
    newest = REVISIONS[-1]
    said = refused(ORIGINAL, recorded({"mlflow": "2.9.2"}, revision=newest))
    assert "MLflow 2.9.2, which is too old for the store" in said
    assert "mlflow server" in said
    assert rebuilt(recorded({"mlflow": "2.9.2"}, revision="")).requirements == ("mlflow==2.9.2",)
    assert rebuilt(recorded({"mlflow": "2.9.2"}, revision=HEADS[2, 9])).python == "3.11.9"
    skinny = recorded({"mlflow-skinny": "3.17.2"}, revision=newest)
    assert "mlflow-skinny alone" in refused(ORIGINAL, skinny)
    assert rebuilt(recorded({"mlflow-skinny": "3.17.2", "sqlalchemy": "2.0.1"}, revision=newest))


def test_only_what_is_certainly_too_old_is_called_so() -> None:
    assert list(HEADS) == sorted(HEADS)
    indexes = [REVISIONS.index(head) for head in HEADS.values()]
    assert indexes == sorted(indexes)
    for (major, minor), head in HEADS.items():
        assert not too_old(f"{major}.{minor}.1", head)
        assert not too_old(f"{major}.{minor}.1", REVISIONS[0])
        assert too_old(f"{major}.{minor}.1", REVISIONS[-1])
    assert too_old("1.30.0", HEADS[2, 5])
    assert not too_old("4.0.0", REVISIONS[-1])
    assert not too_old("", REVISIONS[-1])
    assert not too_old("2.9.2", "unknown")


@pytest.mark.parametrize(
    ("standing", "said"), [(Standing.OLDER, "too old"), (Standing.NEWER, "would migrate")]
)
def test_the_local_environments_mlflow_must_fit_too(standing: Standing, said: str) -> None:
    local = Environment("3.11.9", {"mlflow": "3.4.0"})
    assert said in refused(REQUEST, replace(SITUATION, environment=local, standing=standing))


# --- Before anything is computed ---------------------------------------------------


def test_another_local_environment_is_counted_and_a_remedy_named() -> None:
    then = {"a": "1", "b": "1", "numpy": "2.3.4", "torch": "2.9.0", "c": "1", "d": "1", "e": "1"}
    local = Environment("3.11.9", {**dict.fromkeys(then, "0"), "scipy": "1"})
    said = caveats(REQUEST, recorded(then, environment=local))
    assert "differs from the original's in 8: torch 0 (was 2.9.0), numpy 0 (was 2.3.4), a 0" in said
    assert said.endswith("--env-manager original makes it again.")
    same = Environment("3.11.9", then)
    assert "differs" not in caveats(REQUEST, recorded(then, environment=same))


def test_a_launch_elsewhere_names_the_folder_that_it_was_installed_from() -> None:
    launch = replace(LAUNCH, repository="https://example.org/digits.git")
    origins = {"x": "https://example.org/digits.git/libs/x"}
    tree = SITUATION.tree | {"libs/x/pyproject.toml"}
    made = rebuilt(recorded({"x": "1.0"}, origins, launch=launch, tree=tree))
    assert made.folders == ("libs/x",)
