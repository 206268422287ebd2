"""XGBoost and LightGBM, which start every booster from a seed that is always the same.

XGBoost's default is `seed=0`; LightGBM's are `data_random_seed=1`, `bagging_seed=3` and
so on (the parameters' pages of both). Left alone they repeat themselves, and with
another default a re-execution would leave its original: so nothing is seeded here. It
is noted whether the code gave a seed. Strict sets LightGBM's `deterministic` and
`force_row_wise` where the code sets neither: otherwise it times both layouts at the
start, takes the faster, and sums in another order.
"""

from __future__ import annotations

import functools

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import Any

    from .generators import Generators

MODULES = {"xgboost": "xgboost.core", "lightgbm": "lightgbm.basic"}

_SEEDS = ("seed", "random_state", "random_seed")
_LAYOUTS = ("deterministic", "force_row_wise", "force_col_wise")


def hooks(generators: Generators) -> dict[str, Callable[[ModuleType], None]]:
    """What to do after which module was imported."""

    def attend(name: str) -> Callable[[Any], None]:
        def hook(module: Any) -> None:
            generators.sources[name] = {"seeded_by": "library", "seed": None, "where": ""}
            module.Booster.__init__ = _watched(generators, name, module.Booster.__init__)

        return hook

    return {module: attend(name) for name, module in MODULES.items()}


def _watched(generators: Generators, name: str, original: Callable[..., None]) -> Any:
    @functools.wraps(original)
    def __init__(self: Any, params: Any = None, *arguments: Any, **named: Any) -> None:  # noqa: N807
        # XGBoost takes pairs as well as a dict.
        given = params if isinstance(params, dict) else dict(params or ())
        seeds = [given[key] for key in _SEEDS if given.get(key) is not None]
        if seeds:
            generators.note(name, seeds[0])
        if generators.strict and name == "lightgbm" and not any(key in given for key in _LAYOUTS):
            params = {**given, "deterministic": True, "force_row_wise": True}
        original(self, params, *arguments, **named)

    return __init__
