"""The kill switch, pressed while a send is under way, and whatever else ends it in the middle of its calls."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from lineform.errors import BlockedError
from lineform.model.client import Limits
from lineform.run import pump
from lineform.run.halt import halt, resume
from lineform.run.outcome import Outcome
from lineform.run.testsend import send_test
from lineform.store import open_store
from support.declared_clients import campaign
from support.delivering import DUE, Scene, opened

PERSONAL = ({"text": "{{ friend.display_name | default('お客さま') }}さま"},)
FRIENDS, PRESSED_AT, AT_ONCE = 400, 40, 20


@pytest.fixture
def here(origin: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """A campaign that is pushed to each of 400 friends, all of them claimed at once."""
    monkeypatch.setattr(pump, "LOOK_EVERY", 0.0)
    audience = {"everyone": True, "expect": {"max": 10_000}}
    schedule = {"at": "2026-12-01T10:00", "if_late": {"within": "12h"}}
    sale = campaign("a", audience=audience, messages=PERSONAL, schedule=schedule)
    scene = Scene(origin, tmp_path, sale, friends=FRIENDS)
    scene.move(DUE)
    return scene


class Pressing:
    """An account at whose fortieth call something happens; the calls after it wait for a moment, as for their turn."""

    def __init__(self, account: Any, happens: Callable[[], object]) -> None:
        self._account, self._happens, self._calls = account, happens, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._account, name)

    async def send(self, *call: Any) -> Any:
        self._calls += 1
        if self._calls == PRESSED_AT:
            self._happens()
        elif self._calls > PRESSED_AT:
            await asyncio.sleep(0.3)
        return await self._account.send(*call)


def pressing(happens: Callable[[], object]) -> Callable[[Any], Any]:
    return lambda port: port if hasattr(port, "claim") else Pressing(port, happens)


def test_a_halt_stops_a_send_whose_calls_are_claimed_and_nobody_is_lost_or_reached_twice(here: Scene) -> None:
    def press() -> None:
        here.with_store(lambda store: halt(store, here.client.name, "aki", here.clock.now()))

    (entry,) = here.tick(pressing(press), concurrency=AT_ONCE).entries
    assert (entry.outcome, entry.reason) == (Outcome.UNFINISHED, "G210: sending was halted by aki")
    assert PRESSED_AT <= here.received().total() < PRESSED_AT + AT_ONCE
    assert here.tick().halted == "aki"
    here.with_store(lambda store: resume(store, here.client.name, "aki", here.clock.now()))
    assert [one.outcome for one in here.tick().entries] == [Outcome.SENT]
    assert here.once_each()


def test_quiet_hours_that_begin_in_the_middle_of_a_send_let_no_further_call_begin(here: Scene) -> None:
    here.limit({"quiet": "10:30-20:00"})
    (entry,) = here.tick(
        pressing(lambda: here.clock.set(DUE + timedelta(minutes=31))), concurrency=AT_ONCE, patience=0.0
    ).entries
    assert entry.outcome is Outcome.UNFINISHED
    assert here.received().total() < PRESSED_AT + AT_ONCE
    here.move(DUE + timedelta(hours=10, minutes=1))
    assert [one.outcome for one in here.tick().entries] == [Outcome.SENT]
    assert here.once_each()


# --- a test send costs and disturbs as any other


def _test(here: Scene) -> None:
    async def go() -> None:
        (resource,) = here.client.resources.values()
        async with opened(here) as account:
            with open_store(here.url) as store:
                await send_test(here.client, resource, here.users[:2], account, store, here.clock)

    asyncio.run(go())


def test_a_halted_client_sends_no_tests(here: Scene) -> None:
    here.with_store(lambda store: halt(store, here.client.name, "aki", here.clock.now()))
    with pytest.raises(BlockedError, match="halted by aki") as stop:
        _test(here)
    assert (stop.value.code, here.calls()) == ("G210", [])


def test_a_test_beyond_the_clients_budget_is_not_sent(here: Scene) -> None:
    here.limit({"monthly_messages": 1})
    with pytest.raises(BlockedError) as stop:
        _test(here)
    assert (stop.value.code, here.calls()) == ("G202", [])
    here.limit({"monthly_messages": 2, "max_recipients": 1})
    _test(here)
    assert here.received().total() == 2, "how many a send may reach is no question of a test"
    assert here.client.limits == Limits(monthly_messages=2, max_recipients=1)
