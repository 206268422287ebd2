"""A dialog that lets one of several things be picked."""

from collections.abc import Callable, Sequence
from typing import ClassVar, Generic, TypeVar

from msgspec import Struct
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from repro_tui.tui.widgets.keys import Keys

T = TypeVar("T")


class Choice(Struct, Generic[T], frozen=True):
    label: Content
    value: T


class PickScreen(ModalScreen[T | None], Generic[T]):
    """Dismissed with the picked value, or with None.

    `preview` is told each value that the cursor comes to.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "cursor('down')", "Down", show=False, id="pick.down"),
        Binding("k", "cursor('up')", "Up", show=False, id="pick.up"),
        Binding("g", "cursor('first')", "First", show=False, id="pick.first"),
        Binding("G", "cursor('last')", "Last", show=False, id="pick.last"),
        Binding("enter", "pick", "Pick", id="pick.open"),
        Binding("escape,q", "leave", "Close", key_display="esc", id="pick.back"),
        Binding("question_mark,f1", "app.help", "Help", key_display="?", id="pick.help"),
    ]

    def __init__(
        self,
        title: str,
        choices: Sequence[Choice[T]],
        current: T,
        preview: Callable[[T], None] = lambda _: None,
    ) -> None:
        super().__init__()
        self.title = title
        self._choices = choices
        self._current = current
        self._preview = preview

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = Content(self.title or "").markup
            yield OptionList(*(Option(choice.label) for choice in self._choices))
        yield Keys(palette=False)

    def on_mount(self) -> None:
        values = [choice.value for choice in self._choices]
        if self._current in values:
            self.query_one(OptionList).highlighted = values.index(self._current)

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        self._preview(self._choices[event.option_index].value)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._choices[event.option_index].value)

    def action_cursor(self, to: str) -> None:
        options = self.query_one(OptionList)
        match to:
            case "down":
                options.action_cursor_down()
            case "up":
                options.action_cursor_up()
            case "first":
                options.action_first()
            case "last":
                options.action_last()

    def action_pick(self) -> None:
        self.query_one(OptionList).action_select()

    def action_leave(self) -> None:
        self.dismiss(None)
