"""What the store is asked: which order, and whether a text is a filter in its syntax. Pure."""

import re
from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from repro_tui.errors import ReproError
from repro_tui.evidence.tags import Tag
from repro_tui.evidence.tracking.search import Entity, parse_order
from repro_tui.text import visible

_STORE_FILTER = re.compile(
    r"\s*[\"`]?(metrics?|params?|parameters?|tags?|attributes?|attr|run|datasets?)[\"`]?\.\S"
    r"|\s*(status|start_time|end_time|run_id|run_name|user_id|artifact_uri|created)"
    r"\s*(=|!=|<|>|I?LIKE\b|IN\b|NOT\b)",
    re.IGNORECASE,
)

SORTED_BY = {
    "name": "attributes.run_name",
    "status": "attributes.status",
    "verdict": f"tags.`{Tag.VERDICT}`",
    "start": "attributes.start_time",
    "end": "attributes.end_time",
    "user": "attributes.user_id",
    "seed": f"tags.`{Tag.SEED}`",
    "device": f"tags.`{Tag.DEVICE}`",
    "commit": f"tags.`{Tag.GIT_COMMIT}`",
    "entry point": f"tags.`{Tag.ENTRY_POINT}`",
    "run id": "attributes.run_id",
}
"""What the store sorts a column by, where it can; metrics, params and tags it always can."""


class Order(Struct, frozen=True):
    column: str
    descending: bool = False

    @property
    def order_by(self) -> str:
        """In MLflow's search syntax."""
        return f"{sorted_by(self.column)} {'DESC' if self.descending else 'ASC'}"

    @property
    def title(self) -> str:
        match self.column:
            case "start":
                return "newest first" if self.descending else "oldest first"
            case "end":
                return "last ended first" if self.descending else "first ended first"
            case name if name.startswith("metrics."):
                how = "highest" if self.descending else "lowest"
                return f"{visible(name.removeprefix('metrics.'), 30)}, {how} first"
            case name:
                return f"by {visible(name, 30)}" + (", last first" if self.descending else "")

    @property
    def arrow(self) -> str:
        return "↓" if self.descending else "↑"

    def reversed(self) -> "Order":
        return replace(self, descending=not self.descending)


NEWEST_FIRST = Order("start", descending=True)


def is_store_filter(text: str) -> bool:
    """Whether a text begins as a filter in MLflow's search syntax does.

    >>> is_store_filter("metrics.loss < 0.1"), is_store_filter("loss")
    (True, False)
    """
    return _STORE_FILTER.match(text) is not None


def sorted_by(column: str) -> str | None:
    """The name that the store sorts a column by; None where it cannot.

    A name with a backtick in it is none: MLflow has no way to quote it.
    """
    kind, _, name = column.partition(".")
    if column in SORTED_BY:
        return SORTED_BY[column]
    if kind not in ("metrics", "params", "tags") or not name or "`" in name:
        return None
    return f"{kind}.`{name}`"


def order_of(order_by: str) -> Order | None:
    """The order that a clause in MLflow's syntax stands for, where the program can show it."""
    try:
        (key,) = parse_order((order_by,))
    except ReproError:
        return None
    kinds = {Entity.ATTRIBUTE: "attributes", Entity.METRIC: "metrics", Entity.PARAM: "params"}
    kind = kinds.get(key.entity, "tags")
    clauses = (f"{kind}.{key.key}", f"{kind}.`{key.key}`")
    built_in = next((name for name, clause in SORTED_BY.items() if clause in clauses), None)
    if built_in is None and key.entity is Entity.ATTRIBUTE:
        return None
    return Order(built_in or f"{kind}.{key.key}", key.descending)


def first_order(column: str) -> Order | None:
    """How a column is sorted first, before it is turned round: times from the last one."""
    return Order(column, column in ("start", "end")) if sorted_by(column) else None


def orders(columns: Iterable[str]) -> tuple[Order, ...]:
    """The orders to choose from; `columns` are those worth sorting by."""
    usual = (
        NEWEST_FIRST,
        NEWEST_FIRST.reversed(),
        Order("end", descending=True),
        Order("name"),
        Order("status"),
    )
    taken = {order.column for order in usual}
    more = [name for name in dict.fromkeys(columns) if name not in taken and sorted_by(name)]
    return (*usual, *(order for name in more for order in (Order(name), Order(name, True))))
