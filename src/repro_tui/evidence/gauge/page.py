"""What a page of runs tells of one, before anything else of it is read. Pure."""

from collections.abc import Iterable, Mapping
from functools import lru_cache

from repro_tui.evidence.gauge.parts import Sections
from repro_tui.evidence.model import (
    NOT_LOOKED_AT,
    Fact,
    Key,
    Known,
    Missing,
    Run,
    Section,
    SectionName,
)
from repro_tui.evidence.tags import Tag

_TAGS = (
    Tag.COMMIT, Tag.DETERMINISM, Tag.DEVICE, Tag.DIRTY, Tag.ENTRY_POINT, Tag.GIT_COMMIT, Tag.PYTHON,
    Tag.SEED, Tag.SOURCE_NAME,
)  # fmt: skip
"""All that is looked at of a page beside what announces a record."""


def seen_on_page(run: Run) -> Sections:
    """What a page of runs tells of one: its tags, params and last metrics, nothing read.

    A record of the execution lies among the artifacts; of a run that no tag announces one
    for, what only a record can tell is missing, and not merely unseen.
    """
    announced = any(tag in run.tags for tag in (Tag.RECORD, Tag.DETERMINISM, Tag.JOB))
    return _seen(announced, *map(run.tags.get, _TAGS))


@lru_cache(1024)
def _seen(announced: bool, *told: str | None) -> Sections:
    """Made once of the same tags: most runs of a store have them in common."""
    unrecorded = NOT_LOOKED_AT if announced else Missing("MLflow does not record it")
    tags = {tag: value for tag, value in zip(_TAGS, told, strict=True) if value is not None}
    return {
        section.name: section
        for section in (
            _page_code(tags, unrecorded),
            Section(
                SectionName.ENVIRONMENT,
                {
                    **{(key,): unrecorded for key in ("os", "cpu", "libraries")},
                    ("packages",): NOT_LOOKED_AT,
                    **_tagged(tags, ("python",), (Tag.PYTHON,), NOT_LOOKED_AT),
                },
            ),
            Section(SectionName.DEVICE, _tagged(tags, ("device",), (Tag.DEVICE,), unrecorded)),
            Section(
                SectionName.RANDOMNESS,
                {
                    (): unrecorded,
                    **_tagged(tags, ("seed",), (Tag.SEED,), unrecorded),
                    **_tagged(tags, ("determinism",), (Tag.DETERMINISM,), unrecorded),
                },
            ),
        )
    }


def _page_code(tags: Mapping[str, str], unrecorded: Missing) -> Section:
    no_commit = NOT_LOOKED_AT if unrecorded == NOT_LOOKED_AT else Missing("no commit was recorded")
    dirty = tags.get(Tag.DIRTY)
    changes: Fact = unrecorded
    if dirty == "false":
        changes = Known("none", f"tag {Tag.DIRTY}")
    elif dirty == "true" and unrecorded != NOT_LOOKED_AT:
        changes = Missing("there were uncommitted changes, and they were not recorded")
    return Section(
        SectionName.CODE,
        {
            ("uncommitted changes",): changes,
            ("files",): NOT_LOOKED_AT,
            ("command",): unrecorded,
            **_tagged(tags, ("commit",), (Tag.GIT_COMMIT, Tag.COMMIT), no_commit),
            **_tagged(tags, ("entry point",), (Tag.ENTRY_POINT, Tag.SOURCE_NAME), unrecorded),
        },
    )


def _tagged(
    tags: Mapping[str, str], key: Key, names: Iterable[str], otherwise: Missing
) -> dict[Key, Fact]:
    """The fact at `key` by the first of the tags that is there."""
    name = next((name for name in names if tags.get(name)), None)
    return {key: otherwise if name is None else Known(tags[name], f"tag {name}")}
