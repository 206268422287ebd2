"""The folder that a plan runs in: the checkout, and what the person asked to have in it."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from repro_tui.evidence import address
from repro_tui.evidence.repository import Repository
from repro_tui.rerun import lfs, links, remote, submodules
from repro_tui.rerun.checkout import checkout
from repro_tui.rerun.model import Plan


@contextlib.contextmanager
def workplace(plan: Plan, folder: Path, cache: Path) -> Iterator[None]:
    """`folder` holds all that `plan` runs with, until the block is left.

    A commit that the cache has lost is fetched again. Raises ReproError where something
    cannot be had; nothing is left behind then.
    """
    url = plan.repository if address.is_remote(plan.repository) else ""
    repository = remote.fetch(url, plan.commit, cache) if url else Path(plan.repository)
    with checkout(folder, repository, plan.commit, plan.patch):
        if plan.submodules:
            submodules.add(folder, repository, url, plan.commit, cache)
        if plan.lfs:
            lfs.add(folder, repository, url, plan.commit)
        if plan.links:
            source = Repository.open(repository)
            tracked = frozenset(entry.path for entry in source.tree(plan.commit))
            links.copy(source.root or repository, tracked, plan.links, folder)
        yield
