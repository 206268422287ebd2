"""The streams of randomness that a seed gives rise to, version 1. Pure.

Every process has a lineage: `0` for the first, `0.2` for its second child, `0.2.1` for
that one's first. The process `0` starts its generators from the seed itself, as a
person who writes `torch.manual_seed(seed)` would; every other process from numbers
derived from seed and lineage, so that no two processes draw the same. What else needs
entropy (`numpy.random.default_rng()` without a seed) derives it from its purpose too.

To change how a number is derived changes every result at the same seed: give it a new
VERSION then.
"""

from __future__ import annotations

import random

VERSION = "v1"
ROOT = "0"

# The class as it was before anybody could have replaced it.
_Random = random.Random


def derive(seed: int, lineage: str, purpose: str, bits: int) -> int:
    """A number of `bits` bits.

    Seeding the Mersenne Twister from a text takes its SHA-512 in
    (https://docs.python.org/3/library/random.html#random.seed, version 2), the same in
    every CPython since 3.2.
    """
    return _Random(f"repro-tui/{VERSION}/{seed}/{lineage}/{purpose}").getrandbits(bits)


def process_seed(seed: int, lineage: str) -> int:
    """The seed of one process' generators."""
    return seed if lineage == ROOT else derive(seed, lineage, "process", 32)
