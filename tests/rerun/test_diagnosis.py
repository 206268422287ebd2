import pytest

from repro_tui.rerun.diagnosis import cause

RUN_ID = "0a" * 16


@pytest.mark.parametrize(
    ("log", "said"),
    [
        (f"mlflow...MlflowException: Run with id={RUN_ID} not found", "tracking URI of its own"),
        (f"MlflowException: Run '{RUN_ID}' not found", "tracking URI of its own"),
        (f"Run with id={'0b' * 16} not found", ""),
        (f"Cannot start run with ID {RUN_ID} because active experiment ID does not match", "set_e"),
        ("CommandError: Can't locate revision identified by 'dc11669786a5'", "too old"),
        ("ModuleNotFoundError: No module named 'torch.nn'", "no module 'torch.nn'"),
        (
            "Traceback\nFileNotFoundError: [Errno 2] No such file or directory: 'data/a b.csv'\n",
            "not find data/a b.csv:",
        ),
        ("FileNotFoundError: data/clean.csv not found.", "not find data/clean.csv:"),
        ("_pickle.UnpicklingError\nversion https://git-lfs.github.com/spec/v1", "--lfs"),
        (
            (
                "RuntimeError: kthvalue CUDA does not have a deterministic implementation, but "
                "you set 'torch.use_deterministic_algorithms(True)'. You can turn"
            ),
            "no deterministic implementation of kthvalue CUDA on this device",
        ),
        (
            (
                "UserWarning: kthvalue CUDA does not have a deterministic implementation, but "
                "you set 'torch.use_deterministic_algorithms(True, warn_only=True)'."
            ),
            "",
        ),
        (
            "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 1.50 GiB. GPU 0 has a",
            "when 1.50 GiB more were asked for",
        ),
        ("RuntimeError: No CUDA GPUs are available", "sees none"),
        ("Traceback (most recent call last):\nValueError: {0}", ""),
        ("", ""),
    ],
)
def test_the_likely_cause_is_read_off_the_log(log: str, said: str) -> None:
    found = cause(log, RUN_ID)
    assert said in found
    assert bool(found) == bool(said)
