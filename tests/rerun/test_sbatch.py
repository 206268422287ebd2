"""Options for sbatch, as they come from a file."""

import pytest

from repro_tui.errors import ReproError
from repro_tui.rerun import sbatch


def test_options_are_those_of_sbatch() -> None:
    table = {"partition": "gpu", "time": 60, "exclusive": True, "overcommit": False}
    assert sbatch.options(table) == {"partition": "gpu", "time": "60", "exclusive": ""}


@pytest.mark.parametrize("name", ["", "--partition", "p=x", "Partition", "a b", "é"])
def test_what_is_no_option_is_refused(name: str) -> None:
    with pytest.raises(ReproError, match="no option of sbatch"):
        sbatch.options({name: "x"})


@pytest.mark.parametrize("value", [None, ["gpu"], {"a": 1}])
def test_a_value_that_is_not_plain_is_refused(value: object) -> None:
    with pytest.raises(ReproError, match="no option of sbatch"):
        sbatch.options({"partition": value})


@pytest.mark.parametrize("name", ["wrap", "output", "array", "signal"])
def test_what_would_lose_sight_of_the_job_is_refused(name: str) -> None:
    with pytest.raises(ReproError, match="follows its jobs"):
        sbatch.options({name: "x"})


def test_a_cuda_device_asks_for_a_card_unless_one_was_asked_for() -> None:
    assert sbatch.with_device({}, "cuda:1") == {"gres": "gpu:1"}
    assert sbatch.with_device({"gpus": "2"}, "cuda:0") == {"gpus": "2"}
    assert sbatch.with_device({"partition": "p"}, "cpu") == {"partition": "p"}
    assert sbatch.spelled({"partition": "p", "exclusive": ""}) == ["--partition=p", "--exclusive"]
