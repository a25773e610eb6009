"""A run without a server does what a server would: it works on the inbox, reads codes of routes, and tells systems."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from lineform.errors import CredentialError
from lineform.model.client import Entry
from lineform.model.route import RouteSpec
from lineform.ports.outside import Hook
from lineform.run.outcome import Outcome
from lineform.sandbox.server import SandboxServer
from lineform.scenarios.happening import What
from lineform.scenarios.passes import route_code
from lineform.sending.links import LinkKeys
from lineform.serve.arrivals import arrivals_of
from lineform.wiring import ticking
from lineform.wiring.ticking import also_without_server
from support.declared_clients import campaign
from support.delivering import DUE
from support.living import Life, Lives, says, scenario
from support.serving import Nobody, Seen, event, webhook_body

KEYS = LinkKeys("https://go.example.jp", b"k" * 32)
ROUTE = RouteSpec.model_validate({"kind": "route", "name": "poster", "title": "駅のポスター"})


def no_key() -> LinkKeys:
    raise CredentialError("LINKS is not in the environment")


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    with SandboxServer() as server:
        yield server.origin


@pytest.fixture
def life(origin: str, tmp_path: Path) -> Lives:
    def make(*specs: Any) -> Life:
        here = Life(origin, tmp_path, *specs, friends=1)
        entry = Entry.model_validate({"basic_id": "@salon"})
        here.client = replace(here.client, spec=here.client.spec.model_copy(update={"entry": entry}))
        here.move(DUE)
        return here

    return make


def comes(here: Life, text: str) -> None:
    """The friend wrote it while no server ran that works."""
    said = event(1, user=here.users[0], at=here.clock.now(), message={"type": "text", "id": "1", "text": text})
    body, now = webhook_body(said, destination=here.bot), here.clock.now()
    here.with_store(lambda store: store.receive(arrivals_of(here.client.name, here.bot, body, now), now))


def test_a_run_reads_the_codes_of_routes_as_a_server_does(life: Lives) -> None:
    here = life(ROUTE, scenario("s", says("a"), trigger={"route": "poster"}))
    comes(here, f"友だち登録をしました。 {route_code(KEYS.key, here.client.name, 'poster')}")
    here.move(DUE + timedelta(hours=1))
    here.tick(also=also_without_server({}), link_keys=lambda: KEYS)
    assert [text for _, text in here.read()] == ["a"]
    (friend,) = here.with_store(lambda store: store.friends(here.client.name, here.ids()))
    assert friend.first_route == "poster"


def test_without_the_key_that_reads_codes_everything_waits(life: Lives) -> None:
    here = life(ROUTE)
    comes(here, "こんにちは")
    report = here.tick(also=also_without_server({}), link_keys=no_key)
    (entry,) = report.entries
    assert (entry.address, entry.outcome, entry.guard) == ("inbox", Outcome.BLOCKED, "G219")
    assert here.with_store(lambda store: store.inbox_level(here.client.name)).waiting == 1


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """What systems hear; every one of them does."""
    heard: list[tuple[str, str]] = []

    class Heard(Nobody):
        def __init__(self) -> None:
            seen = Seen()
            seen.told = heard
            super().__init__(seen)

    monkeypatch.setattr(ticking, "Hooks", Heard)
    return heard


def test_a_run_tells_systems_what_its_steps_call(life: Lives, told: list[tuple[str, str]]) -> None:
    here = life(scenario("s", {"id": "tell", "after": "1h", "do": [{"call": "crm"}]}))
    here.happens(What.FOLLOW)
    here.move(DUE + timedelta(hours=1))
    here.tick(also=also_without_server({"crm": Hook("https://crm.example/", "key")}))
    (one,) = told
    assert '"source":"scenario.s/tell"' in one[1]


def test_a_run_tells_systems_what_follows_from_its_own_sends(life: Lives, told: list[tuple[str, str]]) -> None:
    audience = {"where": {"member": "unlinked"}, "expect": {"max": 9}}
    sale = campaign("sale", audience=audience, schedule={"at": "2026-12-01T10:00"}, do=({"start": "s"},))
    here = life(sale, scenario("s", {"id": "tell", "do": [{"call": "crm"}]}, trigger={"manual": True}))
    here.tick(also=also_without_server({"crm": Hook("https://crm.example/", "key")}))
    assert ['"source":"scenario.s/tell"' in one for _, one in told] == [True]
