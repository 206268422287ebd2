"""What can be done on a screen now, read off its key bindings: for the help and the palette."""

from collections.abc import Mapping

from msgspec import Struct
from textual.app import App
from textual.binding import Binding
from textual.containers import ScrollableContainer, Vertical
from textual.dom import DOMNode
from textual.screen import Screen

from repro_tui.tui.widgets.rows import MOVE, Rows

_TEXTUAL = {binding.action for binding in Screen.BINDINGS if isinstance(binding, Binding)}
"""What Textual itself binds on every screen."""

_SCROLLING = {b.action for b in ScrollableContainer.BINDINGS if isinstance(b, Binding)}


IN_FULL: Mapping[str, str] = {
    "app.jobs": "Re-executions: under way and done",
    "app.stores": "Open another store",
    "app.theme": "Choose a theme",
    "app.help": "Help for this screen",
    "app.palette": "Find an action by its name",
    "app.quit": "Leave the program",
    "runs.mark": "Mark the run, or take its mark away",
    "runs.compare": "Compare the marked runs",
    "runs.rerun": "Re-execute the run under the cursor",
    "runs.filter": "Search, or filter in MLflow's syntax",
    "runs.details": "Show or hide what is known of a run",
    "runs.experiments": "Choose experiments",
    "runs.sort": "Sort by one of the orders",
    "runs.columns": "Choose, order and size columns",
    "runs.fold": "Fold or unfold the children of a run",
    "runs.refresh": "Read the runs again",
    "runs.clear": "Take the search and the filter away",
    "runs.back": "Leave the program",
    "compare.next": "Next difference or match",
    "compare.everything": "All, or only what differs",
    "compare.fold": "Fold or unfold a section",
    "compare.copy-value": "Copy the value under the cursor",
    "compare.verdict": "The verdict with all its reasons",
    "compare.base": "Make another run the base",
    "compare.export": "Write the comparison to a file",
    "compare.search": "Search in the comparison",
    "compare.metrics": "All metrics in small plots",
    "detail.metrics": "All metrics in small plots",
    "metrics.everything": "All, or only what differs",
    "jobs.compare": "Compare with the original",
    "jobs.follow": "Follow the log, or hold it still",
    "jobs.cancel": "Cancel the job, after a question",
    "detail.view": "Next view of this finding",
    "detail.copy": "Copy the value",
    "lines.next": "Next hunk or match",
    "plot.next": "Next difference",
    "export.write": "Write the file",
    "rerun.start": "Start the re-execution",
    "findings.open": "Open what is under the cursor",
    "run.open": "Open what is under the cursor",
}
"""What actions do, by the ids of their bindings, where the footer has but a word for it."""


class Action(Struct, frozen=True):
    """One action, with all keys that start it, as they are shown."""

    group: str
    description: str
    keys: tuple[str, ...]
    node: DOMNode
    action: str
    enabled: bool


def actions(screen: Screen[object]) -> tuple[Action, ...]:
    """The actions of the focused list, of the screen, and of the application."""
    found: dict[tuple[str, str], Action] = {}
    for key, (node, binding, enabled, _) in screen.active_bindings.items():
        group = _group(node, binding)
        if group is None or not binding.description:
            continue
        shown = screen.app.get_key_display(binding.with_key(key))
        known = found.get((group, binding.action))
        keys = (*(known.keys if known else ()), shown)
        found[group, binding.action] = Action(
            group, told(binding), keys, node, binding.action, enabled
        )
    return tuple(found.values())


def told(binding: Binding) -> str:
    """What an action does."""
    return IN_FULL.get(binding.id or "", binding.description)


def _group(node: DOMNode, binding: Binding) -> str | None:
    """What an action belongs to; None: to the inside of a widget, such as a text field."""
    if binding.group is MOVE or binding.action in _SCROLLING:
        return "Moving"
    if isinstance(node, App) or binding.action in _TEXTUAL:
        return "Everywhere"
    return "This screen" if isinstance(node, Screen | Rows | Vertical) else None
