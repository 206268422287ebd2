"""What runs in MLflow's process: one call after another, until standard input ends.

`python -m repro_tui.evidence.tracking.worker FD` reads pickled questions (tracking URI,
function, arguments) from standard input and writes pickled answers to the descriptor FD:
what the function returned, or a ReproError. Before the answer come words of progress, as
`Told`. `process.py` is the other end.
"""

import os
import pickle
import sys
from collections.abc import Callable, Mapping
from functools import partial

from repro_tui.errors import ReproError
from repro_tui.evidence.tracking.mlflowstore import FUNCTIONS, download, explained
from repro_tui.evidence.tracking.process import Told
from repro_tui.evidence.tracking.reader import Progress


def _answer(tell: Progress, uri: str, function: str, arguments: tuple[object, ...]) -> object:
    functions: Mapping[str, Callable[..., object]] = {
        **FUNCTIONS,
        "download": partial(download, tell),
    }
    try:
        return functions[function](uri, *arguments)
    except ReproError as error:
        return error
    except Exception as error:  # noqa: BLE001 - stores and plugins raise what they like
        return explained(uri, error)


def main() -> None:
    with os.fdopen(int(sys.argv[1]), "wb") as answers:

        def write(answer: object) -> None:
            pickle.dump(answer, answers)
            answers.flush()

        while True:
            try:
                question = pickle.load(sys.stdin.buffer)  # noqa: S301 - written by client.py
            except EOFError:
                return
            write(_answer(lambda text: write(Told(text)), *question))


if __name__ == "__main__":
    main()
