"""`python -m repro_tui` is `repro-tui`."""

from repro_tui.cli import main

main()
