"""Limits about friends and budgets, where a step is decided while other runs freeze sends of the same account.

On SQLite nobody else writes meanwhile. PostgreSQL has many writers, and what one judged has to hold when it is written.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Event
from typing import Any
from uuid import uuid4

import pytest

from lineform.lineapi.routes import Route
from lineform.model.client import Limits
from lineform.model.reply import ReplySpec
from lineform.ports.ledger import NewBatch, NewSend
from lineform.sandbox.server import SandboxServer
from lineform.scenarios.happening import What
from lineform.sending.status import SendStatus
from lineform.store.open import SqlStore, open_store
from support.declared_clients import campaign
from support.delivering import DUE
from support.living import Life, says, scenario

HELD_BACK = 0.3
"""Seconds for which somebody is given the chance to come in between."""
REPLY = ReplySpec.model_validate(
    {"kind": "reply", "name": "r", "when": [{"keyword": "hi"}], "do": [{"send": [{"text": "pong"}]}]}
)


@pytest.fixture(scope="module")
def line() -> Iterator[str]:
    with SandboxServer() as server:
        yield server.origin


class At:
    """A store one of whose methods waits at its first call until it is let go."""

    def __init__(self, store: Any, name: str, reached: Event, go: Event) -> None:
        self._store, self._name, self._reached, self._go = store, name, reached, go

    def __getattr__(self, name: str) -> Any:
        if name == self._name:
            self._reached.set()
            self._go.wait(20)
        return getattr(self._store, name)


def test_a_step_and_a_campaign_at_once_keep_the_gap_between_them(
    line: str, tmp_path: Path, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The campaign is frozen in the moment in which the step's limits are judged."""
    sale = campaign(
        "c",
        audience={"everyone": True},
        messages=({"text": "sale"},),
        schedule={"at": "2026-12-01T10:00", "if_late": {"within": "2h"}},
    )
    limits = Limits.model_validate({"per_friend": {"gap": "20h"}})
    here = Life(line, tmp_path, scenario("s", says("a")), sale, friends=1, limits=limits, url=store_url)
    here.move(DUE)
    ready, go, over = Event(), Event(), Event()
    contacts_of, asked = SqlStore.contacts_of, iter(range(9))

    def judged(self: Any, *args: Any) -> Any:
        found = contacts_of(self, *args)
        if next(asked) == 1:  # the first decision finds that it would push; the second one does
            go.set()
            over.wait(HELD_BACK)
        return found

    def run_campaign() -> None:
        here.tick(lambda port: At(port, "freeze", ready, go) if hasattr(port, "freeze") else port)
        over.set()

    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(run_campaign)
        assert ready.wait(20)
        monkeypatch.setattr(SqlStore, "contacts_of", judged)
        here.happens(What.FOLLOW)
        monkeypatch.undo()
        other.result()
    assert here.received().total() == 1, "a gap of twenty hours"


def test_an_answer_is_not_lost_for_a_budget_that_others_spend_from_at_the_same_time(
    line: str, tmp_path: Path, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each time that the budget is judged, another run promises a message more; there are 100,000."""
    limits = Limits.model_validate({"monthly_messages": 100_000})
    here = Life(line, tmp_path, REPLY, friends=2, limits=limits, url=store_url)
    here.move(DUE)
    name, other_friend = here.client.name, here.friend(1)
    spent = SqlStore.spent

    def promise() -> None:
        key = uuid4()
        batch = NewBatch(0, Route.PUSH, (other_friend,), b'{"messages":[]}', key)
        with open_store(store_url) as store:
            store.freeze(name, NewSend("campaign.other", "d", str(key), DUE, SendStatus.FROZEN, 1), [batch], DUE)

    with ThreadPoolExecutor(9) as pool:

        def judged(self: Any, *args: Any, **more: Any) -> Any:
            found = spent(self, *args, **more)
            promised = pool.submit(promise)
            with suppress(TimeoutError):  # it waits until this decision is written
                promised.result(HELD_BACK)
            return found

        monkeypatch.setattr(SqlStore, "spent", judged)
        here.happens(What.TEXT, text="hi")
        monkeypatch.undo()
    assert here.received().total() == 1
    notes = here.with_store(lambda store: store.notes(name, limit=100))
    assert [note.detail for note in notes if note.action == "not sent"] == []


def test_a_freeze_waits_for_whoever_judges_alone(line: str, tmp_path: Path, store_url: str) -> None:
    here = Life(line, tmp_path, REPLY, friends=1, url=store_url)

    def freeze() -> None:
        with open_store(store_url) as store:
            store.freeze(here.client.name, NewSend("campaign.a", "d", "k", DUE, SendStatus.EMPTY), [], DUE)

    with open_store(store_url) as store, ThreadPoolExecutor(1) as pool:
        with store.together(here.client.name) as inside:
            inside.freeze_alone(here.client.name)
            other = pool.submit(freeze)
            with pytest.raises(TimeoutError):
                other.result(HELD_BACK)
            assert inside.ledger_position(here.client.name) == 0
        other.result(20)
        assert store.ledger_position(here.client.name) > 0
