"""PyTorch checkpoints, part by part: tensors by their elements, the rest by value."""

from collections.abc import Iterator, Mapping, Sequence

from msgspec.structs import replace

from repro_tui.compare.artifacts import asides
from repro_tui.compare.artifacts.allowance import Allowance
from repro_tui.compare.artifacts.file import Inside, OpenFile, settle
from repro_tui.compare.artifacts.parts import compare_parts, paired
from repro_tui.compare.artifacts.torch_export import Export
from repro_tui.compare.artifacts.torch_legacy import LegacyCheckpoint
from repro_tui.compare.artifacts.torch_tensors import Storages, View
from repro_tui.compare.artifacts.torch_zip import Checkpoint
from repro_tui.compare.artifacts.values import compare_scalars
from repro_tui.compare.model import FileDetail, Finding, Kind
from repro_tui.compare.policy import Policy
from repro_tui.compare.scalars import known

_TRACE = ("metadata", "stack_trace")
_SERIALIZATION_ID = ".data/serialization_id"


def compare(left: OpenFile, right: OpenFile, policy: Policy, allowance: Allowance) -> Inside:
    """Raises Unsuited where a file is not such a zip, or its pickle is beyond the reader."""
    sides = Checkpoint(left, allowance), Checkpoint(right, allowance)
    return _compare_zips("PyTorch checkpoint", *sides, policy, (left.path, right.path))


def compare_export(left: OpenFile, right: OpenFile, policy: Policy, allowance: Allowance) -> Inside:
    """Raises Unsuited or ValueError where a file is not what `torch.export.save` writes."""
    sides = Export(left, allowance), Export(right, allowance)
    return _compare_zips("PyTorch export", *sides, policy, (left.path, right.path))


def _compare_zips(
    comparer: str,
    a: Checkpoint | Export,
    b: Checkpoint | Export,
    policy: Policy,
    paths: tuple[str, str],
) -> Inside:
    findings = [*_compare_parts(a, b, policy, paths)]
    findings += _compare_rest(a, b, policy)
    if a.root != b.root:
        facts = known(a.root, paths[0]), known(b.root, paths[1])
        findings.append(asides.ROOT_FOLDER.finding(("root folder",), *facts))
    findings += a.members.compare_packing(b.members)
    return settle(comparer, findings, asides.TENSOR_LAYOUT)


def compare_legacy(left: OpenFile, right: OpenFile, policy: Policy) -> Inside:
    """Raises Unsuited or ValueError where a file is not of the format before PyTorch 1.6."""
    a, b = LegacyCheckpoint(left), LegacyCheckpoint(right)
    findings = _compare_parts(a, b, policy, (left.path, right.path))
    return settle("PyTorch checkpoint", findings, asides.STORAGE_KEYS)


def _compare_parts(
    a: Checkpoint | LegacyCheckpoint | Export,
    b: Checkpoint | LegacyCheckpoint | Export,
    policy: Policy,
    paths: tuple[str, str],
) -> Iterator[Finding]:
    shown: dict[tuple[str, str], list[tuple[View, View]]] = {}
    for name, x, y in paired(a.parts, b.parts):
        yield from compare_parts(name, x, y, policy, paths)
        if isinstance(x, View) and isinstance(y, View):
            yield from _compare_views(name, x, y, policy, paths)
            shown.setdefault((x.storage.key, y.storage.key), []).append((x, y))
    yield from _compare_hidden(a.storages, b.storages, shown)


def _compare_views(
    name: str, left: View, right: View, policy: Policy, paths: tuple[str, str]
) -> Iterator[Finding]:
    """What a tensor has beside its elements, where it differs."""
    if left.requires_grad != right.requires_grad:
        key = (f"{name}.requires_grad",)
        yield compare_scalars(key, left.requires_grad, right.requires_grad, policy, paths)
    devices = left.storage.device, right.storage.device
    if devices[0] != devices[1]:
        facts = known(devices[0], paths[0]), known(devices[1], paths[1])
        yield asides.STORAGE_DEVICE.finding((f"{name}.device",), *facts)


def _compare_hidden(
    a: Storages, b: Storages, shown: Mapping[tuple[str, str], Sequence[tuple[View, View]]]
) -> Iterator[Finding]:
    """Bytes of storages that are saved and that no tensor shows.

    Where the two sides show other parts of their storages, there are no pairs to compare.
    """
    for (key_a, key_b), views in shown.items():
        mask_a, bytes_a = a.hidden(key_a, [x for x, _ in views])
        mask_b, bytes_b = b.hidden(key_b, [y for _, y in views])
        if mask_a == mask_b and bytes_a != bytes_b:
            note = "bytes that no tensor shows differ"
            yield Finding((f"storage {key_a}",), Kind.CHANGED, None, None, note=note)


def _compare_rest(
    a: Checkpoint | Export, b: Checkpoint | Export, policy: Policy
) -> Iterator[Finding]:
    """Members that are neither the pickle nor a storage of some tensor."""
    rest = [
        replace(
            side.members, by_name={n: m for n, m in side.members.by_name.items() if n not in read}
        )
        for side, read in ((a, a.read), (b, b.read))
    ]
    for finding in rest[0].compare_all(rest[1], policy):
        if finding.key == (_SERIALIZATION_ID,) and finding.kind is Kind.CHANGED:
            yield asides.SERIALIZATION_ID.finding(finding.key, finding.left, finding.right)
        elif _only_positions(finding):
            aside = asides.SOURCE_POSITIONS.finding(finding.key, finding.left, finding.right)
            yield replace(aside, detail=finding.detail)
        else:
            yield finding


def _only_positions(finding: Finding) -> bool:
    """Whether all that differs is where in which file the code of the model was written.

    TorchScript keeps that in files of its own, an exported graph with each operation.
    """
    if finding.kind is not Kind.CHANGED:
        return False
    if finding.key[-1].endswith(".debug_pkl"):
        return True
    match finding.detail:
        case FileDetail(comparer="json", findings=found):
            counting = [each for each in found if each.kind not in (Kind.EQUAL, Kind.SET_ASIDE)]
            return all(each.key[-2:] == _TRACE for each in counting)
    return False
