"""What can be told of this process, its libraries and switches. Imports none of them."""

from __future__ import annotations

import os
import sys
import warnings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

_HEADER_LIMIT = 65536
# Beside PyTorch they compute on a graphics card, too, and do not tell whether they did.
_CARD_LIBRARIES = ("cupy", "jax", "lightgbm", "numba.cuda", "tensorflow", "xgboost")


def python() -> dict[str, str]:
    return {
        "version": ".".join(map(str, sys.version_info[:3])) + _pre_release(),
        "implementation": sys.implementation.name,
    }


def _pre_release() -> str:
    level = sys.version_info.releaselevel
    return "" if level == "final" else level[0] + str(sys.version_info.serial)


def packages(folders: Iterable[str]) -> list[dict[str, str]]:
    """Every distribution in these folders of sys.path, the first of a name as Python does.

    Read off the names of the `.dist-info` and `.egg-info` folders, which hold name and
    version by specification (https://packaging.python.org/en/latest/specifications/),
    in a few milliseconds: importlib.metadata reads every METADATA, 150 ms for 120 of
    them, which is too long to do at the start, and a record that is made at the end
    is lost when the process is killed. Names are normalised (PEP 503). `origin` is
    the URL of direct_url.json (PEP 610), empty for what came from an index; `editable` is
    there where Python imports from that folder in place.
    """
    found: dict[str, dict[str, str]] = {}
    for folder in folders:
        try:
            entries = sorted(entry.name for entry in os.scandir(folder or "."))
        except OSError:
            continue
        for entry in entries:
            stem, extension = os.path.splitext(entry)
            if extension not in (".dist-info", ".egg-info"):
                continue
            path = os.path.join(folder, entry)
            name, version = _identity(stem, extension, path)
            if name and version and name not in found:
                found[name] = {"name": name, "version": version, **_origin(path)}
    return [found[name] for name in sorted(found)]


def _identity(stem: str, extension: str, path: str) -> tuple[str, str]:
    name, _, version = stem.partition("-")
    if extension == ".dist-info":
        if not os.path.exists(os.path.join(path, "METADATA")):
            return "", ""  # What an uninstallation has left behind.
    elif version:
        version = version.partition("-")[0]  # foo-1.0-py3.11.egg-info
    else:
        version = _egg_version(path)
    return name.lower().replace("_", "-").replace(".", "-"), version


def _egg_version(path: str) -> str:
    for line in _read(os.path.join(path, "PKG-INFO")).splitlines():
        if line.startswith("Version:"):
            return line[len("Version:") :].strip()
    return ""


def _origin(path: str) -> dict[str, str]:
    text = _read(os.path.join(path, "direct_url.json"))
    if not text:
        return {"origin": ""}
    import json

    told = json.loads(text)
    commit = told.get("vcs_info", {}).get("commit_id", "")
    origin = {"origin": f"{told['url']}@{commit}" if commit else str(told["url"])}
    return {**origin, "editable": "yes"} if told.get("dir_info", {}).get("editable") else origin


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read(_HEADER_LIMIT)
    except OSError:
        return ""


def loaded(name: str) -> Any:
    """A module that has been imported to its end; None for any other."""
    module = sys.modules.get(name)
    importing = getattr(getattr(module, "__spec__", None), "_initializing", False)
    return None if importing else module


def libraries() -> dict[str, Any]:
    """The numeric libraries of what is loaded."""
    told: dict[str, Any] = {}
    numpy = loaded("numpy")
    if numpy is not None:
        _put(told, "blas", lambda: _numpy_blas(numpy))
        _put(told, "numpy dispatch", _numpy_dispatch)
    threadpoolctl = loaded("threadpoolctl")
    if threadpoolctl is not None:
        _put(told, "blas", lambda: _pools(threadpoolctl, "blas"))
        _put(told, "openmp", lambda: _pools(threadpoolctl, "openmp"))
    torch = loaded("torch")
    if torch is not None:
        own: dict[str, Any] = {}
        _put(own, "cuda", lambda: torch.version.cuda)
        _put(own, "cudnn", lambda: _cudnn(torch))
        _put(own, "cpu capability", lambda: torch.backends.cpu.get_cpu_capability())
        told["torch"] = own
    return told


