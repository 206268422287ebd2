"""MLflow databases as older MLflows left them.

MLflow's own migrations bring an empty database to each revision; its content is then
written with SQL, since the MLflow at hand refuses an older schema.

`python schemas.py FOLDER RUN_ID` makes `FOLDER/REVISION.db` for every revision and prints
the revisions, oldest first. `python schemas.py URI RUN_ID REVISION...` brings one database
to the revisions in turn, prints each, and then waits for a line before the next.
"""

import sys
from pathlib import Path

import sqlalchemy
from alembic import command
from alembic.script import ScriptDirectory
from mlflow.store.db.utils import _get_alembic_config
from mlflow.store.tracking.dbmodels.initial_models import Base
from sqlalchemy import Connection, Engine

_WITHOUT_NAN = ("451aebb31d03", "90e64c465722")
_FILLED = (
    *("experiments", "runs", "params", "tags", "metrics", "latest_metrics", "datasets"),
    *("inputs", "input_tags", "logged_models"),
)


def every_revision(folder: Path, run_id: str) -> None:
    scripts = ScriptDirectory.from_config(_get_alembic_config(""))
    empty = folder / "empty.db"
    for script in reversed(list(scripts.walk_revisions())):
        upgrade(sqlalchemy.create_engine(f"sqlite:///{empty}"), script.revision)
        path = folder / f"{script.revision}.db"
        path.write_bytes(empty.read_bytes())
        engine = sqlalchemy.create_engine(f"sqlite:///{path}")
        with engine.begin() as connection:
            fill(connection, run_id, script.revision)
        engine.dispose()
        print(script.revision)
    empty.unlink()


def one_after_another(uri: str, run_id: str, revisions: list[str]) -> None:
    engine = sqlalchemy.create_engine(uri)
    for revision in revisions:
        upgrade(engine, revision)
        with engine.begin() as connection:
            tables = sqlalchemy.inspect(connection).get_table_names()
            filled = ", ".join(name for name in _FILLED if name in tables)
            connection.exec_driver_sql(f"TRUNCATE {filled} CASCADE")
            fill(connection, run_id, revision)
        print(revision, flush=True)
        sys.stdin.readline()


def upgrade(engine: Engine, revision: str) -> None:
    """Bring the database to the revision, through MLflow's own migrations."""
    if not sqlalchemy.inspect(engine).has_table("runs"):
        Base.metadata.create_all(engine)
    config = _get_alembic_config(engine.url.render_as_string(hide_password=False))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    engine.dispose()


def fill(connection: Connection, run_id: str, revision: str) -> None:
    """One run with a param, a tag and two metrics, and a dataset and a model if there can be."""
    tables = sqlalchemy.inspect(connection).get_table_names()

    def insert(table: str, **values: object) -> None:
        if table in tables:
            names, marks = ", ".join(values), ", ".join(f":{name}" for name in values)
            sql = f"INSERT INTO {table} ({names}) VALUES ({marks})"
            connection.execute(sqlalchemy.text(sql), values)

    insert("experiments", experiment_id=1, name="old", lifecycle_stage="active")
    insert(
        "runs",
        run_uuid=run_id,
        experiment_id=1,
        user_id="somebody",
        status="FINISHED",
        start_time=1000,
        end_time=3000,
        artifact_uri="/srv/artifacts",
        lifecycle_stage="active",
        source_type="LOCAL",
    )
    insert("params", run_uuid=run_id, key="lr", value="0.1")
    insert("tags", run_uuid=run_id, key="mlflow.runName", value="old run")
    nan = {} if revision in _WITHOUT_NAN else {"is_nan": False}
    for table in ("metrics", "latest_metrics"):
        insert(table, run_uuid=run_id, key="loss", value=0.5, timestamp=2000, step=3, **nan)
        insert(
            table,
            run_uuid=run_id,
            key="gone",
            value=0.0,
            timestamp=2000,
            step=3,
            **dict.fromkeys(nan, True),
        )
    insert(
        "datasets",
        dataset_uuid="d",
        experiment_id=1,
        name="digits",
        digest="abc",
        dataset_source_type="local",
        dataset_source="{}",
    )
    insert(
        "inputs",
        input_uuid="i",
        source_type="DATASET",
        source_id="d",
        destination_type="RUN",
        destination_id=run_id,
    )
    insert("input_tags", input_uuid="i", name="mlflow.data.context", value="training")
    insert(
        "logged_models",
        model_id="m-1",
        experiment_id=1,
        name="model",
        artifact_location="/srv/models",
        creation_timestamp_ms=1,
        last_updated_timestamp_ms=1,
        status=2,
        lifecycle_stage="active",
        source_run_id=run_id,
    )


if __name__ == "__main__":
    if len(sys.argv) == 3:
        every_revision(Path(sys.argv[1]), sys.argv[2])
    else:
        one_after_another(sys.argv[1], sys.argv[2], sys.argv[3:])
