"""Accidents with what is left of a send that reached some of its friends, and not all."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from lineform.model.attributes import AttributesSpec
from lineform.model.client import Limits
from lineform.ports.friends import FriendRow
from lineform.run.outcome import Outcome
from lineform.run.release import release
from lineform.sending.status import BatchStatus, SendStatus
from support.declared_clients import campaign
from support.delivering import DUE, Crash, Scene, Scenes

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PERSONAL = ({"text": "{{ friend.display_name | default('お客さま') }}さま"},)
KNOWN = AttributesSpec.model_validate(
    {"kind": "attributes", "name": "known", "attributes": {"regular": {"type": "bool"}}}
)
ONE_BY_ONE = {"where": {"attribute": "regular", "known": False}, "expect": {"max": 1000}}
CANARY = ({"percent": 40, "wait": "45m"}, {"percent": 100})
TODAY, TOMORROW = "2026-12-01T10:00", "2026-12-02T10:00"


@pytest.fixture
def scene(origin: str, tmp_path: Path) -> Scenes:
    def make(*specs: Any, **settings: Any) -> Scene:
        return Scene(origin, tmp_path, KNOWN, *specs, **{"friends": 20, **settings})

    return make


def offer(at: str = TODAY, if_late: Any = "hold", **fields: Any) -> Any:
    """A campaign to friends one by one."""
    schedule = {"at": at, "if_late": if_late}
    return campaign("a", audience=ONE_BY_ONE, schedule=schedule, **{"messages": PERSONAL, **fields})


# --- a one-time campaign, twice to the same friends


@pytest.mark.parametrize(("rule", "outcome"), [("hold", Outcome.HELD), ("skip", Outcome.PARTIAL)])
def test_a_rollout_whose_rest_came_too_late_is_not_sent_anew_to_those_who_were_first(
    scene: Scenes, rule: str, outcome: Outcome
) -> None:
    here = scene(offer(if_late=rule, rollout=CANARY))
    here.move(DUE)
    here.tick()
    first = here.received()
    assert 0 < first.total() < 20
    here.move(DUE + 4 * HOUR)
    (late,) = here.tick().entries
    assert late.outcome is outcome, "never 'not sent', where somebody received it"
    here.declare(offer(at=TOMORROW, if_late=rule, rollout=CANARY))
    here.arm(DUE + 5 * HOUR)
    here.move(DUE + DAY)
    (again,) = here.tick().entries
    assert (again.outcome, again.guard) == (Outcome.BLOCKED, "G209")
    assert f"and {first.total()} received it" in again.reason
    assert here.received() == first


def test_a_send_that_stopped_in_the_middle_is_not_sent_anew_to_those_whom_it_reached(scene: Scenes) -> None:
    here = scene(offer(), friends=6)
    here.move(DUE)
    here.tick(concurrency=1, should_stop=lambda: here.received().total() > 0)
    first = here.received()
    assert 0 < first.total() < 6
    here.move(DUE + 4 * HOUR)
    assert [entry.outcome for entry in here.tick().entries] == [Outcome.HELD]
    here.declare(offer(at=TOMORROW))
    here.arm(DUE + 5 * HOUR)
    here.move(DUE + DAY)
    assert [entry.guard for entry in here.tick().entries] == ["G209"]
    assert here.received() == first


def test_a_campaign_whose_first_part_reached_nobody_may_be_corrected_and_sent(scene: Scenes) -> None:
    here = scene(offer(rollout=CANARY))
    here.control.fault("error-before", path="/v2/bot/message/push", status=400, count=20, account=here.account)
    here.move(DUE)
    here.tick()
    here.control.clear_faults()
    here.move(DUE + HOUR)
    assert [entry.outcome for entry in here.tick().entries] == [Outcome.HELD]
    here.declare(offer(at=TOMORROW))
    here.arm(DUE + 5 * HOUR)
    here.move(DUE + DAY)
    assert [entry.outcome for entry in here.tick().entries] == [Outcome.SENT]
    assert here.received() == Counter(here.users)


# --- a send that stopped in the middle, and goes on by itself


class Dies:
    """An account whose caller's machine goes down in the middle of the third call."""

    def __init__(self, account: Any) -> None:
        self._account, self._calls = account, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._account, name)

    async def send(self, *args: Any) -> Any:
        self._calls += 1
        if self._calls >= 3:
            raise Crash
        return await self._account.send(*args)


def dying(port: Any) -> Any:
    return port if hasattr(port, "claim") else Dies(port)


