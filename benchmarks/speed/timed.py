"""Times functions in a process of their own, that is told to go once a round.

The process has imported what it needs before it is timed, and neither its memory nor
its garbage is ours.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

from benchmarks.speed.ground import Ground
from benchmarks.speed.method import Figure

_ROOT = Path(__file__).parents[2]


@contextmanager
def timed(ground: Ground, function: str, *arguments: object) -> Iterator[Figure]:
    """Seconds that the work takes each time. `function` is `MODULE:NAME` in this package.

    Called once with `arguments`, which must be JSON, it returns the work.
    """
    command = [sys.executable, "-m", __name__, function, *map(json.dumps, arguments)]
    said = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed below
    process = subprocess.Popen(
        command, cwd=_ROOT, env=ground.variables(), text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said,
    )  # fmt: skip
    ask, answers = process.stdin, process.stdout
    assert ask is not None
    assert answers is not None

    def once() -> float:
        print(file=ask, flush=True)
        answer = answers.readline()
        if not answer:
            said.seek(0)
            last = said.read().strip().rpartition("\n")[2]
            raise RuntimeError(f"{function} ended with {process.wait()}: {last}")
        return float(answer)

    try:
        yield once
    finally:
        process.kill()
        process.wait()
        for end in (ask, answers, said):
            end.close()


def _main() -> None:
    function, *arguments = sys.argv[1:]
    module, _, name = function.partition(":")
    # What a library prints must not be taken for a time.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    make = getattr(import_module(f"benchmarks.speed.{module}"), name)
    work = make(*map(json.loads, arguments))
    for _ in sys.stdin:
        start = time.perf_counter()
        work()
        print(time.perf_counter() - start, file=answers, flush=True)


if __name__ == "__main__":
    _main()
