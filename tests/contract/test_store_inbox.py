"""What came in is kept once, worked on in order for each person, and what fails holds up nobody else."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from lineform.ports.friends import FriendRow
from lineform.ports.inbox import Arrival, Blanked, Level, Source
from lineform.ports.store import Store
from lineform.store import open_store
from support.stores import NOW, sql, user

LEASE = timedelta(seconds=60)
LATER = NOW + timedelta(seconds=30)


def arrival(
    name: str, person: str = user(1), seconds: int = 0, account: str = "aoba", kind: str = "message"
) -> Arrival:
    return Arrival(account, name, Source.LINE, person, kind, NOW + timedelta(seconds=seconds), '{"x":1}')


def claimed(store: Store, worker: str = "w1", limit: int = 100, account: str = "aoba") -> list[str]:
    return [one.id for one in store.claim_received(account, worker, LATER, LEASE, limit)]


def test_an_event_is_kept_once_for_ever(store: Store) -> None:
    assert store.receive([arrival("a"), arrival("a"), arrival("b")], NOW) == 2
    (first, second) = store.claim_received("aoba", "w1", LATER, LEASE, 10)
    store.finish_received("aoba", [first.number, second.number], "w1")
    assert store.receive([arrival("a"), arrival("c")], NOW) == 1
    assert claimed(store) == ["c"]


def test_accounts_have_inboxes_of_their_own(store: Store) -> None:
    assert store.receive([arrival("a"), arrival("a", account="kita")], NOW) == 2
    assert claimed(store, account="kita") == ["a"]
    assert claimed(store) == ["a"]
    assert claimed(store, account="nobody") == []


def test_events_come_in_the_order_of_their_time_whatever_order_they_arrived_in(store: Store) -> None:
    store.receive([arrival("late", seconds=9), arrival("early", seconds=1)], NOW)
    store.receive([arrival("earliest", user(2), seconds=0)], NOW)
    assert claimed(store) == ["earliest", "early", "late"]


def test_a_person_whose_event_is_held_is_left_to_its_holder(store: Store) -> None:
    store.receive([arrival("a1", user(1), 1), arrival("a2", user(1), 2), arrival("b1", user(2), 3)], NOW)
    assert claimed(store, "w1", limit=1) == ["a1"]
    assert claimed(store, "w2") == ["b1"]
    assert claimed(store, "w3") == []


def test_events_of_nobody_do_not_wait_for_each_other(store: Store) -> None:
    store.receive([arrival("a", "", 1), arrival("b", "", 2)], NOW)
    assert claimed(store, "w1", limit=1) == ["a"]
    assert claimed(store, "w2", limit=1) == ["b"]


def test_a_claim_that_ran_out_is_taken_by_another_worker_and_not_ended_by_the_first(store: Store) -> None:
    store.receive([arrival("a")], NOW)
    (mine,) = store.claim_received("aoba", "w1", NOW, LEASE, 10)
    after = NOW + LEASE
    (theirs,) = store.claim_received("aoba", "w2", after, LEASE, 10)
    assert (theirs.number, theirs.attempts) == (mine.number, 2)
    store.finish_received("aoba", [mine.number], "w1")
    assert store.inbox_level("aoba").waiting == 1
    store.finish_received("aoba", [mine.number], "w2")
    assert store.inbox_level("aoba") == Level()


def test_what_the_dead_held_is_taken_from_them(store: Store) -> None:
    store.receive([arrival("a"), arrival("b", user(2))], NOW)
    store.claim_received("aoba", "dead", NOW, LEASE, 1)
    store.claim_received("aoba", "alive", NOW, LEASE, 1)
    assert sorted(store.holders_of_received("aoba")) == ["alive", "dead"]
    assert store.free_received("aoba", "dead") == 1
    assert store.holders_of_received("aoba") == ["alive"]
    (again,) = store.claim_received("aoba", "w", NOW, LEASE, 10)
    assert (again.id, again.attempts) == ("a", 2)


def test_what_was_tried_before_comes_alone(store: Store) -> None:
    store.receive([arrival(f"e{n}", user(n), n) for n in range(4)], NOW)
    batch = store.claim_received("aoba", "w1", LATER, LEASE, 2)
    store.return_received("aoba", [one.number for one in batch], "w1", tried=True)
    assert claimed(store) == ["e0"]
    assert claimed(store) == ["e1"]
    assert claimed(store) == ["e2", "e3"]


def test_what_was_given_back_through_no_fault_of_its_own_comes_together_again(store: Store) -> None:
    store.receive([arrival(f"e{n}", user(n), n) for n in range(3)], NOW)
    batch = store.claim_received("aoba", "w1", LATER, LEASE, 2)
    store.return_received("aoba", [one.number for one in batch], "w1", tried=False)
    again = store.claim_received("aoba", "w1", LATER, LEASE, 10)
    assert [(one.id, one.attempts) for one in again] == [("e0", 1), ("e1", 1), ("e2", 1)]


def test_a_postponed_event_holds_its_person_and_nobody_else(store: Store) -> None:
    store.receive([arrival("bad", user(1), 1), arrival("next", user(1), 2), arrival("other", user(2), 3)], NOW)
    (bad,) = store.claim_received("aoba", "w1", NOW, LEASE, 1)
    store.postpone_received("aoba", bad.number, "w1", LATER + timedelta(minutes=1), "the disk is full")
    assert claimed(store) == ["other"]
    again = store.claim_received("aoba", "w1", LATER + timedelta(minutes=1), LEASE, 10)
    assert [(one.id, one.attempts) for one in again] == [("bad", 2)]


def test_what_is_set_aside_holds_up_nobody_and_can_be_tried_again(store: Store) -> None:
    store.receive([arrival("bad", user(1), 1), arrival("next", user(1), 2)], NOW)
    (bad,) = store.claim_received("aoba", "w1", NOW, LEASE, 1)
    store.set_aside("aoba", bad.number, "w1", "KeyError in step 3")
    assert claimed(store) == ["next"]
    (given_up,) = store.aside("aoba")
    assert (given_up.id, given_up.attempts, given_up.reason) == ("bad", 1, "KeyError in step 3")
    assert store.inbox_level("aoba").aside == 1
    assert store.retry_aside("aoba", bad.number) == 1
    assert store.retry_aside("aoba", bad.number) == 0
    assert store.aside("aoba") == []


def test_the_level_tells_how_much_waits_and_since_when(store: Store) -> None:
    assert store.inbox_level("aoba") == Level()
    store.receive([arrival("a")], NOW)
    store.receive([arrival("b", seconds=-50)], LATER)
    assert store.inbox_level("aoba") == Level(2, NOW, 0)


def test_the_latest_relation_counts_what_is_worked_on(store: Store) -> None:
    store.receive([arrival("f", seconds=1, kind="follow"), arrival("u", seconds=5, kind="unfollow")], NOW)
    store.receive([arrival("m", seconds=0)], NOW)
    first = store.claim_received("aoba", "w1", LATER, LEASE, 2)
    store.finish_received("aoba", [one.number for one in first], "w1")
    assert store.latest_relations("aoba", [user(1), user(2)]) == {user(1): NOW + timedelta(seconds=1)}


def test_old_events_go_and_what_waits_stays(store: Store) -> None:
    store.receive([arrival("old", seconds=-90), arrival("waits", user(2), -80), arrival("new", user(3))], NOW)
    first = store.claim_received("aoba", "w1", LATER, LEASE, 1)
    store.finish_received("aoba", [one.number for one in first], "w1")
    assert store.forget_received("aoba", NOW - timedelta(seconds=60)) == 1
    assert claimed(store) == ["waits", "new"]


def test_many_workers_share_the_events_and_nobody_works_on_one_person_beside_another(store_url: str) -> None:
    people, each = 40, 5
    with open_store(store_url) as store:
        store.receive([arrival(f"{p}-{n}", user(p), n) for p in range(people) for n in range(each)], NOW)
    done: list[str] = []

    def work(name: int) -> None:
        worker = f"w{name}"
        with open_store(store_url) as store:
            while batch := store.claim_received("aoba", worker, LATER, LEASE, 7):
                done.extend(one.id for one in batch)
                store.finish_received("aoba", [one.number for one in batch], worker)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    with open_store(store_url) as store:
        while batch := store.claim_received("aoba", "last", LATER, LEASE, 7):
            done.extend(one.id for one in batch)
            store.finish_received("aoba", [one.number for one in batch], "last")
        assert store.inbox_level("aoba") == Level()
    assert len(done) == len(set(done)) == people * each
    for p in range(people):
        mine = [one for one in done if one.startswith(f"{p}-")]
        assert mine == sorted(mine)


def test_whoever_was_forgotten_and_comes_back_is_taken_in_as_somebody_new(store_url: str) -> None:
    with open_store(store_url, "a secret that never changes") as store:
        store.import_friends("aoba", [FriendRow(user(1), "花子", tags=("vip",))], NOW)
        before = store.friend_ids("aoba", [user(1)])[user(1)]
        store.receive([arrival("a"), arrival("b", "member:m-1"), arrival("c", user(2))], NOW)
        store.import_friends("aoba", [FriendRow(user(1), member_id="m-1")], NOW)
        store.forget("aoba", [user(1)], NOW)
        assert claimed(store) == ["c"]
        assert store.import_friends("aoba", [FriendRow(user(1))], NOW).forgotten == 1
        assert store.import_friends("aoba", [FriendRow(user(1), returns=True)], NOW).added == 1
        (friend,) = store.friends("aoba", list(store.friend_ids("aoba", [user(1)]).values()))
        assert friend.id != before
        assert (friend.display_name, friend.tags, friend.member_id) == ("", frozenset(), "")


@pytest.mark.parametrize("text", ["'; DROP TABLE inbox; --", 'a"b', "%_\\", "{{ 7*7 }}"])
def test_ids_and_people_are_never_sql(store: Store, text: str) -> None:
    assert store.receive([arrival(text, text)], NOW) == 1
    assert claimed(store) == [text]
    assert store.latest_relations("aoba", [text]) == {}


def test_what_is_erased_leaves_nothing_and_stays_where_another_worker_took_it(store: Store) -> None:
    store.receive([arrival("a", user(1)), arrival("b", user(2))], NOW)
    one, two = store.claim_received("aoba", "w1", NOW, LEASE, 10)
    store.erase_received("aoba", [one.number], "w1")
    store.erase_received("aoba", [two.number], "w2")
    store.finish_received("aoba", [one.number, two.number], "w1")
    assert sql(store).senders("aoba") == [user(2)]
    assert store.inbox_level("aoba") == Level()


def message(number: int, text: str, person: str = user(1)) -> Arrival:
    said = {"type": "text", "id": f"m{number}", "text": text}
    body = json.dumps({"type": "message", "message": said, "source": {"type": "user", "userId": person}})
    return Arrival("aoba", f"e{number}", Source.LINE, person, "message", NOW, body, f"m{number}")


def unsend(number: int) -> Arrival:
    body = json.dumps({"type": "unsend", "unsend": {"messageId": f"m{number}"}})
    return Arrival("aoba", f"u{number}", Source.LINE, user(1), "unsend", NOW, body, f"m{number}")


def test_what_a_message_said_is_taken_out_of_events_that_are_over_or_named(store: Store) -> None:
    store.receive([message(1, "秘密"), message(2, "挨拶"), message(3, "合図\ud83d")], NOW)
    one, two, three = store.claim_received("aoba", "w", NOW, LEASE, 10)
    store.finish_received("aoba", [one.number], "w")
    store.set_aside("aoba", two.number, "w", "why")
    assert list(store.blank_messages("kita", ["m1", "m2"])) == []
    assert list(store.blank_messages("aoba", ["m1", "m3"])) == [Blanked("e1", user(1), NOW, "秘密")]
    (late,) = store.blank_messages("aoba", ["m9"], [three.number])
    assert late.event_id == "e3"
    assert [blanked.text for blanked in store.blank_messages("aoba", ["m1", "m2"])] == ["", "挨拶"]
    store.return_received("aoba", [three.number], "w", tried=False)
    (again,) = store.claim_received("aoba", "w", NOW, LEASE, 10)
    assert json.loads(again.body)["message"] == {"id": "m3"}


def test_messages_that_were_taken_back_are_known_while_the_event_is_kept(store: Store) -> None:
    store.receive([unsend(1), message(2, "挨拶")], NOW)
    held = store.claim_received("aoba", "w", NOW, LEASE, 10)
    store.finish_received("aoba", [one.number for one in held], "w")
    assert store.unsent_among("aoba", ["m1", "m2", "m3"]) == {"m1"}
    assert store.unsent_among("kita", ["m1"]) == frozenset()
    store.forget_received("aoba", NOW + timedelta(days=1))
    assert store.unsent_among("aoba", ["m1"]) == frozenset()