@pytest.mark.parametrize(("rule", "outcome"), [("hold", SendStatus.HELD), ("skip", SendStatus.PARTIAL)])
@pytest.mark.parametrize("rollout", [(), CANARY])
def test_what_stopped_in_the_middle_keeps_its_rule_where_line_is_down_when_it_is_looked_at(
    scene: Scenes, rule: str, outcome: SendStatus, rollout: Any
) -> None:
    """The verdict is written with what it is about: a later run that settles what was called ends the send so."""
    here = scene(offer(if_late=rule, rollout=rollout))
    here.move(DUE)
    with pytest.raises(Crash):
        here.tick(dying, concurrency=1)
    (begun,) = here.sends()
    called = sum(begun.batches[one] for one in (BatchStatus.ACCEPTED, BatchStatus.CALLING) if one in begun.batches)
    assert here.received().total() == 2
    here.move(DUE + 3 * HOUR)
    here.control.fault("cut-before", path="/v2/bot/message/push", count=1000, account=here.account)
    here.tick(patience=0.0)
    here.control.clear_faults()
    for minutes in (10, 20, 60, 120):
        here.move(DUE + 3 * HOUR + timedelta(minutes=minutes))
        here.tick()
    (send,) = here.sends()
    assert send.status is outcome
    assert "stopped in the middle" in send.reason
    assert here.received().total() == called, "those who were called, and nobody after them"
    assert set(here.received().values()) == {1}


def test_of_two_runs_with_different_clocks_one_does_not_hold_what_the_other_opened(scene: Scenes) -> None:
    here = scene(offer(rollout=CANARY))
    here.move(DUE)
    here.tick()
    (waiting,) = here.sends()

    class OtherRunOpens:
        """A store at which another run, whose clock is behind, opens the part right before this one ends the send."""

        def __init__(self, store: Any) -> None:
            self._store = store

        def __getattr__(self, name: str) -> Any:
            return getattr(self._store, name)

        def conclude(self, send_id: int, status: SendStatus, now: Any, **more: Any) -> Any:
            if status is SendStatus.HELD:
                self._store.open_wave(send_id, 1, DUE + timedelta(minutes=50))
            return self._store.conclude(send_id, status, now, **more)

    here.move(DUE + 2 * HOUR)
    (entry,) = here.tick(lambda port: OtherRunOpens(port) if hasattr(port, "claim") else port).entries
    assert (waiting.status, entry.outcome) == (SendStatus.WAITING, Outcome.SENT)
    assert here.once_each()


# --- a rest that a person lets go, to friends who were sent something else in the meantime


@pytest.mark.parametrize("messages", [PERSONAL, ({"text": "the same for all"},)])
def test_a_rest_that_is_let_go_keeps_the_limits_about_its_friends(scene: Scenes, messages: Any) -> None:
    other = campaign(
        "b",
        audience={"where": {"attribute": "regular", "is": True}},
        messages=({"text": "b"},),
        schedule={"at": "2026-12-01T14:00"},
    )
    limits = Limits.model_validate({"per_friend": {"gap": "20h"}})
    here = scene(offer(rollout=CANARY, messages=messages), other, limits=limits)
    here.move(DUE)
    here.tick()
    first = here.received()
    here.move(DUE + 3 * HOUR)
    assert [entry.outcome for entry in here.tick().entries] == [Outcome.HELD]
    later = [user for user in here.users if user not in first]
    regulars = [FriendRow(user, attributes={"regular": True}) for user in later[:4]]
    here.with_store(lambda store: store.import_friends(here.client.name, regulars, here.clock.now()))
    here.move(DUE + 4 * HOUR)
    assert [entry.outcome for entry in here.tick().entries] == [Outcome.SENT], "what is held promises nothing"
    here.with_store(lambda store: release(store, here.client, "campaign.a", TODAY, "aki", here.clock.now()))
    here.move(DUE + 4 * HOUR + timedelta(minutes=1))
    (rest,) = here.tick().entries
    assert (rest.outcome, rest.recipients, rest.capped) == (Outcome.SENT, 16, 4)
    assert here.once_each()
    notes = here.with_store(lambda store: store.notes(here.client.name))
    assert "4 within the gap; they are left out of the rest" in [note.detail for note in notes]


def test_a_rest_whose_friends_are_all_over_a_limit_ends_with_what_was_sent(scene: Scenes) -> None:
    here = scene(offer(rollout=CANARY), limits=Limits.model_validate({"per_friend": {"gap": "20h"}}))
    here.move(DUE)
    here.tick()
    first = here.received().total()
    here.move(DUE + 3 * HOUR)
    here.tick()
    everybody = campaign("b", messages=({"text": "b"},), schedule={"at": "2026-12-01T14:00"}, capped="send")
    here.declare(everybody)
    here.arm(DUE + 3 * HOUR)
    here.move(DUE + 4 * HOUR)
    here.tick()
    here.with_store(lambda store: release(store, here.client, "campaign.a", TODAY, "aki", here.clock.now()))
    (rest,) = here.tick().entries
    assert (rest.outcome, rest.recipients, rest.capped) == (Outcome.SENT, first, 20 - first)
    assert here.received().total() == first + 20
