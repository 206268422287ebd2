"""What a shell completes: runs, experiments, devices and jobs; and the script that asks for it.

A key that is pressed in a shell must neither wait nor print: where a store would take
seconds to read, or cannot be read at all, nothing is offered.
"""

import contextlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem, get_completion_class

from repro_tui.errors import ReproError
from repro_tui.text import visible

if TYPE_CHECKING:
    from repro_tui.evidence.tracking import Reader

_MOST = 50
"""Runs that are offered: the newest that fit."""
_VARIABLE = "_REPRO_TUI_COMPLETE"
"""By which click tells that a shell asks."""


class Completed(click.ParamType[str]):
    """A text for which a shell is offered what `offer` finds for the word begun."""

    def __init__(
        self, name: str, offer: Callable[[click.Context, str], Iterable[CompletionItem]]
    ) -> None:
        self.name = name
        self._offer = offer

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        del param
        offered: list[CompletionItem] = []
        with contextlib.suppress(ReproError, OSError):
            # What came before a failure stays. Items are lines to a shell: a name that would
            # break one is not offered.
            offered.extend(
                item
                for item in self._offer(ctx, incomplete)
                if item.value.startswith(incomplete) and item.value.isprintable()
            )
        return offered


def _runs(context: click.Context, incomplete: str) -> Iterator[CompletionItem]:
    from repro_tui.evidence.tracking import RunQuery

    yield CompletionItem("latest", help="the run started last")
    begun = f"attributes.run_id LIKE '{incomplete}%'" if incomplete.isalnum() else ""
    with _quick_reader(context) as reader:
        if reader is not None:
            for run in reader.runs(RunQuery(filter=begun, max_results=_MOST)).runs:
                told = f"{run.name}, {run.status.lower()}"
                yield CompletionItem(run.run_id, help=visible(told, 60))


def _experiments(context: click.Context, _: str) -> Iterator[CompletionItem]:
    with _quick_reader(context) as reader:
        if reader is not None:
            yield from (CompletionItem(one.name) for one in reader.experiments())


@contextlib.contextmanager
def _quick_reader(context: click.Context) -> "Iterator[Reader | None]":
    """The store's reader, unless it needs MLflow, which takes seconds to be imported."""
    from repro_tui.evidence.tracking import discover, open_reader
    from repro_tui.evidence.tracking.client import ClientReader
    from repro_tui.settings import load

    reader = open_reader(discover(context.obj, Path.cwd()).uri, load().cache)
    with contextlib.closing(reader):
        yield None if isinstance(reader, ClientReader) else reader


def _devices(_: click.Context, __: str) -> Iterator[CompletionItem]:
    from repro_tui.rerun.devices import devices

    return (CompletionItem(one.name, help=visible(one.description, 60)) for one in devices())


def _jobs(_: click.Context, __: str) -> Iterator[CompletionItem]:
    from repro_tui.rerun.jobs import jobs
    from repro_tui.settings import load

    yield CompletionItem("latest", help="the job submitted last")
    for job in jobs(load()):
        yield CompletionItem(job.job_id, help=visible(f"{job.plan.run_name}, {job.state}", 60))


def _presets(_: click.Context, __: str) -> Iterator[CompletionItem]:
    from repro_tui.rerun.presets import load

    return (CompletionItem(one.name, help=visible(one.why, 60)) for one in load())


RUN = Completed("run", _runs)
EXPERIMENT = Completed("experiment", _experiments)
DEVICE = Completed("device", _devices)
JOB = Completed("job", _jobs)
PRESET = Completed("preset", _presets)


@click.command(short_help="Print the script for a shell's completion.")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the script by which a shell completes commands, options and run ids.

    \b
    bash, in ~/.bashrc:                   eval "$(repro-tui completion bash)"
    zsh, in ~/.zshrc:                     eval "$(repro-tui completion zsh)"
    fish, in ~/.config/fish/config.fish:  repro-tui completion fish | source
    """
    kind = get_completion_class(shell)
    assert kind is not None
    click.echo(kind(context.find_root().command, {}, "repro-tui", _VARIABLE).source())
