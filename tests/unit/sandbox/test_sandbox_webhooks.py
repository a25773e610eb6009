"""Webhooks of the offline account: signed, several events a post, again with the same ids only where that is wanted."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from lineform.errors import LineformError
from lineform.sandbox import delivery
from lineform.sandbox.control import Control
from lineform.sandbox.server import SandboxServer


class Bot:
    """A web server that takes webhooks. `answers` are the statuses of the next ones, then 200."""

    def __init__(self) -> None:
        self.posts: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[int] = []
        self.slow = 0.0
        bot = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                bot.posts.append(({name.lower(): value for name, value in self.headers.items()}, body))
                time.sleep(bot.slow)
                self.send_response(bot.answers.pop(0) if bot.answers else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def events(self) -> list[dict[str, Any]]:
        return [event for _, body in self.posts for event in json.loads(body)["events"]]

    def until(self, count: int) -> list[dict[str, Any]]:
        end = time.monotonic() + 10
        while len(self.events()) < count:
            assert time.monotonic() < end, f"{len(self.events())} of {count} events came"
            time.sleep(0.01)
        return self.events()


@pytest.fixture
def bot() -> Iterator[Bot]:
    made = Bot()
    yield made
    made.close()


@pytest.fixture
def control() -> Iterator[Control]:
    with SandboxServer() as server:
        made = Control(server.origin)
        made.add_account(name="salon", token="token-of-the-salon", channel_secret="s" * 32)
        yield made


def friend(control: Control) -> str:
    return control.add_friends("salon", 1)[0]


def test_what_a_friend_does_is_posted_with_lines_own_signature(control: Control, bot: Bot) -> None:
    control.webhook("salon", bot.url)
    user = friend(control)
    said = control.write("salon", user, "予約したい")
    (event,) = bot.until(1)
    headers, body = bot.posts[0]
    assert headers["x-line-signature"] == base64.b64encode(hmac.digest(b"s" * 32, body, hashlib.sha256)).decode()
    assert json.loads(body)["destination"].startswith("U")
    assert event == said
    assert event["deliveryContext"] == {"isRedelivery": False}


def test_several_events_come_in_one_post(control: Control, bot: Bot) -> None:
    control.webhook("salon", bot.url)
    busy_with(control, bot, friend(control), "first", "a", "b", "c")
    assert [event["message"]["text"] for event in bot.until(4)] == ["first", "a", "b", "c"]
    assert len(bot.posts) == 2


def test_without_redelivery_what_is_not_taken_is_lost(control: Control, bot: Bot) -> None:
    control.webhook("salon", bot.url)
    control.freeze()
    bot.answers = [500]
    user = friend(control)
    control.write("salon", user, "lost")
    bot.until(1)
    settled(control)
    control.advance(3600)
    control.write("salon", user, "taken")
    assert [event["message"]["text"] for event in bot.until(2)] == ["lost", "taken"]


def test_redelivery_brings_the_same_event_again_and_renews_its_token(control: Control, bot: Bot) -> None:
    control.webhook("salon", bot.url, redelivery=True)
    control.freeze()
    bot.answers = [500, 503]
    user = friend(control)
    said = control.write("salon", user, "again")
    bot.until(1)
    for wait, tries in ((10, 1), (60, 2)):
        settled(control, tries)
        control.advance(wait)
        bot.until(tries + 1)
    first, second, third = bot.events()
    assert first == said
    assert second == third == said | {"deliveryContext": {"isRedelivery": True}}
    settled(control)
    control.advance(50)
    assert reply(control, said["replyToken"]) == 200


def test_a_bot_that_takes_longer_than_two_seconds_has_not_taken_it(
    control: Control, bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "AGAIN", (0.0,))
    control.webhook("salon", bot.url, redelivery=True)
    bot.slow = 2.6
    user = friend(control)
    control.write("salon", user, "slow")
    bot.until(1)
    bot.slow = 0.0
    assert bot.until(2)[1]["deliveryContext"] == {"isRedelivery": True}


def test_faults_deliver_twice_and_out_of_order(control: Control, bot: Bot) -> None:
    control.fault("webhook-shuffled", path="webhook", skip=1)
    control.fault("webhook-twice", path="webhook", skip=1)
    control.webhook("salon", bot.url)
    user = friend(control)
    busy_with(control, bot, user, "first", "a", "b")
    assert [event["message"]["text"] for event in bot.until(3)] == ["first", "b", "a"]
    control.write("salon", user, "c")
    assert [event["message"]["text"] for event in bot.until(5)[3:]] == ["c", "c"]


def test_the_webhook_can_be_tried_by_lines_own_call(control: Control, bot: Bot) -> None:
    assert called(control, "/v2/bot/channel/webhook/test", {})[0] == 404
    control.webhook("salon", bot.url)
    status, found = called(control, "/v2/bot/channel/webhook/test", {})
    assert (status, found["success"], found["statusCode"], found["reason"]) == (200, True, 200, "OK")
    assert json.loads(bot.posts[0][1])["events"] == []
    bot.answers = [403]
    found = called(control, "/v2/bot/channel/webhook/test", {})[1]
    assert (found["success"], found["statusCode"], found["reason"]) == (False, 403, "ERROR_STATUS_CODE")
    found = called(control, "/v2/bot/channel/webhook/test", {"endpoint": "https://127.0.0.1:9/"})[1]
    assert (found["success"], found["statusCode"], found["reason"]) == (False, 0, "COULD_NOT_CONNECT")


def test_a_webhook_elsewhere_needs_tls(control: Control) -> None:
    with pytest.raises(LineformError, match="no webhook's address"):
        control.webhook("salon", "http://shop.example/hook")
    assert control.webhook("salon", "https://shop.example/hook")["url"] == "https://shop.example/hook"


def busy_with(control: Control, bot: Bot, user: str, first: str, *others: str) -> None:
    """While the bot is still busy with the first, the others come: they go together."""
    bot.slow = 1.5
    control.write("salon", user, first)
    bot.until(1)
    bot.slow = 0.0
    for text in others:
        control.write("salon", user, text)


def settled(control: Control, *tries: int) -> None:
    """What was not taken was tried so often, and that is written down: the clock can be moved."""
    end = time.monotonic() + 10
    while control.webhook("salon")["undelivered"] != list(tries):
        assert time.monotonic() < end, "it was not tried"
        time.sleep(0.01)


def reply(control: Control, token: str) -> int:
    return called(
        control, "/v2/bot/message/reply", {"replyToken": token, "messages": [{"type": "text", "text": "はい"}]}
    )[0]


def called(control: Control, path: str, value: Any) -> tuple[int, Any]:
    request = urllib.request.Request(  # noqa: S310 - our own server
        control.origin + path,
        data=json.dumps(value).encode(),
        headers={"Authorization": "Bearer token-of-the-salon", "Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request) as answer:  # noqa: S310 - our own server
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)
