"""Settings: flags, then `REPRO_TUI_*`, then the person's file, then `confs/`."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs
import tomli

from repro_tui import policies
from repro_tui.compare.policy import BY_DTYPE, Policy
from repro_tui.errors import ReproError
from repro_tui.evidence import address

_APP = "repro-tui"


@dataclass(frozen=True, slots=True)
class Settings:
    """What is in force. `confs/repro-tui.toml` documents the keys one by one."""

    theme: str
    metrics: tuple[str, ...]
    metric_columns: int
    policy: Policy
    repositories: Mapping[str, str]
    """Old paths and URLs of repositories, and the path or URL that each has now."""
    trusted: tuple[str, ...]
    """Repositories, paths or URLs, whose code is executed without asking."""
    variables: tuple[str, ...]
    """Environment variables that are recorded and compared."""
    look_inside: int
    text_limit: int
    jobs_per_device: int
    """How many jobs a device may hold at once; further ones wait."""
    jobs_end_with_program: bool
    """Whether jobs are cancelled when the program that submitted them is gone."""
    state: Path
    """The folder that jobs are kept in: lose it and running jobs are orphans."""
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


def load() -> Settings:
    """Read the defaults, the person's file over them, and `REPRO_TUI_*` over both.

    Raises ReproError, naming file and key, where a file cannot be read or a value has
    the wrong type.
    """
    defaults = _read(resource("confs") / "repro-tui.toml")
    path = user_file()
    if path.is_file():
        values = _merge(defaults, _read(path), path)
    elif "REPRO_TUI_CONFIG" in os.environ:
        raise ReproError(
            f"REPRO_TUI_CONFIG names {path}, which is no file.", "Correct or unset it."
        )
    else:
        values = defaults
    trusted = values["trusted_repositories"]
    return Settings(
        theme=os.environ.get("REPRO_TUI_THEME") or values["theme"],
        metrics=tuple(values["runs"]["metrics"]),
        metric_columns=values["runs"]["metric_columns"],
        policy=policies.from_settings(values["tolerance"], values["set_aside"], path),
        repositories=dict(_moved(table, path) for table in values["repositories"]),
        trusted=tuple(_place(name, "trusted_repositories", path) for name in trusted),
        variables=tuple(values["environment"]["variables"]),
        look_inside=values["limits"]["look_inside"],
        text_limit=values["limits"]["text"],
        jobs_per_device=_at_least_one(values["jobs"]["per_device"], "jobs.per_device", path),
        jobs_end_with_program=values["jobs"]["end_with_program"],
        state=Path(
            os.environ.get("REPRO_TUI_STATE_DIR") or platformdirs.user_state_path(_APP)
        ).absolute(),
        cache=Path(
            os.environ.get("REPRO_TUI_CACHE_DIR") or platformdirs.user_cache_path(_APP)
        ).absolute(),
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomli.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ReproError(f"{path} cannot be read: {error}.") from error
    except tomli.TOMLDecodeError as error:
        raise ReproError(f"{path} is not valid TOML: {error}.", "Correct that line.") from error


def _merge(
    defaults: Mapping[str, Any], own: Mapping[str, Any], path: Path, under: str = ""
) -> dict[str, Any]:
    """`own` over `defaults`, table by table. Rules to set aside are added, not replaced."""
    merged = dict(defaults)
    for key, value in own.items():
        name = f"{under}{key}"
        if key not in defaults:
            known = ", ".join(sorted(defaults))
            raise ReproError(f"{path}: no setting is named {name}.", f"There are: {known}.")
        default = defaults[key]
        if isinstance(default, float) and type(value) is int:
            value = float(value)
        by_dtype = name in ("tolerance.rtol", "tolerance.atol") and value == BY_DTYPE
        if type(value) is not type(default) and not by_dtype:
            wanted = type(default).__name__
            raise ReproError(f"{path}: {name} has the wrong type.", f"Give it a {wanted}.")
        if isinstance(default, dict):
            merged[key] = _merge(default, value, path, f"{name}.")
        elif name == "set_aside":
            merged[key] = [*default, *value]
        else:
            merged[key] = value
    return merged


def _at_least_one(number: int, name: str, path: Path) -> int:
    if number < 1:
        raise ReproError(f"{path}: {name} is {number}.", "Give it 1 or more.")
    return number


def _moved(table: object, path: Path) -> tuple[str, str]:
    """One of [[repositories]]: the old name and the new one."""
    if not (
        isinstance(table, dict)
        and set(table) == {"from", "to"}
        and all(isinstance(value, str) and value.strip("/") for value in table.values())
    ):
        raise ReproError(
            f"{path}: a [[repositories]] table is incomplete.",
            "Give it from and to, each the path or Git URL of a repository.",
        )
    old = table["from"].rstrip("/")
    return os.path.expanduser(old), _place(table["to"], f"repositories, from {old!r}", path)  # noqa: PTH111


def _place(name: object, setting: str, path: Path) -> str:
    """A path, made absolute where it begins with `~`, or a Git URL."""
    if not isinstance(name, str) or not name:
        raise ReproError(f"{path}: {setting} has the wrong type.", "Give it paths or Git URLs.")
    if address.is_remote(name):
        return name
    place = address.local(name).expanduser()
    if not place.is_absolute():
        raise ReproError(
            f"{path}: {setting} is a relative path: {name}.", "Give it an absolute one, or a URL."
        )
    return str(place)
