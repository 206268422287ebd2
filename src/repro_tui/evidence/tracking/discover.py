"""Which tracking store to open: found as MLflow finds it, without importing MLflow."""

import os
import re
from pathlib import Path

from msgspec import Struct

from repro_tui.errors import ReproError
from repro_tui.evidence.tracking.artifacts import local_path

_SQLITE = "sqlite:///"
# As SQLAlchemy reads it: a password ends at an @, and may hold a slash.
_CREDENTIALS = re.compile(r"(?<=://)(?:[^/:@\s]*:[^@\s]*|[^/@\s]+)@")
_OPTIONS = re.compile(r"(://[^\s?]*)\?\S*")


class StoreLocation(Struct, frozen=True):
    uri: str
    """A tracking URI with no relative path in it."""
    found: str
    """Who named it, as part of a sentence: `MLFLOW_TRACKING_URI`."""

    @property
    def shown(self) -> str:
        return without_password(self.uri)


def discover(
    tracking_uri: str | None, folder: Path, named_by: str = "the option --tracking-uri"
) -> StoreLocation:
    """The store that MLflow would use when started in `folder`.

    In this order: `tracking_uri`, which `named_by` gave and `named` reads, the variable
    MLFLOW_TRACKING_URI, `mlruns` when it holds experiments, `mlflow.db`. That `mlruns` goes
    first is MLflow's own rule since its default became SQLite
    (`_get_default_tracking_uri`); without `meta.yaml` files `mlruns` is merely where a
    database's artifacts lie. Raises ReproError where there is none of them.
    """
    if tracking_uri:
        return StoreLocation(named(tracking_uri, folder), named_by)
    if variable := os.environ.get("MLFLOW_TRACKING_URI"):
        return StoreLocation(absolute(variable, folder), "MLFLOW_TRACKING_URI")
    folder = folder.absolute()
    if any((folder / "mlruns").glob("[0-9]*/meta.yaml")):
        return StoreLocation((folder / "mlruns").as_uri(), "mlruns in this folder")
    if (folder / "mlflow.db").is_file():
        return StoreLocation(f"{_SQLITE}{folder / 'mlflow.db'}", "mlflow.db in this folder")
    raise ReproError(
        f"No MLflow store was found: MLFLOW_TRACKING_URI is not set, and {folder} holds neither"
        " mlflow.db nor an mlruns folder with experiments.",
        "Start in the folder that you train in, or name the store with --tracking-uri.",
    )


def named(text: str, folder: Path) -> str:
    """The tracking URI that a person means: a URI, or the path of a store.

    A file is a SQLite database. A folder is a file store as MLflow has it, but where it
    only holds `mlflow.db` or `mlruns`, as a project does, these are meant.
    """
    path = local_path(text, folder)
    if path is None:
        return absolute(text, folder)
    path = Path(os.path.normpath(path))
    if path.is_file():
        return f"{_SQLITE}{path}"
    if not any(path.glob("[0-9]*/meta.yaml")):
        if any((path / "mlruns").glob("[0-9]*/meta.yaml")):
            return (path / "mlruns").as_uri()
        if (path / "mlflow.db").is_file():
            return f"{_SQLITE}{path / 'mlflow.db'}"
    return path.as_uri()


def is_gone(uri: str, folder: Path) -> bool:
    """Whether the store would lie on this machine and does not."""
    path = sqlite_path(uri, folder) or local_path(uri, folder)
    return path is not None and not path.exists()


def absolute(uri: str, folder: Path) -> str:
    """`uri` with a relative path made absolute against `folder`.

    A job runs in a folder of its own, where a relative path would mean another store.
    """
    if (path := sqlite_path(uri, folder)) is not None:
        return f"{_SQLITE}{path}"
    if (path := local_path(uri, folder)) is not None:
        return path.as_uri()
    return uri


def sqlite_path(uri: str, folder: Path) -> Path | None:
    """The file of a `sqlite:///` URI, read literally as SQLAlchemy does; None for others."""
    if not uri.startswith(_SQLITE):
        return None
    return folder.absolute() / uri.removeprefix(_SQLITE).partition("?")[0]


def without_password(text: str) -> str:
    """`text`, which is or holds a URI, without user names, passwords and options."""
    return _OPTIONS.sub(r"\1", _CREDENTIALS.sub("", text))
