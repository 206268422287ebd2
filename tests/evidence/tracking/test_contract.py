"""All readers give equal results, of the same types and in the same order.

Results are compared by `repr`, which minds types and the order of mappings, and in which
NaN equals NaN.
"""

import math
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.evidence.tracking.stores import ESCAPE, Store

from repro_tui.errors import ReproError
from repro_tui.evidence.gauge import Group, Level, gauge
from repro_tui.evidence.look import look
from repro_tui.evidence.model import Run
from repro_tui.evidence.tags import Tag
from repro_tui.evidence.tracking.client import ClientReader, MlflowProcess
from repro_tui.evidence.tracking.downloads import Downloads
from repro_tui.evidence.tracking.outline import outline_of
from repro_tui.evidence.tracking.reader import (
    Listing,
    Reader,
    RunPage,
    RunQuery,
    StoredFile,
)

QUERIES = [
    RunQuery(),
    RunQuery(include_deleted=True),
    RunQuery(experiment_ids=("2",)),
    RunQuery(experiment_ids=("2", "3"), include_deleted=True),
    RunQuery(experiment_ids=("4",)),
    RunQuery(experiment_ids=("77",)),
    RunQuery(order_by=()),
    RunQuery(order_by=("start_time",)),
    RunQuery(order_by=("attributes.end_time DESC", "attributes.run_name ASC")),
    RunQuery(order_by=("attributes.status", "created ASC")),
    RunQuery(order_by=("metrics.loss",)),
    RunQuery(order_by=("metrics.loss DESC",)),
    RunQuery(order_by=("metrics.`last is nan` DESC", "params.lr")),
    RunQuery(order_by=('params."lr" DESC', "tags.mlflow.runName")),
    RunQuery(filter="metrics.loss < 0.5"),
    RunQuery(filter="metrics.loss != 0.25"),
    RunQuery(filter="metrics.`last is nan` != 0 and metrics.nan >= -1e3"),
    RunQuery(filter="params.lr = '0.01' AND attributes.status = 'FINISHED'"),
    RunQuery(filter="params.lr LIKE '0.0%'"),
    RunQuery(filter="tags.tag LIKE 'val%'"),
    RunQuery(filter="tags.tag ILIKE 'VAL%'"),
    RunQuery(filter='tags.tag != "value"'),
    RunQuery(filter="params.`batch size` IS NULL"),
    RunQuery(filter="params.`batch size` IS NOT NULL"),
    RunQuery(filter="params.note LIKE '100%'"),
    RunQuery(filter="run_name = 'parent'"),
    RunQuery(filter="attributes.run_name LIKE 'child _'"),
    RunQuery(filter="start_time > 0 AND end_time != 5"),
    RunQuery(filter="run_id NOT IN ('a', 'b')"),
    RunQuery(filter="datasets.name = 'digits training'"),
    RunQuery(filter="dataset.context = 'validation'"),
    RunQuery(filter="dataset.name IN ('no context', 'x')"),
]


def pages(reader: Reader, query: RunQuery) -> list[RunPage]:
    found = [reader.runs(query)]
    while token := found[-1].next_page_token:
        found.append(
            reader.runs(
                RunQuery(
                    query.experiment_ids,
                    query.filter,
                    query.order_by,
                    query.max_results,
                    token,
                    query.include_deleted,
                )
            )
        )
    return found


def every_run(reader: Reader) -> tuple[Run, ...]:
    ids = tuple(experiment.experiment_id for experiment in reader.experiments())
    return reader.runs(RunQuery(experiment_ids=ids, include_deleted=True)).runs


@pytest.mark.parametrize("query", QUERIES, ids=repr)
def test_pages_of_runs_are_equal(reader: Reader, reference: Reader, query: RunQuery) -> None:
    assert repr(reader.runs(query).runs) == repr(reference.runs(query).runs)


def test_the_queries_tell_readers_apart(database: Store, mlflow: MlflowProcess) -> None:
    """Each filter finds some runs and leaves others out, but for the two named here."""
    reference = ClientReader(database.uri, mlflow)
    everything = len(reference.runs(RunQuery()).runs)
    undecided = [
        query.filter
        for query in QUERIES
        if query.filter and not 0 < len(reference.runs(query).runs) < everything
    ]
    assert undecided == ["tags.tag LIKE 'val%'", "run_id NOT IN ('a', 'b')"]


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_pages_follow_one_another(reader: Reader, reference: Reader, size: int) -> None:
    query = RunQuery(max_results=size, order_by=("metrics.loss",), include_deleted=True)
    found = pages(reader, query)
    assert [repr(page.runs) for page in found] == [
        repr(page.runs) for page in pages(reference, query)
    ]
    ids = [run.run_id for page in found for run in page.runs]
    assert len(ids) == len(set(ids)) == 7
    assert all(len(page.runs) == size for page in found[:-1])


