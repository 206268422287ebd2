"""Which store a command works on."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from repro_tui.text import visible

if TYPE_CHECKING:
    from repro_tui.engine import Engine


def tracking_uri(function: Callable[..., Any]) -> Callable[..., Any]:
    """The option --tracking-uri, which may stand before or behind the command's name."""

    def keep(context: click.Context, _: click.Parameter, value: str | None) -> None:
        if value is not None or context.obj is None:
            context.obj = value

    return click.option(
        "--tracking-uri",
        metavar="URI",
        expose_value=False,
        callback=keep,
        help="The MLflow store. Otherwise MLFLOW_TRACKING_URI, ./mlflow.db or ./mlruns.",
    )(function)


def open_engine(context: click.Context) -> "Engine":
    """The engine on the store that the options name; closed when the command ends."""
    from repro_tui.cli.console import narrate
    from repro_tui.engine import Engine
    from repro_tui.settings import load

    engine = Engine.open(load(), context.obj, Path.cwd())
    context.call_on_close(engine.close)
    if engine.reader.remark:
        narrate(visible(engine.reader.remark))
    return engine
