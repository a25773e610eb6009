from __future__ import annotations

import pytest

from lineform.lineapi import limits
from lineform.sandbox.control import Control
from support.line_calls import Line, a_text

BROADCAST = "/v2/bot/message/broadcast"
MULTICAST = "/v2/bot/message/multicast"
NARROWCAST = "/v2/bot/message/narrowcast"
MONTHLY = {"message": "You have reached your monthly limit."}


def used(line: Line) -> int:
    found: int = line.get("/v2/bot/message/quota/consumption").json["totalUsage"]
    return found


def delivered(line: Line, kind: str, day: str) -> object:
    return line.get(f"/v2/bot/message/delivery/{kind}?date={day}").json


def test_the_quota_is_the_plans(line: Line, control: Control) -> None:
    assert line.get("/v2/bot/message/quota").json == {"type": "limited", "value": 1000}
    control.change("shop", plan_limit=None)
    assert line.get("/v2/bot/message/quota").json == {"type": "none"}


def test_a_send_that_does_not_fit_reaches_nobody(line: Line, control: Control) -> None:
    control.change("shop", plan_limit=2)
    friends = control.add_friends("shop", 3)
    answer = line.post(BROADCAST, {"messages": [a_text()]})
    assert (answer.status, answer.json) == (429, MONTHLY)
    assert control.deliveries("shop") == []
    assert line.post(MULTICAST, {"to": friends[:2], "messages": [a_text()]}).status == 200
    assert line.push(friends[0]).json == MONTHLY
    assert used(line) == 2


def test_the_month_turns_at_midnight_in_japan(line: Line, control: Control, friend: str) -> None:
    control.change("shop", plan_limit=1)
    control.set_clock(1_767_193_199.0)  # 2025-12-31T23:59:59+09:00
    assert line.push(friend).status == 200
    assert line.push(friend).status == 429
    control.advance(1)
    assert used(line) == 0
    assert line.push(friend).status == 200


def test_a_narrowcast_reserves_the_whole_target_reach_until_it_is_done(
    line: Line, control: Control, friend: str
) -> None:
    control.change("shop", plan_limit=100, target_reach=100)
    assert line.post(NARROWCAST, {"messages": [a_text()]}).status == 202
    assert line.push(friend).json == MONTHLY
    control.advance(60)
    assert line.push(friend).status == 200
    assert used(line) == 2


def test_a_small_limit_reserves_little(line: Line, control: Control, friend: str) -> None:
    control.change("shop", plan_limit=10, target_reach=100)
    assert line.post(NARROWCAST, {"messages": [a_text()]}).json == MONTHLY
    assert line.post(NARROWCAST, {"messages": [a_text()], "limit": {"max": 5}}).status == 202
    assert line.push(friend).status == 200


def test_a_narrowcast_may_take_what_is_left_and_no_more(line: Line, control: Control) -> None:
    control.change("shop", plan_limit=7)
    control.add_friends("shop", 20)
    answer = line.post(NARROWCAST, {"messages": [a_text()], "limit": {"upToRemainingQuota": True}})
    assert answer.status == 202
    control.advance(60)
    progress = line.get(f"/v2/bot/message/progress/narrowcast?requestId={answer.request_id}").json
    assert (progress["phase"], progress["successCount"]) == ("succeeded", 7)
    assert used(line) == 7


def test_counts_of_a_day_are_ready_on_the_next(line: Line, control: Control, friend: str) -> None:
    line.push(friend)
    line.push(friend)
    line.post(BROADCAST, {"messages": [a_text()]})
    assert delivered(line, "push", "20251201") == {"status": "unready"}
    control.advance(86400)
    assert delivered(line, "push", "20251201") == {"status": "ready", "success": 2}
    assert delivered(line, "broadcast", "20251201") == {"status": "ready", "success": 1}
    assert delivered(line, "reply", "20251201") == {"status": "ready", "success": 0}
    assert delivered(line, "push", "20180330") == {"status": "out_of_service"}


def test_a_date_that_is_none_is_refused(line: Line) -> None:
    for day in ("", "2025-12-01", "20251301", "%EF%BC%92%EF%BC%90251201"):
        answer = line.get(f"/v2/bot/message/delivery/push?date={day}")
        assert answer.status == 400
        assert answer.json["message"] == "The value for the 'date' parameter is invalid"


def test_unit_names_are_counted_per_month_and_listed_in_pages(line: Line, control: Control, friend: str) -> None:
    for number in range(3):
        assert line.push(friend, customAggregationUnits=[f"unit_{number}"]).status == 200
    assert line.get("/v2/bot/message/aggregation/info").json == {"numOfCustomAggregationUnits": 3}
    first = line.get("/v2/bot/message/aggregation/list?limit=2").json
    assert first["customAggregationUnits"] == ["unit_0", "unit_1"]
    rest = line.get(f"/v2/bot/message/aggregation/list?limit=2&start={first['next']}").json
    assert rest == {"customAggregationUnits": ["unit_2"]}
    control.advance(31 * 86400)
    assert line.get("/v2/bot/message/aggregation/info").json == {"numOfCustomAggregationUnits": 0}


def test_units_beyond_the_months_most_are_dropped_without_a_word(
    line: Line, friend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "UNITS_PER_MONTH", 2)
    for number in (0, 1, 2, 1):
        assert line.push(friend, customAggregationUnits=[f"u{number}"]).status == 200
    assert line.get("/v2/bot/message/aggregation/list").json == {"customAggregationUnits": ["u0", "u1"]}


def test_a_unit_name_that_line_refuses_is_refused(line: Line, friend: str) -> None:
    assert line.push(friend, customAggregationUnits=["a", "b"]).status == 400
    assert line.push(friend, customAggregationUnits=["no-hyphens"]).status == 400
