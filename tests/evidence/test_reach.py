"""What a run is seen to use, in real repositories."""

from pathlib import Path

import pytest
from tests.builders import run
from tests.evidence.git import commit

from repro_tui.evidence.model import Reach
from repro_tui.evidence.origin import Places, origin
from repro_tui.evidence.reach import reach
from repro_tui.evidence.tags import Tag

PROJECT: dict[str, str | bytes] = {
    "MLproject": (
        "entry_points:\n  main:\n    command: PYTHONPATH=src python train.py --conf {conf_file}\n"
        "  module:\n    command: python -m pkg.cli\n"
    ),
    "train.py": (
        "import os, numpy as np\nimport helpers\nfrom sklearn.svm import SVC\n"
        "from pkg import model\n"
        "def late():\n    import yaml\n"
    ),
    "helpers.py": "import pandas.core\n",
    "unused.py": "import scipy\n",
    "src/pkg/__init__.py": "from .base import *\n",
    "src/pkg/base.py": "import PIL.Image\n",
    "src/pkg/model.py": "from . import deep\nfrom .deep.net import Net\n",
    "src/pkg/deep/__init__.py": "",
    "src/pkg/deep/net.py": "from ..base import x\nfrom ... import too_far\nimport torch\n",
    "src/pkg/cli.py": "import click\n",
    "confs/training.yaml": "lr: 0.1\n",
    "confs/other.yaml": "lr: 0.2\n",
}


def reached(folder: Path, entry_point: str = "main", **params: str) -> Reach:
    tags = {
        Tag.GIT_COMMIT: commit(folder, PROJECT),
        Tag.SOURCE_NAME: str(folder),
        Tag.SOURCE_TYPE: "PROJECT",
        Tag.ENTRY_POINT: entry_point,
    }
    of = run(tags=tags, params=params)
    return reach(of, None, origin(of, None, Places(folder)))


def test_imports_are_followed_from_the_script_of_the_entry_point(tmp_path: Path) -> None:
    found = reached(tmp_path, conf_file="confs/training.yaml", lr="0.1")
    assert found.files == {
        "train.py": "run by the command",
        "confs/training.yaml": "named by the param conf_file",
        "helpers.py": "imported by train.py",
        "src/pkg/__init__.py": "imported by train.py",
        "src/pkg/model.py": "imported by train.py",
        "src/pkg/base.py": "imported by src/pkg/__init__.py",
        "src/pkg/deep/__init__.py": "imported by src/pkg/model.py",
        "src/pkg/deep/net.py": "imported by src/pkg/model.py",
    }
    assert found.imports == {"numpy", "scikit-learn", "pyyaml", "pandas", "pillow", "torch"}


def test_a_module_is_an_entry_point_too(tmp_path: Path) -> None:
    found = reached(tmp_path, "module")
    assert found.files["src/pkg/cli.py"] == "run by the command"
    assert "train.py" not in found.files
    assert "click" in found.imports


def test_without_a_script_every_file_says_what_is_imported(tmp_path: Path) -> None:
    found = reached(tmp_path, "unheard of", conf="'confs/other.yaml'")
    assert found.files == {"confs/other.yaml": "named by the param conf"}
    assert {"scipy", "torch", "scikit-learn"} <= found.imports


def test_a_plain_script(tmp_path: Path) -> None:
    made = commit(tmp_path, {"sub/train.py": "import torch\nimport near\n", "sub/near.py": ""})
    of = run(tags={Tag.GIT_COMMIT: made, Tag.SOURCE_NAME: "train.py"})
    found = reach(of, None, origin(of, None, Places(tmp_path)))
    assert found.files == {
        "sub/train.py": "run by the command",
        "sub/near.py": "imported by sub/train.py",
    }
    assert found.imports == {"torch"}


@pytest.mark.parametrize("dot", [".", " . ", " .\\\n"])
@pytest.mark.parametrize("part", ["a", "é"])
def test_a_module_name_of_endless_parts_is_passed_over(tmp_path: Path, dot: str, part: str) -> None:
    endless = dot.join([part] * (500_000 // len(f"{dot}{part}")))
    made = commit(tmp_path, {"train.py": f"import a\nimport {endless}", "a.py": ""})
    of = run(tags={Tag.GIT_COMMIT: made, Tag.SOURCE_NAME: "train.py"})
    found = reach(of, None, origin(of, None, Places(tmp_path)))
    assert found.files == {"train.py": "run by the command"}


@pytest.mark.parametrize(
    "content",
    [b"import (", b"\xff\xfe", b"-" * 100_000 + b"1", b"x" + b"()" * 50_000, b"import a\0b", b""],
)
def test_what_is_no_python_reaches_nothing(tmp_path: Path, content: bytes) -> None:
    made = commit(tmp_path, {"train.py": content})
    of = run(
        tags={Tag.GIT_COMMIT: made, Tag.SOURCE_NAME: "train.py"},
        params={"up": "../../etc/passwd", "top": "/train.py", "long": "x" * 5000, "nul": "a\0b"},
    )
    found = reach(of, None, origin(of, None, Places(tmp_path)))
    assert found == Reach({"train.py": "run by the command"}, frozenset())


def test_no_repository_reaches_nothing(tmp_path: Path) -> None:
    of = run(tags={Tag.GIT_COMMIT: "1" * 40, Tag.SOURCE_NAME: "train.py"})
    assert reach(of, None, origin(of, None, Places(tmp_path))) == Reach()
