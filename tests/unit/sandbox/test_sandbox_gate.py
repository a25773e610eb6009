from __future__ import annotations

import http.client
import json
import uuid

import pytest

from lineform.errors import LineformError
from lineform.sandbox.control import Control
from lineform.sandbox.server import SandboxServer
from support.line_calls import Line, a_menu, a_text

PUSH = "/v2/bot/message/push"
RATE = {"message": "The API rate limit has been exceeded. Try again later."}
CUT = (http.client.RemoteDisconnected, ConnectionResetError)


def test_every_answer_has_a_request_id_of_its_own_and_no_retry_after(line: Line, friend: str) -> None:
    answers = [
        line.get("/v2/bot/info"),
        line.push(friend),
        line.push(friend, ""),
        line.get("/nowhere"),
        line.delete(PUSH),
    ]
    ids = {uuid.UUID(answer.request_id) for answer in answers}
    assert len(ids) == len(answers)
    assert not any("retry-after" in answer.headers for answer in answers)


def test_a_token_that_is_unknown_or_missing_is_401(line: Line) -> None:
    line.token = "wrong"
    answer = line.get("/v2/bot/info")
    assert answer.status == 401
    assert answer.json["message"].startswith("Authentication failed due to the following reason: ")
    line.token = ""
    assert line.get("/v2/bot/info").status == 401


def test_a_token_ends_at_its_time(line: Line, control: Control) -> None:
    line.token = control.add_token("shop", kind="short", seconds=60)
    assert line.get("/v2/bot/info").status == 200
    control.advance(60)
    assert line.get("/v2/bot/info").status == 401


def test_the_token_chooses_the_account(line: Line, control: Control) -> None:
    other = control.add_account(name="other", token="other", bot_id="U" + "a" * 32)
    line.token = "other"
    assert line.get("/v2/bot/info").json["userId"] == other["bot_id"]


def test_unknown_paths_are_404_and_wrong_methods_405(line: Line) -> None:
    assert (line.get("/v2/bot/nothing").status, line.get("/v2/bot/info/").status) == (404, 404)
    assert line.get("/v2/bot/insight/followers").status == 404
    wrong = line.get(PUSH)
    assert (wrong.status, wrong.json["message"]) == (405, "The request method, 'GET', is not supported")
    empty_id = line.get("/v2/bot/profile/")
    assert (empty_id.status, empty_id.json["message"]) == (405, "The request method, 'GET', is not supported")


def test_a_body_that_is_no_json_object_is_refused(line: Line) -> None:
    def message(body: bytes, kind: str = "application/json") -> tuple[int, str]:
        answer = line.post(PUSH, body, headers={"Content-Type": kind})
        return answer.status, answer.json["message"]

    broken = message(b'{"to":\n x}')
    assert broken == (400, "The request body could not be parsed as JSON (line: 2, column: 2)")
    assert message(b"[]")[0] == 400
    assert message(b"\xff\xfe{")[0] == 400
    assert message(b"{}", "text/plain") == (415, "The content type, text/plain, is not supported")


def test_more_than_two_megabytes_are_413(line: Line, friend: str) -> None:
    answer = line.push(friend, "x" * 2 * 1024 * 1024)
    assert answer.status == 413


def test_an_empty_bucket_is_429_and_refills_little_by_little(line: Line, control: Control) -> None:
    for _ in range(100):
        assert line.post("/v2/bot/richmenu", a_menu()).status == 200
    refused = line.post("/v2/bot/richmenu", a_menu())
    assert (refused.status, refused.json) == (429, RATE)
    control.advance(36)
    assert line.post("/v2/bot/richmenu", a_menu()).status == 200
    assert line.post("/v2/bot/richmenu", a_menu()).status == 429


def test_each_method_path_and_account_has_its_own_bucket(line: Line, control: Control) -> None:
    control.add_account(name="other", token="other")
    path = "/v2/bot/richmenu/batch"
    for _ in range(4):
        last = line.post(path, {"operations": [{"type": "unlinkAll"}]})
    assert last.status == 429
    assert line.post("/v2/bot/richmenu/validate/batch", {"operations": [{"type": "unlinkAll"}]}).status == 200
    line.token = "other"
    assert line.post(path, {"operations": [{"type": "unlinkAll"}]}).status == 202


def test_two_paths_with_different_ids_share_a_bucket(line: Line) -> None:
    for number in range(100):
        assert line.delete(f"/v2/bot/richmenu/richmenu-{number:032x}").status == 404
    assert line.delete("/v2/bot/richmenu/richmenu-" + "f" * 32).status == 429


