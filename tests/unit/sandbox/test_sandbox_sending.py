from __future__ import annotations

import uuid

from lineform.sandbox.control import Control
from support.line_calls import Line, a_text

MULTICAST = "/v2/bot/message/multicast"
BROADCAST = "/v2/bot/message/broadcast"
REPLY = "/v2/bot/message/reply"
STRANGE_ID = "U" + "0" * 32


def key() -> str:
    return str(uuid.uuid4())


def used(line: Line) -> int:
    found: int = line.get("/v2/bot/message/quota/consumption").json["totalUsage"]
    return found


def test_a_push_reaches_the_friend_and_costs_one_message(line: Line, control: Control, friend: str) -> None:
    answer = line.push(friend, "hi")
    assert answer.status == 200
    assert answer.json["sentMessages"][0]["id"].isdigit()
    (received,) = control.deliveries("shop", friend)
    assert received["messages"] == [a_text("hi")]
    assert received["path"] == "/v2/bot/message/push"
    assert received["request_id"] == answer.request_id
    assert used(line) == 1


def test_who_blocked_is_answered_200_and_receives_nothing_for_nothing(
    line: Line, control: Control, friend: str
) -> None:
    control.block("shop", friend)
    assert line.push(friend).status == 200
    assert control.deliveries("shop") == []
    assert used(line) == 0


def test_a_stranger_is_reached_only_within_seven_days_of_writing(line: Line, control: Control) -> None:
    (stranger,) = control.add_friends("shop", [{"relation": "stranger"}])
    assert line.push(stranger).status == 200
    assert control.deliveries("shop") == []
    control.write("shop", stranger, "hello?")
    line.push(stranger)
    assert len(control.deliveries("shop", stranger)) == 1
    control.advance(7 * 86400 + 1)
    line.push(stranger)
    assert len(control.deliveries("shop", stranger)) == 1


def test_an_id_that_never_was_in_this_channel_is_refused(line: Line) -> None:
    answer = line.push(STRANGE_ID)
    assert (answer.status, answer.json) == (400, {"message": "Failed to send messages"})


def test_a_malformed_id_is_refused_in_words_of_its_own(line: Line) -> None:
    answer = line.push("U123")
    assert answer.status == 400
    assert answer.json["message"] == "The property, 'to', in the request body is invalid (line: -, column: -)"


def test_a_message_that_line_refuses_names_its_property(line: Line, friend: str) -> None:
    answer = line.push(friend, "")
    assert answer.status == 400
    assert [detail["property"] for detail in answer.json["details"]] == ["messages[0].text"]


def test_more_than_five_messages_are_refused(line: Line, friend: str) -> None:
    body = {"to": friend, "messages": [a_text()] * 6}
    assert line.post("/v2/bot/message/push", body).status == 400


def test_a_multicast_skips_whom_it_cannot_reach_and_counts_the_others(line: Line, control: Control) -> None:
    first, second = control.add_friends("shop", 2)
    control.block("shop", second)
    answer = line.post(MULTICAST, {"to": [first, second, STRANGE_ID, first], "messages": [a_text()]})
    assert (answer.status, answer.json) == (200, {})
    assert [entry["user"] for entry in control.deliveries("shop")] == [first]
    assert used(line) == 1


def test_a_multicast_names_the_malformed_recipient(line: Line, friend: str) -> None:
    answer = line.post(MULTICAST, {"to": [friend, "nobody"], "messages": [a_text()]})
    assert answer.status == 400
    assert answer.json["message"].startswith("The property, to[1], in the request body is invalid")


def test_a_multicast_takes_500_recipients_and_no_more(line: Line, control: Control) -> None:
    friends = control.add_friends("shop", 501)
    assert line.post(MULTICAST, {"to": friends, "messages": [a_text()]}).status == 400
    assert line.post(MULTICAST, {"to": friends[:500], "messages": [a_text()]}).status == 200
    assert used(line) == 500


def test_foreign_ids_in_a_multicast_can_be_made_an_error(line: Line, control: Control, friend: str) -> None:
    control.change("shop", refuse_foreign_multicast=True)
    answer = line.post(MULTICAST, {"to": [friend, STRANGE_ID], "messages": [a_text()]})
    assert answer.status == 400
    assert control.deliveries("shop") == []


