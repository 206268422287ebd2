"""Where the program starts: on the screen at once, or in one of its commands."""

import gc
import os
import sys
import warnings
from collections.abc import Sequence
from typing import NoReturn

from repro_tui.errors import ExitCode, ReproError

_GARBAGE = 100_000
"""Objects that Python lets pile up before it looks for unused ones among them.

Its own 700 suit small programs. A start makes some ninety thousand that stay, and to look
through them again and again took 6 % of the time to the first frame, 4 % of listing runs.
"""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit. Bad input ends in one sentence, never in a traceback."""
    gc.set_threshold(_GARBAGE)
    if not sys.warnoptions:
        # Libraries warn of oddities in strangers' files on stderr, which belongs to the screen.
        warnings.simplefilter("ignore")
    code: int = ExitCode.FAILED
    try:
        code = _run(sys.argv[1:] if arguments is None else arguments)
    except ReproError as error:
        from repro_tui.cli.console import complain

        complain(error)
    except BrokenPipeError:
        # Whoever read our output has seen enough. Python would complain once more
        # when it flushes stdout at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
    sys.exit(code)


def _run(arguments: Sequence[str]) -> int:
    if arguments or not sys.stdout.isatty():
        from repro_tui.cli.program import run

        return run(arguments)
    # There is nothing to parse, and the parser takes 9 ms to import.
    from repro_tui.cli.interactive import interact

    return interact()
