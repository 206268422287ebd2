"""Which files of a working tree are source, by their paths."""

from fnmatch import fnmatch
from pathlib import PurePosixPath

# As in .gitignore: MLflow's stores and Python's caches are no source, and `.env` files
# hold secrets.
LEFT_OUT = (
    "mlruns/", "mlartifacts/", "mlflow.db", "mlflow.db-*", "__pycache__/", ".env", ".env.*",
)  # fmt: skip


def is_source(path: str) -> bool:
    """Whether a new file, by its path from the repository's top, counts as a change."""
    return not any(
        fnmatch(part, pattern.rstrip("/"))
        for part in PurePosixPath(path).parts
        for pattern in LEFT_OUT
    )
