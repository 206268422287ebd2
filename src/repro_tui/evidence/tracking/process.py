"""A process with MLflow in it: started, asked, ended. `worker.py` is what runs there."""

import contextlib
import os
import pickle
import subprocess
import sys
import tempfile
from typing import IO

from msgspec import Struct

from repro_tui.errors import ReproError
from repro_tui.evidence.tracking.reader import Progress

_DEFAULTS = {
    # A server that does not answer is to be told of in seconds. Whoever needs more
    # patience sets MLflow's own variables.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "0",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
    "MLFLOW_DISABLE_TELEMETRY": "true",
}
_ALWAYS = {
    "MLFLOW_ALLOW_FILE_STORE": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
}
_GRACE_SECONDS = 2.0


class Told(Struct, frozen=True):
    """A word of progress, before the answer."""

    text: str


class Running(Struct, frozen=True):
    """The process, and the pipes to it."""

    process: subprocess.Popen[bytes]
    questions: IO[bytes]
    answers: IO[bytes]
    words: IO[bytes]
    """What the process writes to its standard error."""

    def ask(self, question: object, progress: Progress) -> object:
        """The answer to a question. Raises EOFError where the process ended before it."""
        try:
            pickle.dump(question, self.questions)
            self.questions.flush()
            while isinstance(answer := pickle.load(self.answers), Told):  # noqa: S301 - of our worker.py
                progress(answer.text)
        except (OSError, pickle.UnpicklingError) as error:
            raise EOFError from error
        return answer

    def stop(self) -> str:
        """End the process; its last line of standard error, as the end of a sentence."""
        with contextlib.suppress(BrokenPipeError):
            self.questions.close()
        self.process.terminate()
        try:
            self.process.wait(_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.answers.close()
        with self.words as words:
            words.seek(max(words.tell() - 2000, 0))
            lines = words.read().decode(errors="replace").strip().splitlines()
        return f": {lines[-1]}" if lines else ""


def start() -> Running:
    """Start the process. Raises ReproError."""
    words = tempfile.TemporaryFile()  # noqa: SIM115 - closed by Running.stop
    answers, theirs = os.pipe()
    try:
        process = subprocess.Popen(
            # -P: a file named mlflow.py in the working directory is not to be imported.
            [sys.executable, "-P", "-m", "repro_tui.evidence.tracking.worker", str(theirs)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=words,
            pass_fds=(theirs,),
            env={**_DEFAULTS, **os.environ, **_ALWAYS},
            start_new_session=True,  # Ctrl+C is for us to handle.
        )
    except OSError as error:
        os.close(answers)
        words.close()
        raise ReproError(f"MLflow's process cannot be started: {error}.") from error
    finally:
        os.close(theirs)
    assert process.stdin is not None
    return Running(process, process.stdin, os.fdopen(answers, "rb"), words)
