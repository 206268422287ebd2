"""MLflow databases as older MLflows left them: `python schemas.py FOLDER RUN_ID`.

MLflow's own migrations bring an empty database to each revision, `FOLDER/REVISION.db`;
its content is then written with SQL, since the MLflow at hand refuses an older schema.
Prints the revisions, oldest first.
"""

import sqlite3
import sys
from pathlib import Path

import sqlalchemy
from alembic import command
from alembic.script import ScriptDirectory
from mlflow.store.db.utils import _get_alembic_config
from mlflow.store.tracking.dbmodels.initial_models import Base


def main(folder: Path, run_id: str) -> None:
    scripts = ScriptDirectory.from_config(_get_alembic_config(""))
    empty = folder / "empty.db"
    for script in reversed(list(scripts.walk_revisions())):
        upgrade(empty, script.revision)
        path = folder / f"{script.revision}.db"
        path.write_bytes(empty.read_bytes())
        fill(path, run_id)
        print(script.revision)
    empty.unlink()


def upgrade(path: Path, revision: str) -> None:
    """Bring the database to the revision, through MLflow's own migrations."""
    engine = sqlalchemy.create_engine(f"sqlite:///{path}")
    if not path.exists():
        Base.metadata.create_all(engine)
    config = _get_alembic_config(str(engine.url))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    engine.dispose()


def fill(path: Path, run_id: str) -> None:
    """One run with a param, a tag and two metrics, and a dataset and a model if there can be."""
    connection = sqlite3.connect(path)
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}

    def insert(table: str, **values: object) -> None:
        if table in tables:
            names, marks = ", ".join(values), ", ".join("?" * len(values))
            sql = f"INSERT INTO {table} ({names}) VALUES ({marks})"
            connection.execute(sql, tuple(values.values()))

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
    nan = {} if path.stem in ("451aebb31d03", "90e64c465722") else {"is_nan": 0}
    for table in ("metrics", "latest_metrics"):
        insert(table, run_uuid=run_id, key="loss", value=0.5, timestamp=2000, step=3, **nan)
        insert(
            table,
            run_uuid=run_id,
            key="gone",
            value=0.0,
            timestamp=2000,
            step=3,
            **dict.fromkeys(nan, 1),
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
    connection.commit()
    connection.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
