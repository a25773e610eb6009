"""Several runs at once on one account: what one has promised, no other spends; no send waits for a bigger one."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from lineform.model.attributes import AttributesSpec
from lineform.model.client import Limits
from lineform.model.code_pool import CodesSpec
from lineform.ports.friends import FriendRow
from lineform.run.outcome import Outcome
from lineform.sending.status import SendStatus
from support.declared_clients import campaign
from support.delivering import ARMED, DUE, Scene, Scenes
from support.stores import new_batches, new_send

PERSONAL = ({"text": "{{ friend.display_name }}さま"},)
KNOWN = AttributesSpec.model_validate(
    {"kind": "attributes", "name": "known", "attributes": {"regular": {"type": "bool"}}}
)
REGULARS = {"where": {"attribute": "regular", "is": True}}


@pytest.fixture
def scene(origin: str, tmp_path: Path) -> Scenes:
    def make(*specs: Any, **settings: Any) -> Scene:
        return Scene(origin, tmp_path, KNOWN, *specs, **settings)

    return make


class Interrupted:
    """A port at which something else happens just before one of its methods is called for the first time."""

    def __init__(self, port: Any, name: str, happens: Callable[[], object]) -> None:
        self._port, self._name = port, name
        self._happens: Callable[[], object] | None = happens

    def __getattr__(self, name: str) -> Any:
        if name == self._name and self._happens is not None:
            happens, self._happens = self._happens, None
            happens()
        return getattr(self._port, name)


def meanwhile(name: str, happens: Callable[[], object]) -> Callable[[Any], Any]:
    return lambda port: Interrupted(port, name, happens) if hasattr(port, name) else port


@pytest.mark.parametrize(
    ("limited", "guard"), [({"limits": Limits(monthly_messages=5)}, "G202"), ({"plan_limit": 5}, "G201")]
)
def test_two_runs_that_freeze_at_once_do_not_spend_the_same_messages(
    scene: Scenes, limited: dict[str, Any], guard: str
) -> None:
    here = scene(campaign("a", messages=PERSONAL), **limited)
    here.move(DUE)

    def another_run() -> None:
        new = new_send(address="campaign.b", recipients=3)
        here.with_store(lambda store: store.freeze(here.client.name, new, new_batches(1), DUE))

    entries = here.tick(meanwhile("freeze", another_run)).entries
    assert [(entry.address, entry.outcome, entry.guard) for entry in entries] == [
        ("campaign.a", Outcome.BLOCKED, guard)
    ]
    assert [send.address for send in here.sends()] == ["campaign.b"]
    assert here.received() == Counter()


def test_what_a_frozen_send_still_has_to_call_counts_in_the_budget_of_the_next(scene: Scenes) -> None:
    here = scene(campaign("a", messages=PERSONAL), limits=Limits(monthly_messages=5))
    here.move(DUE)
    here.control.fault("error-before", path="/v2/bot/message/push", count=None)
    try:
        (entry,) = here.tick(patience=0.0, concurrency=1).entries
    finally:
        here.control.clear_faults()
    assert entry.outcome is Outcome.UNFINISHED
    here.declare(campaign("b", schedule={"at": "2026-12-01T10:01"}, messages=PERSONAL))
    here.arm()
    here.move(DUE + timedelta(minutes=2))
    found = {entry.address: entry.guard for entry in here.tick().entries}
    assert found == {"campaign.a": "", "campaign.b": "G202"}
    assert here.once_each()


def test_a_small_send_does_not_wait_for_a_big_one(scene: Scenes) -> None:
    big = campaign("a-big", messages=PERSONAL)
    small = campaign("b-small", audience=REGULARS, messages=({"text": "small {{ friend.display_name }}"},))
    here = scene(big, small, friends=200)
    regulars = [FriendRow(user, attributes={"regular": True}) for user in here.users[-3:]]
    here.with_store(lambda store: store.import_friends(here.client.name, regulars, ARMED))
    here.move(DUE)
    assert [entry.outcome for entry in here.tick().entries] == [Outcome.SENT, Outcome.SENT]
    order = ["small" in str(call["body"]) for call in here.calls()]
    assert sum(order) == 3
    assert max(place for place, is_small in enumerate(order) if is_small) < 100


def test_two_runs_in_the_same_second_make_one_send(scene: Scenes) -> None:
    here = scene(campaign("hello", messages=PERSONAL), friends=20)
    here.move(DUE)

    async def both() -> None:
        await asyncio.gather(here.ticking(), here.ticking())

    asyncio.run(both())
    (send,) = here.sends()
    assert send.status is SendStatus.SENT
    assert here.received() == Counter(here.users)


def test_a_send_in_between_counts_once_where_messages_are_made_again_without_a_broken_name(scene: Scenes) -> None:
    """What is handed out is made inside of the freeze, behind the look at what came in between."""
    pool = CodesSpec.model_validate({"kind": "codes", "name": "gift"})
    gift = campaign("a", messages=({"text": "{{ friend.display_name }}さま {{ code.gift }}"},))
    friends = [{"displayName": name} for name in ("????", "Aki", "Mio")]
    here = scene(pool, gift, friends=friends, limits=Limits.model_validate({"per_friend": {"week": 2}}))
    here.move(DUE)
    here.with_store(lambda store: store.import_codes(here.client.name, "gift", ["A", "B", "C"], DUE))
    (aki,) = here.with_store(lambda store: store.friend_ids(here.client.name, here.users[1:2])).values()

    def another_run() -> None:
        new = new_send(address="campaign.b", recipients=1)
        here.with_store(lambda store: store.freeze(here.client.name, new, new_batches(1, (aki,)), DUE))

    entries = here.tick(meanwhile("freeze", another_run)).entries
    assert [(entry.address, entry.accepted, entry.capped) for entry in entries] == [("campaign.a", 2, 1)]
    assert here.received() == Counter(here.users[1:])
