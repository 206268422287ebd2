import json

import pytest
from tests.builders import blob, file, known

from repro_tui.compare.mappings import compare_scalars, compare_section
from repro_tui.compare.model import FileDetail, Finding, Kind
from repro_tui.compare.policy import Policy, Rule
from repro_tui.evidence.model import (
    Fact,
    Key,
    Known,
    Missing,
    Package,
    Section,
    SectionName,
    Unreadable,
    Value,
)

PARAMS, ENVIRONMENT = SectionName.PARAMS, SectionName.ENVIRONMENT
GAP = Missing("nobody recorded it")


def compared(
    left: dict[Key, Fact],
    right: dict[Key, Fact],
    name: SectionName = ENVIRONMENT,
    policy: Policy | None = None,
) -> dict[Key, Finding]:
    findings = compare_section(
        Section(name, left), Section(name, right), policy or Policy(), compare_scalars(name)
    )
    assert [f.key for f in findings] == sorted({f.key for f in findings})
    return {finding.key: finding for finding in findings}


def one(left: Value, right: Value, name: SectionName = PARAMS) -> Finding:
    return compared({("x",): known(left)}, {("x",): known(right)}, name)[("x",)]


def test_an_absent_key_is_known_to_be_absent() -> None:
    found = compared({("a",): known("1")}, {("b",): known("2")})
    assert found[("a",)].kind is Kind.REMOVED
    assert found[("a",)].right is None
    assert found[("b",)].kind is Kind.ADDED


def test_a_gap_is_one_finding_that_counts_what_the_other_side_has() -> None:
    listed: dict[Key, Fact] = {("packages", name): known(Package("1")) for name in "abc"}
    found = compared({("packages",): GAP}, {**listed, ("os",): known("x")})
    assert set(found) == {("packages",), ("os",)}
    gap = found[("packages",)]
    assert (gap.kind, gap.left) == (Kind.UNKNOWN, GAP)
    assert gap.right == Known("3 facts", "below packages")
    assert gap.note == "left: nobody recorded it; 3 facts known of one run only"
    assert found[("os",)].kind is Kind.ADDED


def test_what_both_know_is_compared_inside_a_gap() -> None:
    left: dict[Key, Fact] = {("packages",): GAP, ("packages", "a"): known(Package("1"))}
    right: dict[Key, Fact] = {("packages", "a"): known(Package("2"))}
    found = compared(left, right)
    assert found[("packages", "a")].kind is Kind.CHANGED
    assert found[("packages",)].note == "left: nobody recorded it"
    assert found[("packages",)].right == Known("1 fact", "below packages")


def test_where_a_gap_meets_nothing_nothing_is_there() -> None:
    found = compared({("packages",): GAP}, {("os",): known("x")})
    assert found[("packages",)].right is None


def test_a_gap_of_the_whole_section_covers_it() -> None:
    found = compared({(): GAP}, {("a",): known("1"), ("b", "c"): known("2")})
    assert list(found) == [()]
    assert "2 facts" in found[()].note
    assert found[()].right == Known("2 facts", "the section")


def test_both_sides_have_the_gap() -> None:
    found = compared({("a",): GAP}, {("a",): GAP})
    assert found[("a",)].note == "both: nobody recorded it"
    other = Unreadable("a.lock", "it is cut short")
    note = compared({("a",): GAP}, {("a",): other})[("a",)].note
    assert note == "left: nobody recorded it; right: it is cut short"


@pytest.mark.parametrize("other", [None, known("1")])
def test_a_gap_at_a_key_is_unknown_whatever_the_other_side_has(other: Known | None) -> None:
    found = compared({("a",): GAP}, {("a",): other} if other else {})
    assert found[("a",)].kind is Kind.UNKNOWN
    assert found[("a",)].right == other


def test_gaps_at_two_depths_are_two_findings() -> None:
    found = compared({("a",): GAP}, {("a", "b"): Missing("lost"), ("a", "c"): known("1")})
    assert set(found) == {("a",), ("a", "b")}
    assert found[("a", "b")].note == "left: nobody recorded it; right: lost"


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("1e-3", "0.001"),
        ("True", "true"),
        ("nan", "NaN"),
        ("inf", "Infinity"),
        ("1.0", "1"),
        (".5", "0.5"),
        ("1.50E2", "150"),
        (7, "7"),
        (0.1, "0.10"),
        ("-0.0", "-0"),
        ("9007199254740993", "9007199254740993.0"),
    ],
)
def test_the_same_value_written_differently_is_equal_and_said_so(left: Value, right: Value) -> None:
    found = one(left, right)
    assert (found.kind, found.note) == (Kind.EQUAL, "the same value, written differently")


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("1.10", "1.1"),  # as versions of a data set two
        ("007", "7"),
        ("1_0", "10"),
        ("１", "1"),
        ("0.1", "0.1000000000000000055511151231257827"),  # the same float64, not the same number
        ("9007199254740993", "9007199254740992"),
        ("0.0", "-0.0"),
        ("1", "True"),
        ("", "0"),
        ("nan", "inf"),
        ("adam", "Adam"),
        ("x", "x "),
        ("[1, 2]", "[1, 2, 3]"),
        ("1e999999999", "1e999999998"),
    ],
)
def test_other_values_are_changes(left: Value, right: Value) -> None:
    assert one(left, right).kind is Kind.CHANGED


