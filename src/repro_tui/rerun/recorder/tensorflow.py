"""TensorFlow's generators, and with them those of Keras.

The global seed is set just after TensorFlow was imported: operations without a seed of
their own derive theirs from it (tf.random.set_seed). Keras 3 takes its seeds from
`random`, which is seeded already. `tf.random.Generator.from_non_deterministic_state`,
and with it the global generator, asks the operating system: eager calls are answered
from a stream. Strict enables op determinism, under which TensorFlow itself refuses them.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import Any

    from .generators import Generators

RANDOM = "tensorflow.python.framework.random_seed"


def hooks(generators: Generators) -> dict[str, Callable[[ModuleType], None]]:
    """What to do after which module was imported."""
    set_seed: list[Callable[[int], None]] = []

    def random_seed(module: Any) -> None:
        generators.source("tensorflow")
        set_seed.append(module.set_seed)
        module.set_seed = generators.watched("tensorflow", module.set_seed, None)

    def entropy(module: Any) -> None:
        if generators.seed is not None:
            module.non_deterministic_ints = _ints(generators, module)

    def complete(module: Any) -> None:
        if generators.own is not None:
            set_seed[0](generators.own)
        if generators.strict:
            module.config.experimental.enable_op_determinism()

    return {
        RANDOM: random_seed,
        "tensorflow.python.ops.stateful_random_ops": entropy,
        "tensorflow": complete,
    }


def _ints(generators: Generators, module: Any) -> Callable[..., Any]:
    original = module.non_deterministic_ints

    def non_deterministic_ints(shape: Any, dtype: Any = module.dtypes.int64) -> Any:
        drawn = original(shape=shape, dtype=dtype)
        # In a graph the numbers would be drawn once and stay the same in every call.
        if not hasattr(drawn, "numpy"):
            return drawn
        array = drawn.numpy()
        for index in range(array.size):
            array.flat[index] = generators.entropy(63)
        return module.ops.convert_to_tensor(array)

    return non_deterministic_ints
