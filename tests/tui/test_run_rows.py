"""The list of runs as data: every run once, whatever the tags say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from tests import builders

from repro_tui.compare.policy import Rule
from repro_tui.evidence.model import Run, SectionName
from repro_tui.evidence.tags import Tag
from repro_tui.evidence.tracking.outline import outline_of
from repro_tui.tui.run_arrangement import arrange
from repro_tui.tui.run_cache import RunCache
from repro_tui.tui.run_columns import common_metrics, verdict
from repro_tui.tui.run_orders import NEWEST_FIRST, Order, is_store_filter, order_of, orders
from repro_tui.tui.run_rows import Folding, RunList, RunRow, pair

IDS = st.sampled_from("abcdefgh")
RUNS = st.dictionaries(IDS, st.none() | IDS, max_size=8).map(
    lambda parents: [
        builders.run(name, name, tags={Tag.PARENT_RUN_ID: parent} if parent else {})
        for name, parent in parents.items()
    ]
)


OPEN = Folding()


def listed(runs: list[Run], folded: Folding = OPEN) -> list[RunRow]:
    outline, cache = outline_of(runs), RunCache(len(runs))
    cache.put([run.run_id for run in runs], runs)
    arrangement = arrange(
        outline.parents, len(outline), lambda place: outline.run_ids[place] in folded
    )
    return list(RunList(outline, cache, arrangement, folded))


@given(RUNS)
def test_every_run_is_listed_once_even_where_parents_run_in_circles(runs: list[Run]) -> None:
    names = [row.run_id for row in listed(runs)]
    assert sorted(names) == sorted(run.run_id for run in runs)


@given(RUNS)
def test_a_child_follows_its_parent_one_step_deeper(runs: list[Run]) -> None:
    rows = listed(runs)
    depth = {row.run.run_id: row.depth for row in rows}
    place = {row.run.run_id: place for place, row in enumerate(rows)}
    for row in rows:
        if row.depth:
            parent = row.run.parent_run_id
            assert parent is not None
            assert depth[parent] == row.depth - 1
            assert place[parent] < place[row.run.run_id]


@given(RUNS, st.frozensets(IDS))
def test_folding_hides_only_what_is_below(runs: list[Run], folded: frozenset[str]) -> None:
    names = [row.run_id for row in listed(runs, Folding(but=folded))]
    assert len(names) == len(set(names))
    for run in runs:
        if run.run_id not in names:
            parent = run.parent_run_id
            assert parent is not None
            assert parent in folded or parent not in names


@given(RUNS)
def test_folding_everything_leaves_no_child_of_a_listed_parent(runs: list[Run]) -> None:
    rows = listed(runs, Folding(all=True))
    names = {row.run_id for row in rows}
    assert not any(row.run.parent_run_id in names - {row.run_id} for row in rows if row.depth)
    assert Folding(all=True).toggled("a") == Folding(all=True, but=frozenset("a"))
    assert "a" not in Folding(all=True).toggled("a")


def test_nesting_may_be_as_deep_as_it_likes() -> None:
    runs = [builders.run(str(n), str(n), tags={Tag.PARENT_RUN_ID: str(n - 1)}) for n in range(5000)]
    assert [row.depth for row in listed(runs)] == list(range(5000))


def test_an_original_sums_up_the_verdicts_of_its_re_executions() -> None:
    base = builders.run("base")
    again = [
        builders.run(str(n), tags={Tag.REEXECUTES: "base", Tag.VERDICT: told})
        for n, told in enumerate(["reproduced", "diverged", "reproduced"])
    ]
    rows = {row.run_id: row.verdicts for row in listed([*again, base])}
    assert rows["base"] == ("reproduced", "diverged", "reproduced")
    assert rows["1"] == ("diverged",)
    assert verdict(rows["base"]).plain == "✓ reproduced ×2, ≠ diverged"


def test_the_commonest_metrics_are_columns_and_none_that_is_set_aside() -> None:
    runs = [
        builders.run(metrics={"loss": 1.0, "system/cpu": 1.0}),
        builders.run(metrics={"loss": 1.0, "auc": 1.0, "system/cpu": 1.0}),
        builders.run(metrics={"acc": 1.0, "system/cpu": 1.0}),
    ]
    policy = replace(
        builders.POLICY, set_aside=(Rule("machine", SectionName.METRICS, "system/*", "busy"),)
    )
    assert common_metrics(runs, 2, policy) == ("acc", "loss")


def test_which_two_runs_are_compared() -> None:
    run = builders.run("c")
    again = replace(run, tags={Tag.REEXECUTES: "o"})
    assert pair(run, ("a", "b")) == ("a", "b")
    assert pair(run, ("a", "b", "d")) == ("a", "b", "d")
    assert pair(run, ("a",)) == ("a", "c")
    assert pair(again, ("a",)) == ("a", "c")
    assert pair(again, ()) == ("o", "c")
    assert pair(again, ("c",)) == ("o", "c")
    assert pair(run, ("c",)) is None
    assert pair(run, ()) is None
    assert pair(None, ("a",)) is None


@pytest.mark.parametrize(
    ("text", "store"),
    [
        ("metrics.loss < 0.1", True),
        ("params.`learning rate` = '1'", True),
        ("tags.mlflow.runName LIKE 'a%'", True),
        ("attributes.status = 'FAILED'", True),
        ("status = 'FAILED'", True),
        ("start_time > 5", True),
        ("failed", False),
        ("metrics", False),
        ("status", False),
        ("run 7", False),
        ("metrics. ", False),
        ("", False),
    ],
)
def test_what_begins_with_a_field_is_a_filter_for_the_store(text: str, store: bool) -> None:
    assert is_store_filter(text) is store


def test_a_metric_that_cannot_be_quoted_is_no_order() -> None:
    titles = [order.title for order in orders(["metrics.loss", "metrics.a`b", "duration"])]
    assert "loss, lowest first" in titles
    assert not any("`" in title for title in titles)
    assert not any("duration" in title for title in titles)


@pytest.mark.parametrize(
    "order", [*orders(["metrics.val/loss", "params.lr", "tags.x y", "seed", "run id"])]
)
def test_an_order_is_known_again_by_what_the_store_is_asked(order: Order) -> None:
    assert order_of(order.order_by) == order
    assert order_of(order.reversed().order_by) == order.reversed()


def test_an_order_that_was_not_made_here_is_none_that_can_be_shown() -> None:
    assert order_of("attributes.artifact_uri ASC") is None
    assert order_of("nonsense [/x]") is None
    assert order_of("start_time DESC") == NEWEST_FIRST
