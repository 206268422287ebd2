"""What a person copies: to the clipboard as it is, told in a form that is safe to show."""

from textual.app import App

from repro_tui.text import visible


def copy(app: App[object], text: str, called: str = "") -> None:
    """Copy a text and say so; `called` says what it is."""
    if text:
        app.copy_to_clipboard(text)
        app.notify(visible(text, 120), title=f"Copied {called}".rstrip(), markup=False)
    else:
        app.notify("There is nothing to copy here.", severity="warning")
