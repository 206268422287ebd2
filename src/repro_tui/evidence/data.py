"""The section `data`: datasets as MLflow logged them, data files as DVC pinned them."""

import re
from collections.abc import Iterable, Mapping

from repro_tui.errors import ReproError
from repro_tui.evidence.documents import load_json, load_yaml, mapping, string, tables
from repro_tui.evidence.files import decode
from repro_tui.evidence.model import (
    Dataset,
    Fact,
    Key,
    Known,
    Missing,
    Section,
    SectionName,
    Unreadable,
)
from repro_tui.evidence.origin import Snapshot

DIGEST_ROWS = 10_000
"""How far MLflow's digests look: rows of a table, elements of an array.

Source: `MAX_ROWS` in mlflow/data/digest_utils.py, MLflow 3.17.
"""

_PROJECTS_OWN = re.compile(r"[0-9a-f]{32,36}", re.IGNORECASE)
"""A digest that the project computed itself and handed to MLflow, whose own have 8 digits.

What it covers is the project's word. MLflow's stores keep 36 characters of it.
"""
_MLFLOWS_OWN = re.compile(r"[0-9a-f]{8}")
"""A digest as MLflow computes it."""
_DVC_LIMIT = 8 << 20
_DVC_FIELDS = ("md5", "etag", "checksum", "size")
# Column types whose values enter the digest of a data frame: numbers and strings.
_HASHED = frozenset({"integer", "long", "float", "double", "string"})


def data(datasets: Iterable[Dataset] | Unreadable, snapshot: Snapshot | Missing) -> Section:
    """The section, from the run's logged inputs and the `.dvc` files of its commit."""
    facts: dict[Key, Fact] = {}
    if isinstance(datasets, Unreadable):
        facts["datasets",] = datasets
    else:
        facts |= _datasets(datasets)
    facts |= {("dvc",): snapshot} if isinstance(snapshot, Missing) else _dvc(snapshot)
    return Section(SectionName.DATA, facts)


def _datasets(datasets: Iterable[Dataset]) -> dict[Key, Fact]:
    facts: dict[Key, Fact] = {}
    for name, dataset in _named(datasets).items():
        for field, value in (
            ("digest", dataset.digest),
            ("source", _source(dataset)),
            ("source type", dataset.source_type),
            ("schema", dataset.schema),
            ("profile", dataset.profile),
        ):
            facts["datasets", name, field] = Known(value, "logged input")
        if _PROJECTS_OWN.fullmatch(dataset.digest):
            continue
        if not _MLFLOWS_OWN.fullmatch(dataset.digest):
            facts["datasets", name, "content"] = Missing(
                "the digest is no hash but a name that the project gave, which can stay while "
                "the data change"
            )
            continue
        if beyond := _beyond_digest(dataset):
            facts["datasets", name, "rows beyond the digest"] = Missing(beyond)
        if unseen := _unseen_columns(dataset):
            facts["datasets", name, "columns beyond the digest"] = Missing(unseen)
    if not facts:
        facts["datasets",] = Missing("no dataset was logged: what the run read is not known")
    return facts


def _source(dataset: Dataset) -> str:
    """The source as recorded; of a dataset that the code made, that it did.

    MLflow then records tags of the run (user, script, commit), which say nothing of the
    data; the code has a section of its own.
    """
    return "the run's code" if dataset.source_type == "code" else dataset.source


def _named(datasets: Iterable[Dataset]) -> dict[str, Dataset]:
    """Datasets by name and context; several of one name are numbered by their content."""
    named: dict[str, Dataset] = {}
    for dataset in sorted(datasets, key=lambda d: (d.name, d.context, d.digest, d.source)):
        plain = f"{dataset.name} ({dataset.context})" if dataset.context else dataset.name
        name, number = plain, 1
        while name in named:
            number += 1
            name = f"{plain} #{number}"
        named[name] = dataset
    return named