@pytest.mark.parametrize(
    "query",
    [RunQuery(), RunQuery(filter="metrics.loss < 0.5", order_by=("metrics.loss",)),
     RunQuery(include_deleted=True, max_results=1), RunQuery(experiment_ids=("77",))],
    ids=repr,
)  # fmt: skip
def test_an_outline_is_what_all_pages_tell(
    reader: Reader, reference: Reader, query: RunQuery
) -> None:
    outline = reader.outline(query)
    if outline is None:
        pytest.skip("this reader tells of runs only page by page")
    told = outline_of([run for page in pages(reference, query) for run in page.runs])
    assert list(outline.run_ids) == list(told.run_ids)
    assert outline.parents == told.parents
    assert list(outline.parent_ids) == list(told.parent_ids)
    assert outline.verdicts == told.verdicts


def test_runs_are_found_by_their_ids(reader: Reader, reference: Reader) -> None:
    runs = every_run(reference)
    ids = [run.run_id for run in runs]
    found = {run.run_id: run for run in reader.runs_of([*ids, "0" * 32, "../../etc", "a'b"])}
    assert repr([found.pop(run_id) for run_id in ids]) == repr(list(runs))
    assert not found
    assert reader.runs_of([]) == ()


def test_experiments_are_equal(reader: Reader, reference: Reader) -> None:
    assert repr(reader.experiments()) == repr(reference.experiments())


def test_everything_of_every_run_is_equal(reader: Reader, reference: Reader) -> None:
    runs = every_run(reference)
    assert len(runs) == 8
    for run in runs:
        assert repr(reader.run(run.run_id)) == repr(run)
        assert repr(reader.datasets(run.run_id)) == repr(reference.datasets(run.run_id))
        assert repr(reader.logged_models(run.run_id)) == repr(reference.logged_models(run.run_id))
        ours, theirs = reader.histories(run.run_id), reference.histories(run.run_id)
        assert ours == theirs
        assert list(ours) == list(theirs)


_VALUES = st.sampled_from(["0.01", "Value", "value", "%", "0._1", "parent", "FINISHED", "", "é雪"])
_TEXT_NAMES = st.sampled_from(
    ["params.lr", "tags.tag", "params.`batch size`", "run_name", "status", "tags.`none of it`"]
)
_NUMBER_NAMES = st.sampled_from(
    ["metrics.loss", "metrics.nan", "metrics.`last is nan`", 'metric."big/step.name-x"', "end_time"]
)
_NUMBERS = st.sampled_from(["0", "-0.5", "0.25", "1e-3", "3", "12345678901234"])
_COMPARISONS = st.one_of(
    st.builds(
        "{} {} '{}'".format, _TEXT_NAMES, st.sampled_from(["=", "!=", "LIKE", "ilike"]), _VALUES
    ),
    st.builds(
        "{}{}{}".format,
        _NUMBER_NAMES,
        st.sampled_from(["=", "!=", "<", "<=", ">", ">="]).map(" {} ".format),
        _NUMBERS,
    ),
)


_ORDERS = st.lists(
    st.builds("{} {}".format, _TEXT_NAMES | _NUMBER_NAMES, st.sampled_from(["ASC", "DESC"])),
    max_size=2,
    unique_by=lambda clause: clause.split()[0],
).map(tuple)


@pytest.mark.parametrize("reader", ["sqlite", "rest", "postgresql"], indirect=True)
@given(
    filters=st.lists(_COMPARISONS, max_size=3).map(" AND ".join),
    order=_ORDERS,
    size=st.sampled_from([1, 2, 100]),
)
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_queries_mean_what_they_mean_to_mlflow(
    reader: Reader, reference: Reader, filters: str, order: tuple[str, ...], size: int
) -> None:
    query = RunQuery(filter=filters, order_by=order, max_results=size, include_deleted=True)
    ours, theirs = reader.runs(query), reference.runs(query)
    assert repr(ours.runs) == repr(theirs.runs)
    assert bool(ours.next_page_token) == bool(theirs.next_page_token)


@pytest.mark.parametrize(
    "text",
    [
        "metrics.loss",
        "metrics.loss <",
        "metrics.loss < 'a'",
        "params.lr < '3'",
        "params.lr = 0.01",
        "nothing.lr = 'x'",
        "attributes.color = 'x'",
        "params.lr = 'x' OR params.lr = 'y'",
        "params.lr = 'x' garbage",
        "status IN ('FINISHED')",
    ],
)
def test_a_mistake_in_a_filter_is_told(any_reader: tuple[Reader, Store], text: str) -> None:
    with pytest.raises(ReproError):
        any_reader[0].runs(RunQuery(filter=text))


