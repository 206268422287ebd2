"""skops files: a zip of `schema.json` and the arrays that it names.

skops (0.16, `skops/io/_utils.py`) names members and objects by their addresses in the
memory of the process that saved them. Here a member is named by its place in the schema,
and an object's id is kept, as a running number, only where something refers back to it.
"""

from typing import Any

from msgspec import Struct, field

from repro_tui.compare.artifacts import asides
from repro_tui.compare.artifacts.allowance import Allowance
from repro_tui.compare.artifacts.archives import Members
from repro_tui.compare.artifacts.file import Inside, OpenFile, Unsuited, settle
from repro_tui.compare.artifacts.structured import walk
from repro_tui.compare.artifacts.values import unique
from repro_tui.compare.documents import load_json
from repro_tui.compare.policy import Policy

SCHEMA = "schema.json"


def compare(left: OpenFile, right: OpenFile, policy: Policy, allowance: Allowance) -> Inside:
    """Raises Unsuited or ValueError where a file is not such a zip."""
    a, b = _read(left, allowance), _read(right, allowance)
    findings = [
        *walk(policy, (left.path, right.path), {}).compare((SCHEMA,), a.tree, b.tree),
        *a.members.compare_all(b.members, policy),
    ]
    if a.addresses != b.addresses:
        findings.append(asides.ADDRESSES.finding((asides.ADDRESSES.rule,)))
    findings += a.members.compare_packing(b.members)
    return settle("skops", findings, asides.ARCHIVE_LAYOUT)


class _Schema(Struct):
    """A schema without addresses, and the members under their new names."""

    members: Members
    tree: Any = None
    addresses: list[int] = field(default_factory=list)
    """All of them, in the order of the schema."""
    referred: set[int] = field(default_factory=set)
    """Those that something refers back to."""
    numbers: dict[int, int] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    """The new name of each member that the schema mentions."""

    def plain(self, node: Any, place: tuple[str, ...]) -> Any:
        """The node without addresses. Notes the places of members on the way."""
        if isinstance(node, list):
            return [self.plain(item, (*place, str(i))) for i, item in enumerate(node)]
        if not isinstance(node, dict):
            return node
        kept: dict[str, Any] = {}
        for key, value in node.items():
            if key == "__id__":
                self.addresses.append(value)
                if value in self.referred:
                    kept[key] = self.numbers.setdefault(value, len(self.numbers))
            elif key == "file" and value in self.members.by_name:
                suffix = value.rpartition(".")[2]
                kept[key] = self.places.setdefault(value, f"{'.'.join(place) or 'object'}.{suffix}")
            else:
                kept[key] = self.plain(value, place if key == "content" else (*place, key))
        return kept


def _read(file: OpenFile, allowance: Allowance) -> _Schema:
    members = Members.of_zip(file, allowance)
    if SCHEMA not in members.by_name:
        raise Unsuited(f"it has no {SCHEMA}")
    raw = load_json(members.read(SCHEMA).read().decode())
    schema = _Schema(members)
    schema.referred = set(_referred(raw))
    schema.tree = schema.plain(raw, ())
    names = [name for name in members.by_name if name != SCHEMA]
    named = unique(schema.places.get(name, name) for name in names)
    schema.members = Members(
        file.path,
        {new: members.by_name[name] for name, new in zip(names, named, strict=True)},
        allowance,
    )
    return schema


def _referred(node: Any) -> list[int]:
    """The ids to which a `CachedNode` refers."""
    if isinstance(node, list):
        return [found for item in node for found in _referred(item)]
    if not isinstance(node, dict):
        return []
    own = [node["__id__"]] if node.get("__loader__") == "CachedNode" and "__id__" in node else []
    return own + [found for value in node.values() for found in _referred(value)]
