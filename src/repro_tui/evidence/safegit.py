"""What Git is started with over a repository of somebody else's: it runs no program of that.

A repository's configuration and attributes can name programs: hooks, fsmonitor, clean
filters, diff drivers, transports. The variables here override them, and whoever starts Git
lays its own needs over them.
"""

import os
from collections.abc import Mapping

SAFE_CONFIGURATION = {
    "core.fsmonitor": "false",
    "core.hooksPath": os.devnull,
    "core.safecrlf": "false",
    "core.splitIndex": "false",
    "core.untrackedCache": "false",
    "core.quotePath": "true",
}
FILTER_NAMES = ("config", "-z", "--name-only", "--get-regexp", r"^filter\.")
"""Git's arguments that list what is configured of filters, for `unfiltered`."""


def configured(options: Mapping[str, str]) -> dict[str, str]:
    """The environment that lays `options`, and what is safe, over every configuration file."""
    laid = {**SAFE_CONFIGURATION, **options}
    variables = {"GIT_CONFIG_COUNT": str(len(laid)), "GIT_CONFIG_PARAMETERS": ""}
    for number, (key, value) in enumerate(laid.items()):
        variables[f"GIT_CONFIG_KEY_{number}"] = key
        variables[f"GIT_CONFIG_VALUE_{number}"] = value
    return variables


def unfiltered(names: bytes) -> dict[str, str]:
    """The environment without the filters that `FILTER_NAMES` lists: programs, all of them."""
    return configured({
        os.fsdecode(name): "false" if name.endswith(b".required") else ""
        for name in names.split(b"\0")[:-1]
    })  # fmt: skip


_SAFE: Mapping[str, str] = {
    **configured({}),
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "false",
    "SSH_ASKPASS": "false",
    "GIT_PAGER": "cat",
}
"""Under these Git runs no program of a repository, asks nobody and reaches no remote. Whoever
needs a transport overrides `GIT_ALLOW_PROTOCOL`."""


def safe_environment(*kept: str) -> dict[str, str]:
    """This process' environment, made safe for Git.

    Git's own variables are left out, but those that begin with one of `kept`: whoever starts
    us may have set some (Git does, for its hooks), and a GIT_DIR or GIT_INDEX_FILE of theirs
    would lead into another repository than the one that is asked for.
    """
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("GIT_") or name.startswith(kept)
    }
    return {**inherited, **_SAFE}
