"""What is declared reaches LINE once: over HTTP, to the offline account, through a real store."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from typing import Any

import pytest

from lineform.errors import CredentialError
from lineform.lineapi.routes import Route
from lineform.ports.friends import FriendRow
from lineform.ports.ledger import Revision
from lineform.ports.line_account import Accepted
from lineform.run.halt import halt
from lineform.run.options import Run
from lineform.run.outcome import Outcome, TickEntry
from lineform.run.pump import BEGUN
from lineform.sending.status import BatchStatus, SendStatus
from support.declared_clients import campaign
from support.delivering import ARMED, DUE, Crash, Dying, Scenes

PERSONAL = ({"text": "{{ friend.display_name }}さま"},)
BRIEF = timedelta(seconds=3)
CHOSEN = {"everyone": True, "expect": {"max": 10_000}}


def test_nothing_is_sent_before_its_time_and_everything_once_at_it(scene: Scenes) -> None:
    here = scene(campaign("hello", messages=PERSONAL))
    assert here.tick().entries == ()
    here.move(DUE)
    (entry,) = here.tick().entries
    assert (entry.outcome, entry.recipients, entry.accepted) == (Outcome.SENT, 3, 3)
    assert here.texts() == {user: [f"F{index}さま"] for index, user in enumerate(here.users)}
    assert here.tick().entries == ()
    assert here.once_each()


class Watched:
    """An account; how many sends were under way when each began, and how many had begun when the first one ended."""

    def __init__(self, account: Any) -> None:
        self._account = account
        self.under_way: list[int] = []
        self.begun_before_an_answer = 0
        self._now = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._account, name)

    async def send(self, *call: Any) -> Any:
        self._now += 1
        self.under_way.append(self._now)
        await asyncio.sleep(0.05)
        self.begun_before_an_answer = self.begun_before_an_answer or len(self.under_way)
        accepted = await self._account.send(*call)
        self._now -= 1
        return accepted


def test_a_send_begins_with_a_few_calls_and_each_answer_lets_one_more_begin(scene: Scenes) -> None:
    """Hundreds of connections that are opened in one moment hold up each other."""
    here = scene(campaign("hello", messages=PERSONAL), friends=300)
    here.move(DUE)
    watched: list[Watched] = []

    def wrap(port: Any) -> Any:
        if not hasattr(port, "bot"):
            return port
        watched.append(Watched(port))
        return watched[0]

    here.tick(wrap, concurrency=60)
    assert here.once_each()
    assert watched[0].begun_before_an_answer == BEGUN
    assert BEGUN < max(watched[0].under_way) <= 60


class AtOnce:
    """An account whose answer comes in the very moment in which the next batches are claimed."""

    def __init__(self, account: Any) -> None:
        self._account = account

    def __getattr__(self, name: str) -> Any:
        return getattr(self._account, name)

    async def send(self, *call: Any) -> Accepted:
        for _ in range(3):
            await asyncio.sleep(0)  # the next batches are asked for
        time.sleep(0.01)  # noqa: ASYNC251 - nothing else goes on meanwhile, but the store's thread
        await asyncio.sleep(0)
        return Accepted("r", "r")


def test_batches_that_are_claimed_while_the_last_caller_ends_are_called_in_the_same_run(scene: Scenes) -> None:
    here = scene(campaign("hello", messages=PERSONAL), friends=20)
    here.move(DUE)
    here.tick(lambda port: AtOnce(port) if hasattr(port, "bot") else port, concurrency=1)
    (send,) = here.sends()
    assert send.status is SendStatus.SENT
    assert here.clock.now() == DUE, "nobody waited for a run that was gone"


def test_the_cheapest_route_is_taken_and_said(scene: Scenes) -> None:
    here = scene(
        campaign("a"),
        campaign("b", audience=CHOSEN),
        campaign("c", messages=PERSONAL),
        friends=[{"displayName": name} for name in ("Aki", "Aki", "Ben")],
    )
    here.move(DUE)
    dry = here.tick(dry_run=True)
    assert [dict(entry.routes) for entry in dry.entries] == [
        {Route.BROADCAST: 1},
        {Route.MULTICAST: 1},
        {Route.MULTICAST: 1, Route.PUSH: 1},
    ]
    assert here.calls() == []
    assert here.sends() == []
    here.tick()
    assert [call["path"].rpartition("/")[2] for call in here.calls()][:2] == ["broadcast", "multicast"]
    assert sorted(call["path"].rpartition("/")[2] for call in here.calls()[2:]) == ["multicast", "push"]
    assert set(here.received().values()) == {3}


def test_a_multicast_holds_500_people(scene: Scenes) -> None:
    here = scene(campaign("b", audience=CHOSEN), friends=1001)
    here.move(DUE)
    (entry,) = here.tick().entries
    assert (entry.outcome, entry.calls, entry.accepted) == (Outcome.SENT, 3, 1001)
    assert here.once_each()


def test_another_bots_token_is_refused_before_anything(scene: Scenes) -> None:
    here, other = scene(campaign("hello")), scene(campaign("hello"))
    here.move(DUE)
    with pytest.raises(CredentialError, match="pinned"):
        here.tick(token=other.token)
    assert here.sends() == []
    assert other.calls() == []


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("messages", [PERSONAL, ({"text": "hello"},)], ids=["push", "broadcast"])
def test_a_crash_at_any_call_of_a_port_ends_in_one_delivery(scene: Scenes, after: bool, messages: Any) -> None:
    at = 0
    crashed = True
    while crashed:
        at += 1
        here = scene(campaign("hello", messages=messages), friends=2)
        here.move(DUE)
        crashed = False
        count = [0]
        try:
            here.tick(lambda port: Dying(port, count, at, after=after), lease=BRIEF)  # noqa: B023 - called before the next turn
        except Crash:
            crashed = True
        here.tick()
        (send,) = here.sends()
        assert (send.status, here.once_each()) == (SendStatus.SENT, True), f"crash at call {at}"
        assert send.batches[BatchStatus.ACCEPTED] == sum(send.batches.values())
    assert at > 15


def test_a_crash_after_line_accepted_is_answered_with_409_and_recorded_as_sent(scene: Scenes) -> None:
    here = scene(campaign("hello"))
    here.move(DUE)

    class DiesAfterSending:
        def __init__(self, port: Any) -> None:
            self.port = port

        def __getattr__(self, name: str) -> Any:
            return getattr(self.port, name)

        async def send(self, *args: Any) -> None:
            await self.port.send(*args)
            raise Crash

    with pytest.raises(Crash):
        here.tick(lambda port: DiesAfterSending(port) if hasattr(port, "bot") else port)
    (send,) = here.sends()
    assert send.status is SendStatus.FROZEN
    (entry,) = here.tick().entries
    assert entry.outcome is Outcome.SENT
    assert [call["status"] for call in here.calls()] == [200, 409]
    first = here.calls()[0]["request_id"]
    assert here.with_store(lambda store: list(store.accepted_request_ids(send.id))) == [first]
    assert here.once_each()


@pytest.mark.parametrize("kind", ["cut-before", "cut-after", "error-before", "error-after"])
def test_an_answer_that_is_lost_is_asked_for_again_under_the_same_key(scene: Scenes, kind: str) -> None:
    here = scene(campaign("hello", messages=PERSONAL))
    here.move(DUE)
    here.control.fault(kind, path="/v2/bot/message/push", count=2)
    try:
        (entry,) = here.tick().entries
    finally:
        here.control.clear_faults()
    assert entry.outcome is Outcome.SENT
    assert here.once_each()
    keys = [call["headers"]["x-line-retry-key"] for call in here.calls()]
    assert (len(keys), len(set(keys))) == (5, 3)


def test_two_ticks_at_once_make_one_delivery(scene: Scenes) -> None:
    here = scene(campaign("hello", messages=PERSONAL), campaign("all"), friends=40)
    here.move(DUE)

    async def both() -> None:
        await asyncio.gather(*(here.ticking() for _ in range(4)))

    asyncio.run(both())
    assert {send.status for send in here.sends()} == {SendStatus.SENT}
    assert set(here.received().values()) == {2}
    assert len(here.received()) == 40


def test_the_audience_is_frozen_before_the_first_call(scene: Scenes) -> None:
    here = scene(campaign("hello", messages=PERSONAL), friends=10)
    here.move(DUE)
    count = [0]

    class DiesAtThirdSend:
        def __init__(self, port: Any) -> None:
            self.port = port

        def __getattr__(self, name: str) -> Any:
            return getattr(self.port, name)

        async def send(self, *args: Any) -> Any:
            count[0] += 1
            if count[0] == 3:
                raise Crash
            return await self.port.send(*args)

    with pytest.raises(Crash):
        here.tick(lambda port: DiesAtThirdSend(port) if hasattr(port, "bot") else port, concurrency=1)
    (newcomer,) = here.control.add_friends(here.account, [{"displayName": "new"}])
    renamed = FriendRow(here.users[9], "renamed")
    here.with_store(lambda store: store.import_friends(here.client.name, [FriendRow(newcomer, "new"), renamed], DUE))
    (entry,) = here.tick().entries
    assert (entry.outcome, entry.recipients) == (Outcome.SENT, 10)
    assert here.texts() == {user: [f"F{index}さま"] for index, user in enumerate(here.users)}


def test_after_a_pause_of_30_hours_what_is_not_known_is_uncertain_and_not_sent_again(scene: Scenes) -> None:
    here = scene(campaign("hello"))
    here.move(DUE)
    here.control.fault("cut-after", path="/v2/bot/message/broadcast", count=5)
    (entry,) = here.tick(patience=0.0).entries
    here.control.clear_faults()
    assert entry.outcome is Outcome.UNFINISHED
    here.move(DUE + timedelta(hours=30))
    report = here.tick()
    assert [one.outcome for one in report.entries] == [Outcome.UNCERTAIN]
    assert report.exit_code == 9
    assert "24" in report.entries[0].reason or "uncertain" in report.entries[0].reason
    assert here.tick().entries == ()
    assert here.once_each()


def test_a_partly_refused_send_is_partial(scene: Scenes) -> None:
    here = scene(campaign("hello", messages=PERSONAL))
    stranger = FriendRow("U" + "f" * 32, "nobody")
    here.with_store(lambda store: store.import_friends(here.client.name, [stranger], ARMED))
    here.move(DUE)
    report = here.tick()
    (entry,) = report.entries
    assert (entry.outcome, entry.recipients, entry.accepted) == (Outcome.PARTIAL, 4, 3)
    assert "1 of 4 calls refused" in entry.reason
    assert report.exit_code == 9
    assert here.tick().entries == ()


def test_a_blocked_friend_is_neither_selected_nor_counted(scene: Scenes) -> None:
    here = scene(campaign("hello", messages=PERSONAL))
    blocked = FriendRow(here.users[0], blocked=True)
    here.with_store(lambda store: store.import_friends(here.client.name, [blocked], ARMED))
    here.move(DUE)
    (entry,) = here.tick().entries
    assert entry.recipients == 2
    assert here.users[0] not in here.received()


def test_a_narrowcast_is_accepted_first_and_sent_when_line_says_so(scene: Scenes) -> None:
    men = [{"displayName": f"M{index}", "gender": "male"} for index in range(120)]
    here = scene(campaign("men", audience={"demographic": {"gender": ("male",)}, "limit": 300}), friends=men)
    here.move(DUE)
    (entry,) = here.tick().entries
    assert entry.outcome is Outcome.ACCEPTED
    assert '"limit":{"max":300}' in str(here.calls()[0]["body"]).replace(" ", "").replace("'", '"')
    here.move(DUE + timedelta(minutes=30))
    (later,) = here.tick().entries
    assert (later.outcome, later.recipients) == (Outcome.SENT, 120)
    assert here.once_each()


def test_a_tick_sends_only_campaigns_and_then_does_what_else_belongs_to_it(scene: Scenes) -> None:
    here = scene(campaign("hello"))
    other = Revision("scenario.welcome", "d1", ARMED, {"format": 99})
    here.with_store(lambda store: store.arm(here.client.name, other))
    here.move(DUE)

    async def steps(run: Run) -> list[TickEntry]:
        return [TickEntry("scenario.welcome", run.clock.now().isoformat(), Outcome.SENT, recipients=1)]

    found = here.tick(also=[steps]).entries
    assert [(entry.address, entry.outcome) for entry in found] == [
        ("campaign.hello", Outcome.SENT),
        ("scenario.welcome", Outcome.SENT),
    ]


def test_where_sending_is_halted_nothing_else_is_done_either(scene: Scenes) -> None:
    here = scene(campaign("hello"))
    here.move(DUE)
    here.with_store(lambda store: halt(store, here.client.name, "aya", DUE))

    async def never(_: Run) -> list[TickEntry]:
        raise AssertionError

    assert here.tick(also=[never]).entries == ()
