"""What stands below the options in a command's help: examples, exit codes, environment, files."""

from collections.abc import Mapping


def manual(**sections: Mapping[str, str]) -> str:
    """An epilog of a section for each keyword, its lines in two columns as click leaves them."""
    return "\n\n".join(_section(name, lines) for name, lines in sections.items())


def _section(name: str, lines: Mapping[str, str]) -> str:
    width = max(map(len, lines))
    title = name.replace("_", " ").capitalize()
    told = [f"  {left:<{width}}  {right}".rstrip() for left, right in lines.items()]
    return "\n".join(["\b", f"{title}:", *told])


DONE = {"0": "done", "2": "the program could not do what was asked"}
"""The exit codes of what ends in no comparison."""

OUTCOMES = {
    "0": "the outcomes are the same, or within the tolerance that was asked for",
    "1": "they differ",
    "2": "the program could not do what was asked",
    "3": "the evidence does not suffice to say",
}
"""The exit codes of a comparison."""

ENVIRONMENT = {
    "MLFLOW_TRACKING_URI": "the store, as MLflow has it",
    "REPRO_TUI_CONFIG": "the settings file, in place of the one below",
    "REPRO_TUI_THEME": "the theme, above the settings",
    "REPRO_TUI_STATE_DIR": "where jobs are kept, and what is remembered",
    "REPRO_TUI_CACHE_DIR": "where checkouts and downloads are kept",
    "NO_COLOR": "set to anything: no colours",
}

FILES = {
    "./mlflow.db, ./mlruns": "the store, where none is named",
    "~/.config/repro-tui/repro-tui.toml": "your settings: `repro-tui config --init`",
    "~/.config/repro-tui/themes/*.toml": "your own themes",
    "~/.local/state/repro-tui": "jobs, and what is remembered",
    "~/.cache/repro-tui": "checkouts and downloads",
}
"""On Linux; `repro-tui config` tells them for any system."""