def _beyond_digest(dataset: Dataset) -> str:
    """Why the digest may not have seen all of the dataset; empty: it saw every row."""
    # Tables count rows; of an array MLflow hashes the first elements, whatever its shape.
    # A TensorFlow dataset counts its batches, whose elements are cut in the same way.
    profile = _object(dataset.profile)
    rows = _counts(profile, ("num_rows",))
    elements = _counts(profile, ("features_size", "targets_size"))
    if not rows and not elements:
        return "the profile tells no number of rows, so the digest may not have seen all of them"
    count = max(rows + elements)
    if count <= DIGEST_ROWS:
        return ""
    noun = "rows" if rows else "values"
    return f"MLflow's digest sees the first {DIGEST_ROWS:,} {noun}; there are {count:,}"


def _counts(profile: Mapping[str, object], names: Iterable[str]) -> list[int]:
    """The counts at these names: one each, or one for each array of a dictionary of them."""
    values: list[object] = []
    for name in names:
        value = profile.get(name)
        values += value.values() if isinstance(value, dict) else [value]
    return [value for value in values if isinstance(value, int) and value >= 0]


def _unseen_columns(dataset: Dataset) -> str:
    """Which columns of a table MLflow's digest leaves out; empty: none, or it is no table."""
    columns = _object(dataset.schema).get("mlflow_colspec")
    if not isinstance(columns, list):
        is_table = "num_rows" in _object(dataset.profile)
        return "the columns are not known, and MLflow's digest leaves some out" if is_table else ""
    unseen = []
    for number, column in enumerate(columns):
        kind = column.get("type") if isinstance(column, dict) else None
        # A column of strings is hashed only where every value is one.
        if kind not in _HASHED or (kind == "string" and column.get("required") is False):
            unseen.append(str(column.get("name", number)) if isinstance(column, dict) else "?")
    if not unseen:
        return ""
    shown = ", ".join(unseen[:5]) + (", …" if len(unseen) > 5 else "")
    return f"MLflow's digest leaves out columns that are neither numbers nor whole text: {shown}"


def _object(text: str) -> dict[str, object]:
    """A JSON object; empty where the text is none, since it then tells nothing."""
    try:
        return mapping(load_json(text), "the document")
    except ReproError:
        return {}


def _dvc(snapshot: Snapshot) -> dict[Key, Fact]:
    """What `.dvc` files and `dvc.lock` at the commit say of each data file: MD5 and size."""
    pins = [
        entry
        for entry in snapshot.entries
        if entry.kind == "blob"
        and (entry.path.endswith(".dvc") or entry.path.rpartition("/")[2] == "dvc.lock")
    ]
    facts: dict[Key, Fact] = {}
    readable = []
    for entry in pins:
        if entry.size > _DVC_LIMIT:
            facts["dvc", entry.path] = Unreadable(entry.path, "it is too large to be a DVC file")
        else:
            readable.append(entry)
    contents = snapshot.repository.read_blobs([entry.id for entry in readable])
    for entry, content in zip(readable, contents, strict=True):
        source = f"{entry.path} at {snapshot.commit[:12]}"
        folder = entry.path.rpartition("/")[0]
        try:
            for out in _outs(decode(content, entry.path)):
                path = "/".join(filter(None, (folder, string(out.get("path"), "path"))))
                for field in _DVC_FIELDS:
                    if out.get(field) is not None:
                        facts["dvc", path, field] = Known(string(out[field], field), source)
        except ReproError as error:
            facts["dvc", entry.path] = Unreadable(source, error.message)
    return facts


def _outs(text: str) -> list[dict[str, object]]:
    """The outs of a `.dvc` file, or the deps and outs of every stage of a `dvc.lock`.

    Formats: dvc.org, user guide, ".dvc files" and "dvc.lock".
    """
    document = mapping(load_yaml(text), "the document")
    outs = tables(document.get("outs"), "outs")
    for name, stage in mapping(document.get("stages"), "stages").items():
        table = mapping(stage, name)
        outs += tables(table.get("deps"), "deps") + tables(table.get("outs"), "outs")
    return outs
