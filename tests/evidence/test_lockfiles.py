import hashlib
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from packaging.utils import canonicalize_name
from tests.builders import run
from tests.evidence.git import commit

from repro_tui.errors import ReproError
from repro_tui.evidence.lockfiles import is_lockfile, keyed, lockfiles, parse
from repro_tui.evidence.model import Known, Missing, Package, Run, Unreadable
from repro_tui.evidence.origin import Places, Snapshot, origin
from repro_tui.evidence.tags import Tag

INDEX = "https://packages.example.org/simple"
HASHES = ("sha256:" + "a" * 64, "sha256:" + "b" * 64)

UV = f"""
version = 1
requires-python = ">=3.11"

[[package]]
name = "Demo_Project"
version = "0.1.0"
source = {{ editable = "." }}

[[package]]
name = "numpy"
version = "1.26.4"
source = {{ registry = "{INDEX}" }}
resolution-markers = ["python_full_version < '3.12'"]
sdist = {{ url = "https://files.example.org/numpy.tar.gz", hash = "{HASHES[1]}", size = 3 }}
wheels = [{{ url = "https://files.example.org/numpy.whl", hash = "{HASHES[0]}", size = 3 }}]

[[package]]
name = "numpy"
version = "2.1.0"
source = {{ registry = "{INDEX}" }}
resolution-markers = ["python_full_version >= '3.12'"]

[[package]]
name = "tool"
version = "1.0"
source = {{ git = "https://user:password@git.example.org/tool?rev=v1#0123" }}
"""

PYLOCK = f"""
lock-version = "1.0"
created-by = "test"

[[packages]]
name = "numpy"
version = "1.26.4"
marker = "python_version < '3.12'"
index = "{INDEX}"
[[packages.wheels]]
name = "numpy.whl"
hashes = {{ sha256 = "{"a" * 64}" }}
[packages.sdist]
name = "numpy.tar.gz"
hashes = {{ sha256 = "{"b" * 64}" }}

[[packages]]
name = "tool"
[packages.vcs]
type = "git"
url = "https://git.example.org/tool"
commit-id = "0123"
"""

POETRY = f"""
[[package]]
name = "numpy"
version = "1.26.4"
files = [
    {{file = "numpy.whl", hash = "{HASHES[0]}"}},
    {{file = "numpy.tar.gz", hash = "{HASHES[1]}"}},
]
markers = "python_version < '3.12'"

[[package]]
name = "tool"
version = "1.0"
files = []
[package.source]
type = "git"
url = "https://git.example.org/tool"
reference = "v1"
resolved_reference = "0123"

[metadata]
lock-version = "2.1"
"""

PDM = f"""
[[package]]
name = "numpy"
version = "1.26.4"
marker = "python_version < '3.12'"
files = [{{file = "numpy.whl", hash = "{HASHES[0]}"}}, {{file = "n", hash = "{HASHES[1]}"}}]

[[package]]
name = "tool"
version = "1.0"
git = "https://git.example.org/tool"
revision = "0123"
"""

PIPFILE = json.dumps(
    {
        "_meta": {"sources": [{"name": "main", "url": INDEX, "verify_ssl": True}]},
        "default": {
            "numpy": {
                "version": "==1.26.4",
                "hashes": list(HASHES),
                "index": "main",
                "markers": "python_version < '3.12'",
            },
            "tool": {"git": "https://git.example.org/tool", "ref": "0123"},
        },
        "develop": {"numpy": {"version": "==2.1.0", "index": "main"}},
    }
)

CONDA_LOCK = f"""
version: 1
package:
- name: numpy
  version: 1.26.4
  manager: conda
  platform: linux-64
  url: https://conda.example.org/numpy.conda
  hash: {{md5: {"c" * 32}, sha256: {"a" * 64}}}
- name: numpy
  version: 1.26.4
  manager: conda
  platform: osx-arm64
  url: https://conda.example.org/osx/numpy.conda
  hash: {{sha256: {"b" * 64}}}
- name: python
  version: 3.10
  manager: conda
  platform: linux-64
"""

REQUIREMENTS = f"""# made by a tool
--index-url https://user:password@packages.example.org/simple
-r other.txt   # an include
-c limits.txt
NumPy==1.26.4 ; python_version < "3.12" \\
    --hash={HASHES[1]} \\
    --hash={HASHES[0]}
    # via demo
numpy==2.1.0 ; python_version >= "3.12"
uvicorn[Standard,foo]==0.30
scipy>=1.10,<2  # a range
torch == 2.1.*
plain
tool @ git+https://git.example.org/tool@0123
./local/wheel-1.0-py3-none-any.whl
-e .
"""


