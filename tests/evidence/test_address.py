from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repro_tui.evidence import address

MOVED = {
    "/old/a": "/new/a",
    "/old/a/deep": "/elsewhere",
    "https://git.example.org/team": "https://new.example.org/team",
    "git@git.example.org:": "/mirrors/",
}


@pytest.mark.parametrize(
    ("name", "now"),
    [
        ("/old/a", "/new/a"),
        ("/old/a/b#c", "/new/a/b#c"),
        ("file:///old/a#c", "/new/a#c"),
        ("/old/a/deep/train.py", "/elsewhere/train.py"),
        ("/old/ab", "/old/ab"),
        ("/older", "/older"),
        ("https://git.example.org/team/x.git#sub", "https://new.example.org/team/x.git#sub"),
        ("https://git.example.org/teams/x.git", "https://git.example.org/teams/x.git"),
        ("git@git.example.org:team/x.git", "/mirrors/team/x.git"),
        ("", ""),
    ],
)
def test_the_longest_old_name_is_replaced_by_whole_folders(name: str, now: str) -> None:
    assert address.moved(name, MOVED) == now


@given(st.text())
def test_a_name_that_nothing_is_said_of_stays(name: str) -> None:
    assert address.moved(name, {}) == name


@pytest.mark.parametrize(
    ("url", "protocol"),
    [
        ("https://git.example.org/x.git", "https"),
        ("http://127.0.0.1:8000/x", "http"),
        ("ssh://git@git.example.org/x.git", "ssh"),
        ("git://git.example.org/x.git", "git"),
        ("git@git.example.org:team/x.git", "ssh"),
        ("host:x", "ssh"),
        ("ext::sh -c touch% pwned", None),
        ("ext::sh", None),
        ("fd::17", None),
        ("-oProxyCommand=touch:x", None),
        ("--upload-pack=touch:x", None),
        ("ssh://-oProxyCommand=touch/x", None),
        ("ftp://git.example.org/x", None),
        ("s3://bucket/x", None),
        ("https://git.example.org/x\n--option", None),
        ("https://git.example.org/a b", None),
        ("dbfs:/x y", None),
        ("", None),
    ],
)
def test_git_is_given_addresses_alone(url: str, protocol: str | None) -> None:
    assert address.protocol(url) == protocol


@given(st.text())
def test_no_text_is_taken_for_an_option_or_a_program(url: str) -> None:
    if address.protocol(url) is not None:
        assert not url.startswith("-")
        assert "::" not in url.partition("/")[0].partition("[")[0]
        assert not any(character.isspace() for character in url)


def test_what_was_fetched_lies_in_a_folder_of_its_own() -> None:
    names = {address.clone(url, Path("/cache")) for url in ("https://a/b", "https://a/c", "../..")}
    assert len(names) == 3
    assert {name.parent for name in names} == {Path("/cache/repositories")}
