"""Facts compared by key: what any section comes to, gaps and rules included."""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable
from decimal import Decimal, InvalidOperation

from msgspec.structs import replace

from repro_tui.compare.documents import compare_documents, parse
from repro_tui.compare.model import Finding, Kind
from repro_tui.compare.policy import Policy
from repro_tui.compare.scalars import same
from repro_tui.evidence.model import (
    Fact,
    FileRef,
    Key,
    Known,
    Missing,
    Package,
    Section,
    SectionName,
    Unreadable,
    Value,
)
from repro_tui.text import duration, plural

CompareKnown = Callable[[Key, Known, Known], Finding]
"""Compares two known facts of one key; the policy's rules are applied afterwards."""

WRITTEN_DIFFERENTLY = "the same value, written differently"
_AS_NUMBERS = "the same as numbers, not as versions or names"
_LONGEST_NUMBER = 400
_PLAIN = re.compile(
    r"[+-]?(0|[1-9][0-9]*)?(\.(0*|[0-9]*[1-9]))?|[+-]?[0-9]*\.?[0-9]*e[+-]?[0-9]+|[a-z+-]*",
    re.IGNORECASE | re.ASCII,
)
"""Numbers and truth values as programs write them; not `007`, `1.10`, `1_0`: a person may mean
something else by these than 7, 1.1 and 10, say the version of a data set."""
_DOCUMENTS = (("schema",), ("profile",))
"""Of a data set: JSON, compared by what it says."""
_MLFLOW_DIGEST = 8
"""Characters. Source: mlflow/data/digest_utils.py, MLflow 3.17."""
_LOOSE = (SectionName.PARAMS, SectionName.RANDOMNESS)
"""Sections in which `1e-3` and `0.001` mean the same. A version 3.10 is not 3.1."""


def compare_section(
    left: Section, right: Section, policy: Policy, compare_known: CompareKnown
) -> tuple[Finding, ...]:
    """Every finding of one section, in the order of keys.

    A key that both sides know is compared, also inside a gap. A gap is one finding,
    UNKNOWN with its reason and with a count of the facts that only the other side has
    there: those get no finding of their own. That side's value is how many facts stand
    below the gap, since it is not known to have nothing there.
    """
    findings: list[Finding] = []
    covered: dict[Key, int] = {}
    gaps: list[Key] = []
    for key in sorted({*left.facts, *right.facts}):
        a, b = left.at(key), right.at(key)
        if isinstance(a, Known) and isinstance(b, Known):
            findings.append(compare_known(key, a, b))
        elif isinstance(left.facts.get(key), _Gap) or isinstance(right.facts.get(key), _Gap):
            gaps.append(key)
        elif a is None:
            findings.append(Finding(key, Kind.ADDED, None, b))
        elif b is None:
            findings.append(Finding(key, Kind.REMOVED, a, None))
        else:
            gap = _gap_above(right if isinstance(a, Known) else left, key)
            covered[gap] = covered.get(gap, 0) + 1
    below = (_below(left), _below(right)) if gaps else ({}, {})
    for key in gaps:
        a = left.at(key) or below[0].get(key)
        b = right.at(key) or below[1].get(key)
        note = _why(a, b)
        if key in covered:
            note += f"; {plural(covered[key], 'fact')} known of one run only"
        findings.append(Finding(key, Kind.UNKNOWN, a, b, note))
    findings.sort(key=lambda finding: finding.key)
    return tuple(set_aside(finding, left.name, policy) for finding in findings)


_Gap = Missing | Unreadable


def _gap_above(section: Section, key: Key) -> Key:
    return next(
        key[:length]
        for length in range(len(key) - 1, -1, -1)
        if isinstance(section.facts.get(key[:length]), _Gap)
    )


def _below(section: Section) -> dict[Key, Known]:
    """How many facts stand below each prefix of a key: `12 facts`."""
    counts = Counter(key[:length] for key in section.facts for length in range(len(key)))
    return {key: Known(plural(count, "fact"), f"below {'/'.join(key)}" if key else "the section")
            for key, count in counts.items()}  # fmt: skip


def _why(left: Fact | None, right: Fact | None) -> str:
    reasons = {
        side: fact.reason
        for side, fact in (("left", left), ("right", right))
        if isinstance(fact, _Gap)
    }
    if len(set(reasons.values())) == 1 and len(reasons) == 2:
        return f"both: {reasons['left']}"
    return "; ".join(f"{side}: {reason}" for side, reason in reasons.items())


def set_aside(finding: Finding, section: SectionName, policy: Policy) -> Finding:
    """The finding, set aside where it is not equal and a rule of the policy says so."""
    if finding.kind in (Kind.EQUAL, Kind.SET_ASIDE):
        return finding
    rule = policy.rule_for(section, finding.key)
    if rule is None:
        return finding
    note = "; ".join(filter(None, (finding.note, rule.why)))
    return Finding(
        finding.key, Kind.SET_ASIDE, finding.left, finding.right, note, rule.name, finding.detail
    )


def noted(finding: Finding, note: str) -> Finding:
    """The finding with one more sentence in its note."""
    return replace(finding, note="; ".join(filter(None, (finding.note, note))))


