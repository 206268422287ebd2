"""The program and its commands."""

import gc
import os
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from typing import NoReturn

import click

from repro_tui.cli.console import complain, narrate
from repro_tui.cli.manual import ENVIRONMENT, FILES, OUTCOMES, manual
from repro_tui.cli.store import tracking_uri
from repro_tui.errors import ExitCode, ReproError

_CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


_GARBAGE = 100_000
"""Objects that Python lets pile up before it looks for unused ones among them.

Its own 700 suit small programs. A start makes some ninety thousand that stay, and to look
through them again and again took 6 % of the time to the first frame, 4 % of listing runs.
"""


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

        interact(context.obj, theme)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit. Bad input ends in one sentence, never in a traceback."""
    gc.set_threshold(_GARBAGE)
    if not sys.warnoptions:
        # Libraries warn of oddities in strangers' files on stderr, which belongs to the screen.
        warnings.simplefilter("ignore")
    try:
        code = program.main(arguments, prog_name="repro-tui", standalone_mode=False)
    except ReproError as error:
        complain(error)
        code = ExitCode.FAILED
    except click.ClickException as error:
        error.show()
        code = ExitCode.FAILED
    except click.Abort:
        narrate("Stopped.")
        code = ExitCode.FAILED
    except BrokenPipeError:
        # Whoever read our output has seen enough. Python would complain once more
        # when it flushes stdout at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = ExitCode.FAILED
    sys.exit(int(code or 0))
