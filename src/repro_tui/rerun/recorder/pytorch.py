"""PyTorch's generators, of the CPU and of every card, and its switches under strict.

`torch.manual_seed` seeds them all. Cards whose generators were seeded by themselves, by
`torch.cuda.manual_seed`, are noted as `torch.cuda` until it is called again.
"""

from __future__ import annotations

import functools
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import Any

    from .generators import Generators

RANDOM = "torch.random"

_CARDS = "torch.cuda"


def hooks(generators: Generators) -> dict[str, Callable[[ModuleType], None]]:
    """What to do after which module was imported."""
    manual_seed: list[Callable[[int], object]] = []

    def random(module: Any) -> None:
        generators.source("torch")
        manual_seed.append(module.manual_seed)
        if generators.own is not None:
            module.default_generator.manual_seed(generators.own)
        module.seed = _reseed(generators, "torch", module.seed, module.manual_seed)
        module.manual_seed = generators.watched("torch", module.manual_seed, None)

    def cards(module: Any) -> None:
        for seed, number in (("seed", "manual_seed"), ("seed_all", "manual_seed_all")):
            original = getattr(module, number)
            setattr(module, seed, _reseed(generators, _CARDS, getattr(module, seed), original))
            setattr(module, number, _by_themselves(generators, original))

    def complete(module: Any) -> None:
        if generators.own is not None:
            # All devices; those that have not started yet are seeded when they do.
            manual_seed[0](generators.own)
        if generators.strict:
            _enforce(module)

    return {RANDOM: random, "torch.cuda.random": cards, "torch": complete}


def _reseed(
    generators: Generators,
    name: str,
    original: Callable[[], Any],
    manual_seed: Callable[[int], object],
) -> Callable[[], Any]:
    """Seeding without a number, whose entropy is the recorder's."""

    @functools.wraps(original)
    def seed() -> Any:
        if generators.seed is None:
            drawn = original()
        else:
            number = generators.entropy(63)
            manual_seed(number)
            # On cards nothing is returned.
            drawn = number if name == "torch" else None
        generators.note(name, None)
        return drawn

    return seed


def _by_themselves(generators: Generators, original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def seed(*arguments: Any, **named: Any) -> Any:
        result = original(*arguments, **named)
        if sys._getframe(1).f_globals.get("__name__") == RANDOM:
            # `torch.manual_seed`: of the cards there is nothing to be told beside it.
            generators.sources.pop(_CARDS, None)
        else:
            given = arguments[0] if arguments else next(iter(named.values()), None)
            generators.note(_CARDS, given)
        return result

    # So that pickle finds it by name, as in `Generators.watched`.
    seed.__qualname__ = seed.__name__
    return seed


def _enforce(torch: Any) -> None:
    """Deterministic algorithms."""
    cudnn = torch.backends.cudnn
    cudnn.deterministic = True
    cudnn.benchmark = False
    # Code that switches it on all the same would choose, by the clock, among algorithms
    # that each repeat themselves; of one there is nothing to choose.
    cudnn.benchmark_limit = 1
    # torch.use_deterministic_algorithms is this call behind an import of the compiler's
    # configuration that takes 1.5 s.
    cheap = getattr(torch._C, "_set_deterministic_algorithms", None)
    if cheap is None:
        torch.use_deterministic_algorithms(True)
    else:
        cheap(True, warn_only=False)