@pytest.mark.parametrize("clause", ["colour", "metrics.loss SIDEWAYS", "metrics.loss ASC x", "?"])
def test_a_mistake_in_an_order_is_told(any_reader: tuple[Reader, Store], clause: str) -> None:
    with pytest.raises(ReproError):
        any_reader[0].runs(RunQuery(order_by=(clause,)))


def test_a_run_that_is_not_there_is_told(any_reader: tuple[Reader, Store]) -> None:
    reader, _ = any_reader
    for call in (reader.run, reader.histories, reader.datasets, reader.logged_models):
        for name in ("0" * 32, "../../etc", "%", "\x1b[2J"):
            with pytest.raises(ReproError, match="holds no run"):
                call(name)


# --- What the store really holds -----------------------------------------------------


def test_names_and_texts_come_as_they_were_written(any_reader: tuple[Reader, Store]) -> None:
    reader, store = any_reader
    run = reader.run(store.run_ids["hostile"])
    assert run.name == ESCAPE
    assert run.status == "FAILED"
    assert run.params == {"lr": "0.5", "пара метр": ESCAPE}
    assert run.tags["mlflow.note.content"] == ESCAPE
    assert run.tags["empty"] == ""
    assert math.isnan(run.metrics["loss"])
    assert f"Träining {ESCAPE}" in [experiment.name for experiment in reader.experiments()]


def test_deleted_runs_are_there_when_asked_for(any_reader: tuple[Reader, Store]) -> None:
    reader, store = any_reader
    deleted = store.run_ids["deleted"]
    listed = [run.run_id for run in reader.runs(RunQuery()).runs]
    assert deleted not in listed
    assert store.run_ids["lost"] not in listed
    everything = {run.run_id: run for run in every_run(reader)}
    assert everything[deleted].lifecycle_stage == "deleted"
    assert store.run_ids["lost"] in everything


def test_children_name_their_parent(any_reader: tuple[Reader, Store]) -> None:
    reader, store = any_reader
    parent = store.run_ids["parent"]
    children = reader.runs(RunQuery(filter=f"tags.{Tag.PARENT_RUN_ID} = '{parent}'")).runs
    assert {run.name for run in children} == {"child 0", "child 1"}
    assert {run.parent_run_id for run in children} == {parent}


def test_histories_are_whole_and_in_order(any_reader: tuple[Reader, Store]) -> None:
    reader, store = any_reader
    found = reader.histories(store.run_ids["metrics"])
    assert list(found) == sorted(found)
    for history in found.values():
        assert history.steps.dtype == history.timestamps.dtype == np.int64
        assert history.values.dtype == np.float64
    nan = found["nan"]
    np.testing.assert_array_equal(nan.values, [-2.5, 1.0, math.nan])
    assert len(found["long"]) == 2500
    np.testing.assert_array_equal(found["long"].values, np.sin(np.arange(2500.0)))
    repeated = found["repeated"]
    assert repeated.steps.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert repeated.values.tolist() == [step / 7 for step in (6, 3, 0, 7, 4, 1, 8, 5, 2)]
    assert found["big/step.name-x"].steps.tolist() == [2**53 + 1]
    assert found["negative step"].steps.tolist() == [-3]
    # MLflow's databases hold the largest float for an infinity.
    infinity = math.inf if store.uri.startswith("file:") else float(np.finfo(np.float64).max)
    assert found["inf"].values.tolist() == [infinity, -infinity]


def test_datasets_have_their_context(any_reader: tuple[Reader, Store]) -> None:
    reader, store = any_reader
    found = reader.datasets(store.run_ids["parent"])
    assert [(dataset.name, dataset.context) for dataset in found] == [
        ("digits training", "training"),
        ("digits validation", "validation"),
        ("no context", ""),
    ]
    assert '"features_shape": [3]' in found[0].profile
    assert "tensor" in found[0].schema
    assert found[0].digest != found[1].digest
    assert reader.datasets(store.run_ids["metrics"]) == ()


def test_logged_models_are_those_that_the_run_created(any_reader: tuple[Reader, Store]) -> None:
    reader, store = any_reader
    first, second = reader.logged_models(store.run_ids["parent"])
    assert first.model_id != second.model_id
    assert (first.name, first.status) == (second.name, second.status) == ("model", "READY")
    assert reader.logged_models(store.run_ids["metrics"]) == ()


# --- Names of runs -------------------------------------------------------------------