def _numpy_blas(numpy: Any) -> str | None:
    blas = numpy.__config__.CONFIG["Build Dependencies"]["blas"]
    return f"{blas['name']} {blas['version']}"


def _numpy_dispatch() -> str | None:
    """The instruction sets beyond NumPy's baseline that this CPU makes it use."""
    names = ("numpy._core._multiarray_umath", "numpy.core._multiarray_umath")
    umath: Any = next(sys.modules[name] for name in names if name in sys.modules)
    return " ".join(name for name in umath.__cpu_dispatch__ if umath.__cpu_features__[name])


def _pools(threadpoolctl: Any, interface: str) -> str | None:
    pools = [pool for pool in threadpoolctl.threadpool_info() if pool["user_api"] == interface]
    described = {
        " ".join(
            str(pool[key])
            for key in ("internal_api", "version", "architecture")
            if pool.get(key) is not None
        )
        for pool in pools
    }
    return ", ".join(sorted(described)) or None


def _cudnn(torch: Any) -> str | None:
    version = torch.backends.cudnn.version() if torch.cuda.is_initialized() else None
    return None if version is None else str(version)


def hash_seed() -> str | None:
    """PYTHONHASHSEED, where this interpreter has heeded it: not under `-E` and `-I`."""
    return None if sys.flags.ignore_environment else os.environ.get("PYTHONHASHSEED")


def threads() -> dict[str, Any]:
    told: dict[str, Any] = {
        name: os.environ[name]
        for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
        if name in os.environ
    }
    torch = loaded("torch")
    if torch is not None:
        _put(told, "torch", lambda: torch.get_num_threads())
        _put(told, "torch interop", lambda: torch.get_num_interop_threads())
    return told


def switches() -> dict[str, Any]:
    """What bears on determinism, by the name of the call or variable that sets it."""
    told: dict[str, Any] = {
        name: os.environ.get(name)
        for name in ("CUBLAS_WORKSPACE_CONFIG", "TF_DETERMINISTIC_OPS", "NVIDIA_TF32_OVERRIDE")
    }
    torch = loaded("torch")
    if torch is not None:
        readings: dict[str, Callable[[], Any]] = {
            "torch.use_deterministic_algorithms": lambda: (
                torch.are_deterministic_algorithms_enabled()
            ),
            "torch.backends.cudnn.benchmark": lambda: torch.backends.cudnn.benchmark,
            "torch.backends.cudnn.deterministic": lambda: torch.backends.cudnn.deterministic,
            "torch.backends.cudnn.allow_tf32": lambda: torch.backends.cudnn.allow_tf32,
            "torch.backends.cuda.matmul.allow_tf32": lambda: torch.backends.cuda.matmul.allow_tf32,
            # The newer spelling. Code that uses it makes the older one raise.
            "torch.backends.cudnn.conv.fp32_precision": lambda: (
                torch.backends.cudnn.conv.fp32_precision
            ),
            "torch.backends.cudnn.rnn.fp32_precision": lambda: (
                torch.backends.cudnn.rnn.fp32_precision
            ),
            "torch.backends.cuda.matmul.fp32_precision": lambda: (
                torch.backends.cuda.matmul.fp32_precision
            ),
        }
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Some of them are deprecated, by release.
            for name, read in readings.items():
                _put(told, name, read)
    return told


def device() -> dict[str, str] | None:
    """What PyTorch computes on; None where nothing is known.

    PyTorch does not tell whether it has used MPS: `cpu` says that it has not used CUDA,
    and that no other library is loaded that could have.
    """
    torch = loaded("torch")
    if torch is None:
        return None
    if not torch.cuda.is_initialized():
        others = any(name in sys.modules for name in _CARD_LIBRARIES)
        return None if others else {"device": "cpu", "name": ""}
    index = torch.cuda.current_device()
    return {"device": f"cuda:{index}", "name": torch.cuda.get_device_name(index)}


def _put(told: dict[str, Any], name: str, read: Callable[[], Any]) -> None:
    """Keep what can be read: an absent key says that this library does not tell."""
    try:
        value = read()
    except Exception:  # noqa: BLE001 - any release of a library may lack or refuse it
        return
    told[name] = value
