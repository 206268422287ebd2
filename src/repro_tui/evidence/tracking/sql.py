"""MLflow's searches written as SQL for its own schema, and what dialects differ in. Pure.

Means what `SqlAlchemyStore._search_runs` means: a comparison with something that a run
does not have is false, runs without the sort key come last, NaN before them.
"""

from collections.abc import Iterator

from msgspec import Struct

from repro_tui.errors import ReproError
from repro_tui.evidence.tags import Tag
from repro_tui.evidence.tracking.reader import RunQuery
from repro_tui.evidence.tracking.search import (
    Comparison,
    Entity,
    SortKey,
    parse_filter,
    parse_order,
)

Statement = tuple[str, tuple[object, ...]]
"""SQL and the values of its question marks."""


class Dialect(Struct, frozen=True):
    """How a database spells what is not spelled alike everywhere."""

    ilike: str
    """A match that does not mind capitals, as MLflow writes it for this database."""
    wanted: str
    """The table `wanted` of the elements of a JSON array: `key`, which rises, and `value`."""
    nan: str
    """What `Transaction.points` reads as NaN: MLflow stores it as 0 and `is_nan`."""


SQLITE = Dialect(
    ilike="lower({}) LIKE lower(?)",
    wanted="json_each(?) AS wanted",
    nan="NULL",
)
POSTGRESQL = Dialect(
    ilike="{} ILIKE ?",
    wanted="json_array_elements_text(CAST(? AS json)) WITH ORDINALITY AS wanted(value, key)",
    nan="'NaN'",
)

_COLUMNS = {
    "run_id": "r.run_uuid",
    "run_name": "r.name",
    "user_id": "r.user_id",
    "status": "r.status",
    "artifact_uri": "r.artifact_uri",
    "start_time": "r.start_time",
    "end_time": "r.end_time",
}
_TABLES = {Entity.METRIC: "latest_metrics", Entity.PARAM: "params", Entity.TAG: "tags"}
_WITH = {
    Entity.METRIC: "(SELECT t.run_uuid FROM latest_metrics t WHERE t.key = ?",
    Entity.PARAM: "(SELECT t.run_uuid FROM params t WHERE t.key = ?",
    Entity.TAG: "(SELECT t.run_uuid FROM tags t WHERE t.key = ?",
}
"""The runs that have this, without the closing parenthesis."""
_IN_ACTIVE_EXPERIMENTS = (
    "r.experiment_id IN (SELECT experiment_id FROM experiments WHERE lifecycle_stage = 'active')"
)
_DATASET = (
    "r.run_uuid IN (SELECT i.destination_id FROM inputs i"
    " JOIN datasets d ON d.dataset_uuid = i.source_id WHERE"
)
_DATASET_CONTEXT = (
    "r.run_uuid IN (SELECT i.destination_id FROM inputs i"
    " JOIN input_tags c ON c.input_uuid = i.input_uuid WHERE c.name = 'mlflow.data.context' AND"
)


def search_runs(
    query: RunQuery, dialect: Dialect, *, has_datasets: bool, having: bool = False
) -> Statement:
    """The ids of the runs that `query` asks for, in its order, from its first page on.

    Nothing but ids: what the database sorts is then small. The statement ends in `LIMIT ?
    OFFSET ?`, whose values the caller adds. `having`: only the runs that have what is sorted
    by first; they come before all others, and are found without a look at these. Raises
    ReproError where filter or order cannot be understood.
    """
    joins, orders = [], []
    values: list[object] = []
    for number, key in enumerate(keys := parse_order(query.order_by)):
        join, value, order = _sort(f"k{number}", key)
        joins.append(join)
        values += value
        orders.append(order)
    if not any((key.entity, key.key) == (Entity.ATTRIBUTE, "start_time") for key in keys):
        orders.append("r.start_time DESC")
    orders.append("r.run_uuid")

    conditions = list(_scope(query))
    if having and joins and joins[0]:
        joins[0] = joins[0].removeprefix("LEFT ")
        conditions.append(("k0.value IS NOT NULL", ()))
    for comparison in parse_filter(query.filter):
        if comparison.entity is Entity.DATASET and not has_datasets:
            conditions.append(("1 = 0", ()))
        else:
            conditions.append(_condition(comparison, dialect))
    for _, value in conditions:
        values += value
    where = " AND ".join(condition for condition, _ in conditions)
    parts = ["SELECT r.run_uuid FROM runs r", *joins, "WHERE", where]
    parts += ["ORDER BY", ", ".join(orders), "LIMIT ? OFFSET ?"]
    return " ".join(parts), tuple(values)