def test_versions_are_not_numbers() -> None:
    assert one("3.10", "3.1", ENVIRONMENT).kind is Kind.CHANGED


def test_types_and_bits_count() -> None:
    assert one(True, 1, ENVIRONMENT).kind is Kind.CHANGED
    assert one(0.0, -0.0, ENVIRONMENT).kind is Kind.CHANGED
    assert one(float("nan"), float("nan"), ENVIRONMENT).kind is Kind.EQUAL


def test_nested_params_are_compared_by_structure() -> None:
    found = one(
        '{"a": [1, {"b": 2}], "c": 3}', "{'a': [1, {'b': 5}], 'd': null_}".replace("null_", "None")
    )
    assert isinstance(found.detail, FileDetail)
    inside = {f.key: (f.kind, f.left, f.right) for f in found.detail.findings}
    assert inside == {
        ("a", "[1]", "b"): (Kind.CHANGED, known(2), known(5)),
        ("c",): (Kind.REMOVED, known(3), None),
        ("d",): (Kind.ADDED, None, known(None)),
    }


@pytest.mark.parametrize(
    ("left", "right", "key", "note"),
    [
        ("[1, 2]", "[true, 2]", ("[0]",), "int against bool"),
        ('{"a": 1}', '{"a": 1.0}', ("a",), "int against float"),
        ('{"a": "1"}', '{"a": 1}', ("a",), "str against int"),
        ('{"a": [0.0]}', '{"a": [-0.0]}', ("a", "[0]"), ""),
        ('{"a": NaN}', '{"a": null}', ("a",), "float against none"),
        ('{"a": []}', '{"a": {}}', ("a",), "list against dict"),
        ("{'a': (1,)}", "{'a': [1]}", ("a",), "tuple against list"),
        ("(1, 2)", "[1, 2]", (), "tuple against list"),
        ("{1: 2}", "{True: 2}", ("1",), ""),
        ("{1: 2}", "{'1': 2}", ("1",), ""),
        ("{'a': b'x'}", "{'a': 'x'}", ("a",), "bytes against str"),
    ],
)
def test_what_a_program_can_tell_apart_inside_differs(
    left: str, right: str, key: Key, note: str
) -> None:
    detail = one(left, right).detail
    assert isinstance(detail, FileDetail)
    assert (detail.findings[0].key, detail.findings[0].note) == (key, note)
    assert one(right, left).kind is Kind.CHANGED


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ('{"a": 1, "a": 2}', '{"a": 3, "a": 2}'),
        ("{'a': 1, 'a': 2}", "{'a': 3, 'a': 2}"),
        ("a: 1\na: 2\n", "a: 3\na: 2\n"),
        ("{1: 1, True: 2}", "{1: 3, True: 2}"),
        ("1: 1\ntrue: 2\n", "1: 3\ntrue: 2\n"),
        ("{'a': {1, 2}}", "{'a': {1, 3}}"),
    ],
)
def test_no_reading_drops_a_value_that_differs(left: str, right: str) -> None:
    assert one(left, right).kind is Kind.CHANGED


def test_the_same_structure_written_differently() -> None:
    found = one('{"a": 1, "b": [true]}', "{'b': [True], 'a': 1}")
    assert (found.kind, found.note) == (Kind.EQUAL, "the same value, written differently")


@pytest.mark.parametrize(
    ("left", "right", "why"),
    [
        ("caf\u00e9", "cafe\u0301", "Unicode"),
        ("a", "a ", "white space"),
        ("a", "b", ""),
        ("a b", "a  b", ""),
    ],
)
def test_texts_that_look_the_same_are_told_apart(left: str, right: str, why: str) -> None:
    found = one(left, right)
    assert found.kind is Kind.CHANGED
    assert why in found.note
    assert bool(why) == bool(found.note)


def test_yaml_shows_where_but_never_hides() -> None:
    found = one("lr: 1\nlayers:\n- 2\n", "lr: 1\nlayers:\n- 3\n")
    assert isinstance(found.detail, FileDetail)
    assert [f.key for f in found.detail.findings] == [("layers", "[0]")]
    prose = one("Prompt: be kind  # always", "Prompt: be kind  # never")
    assert prose.kind is Kind.CHANGED
    assert "not to the letter" in prose.note


