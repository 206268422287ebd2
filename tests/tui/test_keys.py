"""Key bindings by id: every one has an id, a person's keys take the place of ours."""

import pytest
from tests.tui.conftest import program
from textual.binding import Binding
from textual.dom import DOMNode
from textual.widgets._footer import FooterKey

from repro_tui.errors import ReproError
from repro_tui.settings import Remapping
from repro_tui.tui.actions import IN_FULL, actions
from repro_tui.tui.keys import _ours, bound, keymap

WHERE = "own.toml:3"


def wish(binding: str, keys: str) -> Remapping:
    return Remapping(binding, keys, WHERE)


def test_every_binding_has_an_id_of_its_own() -> None:
    bound()  # imports every module of the interface
    ids = []
    for kind in _ours(DOMNode):
        for binding in kind.__dict__.get("BINDINGS", ()):
            assert isinstance(binding, Binding)
            assert binding.id, f"{kind.__name__}: {binding.key} has no id"
            ids.append(binding.id)
    assert sorted(ids) == [each.id for each in bound()], "an id stands for two actions"
    assert set(IN_FULL) <= set(ids), "what it tells in full is no action"


def test_no_two_actions_share_a_key_as_the_program_comes() -> None:
    known = bound()
    as_it_comes = [wish(each.id, ",".join(each.keys)) for each in known]
    # Whoever asks for exactly what is there changes nothing.
    assert keymap(as_it_comes, known).clashes == ()


@pytest.mark.parametrize(
    ("keys", "named"),
    [
        ("m, space", "m,space"),
        ("?,/,+", "question_mark,slash,plus"),
        ("shift+g", "G"),
        ("ctrl+shift+f5", "ctrl+shift+f5"),
        ("ctrl+/", "ctrl+slash"),
        ("é", "é"),
    ],
)
def test_keys_are_read_as_people_write_them(keys: str, named: str) -> None:
    assert keymap([wish("runs.mark", keys)], bound()).keys == {"runs.mark": named}


@pytest.mark.parametrize(
    ("binding", "keys", "told"),
    [
        ("runs.mrk", "m", "no action has the id runs.mrk. Did you mean runs.mark?"),
        ("nothing", "m", "`repro-tui config --keys` lists all"),
        ("runs.mark", "spacee", "the key 'spacee', which there is none of. Did you mean space?"),
        ("runs.mark", "m,,n", "the key ''"),
        ("runs.mark", "contrl+x", "the key 'contrl+x'"),
    ],
)
def test_a_mistake_names_the_line(binding: str, keys: str, told: str) -> None:
    with pytest.raises(ReproError) as caught:
        keymap([wish(binding, keys)], bound())
    assert str(caught.value).startswith(f"{WHERE}: ")
    assert told in str(caught.value)


def test_a_pattern_stands_for_several_and_the_last_word_is_heard() -> None:
    own = keymap([wish("*.back", "q,backspace"), wish("jobs.back", "b")], bound()).keys
    assert own["jobs.back"] == "b"
    assert own["compare.back"] == "q,backspace"
    assert "runs.mark" not in own


def test_keys_that_clash_are_told() -> None:
    (clash,) = keymap([wish("runs.sort", "c")], bound()).clashes
    assert str(clash).startswith("own.toml:3: runs.sort takes the key c, which runs.compare has.")
    assert not keymap([wish("runs.sort", "c"), wish("runs.compare", "C")], bound()).clashes


async def test_the_keys_of_a_person_work_and_are_shown_everywhere() -> None:
    keys = (wish("runs.mark", "m"), wish("runs.sort", "c"), wish("list.down", "down,t"))
    async with program(keys=keys) as session:
        assert "runs.sort takes the key c" in session.told()
        await session.press("space")
        assert "1 marked" not in session.text()
        await session.press("m")
        assert "1 marked" in session.text()
        place = session.app.screen.query_one("#list").cursor  # type: ignore[attr-defined]
        await session.press("t")
        assert session.app.screen.query_one("#list").cursor == place + 1  # type: ignore[attr-defined]
        shown = {key.description: key.key_display for key in session.app.screen.query(FooterKey)}
        assert shown["Mark"] == "m"
        (mark,) = [each for each in actions(session.app.screen) if each.action == "mark"]
        assert mark.keys == ("m",)
        commands = session.app.get_system_commands(session.app.screen)
        assert "key: m" in {
            command.help for command in commands if command.title.startswith("Mark the run")
        }
        await session.press("question_mark")
        assert "m " in next(line for line in session.text().split("\n") if "Mark" in line)


async def test_a_key_of_ones_own_picks_in_a_dialog() -> None:
    async with program(keys=(wish("pick.open", "o"),)) as session:
        await session.press("s", "j", "o")
        assert session.screen == "RunsScreen"
        assert "oldest first" in session.text()
