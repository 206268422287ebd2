"""`repro-tui serve`: the interactive program in a browser."""

import shlex
import sys

import click

from repro_tui.cli.console import narrate
from repro_tui.cli.manual import DONE, manual
from repro_tui.cli.store import tracking_uri
from repro_tui.errors import ReproError


@click.command(
    short_help="Open the program to a browser here.",
    epilog=manual(
        examples={
            "repro-tui serve": "prints the address to open",
            "repro-tui serve --port 0": "on any port that is free",
            "ssh -L 8000:127.0.0.1:8000 HOST": "to reach it from another machine",
        },
        exit_codes=DONE,
    ),
)
@tracking_uri
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8000, show_default=True, metavar="N",
    help="0: any that is free.",
)  # fmt: skip
@click.pass_context
def serve(context: click.Context, port: int) -> None:
    """Open the interactive program to a browser on this machine.

    Prints the address, with a secret in it, and serves until Ctrl-C. It listens on
    loopback (127.0.0.1) alone. Every page that is opened is a session of its own.
    Who knows the address can do what you can, execute code too: don't pass it on.
    """
    try:
        from repro_tui.browser.server import serve as serve_program
    except ModuleNotFoundError as error:
        raise ReproError(
            f"Serving needs the package {error.name}, which is not installed.",
            "Install repro-tui[serve].",
        ) from error
    command = [sys.executable, "-m", "repro_tui"]
    if context.obj is not None:
        command += ["--tracking-uri", context.obj]

    def tell(address: str) -> None:
        click.echo(address)
        narrate("Open it in a browser. Ctrl-C ends it, and every session in it.")

    serve_program(shlex.join(command), port, tell)
