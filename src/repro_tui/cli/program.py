"""The program and its commands."""

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module

import click

from repro_tui.cli.console import narrate
from repro_tui.cli.manual import ENVIRONMENT, FILES, OUTCOMES, manual
from repro_tui.cli.store import tracking_uri
from repro_tui.errors import ExitCode

_CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


def _version(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted and not context.resilient_parsing:
        from importlib.metadata import version

        click.echo(f"repro-tui {version('repro-tui')}")
        context.exit()


_COMMANDS = (
    "runs", "show", "diff", "rerun", "record", "jobs", "devices", "serve", "config", "completion",
    "demo",
)  # fmt: skip
"""Each is in the module of its name."""


class _Commands(Mapping[str, click.Command]):
    """The commands by name, each imported when it is looked up."""

    def __getitem__(self, name: str) -> click.Command:
        if name not in _COMMANDS:
            raise KeyError(name)
        command: click.Command = getattr(import_module(f"repro_tui.cli.{name}"), name)
        return command

    def __iter__(self) -> Iterator[str]:
        return iter(_COMMANDS)

    def __len__(self) -> int:
        return len(_COMMANDS)


class _InOurOrder(click.Group):
    """Lists commands in the order of the work."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(self.commands)


@click.group(
    cls=_InOurOrder,
    commands=_Commands(),
    context_settings=_CONTEXT,
    invoke_without_command=True,
    epilog=manual(
        examples={
            "repro-tui": "runs of the store in this folder",
            "repro-tui --tracking-uri http://host:5000": "those of a server",
            "repro-tui --theme repro-light": "in another theme, this once",
            "repro-tui diff latest~1 latest": "the two last ones compared",
        },
        exit_codes=OUTCOMES,
        environment=ENVIRONMENT,
        files=FILES,
    ),
)
@tracking_uri
@click.option("--theme", metavar="NAME", help="The theme of this session, above the settings.")
@click.option(
    "--version", is_flag=True, expose_value=False, is_eager=True, callback=_version,
    help="Show the version and exit.",
)  # fmt: skip
@click.pass_context
def program(context: click.Context, theme: str | None) -> None:
    """Can this MLflow run be reproduced, and where it can't, why not?

    Without a command it opens the interactive program on the store's runs. Runs are
    named by id, by any unique prefix of it, or as `latest`, `latest~1`.
    """
    if context.invoked_subcommand is None:
        # textual-serve stands in for the terminal, and says so.
        if not sys.stdout.isatty() and "TEXTUAL_DRIVER" not in os.environ:
            raise click.UsageError(
                f"There is no terminal to open. Use a command: {', '.join(_COMMANDS)}."
            )
        from repro_tui.cli.interactive import interact

        context.exit(interact(context.obj, theme))


def run(arguments: Sequence[str]) -> int:
    """Run what the line asks for; the exit code. Raises ReproError and BrokenPipeError."""
    try:
        code = program.main(list(arguments), prog_name="repro-tui", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return ExitCode.FAILED
    except click.Abort:
        narrate("Stopped.")
        return ExitCode.FAILED
    return int(code or 0)
