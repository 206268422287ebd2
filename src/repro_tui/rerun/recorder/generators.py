"""The random number generators of a process: seeded, and who seeded them last.

`random` is seeded at once, NumPy and PyTorch just after the program has imported them;
`pytorch.py`, `tensorflow.py` and `boosting.py` attend to theirs. Code that seeds a
generator itself keeps the last word. What is replaced is entropy alone, where a program
would have asked the operating system for it:

- the state that `random`, `numpy.random` and `torch` start with;
- `numpy.random.default_rng()`, `SeedSequence()` and `RandomState()` without a seed,
  which all call `numpy.random.bit_generator.randbits`: each call site of each thread
  has a stream of its own;
- `random.seed()`, `numpy.random.seed()`, `torch.seed()` and `torch.cuda.seed()` without a
  number.

`os.urandom`, `secrets`, `uuid` and `random.Random()` are left alone: programs take
names from them that must never repeat.
"""

from __future__ import annotations

import functools
import os
import random
import sys

from . import boosting, pytorch, streams, tensorflow

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType, ModuleType
    from typing import Any

    from .lineage import Lineage

_TENSORFLOW = "tensorflow.python.ops.stateful_random_ops"
_STANDARD_LIBRARY = os.path.dirname(os.__file__) + os.sep
_SEEDLESS_PLACES = 64
# MLflow's modules that draw from `random`.
_MLFLOW = (
    "mlflow.utils.name_utils",
    "mlflow.utils.request_utils",
    "mlflow.utils.rest_utils",
    "mlflow.store.tracking.sqlalchemy_store",
    "mlflow.telemetry.client",
)


class Generators:
    """What is known of each generator, by its library's name.

    `seed` None: nothing is seeded, the calls of the program are noted all the same.
    `changed` is called when a generator is seeded from a place that did not before.
    """

    def __init__(
        self, seed: int | None, strict: bool, lineage: Lineage, changed: Callable[[], None]
    ) -> None:
        self.seed = seed
        self.strict = strict
        self._lineage = lineage
        self._changed = changed
        self.own: int | None = None
        self._entropy_replaced = False
        self._counts: dict[tuple[str, str], int] = {}
        self.sources: dict[str, dict[str, Any]] = {}
        self.seedless: dict[str, int] = {}
        """How often a generator was made without a seed, by place in the code."""

    def start(self) -> None:
        """Seed `random`."""
        self._random_seed = random.seed
        if self.seed is not None:
            self.own = streams.process_seed(self.seed, self._lineage.name)
            self._random_seed(self.own)
        self.source("random")
        _replace(random, "seed", self.watched("random", random.seed, self.entropy))

    def hooks(self) -> dict[str, Callable[[ModuleType], None]]:
        """What to do after which module was imported."""
        return {
            "numpy.random.bit_generator": self._numpy_entropy,
            "numpy.random.mtrand": self._numpy,
            **pytorch.hooks(self),
            **tensorflow.hooks(self),
            **boosting.hooks(self),
            **dict.fromkeys(_MLFLOW, self._mlflow),
        }

    def unattended(self) -> list[str]:
        """The libraries that were imported past the hooks: nothing is known of them."""
        modules = {
            "numpy": "numpy.random.mtrand",
            "torch": pytorch.RANDOM,
            "tensorflow": tensorflow.RANDOM,
            **boosting.MODULES,
        }
        return [
            name
            for name, module in modules.items()
            if module in sys.modules and name not in self.sources
        ]

    def forked(self) -> None:
        """Give a forked child its own streams, but for what the program has seeded.

        CPython itself gives the child's `random` new entropy, whoever seeded it before.
        """
        self._counts.clear()
        if self.seed is None:
            return
        self.own = streams.process_seed(self.seed, self._lineage.name)
        self._random_seed(self.own)
        self.source("random")
        if self._ours("numpy"):
            sys.modules["numpy.random.mtrand"]._rand.seed(self.own)
            self.source("numpy")
        if self._ours("torch"):
            # The CPU's generator alone: CUDA cannot be used after a fork.
            sys.modules["torch"].default_generator.manual_seed(self.own)
            self.source("torch")

    # --- NumPy -------------------------------------------------------------------

    def _numpy_entropy(self, module: Any) -> None:
        if self.seed is None:
            return
        if not hasattr(module, "randbits"):
            raise AttributeError("numpy.random.bit_generator has no randbits to replace")
        module.randbits = lambda bits: self.entropy(bits)
        self._entropy_replaced = True

    def _numpy(self, module: Any) -> None:
        if self.own is not None and not self._entropy_replaced:
            raise AttributeError("this NumPy takes its entropy from another place")
        self.source("numpy")
        self.seedless.clear()  # The import of NumPy itself made some.
        if self.own is not None:
            module._rand.seed(self.own % 2**32)
        _replace(module, "seed", self.watched("numpy", module.seed, None))

    # --- MLflow ------------------------------------------------------------------

    def _mlflow(self, module: Any) -> None:
        """Keep MLflow's own draws, such as a name for a run, out of the program's stream.

        Whether it draws a name depends on who started the run, which must not move what
        the program draws after it.
        """
        if self.seed is not None and hasattr(module, "random"):
            module.random = random.Random()  # noqa: S311 - for names, as before

    # --- Who seeded, and where ---------------------------------------------------

    def source(self, name: str) -> None:
        """Note that the generator is as this recorder left it."""
        by = "nobody" if self.own is None else "repro-tui"
        self.sources[name] = {"seeded_by": by, "seed": self.own, "where": ""}

    def _ours(self, name: str) -> bool:
        return name in self.sources and self.sources[name]["seeded_by"] == "repro-tui"

    def watched(
        self, name: str, original: Callable[..., Any], entropy: Callable[[int], int] | None
    ) -> Callable[..., Any]:
        """`original` as it is, and a note of each call.

        `entropy` stands in for the operating system's where no seed is given.
        """

        @functools.wraps(original)
        def seed(*arguments: Any, **named: Any) -> Any:
            given = arguments[0] if arguments else next(iter(named.values()), None)
            if given is None and entropy is not None and self.seed is not None:
                arguments, named = (entropy(64), *arguments[1:]), {}
            result = original(*arguments, **named)
            self.note(name, given)
            return result

        # So that pickle finds it by name where the original was a bound method.
        seed.__qualname__ = seed.__name__
        return seed

    def note(self, name: str, given: object) -> None:
        where = _where(sys._getframe(2))
        if given is None:
            by, seed = ("nobody" if self.seed is None else "repro-tui"), self.own
        else:
            by, seed = "code", _integer(given)
        before = self.sources.get(name)
        self.sources[name] = {"seeded_by": by, "seed": seed, "where": where}
        if before is None or before["where"] != where:
            self._changed()

    def entropy(self, bits: int) -> int:
        """Entropy for a generator made without a seed, from its place in the program.

        The place is module and line, never a path: a checkout lies elsewhere each time.
        """
        assert self.seed is not None
        frame = _caller(sys._getframe(1))
        place = f"{frame.f_globals.get('__name__', '')}:{frame.f_lineno}"
        thread = _thread_name()
        count = self._counts.get((place, thread), 0)
        self._counts[place, thread] = count + 1
        where = _where(frame)
        if where in self.seedless or len(self.seedless) < _SEEDLESS_PLACES:
            self.seedless[where] = self.seedless.get(where, 0) + 1
        purpose = f"{place}/{thread}/{count}"
        return streams.derive(self.seed, self._lineage.name, purpose, bits)


