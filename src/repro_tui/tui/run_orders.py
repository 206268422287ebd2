"""What the store is asked: which order, and whether a text is a filter in its syntax. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from repro_tui.text import visible

_STORE_FILTER = re.compile(
    r"\s*[\"`]?(metrics?|params?|parameters?|tags?|attributes?|attr|run|datasets?)[\"`]?\.\S"
    r"|\s*(status|start_time|end_time|run_id|run_name|user_id|artifact_uri|created)"
    r"\s*(=|!=|<|>|I?LIKE\b|IN\b|NOT\b)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Order:
    title: str
    order_by: str
    """In MLflow's search syntax."""


NEWEST_FIRST = Order("newest first", "attributes.start_time DESC")


def is_store_filter(text: str) -> bool:
    """Whether a text begins as a filter in MLflow's search syntax does.

    >>> is_store_filter("metrics.loss < 0.1"), is_store_filter("loss")
    (True, False)
    """
    return _STORE_FILTER.match(text) is not None


def orders(metrics: Iterable[str]) -> tuple[Order, ...]:
    """The orders to choose from; `metrics` are those worth sorting by.

    A metric with a backtick in its name is left out: MLflow has no way to quote it.
    """
    named = [(visible(name, 30), f"metrics.`{name}`") for name in metrics if "`" not in name]
    return (
        NEWEST_FIRST,
        Order("oldest first", "attributes.start_time ASC"),
        Order("last ended first", "attributes.end_time DESC"),
        Order("by name", "attributes.run_name ASC"),
        Order("by status", "attributes.status ASC"),
        *(
            Order(f"{name}, {how} first", f"{quoted} {direction}")
            for name, quoted in named
            for how, direction in (("lowest", "ASC"), ("highest", "DESC"))
        ),
    )
