"""A send that stopped in the middle: its rest is not a burst for later, and nobody receives it twice."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from lineform.errors import UsageError
from lineform.line.account import open_account
from lineform.ports.ledger import Batch
from lineform.run.halt import halt, resume
from lineform.run.outcome import Outcome
from lineform.run.release import release
from lineform.sending.batches import addressed
from lineform.sending.status import SendStatus
from support.declared_clients import campaign
from support.delivering import DUE, Scene

HOUR = timedelta(hours=1)
KEY = "2026-12-01T10:00"
PERSONAL = ({"text": "{{ friend.display_name | default('お客さま') }}さま"},)


def begun(origin: str, folder: Path, if_late: Any = "hold", **settings: Any) -> Scene:
    """Six personal messages, of which a run sent at least one before it ended."""
    everyone = {"everyone": True, "expect": {"max": 10_000}}
    schedule = {"at": KEY, "if_late": if_late}
    here = Scene(
        origin, folder, campaign("a", audience=everyone, messages=PERSONAL, schedule=schedule), friends=6, **settings
    )
    here.move(DUE)
    here.tick(concurrency=1, should_stop=lambda: here.received().total() > 0)
    assert 0 < here.received().total() < 6
    return here


def released(here: Scene) -> None:
    here.with_store(lambda store: release(store, here.client, "campaign.a", KEY, "aki", here.clock.now()))


def test_its_rest_is_held_after_a_long_pause_and_goes_when_a_person_says_so(origin: str, tmp_path: Path) -> None:
    here = begun(origin, tmp_path)
    reached = here.received().total()
    here.move(DUE + timedelta(days=20, hours=16))
    (entry,) = here.tick().entries
    assert (entry.outcome, here.received().total()) == (Outcome.HELD, reached)
    assert "the rest waits for a person" in entry.reason
    released(here)
    (entry,) = here.tick().entries
    assert entry.outcome is Outcome.SENT
    assert here.once_each()


def test_its_rest_is_left_out_after_a_long_pause_where_the_rule_is_to_skip(origin: str, tmp_path: Path) -> None:
    here = begun(origin, tmp_path, if_late="skip")
    reached = here.received().total()
    here.move(DUE + 3 * HOUR)
    (entry,) = here.tick().entries
    assert (entry.outcome, here.received().total()) == (Outcome.PARTIAL, reached)
    assert here.tick().entries == ()


def test_its_rest_goes_on_after_a_short_pause(origin: str, tmp_path: Path) -> None:
    here = begun(origin, tmp_path, if_late={"within": "2h"})
    here.move(DUE + HOUR)
    (entry,) = here.tick().entries
    assert entry.outcome is Outcome.SENT
    assert here.once_each()


def test_a_halt_of_three_days_does_not_end_in_a_burst(origin: str, tmp_path: Path) -> None:
    here = begun(origin, tmp_path, if_late={"within": "2h", "otherwise": "hold"})
    reached = here.received().total()
    here.with_store(lambda store: halt(store, here.client.name, "aki", here.clock.now()))
    here.move(DUE + timedelta(days=3))
    assert here.tick().halted
    here.with_store(lambda store: resume(store, here.client.name, "aki", here.clock.now()))
    assert here.tick().entries[0].outcome is Outcome.HELD
    assert here.received().total() == reached


def test_a_campaign_that_was_disarmed_in_the_middle_begins_nothing_more(origin: str, tmp_path: Path) -> None:
    here = begun(origin, tmp_path)
    reached = here.received().total()
    here.with_store(lambda store: store.disarm(here.client.name, "campaign.a", here.clock.now()))
    here.move(DUE + timedelta(minutes=5))
    (entry,) = here.tick().entries
    assert (entry.outcome, here.received().total()) == (Outcome.HELD, reached)
    assert "disarmed" in entry.reason


def test_quiet_hours_in_the_pause_do_not_count(origin: str, tmp_path: Path) -> None:
    here = begun(origin, tmp_path, if_late={"within": "2h"})
    here.limit({"quiet": "10:30-20:00"})
    here.move(DUE + 10 * HOUR + timedelta(minutes=30))
    assert here.tick().entries[0].outcome is Outcome.SENT
    assert here.once_each()


class OtherRunInBetween:
    """A store at which another run claims and calls one batch right after this run has listed the sends, and dies."""

    def __init__(self, store: Any, here: Scene) -> None:
        self._store, self._here = store, here

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._store, name)
        if name != "call_off":
            return found

        def call_off(send_id: int, *args: Any, **kwargs: Any) -> Any:
            lease = timedelta(minutes=1)
            for batch in self._store.claim(send_id, "another run", self._here.clock.now(), lease, 1):
                asyncio.run(self._call(batch))
            return found(send_id, *args, **kwargs)

        return call_off

    async def _call(self, batch: Batch) -> None:
        ids = self._store.line_ids(self._here.client.name, batch.friend_ids)
        async with open_account(self._here.origin, self._here.token, self._here.clock) as account:
            body = addressed(batch.body, batch.route, list(ids.values()))
            await account.send(batch.route, body, batch.retry_key)


def test_a_send_that_another_run_began_meanwhile_is_not_called_off(origin: str, tmp_path: Path) -> None:
    everyone = {"everyone": True, "expect": {"max": 10_000}}
    schedule = {"at": KEY, "if_late": "hold"}
    here = Scene(origin, tmp_path, campaign("a", audience=everyone, messages=PERSONAL, schedule=schedule), friends=4)
    here.move(DUE)
    here.tick(concurrency=1, should_stop=_after_freezing())
    assert (here.received().total(), here.sends()[0].status) == (0, SendStatus.FROZEN)
    here.move(DUE + 2 * HOUR)
    here.tick(lambda port: OtherRunInBetween(port, here) if hasattr(port, "call_off") else port)
    here.move(DUE + 2 * HOUR + timedelta(minutes=5))
    here.tick()
    (send,) = here.sends()
    assert send.status is SendStatus.SENT, "it had begun, so it was gone on with, under its own keys"
    assert here.once_each()
    with pytest.raises(UsageError, match="not held"):
        released(here)


def _after_freezing() -> Any:
    """Lets a run freeze, and ends it before its first call."""
    asked = iter([False])
    return lambda: next(asked, True)


def test_a_rule_that_is_armed_anew_does_not_lose_its_occurrence_in_silence(origin: str, tmp_path: Path) -> None:
    rule = {"cron": "0 10 * * *", "if_late": {"within": "2h", "otherwise": "hold"}}
    here = Scene(origin, tmp_path, campaign("a", schedule=rule), friends=2)
    changed = campaign("a", schedule=rule, messages=({"text": "another text"},))
    here.declare(changed)
    here.arm(DUE + timedelta(minutes=2))
    here.move(DUE + timedelta(minutes=3))
    (entry,) = here.tick().entries
    assert (entry.outcome, entry.key) == (Outcome.HELD, KEY)
    assert "before it was armed" in entry.reason
    assert here.received().total() == 0
