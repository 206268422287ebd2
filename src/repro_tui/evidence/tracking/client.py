"""The reference reader: MlflowClient, in a process of its own.

Importing MLflow takes seconds and would hold the GIL of an interactive program all
that time; and what MLflow prints must not reach our terminal.
"""

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from repro_tui.errors import ReproError
from repro_tui.evidence.model import Dataset, Experiment, History, LoggedModel, Run
from repro_tui.evidence.tracking.artifacts import list_folder, local_path
from repro_tui.evidence.tracking.reader import (
    Fetched,
    Listing,
    Progress,
    Reader,
    RunPage,
    RunQuery,
    silent,
)

if TYPE_CHECKING:
    from repro_tui.evidence.tracking.downloads import Downloads
    from repro_tui.evidence.tracking.process import Running
    from repro_tui.evidence.tracking.snapshot import Snapshot


class _EndedError(Exception):
    """The process ended before it answered. Holds its last words."""


class MlflowProcess:
    """A Python process with MLflow in it, that answers one call after another.

    It starts with the first call, or with `start`; when it dies, the call that noticed
    raises ReproError and the next one starts another. It ends with this process, however
    that ends, because its standard input then does.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: Running | None = None

    def start(self) -> None:
        """Let MLflow be imported now, without waiting for it."""
        with self._lock:
            self._started()

    def call(
        self, tracking_uri: str, function: str, *arguments: object, progress: Progress = silent
    ) -> Any:
        """What `function` of `worker.py` returns for the store at `tracking_uri`."""
        with self._lock:
            try:
                answer = self._ask((tracking_uri, function, arguments), progress)
            except _EndedError:
                # Somebody may have ended it while it was idle, and reading can be done
                # again: only a second end says something about the question.
                try:
                    answer = self._ask((tracking_uri, function, arguments), progress)
                except _EndedError as error:
                    raise ReproError(
                        f"The process that runs MLflow ended unexpectedly{error}.",
                        "Try again: a new one is started.",
                    ) from error
        if isinstance(answer, ReproError):
            raise answer
        return answer

    def download(
        self, artifact_uri: str, into: "Downloads", tracking_uri: str, progress: Progress
    ) -> Fetched | None:
        """Download all files below `artifact_uri`, whatever storage they are in."""
        place = into.place(artifact_uri)
        fetched: Fetched | None = self.call(
            tracking_uri, "download", artifact_uri, place, into.most, progress=progress
        )
        return fetched

    def listing(self, artifact_uri: str, most: int, tracking_uri: str) -> Listing | None:
        """The files below `artifact_uri` as its store lists them."""
        found: Listing | None = self.call(tracking_uri, "listing", artifact_uri, most)
        return found

    def close(self) -> None:
        """End the process. A later call starts another."""
        with self._lock:
            if self._running:
                self._stop(self._running)

    def _ask(self, question: object, progress: Progress) -> object:
        running = self._started()
        try:
            return running.ask(question, progress)
        except EOFError as error:
            raise _EndedError(self._stop(running)) from error
        except BaseException:
            # Interrupted between question and answer: the next answer would be taken
            # for that of another question.
            self._stop(running)
            raise

    def _started(self) -> "Running":
        if self._running is None:
            from repro_tui.evidence.tracking.process import start

            self._running = start()
        return self._running

    def _stop(self, running: "Running") -> str:
        self._running = None
        return running.stop()


class ClientReader(Reader):
    """Any store that MLflow supports, through MlflowClient."""

    def __init__(
        self,
        uri: str,
        process: MlflowProcess,
        snapshot: "Snapshot | None" = None,
        remark: str = "",
    ) -> None:
        """With `snapshot`, its copy is read instead of the store at `uri`."""
        self.uri = uri
        self.remark = remark
        self._process = process
        self._snapshot = snapshot

    def start(self) -> None:
        """Let MLflow be imported now, without waiting for it."""
        self._process.start()

    def experiments(self) -> tuple[Experiment, ...]:
        found: tuple[Experiment, ...] = self._call("experiments")
        return found

    def runs(self, query: RunQuery) -> RunPage:
        page: RunPage = self._call("runs", query)
        return page

    def run(self, run_id: str) -> Run:
        run: Run = self._call("run", run_id)
        return run

    def histories(self, run_id: str) -> dict[str, History]:
        histories: dict[str, History] = self._call("histories", run_id)
        return histories

    def datasets(self, run_id: str) -> tuple[Dataset, ...]:
        datasets: tuple[Dataset, ...] = self._call("datasets", run_id)
        return datasets

    def logged_models(self, run_id: str) -> tuple[LoggedModel, ...]:
        models: tuple[LoggedModel, ...] = self._call("logged_models", run_id)
        return models

    def fetch(
        self, artifact_uri: str, into: "Downloads", progress: Progress = silent
    ) -> Fetched | None:
        if local_path(artifact_uri, Path.cwd()) is None:
            return self._process.download(artifact_uri, into, self._store(), progress)
        folder = self._folder(artifact_uri)
        return None if folder is None else Fetched(folder)

    def listing(self, artifact_uri: str, most: int) -> Listing | None:
        if local_path(artifact_uri, Path.cwd()) is None:
            return self._process.listing(artifact_uri, most, self._store())
        folder = self._folder(artifact_uri)
        return None if folder is None else list_folder(folder, most)

    def _folder(self, artifact_uri: str) -> Path | None:
        """The folder of this machine that the URI names, where it is there."""
        folder = local_path(artifact_uri, Path.cwd())
        if folder is not None and folder.is_dir():
            return folder
        host = urlsplit(self.uri).hostname
        if host in (None, "localhost", "127.0.0.1", "::1"):
            return None
        raise ReproError(
            f"The artifacts lie at {folder} on the disk of the server {host}, not on this machine.",
            "Start the server with --serve-artifacts, or mount that folder here.",
        )

    def close(self) -> None:
        self._process.close()

    def _call(self, function: str, *arguments: object) -> Any:
        return self._process.call(self._store(), function, *arguments)

    def _store(self) -> str:
        return self._snapshot.uri() if self._snapshot else self.uri
