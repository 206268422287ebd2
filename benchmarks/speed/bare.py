"""A bare Textual application with a table: `python bare.py [ROWS]`."""

import sys

from textual.app import App, ComposeResult
from textual.widgets import DataTable

COLUMNS = ("started", "run", "status", "took", "commit", *(f"metric_{n}" for n in range(5)))


class Bare(App[None]):
    def __init__(self, rows: int) -> None:
        super().__init__()
        self._rows = rows

    def compose(self) -> ComposeResult:
        table: DataTable[str] = DataTable(cursor_type="row")
        table.add_columns(*COLUMNS)
        for number in range(self._rows):
            table.add_row(
                "09-21 14:13", f"run-{number:06}", "FINISHED", "1:00", "01234567",
                *(f"{number / (n + 7):.6g}" for n in range(5)),
            )  # fmt: skip
        yield table


if __name__ == "__main__":
    Bare(int(sys.argv[1]) if len(sys.argv) > 1 else 0).run()
