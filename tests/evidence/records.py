"""A record of an execution as rerun writes it, whole, for tests to change."""

import json
from pathlib import Path
from typing import Any


def document() -> dict[str, Any]:
    return {
        "schema": "repro-tui.record/1",
        "launch": {
            "reexecutes": None,
            "repository": "/somewhere/project",
            "commit": "1" * 40,
            "subdirectory": "sub",
            "patch": None,
            "entry_point": "main",
            "command": "python train.py --seed 7",
            "parameters": {"seed": "7"},
            "env_manager": "local",
            "seed": 7,
            "determinism": "seed",
            "device": "cpu",
            "variables": {"PYTHONHASHSEED": "7"},
        },
        "machine": {
            "host": "box",
            "os": "Debian GNU/Linux 12",
            "kernel": "6.1.0",
            "cpu": "AMD EPYC",
            "cores": 2,
            "memory": 1 << 34,
            "gpus": [{"name": "NVIDIA H200", "memory": 1 << 37, "driver": "570.1"}],
        },
        "python": {
            "version": "3.11.7",
            "implementation": "cpython",
            "executable": "/env/bin/python",
            "prefix": "/env",
        },
        "packages": [
            {"name": "NumPy", "version": "2.1.0", "origin": ""},
            {"name": "demo_project", "version": "0.1", "origin": "file:///src"},
        ],
        "libraries": {
            "blas": "openblas 0.3.27",
            "numpy dispatch": "AVX2",
            "torch": {"cuda": "12.8", "cudnn": "91002", "cpu capability": "AVX2"},
        },
        "variables": {"LANG": "C.UTF-8"},
        "randomness": {
            "PYTHONHASHSEED": "7",
            "hash randomization": True,
            "random": {"seeded_by": "repro-tui", "seed": 7, "where": ""},
            "numpy": {"seeded_by": "code", "seed": 3, "where": "train.py:12"},
            "torch": {"seeded_by": "nobody", "seed": 913_746, "where": ""},
            "tensorflow": {"seeded_by": "code", "seed": None, "where": "train.py:13"},
            "lightgbm": {"seeded_by": "library", "seed": None, "where": ""},
            "switches": {
                "torch.use_deterministic_algorithms": False,
                "torch.backends.cudnn.benchmark": True,
                "CUBLAS_WORKSPACE_CONFIG": None,
            },
        },
        "threads": {"OMP_NUM_THREADS": None, "torch": 2, "torch interop": 2},
        "device": {"device": "cpu", "name": "AMD EPYC"},
        "recorder": {"active": True, "reason": "", "stream": "v1"},
        "files": ["lockfiles/uv.lock", "changes.patch"],
        "timings": {"start": 1, "end": 2},
        "exit_code": 0,
    }


def save(folder: Path, content: object) -> Path:
    """Put a record among the artifacts in `folder`."""
    place = folder / "repro-tui"
    place.mkdir(parents=True, exist_ok=True)
    text = content if isinstance(content, str) else json.dumps(content)
    (place / "record.json").write_text(text, encoding="utf-8")
    return folder