@pytest.mark.parametrize(
    "text",
    [
        "[" * 50_000,
        "{" * 5_000 + "}" * 5_000,
        "a: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]",
        "{'a': 1e99999999}",
        '{"a": ' + "9" * 5000 + "}",
        "{1: 2, 'a': {3, 4}, (1, 2): b'x'}",
        "!!python/object:os.system [x]",
        "\x00{",
        "- " * 3000,
    ],
)
def test_hostile_documents_are_changes_like_any_other(text: str) -> None:
    assert one(text, '{"a": 1}').kind is Kind.CHANGED
    assert one(text, text + " ").kind in (Kind.CHANGED, Kind.EQUAL)
    assert one(text, text).kind is Kind.EQUAL


def test_packages_by_version_source_and_hash() -> None:
    base = Package("1.0", "https://example.org", ("sha256:a",), "")
    for other, said in (
        (Package("1.1", "https://example.org", ("sha256:a",)), "differs in version"),
        (Package("1.0", "https://example.net", ("sha256:a",)), "differs in source"),
        (Package("1.0", "https://example.org", ("sha256:b",)), "differs in hashes"),
        (Package("1.1", "", (), "x"), "differs in version, source, hashes, marker"),
    ):
        found = one(base, other, SectionName.LOCKFILES)
        assert (found.kind, found.note) == (Kind.CHANGED, said)
    assert one(base, base, SectionName.LOCKFILES).kind is Kind.EQUAL
    assert one(Package("1.0"), "1.0", ENVIRONMENT).kind is Kind.EQUAL
    assert one(Package("1.0"), "1.1", ENVIRONMENT).kind is Kind.CHANGED


def test_digests_of_two_kinds_say_nothing_of_each_other() -> None:
    assert one(file("a", b"x"), blob("a", b"x"), SectionName.ARTIFACTS).kind is Kind.UNKNOWN
    assert one(file("a", b"x"), blob("a", b"xy"), SectionName.ARTIFACTS).kind is Kind.CHANGED
    assert one(file("a", b"x"), file("b", b"x"), SectionName.ARTIFACTS).kind is Kind.EQUAL


def test_rules_set_aside_what_differs_or_is_unknown_and_nothing_else() -> None:
    policy = Policy(set_aside=(Rule("hosts", ENVIRONMENT, "host*", "names compute nothing"),))
    left: dict[Key, Fact] = {
        ("host",): known("a"),
        ("host2",): known("b"),
        ("host3",): GAP,
        ("os",): known("c"),
    }
    right: dict[Key, Fact] = {("host",): known("x"), ("host2",): known("b"), ("os",): known("d")}
    found = compared(left, right, ENVIRONMENT, policy)
    assert (found[("host",)].kind, found[("host",)].rule) == (Kind.SET_ASIDE, "hosts")
    assert found[("host2",)].kind is Kind.EQUAL
    assert found[("host3",)].kind is Kind.SET_ASIDE
    assert found[("host3",)].note == "left: nobody recorded it; names compute nothing"
    assert found[("os",)].kind is Kind.CHANGED
    elsewhere = compared({("host",): known("a")}, {}, PARAMS, policy)
    assert elsewhere[("host",)].kind is Kind.REMOVED


def test_durations_are_spelled_beside_their_milliseconds() -> None:
    found = one(60_000, 60_500, SectionName.STATUS)
    assert (found.kind, found.note) == (
        Kind.CHANGED,
        "milliseconds: 1 min 00 s left, 1 min 00 s right",
    )


def test_equal_digests_of_mlflow_are_not_shown_to_differ() -> None:
    compare = compare_scalars(SectionName.DATA)
    key = ("datasets", "d", "digest")
    assert "not shown to differ" in compare(key, known("9f86d081"), known("9f86d081")).note
    assert compare(key, known("9f86d081"), known("9f86d082")).kind is Kind.CHANGED
    # A digest that the project computed itself, and DVC's.
    assert compare(key, known("9" * 32), known("9" * 32)).note == ""
    assert compare(("dvc", "a", "md5"), known("9" * 32), known("9" * 32)).note == ""


def test_schemas_are_compared_by_column() -> None:
    columns = [
        json.dumps({"mlflow_colspec": [{"type": kind, "name": "x"}, {"type": "long", "name": "y"}]})
        for kind in ("long", "double")
    ]
    found = compare_scalars(SectionName.DATA)(
        ("datasets", "d", "schema"), known(columns[0]), known(columns[1])
    )
    assert found.kind is Kind.CHANGED
    assert isinstance(found.detail, FileDetail)
    assert [f.key for f in found.detail.findings] == [("mlflow_colspec", "[0]", "type")]
