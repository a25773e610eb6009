"""LINE's webhook events become facts and happenings; what nobody knows yet becomes neither, and never an error."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineform.scenarios.happening import Happening, What
from lineform.scenarios.interpret import Linked, Meaning, interpret

NOW = datetime(2026, 12, 1, 1, 0, tzinfo=UTC)
AT = NOW - timedelta(seconds=2)
USER = "U" + "1" * 32


def event(kind: str, **more: Any) -> dict[str, Any]:
    return {
        "type": kind,
        "mode": "active",
        "timestamp": int(AT.timestamp() * 1000),
        "source": {"type": "user", "userId": USER},
        "webhookEventId": "01FZ74A0TDDPYRVKNK77XKC3ZR",
        "deliveryContext": {"isRedelivery": False},
        **more,
    }


def test_a_follow_makes_a_friend_and_says_whether_it_is_an_old_one() -> None:
    meaning = interpret(event("follow", replyToken="r", follow={"isUnblocked": True}), NOW)
    assert (meaning.user_id, meaning.relation, meaning.at) == (USER, True, AT)
    assert meaning.happening("k", 7, NOW) == Happening(
        "k", 7, What.FOLLOW, AT, fields={"unblocked": True}, reply_token="r", received_at=NOW
    )


def test_an_unfollow_is_a_block_and_cannot_be_answered() -> None:
    meaning = interpret(event("unfollow"), NOW)
    assert (meaning.relation, meaning.what, meaning.reply_token) == (False, What.UNFOLLOW, "")


def test_a_text_is_what_was_written() -> None:
    meaning = interpret(event("message", replyToken="r", message={"type": "text", "id": "1", "text": "予約"}), NOW)
    assert (meaning.what, meaning.text, meaning.reply_token) == (What.TEXT, "予約", "r")


def test_another_message_is_known_by_its_type() -> None:
    message = {"type": "location", "id": "1", "latitude": 35.6, "longitude": 139.7, "address": "渋谷", "more": {"a": 1}}
    meaning = interpret(event("message", message=message), NOW)
    assert (meaning.what, meaning.name) == (What.MESSAGE, "location")
    assert meaning.fields["latitude"] == 35.6
    assert "more" not in meaning.fields


def test_a_postback_has_its_data_and_what_was_picked() -> None:
    postback = {"data": "action=book", "params": {"datetime": "2026-12-24T18:00"}}
    meaning = interpret(event("postback", replyToken="r", postback=postback), NOW)
    assert (meaning.what, meaning.text, meaning.fields) == (What.POSTBACK, "action=book", postback["params"])


def test_a_linked_account_has_its_nonce_and_no_one_reads_it_in_a_log() -> None:
    meaning = interpret(event("accountLink", link={"result": "ok", "nonce": "n-1"}), NOW)
    assert meaning.linked == Linked("n-1", succeeded=True)
    assert "n-1" not in repr(meaning)
    assert interpret(event("accountLink", link={"result": "failed", "nonce": "n"}), NOW).linked == Linked("n", False)


def test_where_another_system_is_at_work_only_the_fact_stays() -> None:
    meaning = interpret(event("follow", mode="standby", replyToken="r"), NOW)
    assert (meaning.relation, meaning.what, meaning.reply_token) == (True, None, "")


@pytest.mark.parametrize("source", [{"type": "group", "groupId": "C1", "userId": USER}, None, "user", {}])
def test_nothing_happens_to_a_friend_in_a_group_or_without_a_source(source: Any) -> None:
    assert interpret(event("message", source=source, message={"type": "text", "text": "x"}), NOW) == Meaning("", AT)


@pytest.mark.parametrize("kind", ["beacon", "videoPlayComplete", "unsend", "memberJoined", "somethingNew", 5, None])
def test_an_event_from_which_nothing_follows_is_no_error(kind: Any) -> None:
    assert interpret(event(kind), NOW) == Meaning(USER, AT)


@pytest.mark.parametrize("stamp", [None, "x", True, -5, 10**30, 1.5])
def test_an_event_without_a_usable_time_happened_when_it_came(stamp: Any) -> None:
    assert interpret(event("follow", timestamp=stamp), NOW).at == NOW


def test_a_text_that_no_database_holds_is_mended() -> None:
    text = json.loads('"a\\u0000b\\ud83dc"')
    meaning = interpret(event("message", message={"type": "text", "text": text}), NOW)
    assert meaning.text == "ab?c"


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
NAMES = ("type", "mode", "timestamp", "source", "message", "postback", "link", "follow", "replyToken")
TYPES = st.sampled_from(["follow", "unfollow", "message", "postback", "accountLink"])


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(NAMES, VALUES)), TYPES | VALUES, st.booleans())
def test_no_event_whatever_it_holds_is_an_error(values: dict[str, Any], kind: Any, of_user: bool) -> None:
    values["type"] = kind
    if of_user:
        values["source"] = {"type": "user", "userId": USER}
    meaning = interpret(values, NOW)
    meaning.text.encode()
    meaning.happening("k", 1, NOW)
