"""Events of a shop's systems, from a request or a file, by what the client declared."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from lineform.loading.events_rows import EventReader, read_batch, read_events, refused
from lineform.loading.friends_rows import FriendsFileError, RefusedRow
from lineform.model.attributes import AttributesSpec
from lineform.scenarios.shop import ShopEvent
from lineform.segments.declared import declared

NOW = datetime(2026, 12, 1, 1, 0, tzinfo=UTC)
USER = "U" + "1" * 32
DECLARED = declared(
    [
        AttributesSpec.model_validate(
            {
                "kind": "attributes",
                "name": "a",
                "events": {
                    "purchase": {"fields": {"item": "text", "amount": "number", "on": "date"}},
                    "price_drop": {"fields": {"item": "text", "sizes": {"type": "set", "values": ["23", "24"]}}},
                },
            }
        )
    ]
)
READER = EventReader(DECLARED, "Asia/Tokyo")


def event(**more: Any) -> dict[str, Any]:
    return {"event": "purchase", "id": "o-1", "at": "2026-12-01T09:00", "user_id": USER, **more}


def read(**more: Any) -> ShopEvent | RefusedRow:
    return READER.read(1, event(**more), NOW)


def test_an_event_about_a_friend_has_typed_fields_and_a_time_in_the_clients_zone() -> None:
    found = read(fields={"item": "茶", "amount": 1200, "on": "2026/12/1"})
    at = datetime(2026, 12, 1, 0, 0, tzinfo=UTC)
    assert found == ShopEvent("purchase", "o-1", at, USER, fields={"item": "茶", "amount": 1200, "on": "2026-12-01"})


def test_an_event_comes_back_from_the_inbox_as_it_went_in() -> None:
    found = read(event="price_drop", user_id="", fields={"item": "靴|1", "sizes": ["24", "23"]})
    assert isinstance(found, ShopEvent)
    assert (found.person, found.item, found.fields["sizes"]) == ("", "靴|1", ("23", "24"))
    assert ShopEvent.from_json(found.to_json()) == found
    assert found.to_json().isascii()


def test_a_member_is_known_by_the_business_alone() -> None:
    found = read(user_id=None, member_id=42)
    assert isinstance(found, ShopEvent)
    assert (found.person, found.member_id) == ("member:42", "42")


@pytest.mark.parametrize(
    ("changes", "place", "reason"),
    [
        ({"event": "purchas"}, "event", "is not a declared event"),
        ({"event": "click"}, "event", "is not a declared event"),
        ({"id": ""}, "id", "is missing"),
        ({"id": "x" * 256}, "id", "is longer than 255 characters"),
        ({"id": "a\x00"}, "id", "holds a NUL character"),
        ({"id": "\ud83d"}, "id", "holds half of a character"),
        ({"id": ["a"]}, "id", "is a list, and one value belongs here"),
        ({"at": "yesterday"}, "at", "is not a moment"),
        ({"at": "2026-12-02T10:00"}, "at", "is in the future"),
        ({"user_id": "Utaro"}, "user_id", "is not a LINE user id"),
        ({"member_id": "1"}, "", "has both user_id and member_id"),
        ({"user_id": ""}, "", "is about nobody"),
        ({"fields": {"amont": 1}}, "fields.amont", "is no field of 'purchase'"),
        ({"fields": {"amount": "many"}}, "fields.amount", "is not a number"),
        ({"fields": {"item": {"a": 1}}}, "fields.item", "is no single value"),
        ({"fields": [1]}, "fields", "is not an object"),
        ({"evnt": 1}, "evnt", "is unknown"),
    ],
)
def test_what_is_wrong_is_said_with_its_place_and_never_with_the_value(
    changes: dict[str, Any], place: str, reason: str
) -> None:
    found = read(**changes)
    assert isinstance(found, RefusedRow)
    assert (found.column, found.reason.startswith(reason)) == (place, True)
    for value in changes.values():
        if isinstance(value, str) and len(value) > 3:
            assert value not in found.reason


def test_a_request_is_read_whole_and_every_problem_is_found() -> None:
    body = json.dumps({"events": [event(), event(id=""), 5, event(at="x")]}).encode()
    rows = read_batch(body, READER, NOW, 10)
    assert [problem.row for problem in refused(rows)] == [2, 3, 4]


@pytest.mark.parametrize("body", [b"", b"[]", b'{"events":{}}', b'{"events":[],"x":1}', b"\xff", b"[" * 100_000])
def test_a_request_that_is_no_list_of_events_is_refused(body: bytes) -> None:
    with pytest.raises(FriendsFileError):
        read_batch(body, READER, NOW, 10)


def test_a_request_with_too_many_events_is_refused() -> None:
    with pytest.raises(FriendsFileError, match="3 events, and 2 are possible"):
        read_batch(json.dumps({"events": [event()] * 3}).encode(), READER, NOW, 2)


def test_a_csv_and_a_jsonl_file_mean_the_same(tmp_path: Path) -> None:
    table = tmp_path / "events.csv"
    head = "event,id,at,user_id,fields.item,fields.amount"
    table.write_text(f"{head}\npurchase,o-1,2026-12-01T09:00,{USER},'=茶,1200\n\n", encoding="utf-8-sig")
    lines = tmp_path / "events.jsonl"
    lines.write_text(json.dumps(event(fields={"item": "=茶", "amount": "1200"})) + "\nnonsense\n", encoding="utf-8")
    (of_table,) = read_events(table, READER, NOW)
    of_line, broken = read_events(lines, READER, NOW)
    assert of_table[1] == of_line[1]
    assert isinstance(of_line[1], ShopEvent)
    assert isinstance(broken[1], RefusedRow)


def test_a_csv_with_wrong_columns_says_all_of_them(tmp_path: Path) -> None:
    table = tmp_path / "events.csv"
    table.write_text("event,id,amount,id\n", encoding="utf-8")
    with pytest.raises(FriendsFileError) as caught:
        list(read_events(table, READER, NOW))
    assert caught.value.message == "unknown column 'amount'; there is no column 'at'; column 'id' occurs twice"


def test_events_are_known_by_type_and_id() -> None:
    one = ShopEvent("purchase", "o-1", NOW, USER)
    assert one.key == "shop/purchase/o-1"
    assert one.happening(7, NOW + timedelta(seconds=1)).key == "shop/purchase/o-1/7"
