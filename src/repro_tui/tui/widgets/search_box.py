"""The line that a search is typed into."""

from textual.widgets import Input


class SearchBox(Input):
    """Out of sight until somebody searches; what it tells are Input's messages."""

    def __init__(self, placeholder: str = "") -> None:
        super().__init__(id="box", placeholder=placeholder, compact=True)

    @property
    def is_open(self) -> bool:
        return self.has_class("-open")

    def open(self) -> None:
        self.add_class("-open")
        self.focus()

    def close(self, *, clear: bool = False) -> None:
        if clear:
            self.value = ""
        self.remove_class("-open")
