"""What names a repository: a path on this machine, or the address of another one."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://|[^/]+:")
# `ext::…` and its like name a program, not an address.
_URL = re.compile(r"(https?|ssh|git)://[A-Za-z0-9\[][^\s\x00-\x1f\x7f]*")
_SCP = re.compile(r"([\w.-]+@)?\w[\w.-]*:(?!:|//)[^\s\x00-\x1f\x7f]+", re.ASCII)


def split(name: str) -> tuple[str, str]:
    """The repository and the folder inside it, which MLflow writes behind `#`."""
    place, _, folder = name.partition("#")
    return place, folder


def is_remote(name: str) -> bool:
    """Whether Git would ask another machine: a scheme, or `host:path` as scp has it."""
    return not name.startswith("file://") and _SCHEME.match(name) is not None


def protocol(url: str) -> str | None:
    """The one protocol that Git needs for the address; None: it is none that Git is asked for.

    Plain `http` and `git` are among them: a commit's id says what is in it, whoever
    sends it. Of an address like `host:path` the protocol is `ssh`.
    """
    if match := _URL.fullmatch(url):
        return match[1]
    return "ssh" if _SCP.fullmatch(url) and not url.startswith("-") else None


def local(name: str) -> Path:
    """The path that a name gives which is not remote."""
    place, _ = split(name)
    if place.startswith("file://"):
        # MLflow writes paths into these as they are; others quote them.
        path = place.removeprefix("file://")
        return Path(path if os.path.exists(path) else unquote(path))  # noqa: PTH110 - never raises
    return Path(place)


def moved(name: str, places: Mapping[str, str]) -> str:
    """The name as it is now: the longest of `places` that it begins with is replaced.

    Whole folders only: `/old/a` stands for `/old/a/b` and `/old/a#b`, not for `/old/ab`.
    """
    plain = name.removeprefix("file://")
    for old in sorted(places, key=len, reverse=True):
        start = old.removeprefix("file://")
        rest = plain[len(start) :]
        if plain.startswith(start) and (not rest or rest[0] in "/#" or start[-1] in "/:"):
            return places[old] + rest
    return name


def clone(url: str, cache: Path) -> Path:
    """The bare repository below `cache` that keeps what was fetched from `url`."""
    import hashlib  # with OpenSSL, and every command imports this module

    return cache / "repositories" / hashlib.sha256(url.encode()).hexdigest()[:16]
