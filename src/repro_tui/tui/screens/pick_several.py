"""A dialog that lets one or several of many things be picked."""

from collections.abc import Collection, Hashable, Sequence
from typing import ClassVar, Generic, TypeVar

from msgspec.structs import replace
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen

from repro_tui.tui.screens.pick import Choice
from repro_tui.tui.widgets.keys import Keys
from repro_tui.tui.widgets.rows import Chosen
from repro_tui.tui.widgets.tick_list import Tick, TickList

T = TypeVar("T", bound=Hashable)


class PickSeveralScreen(ModalScreen[tuple[T, ...] | None], Generic[T]):
    """Dismissed with the ticked values, or with None. Empty stands for all of them.

    Enter takes the one under the cursor alone where no tick was changed.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,ctrl+s", "take", "Take", id="pick-several.take"),
        Binding("a", "all", "All", id="pick-several.all"),
        Binding("escape,q", "leave", "Close", key_display="esc", id="pick-several.back"),
        Binding(
            "question_mark,f1", "app.help", "Help", key_display="?", show=False,
            id="pick-several.help",
        ),
    ]  # fmt: skip
    HELP = "Enter takes the one under the cursor; after ticking with space, all that are ticked."

    def __init__(
        self, title: str, everything: Content, choices: Sequence[Choice[T]], picked: Collection[T]
    ) -> None:
        """`everything` is the label of the row that stands for all choices."""
        super().__init__()
        self.title = title
        self._everything = everything
        self._choices = choices
        self._picked = picked

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = Content(self.title or "").markup
            dialog.border_subtitle = "space ticks several, enter takes"
            ticks: list[Tick[T | None]] = [
                Tick(choice.value, choice.label, ticked=choice.value in self._picked)
                for choice in self._choices
            ]
            ticks.insert(0, Tick(None, self._everything, ticked=not self._picked))
            yield TickList(ticks)
        yield Keys(palette=False)

    def on_mount(self) -> None:
        first = next(iter(self._picked), None)
        self._list.rows.focus()
        self.call_after_refresh(self._list.go_to, first)

    @property
    def _list(self) -> "TickList[T | None]":
        return self.query_one(TickList)

    def on_tick_list_toggled(self, event: TickList.Toggled) -> None:
        """All of them are ticked where nothing else is, and only there."""
        listed = self._list
        listed.toggle(event.value)
        several = event.value is not None and any(value is not None for value in listed.ticked)
        listed.change(
            [
                replace(tick, ticked=not several if tick.value is None else tick.ticked and several)
                for tick in listed.ticks
            ]
        )

    @on(Chosen)
    def _clicked(self) -> None:
        self.action_take()

    def action_take(self) -> None:
        listed = self._list
        if listed.searching:
            listed.end_search(clear=False)
            return
        picked = listed.ticked if listed.changed else (listed.current,)
        self.dismiss(tuple(value for value in picked if value is not None))

    def action_all(self) -> None:
        self.dismiss(())

    def action_leave(self) -> None:
        if self._list.searching:
            self._list.end_search(clear=True)
        else:
            self.dismiss(None)
