"""What a condition means for a friend: unknown is never the other value, and nobody is meant who was not written."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from lineform.errors import BlockedError
from lineform.model.attributes import AttributesSpec
from lineform.model.audience import Audience, Condition, SegmentSpec
from lineform.segments.explain import explain, lines
from lineform.segments.friend import Friend, Value
from lineform.segments.predicate import EVERYONE, All, AttributeIs, HasTag, Maybe, Not
from lineform.segments.predicate import Any as AnyPart
from lineform.segments.reading import matches
from lineform.segments.resolve import audience_predicate, declared, to_predicate
from lineform.segments.wire import from_wire, to_wire

TOKYO = "Asia/Tokyo"
NOW = datetime(2026, 12, 1, 1, 0, tzinfo=UTC)
CONDITION: TypeAdapter[Condition] = TypeAdapter(Condition)
WORDS = declared(
    [
        AttributesSpec.model_validate(
            {
                "kind": "attributes",
                "name": "all",
                "attributes": {
                    "tier": {"type": "enum", "values": ["gold", "silver", "bronze"]},
                    "visits": {"type": "number"},
                    "birthday": {"type": "date"},
                    "likes": {"type": "set", "values": ["tea", "bread", "cake"]},
                    "note": {"type": "text"},
                    "member": {"type": "bool"},
                },
                "tags": {"regular": {}, "opted-out": {}},
            }
        )
    ],
    [
        SegmentSpec.model_validate({"kind": "segment", "name": "vip", "where": {"attribute": "tier", "is": "gold"}}),
        SegmentSpec.model_validate({"kind": "segment", "name": "others", "where": {"not": {"segment": "vip"}}}),
    ],
)


def friend(*tags: str, **attributes: Value) -> Friend:
    return Friend(1, "U" + "1" * 32, "花子", "ja", None, False, attributes, frozenset(tags))


def means(where: dict[str, Any], who: Friend) -> bool | None:
    return matches(to_predicate(CONDITION.validate_python(where), WORDS, TOKYO), who, NOW)


@pytest.mark.parametrize(
    ("where", "value", "expected"),
    [
        ({"attribute": "tier", "is": "gold"}, "gold", True),
        ({"attribute": "tier", "is": "gold"}, "silver", False),
        ({"attribute": "tier", "is_not": "gold"}, "silver", True),
        ({"attribute": "tier", "in": ["gold", "silver"]}, "silver", True),
        ({"attribute": "tier", "not_in": ["gold", "silver"]}, "silver", False),
        ({"attribute": "visits", "above": 3}, 3, False),
        ({"attribute": "visits", "at_least": 3}, 3.0, True),
        ({"attribute": "visits", "below": 3}, 3, False),
        ({"attribute": "visits", "at_most": 3}, 3, True),
        ({"attribute": "visits", "between": [3, 5]}, 5, True),
        ({"attribute": "visits", "between": [3, 5]}, 5.1, False),
        ({"attribute": "birthday", "below": "2000-01-01"}, "1999-12-31", True),
        ({"attribute": "note", "starts_with": "花"}, "花子", True),
        ({"attribute": "note", "starts_with": ""}, "", True),
        ({"attribute": "member", "is": False}, False, True),
        ({"attribute": "member", "is_not": False}, False, False),
        ({"attribute": "likes", "is": "tea"}, ("bread", "tea"), True),
        ({"attribute": "likes", "is_not": "tea"}, (), True),
        ({"attribute": "likes", "in": ["cake", "tea"]}, ("bread",), False),
        ({"attribute": "likes", "not_in": ["cake", "tea"]}, ("bread",), True),
        ({"attribute": "likes", "all_of": ["cake", "tea"]}, ("cake", "bread"), False),
        ({"attribute": "likes", "all_of": ["cake", "tea"]}, ("cake", "tea"), True),
        ({"attribute": "note", "known": True}, "", True),
        ({"attribute": "note", "known": False}, "", False),
    ],
)
def test_a_comparison_with_a_known_value(where: dict[str, Any], value: Value, expected: bool) -> None:
    who = friend(**{where["attribute"]: value})
    assert means(where, who) is expected
    assert means({"not": where}, who) is not expected


@pytest.mark.parametrize("comparison", [{"is": "gold"}, {"is_not": "gold"}, {"in": ["gold"]}, {"not_in": ["gold"]}])
def test_nobody_is_the_other_value_because_nobody_asked(comparison: dict[str, Any]) -> None:
    where = {"attribute": "tier", **comparison}
    assert means(where, friend()) is None
    assert means({"not": where}, friend()) is None
    assert means({"attribute": "tier", "known": False}, friend()) is True


def test_a_value_of_another_type_than_declared_is_unknown() -> None:
    assert means({"attribute": "visits", "above": 0}, friend(visits="7")) is None
    assert means({"attribute": "visits", "is": 1}, friend(visits=True)) is None
    assert means({"attribute": "member", "is": True}, friend(member=1)) is None
    assert means({"attribute": "note", "known": True}, friend(note=("a",))) is False


def test_a_tag_is_never_unknown() -> None:
    assert means({"tag": "regular"}, friend()) is False
    assert means({"not": {"tag": "regular"}}, friend()) is True


def test_unknown_decides_nothing_that_is_decided_without_it() -> None:
    unknown = {"attribute": "tier", "is": "gold"}
    assert means({"any": [unknown, {"tag": "regular"}]}, friend("regular")) is True
    assert means({"all": [unknown, {"tag": "regular"}]}, friend()) is False
    assert means({"any": [unknown, {"tag": "regular"}]}, friend()) is None
    assert means({"all": [unknown, {"tag": "regular"}]}, friend("regular")) is None


def test_a_segment_inside_a_segment_is_its_condition() -> None:
    gold = AttributeIs("tier", "enum", "is", ("gold",))
    assert to_predicate(CONDITION.validate_python({"segment": "others"}), WORDS, TOKYO) == Not(gold)
    assert means({"segment": "others"}, friend()) is None


def audience(**fields: Any) -> Any:
    return audience_predicate(Audience.model_validate(fields), WORDS, TOKYO)


def test_everyone_is_only_the_written_word() -> None:
    assert audience(everyone=True) == EVERYONE
    empty: list[dict[str, list[str]]] = [{}, {"any": []}, {"all": []}]
    for nobody in ({}, {"everyone": False}, *({"where": tree} for tree in empty)):
        with pytest.raises(ValidationError):
            Audience.model_validate(nobody)


def test_an_exclusion_drops_whom_it_may_concern() -> None:
    gold = AttributeIs("tier", "enum", "is", ("gold",))
    meant = audience(everyone=True, exclude=[{"segment": "vip"}])
    assert meant == All((Not(Maybe(gold)),))
    people = (friend(tier="gold"), friend(tier="silver"), friend())
    assert [matches(meant, who, NOW) for who in people] == [False, True, False]


def test_exclusions_stand_beside_the_audience() -> None:
    meant = audience(where={"tag": "regular"}, exclude=[{"tag": "opted-out"}, {"attribute": "visits", "below": 2}])
    assert matches(meant, friend("regular", visits=2), NOW) is True
    assert matches(meant, friend("regular"), NOW) is False
    assert matches(meant, friend("regular", "opted-out", visits=2), NOW) is False


def test_a_demographic_audience_has_no_predicate() -> None:
    with pytest.raises(BlockedError, match="only LINE knows"):
        audience(demographic={"gender": ["female"]})


def test_an_explanation_names_every_condition_and_the_value_it_met() -> None:
    where = {
        "all": [
            {"attribute": "tier", "in": ["gold", "silver"]},
            {"any": [{"attribute": "visits", "between": [3, 5]}, {"not": {"tag": "regular"}}]},
            {"attribute": "likes", "all_of": ["cake", "tea"]},
            {"attribute": "member", "is": True},
            {"attribute": "birthday", "known": True},
        ]
    }
    who = friend("regular", tier="gold", visits=7, likes=(), member=False)
    assert lines(explain(to_predicate(CONDITION.validate_python(where), WORDS, TOKYO), who, NOW, TOKYO)) == [
        "✗ all of",
        "  ✓ tier is one of gold, silver (tier is gold)",
        "  ✗ at least one of",
        "    ✗ visits is from 3 to 5 (visits is 7)",
        "    ✗ not",
        "      ✓ has tag regular (has regular)",
        "  ✗ likes contains all of cake, tea (likes is empty)",
        "  ✗ member is true (member is false)",
        "  ✗ birthday is known (birthday is unknown)",
    ]
    (line, *_) = lines(explain(Maybe(EVERYONE), who, NOW, TOKYO))
    assert line == "✓ possibly"


@pytest.mark.parametrize(
    "data",
    [
        {},
        [],
        None,
        {"all": []},
        {"any": []},
        {"everyone": False},
        {"everyone": True, "not": {"tag": "x"}},
        {"tag": 1},
        {"not": {}},
        {"unheard": 1},
        {"attribute": "a", "type": "text", "comparison": "like", "operands": ["x"]},
        {"attribute": "a", "type": "blob", "comparison": "is", "operands": ["x"]},
        {"attribute": "a", "type": "text", "comparison": "is", "operands": []},
        {"attribute": "a", "type": "text", "comparison": "is", "operands": [None]},
    ],
)
def test_json_that_is_no_predicate_selects_nobody_but_is_refused(data: Any) -> None:
    with pytest.raises(ValueError, match="predicate"):
        from_wire(data)


def test_everyone_is_a_word_in_json_too() -> None:
    assert to_wire(EVERYONE) == {"everyone": True}
    assert from_wire({"any": [{"everyone": True}, {"tag": "x"}]}) == AnyPart((EVERYONE, HasTag("x")))
