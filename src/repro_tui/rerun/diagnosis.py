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
    # PyTorch's own words; with `warn_only` it only warns.
    r"([\w .]{1,80}) does not have a deterministic implementation, but you set "
    r"'torch\.use_deterministic_algorithms\(True\)'": """
        PyTorch has no deterministic implementation of {0} on this device, and strict refuses
        every other one: choose the determinism `seed`, or another device.""",
    r"CUDA out of memory\. Tried to allocate ([\d.]{1,20} \w{1,3})\b": """
        The graphics card ran out of memory when {0} more were asked for: `repro-tui devices`
        tells what else is on it.""",
    r"No CUDA GPUs are available|Found no NVIDIA driver|Torch not compiled with CUDA enabled": """
        The code asks for a graphics card, and PyTorch sees none: it was hidden from the process
        because another device was chosen, or this PyTorch cannot use it.""",
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
