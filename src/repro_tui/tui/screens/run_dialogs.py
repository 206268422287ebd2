"""The dialogs that choose what the list of runs shows: its order, experiments and columns."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from textual.content import Content

from repro_tui.evidence.model import Experiment, Run
from repro_tui.tui.run_columns import offers
from repro_tui.tui.run_orders import Order, orders
from repro_tui.tui.screens.columns import ColumnOffer, ColumnsScreen
from repro_tui.tui.screens.pick import Choice, PickScreen
from repro_tui.tui.screens.pick_several import PickSeveralScreen
from repro_tui.tui.spelling import MUTED, shown


def order_dialog(columns: Iterable[str], current: Order) -> PickScreen[Order]:
    """`columns`: those worth sorting by."""
    choices = [Choice(Content(order.title), order) for order in orders(columns)]
    return PickScreen("Sort", choices, current)


def experiments_dialog(
    experiments: Iterable[Experiment], chosen: Collection[str]
) -> PickSeveralScreen[str]:
    """Of the experiments those that are not deleted; `chosen` are ids."""
    choices = [
        Choice(
            shown(each.name, limit=44) + shown(f"  {each.experiment_id}", MUTED),
            each.experiment_id,
        )
        for each in experiments
        if each.lifecycle_stage == "active"
    ]
    return PickSeveralScreen("Experiments", Content("all experiments"), choices, chosen)


def columns_dialog(
    runs: Iterable[Run], now: Sequence[str], widths: Mapping[str, int]
) -> ColumnsScreen:
    """The columns that these runs can fill; `now` are those that are shown."""
    return ColumnsScreen([ColumnOffer(*offer) for offer in offers(runs)], now, widths)
