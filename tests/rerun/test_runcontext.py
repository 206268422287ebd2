"""Tags on the runs that a process starts."""

import json

import pytest

from repro_tui.rerun.runcontext import VARIABLE, tagging


def test_tags_are_added_to_those_that_are_set() -> None:
    variables = tagging({"ours": "1"}, {VARIABLE: '{"theirs": "2", "ours": "old"}'})
    assert {name: json.loads(value) for name, value in variables.items()} == {
        "MLFLOW_RUN_CONTEXT": {"theirs": "2", "ours": "1"}
    }
    assert json.loads(tagging({"ours": "1"}, {})[VARIABLE]) == {"ours": "1"}


@pytest.mark.parametrize("present", ["", "no JSON", "[1]", "[" * 100_000])
def test_what_mlflow_cannot_read_is_replaced(present: str) -> None:
    assert json.loads(tagging({"ours": "1"}, {VARIABLE: present})[VARIABLE]) == {"ours": "1"}
