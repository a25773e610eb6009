"""A campaign of an account where something is frozen at every moment: it is judged again about those friends alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from lineform.lineapi.routes import Route
from lineform.model.client import Limits
from lineform.model.code_pool import CodesSpec
from lineform.ports.ledger import NewBatch, NewSend
from lineform.run.outcome import Outcome
from lineform.sandbox.server import SandboxServer
from lineform.sending.status import SendStatus
from support.declared_clients import campaign
from support.delivering import ARMED, DUE, Scene

ONCE = {"at": "2026-12-01T10:00", "if_late": {"within": "2h"}}
TEXTS = {"the same for all": "セール", "personal": "{{ friend.display_name }}さま"}


@pytest.fixture(scope="module")
def line() -> Iterator[str]:
    with SandboxServer() as server:
        yield server.origin


class Busy:
    """A store in which somebody else freezes a step to the next friend whenever an occurrence is about to be frozen."""

    def __init__(self, store: Any, freezes: Callable[[], None]) -> None:
        self._store, self._freezes = store, freezes

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._store, name)
        if name != "freeze":
            return found

        def freeze(*args: Any, **more: Any) -> Any:
            self._freezes()
            return found(*args, **more)

        return freeze


def busy(here: Scene, *friends: int) -> Callable[[Any], Any]:
    numbers = count()
    ids = here.with_store(lambda store: store.friend_ids(here.client.name, here.users))

    def freezes() -> None:
        number = next(numbers)
        friend = ids[here.users[friends[number % len(friends)]]]
        batch = NewBatch(0, Route.PUSH, (friend,), b'{"messages":[]}', uuid4())
        new = NewSend("scenario.welcome", "d", f"s{number}", DUE, SendStatus.FROZEN, 1)
        here.with_store(lambda store: store.freeze(here.client.name, new, [batch], DUE))

    return lambda port: Busy(port, freezes) if hasattr(port, "call_off") else port


def scene(line: str, tmp_path: Path, url: str, text: str, limits: dict[str, Any], **fields: Any) -> Scene:
    spec = campaign("sale", audience={"everyone": True}, messages=({"text": text},), schedule=ONCE, **fields)
    pool = CodesSpec.model_validate({"kind": "codes", "name": "gift"})
    here = Scene(line, tmp_path, pool, spec, friends=5, limits=Limits.model_validate(limits), url=url)
    here.move(DUE)
    return here


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_friends_whom_a_step_reaches_in_that_moment_are_left_out_and_the_others_are_sent_to(
    line: str, tmp_path: Path, store_url: str, text: str
) -> None:
    here = scene(line, tmp_path, store_url, text, {"per_friend": {"gap": "1h"}}, capped="wait")
    (entry,) = (one for one in here.tick(busy(here, 1)).entries if one.address == "campaign.sale")
    assert (entry.outcome, entry.recipients, entry.capped) == (Outcome.SENT, 4, 1)
    assert {user for user in here.users if here.texts().get(user)} == {*here.users} - {here.users[1]}
    (send,) = (one for one in here.sends() if one.address == "campaign.sale")
    ids = here.with_store(lambda store: store.friend_ids(here.client.name, here.users))
    waiting = here.with_store(lambda store: store.frozen_friends(send.id, capped=True))
    assert list(waiting) == [ids[here.users[1]]]
    notes = here.with_store(lambda store: store.notes(here.client.name, limit=100))
    assert [note.detail for note in notes if note.action == "capped"] == ["1 within the gap; they wait"]


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_a_friend_who_is_not_over_a_limit_by_a_step_is_sent_to(
    line: str, tmp_path: Path, store_url: str, text: str
) -> None:
    here = scene(line, tmp_path, store_url, text, {"per_friend": {"week": 2}})
    (entry,) = (one for one in here.tick(busy(here, 1)).entries if one.address == "campaign.sale")
    assert (entry.outcome, entry.recipients, entry.capped) == (Outcome.SENT, 5, 0)


def test_codes_are_given_to_those_who_are_left(line: str, tmp_path: Path, store_url: str) -> None:
    text = "{{ code.gift }}"
    here = scene(line, tmp_path, store_url, text, {"per_friend": {"gap": "1h"}})
    here.with_store(lambda store: store.import_codes(here.client.name, "gift", [f"G{n}" for n in range(5)], ARMED))
    (entry,) = (one for one in here.tick(busy(here, 1)).entries if one.address == "campaign.sale")
    assert (entry.outcome, entry.recipients, entry.capped) == (Outcome.SENT, 4, 1)
    assert here.with_store(lambda store: store.free_codes(here.client.name, "gift")) == 1


@pytest.mark.parametrize(("budget", "outcome"), [(6, Outcome.SENT), (5, Outcome.BLOCKED)])
def test_a_budget_is_judged_by_what_is_promised_when_it_is_written(
    line: str, tmp_path: Path, store_url: str, budget: int, outcome: Outcome
) -> None:
    here = scene(line, tmp_path, store_url, "セール", {"monthly_messages": budget})
    (entry,) = (one for one in here.tick(busy(here, 1)).entries if one.address == "campaign.sale")
    assert (entry.outcome, entry.guard) == (outcome, "" if outcome is Outcome.SENT else "G202")


def test_where_all_of_an_audience_are_reached_nobody_is_sent_to(line: str, tmp_path: Path, store_url: str) -> None:
    here = scene(line, tmp_path, store_url, "セール", {"per_friend": {"gap": "1h"}})
    steps = busy(here, *range(5))

    def wrap(port: Any) -> Any:
        found = steps(port)
        if found is not port:
            for _ in range(4):
                found._freezes()
        return found

    (entry,) = (one for one in here.tick(wrap).entries if one.address == "campaign.sale")
    assert (entry.outcome, entry.capped) == (Outcome.EMPTY, 5)
    assert not any(here.texts().values())
