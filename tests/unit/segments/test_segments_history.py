"""What friends did and how they came: what a written condition means, and how it is explained."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from lineform.model.attributes import AttributesSpec
from lineform.model.audience import Condition
from lineform.segments.declared import declared
from lineform.segments.explain import explain, lines
from lineform.segments.friend import Event, Friend, Value
from lineform.segments.reading import matches
from lineform.segments.resolve import to_predicate
from lineform.segments.wire import from_wire, to_wire

TOKYO = "Asia/Tokyo"
NOW = datetime(2026, 12, 1, 1, 0, tzinfo=UTC)
DAY = timedelta(days=1)
CONDITION: TypeAdapter[Condition] = TypeAdapter(Condition)
WORDS = declared(
    [
        AttributesSpec.model_validate(
            {
                "kind": "attributes",
                "name": "all",
                "attributes": {"birthday": {"type": "date"}},
                "tags": {"fresh": {"expires": "90d"}, "regular": {}},
                "events": {
                    "visit": {},
                    "purchase": {"fields": {"item": {"type": "enum", "values": ["tea", "cake"]}, "amount": "number"}},
                },
                "links": {"coupon-page": {}},
                "forms": {"survey": {"fields": {"size": {"type": "enum", "values": ["S", "M"]}, "age": "number"}}},
                "routes": {"poster": {}, "counter": {}},
            }
        )
    ]
)


def who(*events: Event, **known: Any) -> Friend:
    plain = Friend(1, "U" + "1" * 32, "花子", "ja", None, False, {}, frozenset(), events=events)
    return replace(plain, **known)


def did(event: str, ago: timedelta, **fields: Value) -> Event:
    return Event(event, f"{event}-{ago}-{fields}", NOW - ago, fields)


def means(where: dict[str, Any], friend: Friend) -> bool | None:
    predicate = to_predicate(CONDITION.validate_python(where), WORDS, TOKYO)
    assert from_wire(to_wire(predicate)) == predicate
    return matches(predicate, friend, NOW)


BUYER = who(
    did("purchase", 100 * DAY, item="tea", amount=500),
    did("purchase", 45 * DAY, item="cake", amount=1200.5),
    did("purchase", 10 * DAY, item="tea"),
    did("visit", 10 * DAY),
    did("click", 3 * DAY, link="coupon-page"),
    did("answer", 2 * DAY, form="survey", field="size", value="M"),
    did("purchase", -1 * DAY, item="cake", amount=9999),
)


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({"event": "purchase"}, True),
        ({"event": "purchase", "count": 3}, True),
        ({"event": "purchase", "count": {"at_least": 4}}, False),
        ({"event": "purchase", "count": {"between": [1, 3]}}, True),
        ({"event": "purchase", "within": "60d", "count": 2}, True),
        ({"event": "purchase", "within": "60d", "count": {"above": 2}}, False),
        ({"event": "purchase", "within": "9d", "count": 0}, True),
        ({"event": "purchase", "before": "60d"}, True),
        ({"event": "purchase", "from": "60d", "before": "30d", "count": 1}, True),
        ({"event": "purchase", "from": "2026-10-17", "before": "2026-10-18"}, True),
        ({"event": "purchase", "from": "2026-10-17T10:01", "before": "2026-10-18"}, False),
        ({"event": "purchase", "where": {"item": {"is": "tea"}}, "count": 2}, True),
        ({"event": "purchase", "where": {"item": {"is_not": "tea"}}, "count": 1}, True),
        ({"event": "purchase", "where": {"amount": {"at_least": 1000}}, "count": 1}, True),
        ({"event": "purchase", "where": {"amount": {"known": False}}, "count": 1}, True),
        ({"event": "purchase", "where": {"item": {"is": "tea"}, "amount": {"above": 0}}, "count": 1}, True),
        ({"event": "purchase", "sum": {"field": "amount", "at_least": 1700.5}}, True),
        ({"event": "purchase", "sum": {"field": "amount", "above": 1700.5}}, False),
        ({"event": "purchase", "within": "20d", "sum": {"field": "amount", "at_most": 0}}, True),
        ({"event": "purchase", "last": {"before": "9d"}}, True),
        ({"event": "purchase", "last": {"before": "30d"}}, False),
        ({"event": "purchase", "first": {"within": "60d"}}, False),
        ({"event": "purchase", "first": {"from": "2026-08-01", "before": "2026-09-01"}}, True),
        ({"event": "visit", "within": "240h", "count": 1}, True),
        ({"event": "visit", "within": "239h", "count": 1}, False),
        ({"click": "coupon-page", "within": "7d"}, True),
        ({"click": "coupon-page", "count": 0}, False),
        ({"answer": "survey"}, True),
        ({"answer": "survey", "field": "size", "is": "M"}, True),
        ({"answer": "survey", "field": "size", "is_not": "M"}, False),
        ({"answer": "survey", "field": "age"}, False),
    ],
)
def test_what_a_friend_did(where: dict[str, Any], expected: bool) -> None:
    assert means(where, BUYER) is expected
    assert means({"not": where}, BUYER) is not expected


def test_what_was_not_recorded_did_not_happen() -> None:
    nobody = who()
    assert means({"event": "visit"}, nobody) is False
    assert means({"event": "visit", "within": "60d", "count": 0}, nobody) is True
    assert means({"event": "visit", "count": {"below": 3}}, nobody) is True
    assert means({"event": "purchase", "sum": {"field": "amount", "below": 1}}, nobody) is True
    assert means({"event": "visit", "last": {"before": "30d"}}, nobody) is False
    assert means({"not": {"event": "visit", "last": {"before": "30d"}}}, nobody) is True


def test_a_friend_who_was_read_without_events_has_no_answer_about_them() -> None:
    with pytest.raises(ValueError, match="without events"):
        means({"event": "visit", "count": 0}, who(events=None))


def test_when_a_friend_followed() -> None:
    friend = who(followed_at=NOW - 10 * DAY, first_followed_at=NOW - 400 * DAY)
    assert means({"friend_since": {"within": "30d"}}, friend) is True
    assert means({"friend_since": {"within": "30d"}, "follow": "first"}, friend) is False
    assert means({"friend_since": {"before": "365d"}, "follow": "first"}, friend) is True
    assert means({"friend_since": {"from": "2026-11-21", "before": "2026-11-22"}}, friend) is True
    assert means({"friend_since": {"before": "2026-11-21T10:00"}}, friend) is False
    assert means({"friend_since": {"before": "2026-11-21T10:01"}}, friend) is True
    assert means({"friend_since": {"within": "30d"}}, who()) is None
    assert means({"friend_since": {"before": "1d"}}, who(followed_at=NOW + DAY)) is False


def test_how_a_friend_came_and_what_line_tells() -> None:
    friend = who(first_route="poster", last_route="counter")
    assert means({"route": "poster"}, friend) is True
    assert means({"route": ["poster", "counter"], "touch": "last"}, friend) is True
    assert means({"route": "poster", "touch": "last"}, friend) is False
    assert means({"route": "poster"}, who()) is None
    assert means({"language": "ja"}, friend) is True
    assert means({"not": {"language": ["en", "zh-TW"]}}, friend) is True
    assert means({"not": {"language": "en"}}, who(language="")) is None
    assert means({"member": "linked"}, who(member_id="M1")) is True
    assert means({"member": "unlinked"}, who()) is True


def test_a_tag_that_expires_counts_for_as_long_as_is_declared() -> None:
    for ago, expected in ((timedelta(), True), (90 * DAY - timedelta(seconds=1), True), (90 * DAY, False)):
        friend = who(tags=frozenset({"fresh"}), tagged_at={"fresh": NOW - ago})
        assert means({"tag": "fresh"}, friend) is expected
    forgotten = who(tags=frozenset({"regular"}), tagged_at={"regular": NOW - 900 * DAY})
    assert means({"tag": "regular"}, forgotten) is True


def test_an_explanation_says_what_was_found() -> None:
    where = {
        "all": [
            {"event": "purchase", "within": "60d", "where": {"item": {"is_not": "tea"}}, "count": {"at_least": 2}},
            {"event": "purchase", "sum": {"field": "amount", "at_least": 1000}},
            {"event": "visit", "within": "7d", "count": 0},
            {"event": "visit", "last": {"before": "30d"}},
            {"tag": "fresh"},
            {"age_of": "birthday", "between": [20, 29]},
            {"anniversary": "birthday", "in": "next_7_days"},
            {"friend_since": {"within": "30d"}},
            {"route": ["poster", "counter"]},
            {"language": "en"},
            {"member": "linked"},
        ]
    }
    friend = replace(
        BUYER,
        attributes={"birthday": "2000-12-03"},
        tags=frozenset({"fresh"}),
        tagged_at={"fresh": NOW - 91 * DAY},
        followed_at=NOW - 10 * DAY,
    )
    predicate = to_predicate(CONDITION.validate_python(where), WORDS, TOKYO)
    bought = "3 × purchase, amount adds up to 1700.5; the last 2026-11-21 10:00"
    assert lines(explain(predicate, friend, NOW, TOKYO)) == [
        "✗ all of",
        "  ✗ purchase where item is not tea within 60d: at least 2 times (1 × purchase, 2026-10-17 10:00)",
        f"  ✓ purchase: amount adds up to at least 1000 ({bought})",
        "  ✓ visit within 1w: never (no such visit)",
        "  ✗ visit: the last one more than 30d ago (1 × visit, 2026-11-21 10:00)",
        "  ✗ has tag fresh, given within 90d (fresh was given 2026-09-01 10:00 and has expired)",
        "  ✓ age by birthday is from 20 to 29 (birthday is 2000-12-03, today is 2026-12-01)",
        "  ✓ anniversary of birthday is within the 7 days from today (birthday is 2000-12-03, today is 2026-12-01)",
        "  ✓ followed within 30d (followed 2026-11-21 10:00)",
        "  ? first route is one of poster, counter (first route is unknown)",
        "  ✗ language is en (language is ja)",
        "  ✗ is linked to a member (is not linked)",
    ]


@pytest.mark.parametrize(
    "where",
    [
        {"event": "visit", "count": -1},
        {"event": "visit", "count": {}},
        {"event": "visit", "count": {"at_least": 1, "at_most": 2}},
        {"event": "visit", "within": "60d", "from": "30d"},
        {"event": "visit", "within": "a while"},
        {"event": "visit", "before": "2026-02-30"},
        {"event": "visit", "count": 1, "last": {"within": "3d"}},
        {"event": "visit", "last": {}},
        {"event": "visit", "where": {}},
        {"event": "purchase", "where": {"item": {}}},
        {"event": "purchase", "sum": {"field": "amount"}},
        {"event": "visit", "known": True},
        {"click": "coupon-page", "where": {"link": {"is": "x"}}},
        {"answer": "survey", "is": "M"},
        {"answer": "survey", "field": "size", "is": "M", "is_not": "S"},
        {"age_of": "birthday"},
        {"age_of": "birthday", "at_least": -1},
        {"age_of": "birthday", "at_least": 20, "below": 30},
        {"anniversary": "birthday"},
        {"anniversary": "birthday", "in": "today", "month": 2},
        {"anniversary": "birthday", "month": 13},
        {"friend_since": {}},
        {"language": []},
        {"member": True},
    ],
)
def test_what_cannot_be_meant_is_refused(where: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        CONDITION.validate_python(where)


@pytest.mark.parametrize(
    "data",
    [
        {"tag": "x", "lasts": -1},
        {"tag": "x", "lasts": True},
        {"tag": "x", "until": 3},
        {"age_of": "b", "comparison": "in", "years": [1], "timezone": TOKYO},
        {"age_of": "b", "comparison": "is", "years": [], "timezone": TOKYO},
        {"age_of": "b", "comparison": "is", "years": [1], "timezone": "Asia/Nowhere"},
        {"anniversary": "b", "span": "someday", "timezone": TOKYO},
        {"friend_since": "sometime", "start": 1},
        {"friend_since": "first", "start": "yesterday"},
        {"came_by": "car", "words": ["x"]},
        {"came_by": "language", "words": [1]},
        {"member": False},
        {"event": "visit"},
        {"event": "visit", "measure": {"count": "in", "operands": [1]}},
        {"event": "visit", "measure": {"edge": "middle"}},
        {"event": "visit", "where": [{"tag": "x"}], "measure": {"count": "is", "operands": [1]}},
        {"event": "visit", "where": {}, "measure": {"count": "is", "operands": [1]}},
    ],
)
def test_json_about_history_that_is_no_predicate_is_refused(data: Any) -> None:
    with pytest.raises(ValueError, match="predicate"):
        from_wire(data)
