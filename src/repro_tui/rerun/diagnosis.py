"""Why a command failed, where its log shows one of the failures that re-executing brings. Pure."""

import re

TAIL = 64 << 10
"""Bytes of the log's end that are enough."""

_CAUSES = {
    r"Cannot start run with ID \S+ because active experiment ID does not match": """
        The code sets an experiment of its own (set_experiment), not the one that the original
        is in: re-execute a run of that experiment instead.""",
    r"Run with id={run_id} not found|Run '{run_id}' not found": """
        The code sets a tracking URI of its own (set_tracking_uri): the run that was made for
        it is not in that store.""",
    r"Can't locate revision identified by|Detected out-of-date database schema": """
        The MLflow of its environment does not know the schema of the store: it is too old.
        Choose an environment with this store's MLflow.""",
    r"No module named '([\w.]{1,80})'": """
        Its environment has no module '{0}': activate the project's environment, or choose
        another --env-manager.""",
    r"""(?m)^FileNotFoundError: (?:\[Errno 2\] No such file or directory: )?'?([^'\n]{1,300}?)'?"""
    r"(?: not found\.?)?$": """
        It did not find {0}: the checkout holds what was committed. If it lies in the working
        tree, ignored by Git, bring it along: --link PATH.""",
    r"version https://git-lfs\.github\.com": """
        It read a Git LFS pointer where it expected the file: ask for the files, --lfs.""",
}


def cause(log: str, run_id: str) -> str:
    """The likely cause in a sentence or two; empty: the log shows none that is known."""
    for pattern, words in _CAUSES.items():
        # MLflow's ids are hexadecimal: nothing in them has a meaning in a pattern.
        found = re.search(pattern.replace("{run_id}", run_id), log)
        if found:
            return " ".join(words.format(*found.groups()).split())
    return ""