def test_a_broadcast_reaches_every_friend_and_nobody_else(line: Line, control: Control) -> None:
    friends = control.add_friends("shop", 3)
    control.add_friends("shop", [{"relation": "stranger"}, {"relation": "blocked"}, {"relation": "deleted"}])
    assert line.post(BROADCAST, {"messages": [a_text()]}).status == 200
    assert [entry["user"] for entry in control.deliveries("shop")] == friends
    assert used(line) == 3


def test_a_reply_is_free_and_its_token_works_once(line: Line, control: Control, friend: str) -> None:
    token = control.write("shop", friend, "open?")["replyToken"]
    body = {"replyToken": token, "messages": [a_text("yes")]}
    assert line.post(REPLY, body).status == 200
    again = line.post(REPLY, body)
    assert (again.status, again.json["message"]) == (400, "Invalid reply token")
    assert [entry["messages"] for entry in control.deliveries("shop", friend)] == [[a_text("yes")]]
    assert used(line) == 0


def test_a_refused_reply_leaves_the_token_usable(line: Line, control: Control, friend: str) -> None:
    token = control.reply_token("shop", friend)
    assert line.post(REPLY, {"replyToken": token, "messages": []}).status == 400
    assert line.post(REPLY, {"replyToken": token, "messages": [a_text()]}).status == 200


def test_a_reply_token_ends_after_a_minute(line: Line, control: Control, friend: str) -> None:
    token = control.reply_token("shop", friend)
    control.advance(61)
    assert line.post(REPLY, {"replyToken": token, "messages": [a_text()]}).status == 400


def test_a_retry_key_delivers_once_and_repeats_the_sent_messages(line: Line, control: Control, friend: str) -> None:
    once = key()
    first = line.push(friend, key=once)
    again = line.push(friend, key=once)
    assert again.status == 409
    assert again.json == {"message": "The retry key is already accepted", **first.json}
    assert again.headers["x-line-accepted-request-id"] == first.request_id
    assert again.request_id != first.request_id
    assert len(control.deliveries("shop", friend)) == 1


def test_a_repeated_broadcast_is_a_conflict_without_messages(line: Line, control: Control, friend: str) -> None:
    once = key()
    line.post(BROADCAST, {"messages": [a_text()]}, key=once)
    again = line.post(BROADCAST, {"messages": [a_text()]}, key=once.upper())
    assert (again.status, again.json) == (409, {"message": "The retry key is already accepted"})
    assert len(control.deliveries("shop", friend)) == 1


def test_a_retry_key_is_forgotten_after_24_hours(line: Line, control: Control, friend: str) -> None:
    once = key()
    line.push(friend, key=once)
    control.advance(24 * 3600 - 1)
    assert line.push(friend, key=once).status == 409
    control.advance(1)
    assert line.push(friend, key=once).status == 200


def test_a_refused_request_does_not_spend_its_retry_key(line: Line, friend: str) -> None:
    once = key()
    assert line.push(friend, "", key=once).status == 400
    assert line.push(friend, "better", key=once).status == 200


def test_retry_keys_of_two_accounts_are_strangers(line: Line, control: Control, friend: str) -> None:
    control.add_account(name="other", token="other")
    (theirs,) = control.add_friends("other", 1)
    once = key()
    assert line.push(friend, key=once).status == 200
    line.token = "other"
    assert line.push(theirs, key=once).status == 200


def test_a_retry_key_elsewhere_or_misshapen_is_refused(line: Line, control: Control, friend: str) -> None:
    assert line.get("/v2/bot/info", key=key()).status == 400
    assert line.post(REPLY, {"replyToken": "x", "messages": [a_text()]}, key=key()).status == 400
    assert line.push(friend, key="not-a-uuid").status == 400
    assert control.deliveries("shop") == []


def test_validation_looks_at_messages_and_costs_nothing(line: Line, control: Control, friend: str) -> None:
    for kind in ("reply", "push", "multicast", "narrowcast", "broadcast"):
        good = line.post(f"/v2/bot/message/validate/{kind}", {"messages": [a_text()]})
        assert (good.status, good.json) == (200, {})
        bad = line.post(f"/v2/bot/message/validate/{kind}", {"messages": [{"type": "text", "text": "x" * 5001}]})
        assert (bad.status, bad.json["details"][0]["property"]) == (400, "messages[0].text")
    assert control.deliveries("shop") == []
    assert used(line) == 0
