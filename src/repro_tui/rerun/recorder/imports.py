"""Acting on a module just after it has been imported, without importing it."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType

    Hook = Callable[[ModuleType], None]


class AfterImport:
    """A finder that finds nothing by itself: it attends to the others' finds.

    Stands first on `sys.meta_path`. The module that comes of it, its spec and its
    loader are those of the finder that found it; only the loader's `exec_module` is
    shadowed, until it has run.
    """

    def __init__(self, hooks: dict[str, Hook], paths_complete: Callable[[], None]) -> None:
        self._hooks = hooks
        self._paths_complete = paths_complete
        self._finding: set[str] = set()

    def install(self) -> None:
        """Attend from now on. Hooks of what is loaded already run at once."""
        for name in [name for name in self._hooks if name in sys.modules]:
            self._hooks.pop(name)(sys.modules[name])
        sys.meta_path.insert(0, self)

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name == "sitecustomize":
            # `site` looks for it last of all, once sys.path is complete.
            self._paths_complete()
        if name not in self._hooks or name in self._finding:
            return None
        self._finding.add(name)  # Another finder of this kind would ask us again.
        try:
            for finder in sys.meta_path:
                find = None if finder is self else getattr(finder, "find_spec", None)
                spec = None if find is None else find(name, path, target)
                if spec is not None:
                    self._attend(name, spec.loader)
                    return spec  # type: ignore[no-any-return]
        finally:
            self._finding.discard(name)
        return None

    def _attend(self, name: str, loader: object) -> None:
        original = getattr(loader, "exec_module", None)
        if original is None:
            return

        def exec_module(module: ModuleType) -> None:
            vars(loader).pop("exec_module", None)
            original(module)
            hook = self._hooks.pop(name, None)
            if hook is not None:
                hook(module)

        # A loader that is a class, or has slots, goes its way unattended;
        # `Generators.unattended` tells of it.
        if hasattr(loader, "__dict__") and not isinstance(loader, type):
            loader.exec_module = exec_module  # type: ignore[attr-defined]
