"""Whoever watches a server learns how it is doing; nobody else learns anything."""

from __future__ import annotations

import socket
import time
from datetime import UTC, datetime
from typing import Any

import pytest

from lineform.ports.friends import FriendRow
from lineform.ports.intake import NewCall
from lineform.ports.store import Store
from lineform.serve import server as serving
from lineform.store.failures import StoreUnavailable
from support.serving import USER, Server, event, served


def test_a_server_says_that_it_lives_and_that_its_store_answers(store: Store) -> None:
    with served(store) as server:
        assert server.request("GET", "/healthz")[:2] == (200, b"ok\n")
        assert server.request("GET", "/readyz")[:2] == (200, b"ok\n")


def test_a_server_whose_store_is_gone_is_not_ready_and_keeps_nothing(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: Any, **__: Any) -> None:
        raise StoreUnavailable("the database server cannot be reached")

    with served(store) as server:
        for name in ("receive", "inbox_level", "claim_received"):
            monkeypatch.setattr(store, name, gone)
        assert server.request("GET", "/readyz")[0] == 503
        assert server.request("GET", "/healthz")[0] == 200
        assert server.webhook(event(1)) == 503
        monkeypatch.undo()
        assert server.webhook(event(1)) == 200
        server.until_worked()
        assert [one.text for one in server.seen.happenings] == ["text 1"]


def figures(server: Server, **headers: str) -> dict[str, float]:
    status, text, _ = server.request("GET", "/metrics", headers=headers)
    assert status == 200
    lines = [line.rpartition(" ") for line in text.decode().splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in lines}


def test_metrics_tell_what_came_what_waits_and_when_the_last_tick_was(store: Store) -> None:
    with served(store, every=1.0) as server:
        server.webhook(event(1), event(1), event(2))
        server.webhook(event(3), secret="wrong")
        server.until_worked()
        server.until(lambda: figures(server)['lineform_tick_age_seconds{client="salon"}'] < 10)
        found = figures(server)
    assert found['lineform_events_stored_total{client="salon"}'] == 2
    assert found['lineform_events_repeated_total{client="salon"}'] == 1
    assert found['lineform_events_worked_total{client="salon"}'] == 2
    assert found['lineform_inbox_depth{client="salon"}'] == 0
    assert found['lineform_answers_total{at="webhook",status="200"}'] == 1
    assert found['lineform_answers_total{at="webhook",status="401"}'] == 1


def test_metrics_are_told_on_this_machine_alone_or_to_whoever_has_the_token(store: Store) -> None:
    with served(store) as server:
        assert server.request("GET", "/metrics", headers={"X-Forwarded-For": "203.0.113.9"})[0] == 404
    with served(store, metrics_token="a token") as server:
        assert server.request("GET", "/metrics")[0] == 404
        assert server.request("GET", "/metrics", headers={"Authorization": "Bearer another"})[0] == 404
        assert figures(server, Authorization="Bearer a token")


def test_a_tick_makes_the_calls_of_the_outbox(store: Store) -> None:
    store.import_friends("salon", [FriendRow(USER)], datetime.now(UTC))
    (friend,) = store.friend_ids("salon", [USER]).values()
    store.intend_calls(
        "salon", [NewCall(friend, "crm", "k1", "{}"), NewCall(friend, "gone", "k2", "{}")], datetime.now(UTC)
    )
    with served(store, every=1.0) as server:
        server.until(lambda: server.seen.told == [("k1", "{}")])
    assert store.outbox_level("salon").waiting == 1


@pytest.fixture
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "HEADER_SECONDS", 0.3)
    monkeypatch.setattr(serving, "HEADER_BYTES", 4_000)


def ended(connection: socket.socket, seconds: float) -> bool:
    connection.settimeout(seconds)
    try:
        return connection.recv(1000) == b""
    except ConnectionResetError:
        return True


@pytest.mark.usefixtures("_impatient")
def test_a_client_that_says_nothing_or_only_slowly_is_let_go(store: Store) -> None:
    with served(store) as server:
        silent = socket.create_connection(("127.0.0.1", server.port))
        slow = socket.create_connection(("127.0.0.1", server.port))
        slow.sendall(b"POST /webhook/salon HTTP/1.1\r\nHost: x\r\n")
        for _ in range(4):
            time.sleep(0.05)
            slow.sendall(b"X-A: 1\r\n")
        with silent, slow:
            assert ended(silent, 3)
            assert ended(slow, 3)
        assert server.webhook(event(1)) == 200


@pytest.mark.usefixtures("_impatient")
def test_a_client_whose_headers_never_end_is_let_go(store: Store) -> None:
    with served(store) as server, socket.create_connection(("127.0.0.1", server.port)) as greedy:
        greedy.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-A: " + b"a" * 6_000)
        assert ended(greedy, 3)


@pytest.mark.usefixtures("_impatient")
def test_a_second_request_of_a_connection_has_its_time_of_its_own(store: Store) -> None:
    with served(store) as server, socket.create_connection(("127.0.0.1", server.port)) as kept:
        for _ in range(2):
            kept.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            answer = b""
            while not answer.endswith(b"\r\nok\n"):
                answer += kept.recv(4_000)
            assert answer.startswith(b"HTTP/1.1 200 OK")
            time.sleep(0.4)
        kept.sendall(b"GET /healthz HTTP/1.1\r\nHost: ")
        assert ended(kept, 3)


def test_a_body_that_comes_too_slowly_is_refused(store: Store) -> None:
    with served(store, body_seconds=0.2) as server, socket.create_connection(("127.0.0.1", server.port)) as slow:
        slow.sendall(b"POST /webhook/salon HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
        assert b"408 Request Timeout" in slow.recv(4_000)


def test_an_error_of_ours_is_answered_without_a_word_about_it(
    store: Store, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("花子's secret")

    with served(store) as server:
        monkeypatch.setattr("lineform.serve.webhook.arrivals_of", broken)
        assert server.webhook(event(1)) == 500
    told = "".join(capfd.readouterr())
    assert "花子" not in told
    assert "RuntimeError" in told
