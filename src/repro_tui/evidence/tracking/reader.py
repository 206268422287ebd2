"""What every reader of a tracking store offers: the one contract that all are held to."""

import re
from collections.abc import Callable, Hashable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct, field

from repro_tui.errors import ReproError
from repro_tui.evidence.model import Dataset, Experiment, History, LoggedModel, Run
from repro_tui.text import visible

if TYPE_CHECKING:
    from repro_tui.evidence.tracking.downloads import Downloads
    from repro_tui.evidence.tracking.outline import Outline

NEWEST_FIRST = ("attributes.start_time DESC",)
MAX_RESULTS = 50_000
"""The most runs that MLflow hands out in one page."""

_LATEST = re.compile(r"latest(?:~([0-9]{1,5}))?")
_RUN_ID = re.compile(r"[0-9a-zA-Z][\w-]{0,255}", re.ASCII)


class RunQuery(Struct, frozen=True):
    """Which runs, in which order, and which page of them.

    `filter` and `order_by` are in MLflow's own search syntax. As in MLflow, runs that
    the order leaves equal come newest first, then by run id.
    """

    experiment_ids: tuple[str, ...] = ()
    """Empty: all active experiments."""
    filter: str = ""
    order_by: tuple[str, ...] = NEWEST_FIRST
    max_results: int = 100
    page_token: str = ""
    """`RunPage.next_page_token` of the page before; empty: the first page."""
    include_deleted: bool = False


class RunPage(Struct, frozen=True):
    runs: tuple[Run, ...]
    next_page_token: str
    """Empty: this is the last page."""


class StoredFile(Struct, frozen=True):
    """An artifact as it is listed: nothing of it was read."""

    path: str
    """Below the location that was listed, `/` between parts."""
    size: int | None
    """Bytes; None: the store does not tell."""
    note: str = ""
    """What it is where it is no plain file: a link, a folder that cannot be read."""


class Listing(Struct, frozen=True):
    """The artifacts at one location, by path."""

    files: tuple[StoredFile, ...]
    more: bool = False
    """Whether there are more than were asked for."""


Progress = Callable[[str], None]


def silent(_: str) -> None:
    """A progress that nobody watches."""


class Fetched(Struct, frozen=True):
    """A folder on this machine with the files of an artifact location."""

    folder: Path
    left: Mapping[str, str] = field(default_factory=dict)
    """Files that are there and were not fetched, by path, and why."""


class Reader(Protocol):
    """A tracking store, read and never written.

    Every method blocks, may be called from any thread, and raises ReproError.
    """

    uri: str
    remark: str = ""
    """A sentence on how the store is read, where that is not the quick way."""

    def experiments(self) -> tuple[Experiment, ...]:
        """All experiments, the active ones first, then by experiment id."""
        ...

    def runs(self, query: RunQuery) -> RunPage:
        """One page of runs with their params, tags and last metrics, each sorted by name."""
        ...

    def outline(self, query: RunQuery) -> "Outline | None":
        """All runs of `query` in its order, whatever its page; the verdicts of the whole store.

        None: this store tells of runs only page by page.
        """
        del query
        return None

    def state(self) -> Hashable | None:
        """What is another after every write to the store, told without reading it.

        None: this store cannot tell, or not for now.
        """
        return None

    def runs_of(self, run_ids: Sequence[str]) -> tuple[Run, ...]:
        """The runs of these full ids, in any order; those that are not there are left out."""
        asked = [run_id for run_id in run_ids if _RUN_ID.fullmatch(run_id)]
        if not asked:
            return ()
        everywhere = tuple(experiment.experiment_id for experiment in self.experiments())
        names = ", ".join(f"'{run_id}'" for run_id in asked)
        query = RunQuery(
            experiment_ids=everywhere,
            filter=f"attributes.run_id IN ({names})",
            max_results=len(asked),
            include_deleted=True,
        )
        return self.runs(query).runs

    def run(self, run_id: str) -> Run:
        """The run of this full id, deleted or not."""
        ...

    def histories(self, run_id: str) -> dict[str, History]:
        """Every metric, sorted by name; points by step, timestamp, value, NaN last."""
        ...

    def datasets(self, run_id: str) -> tuple[Dataset, ...]:
        """The datasets that the run logged as inputs, sorted by name, digest, context."""
        ...

    def logged_models(self, run_id: str) -> tuple[LoggedModel, ...]:
        """The models that the run created, in the order in which they were created."""
        ...

    def fetch(
        self, artifact_uri: str, into: "Downloads", progress: Progress = silent
    ) -> Fetched | None:
        """The local folder that holds the files below `artifact_uri`.

        The folder itself where it is on this machine, else a copy that goes when `into` is
        closed. None: nothing is there. `progress` is told how much has come.
        """
        ...

    def listing(self, artifact_uri: str, most: int) -> Listing | None:
        """The files below `artifact_uri`, at most so many; none is opened, no link followed.

        None: nothing is there.
        """
        ...

    def close(self) -> None:
        """Give back what the reader holds. A later call opens it again."""
        ...

    def resolve(self, name: str) -> str:
        """The full run id that `name` stands for.

        `name` is a full id, a prefix that only one run has, `latest`, or `latest~N`:
        the run started N before the latest, over all active experiments.
        """
        if latest := _LATEST.fullmatch(name):
            return self._latest(name, int(latest[1] or 0))
        if not _RUN_ID.fullmatch(name):
            raise no_such_run(name)
        # `_` is the only character of a run id that LIKE reads as a wildcard; the
        # candidates are therefore checked again.
        everywhere = tuple(experiment.experiment_id for experiment in self.experiments())
        page = self.runs(
            RunQuery(
                experiment_ids=everywhere,
                filter=f"attributes.run_id LIKE '{name}%'",
                max_results=6,
                include_deleted=True,
            )
        )
        found = [run.run_id for run in page.runs if run.run_id.startswith(name)]
        if name in found:
            return name
        if not found:
            raise no_such_run(name)
        if len(found) > 1:
            some = ", ".join(found[:5]) + (", …" if len(found) > 5 else "")
            raise ReproError(
                f"Several runs have an id that starts with {name}: {some}.",
                "Give more characters of the id.",
            )
        return found[0]

    def _latest(self, name: str, back: int) -> str:
        page = self.runs(RunQuery(max_results=min(back + 1, MAX_RESULTS)))
        if len(page.runs) <= back:
            count = len(page.runs)
            raise ReproError(
                f"There is no run {name}: the active experiments hold {count} runs.",
                "Use a smaller number, or a run id.",
            )
        return page.runs[back].run_id


def no_such_run(run_id: str) -> ReproError:
    """What is said of a run that the store does not hold."""
    return ReproError(
        f"This store holds no run {visible(run_id, 64)}.",
        "A run is named by its id, the beginning of it, or latest: `repro-tui runs` lists them, "
        "and says which store was opened.",
    )
