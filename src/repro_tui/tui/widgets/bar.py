"""The line on top of a screen; at its end, how many re-executions are under way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import events
from textual.content import Content
from textual.widgets import Static

from repro_tui.tui.house import house

if TYPE_CHECKING:
    from repro_tui.rerun.model import Job


def under_way(jobs: tuple[Job, ...]) -> Content:
    """`▶ 2 running, 1 queued`; empty where nothing is under way."""
    if not jobs:
        return Content("")
    from repro_tui.rerun.model import JobState  # the first frame knows of no jobs

    queued = sum(job.state is JobState.QUEUED for job in jobs)
    running = sum(not job.state.ended for job in jobs) - queued
    parts = [f"{count} {what}" for count, what in ((running, "running"), (queued, "queued"))
             if count]  # fmt: skip
    if not parts:
        return Content("")
    return Content.styled(f"{'▶' if running else '⋯'} {', '.join(parts)}", "$text-accent")


class TopBar(Static):
    """What `update` was given, cut so that the jobs have room. A click on them shows them."""

    def __init__(self, content: Content | None = None) -> None:
        super().__init__(content or Content(""), classes="bar")

    def on_mount(self) -> None:
        self.watch(self.app, "jobs", self._jobs_changed)

    def _jobs_changed(self) -> None:
        self.refresh()

    def render(self) -> Content:
        said = self.content if isinstance(self.content, Content) else Content("")
        jobs = under_way(house(self).jobs)
        if not jobs:
            return said
        room = max(self.content_size.width - jobs.cell_length - 2, 0)
        return said.truncate(room, ellipsis=True, pad=True) + Content("  ") + jobs

    async def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        width = under_way(house(self).jobs).cell_length
        if offset is not None and width and offset.x >= self.content_size.width - width:
            await self.run_action("app.jobs")
