"""Where friends stand, what happened to them, and one transaction for all of it: the same in SQLite and PostgreSQL."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from lineform.lineapi.routes import Route
from lineform.ports.friends import FriendRow
from lineform.ports.journeys import FriendChange, Kept, NewEvent
from lineform.ports.ledger import NewBatch, Revision
from lineform.ports.store import Store
from lineform.scenarios.enrolment import Enrolment, Mark, State
from lineform.scenarios.happening import Happening, What
from lineform.sending.status import BatchStatus, SendStatus
from lineform.store import open_store
from support.stores import NOW, new_send, user

HOUR = timedelta(hours=1)


def friends(store: Store, count: int = 3) -> list[int]:
    store.import_friends("salon", [FriendRow(user(n), f"F{n}", followed_at=NOW - HOUR) for n in range(count)], NOW)
    return list(store.friend_ids("salon", [user(n) for n in range(count)]).values())


def course(friend: int, name: str = "welcome", **fields: Any) -> Enrolment:
    values: dict[str, Any] = {
        "scenario": name,
        "friend_id": friend,
        "instance": "",
        "entry": 1,
        "version": "abcd",
        "state": State.ACTIVE,
        "step": "story",
        "anchor": NOW,
        "entered_at": NOW,
        "due": NOW + HOUR,
        "reached": NOW,
    }
    return Enrolment(**{**values, **fields})


def test_a_course_is_read_back_as_it_was_written(store: Store) -> None:
    (one, *_) = friends(store)
    whole = course(
        one,
        instance="b-1",
        waiting=NOW + 2 * HOUR,
        turn="met",
        held_until=NOW + HOUR,
        began_with="k",
        fields={"shop": "銀座", "amount": 1200, "set": ("a", "b")},
        marks=(Mark("thanks", "sent", NOW),),
        reason="言葉",
    )
    store.save_enrolments("salon", [whole], NOW)
    assert store.enrolments("salon", [one]) == {one: (replace(whole, changed_at=NOW),)}


def test_a_course_has_one_row_for_each_friend_scenario_and_instance(store: Store) -> None:
    one, other, _ = friends(store)
    store.save_enrolments("salon", [course(one), course(other), course(one, "birthday")], NOW)
    store.save_enrolments("salon", [course(one, step="end", due=None), course(one, instance="2")], NOW)
    found = store.enrolments("salon", [one, other])
    assert [(c.scenario, c.instance, c.step) for c in found[one]] == [
        ("welcome", "", "end"),
        ("birthday", "", "story"),
        ("welcome", "2", "story"),
    ]
    assert len(found[other]) == 1


def test_those_longest_due_are_claimed_first_and_nobody_who_is_not(store: Store) -> None:
    one, two, three = friends(store)
    store.save_enrolments(
        "salon", [course(one, due=NOW + HOUR), course(two, due=NOW - HOUR), course(three, due=NOW)], NOW
    )
    assert store.claim_due("salon", NOW, 10) == [two, three]
    assert store.claim_due("salon", NOW, 1) == [two]
    assert store.claim_due("other", NOW, 10) == []
    assert store.next_due("salon") == ("welcome", NOW - HOUR)


def test_what_is_over_or_waits_for_nothing_is_never_due(store: Store) -> None:
    one, two, _ = friends(store)
    store.save_enrolments("salon", [course(one).over(State.DONE), course(two, state=State.PAUSED, due=None)], NOW)
    assert store.claim_due("salon", NOW + 100 * HOUR, 10) == []
    assert store.next_due("salon") is None


@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)  # SQLite has one writer at a time
def test_two_workers_never_hold_the_same_friend(store: Store, store_url: str) -> None:
    ids = friends(store, 6)
    store.save_enrolments("salon", [course(one, due=NOW) for one in ids], NOW)
    with store.together("salon") as first, open_store(store_url) as second:
        held = first.claim_due("salon", NOW, 4)
        with second.together("salon") as other:
            rest = other.claim_due("salon", NOW, 4)
    assert len(held) == 4
    assert sorted([*held, *rest]) == ids


def test_whoever_holds_a_friend_keeps_others_waiting(store: Store, store_url: str) -> None:
    (one, *_) = friends(store)
    seen: list[str] = []

    def later() -> None:
        with open_store(store_url) as second, second.together("salon") as other:
            other.hold_friends("salon", [one])
            seen.append(other.enrolments("salon", [one])[one][0].step)

    thread = threading.Thread(target=later)
    with store.together("salon") as first:
        first.hold_friends("salon", [one])
        thread.start()
        first.save_enrolments("salon", [course(one, step="written")], NOW)
    thread.join()
    assert seen == ["written"]


def test_how_many_stand_where_is_counted(store: Store) -> None:
    one, two, three = friends(store)
    store.save_enrolments("salon", [course(one), course(two), course(three).over(State.DONE)], NOW)
    found = [(s.scenario, s.state, s.step, s.count) for s in store.stands("salon")]
    assert found == [("welcome", State.ACTIVE, "story", 2), ("welcome", State.DONE, "story", 1)]
    assert list(store.in_scenario("salon", "welcome")) == [one, two, three]
    assert list(store.in_scenario("salon", "welcome", State.DONE)) == [three]
    assert list(store.in_scenario("salon", "other")) == []


def test_whose_step_is_due_or_kept_back_is_counted_by_step_and_reason(store: Store) -> None:
    one, other, third = friends(store)
    later, why = NOW + HOUR, "quiet hours"
    kept = course(one, due=later, held_until=later, reason=why)
    waits = course(one, "reminder")
    over = course(one, "gone", state=State.DONE, due=None, reason=why)
    blocked = course(one, "paused", state=State.PAUSED, due=NOW)
    due = [course(other, due=NOW - HOUR), course(third, due=NOW)]
    other_time = course(other, "moved", due=later, held_until=NOW, reason=why)
    store.save_enrolments("salon", [kept, waits, over, blocked, *due, other_time], NOW)
    store.save_enrolments("salon", [course(third, "kept", due=later, held_until=later, reason=why)], NOW + HOUR)
    assert list(store.kept("salon", NOW)) == [
        Kept("kept", "story", why, 1, later, NOW + HOUR),
        Kept("welcome", "story", "", 2, NOW - HOUR, NOW),
        Kept("welcome", "story", why, 1, later, NOW),
    ]
    assert list(store.kept("another", NOW)) == []


def test_a_happening_is_new_once(store: Store) -> None:
    (one, *_) = friends(store)
    followed = Happening("e1", one, What.FOLLOW, NOW)
    assert store.new_happenings("salon", [followed], NOW) == [followed]
    assert store.new_happenings("salon", [followed], NOW) == []
    assert store.queue_happenings("salon", [followed], NOW) == 0


def test_what_waits_comes_in_the_order_of_time_until_it_is_done(store: Store) -> None:
    one, two, _ = friends(store)
    late = Happening("b", one, What.EVENT, NOW, "visit", "", {"shop": "銀座"})
    early = Happening("a", one, What.TEXT, NOW - HOUR, "", "こんにちは")
    other = Happening("c", two, What.TAGGED, NOW, "vip")
    assert store.queue_happenings("salon", [late, early, other], NOW) == 3
    assert store.queue_happenings("salon", [late], NOW) == 0
    assert store.happenings_wait("salon")
    assert not store.happenings_wait("nobody")
    assert store.queued_happenings("salon", 10) == [early, late, other]
    store.happenings_done("salon", ["a", "c"], NOW)
    assert store.queued_happenings("salon", 10) == [late]


def test_what_was_looked_at_long_ago_is_forgotten(store: Store) -> None:
    (one, *_) = friends(store)
    store.new_happenings("salon", [Happening("old", one, What.FOLLOW, NOW)], NOW)
    store.queue_happenings("salon", [Happening("waits", one, What.FOLLOW, NOW)], NOW)
    assert store.forget_happenings("salon", NOW + HOUR) == 1
    assert store.forget_happenings("salon", NOW + HOUR) == 0


def test_tags_and_attributes_of_friends_are_changed(store: Store) -> None:
    one, two, _ = friends(store)
    store.import_friends("salon", [FriendRow(user(0), tags=("old",), attributes={"rank": "silver", "age": 7})], NOW)
    changes = [
        FriendChange(one, {"rank": "gold", "age": None}, ("new",), ("old",)),
        FriendChange(two, {}, ("new",)),
    ]
    store.change_friends("salon", changes, NOW + HOUR)
    first, second, _ = store.friends("salon", friends(store))
    assert (first.attributes, first.tags) == ({"rank": "gold"}, frozenset({"new"}))
    assert first.tagged_at == {"new": NOW + HOUR}
    assert second.tags == {"new"}


def test_an_event_is_recorded_once(store: Store) -> None:
    (one, *_) = friends(store)
    visit = NewEvent(one, "visit", "v1", NOW, {"shop": "ginza"})
    assert store.record_events("salon", [visit]) == [visit]
    assert store.record_events("salon", [visit]) == []
    assert [event.fields for event in store.histories("salon", [one])[one]] == [{"shop": "ginza"}]


def test_what_is_done_together_is_written_as_one_or_not_at_all(store: Store) -> None:
    (one, *_) = friends(store)

    def all_but_the_end(inside: Store) -> None:
        inside.save_enrolments("salon", [course(one)], NOW)
        inside.freeze("salon", new_send(), [NewBatch(0, Route.PUSH, (one,), b"{}", uuid4())], NOW)
        assert inside.enrolments("salon", [one])
        raise RuntimeError

    with pytest.raises(RuntimeError), store.together("salon") as inside:
        all_but_the_end(inside)
    assert store.enrolments("salon", [one]) == {}
    assert store.sends("salon") == []


def test_what_few_friends_were_sent_is_found(store: Store) -> None:
    one, two, three = friends(store)
    alone = NewBatch(0, Route.PUSH, (one,), b"{}", uuid4(), b"alone")
    both = NewBatch(1, Route.MULTICAST, (two, one), b"{}", uuid4(), b"both")
    send_id = store.freeze("salon", new_send(address="scenario.a", key="x"), [alone, both], NOW) or 0
    everybody = NewBatch(0, Route.BROADCAST, (), b"{}", uuid4(), b"all")
    store.freeze("salon", new_send(address="campaign.b"), [everybody], NOW)
    found = store.contacts_of("salon", [one, two, three], NOW - HOUR, NOW)
    told = {friend: sorted(contact.digest for contact in several) for friend, several in found.items()}
    assert told == {one: [b"alone", b"both"], two: [b"both"], 0: [b"all"]}
    store.claim(send_id, "w", NOW, HOUR, 10)
    assert {c.at for c in store.contacts_of("salon", [one], NOW - HOUR, NOW + HOUR)[one]} == {NOW}
    for batch in store.claim(send_id, "w", NOW + 2 * HOUR, HOUR, 10):
        store.settle(batch.id, BatchStatus.ACCEPTED, NOW)
    store.conclude(send_id, SendStatus.SENT, NOW)
    assert len(store.contacts_of("salon", [one], NOW, NOW + 3 * HOUR)[one]) == 2
    later = NOW + 24 * HOUR
    assert store.contacts_of("salon", [one, two], later, later).keys() == {0}


def test_an_answer_is_free_intended_and_lost_with_its_caller(store: Store) -> None:
    (one, *_) = friends(store)
    send = new_send(address="reply.hours", key="k", recipients=1)
    batch = NewBatch(0, Route.REPLY, (one,), b"{}", uuid4(), b"d", BatchStatus.ANSWERING)
    with store.together("salon") as inside:
        send_id = inside.freeze("salon", send, [batch], NOW) or 0
        batch_id = inside.intend_answer(send_id, "w", NOW, HOUR)
    assert store.claim(send_id, "w", NOW + 2 * HOUR, HOUR, 10) == []
    assert store.spent("salon", NOW - HOUR).total == 0
    assert store.contacts_of("salon", [one], NOW - HOUR, NOW) == {}
    assert store.lost_answers("salon", NOW) == []
    assert store.lost_answers("salon", NOW + HOUR) == [(send_id, batch_id)]
    store.settle(batch_id, BatchStatus.ANSWERED, NOW)
    store.conclude(send_id, SendStatus.SENT, NOW)
    assert store.lost_answers("salon", NOW + HOUR) == []
    (sent,) = store.sends("salon")
    assert sent.accepted_recipients == 1


def test_an_earlier_version_is_found_by_the_beginning_of_its_digest(store: Store) -> None:
    friends(store)
    store.arm("salon", Revision("scenario.a", "abcd" * 16, NOW, {"v": 1}))
    store.arm("salon", Revision("scenario.a", "ef01" * 16, NOW + HOUR, {"v": 2}))
    assert store.version_of("salon", "scenario.a", "abcdabcd") == ("abcd" * 16, {"v": 1})
    assert store.version_of("salon", "scenario.b", "abcd") is None
    (armed,) = store.armed("salon")
    assert (armed.digest, armed.armed_at, armed.since) == ("ef01" * 16, NOW + HOUR, NOW)


def test_a_look_at_many_is_remembered(store: Store) -> None:
    assert store.swept("salon", ["segment/a", "segment/b"]) == {}
    store.sweep_done("salon", "segment/a", NOW)
    store.sweep_done("salon", "segment/a", NOW + HOUR)
    store.sweep_done("salon", "segment/c", NOW)
    assert store.swept("salon", ["segment/a", "segment/b"]) == {"segment/a": NOW + HOUR}
    assert store.swept("other", ["segment/a"]) == {}


def test_whoever_is_forgotten_stands_nowhere(store_url: str) -> None:
    with open_store(store_url, forget_secret="s" * 32) as store:
        forgets(store)


def forgets(store: Store) -> None:
    (one, *_) = friends(store)
    store.save_enrolments("salon", [course(one, fields={"who": "Aoi Tanaka"})], NOW)
    store.queue_happenings("salon", [Happening("t", one, What.TEXT, NOW, "", "Aoi Tanaka")], NOW)
    store.forget("salon", [user(0)], NOW)
    assert store.enrolments("salon", [one]) == {}
    assert store.queued_happenings("salon", 10) == []
    assert not store.happenings_wait("salon")


def test_an_import_keeps_what_changed_of_what_somebody_waits_for(store: Store) -> None:
    friends(store)
    watched = frozenset({(What.TAGGED, "vip"), (What.UNTAGGED, "old"), (What.ATTRIBUTE, "rank")})
    first = [FriendRow(user(0), tags=("vip", "other"), attributes={"rank": "gold", "age": 7})]
    store.import_friends("salon", first, NOW, watched)
    store.import_friends("salon", first, NOW + HOUR, watched)
    assert [(h.what, h.name) for h in store.queued_happenings("salon", 10)] == [
        (What.TAGGED, "vip"),
        (What.ATTRIBUTE, "rank"),
    ]
    store.import_friends("salon", [FriendRow(user(0), tags=("old",), attributes={"rank": None})], NOW + HOUR, watched)
    store.import_friends("salon", [FriendRow(user(0), untag=("old", "vip"))], NOW + 2 * HOUR, watched)
    store.import_friends("salon", [FriendRow(user(9), tags=("vip",))], NOW + 3 * HOUR, watched)
    found = [(h.what, h.name) for h in store.queued_happenings("salon", 10)][2:]
    assert found == [(What.ATTRIBUTE, "rank"), (What.UNTAGGED, "old"), (What.TAGGED, "vip")]
