"""The list of re-executions."""

from collections.abc import Hashable
from typing import ClassVar

from textual.binding import Binding, BindingType

from repro_tui.rerun.model import Job
from repro_tui.tui.widgets.table import Table


class JobTable(Table[Job]):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "Compare", show=False, id="jobs.open")
    ]

    def identity(self, row: Job) -> Hashable:
        return row.job_id
