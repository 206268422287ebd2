"""Commits of repositories on other machines, fetched into a cache of bare repositories.

The address comes from a run's tags: it is a stranger's. Git is given the one protocol of
the address and no program: no hook, no remote helper, no filter. Nobody is asked for a
password; the person's own credential helpers and SSH agent serve.
"""

import fcntl
import os
import shutil
import signal
import subprocess
from pathlib import Path

from repro_tui.errors import ReproError
from repro_tui.evidence import address
from repro_tui.evidence.safegit import configured, safe_environment
from repro_tui.rerun import masking

_TIMEOUT = 1800.0
"""Seconds after which a fetch is given up."""
_THEIRS = ("GIT_CONFIG_GLOBAL", "GIT_SSH", "GIT_SSL")
"""The person's variables that say how to reach a server."""
_OPTIONS = ("--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance")
_CONFIGURATION = {
    "credential.interactive": "false",
    "fetch.recurseSubmodules": "false",
    "gc.auto": "0",
    "maintenance.auto": "false",
    # A server that says nothing for a minute is not waited for.
    "http.lowSpeedLimit": "1",
    "http.lowSpeedTime": "60",
}


def fetch(url: str, commit: str, cache: Path) -> Path:
    """The bare repository below `cache` that holds `commit` of `url`; fetched where it must be.

    Raises ReproError, with Git's own words, where it cannot be had.
    """
    protocol = address.protocol(url)
    if protocol is None:
        raise ReproError(
            f"{url!r} is no address that Git is asked for.",
            "It takes https, http, ssh, git and host:path; clone it yourself.",
        )
    folder = address.clone(url, cache)
    if not folder.is_dir():
        _make(folder, commit)
    with (folder / "repro-tui.lock").open("a") as lock:
        # Git would refuse to fetch twice at once.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _has(folder, commit):
            _fetch(folder, protocol, url, commit)
    return folder


def _make(folder: Path, commit: str) -> None:
    """A bare repository, whole or not at all."""
    draft = folder.with_name(f".{folder.name}.{os.getpid()}")
    draft.mkdir(parents=True)
    kind = "sha256" if len(commit) == 64 else "sha1"
    try:
        git(draft, None, "init", "--quiet", "--bare", "--template=", f"--object-format={kind}")
        draft.rename(folder)
    except OSError:
        # Another job was faster.
        if not folder.is_dir():
            raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _has(folder: Path, commit: str) -> bool:
    status, _ = git(folder, None, "cat-file", "-e", f"{commit}^{{commit}}")
    return status == 0


def _fetch(folder: Path, protocol: str, url: str, commit: str) -> None:
    """Fetch the commit by its id, which most servers allow; otherwise all that there is."""
    said = ""
    for what in (
        ("--depth=1", url, f"{commit}:refs/repro-tui/{commit}"),
        (url, "+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"),
    ):
        _, said = git(folder, protocol, "fetch", *_OPTIONS, *what)
        if _has(folder, commit):
            return
    reason = said or "it is not there"
    raise ReproError(
        f"The commit {commit} cannot be fetched from {masking.url(url)}: {masking.url(reason)}.",
        "Check the address and your access.",
    )


def git(folder: Path, protocol: str | None, *arguments: str) -> tuple[int, str]:
    """Run Git in the Git folder `folder`: its exit status, and the last that it said.

    `protocol` is the one that it may use, beside https and ssh; None: it reaches nobody.
    """
    environment = {**safe_environment(*_THEIRS), **configured(_CONFIGURATION)}
    # The machine's certificates and proxies may stand there.
    del environment["GIT_CONFIG_NOSYSTEM"]
    # Beside the address' own those that the person may have put in its place (insteadOf).
    environment["GIT_ALLOW_PROTOCOL"] = f"{protocol}:https:ssh" if protocol else "none"
    environment["SSH_ASKPASS_REQUIRE"] = "force"
    environment["GIT_DIR"] = str(folder)
    process = subprocess.Popen(
        ["git", *arguments],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        # Without a terminal ssh cannot ask on it.
        start_new_session=True,
    )
    try:
        _, said = process.communicate(timeout=_TIMEOUT)
    except BaseException as error:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        if isinstance(error, subprocess.TimeoutExpired):
            return 124, f"it did not answer within {_TIMEOUT:.0f} s"
        raise
    lines = said.decode("utf-8", "replace").strip().splitlines()
    return process.returncode, "; ".join(lines[-3:])
