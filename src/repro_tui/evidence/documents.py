"""Structured text from strangers: JSON, TOML and YAML, and what stands where in them.

Loading raises nothing but ReproError, makes no objects but the format's plain ones, and
cannot be made to grow beyond its input. What is absent reads as empty; what is of
another type than expected is an error that names the place.
"""

import json
from typing import cast

import tomli
import yaml

from repro_tui.errors import ReproError

_DEPTH = 64
"""How deep sequences and tables may be nested; nothing that is read here needs six."""

# The loaders that know no types: `python: 3.10` is not the number 3.1, and an MD5 of
# digits around an `e` is no float. libyaml's is many times faster, where it is built in.
_YAML_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


def load_json(text: str) -> object:
    """Any JSON value."""
    try:
        return cast("object", json.loads(text))
    except RecursionError as error:
        raise ReproError("It is nested too deeply to be read.") from error
    except ValueError as error:
        raise ReproError(f"It is not valid JSON: {error}.") from error


def load_toml(text: str) -> dict[str, object]:
    """A TOML document."""
    try:
        return tomli.loads(text)
    except RecursionError as error:
        raise ReproError("It is nested too deeply to be read.") from error
    except ValueError as error:
        raise ReproError(f"It is not valid TOML: {error}.") from error


def load_yaml(text: str) -> object:
    """One YAML document, in which every scalar is the string that was written.

    Aliases are refused: with a few of them, a small text stands for gigabytes.
    """
    try:
        depth = 0
        for event in yaml.parse(text, Loader=_YAML_LOADER):
            if isinstance(event, yaml.AliasEvent):
                raise ReproError("It has YAML aliases, which are not followed.")
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
            if depth > _DEPTH:
                raise ReproError("It is nested too deeply to be read.")
        # The loader is one of the two above.
        return cast("object", yaml.load(text, Loader=_YAML_LOADER))  # noqa: S506
    except (yaml.YAMLError, ValueError) as error:
        said = " ".join(str(error).split())
        raise ReproError(f"It is not valid YAML: {said}.") from error


def mapping(value: object, where: str) -> dict[str, object]:
    """A table; empty where it is absent."""
    if value is None or value == "":
        return {}
    if not isinstance(value, dict):
        raise ReproError(f"{where} is no table.")
    return value


def sequence(value: object, where: str) -> list[object]:
    """A list; empty where it is absent."""
    if value is None or value == "":
        return []
    if not isinstance(value, list):
        raise ReproError(f"{where} is no list.")
    return value


def string(value: object, where: str) -> str:
    """A string; empty where it is absent."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ReproError(f"{where} is no string.")
    return value


def tables(value: object, where: str) -> list[dict[str, object]]:
    """A list of tables; empty where it is absent."""
    return [mapping(item, where) for item in sequence(value, where)]
