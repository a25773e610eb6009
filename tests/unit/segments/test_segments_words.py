"""Words about what friends do: declared, named in conditions, and found wrong with a hint."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from lineform.model.attributes import AttributesSpec
from lineform.model.audience import Condition
from lineform.model.codes import CODES
from lineform.segments.check import check_condition
from lineform.segments.declared import Declared, clashes, declared
from lineform.segments.finding import ConditionError, Finding
from lineform.segments.resolve import to_predicate
from lineform.segments.tagging import RivalTags, Tagging, tagging

CONDITION: TypeAdapter[Condition] = TypeAdapter(Condition)


def spec(name: str = "all", **sections: Any) -> AttributesSpec:
    return AttributesSpec.model_validate({"kind": "attributes", "name": name, **sections})


def known() -> Declared:
    return declared(
        [
            spec(
                attributes={"birthday": {"type": "date"}, "visits": {"type": "number"}},
                events={
                    "visit": {},
                    "purchase": {"fields": {"item": {"type": "enum", "values": ["tea"]}, "amount": "number"}},
                },
                links={"coupon-page": {}},
                forms={"survey": {"fields": {"size": "text", "age": "number"}}},
                routes={"poster": {}},
            )
        ]
    )


def findings(where: Any) -> list[Finding]:
    return check_condition(CONDITION.validate_python(where), known(), ("where",))


@pytest.mark.parametrize(
    ("where", "path", "code", "hint"),
    [
        ({"event": "visits"}, ("event",), "E312", "did you mean 'visit'?"),
        ({"event": "booking"}, ("event",), "E312", "declare it under events"),
        ({"event": "purchase", "where": {"itm": {"is": "tea"}}}, ("where", "itm"), "E313", "did you mean 'item'?"),
        ({"event": "purchase", "where": {"item": {"is": "coffee"}}}, ("where", "item", "is"), "E306", "tea"),
        ({"event": "purchase", "where": {"amount": {"is": "5"}}}, ("where", "amount", "is"), "E305", "quotes"),
        (
            {"event": "purchase", "where": {"amount": {"starts_with": "5"}}},
            ("where", "amount", "starts_with"),
            "E304",
            "",
        ),
        ({"event": "purchase", "sum": {"field": "amonut", "above": 1}}, ("sum", "field"), "E313", "'amount'"),
        ({"event": "purchase", "sum": {"field": "item", "above": 1}}, ("sum", "field"), "E304", ""),
        ({"event": "purchase", "sum": {"field": "amount", "above": 0.00001}}, ("sum", "above"), "E305", "no more"),
        ({"event": "purchase", "sum": {"field": "amount", "above": 1e20}}, ("sum", "above"), "E305", ""),
        ({"event": "purchase", "sum": {"field": "amount", "between": [2, 1]}}, ("sum", "between"), "E310", "smaller"),
        ({"event": "visit", "count": {"at_least": 0}}, ("count",), "E319", "everyone must be written"),
        ({"event": "visit", "count": {"below": 0}}, ("count",), "E310", ""),
        ({"event": "visit", "count": {"between": [3, 1]}}, ("count",), "E310", "smaller"),
        ({"event": "visit", "within": "0d"}, (), "E310", "earlier"),
        ({"event": "visit", "from": "30d", "before": "30d"}, (), "E310", "earlier"),
        ({"event": "visit", "from": "2026-12-01T00:00", "before": "2026-12-01"}, (), "E310", "earlier"),
        ({"event": "visit", "last": {"within": "1d", "before": "2d"}}, ("last",), "E310", "earlier"),
        ({"friend_since": {"from": "1d", "before": "2d"}}, ("friend_since",), "E310", "earlier"),
        ({"click": "coupon_page"}, ("click",), "E314", "did you mean 'coupon-page'?"),
        ({"click": "menu"}, ("click",), "E314", "under links"),
        ({"answer": "survy"}, ("answer",), "E315", "did you mean 'survey'?"),
        ({"answer": "survey", "field": "sise", "is": "M"}, ("field",), "E313", "did you mean 'size'?"),
        ({"answer": "survey", "field": "age", "is": "M"}, ("is",), "E305", ""),
        ({"route": "postr"}, ("route",), "E316", "did you mean 'poster'?"),
        ({"route": ["poster", "car"]}, ("route", 1), "E316", "under routes"),
        ({"age_of": "birthdy", "at_least": 20}, ("age_of",), "E301", "did you mean 'birthday'?"),
        ({"age_of": "visits", "at_least": 20}, ("age_of",), "E304", "dates are birthday"),
        ({"age_of": "birthday", "between": [30, 20]}, ("between",), "E310", "smaller"),
        ({"age_of": "birthday", "below": 0}, ("below",), "E310", ""),
        ({"anniversary": "visits", "in": "today"}, ("anniversary",), "E304", "dates are birthday"),
        ({"anniversary": "birthday", "in": "todya"}, ("in",), "E318", "did you mean 'today'?"),
        ({"anniversary": "birthday", "in": "month_2"}, ("in",), "E318", ""),
        ({"anniversary": "birthday", "in": "next_400_days"}, ("in",), "E318", ""),
    ],
)
def test_what_is_wrong_is_found_at_its_place(where: Any, path: tuple[str, ...], code: str, hint: str) -> None:
    (finding,) = findings(where)
    assert (finding.path, finding.code) == (("where", *path), code)
    assert code in CODES
    assert hint in finding.hint
    with pytest.raises(ConditionError):
        to_predicate(CONDITION.validate_python(where), known(), "Asia/Tokyo")


def test_all_problems_of_one_condition_are_found_at_once() -> None:
    where = {"event": "purchase", "where": {"x": {"is": 1}, "item": {"is": "y"}}, "sum": {"field": "z", "above": 1}}
    assert [one.code for one in findings(where)] == ["E313", "E306", "E313"]


def test_a_condition_with_too_many_parts_of_the_calendar_is_refused() -> None:
    many = [{"anniversary": "birthday", "in": "next_366_days"}] * 60
    (finding,) = findings({"any": many})
    assert finding.code == "E311"
    (finding,) = findings({"any": [{"age_of": "birthday", "is": 20}] * 401})
    assert finding.code == "E311"
    assert findings({"any": [{"event": "visit"}] * 800}) == []


def test_two_files_that_disagree_about_an_event_or_a_tag_clash() -> None:
    one = spec("one", events={"visit": {"fields": {"shop": "text"}}}, tags={"a": {}}, tag_groups={"g": {}})
    same = spec("same", events={"visit": {"fields": {"shop": {"type": "text"}}, "description": "x"}}, tags={"a": {}})
    other = spec(
        "other",
        events={"visit": {"fields": {"shop": "number"}}},
        tags={"a": {"expires": "3d"}},
        tag_groups={"g": {"exclusive": True}},
    )
    assert clashes([one, same]) == []
    found = clashes([one, other])
    assert {(name, finding.path, finding.code) for name, finding in found} == {
        ("other", ("events", "visit"), "E309"),
        ("other", ("tags", "a"), "E309"),
        ("other", ("tag_groups", "g"), "E309"),
    }


def test_what_cannot_be_indexed_together_is_found_in_its_place() -> None:
    words = spec(
        "words",
        attributes={"tier": {"type": "enum", "values": ["gold"]}, "likes": {"type": "set", "values": ["tea"]}},
        indexed_together=[["tier", "visits"], ["visits", "teir"], ["tier", "likes"]],
    )
    others = spec("others", attributes={"visits": {"type": "number", "indexed": True}})
    assert [(name, one.path, one.code, one.hint) for name, one in clashes([words, others])] == [
        ("words", ("indexed_together", 1, 1), "E301", "did you mean 'tier'?"),
        ("words", ("indexed_together", 2, 1), "E350", "leave it out"),
    ]
    assert list(declared([words, others]).indexes) == [
        {"visits": "number"},
        {"tier": "enum", "visits": "number"},
    ]


def test_words_are_indexed_of_attributes_that_have_few() -> None:
    few, many = [f"w{n}" for n in range(8)], [f"w{n}" for n in range(9)]
    words = spec(
        "words",
        attributes={
            "few": {"type": "enum", "values": few, "indexed": True},
            "many": {"type": "enum", "values": many, "indexed": True},
            "other": {"type": "enum", "values": few},
            "member": {"type": "bool", "indexed": True},
            "visits": {"type": "number", "indexed": True},
        },
    )
    found = [(one.attribute, one.operands[0]) for one in declared([words]).indexed_words]
    assert found == [*(("few", word) for word in few), ("member", True), ("member", False)]


@pytest.mark.parametrize("names", [["tier"], ["tier", "tier"], ["a", "b", "c", "d", "e"], ["Tier", "visits"]])
def test_an_index_has_two_to_four_attributes(names: list[str]) -> None:
    with pytest.raises(ValidationError):
        spec("words", indexed_together=[names])


def test_a_tag_of_an_unknown_group_is_found_where_no_file_declares_it() -> None:
    tags = spec("tags", tags={"gold": {"group": "rnak"}})
    groups = spec("groups", tag_groups={"rank": {"exclusive": True, "owner": "店長"}})
    ((name, finding),) = clashes([tags, groups])
    assert (name, finding.path, finding.code) == ("tags", ("tags", "gold", "group"), "E317")
    assert finding.hint == "did you mean 'rank'?"
    assert clashes([spec("tags", tags={"gold": {"group": "rank"}}), groups]) == []


@pytest.mark.parametrize(
    "sections",
    [
        {"events": {"click": {}}},
        {"events": {"answer": {}}},
        {"attributes": {"member_id": {"type": "text"}}},
        {"events": {"visit": {"fields": {"kind": "enum"}}}},
        {"events": {"visit": {"fields": {"kind": "words"}}}},
        {"forms": {"survey": {"fields": {}}}},
        {"tags": {"a": {"expires": "soon"}}},
    ],
)
def test_declarations_that_cannot_be_honoured_are_refused(sections: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        spec(**sections)


def test_a_tag_of_an_exclusive_group_takes_the_others_away() -> None:
    words = declared(
        [
            spec(
                tags={
                    "gold": {"group": "rank"},
                    "silver": {"group": "rank", "expires": "30d"},
                    "bronze": {"group": "rank"},
                    "tea": {"group": "likes"},
                    "cake": {"group": "likes"},
                },
                tag_groups={"rank": {"exclusive": True}, "likes": {}},
            )
        ]
    )
    assert tagging(("silver",), ("cake",), words) == Tagging(("silver",), ("bronze", "cake", "gold"), ("silver",))
    assert tagging(("tea", "cake"), (), words) == Tagging(("cake", "tea"), (), ())
    assert tagging((), ("gold",), words) == Tagging((), ("gold",), ())
    with pytest.raises(RivalTags, match="'rank'"):
        tagging(("gold", "silver"), (), words)