@pytest.mark.parametrize(
    ("kind", "status", "delivered"),
    [("rate-limit", 429, 0), ("monthly-limit", 429, 0), ("error-before", 500, 0), ("error-after", 500, 1)],
)
def test_a_fault_answers_instead_of_line(
    line: Line, control: Control, friend: str, kind: str, status: int, delivered: int
) -> None:
    control.fault(kind, method="POST", path=PUSH)
    assert line.push(friend).status == status
    assert len(control.deliveries("shop")) == delivered
    assert line.push(friend).status == 200


@pytest.mark.parametrize(
    ("kind", "delivered"), [("timeout-before", 0), ("timeout-after", 1), ("cut-before", 0), ("cut-after", 1)]
)
def test_a_fault_ends_the_connection_without_an_answer(
    line: Line, control: Control, friend: str, kind: str, delivered: int
) -> None:
    control.fault(kind, path=PUSH, seconds=0.01)
    with pytest.raises(CUT):
        line.push(friend)
    assert len(control.deliveries("shop")) == delivered
    assert control.requests()[-1]["status"] is None
    assert control.requests()[-1]["fault"] == kind


def test_a_retry_after_a_lost_answer_is_a_conflict_and_delivers_once(line: Line, control: Control, friend: str) -> None:
    control.fault("cut-after", path=PUSH)
    once = str(uuid.uuid4())
    with pytest.raises(CUT):
        line.push(friend, key=once)
    again = line.push(friend, key=once)
    assert again.status == 409
    assert again.json["sentMessages"]
    lost = control.requests()[0]
    assert again.headers["x-line-accepted-request-id"] == lost["request_id"]
    assert len(control.deliveries("shop", friend)) == 1


def test_latency_delays_an_answer_that_is_otherwise_right(line: Line, control: Control, friend: str) -> None:
    control.fault("latency", count=None, seconds=0.01)
    assert [line.push(friend).status for _ in range(3)] == [200] * 3


def test_faults_skip_count_and_meet_only_what_they_name(line: Line, control: Control, friend: str) -> None:
    control.fault("error-before", path=".*/push", account="shop", skip=1, count=2, status=503)
    assert line.get("/v2/bot/info").status == 200
    assert [line.push(friend).status for _ in range(4)] == [200, 503, 503, 200]
    (fault,) = control.faults()
    assert (fault["seen"], fault["met"]) == (3, 2)
    control.clear_faults()
    assert control.faults() == []


def test_the_chance_of_a_fault_repeats_with_its_seed(line: Line, control: Control, friend: str) -> None:
    def run() -> list[int]:
        control.clear_faults()
        control.fault("error-before", count=None, probability=0.5, seed=7)
        return [line.push(friend).status for _ in range(12)]

    first = run()
    assert set(first) == {200, 500}
    assert run() == first


def test_a_fault_that_does_not_exist_is_refused_with_those_that_do(control: Control) -> None:
    with pytest.raises(LineformError, match="unknown fault 'gremlin'") as refused:
        control.fault("gremlin")
    assert "cut-after" in refused.value.hint
    with pytest.raises(LineformError, match="regular expressions"):
        control.fault("latency", path="(")
    with pytest.raises(LineformError, match="has no 'when'"):
        control.fault("latency", when="now")


def test_the_log_holds_every_request_and_answer_and_no_token(line: Line, control: Control, friend: str) -> None:
    once = str(uuid.uuid4())
    answer = line.push(friend, "hi", key=once)
    line.get("/nowhere?a=1")
    pushed, lost = control.requests()
    assert pushed["body"] == {"to": friend, "messages": [a_text("hi")]}
    assert (pushed["status"], pushed["answer"]) == (200, answer.json)
    assert (pushed["account"], pushed["request_id"]) == ("shop", answer.request_id)
    assert pushed["headers"]["x-line-retry-key"] == once
    assert (lost["path"], lost["query"], lost["status"], lost["account"]) == ("/nowhere", {"a": "1"}, 404, None)
    assert '"authorization"' not in json.dumps(control.requests())
    control.forget_requests()
    assert control.requests() == []


def test_the_controls_answer_no_page_of_another_site(sandbox: SandboxServer) -> None:
    line = Line(sandbox.origin)
    assert line.get("/_sandbox/clock", headers={"Host": "evil.example"}).status == 403
    assert line.get("/_sandbox/clock", headers={"Host": "127.0.0.1:1"}).status == 200