def test_uv_lock() -> None:
    assert parse("uv.lock", UV) == {
        "demo-project": Package("0.1.0", "."),
        "numpy (python_full_version < '3.12')": Package(
            "1.26.4", INDEX, HASHES, "python_full_version < '3.12'"
        ),
        "numpy (python_full_version >= '3.12')": Package(
            "2.1.0", INDEX, (), "python_full_version >= '3.12'"
        ),
        "tool": Package("1.0", "https://git.example.org/tool?rev=v1#0123"),
    }


@pytest.mark.parametrize(
    ("name", "text", "index", "version"),
    [
        ("pylock.toml", PYLOCK, INDEX, ""),
        ("pylock.dev.toml", PYLOCK, INDEX, ""),
        ("poetry.lock", POETRY, "", "1.0"),
        ("pdm.lock", PDM, "", "1.0"),
    ],
)
def test_toml_locks(name: str, text: str, index: str, version: str) -> None:
    assert parse(name, text) == {
        "numpy": Package("1.26.4", index, HASHES, "python_version < '3.12'"),
        "tool": Package(version, "https://git.example.org/tool@0123"),
    }


def test_an_older_poetry_lock_keeps_hashes_apart() -> None:
    text = f"""
[[package]]
name = "numpy"
version = "1.0"
[metadata.files]
numpy = [{{file = "n", hash = "{HASHES[0]}"}}]
"""
    assert parse("poetry.lock", text) == {"numpy": Package("1.0", hashes=HASHES[:1])}


def test_pipfile_lock() -> None:
    assert parse("Pipfile.lock", PIPFILE) == {
        "numpy (otherwise)": Package("2.1.0", INDEX),
        "numpy (python_version < '3.12')": Package(
            "1.26.4", INDEX, HASHES, "python_version < '3.12'"
        ),
        "tool": Package("", "https://git.example.org/tool@0123"),
    }


def test_conda_lock() -> None:
    found = parse("conda-lock.yml", CONDA_LOCK)
    assert found["python"] == Package("3.10", marker="linux-64 conda")
    assert found["numpy (linux-64 conda)"].hashes == ("md5:" + "c" * 32, HASHES[0])
    assert found["numpy (osx-arm64 conda)"].source == "https://conda.example.org/osx/numpy.conda"


def test_conda_environment() -> None:
    text = """
name: demo
channels: [main]
dependencies:
  - python=3.10
  - numpy=1.26.4=py310_0
  - forge::scipy>=1.10,<2
  - pip
  - pip:
    - torch==2.1.0
    - demo @ https://example.org/demo.whl
"""
    wanted = {
        "python": Package("3.10"),
        "numpy": Package("1.26.4"),
        "scipy": Package(">=1.10,<2", "forge"),
        "pip": Package(""),
        "torch": Package("2.1.0"),
        "demo": Package("", "https://example.org/demo.whl"),
    }
    assert parse("environment.yml", text) == parse("conda.yaml", text) == wanted


def test_python_env() -> None:
    text = "python: 3.10\nbuild_dependencies: [pip==24.0]\ndependencies: [-r requirements.txt]\n"
    assert parse("python_env.yaml", text) == {
        "python": Package("3.10"),
        "pip": Package("24.0"),
        "-r requirements.txt": Package("", "requirements.txt"),
    }


def test_requirements() -> None:
    found = parse("requirements.txt", REQUIREMENTS)
    assert found == {
        "--index-url https://packages.example.org/simple": Package(
            "", "https://packages.example.org/simple"
        ),
        "-r other.txt": Package("", "other.txt"),
        "-c limits.txt": Package("", "limits.txt"),
        "-e .": Package("", "."),
        'numpy (python_version < "3.12")': Package("1.26.4", "", HASHES, 'python_version < "3.12"'),
        'numpy (python_version >= "3.12")': Package("2.1.0", marker='python_version >= "3.12"'),
        "uvicorn[foo,standard]": Package("0.30"),
        "scipy": Package("<2,>=1.10"),
        "torch": Package("==2.1.*"),
        "plain": Package(""),
        "tool": Package("", "git+https://git.example.org/tool@0123"),
        "./local/wheel-1.0-py3-none-any.whl": Package("", "./local/wheel-1.0-py3-none-any.whl"),
    }


def test_names_tell_the_format() -> None:
    known = (
        "uv.lock pylock.toml requirements.txt requirements-dev.txt dev-requirements.txt "
        "constraints.txt requirements_gpu.txt poetry.lock pdm.lock Pipfile.lock conda-lock.yml "
        "environment.yml environment.yaml conda.yaml python_env.yaml"
    )
    assert [name for name in known.split() if not is_lockfile(name)] == []
    for name in ("package.lock", "requirements.md", "myrequirements.txt", "uvxlock", "readme.txt"):
        assert not is_lockfile(name)
        with pytest.raises(ReproError, match="no lockfile that is known"):
            parse(name, "")