def test_names_are_resolved(any_reader: tuple[Reader, Store]) -> None:
    reader, store = any_reader
    newest = [run.run_id for run in reader.runs(RunQuery()).runs]
    assert reader.resolve("latest") == newest[0]
    assert reader.resolve("latest~4") == newest[4]
    for run_id in store.run_ids.values():
        assert reader.resolve(run_id) == run_id
        assert reader.resolve(run_id[:12]) == run_id
    for name in ("latest~99", "z" * 32, "", "%", "____", "a' OR 'b", "latest~", "0x/../"):
        with pytest.raises(ReproError):
            reader.resolve(name)


def test_an_ambiguous_prefix_names_its_runs(any_reader: tuple[Reader, Store]) -> None:
    reader, _ = any_reader
    ids = [run.run_id for run in every_run(reader)]
    first = {run_id[0] for run_id in ids}
    letter = max(first, key=lambda letter: sum(run_id[0] == letter for run_id in ids))
    sharing = [run_id for run_id in ids if run_id[0] == letter]
    if len(sharing) == 1:
        assert reader.resolve(letter) == sharing[0]
    else:
        with pytest.raises(ReproError, match="Several runs") as refusal:
            reader.resolve(letter)
        assert all(run_id in refusal.value.message for run_id in sharing[:5])


# --- Artifacts -----------------------------------------------------------------------


def test_artifacts_are_fetched(
    any_reader: tuple[Reader, Store], scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader, store = any_reader
    if store.server:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", store.server)
    run = reader.run(store.run_ids["parent"])
    said: list[str] = []
    with closing(Downloads(scratch)) as downloads:
        first = reader.fetch(run.artifact_uri, downloads, said.append)
        fetched = reader.fetch(run.artifact_uri, downloads)
        assert fetched is not None
        assert fetched == first
        assert fetched.left == {}
        files = [path for path in fetched.folder.rglob("*") if path.is_file()]
        assert [path.relative_to(fetched.folder).as_posix() for path in files] == [
            "notes/hello.txt"
        ]
        assert files[0].read_text() == "hello"
    copied = ["1 of 1 file, 5 B of 5 B"] if store.server else []
    assert said == copied
    assert fetched.folder.exists() is not bool(store.server)


@pytest.mark.parametrize("reader", ["sqlite", "rest", "client"], indirect=True)
def test_artifacts_that_are_too_large_are_left(
    database: Store, reader: Reader, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", database.server)
    run = reader.run(database.run_ids["parent"])
    with closing(Downloads(scratch, most=4)) as downloads:
        fetched = reader.fetch(run.artifact_uri, downloads)
        assert fetched is not None
        assert list(fetched.left) == ["notes/hello.txt"]
        assert [path for path in fetched.folder.rglob("*") if path.is_file()] == []


def test_artifacts_are_listed_with_their_sizes_and_not_fetched(
    any_reader: tuple[Reader, Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    reader, store = any_reader
    if store.server:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", store.server)
    run = reader.run(store.run_ids["parent"])
    assert reader.listing(run.artifact_uri, 9) == Listing((StoredFile("notes/hello.txt", 5),))
    assert reader.listing(run.artifact_uri, 0) == Listing((), more=True)
    assert reader.listing(f"{run.artifact_uri}/nowhere", 9) is None


def test_a_run_is_looked_at_without_its_artifacts_being_fetched(
    any_reader: tuple[Reader, Store], scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader, store = any_reader
    if store.server:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", store.server)
    with closing(Downloads(scratch)) as downloads:
        known = look(store.run_ids["parent"], reader, downloads)
        assert not [path for path in scratch.rglob("*") if path.name == "hello.txt"]
    assert known.stored[0].listing == Listing((StoredFile("notes/hello.txt", 5),))
    levels = {grade.group: grade.level for grade in gauge(known.run, known.sections).grades}
    assert levels[Group.DATA] is Level.KNOWN
    assert levels[Group.RANDOMNESS] is Level.MISSING
    # A model of it is called ready, and has no files.
    assert levels[Group.OUTCOMES] is Level.PARTLY


def test_a_run_without_artifacts_has_none(
    any_reader: tuple[Reader, Store], scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader, store = any_reader
    if store.server:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", store.server)
    run = reader.run(store.run_ids["parent"])
    with closing(Downloads(scratch)) as downloads:
        assert reader.fetch(f"{run.artifact_uri}/nowhere", downloads) is None


def test_many_threads_may_ask_at_once(any_reader: tuple[Reader, Store]) -> None:
    reader, store = any_reader
    names = list(store.run_ids) * 8
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda name: reader.run(store.run_ids[name]), names))
    assert [run.run_id for run in found] == [store.run_ids[name] for name in names]
