from __future__ import annotations

from typing import Any

import pytest

from lineform.sandbox.control import Control
from support.line_calls import Line, Reply, a_text

PATH = "/v2/bot/message/narrowcast"
WOMEN = {"type": "gender", "oneOf": ["female"]}


def send(line: Line, **more: Any) -> Reply:
    return line.post(PATH, {"messages": [a_text()], **more})


def progress(line: Line, answer: Reply) -> dict[str, Any]:
    found: dict[str, Any] = line.get(f"/v2/bot/message/progress/narrowcast?requestId={answer.request_id}").json
    return found


def test_a_narrowcast_waits_then_sends_then_has_succeeded(line: Line, control: Control) -> None:
    friends = control.add_friends("shop", 3)
    answer = send(line)
    assert answer.status == 202
    assert progress(line, answer) == {"phase": "waiting", "acceptedTime": "2025-12-01T03:00:00.000Z"}
    control.advance(3)
    assert progress(line, answer)["phase"] == "sending"
    assert control.deliveries("shop") == []
    control.advance(3)
    assert progress(line, answer) == {
        "phase": "succeeded",
        "successCount": 3,
        "failureCount": 0,
        "targetCount": 3,
        "acceptedTime": "2025-12-01T03:00:00.000Z",
        "completedTime": "2025-12-01T03:00:05.000Z",
    }
    received = control.deliveries("shop")
    assert [entry["user"] for entry in received] == friends
    assert {entry["request_id"] for entry in received} == {answer.request_id}


def test_progress_is_forgotten_after_14_days_and_unknown_to_others(line: Line, control: Control) -> None:
    control.add_friends("shop", 1)
    answer = send(line)
    path = f"/v2/bot/message/progress/narrowcast?requestId={answer.request_id}"
    control.add_account(name="other", token="other")
    assert Line.get(line, path).status == 200
    line.token = "other"
    assert line.get(path).status == 404
    line.token = "token"
    control.advance(14 * 86400)
    assert line.get(path).status == 404
    assert line.get("/v2/bot/message/progress/narrowcast?requestId=nonsense").status == 400


def test_attributes_need_a_target_reach_of_100(line: Line, control: Control) -> None:
    control.add_friends("shop", [{"gender": "female"}] * 99)
    answer = send(line, filter={"demographic": WOMEN})
    assert (answer.status, answer.json) == (403, {"message": "Your account does not have enough friends"})


def test_fewer_than_50_recipients_fail_after_acceptance(line: Line, control: Control) -> None:
    control.add_friends("shop", [{"gender": "female"}] * 49 + [{"gender": "male"}] * 60)
    answer = send(line, filter={"demographic": WOMEN})
    assert answer.status == 202
    control.advance(10)
    found = progress(line, answer)
    assert (found["phase"], found["errorCode"]) == ("failed", 2)
    assert control.deliveries("shop") == []
    assert line.get("/v2/bot/message/quota/consumption").json == {"totalUsage": 0}


@pytest.mark.parametrize(
    ("demographic", "expected"),
    [
        (WOMEN, "a"),
        ({"type": "age", "gte": "age_20", "lt": "age_30"}, "a"),
        ({"type": "appType", "oneOf": ["android"]}, "b"),
        ({"type": "area", "oneOf": ["jp_13"]}, "a"),
        ({"type": "subscriptionPeriod", "gte": "day_30"}, "b"),
        ({"type": "operator", "not": WOMEN}, "b"),
        ({"type": "operator", "and": [WOMEN, {"type": "age", "lt": "age_20"}]}, ""),
        ({"type": "operator", "or": [WOMEN, {"type": "age", "gte": "age_40"}]}, "ab"),
    ],
)
def test_a_filter_selects_by_what_line_believes(
    line: Line, control: Control, demographic: dict[str, Any], expected: str
) -> None:
    now = control.clock()["epoch"]
    young = {"statusMessage": "a", "gender": "female", "age": 25, "appType": "ios", "area": "jp_13"}
    old = {"statusMessage": "b", "gender": "male", "age": 45, "appType": "android", "area": "jp_27"}
    control.add_friends("shop", [young] * 50 + [{**old, "followed_at": now - 40 * 86400}] * 50)
    kinds = {entry["user"]: entry["statusMessage"] for entry in control.friends("shop")}
    answer = send(line, filter={"demographic": demographic})
    assert answer.status == 202
    control.advance(10)
    assert "".join(sorted({kinds[entry["user"]] for entry in control.deliveries("shop")})) == expected


def test_redelivery_selects_who_received_an_earlier_narrowcast(line: Line, control: Control) -> None:
    control.add_friends("shop", 60)
    first = send(line, limit={"max": 55})
    control.advance(10)
    again = send(line, recipient={"type": "redelivery", "requestId": first.request_id})
    control.advance(10)
    assert progress(line, again)["successCount"] == 55
    others = send(line, recipient={"type": "operator", "not": {"type": "redelivery", "requestId": first.request_id}})
    control.advance(10)
    assert progress(line, others)["errorCode"] == 2


def test_a_request_that_was_no_narrowcast_cannot_be_redelivered(line: Line, friend: str) -> None:
    pushed = line.push(friend)
    answer = send(line, recipient={"type": "redelivery", "requestId": pushed.request_id})
    assert (answer.status, answer.json) == (400, {"message": f"Invalid request id: {pushed.request_id}"})


def test_an_unknown_audience_is_refused(line: Line) -> None:
    answer = send(line, recipient={"type": "audience", "audienceGroupId": 5})
    assert (answer.status, answer.json) == (400, {"message": "Invalid audience group id: 5"})


def test_a_partial_delivery_can_be_forbidden(line: Line, control: Control) -> None:
    control.change("shop", plan_limit=5)
    control.add_friends("shop", 10)
    answer = send(line, limit={"upToRemainingQuota": True, "forbidPartialDelivery": True})
    assert answer.status == 202
    control.advance(10)
    assert progress(line, answer)["errorCode"] == 5
    alone = send(line, limit={"forbidPartialDelivery": True})
    assert alone.json["message"] == "The option forbidPartialDelivery must be used with upToRemainingQuota."


@pytest.mark.parametrize(
    "more",
    [
        {"limit": {"max": 0}},
        {"limit": []},
        {"filter": "all"},
        {"filter": {"demographic": {"type": "gender", "oneOf": []}}},
        {"filter": {"demographic": {"type": "age"}}},
        {"filter": {"demographic": {"type": "age", "gte": "age_17"}}},
        {"filter": {"demographic": {"type": "operator", "and": []}}},
        {"filter": {"demographic": {"type": "operator", "and": [WOMEN], "not": WOMEN}}},
        {"filter": {"demographic": {"type": "operator", "or": [WOMEN] * 11}}},
        {"recipient": {"type": "everybody"}},
        {"recipient": {}},
    ],
)
def test_a_malformed_narrowcast_is_refused_at_once(line: Line, control: Control, more: dict[str, Any]) -> None:
    control.add_friends("shop", 100)
    assert send(line, **more).status == 400
    control.advance(10)
    assert control.deliveries("shop") == []