# --- Properties ---------------------------------------------------------------------

NAMES = st.from_regex(r"[a-z][a-z0-9]{0,8}(-[a-z0-9]{1,4})?", fullmatch=True)
VERSIONS = st.from_regex(r"[0-9]{1,3}(\.[0-9]{1,3}){0,2}", fullmatch=True)
DIGESTS = st.text("0123456789abcdef", min_size=64, max_size=64).map("sha256:{}".format)
PACKAGES = st.builds(
    Package,
    version=VERSIONS,
    source=st.sampled_from([INDEX, "https://other.example.org/simple"]),
    hashes=st.lists(DIGESTS, max_size=3, unique=True).map(lambda found: tuple(sorted(found))),
    marker=st.sampled_from(["", "python_version < '3.12'", "sys_platform == 'win32'"]),
)
LOCKS = st.dictionaries(NAMES, PACKAGES, max_size=6)


def _wheels(package: Package) -> str:
    return ", ".join(f'{{ url = "u", hash = "{digest}" }}' for digest in package.hashes)


def write_uv(lock: dict[str, Package]) -> str:
    return "".join(
        f'[[package]]\nname = "{name}"\nversion = "{package.version}"\n'
        f'source = {{ registry = "{package.source}" }}\nwheels = [{_wheels(package)}]\n'
        + (f'resolution-markers = ["{package.marker}"]\n' if package.marker else "")
        for name, package in lock.items()
    )


def write_pylock(lock: dict[str, Package]) -> str:
    return "".join(
        f'[[packages]]\nname = "{name}"\nversion = "{package.version}"\n'
        f'index = "{package.source}"\nmarker = "{package.marker}"\n'
        + "".join(
            f'[[packages.wheels]]\nhashes = {{ sha256 = "{digest.removeprefix("sha256:")}" }}\n'
            for digest in package.hashes
        )
        for name, package in lock.items()
    )


def write_poetry(lock: dict[str, Package]) -> str:
    return "".join(
        f'[[package]]\nname = "{name}"\nversion = "{package.version}"\n'
        f'files = [{_wheels(package)}]\nmarkers = "{package.marker}"\n'
        f'[package.source]\nurl = "{package.source}"\n'
        for name, package in lock.items()
    )


def write_pdm(lock: dict[str, Package]) -> str:
    return "".join(
        f'[[package]]\nname = "{name}"\nversion = "{package.version}"\nurl = "{package.source}"\n'
        f'files = [{_wheels(package)}]\nmarker = "{package.marker}"\n'
        for name, package in lock.items()
    )


def write_pipfile(lock: dict[str, Package]) -> str:
    return json.dumps(
        {
            "default": {
                name: {
                    "version": f"=={package.version}",
                    "hashes": package.hashes,
                    "index": package.source,
                    "markers": package.marker,
                }
                for name, package in lock.items()
            }
        }
    )


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("uv.lock", write_uv),
        ("pylock.toml", write_pylock),
        ("poetry.lock", write_poetry),
        ("pdm.lock", write_pdm),
        ("Pipfile.lock", write_pipfile),
    ],
)
@given(lock=LOCKS)
def test_what_is_written_is_read(
    name: str, write: Callable[[dict[str, Package]], str], lock: dict[str, Package]
) -> None:
    assert parse(name, write(lock)) == lock


@given(lock=LOCKS, folded=st.booleans())
def test_written_requirements_are_read(lock: dict[str, Package], folded: bool) -> None:
    between = " \\\n    " if folded else " "
    lines = [
        between.join(
            [
                f"{name}=={package.version}" + (f" ; {package.marker}" if package.marker else ""),
                *(f"--hash={digest}" for digest in package.hashes),
            ]
        )
        for name, package in lock.items()
    ]
    text = "\n".join(lines) + "\n"
    assert parse("requirements.txt", text) == {
        name: replace(package, source="", marker=package.marker.replace("'", '"'))
        for name, package in lock.items()
    }


@given(st.lists(st.tuples(NAMES, PACKAGES), max_size=12))
def test_no_package_is_lost_and_the_order_does_not_matter(
    pairs: list[tuple[str, Package]],
) -> None:
    found = keyed(pairs)
    assert Counter(found.values()) == Counter(package for _, package in set(pairs))
    assert keyed(reversed(pairs)) == found


