"""What the commands say: stdout is data, stderr is narration."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from repro_tui.errors import ReproError
from repro_tui.text import visible

if TYPE_CHECKING:
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

    console = Console(soft_wrap=False) if sys.stdout.isatty() else Console(width=200)
    console.print(renderable)


def visible_lines(text: str) -> str:
    """A stranger's output, line by line, with nothing in it that a terminal obeys."""
    return "\n".join(visible(line) for line in text.replace("\r", "\n").split("\n"))
