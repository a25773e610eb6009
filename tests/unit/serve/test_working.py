"""What an event brings about is repeated, tried again or given up, and never holds up somebody else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from lineform.ports.conversations import MemberNonce
from lineform.ports.friends import EventRow, FriendRow
from lineform.ports.line_account import Unauthorised
from lineform.ports.store import Store
from lineform.run.options import Run
from lineform.scenarios.happening import Happening, What
from lineform.scenarios.shop import ShopEvent
from lineform.serve import working
from lineform.serve.arrivals import shop_arrival
from lineform.serve.redeeming import link_friend, nonce_hash
from lineform.serve.working import LinkedFriend
from lineform.store import open_store
from support.serving import USER, event, served
from support.stores import sql

OTHER = "U" + "2" * 32


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(working, "PAUSES", (0.05,))


def test_a_poisonous_event_is_set_aside_and_only_its_own_person_waited_for_it(
    store: Store, capfd: pytest.CaptureFixture[str]
) -> None:
    def fail(happenings: Sequence[Happening]) -> None:
        if any(one.text == "text 2" for one in happenings):
            raise KeyError("what 花子 wrote")

    with served(store, tries=3) as server:
        server.seen.fail = fail
        events = [event(1), event(2), event(3), event(4, user=OTHER), event(5, user=OTHER)]
        assert server.webhook(*events) == 200
        server.until_worked()
        said = [one.text for one in server.seen.happenings]
    assert sorted(said) == ["text 1", "text 3", "text 4", "text 5"]
    assert said.index("text 1") < said.index("text 3")
    (aside,) = store.aside("salon")
    assert (aside.kind, aside.attempts) == ("message", 3)
    assert aside.reason.startswith("KeyError at serve/working.py:")
    assert any(note.action == "set aside" for note in store.notes("salon"))
    assert "花子" not in "".join(capfd.readouterr())


def test_an_event_that_failed_once_is_worked_on_at_the_next_try(store: Store) -> None:
    failures = [RuntimeError(), RuntimeError()]

    def fail(_: Sequence[Happening]) -> None:
        if failures:
            raise failures.pop()

    with served(store) as server:
        server.seen.fail = fail
        server.webhook(event(1), event(2))
        server.until_worked()
        assert [one.text for one in server.seen.happenings] == ["text 1", "text 2"]
    assert store.aside("salon") == []


def test_no_event_is_to_blame_where_line_cannot_be_reached(store: Store) -> None:
    failures = [Unauthorised("the token was revoked", status=401) for _ in range(2)]

    def fail(_: Sequence[Happening]) -> None:
        if failures:
            raise failures.pop()

    with served(store, tries=1) as server:
        server.seen.fail = fail
        server.webhook(event(1))
        server.until_worked()
        assert len(server.seen.happenings) == 1
    assert store.aside("salon") == []


def test_a_thousand_events_are_worked_on_in_few_pieces(store: Store) -> None:
    pieces: list[int] = []
    with served(store, batch=500) as server:
        server.seen.fail = lambda happenings: pieces.append(len(happenings))
        users = [f"U{number:032x}" for number in range(1000)]
        assert server.webhook(*(event(number, user=user) for number, user in enumerate(users))) == 200
        server.until_worked()
    assert sum(pieces) == 1000
    assert len(pieces) <= 4
    assert store.count_friends("salon").friends == 1000


def test_a_linking_reaches_whoever_knows_its_nonce(store: Store) -> None:
    asked: list[LinkedFriend] = []

    async def link(run: Run, answer: LinkedFriend) -> Sequence[FriendRow]:
        asked.append(answer)
        return [FriendRow(answer.user_id, member_id="m-1")] if answer.succeeded else []

    with served(store, link=link) as server:
        server.webhook(event(1, "follow"), event(2, "accountLink", link={"result": "ok", "nonce": "n-1"}))
        server.until_worked()
    assert [(one.user_id, one.nonce, one.succeeded) for one in asked] == [(USER, "n-1", True)]
    assert store.user_ids_of_members("salon", ["m-1"]) == {"m-1": (USER,)}
    (friend,) = store.friends("salon", list(store.friend_ids("salon", [USER]).values()))
    assert friend.followed_at is not None


def test_a_nonce_is_judged_by_when_line_answered_and_not_by_when_that_is_worked_on(store: Store) -> None:
    now = datetime.now(UTC)
    over = now - timedelta(minutes=1)
    nonces = [MemberNonce(nonce_hash(nonce), member, over) for nonce, member in (("n-1", "m-1"), ("n-2", "m-2"))]
    store.keep_nonces("salon", nonces, now - timedelta(minutes=11))
    in_time = event(1, "accountLink", at=now - timedelta(minutes=2), link={"result": "ok", "nonce": "n-1"})
    late = event(2, "accountLink", user=OTHER, at=now, link={"result": "ok", "nonce": "n-2"})
    with served(store, link=link_friend) as server:
        server.webhook(in_time, late)
        server.until_worked()
    assert store.user_ids_of_members("salon", ["m-1", "m-2"]) == {"m-1": (USER,)}


def test_an_event_that_a_shop_tells_again_after_months_happens_no_second_time(store: Store) -> None:
    now = datetime.now(UTC)
    months_ago = now - timedelta(days=61)
    store.import_friends("salon", [FriendRow(USER)], months_ago)
    store.add_events("salon", [EventRow(USER, "purchase", "old", months_ago, {})], months_ago)
    again = [ShopEvent("purchase", name, now, USER) for name in ("old", "new")]
    history = ShopEvent("purchase", "history", months_ago, USER)
    store.receive([shop_arrival("salon", one) for one in (*again, history)], now)
    with served(store) as server:
        server.until_worked()
        assert [one.key.rpartition("/")[0] for one in server.seen.happenings] == ["shop/purchase/new"]
    (known,) = store.histories("salon", list(store.friend_ids("salon", [USER]).values())).values()
    assert {one.id for one in known} == {"old", "new", "history"}


def test_a_members_event_that_comes_again_after_a_friend_was_forgotten_is_no_second_one(store_url: str) -> None:
    now = datetime.now(UTC)
    told = shop_arrival("salon", ShopEvent("purchase", "1", now, member_id="m-1"))
    with open_store(store_url, forget_secret="s" * 32) as store:
        store.import_friends("salon", [FriendRow(one, member_id="m-1") for one in (USER, OTHER)], now)
        with served(store) as server:
            store.receive([told], now)
            server.until_worked()
            store.forget("salon", [USER], now)
            assert store.receive([told], now) == 1
            server.until_worked()
        (known,) = store.histories("salon", list(store.friend_ids("salon", [OTHER]).values())).values()
    assert [one.type for one in known] == ["purchase"]


def test_what_comes_in_of_somebody_who_was_forgotten_is_not_kept(store_url: str) -> None:
    now = datetime.now(UTC)
    with open_store(store_url, forget_secret="s" * 32) as store:
        store.import_friends("salon", [FriendRow(USER), FriendRow(OTHER)], now)
        store.forget("salon", [USER], now)
        with served(store) as server:
            shop = [ShopEvent("purchase", str(number), now, one) for number, one in enumerate((USER, OTHER))]
            store.receive([shop_arrival("salon", one) for one in shop], now)
            server.webhook(event(1), event(2, "unfollow"), event(3, "somethingNew"), event(4, user=OTHER))
            server.until_worked()
            assert sql(store).senders("salon") == [OTHER]
            server.webhook(event(5, "follow"), event(6))
            server.until_worked()
        assert set(sql(store).senders("salon")) == {USER, OTHER}
        (friend,) = store.friends("salon", list(store.friend_ids("salon", [USER]).values()))
    assert not friend.blocked


def test_an_event_that_failed_after_it_was_recorded_happens_at_its_next_try(store: Store) -> None:
    now = datetime.now(UTC)
    failures = [RuntimeError()]

    def fail(_: Sequence[Happening]) -> None:
        if failures:
            raise failures.pop()

    store.import_friends("salon", [FriendRow(USER)], now)
    store.receive([shop_arrival("salon", ShopEvent("purchase", "1", now, USER))], now)
    with served(store) as server:
        server.seen.fail = fail
        server.until_worked()
        assert [one.name for one in server.seen.happenings] == ["purchase"]


def test_what_happens_elsewhere_in_a_chat_of_several_is_nobodys(store: Store) -> None:
    with served(store) as server:
        server.webhook(event(1, source={"type": "group", "groupId": "C1", "userId": USER}))
        server.until_worked()
        assert server.seen.happenings == []
    assert store.count_friends("salon").friends == 0


def test_a_follow_and_a_block_in_one_webhook_end_blocked_and_happen_in_order(store: Store) -> None:
    now = datetime.now(UTC)
    with served(store) as server:
        server.webhook(event(1, "follow", at=now), event(2, "unfollow", at=now))
        server.until_worked()
        assert [one.what for one in server.seen.happenings] == [What.FOLLOW, What.UNFOLLOW]
    assert store.count_friends("salon").blocked == 1