FORMATS = [
    "uv.lock", "pylock.toml", "poetry.lock", "pdm.lock", "Pipfile.lock", "conda-lock.yml",
    "environment.yml", "python_env.yaml", "requirements.txt",
]  # fmt: skip
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["package", "packages", "name", "version", "source", "files", "hash", "hashes",
             "wheels", "sdist", "dependencies", "pip", "default", "_meta", "sources", "python",
             "metadata", "markers", "vcs", "url"]
        ),
        inner,
        max_size=4,
    ),
    max_leaves=20,
)  # fmt: skip


def outcome(name: str, text: str) -> dict[str, Package] | str:
    """What parsing gives: packages, or the message of a ReproError; all else is raised."""
    try:
        return parse(name, text)
    except ReproError as error:
        return error.message


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=50)
@given(text=st.text())
def test_garbage_is_an_error_in_words(name: str, text: str) -> None:
    assert outcome(name, text) != ""


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=50)
@given(junk=JUNK)
def test_a_wrong_shape_is_an_error_in_words(name: str, junk: object) -> None:
    text = json.dumps(junk)  # JSON is YAML too
    if name.endswith((".lock", ".toml")) and name != "Pipfile.lock" and isinstance(junk, dict):
        text = "\n".join(f"{key} = {_toml(value)}" for key, value in junk.items())
    assert outcome(name, text) != ""


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_toml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value) if value is not None else '""'


# --- The section --------------------------------------------------------------------


def run_at(folder: Path, made: str) -> Run:
    tags = {"mlflow.source.git.commit": made, "mlflow.source.name": str(folder / "train.py")}
    return Run("r", "r", "1", "e", "FINISHED", 0, 1, "", tags=tags)


def test_the_section_reads_the_commit(tmp_path: Path) -> None:
    made = commit(
        tmp_path,
        {
            "train.py": "",
            "uv.lock": UV,
            "requirements.txt": "numpy==1.0\n",
            "poetry.lock": "not toml",
            "constraints.txt": b"\xff",
            "docs/requirements.txt": "elsewhere==1.0\n",
        },
    )
    commit(tmp_path, {"requirements.txt": "numpy==2.0\n"})
    source = origin(run_at(tmp_path, made), None, Places(tmp_path))

    section = lockfiles(run(), source.code, None)

    assert section.at(("requirements.txt", "numpy")) == Known(
        Package("1.0"), f"requirements.txt at {made[:12]}"
    )
    assert section.at(("uv.lock", "tool")) is not None
    assert isinstance(section.at(("poetry.lock", "anything")), Unreadable)
    assert isinstance(section.at(("constraints.txt",)), Unreadable)
    assert not any(key[0].startswith("docs/") for key in section.facts)


def test_the_projects_own_folder_is_read_too(tmp_path: Path) -> None:
    made = commit(tmp_path, {"sub/requirements.txt": "a==1\n", "requirements.txt": "b==1\n"})
    source = origin(run_at(tmp_path, made), None, Places(tmp_path))
    assert isinstance(source.code, Snapshot)

    section = lockfiles(run(), replace(source.code, subdirectory="sub"), None)

    assert set(section.facts) == {("sub/requirements.txt", "a"), ("requirements.txt", "b")}


def test_without_the_commit_all_is_unknown() -> None:
    section = lockfiles(run(), Missing("no commit"), None)
    assert section.at(("uv.lock", "numpy")) == Missing("no commit")


def test_the_digest_of_a_fingerprint_says_whether_the_file_was_the_commits(tmp_path: Path) -> None:
    made = commit(tmp_path, {"uv.lock": UV, "requirements.txt": "numpy==1.0\n"})
    code = origin(run_at(tmp_path, made), None, Places(tmp_path)).code
    digest = f"sha256:{hashlib.sha256(UV.encode()).hexdigest()}"

    def tagged(digest: str) -> Run:
        return replace(run(), tags={Tag.LOCKFILE: f"uv.lock {digest}"})

    assert lockfiles(tagged(digest), code, None) == lockfiles(run(), code, None)
    section = lockfiles(tagged("sha256:00"), code, None)
    told = section.at(("uv.lock", "SHA-256"))
    assert told == Known("sha256:00", "tag repro_tui.lockfile")
    # What the commit's file fixes is not what was there; the other file is as it was.
    gap = section.at(("uv.lock", "tool"))
    assert isinstance(gap, Missing)
    assert "not the file of the commit" in gap.reason
    assert isinstance(section.at(("requirements.txt", "numpy")), Known)
    section = lockfiles(tagged(digest), Missing("no commit"), None)
    assert section.at(("uv.lock", "SHA-256")) == Known(digest, "tag repro_tui.lockfile")
    assert isinstance(section.at(("uv.lock", "tool")), Missing)


def test_normalised_names() -> None:
    assert canonicalize_name("Demo_Project") in parse("uv.lock", UV)