def compare_scalars(section: SectionName) -> CompareKnown:
    """How two facts of this section are compared where nothing finer is said."""

    def compare(key: Key, left: Known, right: Known) -> Finding:
        a, b = left.value, right.value
        if same(a, b):
            return Finding(key, Kind.EQUAL, left, right, _equal_digests(section, key, a))
        if isinstance(a, Package) or isinstance(b, Package):
            return _compare_packages(key, left, right)
        if isinstance(a, FileRef) and isinstance(b, FileRef):
            return compare_digests(key, left, right)
        if section in _LOOSE and _number(a) is not None and _number(a) == _number(b):
            if _may_be_label(a, b):
                return Finding(key, Kind.CHANGED, left, right, _AS_NUMBERS)
            return Finding(key, Kind.EQUAL, left, right, WRITTEN_DIFFERENTLY)
        structured = section in _LOOSE or (section is SectionName.DATA and key[-1:] in _DOCUMENTS)
        if structured and isinstance(a, str) and isinstance(b, str):
            return _compare_documents(key, left, right, a, b)
        if section is SectionName.STATUS and isinstance(a, int) and isinstance(b, int):
            # The one number there: how many milliseconds the run took.
            note = f"milliseconds: {duration(a)} left, {duration(b)} right"
            return Finding(key, Kind.CHANGED, left, right, note)
        return Finding(key, Kind.CHANGED, left, right, _look_alike(a, b))

    return compare


def _look_alike(left: Value, right: Value) -> str:
    """Why two texts that look the same are not."""
    if not (isinstance(left, str) and isinstance(right, str)):
        return ""
    if left.strip() == right.strip():
        return "white space at an end differs"
    if unicodedata.normalize("NFC", left) == unicodedata.normalize("NFC", right):
        return "they look the same: a letter is composed of other Unicode characters"
    return ""


def _equal_digests(section: SectionName, key: Key, value: Value) -> str:
    """What two equal digests of data sets say, where MLflow made them."""
    short = isinstance(value, str) and len(value) == _MLFLOW_DIGEST
    if section is SectionName.DATA and key[-1:] == ("digest",) and short:
        return "not shown to differ: MLflow keeps 8 digits of a hash"
    return ""


def compare_digests(key: Key, left: Known, right: Known) -> Finding:
    """Two files by their digests; a Git id and a SHA-256 say nothing of each other."""
    a, b = left.value, right.value
    assert isinstance(a, FileRef)
    assert isinstance(b, FileRef)
    if a.digest == b.digest:
        return Finding(key, Kind.EQUAL, left, right)
    if a.digest.partition(":")[0] != b.digest.partition(":")[0] and a.size == b.size:
        note = "the digests are of different kinds"
        return Finding(key, Kind.UNKNOWN, left, right, note)
    return Finding(key, Kind.CHANGED, left, right)


def _compare_packages(key: Key, left: Known, right: Known) -> Finding:
    a, b = _package(left.value), _package(right.value)
    if a is None or b is None:
        return Finding(key, Kind.CHANGED, left, right)
    fields = ("version", "source", "hashes", "marker")
    differing = [name for name in fields if getattr(a, name) != getattr(b, name)]
    if not differing:
        return Finding(key, Kind.EQUAL, left, right)
    return Finding(key, Kind.CHANGED, left, right, f"differs in {', '.join(differing)}")


def _package(value: Value) -> Package | None:
    return (
        Package(value) if isinstance(value, str) else value if isinstance(value, Package) else None
    )


def _number(value: Value) -> tuple[str, Decimal | bool] | None:
    """The number or truth value that a value spells, exactly; None where it spells none.

    Zero keeps its sign. A float stands for its shortest spelling, as text.number gives it.
    """
    text = str(value).strip()
    if isinstance(value, bool) or text.lower() in ("true", "false"):
        return "bool", text.lower() == "true"
    if not isinstance(value, str | int | float) or len(text) > _LONGEST_NUMBER:
        return None
    try:
        exact = Decimal(text)
    except InvalidOperation:
        return None
    if exact.is_nan():
        return "nan", False
    return "-" if exact.is_signed() else "+", exact


def _may_be_label(left: Value, right: Value) -> bool:
    """Whether two equal numbers are spelled such that they may be versions or names."""
    texts = [value.strip() for value in (left, right) if isinstance(value, str)]
    return len(texts) == 2 and not all(_PLAIN.fullmatch(text) for text in texts)


def _compare_documents(key: Key, left: Known, right: Known, a: str, b: str) -> Finding:
    x, y = parse(a), parse(b)
    if x is None or y is None:
        return Finding(key, Kind.CHANGED, left, right, _look_alike(a, b))
    try:
        detail = compare_documents(x, y, (left.source, right.source))
    except ValueError as error:
        note = f"not compared by structure: {error}"
        return Finding(key, Kind.CHANGED, left, right, note)
    if detail is not None:
        return Finding(key, Kind.CHANGED, left, right, detail=detail)
    if "YAML" in (x.notation, y.notation):
        # Much prose happens to be YAML, which drops comments and folds lines.
        note = "the same when read as YAML, but not to the letter"
        return Finding(key, Kind.CHANGED, left, right, note)
    return Finding(key, Kind.EQUAL, left, right, WRITTEN_DIFFERENTLY)