def _scope(query: RunQuery) -> Iterator[Statement]:
    if query.experiment_ids:
        numbers = [_experiment_number(name) for name in query.experiment_ids]
        yield f"r.experiment_id IN ({_marks(len(numbers))})", tuple(numbers)
    else:
        yield _IN_ACTIVE_EXPERIMENTS, ()
    if not query.include_deleted:
        yield "r.lifecycle_stage = 'active'", ()


def _experiment_number(experiment_id: str) -> int:
    if not (experiment_id.isascii() and experiment_id.isdigit() and len(experiment_id) < 19):
        raise ReproError(
            f"{experiment_id} is no experiment id of this store.", "They are whole numbers."
        )
    return int(experiment_id)


def _sort(alias: str, key: SortKey) -> tuple[str, tuple[object, ...], str]:
    """The join that a sort key needs, its value, and its part of ORDER BY."""
    direction = "DESC" if key.descending else "ASC"
    if key.entity is Entity.ATTRIBUTE:
        column = _COLUMNS[key.key]
        return "", (), f"{column} IS NULL, {column} {direction}"
    table = _TABLES[key.entity]
    join = f"LEFT JOIN {table} {alias} ON {alias}.run_uuid = r.run_uuid AND {alias}.key = ?"
    absent = f"{alias}.value IS NULL"
    if key.entity is Entity.METRIC:
        absent = f"CASE WHEN {alias}.is_nan THEN 1 WHEN {absent} THEN 2 ELSE 0 END"
    return join, (key.key,), f"{absent}, {alias}.value {direction}"


def _condition(comparison: Comparison, dialect: Dialect) -> Statement:
    if (comparison.entity, comparison.key) == (Entity.ATTRIBUTE, "run_name"):
        # Up to MLflow 1.29 the name stood in the tag alone.
        comparison = Comparison(Entity.TAG, Tag.RUN_NAME, comparison.comparator, comparison.value)
    entity, key = comparison.entity, comparison.key
    if entity is Entity.ATTRIBUTE:
        return _compare(_COLUMNS[key], comparison, dialect)
    if entity is Entity.DATASET:
        context = key == "context"
        sql, values = _compare("c.value" if context else f"d.{key}", comparison, dialect)
        return f"{_DATASET_CONTEXT if context else _DATASET} {sql})", values
    if comparison.value is None:
        absence = "NOT " if comparison.comparator == "IS NULL" else ""
        return f"r.run_uuid {absence}IN {_WITH[entity]})", (key,)
    sql, values = _compare("t.value", comparison, dialect)
    if entity is Entity.METRIC:
        # The value of a NaN is stored as 0; NaN differs from every number.
        sql = f"({sql} OR t.is_nan)" if comparison.comparator == "!=" else f"{sql} AND NOT t.is_nan"
    return f"r.run_uuid IN {_WITH[entity]} AND {sql})", (key, *values)


def _compare(column: str, comparison: Comparison, dialect: Dialect) -> Statement:
    comparator, value = comparison.comparator, comparison.value
    if isinstance(value, tuple):
        return f"{column} {comparator} ({_marks(len(value))})", value
    if comparator == "ILIKE":
        return dialect.ilike.format(column), (value,)
    return f"{column} {comparator} ?", (value,)


def _marks(count: int) -> str:
    return ", ".join("?" * count)
