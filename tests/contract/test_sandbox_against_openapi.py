"""The offline account held against LINE's official OpenAPI: every operation with success, and the checker itself."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from lineform.sandbox.api.table import ROUTES
from lineform.sandbox.control import Control
from lineform.sandbox.server import SandboxServer
from support import line_openapi
from support.line_calls import Line, a_coupon, a_file, a_menu, a_text, an_area
from support.line_messages import MESSAGES, flex, message
from support.openapi import LOGIN, Checker, operations

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
# These take a signed assertion. The unit tests make one, and are held against the same checker.
SHARED_BY_NOBODY = {"GET /v2/bot/audienceGroup/shared/{audienceGroupId}"}
BY_ASSERTION = {"POST /oauth2/v2.1/token", "GET /oauth2/v2.1/tokens/kid"}


def walk(line: Line, control: Control) -> None:
    """One successful call of every operation, and the common refusals."""
    friends = control.add_friends("shop", 3)
    _bot(line, control, friends[0])
    _sends(line, control, friends)
    _menus(line, friends)
    _audiences(line, control, friends)
    _coupons(line)
    _tokens(line)
    _refusals(line)


def _bot(line: Line, control: Control, friend: str) -> None:
    line.call("PUT", "/v2/bot/channel/webhook/endpoint", {"endpoint": "https://127.0.0.1:9/hook"})
    line.get("/v2/bot/channel/webhook/endpoint")
    line.post("/v2/bot/channel/webhook/test", {})
    line.post(f"/v2/bot/user/{friend}/linkToken")
    line.get("/v2/bot/info")
    line.get(f"/v2/bot/profile/{friend}")
    line.get("/v2/bot/followers/ids?limit=2")
    line.post("/v2/bot/chat/loading/start", {"chatId": friend, "loadingSeconds": 10})
    token = control.write("shop", friend, "hi")["message"]["markAsReadToken"]
    line.post("/v2/bot/chat/markAsRead", {"markAsReadToken": token})


def _sends(line: Line, control: Control, friends: list[str]) -> None:
    sends = "/v2/bot/message"
    key = str(uuid.uuid4())
    for body in MESSAGES.values():
        line.post(f"{sends}/push", {"to": friends[0], "messages": [body], "customAggregationUnits": ["winter"]})
    line.push(friends[0], key=key)
    line.push(friends[0], key=key)
    line.post(f"{sends}/multicast", {"to": friends, "messages": [a_text()]}, key=str(uuid.uuid4()))
    line.post(f"{sends}/broadcast", {"messages": [a_text()], "notificationDisabled": True})
    line.post(f"{sends}/reply", {"replyToken": control.reply_token("shop", friends[0]), "messages": [a_text()]})
    sent = line.post(f"{sends}/narrowcast", {"messages": [a_text()], "limit": {"max": 2}})
    for seconds in (0, 3, 60):
        control.advance(seconds)
        line.get(f"{sends}/progress/narrowcast?requestId={sent.request_id}")
    again = {"type": "operator", "not": {"type": "redelivery", "requestId": sent.request_id}}
    failing = line.post(f"{sends}/narrowcast", {"messages": [a_text()], "recipient": again})
    control.advance(60)
    line.get(f"{sends}/progress/narrowcast?requestId={failing.request_id}")
    for path in ("quota", "quota/consumption", "aggregation/info", "aggregation/list?limit=1"):
        line.get(f"{sends}/{path}")
    for kind in ("reply", "push", "multicast", "broadcast"):
        for day in ("20251130", "20251201", "20180101"):
            line.get(f"{sends}/delivery/{kind}?date={day}")
    for kind in ("reply", "push", "multicast", "narrowcast", "broadcast"):
        line.post(f"{sends}/validate/{kind}", {"messages": [a_text()]})


def _menus(line: Line, friends: list[str]) -> None:
    menus = "/v2/bot/richmenu"
    switch = an_area({"type": "richmenuswitch", "richMenuAliasId": "tab", "data": "x"})
    one, two = line.new_menu("one", areas=[switch]), line.new_menu("two")
    line.post(f"{menus}/validate", a_menu())
    line.get(f"{menus}/{one}/content")
    line.get(f"{menus}/{one}")
    line.get(f"{menus}/list")
    default = "/v2/bot/user/all/richmenu"
    line.post(f"{default}/{one}")
    line.get(default)
    line.delete(default)
    own = f"/v2/bot/user/{friends[0]}/richmenu"
    line.post(f"{own}/{one}")
    line.get(own)
    line.delete(own)
    line.post(f"{menus}/bulk/link", {"richMenuId": one, "userIds": friends})
    line.post(f"{menus}/bulk/unlink", {"userIds": friends})
    moves = {"operations": [{"type": "link", "from": one, "to": two}, {"type": "unlink", "from": two}]}
    line.post(f"{menus}/validate/batch", moves)
    batch = line.post(f"{menus}/batch", {**moves, "resumeRequestKey": "again-1"})
    line.get(f"{menus}/progress/batch?requestId={batch.request_id}")
    line.post(f"{menus}/alias", {"richMenuAliasId": "tab", "richMenuId": one})
    line.post(f"{menus}/alias/tab", {"richMenuId": two})
    line.get(f"{menus}/alias/tab")
    line.get(f"{menus}/alias/list")
    line.delete(f"{menus}/alias/tab")
    line.delete(f"{menus}/{one}")


def _audiences(line: Line, control: Control, friends: list[str]) -> None:
    base = "/v2/bot/audienceGroup"
    sent = line.post("/v2/bot/message/broadcast", {"messages": [a_text()]}).request_id
    ids = [{"id": friend} for friend in friends]
    made = line.post(f"{base}/upload", {"description": "regulars", "uploadDescription": "first", "audiences": ids})
    number = made.json["audienceGroupId"]
    line.call("PUT", f"{base}/upload", {"audienceGroupId": number, "audiences": ids})
    line.call("POST", f"{base}/upload/byFile", *a_file(friends, description="by file", uploadDescription="first"))
    line.call("PUT", f"{base}/upload/byFile", *a_file(friends, audienceGroupId=str(number)))
    clicked = {"description": "clicked", "requestId": sent, "clickUrl": "https://example.com/"}
    for path, body in (("click", clicked), ("imp", {"description": "seen", "requestId": sent})):
        line.post(f"{base}/{path}", body)
        line.post(f"{base}/{path}", body)
    line.call("PUT", f"{base}/{number}/updateDescription", {"description": "renamed"})
    control.fail_next_audience_job("shop")
    control.foreign_audience("shop", "from the manager", members=friends)
    for seconds in (0, 3, 60):
        control.advance(seconds)
        line.get(f"{base}/{number}")
        line.get(
            f"{base}/list?page=1&size=40&description=e&createRoute=MESSAGING_API&includesExternalPublicGroups=true"
        )
    line.get(f"{base}/list?page=1")
    line.get(f"{base}/shared/list?page=1")
    line.get(f"{base}/shared/5")
    line.get(f"{base}/5")
    line.delete(f"{base}/{number}")


def _coupons(line: Line) -> None:
    base = "/v2/bot/coupon"
    rewards: list[dict[str, Any]] = [
        {"type": "free"},
        {"type": "discount", "priceInfo": {"type": "explicit", "originalPrice": 900, "priceAfterDiscount": 450}},
        {"type": "cashBack", "priceInfo": {"type": "percentage", "percentage": 5}},
    ]
    for reward in rewards:
        made = line.post(base, a_coupon(reward=reward, imageUrl="https://example.com/a.png")).json["couponId"]
        line.get(f"{base}/{made}")
    line.post(base, a_coupon(acquisitionCondition={"type": "lottery", "lotteryProbability": 1, "maxAcquireCount": -1}))
    line.post(base, a_coupon(title=""))
    line.get(f"{base}?status=RUNNING&limit=2")
    line.get(f"{base}?status=RUNNING&limit=2&start=2")
    for coupon in (made, made, "01KQXS5NVPCN4MB6Y2ETK23PC5"):
        line.call("PUT", f"{base}/{coupon}/close")
        line.get(f"{base}/{coupon}")


def _tokens(line: Line) -> None:
    who = {"client_id": "1234567890", "client_secret": "s3cret"}

    def form(path: str, **fields: str) -> Any:
        answer = line.post(path, urlencode(fields).encode(), headers=FORM)
        return answer.json if answer.body else None

    stateless = form("/oauth2/v3/token", grant_type="client_credentials", **who)["access_token"]
    line.get(f"/oauth2/v2.1/verify?access_token={stateless}")
    form("/oauth2/v2.1/revoke", access_token=stateless, **who)
    short = form("/v2/oauth/accessToken", grant_type="client_credentials", **who)["access_token"]
    form("/v2/oauth/verify", access_token=short)
    form("/v2/oauth/revoke", access_token=short)
    form("/v2/oauth/accessToken", grant_type="client_credentials", client_id="1", client_secret="wrong")


def _refusals(line: Line) -> None:
    line.push("nobody")
    line.push("U" + "0" * 32)
    line.get("/nowhere")
    line.delete("/v2/bot/info")
    line.post("/v2/bot/richmenu", {})
    for _ in range(5):
        line.post("/v2/bot/richmenu/batch", {"operations": [{"type": "unlinkAll"}]})
    line.token = "wrong"
    line.get("/v2/bot/info")


def test_every_operation_answers_as_the_specification_says() -> None:
    checker = Checker()
    with SandboxServer(wrap=checker.wrap) as server:
        control = Control(server.origin)
        control.set_clock(1_764_558_000.0)
        control.add_account(name="shop", token="token", channel_id="1234567890", channel_secret="s3cret")
        walk(Line(server.origin), control)
        logged = len(control.requests())
    assert checker.violations == []
    assert checker.exchanges == logged
    served = {f"{route.method} {route.template}" for route in ROUTES} - LOGIN
    assert served - checker.succeeded == BY_ASSERTION | SHARED_BY_NOBODY


def test_every_path_that_is_served_is_one_of_lines() -> None:
    known = {found.name for found in operations()}
    assert {f"{route.method} {route.template}" for route in ROUTES} - LOGIN <= known


# --- the checker can say no

ANSWER_HEADERS = {"X-Line-Request-Id": "1", "Content-Type": "application/json"}
REQUEST_HEADERS = {"Content-Type": "application/json"}
SENT = b'{"sentMessages":[{"id":"1"}]}'


def pushed(*messages: object) -> list[str]:
    body = json.dumps({"to": "U1", "messages": messages}).encode()
    return Checker().check_exchange("POST", "/v2/bot/message/push", REQUEST_HEADERS, body, 200, ANSWER_HEADERS, SENT)


def answered(method: str, path: str, status: int, body: bytes, **headers: str) -> list[str]:
    return Checker().check_exchange(method, path, {}, b"", status, {**ANSWER_HEADERS, **headers}, body)


def test_right_exchanges_are_let_pass() -> None:
    for body in MESSAGES.values():
        assert pushed(body) == []
    assert answered("GET", "/v2/bot/message/quota", 200, b'{"type":"none"}') == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"type": "txt", "text": "hi"},
        {"text": "hi"},
        {"type": "text"},
        {"type": "text", "text": 5},
        {"type": "text", "text": "hi", "colour": "red"},
        message("text", quickReply={"items": [{"type": "action", "action": {"type": "jump"}}]}),
        message("video", previewImageUrl=None),
        flex({"type": "txt", "text": "deep"}),
        flex({"type": "box", "layout": "diagonal", "contents": []}),
        flex(
            {"type": "box", "layout": "vertical", "contents": [{"type": "button", "action": {"type": "uri", "u": 1}}]}
        ),
    ],
)
def test_a_wrong_message_is_found_however_deep(wrong: dict[str, Any]) -> None:
    assert pushed(wrong)


def test_a_wrong_recipient_or_filter_is_found_however_deep() -> None:
    def sent(**more: object) -> list[str]:
        body = json.dumps({"messages": [{"type": "text", "text": "hi"}], **more}).encode()
        path = "/v2/bot/message/narrowcast"
        return Checker().check_exchange("POST", path, REQUEST_HEADERS, body, 202, ANSWER_HEADERS, b"{}")

    audience = {"type": "audience", "audienceGroupId": 5}
    assert sent(recipient={"type": "operator", "and": [audience, {"type": "operator", "not": audience}]}) == []
    assert sent(recipient={"type": "operator", "and": [{"type": "operator", "not": {"type": "crowd"}}]})
    assert sent(recipient={"type": "audience", "audienceGroupId": "five"})
    assert sent(filter={"demographic": {"type": "age", "gte": "age_17"}})


def test_a_wrong_answer_is_found() -> None:
    assert answered("GET", "/v2/bot/message/quota", 200, b'{"type":"some"}')
    assert answered("GET", "/v2/bot/message/quota", 200, b'{"type":"none","more":1}')
    assert answered("GET", "/v2/bot/message/quota", 201, b'{"type":"none"}')
    assert answered("GET", "/v2/bot/message/quota", 404, b'{"error":"no"}')
    assert answered("GET", "/v2/bot/nowhere", 200, b"{}")
    assert answered("DELETE", "/v2/bot/user/all/richmenu", 200, b'{"done":true}')
    assert answered("GET", "/v2/bot/message/quota", 429, b'{"message":"x"}', **{"Retry-After": "1"})
    assert answered("GET", "/v2/bot/message/quota", 409, b'{"message":"x"}')
    assert answered("GET", "/v2/bot/message/delivery/push", 200, b'{"status":"unready"}')
    no_id = Checker().check_exchange("GET", "/v2/bot/message/quota", {}, b"", 200, {}, b'{"type":"none"}')
    assert "the answer has no X-Line-Request-Id" in no_id[0]


def test_a_request_that_line_refused_may_be_wrong() -> None:
    body = b'{"messages":[]}'
    refused = Checker().check_exchange(
        "POST", "/v2/bot/message/push", REQUEST_HEADERS, body, 400, ANSWER_HEADERS, b'{"message":"no"}'
    )
    assert refused == []


def test_the_specification_is_found_where_the_environment_was_taken_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = line_openapi.folder()
    monkeypatch.setenv("LINEFORM_OPENAPI", "elsewhere")
    monkeypatch.chdir(tmp_path)
    assert line_openapi.folder() == found
    assert found is not None
    assert found.is_absolute()


def test_an_exchange_that_cannot_be_checked_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    checker = Checker()

    def fail(*_: Any) -> list[str]:
        raise FileNotFoundError("no specification")

    monkeypatch.setattr(checker, "check_exchange", fail)
    with SandboxServer(wrap=checker.wrap) as server:
        Control(server.origin).add_account(name="shop", token="token")
        assert Line(server.origin).get("/v2/bot/info").status == 200
    assert checker.violations == ["GET /v2/bot/info could not be checked: FileNotFoundError('no specification')"]
