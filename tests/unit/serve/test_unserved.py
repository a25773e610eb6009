"""A client that cannot be served loses nothing to a wrong answer, and costs the others nothing."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from lineform.ports.store import Store
from lineform.serve.app import Parts
from support.serving import Server, event, served


def without_beta(parts: Parts) -> Parts:
    return replace(parts, unserved={"beta"})


def figures(server: Server) -> dict[str, float]:
    lines = [line.rpartition(" ") for line in server.request("GET", "/metrics")[1].decode().splitlines()]
    return {name: float(value) for name, _, value in lines if not name.startswith("#")}


@pytest.mark.parametrize("path", ["/webhook/beta", "/events/beta", "/link/beta", "/unlink/beta"])
def test_whoever_calls_for_it_is_asked_to_come_again(store: Store, path: str) -> None:
    with served(store, more=without_beta) as server:
        status, said, headers = server.request("POST", path, b"{}")
        assert (status, headers["retry-after"]) == (503, "60")
        assert said == b"this client is not served for now\n"
        assert figures(server)['lineform_answers_total{at="unserved",status="503"}'] == 1


@pytest.mark.parametrize(
    "path", ["/r/beta/poster", "/r/beta/poster/qr.png", "/liff/beta", "/f/beta/a-pass", "/m/beta/a-pass"]
)
def test_its_pages_say_that_they_are_to_be_opened_later(store: Store, path: str) -> None:
    with served(store, more=without_beta) as server:
        status, said, headers = server.request("GET", path)
    assert (status, headers["retry-after"]) == (503, "60")
    assert "しばらくしてから、もう一度お試しください。" in said.decode()


def test_the_others_are_served_as_ever_and_the_server_is_well(store: Store) -> None:
    with served(store, more=without_beta) as server:
        assert server.webhook(event(1)) == 200
        server.until_worked()
        assert [one.text for one in server.seen.happenings] == ["text 1"]
        for path in ("/healthz", "/readyz"):
            assert server.request("GET", path)[0] == 200
        assert server.webhook(event(2), name="nobody") == 401
        assert server.request("GET", "/l/beta")[0] == 404
        assert server.request("GET", "/webhook/")[0] == 404


def test_whoever_watches_the_ticks_sees_that_it_has_none(store: Store) -> None:
    with served(store, every=1.0, more=without_beta) as server:
        server.until(lambda: figures(server).get('lineform_tick_age_seconds{client="salon"}', 99) < 10)
        assert figures(server)['lineform_tick_age_seconds{client="beta"}'] == float("inf")


def test_each_request_for_it_is_told_in_the_log(store: Store, capfd: pytest.CaptureFixture[str]) -> None:
    with served(store, more=without_beta) as server:
        server.webhook(event(1), name="beta")
    told = "".join(capfd.readouterr())
    assert "not served" in told
    assert "beta" in told
    assert json.dumps(event(1)["source"]["userId"]) not in told
