"""Where the zoo keeps what it makes, and what its processes are told of it."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

EXPERIMENT = "zoo"


@dataclass(frozen=True)
class Places:
    """The zoo's folder; everything else lies in it."""

    folder: Path

    @property
    def project(self) -> Path:
        """The Git repository that every run's code comes from."""
        return self.folder / "project"

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def raw(self) -> Path:
        """What each training wrote, by run id, before MLflow saw it."""
        return self.folder / "raw"

    @property
    def artifacts(self) -> Path:
        return self.folder / "artifacts"

    @property
    def environments(self) -> Path:
        return self.folder / "environments"

    @property
    def log(self) -> Path:
        return self.folder / "log.txt"

    @property
    def uri(self) -> str:
        return f"sqlite:///{self.folder / 'mlflow.db'}"

    def interpreter(self, environment: str) -> str:
        if not environment:
            return sys.executable
        return str(self.environments / environment / "bin" / "python")

    def variables(self) -> dict[str, str]:
        """What repro-tui, the trainings and MLflow read, the person's own settings aside."""
        settings = self.folder / "repro-tui.toml"
        settings.write_text("[jobs]\nper_device = 2\n", encoding="utf-8")
        return {
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "MLFLOW_TRACKING_URI": self.uri,
            "PYTHONDONTWRITEBYTECODE": "1",
            "REPRO_TUI_CACHE_DIR": str(self.folder / "cache"),
            "REPRO_TUI_CONFIG": str(settings),
            # Plain runs are MLflow's alone: no fingerprint is to be on them.
            "REPRO_TUI_CONTEXT": "off",
            "REPRO_TUI_STATE_DIR": str(self.folder / "state"),
            "ZOO_EXPERIMENT": EXPERIMENT,
            "ZOO_RAW": str(self.raw),
            "ZOO_SITE": os.pathsep.join(path for path in sys.path if "site-packages" in path),
        }
