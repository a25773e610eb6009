"""Every problem of a condition is found, each at its place, with what to do."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter

from lineform.model.attributes import AttributesSpec
from lineform.model.audience import Audience, Condition, SegmentSpec
from lineform.model.codes import CODES
from lineform.segments.check import check_audience, check_condition
from lineform.segments.declared import Declared, clashes, declared
from lineform.segments.finding import ConditionError, Finding
from lineform.segments.resolve import to_predicate

CONDITION: TypeAdapter[Condition] = TypeAdapter(Condition)


def attributes(name: str = "all", **specs: dict[str, Any]) -> AttributesSpec:
    return AttributesSpec.model_validate({"kind": "attributes", "name": name, "attributes": specs})


def known(**segments: Any) -> Declared:
    spec = AttributesSpec.model_validate(
        {
            "kind": "attributes",
            "name": "all",
            "attributes": {
                "note": {"type": "text"},
                "visits": {"type": "number"},
                "birthday": {"type": "date"},
                "member": {"type": "bool"},
                "tier": {"type": "enum", "values": ["gold", "silver"]},
                "likes": {"type": "set", "values": ["tea", "bread"]},
            },
            "tags": {"regular": {}},
        }
    )
    named = [{"kind": "segment", "name": name, "where": where} for name, where in segments.items()]
    return declared([spec], [SegmentSpec.model_validate(s) for s in named])


def findings(where: Any, declared: Declared | None = None) -> list[Finding]:
    return check_condition(CONDITION.validate_python(where), declared or known(), ("where",))


@pytest.mark.parametrize(
    "where",
    [
        {"attribute": "note", "is": "x"},
        {"attribute": "note", "starts_with": "x"},
        {"attribute": "note", "not_in": ["x", "y"]},
        {"attribute": "visits", "between": [1, 2.5]},
        {"attribute": "visits", "above": 1},
        {"attribute": "birthday", "at_most": "2026-12-31"},
        {"attribute": "birthday", "between": ["2026-01-01", "2026-01-01"]},
        {"attribute": "member", "is": False},
        {"attribute": "member", "known": False},
        {"attribute": "tier", "in": ["gold"]},
        {"attribute": "likes", "is_not": "tea"},
        {"attribute": "likes", "all_of": ["tea", "bread"]},
        {"not": {"all": [{"tag": "regular"}, {"any": [{"tag": "regular"}]}]}},
    ],
)
def test_a_sound_condition_has_no_finding(where: Any) -> None:
    assert findings(where) == []
    to_predicate(CONDITION.validate_python(where), known(), "Asia/Tokyo")


@pytest.mark.parametrize(
    ("where", "path", "code", "hint"),
    [
        ({"attribute": "vistis", "is": 1}, ("attribute",), "E301", "did you mean 'visits'?"),
        ({"attribute": "shoe_size", "is": 1}, ("attribute",), "E301", "declare it"),
        ({"tag": "regulra"}, ("tag",), "E302", "did you mean 'regular'?"),
        ({"segment": "vip"}, ("segment",), "E303", "segments"),
        ({"attribute": "tier", "above": 1}, ("above",), "E304", "is, is_not"),
        ({"attribute": "note", "at_least": "a"}, ("at_least",), "E304", "starts_with"),
        ({"attribute": "note", "all_of": ["a"]}, ("all_of",), "E304", ""),
        ({"attribute": "member", "in": [True]}, ("in",), "E304", ""),
        ({"attribute": "visits", "starts_with": "1"}, ("starts_with",), "E304", ""),
        ({"attribute": "visits", "is": "5"}, ("is",), "E305", "without quotes"),
        ({"attribute": "visits", "is": True}, ("is",), "E305", ""),
        ({"attribute": "visits", "above": 1e300}, ("above",), "E305", ""),
        ({"attribute": "note", "is": 5}, ("is",), "E305", 'in quotes: "5"'),
        ({"attribute": "note", "in": ["a" * 500, "a" * 501]}, ("in", 1), "E305", ""),
        ({"attribute": "note", "starts_with": "a" * 501}, ("starts_with",), "E305", ""),
        ({"attribute": "member", "is": "yes"}, ("is",), "E305", ""),
        ({"attribute": "birthday", "above": "2026-02-30"}, ("above",), "E305", "2026-12-31"),
        ({"attribute": "birthday", "above": "2026-1-1"}, ("above",), "E305", "2026-12-31"),
        ({"attribute": "birthday", "above": 20260101}, ("above",), "E305", "2026-12-31"),
        ({"attribute": "tier", "in": ["gold", "sliver"]}, ("in", 1), "E306", "did you mean 'silver'?"),
        ({"attribute": "likes", "is": "wine"}, ("is",), "E306", "tea, bread"),
        ({"attribute": "visits", "is": None}, ("is",), "E305", "known: false"),
        ({"attribute": "visits", "between": [5, 2]}, ("between",), "E310", "smaller one first"),
        ({"attribute": "birthday", "between": ["2026-02-01", "2026-01-01"]}, ("between",), "E310", ""),
    ],
)
def test_a_problem_is_told_at_its_place(where: Any, path: tuple[Any, ...], code: str, hint: str) -> None:
    (finding,) = findings(where)
    assert (finding.path, finding.code) == (("where", *path), code)
    assert hint in finding.hint
    assert code in CODES
    with pytest.raises(ConditionError) as caught:
        to_predicate(CONDITION.validate_python(where), known(), "Asia/Tokyo")
    assert (caught.value.code, caught.value.exit_code) == (code, 3)


def test_all_problems_of_a_tree_are_told() -> None:
    where = {"all": [{"any": [{"tag": "a"}, {"not": {"tag": "b"}}]}, {"attribute": "visits", "in": ["1", "2"]}]}
    assert [f.path for f in findings(where)] == [
        ("where", "all", 0, "any", 0, "tag"),
        ("where", "all", 0, "any", 1, "not", "tag"),
        ("where", "all", 1, "in", 0),
        ("where", "all", 1, "in", 1),
    ]


def test_a_segment_defined_by_itself_is_told_with_the_whole_way() -> None:
    words = known(a={"not": {"segment": "b"}}, b={"all": [{"tag": "regular"}, {"segment": "c"}]}, c={"segment": "a"})
    (finding,) = check_condition(words.segments["b"], words, ("where",), segment="b")
    assert finding.code == "E307"
    assert finding.path == ("where", "all", 1, "segment")
    assert "b → c → a → b" in finding.message


def test_who_only_refers_to_a_circle_does_not_repeat_it_but_cannot_be_resolved() -> None:
    words = known(a={"segment": "a"}, outside={"segment": "a"})
    assert check_condition(words.segments["outside"], words, segment="outside") == []
    with pytest.raises(ConditionError, match="a → a"):
        to_predicate(words.segments["outside"], words, "Asia/Tokyo")


def test_a_problem_inside_a_named_segment_stops_what_refers_to_it() -> None:
    words = known(broken={"tag": "nope"}, outside={"segment": "broken"})
    assert check_condition(words.segments["outside"], words) == []
    with pytest.raises(ConditionError, match="unknown tag 'nope'"):
        to_predicate(words.segments["outside"], words, "Asia/Tokyo")


def test_a_tree_that_no_database_takes_is_refused_without_being_built() -> None:
    doubling: dict[str, Any] = {"s0": {"tag": "regular"}}
    for n in range(1, 60):
        doubling[f"s{n}"] = {"any": [{"segment": f"s{n - 1}"}, {"segment": f"s{n - 1}"}]}
    (finding,) = findings({"segment": "s59"}, known(**doubling))
    assert finding.code == "E311"
    (finding,) = findings({"attribute": "visits", "in": list(range(20_001))})
    assert "20,001 values" in finding.message
    nested: Any = {"tag": "regular"}
    for _ in range(100):
        nested = {"not": nested}
    (finding,) = findings(nested)
    assert "inside conditions" in finding.message


def test_an_audience_is_checked_in_all_its_parts() -> None:
    audience = Audience.model_validate({"segment": "none", "exclude": [{"tag": "regular"}, {"tag": "regualr"}]})
    assert [(f.path, f.code) for f in check_audience(audience, known(), ("audience",))] == [
        (("audience", "segment"), "E303"),
        (("audience", "exclude", 1, "tag"), "E302"),
    ]
    estimated = Audience.model_validate({"demographic": {"age": {"from": 21}}})
    assert [f.path for f in check_audience(estimated, known(), ("audience",))] == [
        ("audience", "demographic", "age", "from")
    ]


def test_two_files_may_declare_an_attribute_only_alike() -> None:
    one = attributes("one", tier={"type": "enum", "values": ["a", "b"]}, note={"type": "text"})
    same = attributes("same", tier={"type": "enum", "values": ["b", "a"], "description": "other words"})
    other = attributes("other", tier={"type": "text"}, note={"type": "text"})
    assert clashes([one, same]) == []
    ((name, finding),) = clashes([one, same, other])
    assert (name, finding.path, finding.code) == ("other", ("attributes", "tier"), "E309")
    assert "attributes.one" in finding.message
