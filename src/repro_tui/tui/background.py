"""Blocking work off the event loop: a thread calls a plain function, a message comes back."""

from collections.abc import Callable
from dataclasses import dataclass

from textual.dom import DOMNode
from textual.message import Message
from textual.worker import Worker, get_current_worker

from repro_tui.errors import ReproError
from repro_tui.evidence.tracking.reader import Progress


@dataclass
class Progressed(Message):
    """What the work of that group is doing now."""

    group: str
    text: str


@dataclass
class Failed(Message):
    """The work of that group could not be done."""

    group: str
    error: ReproError


class _CancelledError(Exception):
    """Raised inside the work when nobody waits for it any more."""


def start(node: DOMNode, group: str, work: Callable[[Progress], Message | None]) -> Worker[None]:
    """Call `work` in a thread and post the message that it returns, if any, to `node`.

    Newer work of a group takes the place of older. Work that is cancelled, also by the
    end of its screen, stops at its next word of progress and posts nothing.
    """

    def call() -> None:
        worker = get_current_worker()

        def progress(text: str) -> None:
            if worker.is_cancelled:
                raise _CancelledError
            node.post_message(Progressed(group, text))

        try:
            message = work(progress)
        except ReproError as error:
            message = Failed(group, error)
        except _CancelledError:
            return
        if message is not None and not worker.is_cancelled:
            node.post_message(message)

    return node.run_worker(call, group=group, thread=True, exclusive=True, name=group)
