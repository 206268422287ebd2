"""Settings: flags, then `REPRO_TUI_*`, then the person's file, then `confs/`."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import platformdirs
from msgspec import Struct

from repro_tui import policies, tomlfile
from repro_tui.compare.policy import Policy
from repro_tui.errors import ReproError
from repro_tui.evidence import address
from repro_tui.layers import Layers, Setting, Source
from repro_tui.remembered import FILE, recall

_APP = "repro-tui"
N = TypeVar("N", int, float)


class Remapping(Struct, frozen=True):
    """Keys that a person gives to an action of the screen."""

    binding: str
    """The id of a key binding, or a pattern that matches several: `*.back`."""
    keys: str
    """With commas between them."""
    where: str
    """File and line."""


class Settings(Struct, frozen=True):
    """What is in force. `confs/repro-tui.toml` documents the keys one by one."""

    theme: str
    """The theme in force."""
    theme_asked: str
    """What the files say, whatever was picked in the program or is in the environment."""
    keys: tuple[Remapping, ...]
    metrics: tuple[str, ...]
    metric_columns: int
    refresh_seconds: float
    """After which the list of runs is read again; 0: never by itself."""
    policy: Policy
    repositories: Mapping[str, str]
    """Old paths and URLs of repositories, and the path or URL that each has now."""
    trusted: tuple[str, ...]
    """Repositories, paths or URLs, whose code is executed without asking."""
    variables: tuple[str, ...]
    """Environment variables that are recorded and compared."""
    look_inside: int
    download: int
    """Bytes of the largest file that is fetched from a store's artifacts."""
    text_limit: int
    jobs_per_device: int
    """How many jobs a device may hold at once; further ones wait."""
    jobs_end_with_program: bool
    """Whether jobs are cancelled when the program that submitted them is gone."""
    state: Path
    """The folder that jobs are kept in: lose it and running jobs are orphans."""
    themes: Path
    """The folder of the person's own themes, which need not be there."""
    cache: Path
    """The folder of checkouts and downloads: safe to delete when no job runs."""

    @property
    def jobs(self) -> Path:
        return self.state / "jobs"


def resource(folder: str) -> Path:
    """The project's `confs` or `themes`: inside the wheel, or the repository's own.

    hatchling's `force-include` puts them into the wheel but not into an editable
    install, which finds the top-level folders of its clone instead.
    """
    inside = Path(__file__).parent / folder
    return inside if inside.is_dir() else Path(__file__).parents[2] / folder


def user_file() -> Path:
    """Where the person's own settings are looked for."""
    named = os.environ.get("REPRO_TUI_CONFIG")
    return Path(named) if named else platformdirs.user_config_path(_APP) / "repro-tui.toml"


def read(path: Path | None = None) -> Layers:
    """The defaults with a person's file over them: `path`, or the one in its usual place.

    Raises ReproError, naming the file, where it cannot be read or is not valid TOML.
    """
    usual = user_file()
    if path is None and not usual.is_file() and "REPRO_TUI_CONFIG" in os.environ:
        raise ReproError(
            f"REPRO_TUI_CONFIG names {usual}, which is no file.", "Correct or unset it."
        )
    own = path or (usual if usual.is_file() else None)
    defaults = tomlfile.read(resource("confs") / "repro-tui.toml")
    return Layers(defaults, None if own is None else tomlfile.read(own))


def load() -> Settings:
    """Read the defaults, the person's file over them, and `REPRO_TUI_*` over both.

    Raises ReproError, naming file, line and key, where a file cannot be read or a value
    has the wrong type.
    """
    layers = read()
    for problem in layers.problems():
        raise problem
    return settle(layers)