def _replace(module: Any, name: str, function: object) -> None:
    setattr(module, name, function)


def _thread_name() -> str:
    """The thread's name: its number differs from run to run.

    `threading.current_thread` would make an object for a thread it does not know.
    """
    threading = sys.modules.get("threading")
    thread = threading and threading._active.get(threading.get_ident())
    return thread.name if thread else "MainThread"


def _integer(given: object) -> int | None:
    try:
        return given.__index__()  # type: ignore[attr-defined, no-any-return]
    except (AttributeError, TypeError):
        return None


def _caller(frame: FrameType) -> FrameType:
    """The nearest frame outside this package and outside the generators' own modules."""
    own = __package__ or ""
    found: FrameType | None = frame
    while found is not None:
        name = str(found.f_globals.get("__name__", ""))
        if not name.startswith((own, "numpy.random", "torch.random", _TENSORFLOW)):
            return found
        found = found.f_back
    return frame


def _where(frame: FrameType) -> str:
    """`train.py:12`: the nearest place in the project's own code, else the nearest."""
    found: FrameType | None = frame
    while found is not None:
        path = found.f_code.co_filename
        if not (path.startswith((_STANDARD_LIBRARY, "<")) or "-packages" + os.sep in path):
            return f"{_below([os.getcwd(), *sys.path], path)}:{found.f_lineno}"
        found = found.f_back
    return f"{_below(sys.path, frame.f_code.co_filename)}:{frame.f_lineno}"


def _below(folders: list[str], path: str) -> str:
    """The path below the first of these folders that holds it; else the file's name."""
    path = os.path.abspath(path)
    for folder in folders:
        start = os.path.join(os.path.abspath(folder), "")
        if path.startswith(start):
            return path[len(start) :]
    return os.path.basename(path)
