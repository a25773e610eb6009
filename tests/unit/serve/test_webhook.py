"""LINE's webhook: looked at, kept, answered, and worked on once, in order."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from lineform.ports.friends import FriendRow
from lineform.ports.store import Store
from lineform.run.halt import halt, resume
from lineform.scenarios.happening import What
from lineform.store import open_store
from support.declared_clients import BOT, OTHER_BOT
from support.serving import SECRET, USER, event, served, sign, webhook_body


def test_what_a_friend_does_is_answered_and_becomes_a_happening(store: Store) -> None:
    follow = event(1, "follow", follow={"isUnblocked": False})
    with served(store) as server:
        assert server.webhook(follow, event(2)) == 200
        server.until_worked()
        first, second = server.seen.happenings
    (friend,) = store.friends("salon", [first.friend_id])
    assert (friend.user_id, friend.blocked) == (USER, False)
    assert friend.followed_at is not None
    assert (first.what, first.key, first.reply_token) == (What.FOLLOW, follow["webhookEventId"], "reply1")
    assert (second.what, second.text, second.friend_id) == (What.TEXT, "text 2", friend.id)
    assert second.received_at is not None


def test_an_event_is_worked_on_once_however_often_it_is_delivered(store: Store) -> None:
    again = event(1) | {"deliveryContext": {"isRedelivery": True}}
    with served(store) as server:
        assert [server.webhook(event(1), event(1)), server.webhook(again)] == [200, 200]
        server.until_worked()
        assert server.webhook(again, event(2)) == 200
        server.until_worked()
        assert [one.text for one in server.seen.happenings] == ["text 1", "text 2"]


def test_events_of_one_friend_are_worked_on_in_the_order_of_time(store: Store) -> None:
    now = datetime.now(UTC)
    halt(store, "salon", "test", now)
    with served(store) as server:
        for number in (3, 1, 2):
            assert server.webhook(event(number, at=now + timedelta(seconds=number))) == 200
        resume(store, "salon", "test", datetime.now(UTC))
        server.until_worked()
        assert [one.text for one in server.seen.happenings] == ["text 1", "text 2", "text 3"]


def test_a_block_that_comes_after_the_follow_that_undid_it_says_nothing(store: Store) -> None:
    now = datetime.now(UTC)
    with served(store) as server:
        server.webhook(event(2, "follow", at=now))
        server.until_worked()
        server.webhook(event(1, "unfollow", at=now - timedelta(seconds=5)))
        server.until_worked()
        assert [one.what for one in server.seen.happenings] == [What.FOLLOW]
        assert store.count_friends("salon").blocked == 0
        server.webhook(event(3, "unfollow", at=now + timedelta(seconds=1)))
        server.until_worked()
    assert store.count_friends("salon").blocked == 1


def test_an_event_of_a_type_that_nobody_knows_is_kept_and_harms_nobody(store: Store) -> None:
    with served(store) as server:
        assert server.webhook(event(1, "somethingNew"), "no object", None, {"type": 5}, event(2)) == 200
        server.until_worked()
        assert [one.text for one in server.seen.happenings] == ["text 2"]
    assert store.aside("salon") == []


def test_a_webhook_without_events_is_lines_own_test_and_is_answered(store: Store) -> None:
    with served(store) as server:
        assert server.webhook() == 200


def test_whoever_cannot_sign_learns_nothing(store: Store, capfd: pytest.CaptureFixture[str]) -> None:
    body = webhook_body(event(1))
    with served(store) as server:
        answers = {
            server.request("POST", path, body, headers)[:2]
            for path, headers in (
                ("/webhook/salon", {}),
                ("/webhook/salon", {"X-Line-Signature": ""}),
                ("/webhook/salon", {"X-Line-Signature": sign(body, "another secret")}),
                ("/webhook/salon", {"X-Line-Signature": sign(body + b" ")}),
                ("/webhook/salon", {"X-Line-Signature": sign(body)[:-2]}),
                ("/webhook/nobody", {"X-Line-Signature": sign(body)}),
            )
        }
        assert answers == {(401, b"the signature does not hold\n")}
        assert server.request("POST", "/webhook/salon", b"\xff\xfe", {"X-Line-Signature": "x"})[0] == 401
        assert server.request("GET", "/webhook/salon")[0] == 405
    assert store.inbox_level("salon").waiting == 0
    assert server.seen.happenings == []
    told = "".join(capfd.readouterr())
    assert SECRET not in told
    assert "text 1" not in told
    assert USER not in told


@pytest.mark.parametrize("body", [b"{}", b"[]", b"x", b'{"events":{}}', b"[" * 50_000, b'{"events":[]}'])
def test_a_signed_body_that_is_no_webhook_is_refused(store: Store, body: bytes) -> None:
    with served(store) as server:
        answer = server.request("POST", "/webhook/salon", body, {"X-Line-Signature": sign(body)})
    assert answer[0] == 400


def test_a_webhook_for_another_bot_is_refused(store: Store) -> None:
    with served(store) as server:
        assert server.webhook(event(1), destination=OTHER_BOT) == 400
    assert store.inbox_level("salon").waiting == 0


def test_an_old_webhook_that_somebody_plays_again_is_not_worked_on(store: Store) -> None:
    old = event(1, at=datetime.now(UTC) - timedelta(days=31))
    with served(store) as server:
        assert server.webhook(old, event(2)) == 200
        server.until_worked()
        assert [one.text for one in server.seen.happenings] == ["text 2"]


def test_whoever_sends_a_body_that_is_too_large_is_told_so(store: Store) -> None:
    body = webhook_body(event(1, padding="x" * 5_000))
    with served(store, webhook_bytes=4_096) as server:
        assert server.request("POST", "/webhook/salon", body, {"X-Line-Signature": sign(body)})[0] == 413
        chunks = (body[at : at + 1000] for at in range(0, len(body), 1000))
        assert server.request("POST", "/webhook/salon", chunks, {"X-Line-Signature": sign(body)})[0] == 413
    assert store.inbox_level("salon").waiting == 0


def test_a_friends_words_stay_words(store: Store) -> None:
    words = ["{{ 7*7 }}", "{% for x in y %}", "'); DROP TABLE friends; --", "\x00", "💥" * 10]
    events = [event(n, message={"type": "text", "id": "1", "text": text}) for n, text in enumerate(words)]
    half = json.loads(r'"\ud83d"')
    with served(store) as server:
        assert server.webhook(*events, event(9, message={"type": "text", "text": "x"}, note="\\ud83d")) == 200
        body = json.dumps({"destination": BOT, "events": [event(10, more=half)]}).encode()
        assert server.request("POST", "/webhook/salon", body, {"X-Line-Signature": sign(body)})[0] == 200
        server.until_worked()
        assert [one.text for one in server.seen.happenings][:5] == [*words[:3], "", words[4]]


def test_one_who_was_forgotten_is_nobody_until_they_follow_again(store_url: str) -> None:
    with open_store(store_url, "a secret that never changes") as store:
        store.import_friends("salon", [FriendRow(USER, "花子")], datetime.now(UTC))
        store.forget("salon", [USER], datetime.now(UTC))
        with served(store) as server:
            server.webhook(event(1))
            server.until_worked()
            assert server.seen.happenings == []
            server.webhook(event(2, "follow"))
            server.until_worked()
            assert [one.what for one in server.seen.happenings] == [What.FOLLOW]


def test_a_halted_client_keeps_its_events_until_it_goes_on(store: Store) -> None:
    halt(store, "salon", "test", datetime.now(UTC))
    with served(store) as server:
        assert server.webhook(event(1)) == 200
        assert store.inbox_level("salon").waiting == 1
        assert server.seen.happenings == []
        resume(store, "salon", "test", datetime.now(UTC))
        server.until_worked()
        assert len(server.seen.happenings) == 1