def settle(layers: Layers) -> Settings:
    """What the layers, whose types are right, come to. Raises ReproError, naming file and line."""
    values = layers.values
    state = state_folder()
    return Settings(
        theme=worn(layers, state).value,
        theme_asked=layers.written["theme"],
        keys=tuple(_remappings(values["keys"], layers)),
        metrics=tuple(values["runs"]["metrics"]),
        metric_columns=_at_least(0, layers, "runs", "metric_columns"),
        refresh_seconds=_at_least(0, layers, "runs", "refresh_seconds"),
        policy=policies.from_settings(values["tolerance"], values["set_aside"], layers.where),
        repositories=dict(
            _moved(table, layers.where("repositories", index))
            for index, table in enumerate(values["repositories"])
        ),
        trusted=tuple(
            _place(name, "trusted_repositories", layers.where("trusted_repositories"))
            for name in values["trusted_repositories"]
        ),
        variables=tuple(values["environment"]["variables"]),
        look_inside=_at_least(0, layers, "limits", "look_inside"),
        download=_at_least(0, layers, "limits", "download"),
        text_limit=_at_least(0, layers, "limits", "text"),
        jobs_per_device=_at_least(1, layers, "jobs", "per_device"),
        jobs_end_with_program=values["jobs"]["end_with_program"],
        state=state,
        themes=themes_folder(),
        cache=cache_folder(),
    )


def worn(layers: Layers, state: Path) -> Setting:
    """The theme in force: whoever spoke last.

    A theme that was picked in the program stands until the settings name another one than
    they did then. The environment stands above both.
    """
    asked = next(setting for setting in layers.settings() if setting.name == "theme")
    picked = recall(state)
    stands = picked.theme and picked.theme_asked == layers.written["theme"]
    if asked.source is Source.ENVIRONMENT or not stands:
        return asked
    return Setting("theme", picked.theme, Source.PICKED, lambda: str(state / FILE))


def state_folder() -> Path:
    named = os.environ.get("REPRO_TUI_STATE_DIR")
    return Path(named or platformdirs.user_state_path(_APP)).absolute()


def themes_folder() -> Path:
    return user_file().parent.absolute() / "themes"


def cache_folder() -> Path:
    named = os.environ.get("REPRO_TUI_CACHE_DIR")
    return Path(named or platformdirs.user_cache_path(_APP)).absolute()


def _remappings(
    table: Mapping[str, Any], layers: Layers, under: tuple[str, ...] = ("keys",)
) -> Iterator[Remapping]:
    """The key bindings of `[keys]`, whether an id is quoted or its dot makes a table."""
    for key, value in table.items():
        place = (*under, key)
        where = layers.where(*place)
        if isinstance(value, dict):
            yield from _remappings(value, layers, place)
        elif isinstance(value, str):
            yield Remapping(".".join(place[1:]), value, where)
        else:
            raise ReproError(
                f"{where}: {'.'.join(place)} has the wrong type.",
                'Give it keys as a text, with commas between: "m,space".',
            )


def _at_least(least: N, layers: Layers, table: str, key: str) -> N:
    number: N = layers.values[table][key]
    if number < least:
        raise ReproError(
            f"{layers.where(table, key)}: {table}.{key} is {number}.", f"Give it {least} or more."
        )
    return number


def _moved(table: object, where: str) -> tuple[str, str]:
    """One of [[repositories]]: the old name and the new one."""
    if not (
        isinstance(table, dict)
        and set(table) == {"from", "to"}
        and all(isinstance(value, str) and value.strip("/") for value in table.values())
    ):
        raise ReproError(
            f"{where}: a [[repositories]] table is incomplete.",
            "Give it from and to, each the path or Git URL of a repository.",
        )
    old = table["from"].rstrip("/")
    return os.path.expanduser(old), _place(table["to"], f"repositories, from {old!r}", where)  # noqa: PTH111


def _place(name: str, setting: str, where: str) -> str:
    """A path, made absolute where it begins with `~`, or a Git URL."""
    if not name:
        raise ReproError(f"{where}: {setting} has an empty name.", "Give it paths or Git URLs.")
    if address.is_remote(name):
        return name
    place = address.local(name).expanduser()
    if not place.is_absolute():
        raise ReproError(
            f"{where}: {setting} is a relative path: {name}.", "Give it an absolute one, or a URL."
        )
    return str(place)
