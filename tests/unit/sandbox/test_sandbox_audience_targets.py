"""Narrowcasts to audiences: which may be named, whom they select, and LINE's privacy floors."""

from __future__ import annotations

from typing import Any

import pytest

from lineform.sandbox.control import Control
from support.line_calls import Line, Reply, a_text

BASE = "/v2/bot/audienceGroup"


def upload(line: Line, control: Control, users: list[str]) -> int:
    """A ready audience of these."""
    body = {"description": "x", "audiences": [{"id": user} for user in users]}
    number: int = line.post(f"{BASE}/upload", body).json["audienceGroupId"]
    control.advance(10)
    return number


def clicked(line: Line, control: Control, users: list[str]) -> int:
    """A ready audience of friends who clicked."""
    request = line.post("/v2/bot/message/broadcast", {"messages": [a_text()]}).request_id
    number: int = line.post(f"{BASE}/click", {"description": "x", "requestId": request}).json["audienceGroupId"]
    control.change_audience("shop", number, status="READY", members=users)
    return number


def audience(number: int) -> dict[str, Any]:
    return {"type": "audience", "audienceGroupId": number}


def one_of(*numbers: int) -> dict[str, Any]:
    return {"type": "operator", "or": [audience(number) for number in numbers]}


def send(line: Line, recipient: dict[str, Any], **more: Any) -> Reply:
    body = {"messages": [a_text("narrow")], "recipient": recipient, **more}
    return line.post("/v2/bot/message/narrowcast", body)


def outcome(line: Line, control: Control, answer: Reply) -> tuple[str, int]:
    """The phase, and how many it reached or the error's code."""
    assert answer.status == 202, answer.body
    control.advance(10)
    found = line.get(f"/v2/bot/message/progress/narrowcast?requestId={answer.request_id}").json
    return found["phase"], found.get("errorCode", found.get("successCount"))


def reached(control: Control) -> set[str]:
    return {entry["user"] for entry in control.deliveries("shop") if entry["kind"] == "narrowcast"}


@pytest.fixture
def friends(control: Control) -> list[str]:
    control.change("shop", plan_limit=None)
    return control.add_friends("shop", 120)


def test_uploaded_ids_are_reached_however_few(line: Line, control: Control, friends: list[str]) -> None:
    number = upload(line, control, friends[:3])
    control.block("shop", friends[0])
    assert outcome(line, control, send(line, audience(number))) == ("succeeded", 2)
    assert reached(control) == set(friends[1:3])


def test_operators_combine_audiences(line: Line, control: Control, friends: list[str]) -> None:
    one, two = upload(line, control, friends[:3]), upload(line, control, friends[2:5])
    assert outcome(line, control, send(line, one_of(one, two))) == ("succeeded", 5)
    without = {"type": "operator", "and": [audience(one), {"type": "operator", "not": audience(two)}]}
    before = len(control.deliveries("shop"))
    assert outcome(line, control, send(line, without)) == ("succeeded", 2)
    assert {entry["user"] for entry in control.deliveries("shop")[before:]} == set(friends[:2])


@pytest.mark.parametrize("state", ["IN_PROGRESS", "FAILED", "EXPIRED", "INACTIVE"])
def test_an_audience_that_is_not_ready_is_refused(line: Line, control: Control, friends: list[str], state: str) -> None:
    number = upload(line, control, friends)
    control.change_audience("shop", number, status=state)
    answer = send(line, audience(number))
    assert (answer.status, answer.json) == (400, {"message": f"Invalid audience group id: {number}"})


@pytest.mark.parametrize("number", [5, "five", None])
def test_an_unknown_audience_is_refused(line: Line, friends: list[str], number: Any) -> None:
    answer = send(line, {"type": "operator", "not": {"type": "audience", "audienceGroupId": number}})
    assert (answer.status, answer.json["message"]) == (400, f"Invalid audience group id: {number}")


def test_fewer_than_50_who_clicked_fail_after_acceptance(line: Line, control: Control, friends: list[str]) -> None:
    number = clicked(line, control, friends[:49])
    assert outcome(line, control, send(line, audience(number))) == ("failed", 2)
    control.change_audience("shop", number, members=friends[:50])
    assert outcome(line, control, send(line, audience(number))) == ("succeeded", 50)


def test_of_several_audiences_each_needs_50(line: Line, control: Control, friends: list[str]) -> None:
    many, few = clicked(line, control, friends[:60]), clicked(line, control, friends[60:109])
    assert outcome(line, control, send(line, one_of(many, few))) == ("failed", 4)
    assert reached(control) == set()


def test_uploaded_ids_beside_clicks_are_exempt_alone(line: Line, control: Control, friends: list[str]) -> None:
    many, ids = clicked(line, control, friends[:60]), upload(line, control, friends[:3])
    assert outcome(line, control, send(line, one_of(many, ids))) == ("succeeded", 60)
    both = {"type": "operator", "and": [audience(many), audience(ids)]}
    assert outcome(line, control, send(line, both)) == ("failed", 2)


def test_chat_tags_are_exempt_as_uploads_are(line: Line, control: Control, friends: list[str]) -> None:
    tag = control.foreign_audience("shop", "tagged", members=friends[:2])
    assert outcome(line, control, send(line, audience(tag))) == ("succeeded", 2)


def test_attributes_bring_the_floor_back(line: Line, control: Control, friends: list[str]) -> None:
    number = upload(line, control, friends[:3])
    everybody = {"demographic": {"type": "subscriptionPeriod", "lt": "day_7"}}
    assert outcome(line, control, send(line, audience(number), filter=everybody)) == ("failed", 2)


def test_ids_added_and_not_yet_finished_are_not_reached(line: Line, control: Control, friends: list[str]) -> None:
    number = upload(line, control, friends[:1])
    control.change("shop", audience_seconds=3600)
    later = {"audienceGroupId": number, "audiences": [{"id": friends[1]}]}
    assert line.call("PUT", f"{BASE}/upload", later).status == 202
    assert outcome(line, control, send(line, audience(number))) == ("succeeded", 1)
