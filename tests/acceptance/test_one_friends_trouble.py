"""What is wrong with one friend of a send is nobody else's trouble."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from lineform.lineapi.routes import Route
from lineform.model.attributes import AttributesSpec
from lineform.model.client import Limits
from lineform.ports.line_account import TooManyToOne
from lineform.run.outcome import Outcome
from lineform.sending.retry import ASIDE, ASIDE_IN_A_ROW, TRIES
from lineform.sending.status import BatchStatus, SendStatus
from lineform.store import open_store
from support.declared_clients import campaign
from support.delivering import DUE, Scene

PERSONAL = "{{ friend.display_name | default('お客さま') }}さま"
KNOWN = AttributesSpec.model_validate(
    {"kind": "attributes", "name": "known", "attributes": {"regular": {"type": "bool"}}}
)


def greeting(name: str, text: str = PERSONAL, at: str = "2026-12-01T10:00", **fields: Any) -> Any:
    """A campaign that is sent to each friend."""
    audience = {"where": {"attribute": "regular", "known": False}, "expect": {"max": 10_000}}
    schedule = {"at": at, "if_late": {"within": "2h"}}
    return campaign(name, audience=audience, messages=({"text": text},), schedule=schedule, **fields)


def personal(origin: str, folder: Path, friends: int, **fields: Any) -> Scene:
    """A campaign that is pushed to each friend."""
    sale = greeting("a", **fields)
    return Scene(origin, folder, KNOWN, sale, friends=friends)


# --- "You have sent too many messages to this user"


class TooMany:
    """An account of which LINE takes no more messages to some friends."""

    def __init__(self, account: Any, friends: list[str], calls: list[int]) -> None:
        self._account, self._friends, self._calls = account, friends, calls

    def __getattr__(self, name: str) -> Any:
        return getattr(self._account, name)

    async def send(self, route: Route, body: bytes, *more: Any) -> Any:
        if any(friend.encode() in body for friend in self._friends):
            self._calls[0] += 1
            raise TooManyToOne("POST /v2/bot/message/push was answered with 429: too many to this user", status=429)
        return await self._account.send(route, body, *more)


def too_many_to(friends: list[str], calls: list[int]) -> Callable[[Any], Any]:
    return lambda port: port if hasattr(port, "claim") else TooMany(port, friends, calls)


def test_one_friends_limit_keeps_nobody_else_waiting_and_is_refused_in_the_end(origin: str, tmp_path: Path) -> None:
    here, calls = personal(origin, tmp_path, friends=30), [0]
    here.move(DUE)
    blocked = too_many_to([here.users[0]], calls)
    (entry,) = here.tick(blocked, patience=0.0).entries
    assert (entry.outcome, here.received().total()) == (Outcome.UNFINISHED, 29)
    assert "for 1 of its friends" in entry.reason
    for minute in range(1, TRIES):
        assert here.sends()[0].status is SendStatus.FROZEN
        here.move(DUE + minute * ASIDE + timedelta(seconds=minute))
        here.tick(blocked, patience=0.0)
    (send,) = here.sends()
    assert (send.status, calls) == (SendStatus.PARTIAL, [TRIES])
    assert send.batches == {BatchStatus.ACCEPTED: 29, BatchStatus.REFUSED: 1}
    assert set(here.received().values()) == {1}


def test_a_friend_who_was_set_aside_reads_it_once_line_takes_it(origin: str, tmp_path: Path) -> None:
    here, calls = personal(origin, tmp_path, friends=10), [0]
    here.move(DUE)
    here.tick(too_many_to([here.users[4]], calls), patience=0.0)
    assert here.received().total() == 9
    here.move(DUE + ASIDE)
    assert [entry.outcome for entry in here.tick().entries] == [Outcome.SENT]
    assert here.once_each()


def test_where_every_friend_seems_to_have_too_many_it_is_taken_for_the_rate(origin: str, tmp_path: Path) -> None:
    here, calls = personal(origin, tmp_path, friends=60), [0]
    here.move(DUE)
    (entry,) = here.tick(too_many_to(here.users, calls), patience=0.0).entries
    assert (entry.outcome, here.received().total()) == (Outcome.UNFINISHED, 0)
    assert "LINE limits the rate" in entry.reason
    assert ASIDE_IN_A_ROW <= calls[0] < ASIDE_IN_A_ROW + 4, "the calls that were under way, and no more"
    here.move(DUE + ASIDE)
    assert [entry.outcome for entry in here.tick().entries] == [Outcome.SENT]
    assert here.once_each()


# --- a friend who was forgotten after the freeze


def forgotten(here: Scene, *places: int) -> None:
    with open_store(here.url, "a secret that never changes") as store:
        store.forget(here.client.name, [here.users[place] for place in places], here.clock.now())


def after_freezing() -> Callable[[], bool]:
    """Lets a run freeze, and ends it before its first call."""
    asked = iter([False])
    return lambda: next(asked, True)


def test_a_forgotten_friend_is_not_taken_for_a_refusal_of_lines(origin: str, tmp_path: Path) -> None:
    here = personal(origin, tmp_path, friends=4)
    here.move(DUE)
    here.tick(should_stop=after_freezing())
    forgotten(here, 0)
    (entry,) = here.tick().entries
    assert (entry.outcome, entry.exit_code, entry.accepted) == (Outcome.SENT, 0, 3)
    assert here.sends()[0].batches == {BatchStatus.ACCEPTED: 3, BatchStatus.FORGOTTEN: 1}


def test_a_forgotten_friend_in_the_first_part_does_not_hold_the_rest(origin: str, tmp_path: Path) -> None:
    here = personal(origin, tmp_path, 20, rollout=({"percent": 50, "wait": "45m"}, {"percent": 100}))
    here.move(DUE)
    here.tick(should_stop=after_freezing())
    (send,) = here.sends()
    with open_store(here.url) as store:
        claimed = store.claim(send.id, "w", DUE, ASIDE, 99)
        store.release([one.id for one in claimed], DUE)
        (user,) = store.line_ids(here.client.name, claimed[0].friend_ids).values()
    forgotten(here, here.users.index(user))
    (entry,) = here.tick().entries
    assert entry.outcome is Outcome.WAITING
    here.move(DUE + timedelta(hours=1))
    assert [one.outcome for one in here.tick().entries] == [Outcome.SENT]
    assert here.received().total() == 19


def test_a_send_whose_only_friend_was_forgotten_went_to_nobody(origin: str, tmp_path: Path) -> None:
    here = personal(origin, tmp_path, friends=1)
    here.move(DUE)
    here.tick(should_stop=after_freezing())
    forgotten(here, 0)
    (entry,) = here.tick().entries
    assert (entry.outcome, entry.exit_code) == (Outcome.EMPTY, 0)
    assert here.sends()[0].status is SendStatus.EMPTY


# --- a friend whose data would make a message that must not reach anybody


def named(origin: str, folder: Path, *names: str, **settings: Any) -> Scene:
    """The campaign that greets each friend, and friends with these names besides five with good ones."""
    friends = [{"displayName": name} for name in (*names, *(f"F{n}" for n in range(5)))]
    here = Scene(origin, folder, KNOWN, greeting("a"), friends=friends, **settings)
    here.move(DUE)
    return here


@pytest.mark.parametrize("name", ["????", "{{ x }}", "\ufffd", "テスト"])
def test_a_friend_with_a_broken_name_is_left_out_and_all_others_read_it(origin: str, tmp_path: Path, name: str) -> None:
    here = named(origin, tmp_path, name)
    broken = here.with_store(lambda store: store.friend_ids(here.client.name, here.users))[here.users[0]]
    (dry,) = here.tick(dry_run=True).entries
    assert (dry.outcome, dry.recipients, dry.calls, dry.capped) == (Outcome.WOULD_SEND, 5, 5, 1)
    assert f"left out is friend {broken}: message 1: the text" in dry.why
    (entry,) = here.tick().entries
    assert (entry.outcome, entry.recipients, entry.accepted, entry.capped) == (Outcome.SENT, 5, 5, 1)
    assert set(here.received()) == set(here.users[1:])
    (send,) = here.sends()
    assert (send.recipients, send.recipients_hash) == (5, dry.recipients_hash)
    notes = here.with_store(lambda store: store.notes(here.client.name))
    about, named_one = sorted(one.detail for one in notes if one.action == "left out")
    assert about == "1 would read something suspicious"
    assert named_one.startswith(f"friend {broken}: message 1: ")
    assert not [one for one in notes if one.action == "capped"], "nobody is over a limit"


def test_ten_are_left_out_and_of_eleven_the_send_is_refused_where_they_are_more_than_a_hundredth(
    origin: str, tmp_path: Path
) -> None:
    here = named(origin, tmp_path, *["????"] * 10)
    assert [(one.outcome, one.accepted, one.capped) for one in here.tick().entries] == [(Outcome.SENT, 5, 10)]
    here = named(origin, tmp_path, *["????"] * 11)
    (entry,) = here.tick().entries
    assert (entry.outcome, entry.guard) == (Outcome.BLOCKED, "G206")
    assert entry.reason.startswith("at least 11 of 16 friends would read something suspicious: message 1: the text")
    assert here.received().total() == 0


def test_whose_message_is_compared_with_what_they_read_before_is_left_out_as_well(origin: str, tmp_path: Path) -> None:
    here = named(origin, tmp_path, "????", limits=Limits.model_validate({"per_friend": {"same_body": "7d"}}))
    here.declare(greeting("before", text="こんにちは", at="2026-12-01T09:59"))
    here.arm()
    assert [one.outcome for one in here.tick().entries] == [Outcome.SENT, Outcome.SENT]
    assert [here.received()[user] for user in here.users] == [1, 2, 2, 2, 2, 2]


def test_line_is_asked_about_the_messages_however_many_of_the_first_friends_are_left_out(
    origin: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lineform.run.freeze.FEW", 0)
    here = named(origin, tmp_path, "????")
    here.control.fault("error-before", path="/v2/bot/message/validate/.*", count=None, account=here.account, status=400)
    assert [(one.outcome, one.guard) for one in here.tick().entries] == [(Outcome.BLOCKED, "G208")]
    assert here.received().total() == 0
