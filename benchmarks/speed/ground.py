"""Where the benchmark works, how large its data are, and what its processes are told."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Size:
    """How much of everything."""

    few: int = 1_000
    """Runs in a store, and so on."""
    some: int = 10_000
    many: int = 100_000
    steps: int = 100_000
    """Points of a metric."""
    files: int = 1_000
    file_bytes: int = 2_000_000
    tensors: int = 100
    """In each of two checkpoints."""
    tensor_bytes: int = 5_000_000


FULL = Size()
SHORT = Size(
    some=2_000, many=20_000, steps=20_000, files=200, file_bytes=500_000, tensor_bytes=500_000
)


@dataclass(frozen=True, slots=True)
class Ground:
    """The benchmark's folder, and whether it is the short form that it runs."""

    folder: Path
    short: bool = False

    @property
    def size(self) -> Size:
        return SHORT if self.short else FULL

    @property
    def uri(self) -> str:
        """The store that a process would find without being told one: there is none."""
        return f"sqlite:///{self.folder / 'nowhere.db'}"

    def variables(self, tracking_uri: str = "") -> dict[str, str]:
        """The environment of every process: nothing of the person's own takes part.

        Least of all PYTHONDONTWRITEBYTECODE, with which every start compiles what it imports.
        """
        settings = self.folder / "repro-tui.toml"
        settings.touch()
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith("PYTHON")},
            "COLORTERM": "truecolor",
            "GUILD_HOME": str(self.folder / "guild"),
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "MLFLOW_TRACKING_URI": tracking_uri or self.uri,
            "PYTHONWARNINGS": "ignore",
            "REPRO_TUI_CACHE_DIR": str(self.folder / "cache"),
            "REPRO_TUI_CONFIG": str(settings),
            "REPRO_TUI_STATE_DIR": str(self.folder / "state"),
            "TERM": "xterm-256color",
        }


BIN = Path(sys.executable).parent
"""Where this environment's programs are."""
