"""The box over the list of runs: a quick search, or a filter for the store, with completion."""

from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from repro_tui.errors import ReproError
from repro_tui.evidence.tracking.search import NotUnderstoodError, parse_filter
from repro_tui.tui.filter_completion import Completion, Vocabulary, completions
from repro_tui.tui.run_orders import is_store_filter
from repro_tui.tui.spelling import MUTED, shown

_HELP = (
    "any text is searched for in what is listed; metrics. params. tags. attributes. ask the store"
)


class FilterBox(Vertical):
    """Tells of every change of a search, and of a filter once it was entered and understood."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "complete", "Complete", show=False, id="filter.complete"),
        Binding("down", "pick(1)", "Next completion", show=False, id="filter.next"),
        Binding("up", "pick(-1)", "Previous completion", show=False, id="filter.previous"),
    ]
    DEFAULT_CSS = """
    FilterBox { height: auto; padding: 0 1; display: none; background: $surface; }
    FilterBox.-open { display: block; }
    FilterBox Input { background: $surface; }
    FilterBox .hint { height: 1; text-wrap: nowrap; text-overflow: ellipsis; display: none; }
    FilterBox OptionList { height: auto; max-height: 8; border: none; padding: 0; background: $panel; display: none; }
    FilterBox:focus-within .hint { display: block; }
    FilterBox.-wrong .hint { display: block; }
    FilterBox:focus-within.-offers OptionList { display: block; }
    """  # noqa: E501

    @dataclass
    class Searched(Message):
        """What is searched for in the list; empty: nothing."""

        text: str

    @dataclass
    class Entered(Message):
        """What the store is asked for was confirmed; empty: everything."""

        filter: str

    def __init__(self) -> None:
        super().__init__(id="filter")
        self.known = Vocabulary()
        self._offers: tuple[Completion, ...] = ()

    def compose(self) -> ComposeResult:
        placeholder = "text to search for, or a filter: metrics.loss < 0.1"
        yield Input(id="box", placeholder=placeholder, compact=True)
        yield Static(classes="hint")
        offers = OptionList()
        offers.can_focus = False
        yield offers

    @property
    def value(self) -> str:
        return self._box.value.strip()

    @property
    def _box(self) -> Input:
        return self.query_one(Input)

    def open(self, known: Vocabulary) -> None:
        """Let the person type; `known` is what a filter can be about."""
        self.known = known
        self.add_class("-open")
        self._box.focus()
        self._guide()

    def close(self) -> None:
        """Stay in sight only with something in it."""
        self.set_class(bool(self.value), "-open")

    def clear(self) -> None:
        self.fill("")
        self.close()

    def fill(self, text: str) -> None:
        """Show a text that was not typed."""
        with self.prevent(Input.Changed):
            self._box.value = text
        self.set_class(bool(text), "-open")
        self._guide()

    def refuse(self, error: ReproError) -> None:
        """Say what the store has against the filter, and let the person correct it."""
        self.add_class("-open", "-wrong")
        self._box.focus()
        self._say(shown(f"✗ {error.message} {error.hint}", "$text-error"))

    # --- Typing ------------------------------------------------------------------------

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._guide()
        self.post_message(self.Searched("" if is_store_filter(event.value) else self.value))

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        asked = self.value if is_store_filter(self.value) else ""
        try:
            parse_filter(asked)
        except NotUnderstoodError as error:
            self.add_class("-wrong")
            self._point(error, "$text-error")
        else:
            self.post_message(self.Entered(asked))

    def _guide(self) -> None:
        """Say what is expected next, and offer it."""
        text = self._box.value
        self.remove_class("-wrong")
        words = [kind for kind in ("metrics", "params", "tags", "attributes") if len(text) > 1]
        begun = any(kind.startswith(text.strip().lower()) for kind in words)
        asks = is_store_filter(text) or text.rstrip().endswith(".")
        self._offer(completions(text, self.known) if asks or begun else ())
        if not is_store_filter(text):
            self._say(Content.styled(_HELP, MUTED))
            return
        try:
            parse_filter(text)
        except NotUnderstoodError as error:
            self._point(error, MUTED)
        else:
            self._say(Content.styled("enter asks the store", MUTED))

    def _point(self, error: NotUnderstoodError, style: str) -> None:
        """Under the place where the filter could not be read any further, why not."""
        place = Content(self._box.value[: error.position]).cell_length
        place -= self._box.scroll_offset.x
        why, room = shown(error.why), self.size.width
        if place + 2 + why.cell_length > room and why.cell_length + 1 <= place:
            line = (why + Content(" ▲")).pad_left(place - why.cell_length - 1)
        else:
            line = Content(" " * min(max(place, 0), room // 2) + "▲ ") + why
        self._say(line.stylize(style))

    def _say(self, text: Content) -> None:
        self.query_one(".hint", Static).update(text)

    # --- Completing --------------------------------------------------------------------

    def _offer(self, offers: tuple[Completion, ...]) -> None:
        self._offers = offers
        self.set_class(bool(offers), "-offers")
        listed = self.query_one(OptionList)
        listed.clear_options()
        listed.add_options([Option(shown(offer.shown, limit=70)) for offer in offers])
        listed.highlighted = 0 if offers else None

    def action_complete(self) -> None:
        place = self.query_one(OptionList).highlighted
        if self._offers and place is not None:
            self._box.value = self._offers[place].text
            self._box.cursor_position = len(self._box.value)

    def action_pick(self, by: int) -> None:
        listed = self.query_one(OptionList)
        if by > 0:
            listed.action_cursor_down()
        else:
            listed.action_cursor_up()

    @on(OptionList.OptionSelected)
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.action_complete()
        self._box.focus()
