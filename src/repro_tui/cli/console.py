"""What the commands say: stdout is data, stderr is narration."""

import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from shutil import get_terminal_size
from typing import TYPE_CHECKING, Any

import click

from repro_tui.errors import ReproError
from repro_tui.text import visible

if TYPE_CHECKING:
    from rich.table import Table

    from repro_tui.compare.model import Comparison
    from repro_tui.compare.several import Several


format_option = click.option(
    "--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True,
    help="json: for scripts.",
)  # fmt: skip


def narrate(text: str) -> None:
    click.echo(text, err=True)


def complain(error: ReproError) -> None:
    """What is wrong, and what to do about it."""
    narrate(f"error: {visible(error.message)}")
    if error.hint:
        narrate(f"hint: {visible(error.hint)}")


def progress() -> Callable[[str], None]:
    """Narrates what is being read, where somebody watches."""
    if sys.stderr.isatty():
        return lambda text: narrate(click.style(visible(text, 100), dim=True))
    return lambda _: None


def report(compared: "Comparison | Several", format_: str, full: bool, output: Path | None) -> None:
    """Write a comparison to a file, all or nothing, or to stdout."""
    from repro_tui.output import write_whole
    from repro_tui.reports.formats import written

    if output is not None:
        write_whole(output, written(compared, format_, full=full))
        narrate(f"Wrote {output}")
    elif format_ == "text" and sys.stdout.isatty():
        from repro_tui.reports.terminal import render

        print_out(render(compared, full=full))
    else:
        click.echo(written(compared, format_, full=full), nl=False)


def print_out(renderable: Any) -> None:
    """To stdout: with colour on a terminal, plain and uncut when piped."""
    from rich.console import Console

    if sys.stdout.isatty():
        Console(soft_wrap=False).print(renderable)
        return
    console = Console(width=200)
    with console.capture() as printed:
        console.print(renderable)
    click.echo("\n".join(line.rstrip() for line in printed.get().split("\n")), nl=False)


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A table of one line a row, to stdout: uncut when piped.

    rich, which decides what is cut where a terminal is too narrow, takes half a millisecond
    for a line that needs no cutting.
    """
    lines = [tuple(columns), *map(tuple, rows)]
    widths = [max(map(_width, column)) for column in zip(*lines, strict=True)]
    whole = sum(widths) + len(_GAP) * (len(widths) - 1)
    if sys.stdout.isatty() and whole > get_terminal_size().columns:
        print_out(_fitted(columns, lines[1:]))
        return
    head, *body = (_GAP.join(map(_padded, line, widths)).rstrip() for line in lines)
    click.echo("\n".join((click.style(head, bold=True), "─" * whole, *body)))


_GAP = " " * 3


def _width(cell: str) -> int:
    """Columns of the terminal that a cell takes."""
    if cell.isascii():
        return len(cell)
    from rich.cells import cell_len

    return cell_len(cell)


def _padded(cell: str, width: int) -> str:
    return cell.ljust(width) if cell.isascii() else cell + " " * (width - _width(cell))


def _fitted(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> "Table":
    """The table in the width that there is: only the last column wraps."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for column in columns:
        table.add_column(column, no_wrap=column != columns[-1])
    for row in rows:
        table.add_row(*map(Text, row))
    return table


def visible_lines(text: str) -> str:
    """A stranger's output, line by line, with nothing in it that a terminal obeys."""
    return "\n".join(visible(line) for line in text.replace("\r", "\n").split("\n"))
