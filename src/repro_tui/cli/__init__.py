"""The command line, and the only place that wires the rest together.

One file a command. Heavy modules are imported where they are used: `--help` and the
first paint of the screen wait for nothing.
"""

from repro_tui.cli.start import main

__all__ = ["main"]
