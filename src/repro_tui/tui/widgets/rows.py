"""A list of rows that draws only what is in view: the base of every long list."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.style import Style
from textual.visual import Visual

from repro_tui.tui.widgets.scroll_bar import lean

T = TypeVar("T")

MOVE = Binding.Group("Move")


@dataclass
class Moved(Message, Generic[T]):
    """The cursor stands on another row."""

    rows: "Rows[T]"
    row: T

    @property
    def control(self) -> "Rows[T]":
        return self.rows


@dataclass
class Chosen(Message, Generic[T]):
    """A row was chosen, with the enter key or by a second click."""

    rows: "Rows[T]"
    row: T

    @property
    def control(self) -> "Rows[T]":
        return self.rows


class Rows(ScrollView, Generic[T], can_focus=True):
    """Rows of one line each, with a cursor; `draw` makes a row's line when it is seen.

    Drawing costs the lines in view, however many rows there are.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "move(1)", "Down", show=False, group=MOVE, id="list.down"),
        Binding("up,k", "move(-1)", "Up", show=False, group=MOVE, id="list.up"),
        Binding(
            "pagedown,ctrl+f", "page(1)", "Page down", show=False, group=MOVE, id="list.page-down"
        ),
        Binding("pageup,ctrl+b", "page(-1)", "Page up", show=False, group=MOVE, id="list.page-up"),
        Binding("home,g", "end(-1)", "First", show=False, group=MOVE, id="list.first"),
        Binding("end,G", "end(1)", "Last", show=False, group=MOVE, id="list.last"),
        Binding(
            "right,l",
            "scroll_right",
            "Scroll right",
            show=False,
            group=MOVE,
            id="list.scroll-right",
        ),
        Binding(
            "left,h", "scroll_left", "Scroll left", show=False, group=MOVE, id="list.scroll-left"
        ),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {"rows--cursor", "rows--head"}
    DEFAULT_CSS = """
    Rows {
        background: $background;
        scrollbar-size: 1 1;
        & > .rows--head { background: $panel; color: $muted; text-style: bold; }
        & > .rows--cursor { background: $ground-away; }
        &:focus > .rows--cursor { background: $ground-row; text-style: bold; }
    }
    """

    # Nothing that is selected with the mouse would be drawn as such.
    ALLOW_SELECT = False

    cursor: reactive[int] = reactive(0)

    rows: Sequence[T] = ()
    _head: tuple[Content, int, Style, Strip] | None = None
    """The head as it was drawn last, and what it was drawn of."""

    # --- What a kind of list says about itself ---------------------------------------
    # Not with abc: Textual's widgets have a metaclass of their own.

    def draw(self, row: T, width: int) -> Content:
        """One row's line; `width` is the widget's, and the line may be wider."""
        raise NotImplementedError

    def head(self, width: int) -> Content:
        """The line that stays on top of the lists that define it; others are not asked."""
        raise NotImplementedError

    def identity(self, row: T) -> Hashable:
        """What makes a row the same row after the list was read again."""
        return id(row)

    def place(self, identity: Hashable) -> int | None:
        """Where the row of that identity stands, if it is there."""
        return next((i for i, row in enumerate(self.rows) if self.identity(row) == identity), None)

    def strip(self, row: T, width: int, style: Style) -> Strip:
        """One row's line, `width` cells wide, on a background of that style."""
        return self.fitted(self.draw(row, self.scrollable_content_region.width), width, style)

    def full_width(self, width: int) -> int:
        """How wide the lines are, in cells, where they can be wider than the view."""
        del width
        return 0

    @property
    def held(self) -> int:
        """How many cells at the left stay where they are when the lines are scrolled sideways."""
        return 0

    # --- Showing -----------------------------------------------------------------------

    def show(self, rows: Sequence[T]) -> None:
        """Show other rows; the cursor stays on its row where that is still there."""
        kept = self.identity(self.current) if self.current is not None else None
        held = self.cursor
        self.rows = rows
        place = None if kept is None else self.place(kept)
        self._measure()
        self.set_reactive(Rows.cursor, min(held, max(len(rows) - 1, 0)) if place is None else place)
        self.follow()
        self._tell()
        self.refresh()

    @property
    def current(self) -> T | None:
        return self.rows[self.cursor] if 0 <= self.cursor < len(self.rows) else None

    @property
    def _head_height(self) -> int:
        return int(type(self).head is not Rows.head)

    def _measure(self) -> None:
        height = len(self.rows) + self._head_height
        self.virtual_size = Size(self.full_width(self.size.width), height)

    def watch_show_vertical_scrollbar(self, shown: bool) -> None:
        if shown:
            lean(self.vertical_scrollbar)

    def on_resize(self) -> None:
        self._measure()
        self.follow()

    def render_line(self, y: int) -> Strip:
        return self.view_lines(range(y, y + 1))[0]

    def view_lines(self, places: range) -> list[Strip]:
        """The lines in these places of the view."""
        seen, (left, top) = self.size.width, self.scroll_offset
        width = max(self.full_width(seen), seen)
        plain, head_height, count = self.visual_style, self._head_height, len(self.rows)
        held = self.held if left else 0
        drawn = []
        for y in places:
            index, style = top + y - head_height, plain
            if y < head_height:
                style = self.get_visual_style("rows--head")
                strip = self._drawn_head(self.head(seen), width, style)
            elif 0 <= index < count:
                if index == self.cursor:
                    style = self.get_visual_style("rows--cursor")
                strip = self.strip(self.rows[index], width, style)
            else:
                drawn.append(Strip.blank(seen, plain.rich_style))
                continue
            if left or strip.cell_length != seen:
                moving = strip.crop_extend(left + held, left + seen, style.rich_style)
                strip = Strip.join((strip.crop(0, held), moving)) if held else moving
            drawn.append(strip)
        return drawn

    def _drawn_head(self, head: Content, width: int, style: Style) -> Strip:
        """The head's line, kept: it is seldom another one."""
        kept = self._head
        if kept is None or kept[1:3] != (width, style) or not kept[0].is_same(head):
            kept = self._head = head, width, style, self.fitted(head, width, style)
        return kept[3]

    def fitted(self, content: Content, width: int, style: Style) -> Strip:
        """Content as a line of that width."""
        line = content.truncate(width, ellipsis=True, pad=True)
        return Visual.to_strips(self, line, width, 1, style, apply_selection=False)[0]

    # --- The cursor --------------------------------------------------------------------

    def validate_cursor(self, cursor: int) -> int:
        return max(0, min(cursor, len(self.rows) - 1))

    def watch_cursor(self) -> None:
        self.follow()
        self._tell()
        self.refresh()

    def follow(self) -> None:
        """Scroll so that the cursor is in view."""
        seen = max(self.size.height - self._head_height, 1)
        top = self.scroll_offset.y
        if self.cursor < top:
            self.scroll_to(y=self.cursor, animate=False, force=True)
        elif self.cursor >= top + seen:
            self.scroll_to(y=self.cursor - seen + 1, animate=False, force=True)

    def _tell(self) -> None:
        if self.current is not None and self.is_attached:
            self.post_message(Moved(self, self.current))

    def go_on(self, direction: int, fits: Callable[[T], bool], *, around: bool = False) -> bool:
        """Move to the next row in that direction that fits, if there is one; `around` goes on
        at the other end."""
        count = len(self.rows)
        places = range(self.cursor + direction, count if direction > 0 else -1, direction)
        more = range(0 if direction > 0 else count - 1, self.cursor + direction, direction)
        for place in (*places, *more) if around else places:
            if fits(self.rows[place]):
                self.cursor = place
                return True
        return False

    def action_move(self, by: int) -> None:
        self.cursor += by

    def action_page(self, direction: int) -> None:
        self.cursor += direction * max(self.size.height - self._head_height - 1, 1)

    def action_end(self, direction: int) -> None:
        self.cursor = len(self.rows) - 1 if direction > 0 else 0

    def action_choose(self) -> None:
        if self.current is not None:
            self.post_message(Chosen(self, self.current))

    def row_at(self, event: events.Click) -> int | None:
        """Which row a click is on, if it is on one."""
        offset = event.get_content_offset(self)
        if offset is None or offset.y < self._head_height:
            return None
        index = self.scroll_offset.y + offset.y - self._head_height
        return index if index < len(self.rows) else None

    def on_click(self, event: events.Click) -> None:
        index = self.row_at(event)
        if index is None:
            return
        again = index == self.cursor
        self.cursor = index
        if again and event.chain == 2:
            self.action_choose()
