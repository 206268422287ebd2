"""TOML with lines: each key's line is where a person would look for it."""

from pathlib import Path

import pytest
import tomli
from hypothesis import given
from hypothesis import strategies as st

from repro_tui.errors import ReproError
from repro_tui.tomlfile import Place, did_you_mean, lines, read

_BARE = st.text("abcXYZ019_-", min_size=1, max_size=6)
_QUOTED = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=6)
_KEYS = st.one_of(
    _BARE.map(lambda key: (key, key)),
    _QUOTED.map(
        lambda key: (key, '"' + key.replace("\\", "\\\\").replace('"', '\\"') + '"'),
    ),
)
_VALUES = st.sampled_from(
    [
        "1",
        "true",
        "-0.5e3",
        '"x # no comment"',
        "'[no.table]'",
        "1979-05-27",
        "[1, 2]",
        "[\n  1, # [one]\n\n  2,\n]",
        '"""\n[not.a.table]\nkey = 1\n"""',
        "'''\n\n# x\n'''",
        "[\n  [1],\n  ['''\n]'''],\n]",
    ]
)
_FILLER = st.lists(st.sampled_from(["", "# note", "  ", "# [table]", '# a = """']), max_size=3)


_ENTRIES = st.lists(st.tuples(_KEYS, _VALUES), max_size=4, unique_by=lambda entry: entry[0][0])
_BLOCKS = st.lists(
    st.tuples(_KEYS, st.one_of(_ENTRIES, st.lists(_ENTRIES, min_size=1, max_size=3).map(tuple))),
    max_size=4,
    unique_by=lambda block: block[0][0],
)
"""Tables, and arrays of tables as tuples, by name."""


@st.composite
def documents(draw: st.DrawFn) -> tuple[str, dict[Place, int]]:
    """A document, and the line that each of its keys and tables was written on."""
    written: list[str] = []
    where: dict[Place, int] = {}

    def write(place: Place, text: str) -> None:
        written.extend(draw(_FILLER))
        where[place] = len(written) + 1
        written.extend(text.split("\n"))

    def write_entries(table: Place, entries: list[tuple[tuple[str, str], str]]) -> None:
        for (key, spelled), value in entries:
            write((*table, key), f"{spelled} = {value}")

    blocks = draw(_BLOCKS)
    names = {name for (name, _), _ in blocks}
    write_entries((), [entry for entry in draw(_ENTRIES) if entry[0][0] not in names])
    for (name, spelled), block in blocks:
        if isinstance(block, tuple):
            for index, entries in enumerate(block):
                write((name, index), f"[[{spelled}]]")
                where.setdefault((name,), where[name, index])
                write_entries((name, index), entries)
        else:
            write((name,), f"[ {spelled} ]  # {spelled}")
            write_entries((name,), block)
    return draw(st.sampled_from(["\n", "\r\n"])).join(written), where


@given(documents())
def test_every_key_is_found_on_its_line(document: tuple[str, dict[Place, int]]) -> None:
    text, where = document
    tomli.loads(text)
    assert lines(text) == where


def test_dotted_keys_inline_tables_and_tables_below_arrays() -> None:
    text = (
        "a.b.c = 1\n[keys]\nruns.mark = 'm'\n"
        "[x.y]\nz = { p = 1, q = [{ r = 2 }] }\n"
        "[[t]]\n[t.deep]\nk = 1\n[[t]]\n[[t.more]]\nk = 2\n"
    )
    found = lines(text)
    assert found["a", "b", "c"] == 1
    assert found["keys", "runs", "mark"] == 3
    assert found["x", "y", "z", "q", 0, "r"] == 5
    assert found["t", 0, "deep", "k"] == 8
    assert found["t", 1] == 9
    assert found["t", 1, "more", 0, "k"] == 11


def test_a_place_is_told_as_near_as_it_is_known(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text("\n[a]\nb = [1, 2]\n")
    file = read(path)
    assert file.where("a", "b", 1) == f"{path}:3"
    assert file.where("a", "no such") == f"{path}:2"
    assert file.where("none") == str(path)


@pytest.mark.parametrize("content", [b"a = \n", b"\xff\xfe", b"a = 1\na = 2\n"])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.toml").write_bytes(content)
    with pytest.raises(ReproError, match=r"a\.toml"):
        read(tmp_path / "a.toml")
    with pytest.raises(ReproError, match=r"nothing\.toml cannot be read"):
        read(tmp_path / "nothing.toml")


def test_did_you_mean() -> None:
    assert did_you_mean("them", ["theme", "runs"]) == "Did you mean theme?"
    assert did_you_mean("qqq", ["theme", "runs"]) == "There are: runs, theme."
