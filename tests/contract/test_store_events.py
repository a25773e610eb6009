"""What every store owes about history: events that are recorded once, tags with their time, routes and members."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any as Anything

import pytest
import sqlalchemy as sa

from lineform.ports.friends import EventCount, EventRow, FriendRow, ImportCount
from lineform.ports.store import Store
from lineform.segments.friend import Event, Friend, Value
from lineform.segments.predicate import EVERYONE, All, Any, AttributeIs, Count, Edge, Happened, HasTag, Not, Sum
from lineform.store import migrations, open_store
from lineform.store.open import SqlStore
from lineform.store.types import UtcTime
from support.stores import NOW, user

DAY = timedelta(days=1)
ONCE = Count("at_least", (1,))


def one(store: Store, number: int = 1, account: str = "aoba") -> Friend:
    (friend,) = store.friends(account, list(store.friend_ids(account, [user(number)]).values()))
    return friend


def bought(number: int, key: str, at: datetime = NOW, **fields: Value) -> EventRow:
    return EventRow(user(number), "purchase", key, at, fields)


def test_an_event_comes_back_whole_to_the_millisecond(store: Store) -> None:
    store.import_friends("aoba", [FriendRow(user(1))], NOW)
    at = datetime(2026, 11, 30, 12, 0, 0, 123_456, tzinfo=UTC)
    fields: dict[str, Value] = {"item": "緑茶", "amount": 1200.5, "kinds": ("b", "a"), "first": True, "times": 3}
    assert store.add_events("aoba", [bought(1, "k1", at, **fields)], NOW) == EventCount(added=1)
    friend = one(store)
    recorded = {**fields, "kinds": ("a", "b")}
    event = Event("purchase", "k1", at.replace(microsecond=123_000), recorded)
    assert store.histories("aoba", [friend.id]) == {friend.id: (event,)}
    assert store.histories("other", [friend.id]) == {}
    assert friend.events is None


def test_an_event_is_recorded_once_whatever_comes_later(store: Store) -> None:
    store.import_friends("aoba", [FriendRow(user(1)), FriendRow(user(2))], NOW)
    first = [bought(1, "a", amount=1), bought(1, "b"), bought(2, "a", amount=9), bought(9, "c")]
    assert store.add_events("aoba", first, NOW) == EventCount(added=2, repeated=1, strangers=1)
    assert store.add_events("aoba", first, NOW) == EventCount(added=0, repeated=3, strangers=1)
    other = EventRow(user(1), "visit", "a", NOW)
    assert store.add_events("aoba", [other], NOW) == EventCount(added=1)
    ids = store.friend_ids("aoba", [user(1), user(2)])
    history = store.histories("aoba", list(ids.values()))
    assert [(e.type, e.id) for e in history[ids[user(1)]]] == [("purchase", "a"), ("purchase", "b"), ("visit", "a")]
    assert ids[user(2)] not in history


def test_when_an_event_happened_is_known_as_it_was_told_first(store: Store) -> None:
    store.import_friends("aoba", [FriendRow(user(1))], NOW)
    store.add_events("aoba", [bought(1, "a"), EventRow(user(1), "visit", "a", NOW - DAY)], NOW)
    asked = [bought(1, "a", NOW + DAY), bought(1, "b"), EventRow(user(1), "visit", "a", NOW)]
    assert store.recorded_events("aoba", asked) == {("purchase", "a"): NOW, ("visit", "a"): NOW - DAY}
    assert store.recorded_events("other", asked) == {}


def told(number: int, at: datetime = NOW) -> EventRow:
    """What one friend of a member has of the event "a"."""
    return EventRow(user(number), "purchase", "a", at, shared=True)


def keys(store: Store, *numbers: int) -> list[list[str]]:
    ids = store.friend_ids("aoba", [user(number) for number in numbers])
    known = store.histories("aoba", list(ids.values()))
    return [[event.id for event in known.get(ids[user(number)], ())] for number in numbers]


def test_a_members_event_is_recorded_once_for_each_friend_however_many_they_are_when_it_comes(store: Store) -> None:
    store.import_friends("aoba", [FriendRow(user(n)) for n in (1, 2, 3)], NOW)
    assert store.add_events("aoba", [told(1)], NOW) == EventCount(added=1)
    assert store.add_events("aoba", [told(1), told(2), told(1)], NOW) == EventCount(added=1, repeated=2)
    assert store.add_events("aoba", [told(2)], NOW) == EventCount(repeated=1)
    assert store.add_events("aoba", [told(3), told(2), told(1)], NOW) == EventCount(added=1, repeated=2)
    assert store.add_events("aoba", [bought(3, "a")], NOW) == EventCount(repeated=1)
    assert keys(store, 1, 2, 3) == [["a"], [f"a/{user(2)}"], [f"a/{user(3)}"]]


def test_a_members_event_is_not_recorded_again_when_the_friend_who_had_its_id_is_forgotten(store_url: str) -> None:
    with open_store(store_url, forget_secret="s" * 32) as store:
        store.import_friends("aoba", [FriendRow(user(n)) for n in (1, 2, 3)], NOW)
        store.add_events("aoba", [told(1), told(2)], NOW)
        store.forget("aoba", [user(1)], NOW)
        assert store.add_events("aoba", [told(2)], NOW) == EventCount(repeated=1)
        assert store.add_events("aoba", [told(2), told(3)], NOW) == EventCount(added=1, repeated=1)
        assert keys(store, 2, 3) == [[f"a/{user(2)}"], ["a"]]


def test_a_members_event_with_an_own_key_for_every_friend_is_not_recorded_again(store: Store) -> None:
    store.import_friends("aoba", [FriendRow(user(n)) for n in (1, 2, 3)], NOW)
    store.add_events("aoba", [bought(n, f"a/{user(n)}") for n in (1, 2)], NOW)
    assert store.add_events("aoba", [told(1)], NOW) == EventCount(repeated=1)
    assert store.add_events("aoba", [told(1), told(2), told(3)], NOW) == EventCount(added=1, repeated=2)
    assert keys(store, 1, 2, 3) == [[f"a/{user(1)}"], [f"a/{user(2)}"], ["a"]]


def test_a_members_event_is_recorded_once_by_two_who_tell_it_at_once(store_url: str) -> None:
    with open_store(store_url) as store:
        store.import_friends("aoba", [FriendRow(user(n)) for n in (1, 2)], NOW)

    def tell(numbers: tuple[int, ...]) -> int:
        with open_store(store_url) as store:
            return store.add_events("aoba", [told(number) for number in numbers], NOW).added

    with ThreadPoolExecutor(2) as both:
        assert sum(both.map(tell, [(1,), (2, 1)])) == 2
    with open_store(store_url) as store:
        assert [len(each) for each in keys(store, 1, 2)] == [1, 1]


def test_when_a_members_event_happened_is_known_by_what_any_friend_has_of_it(store: Store) -> None:
    store.import_friends("aoba", [FriendRow(user(n)) for n in (1, 2)], NOW)
    store.add_events("aoba", [bought(2, f"a/{user(2)}", NOW - DAY)], NOW)
    store.add_events("aoba", [told(1, NOW)], NOW)
    assert store.recorded_events("aoba", [told(1), told(2)]) == {("purchase", "a"): NOW - DAY}
    assert store.recorded_events("aoba", [told(1)]) == {("purchase", "a"): NOW}


def test_the_same_id_in_another_account_is_another_event(store: Store) -> None:
    for account in ("aoba", "other"):
        store.import_friends(account, [FriendRow(user(1))], NOW)
        assert store.add_events(account, [bought(1, "a")], NOW) == EventCount(added=1)
    for account in ("aoba", "other"):
        assert list(store.select(account, Happened("purchase", (), None, None, ONCE), NOW)) == [
            one(store, 1, account).id
        ]


def test_a_large_history_is_written_in_several_transactions(store: Store) -> None:
    store.import_friends("aoba", [FriendRow(user(1))], NOW)
    rows = (bought(1, f"k{n}", NOW - timedelta(seconds=n), amount=1) for n in range(5_001))
    assert store.add_events("aoba", rows, NOW).added == 5_001
    whole = Happened("purchase", (), None, None, Sum("amount", "at_least", (5_001.0,)))
    assert store.count("aoba", whole, NOW) == 1


@pytest.mark.parametrize("fields", [{"a": "\x00"}, {"\x00": 1}, {"a": float("nan")}])
def test_a_field_that_no_database_can_hold_leaves_nothing(store: Store, fields: dict[str, Value]) -> None:
    store.import_friends("aoba", [FriendRow(user(1))], NOW)
    with pytest.raises(ValueError, match=r"NUL|number"):
        store.add_events("aoba", [bought(1, "a"), replace(bought(1, "b"), fields=fields)], NOW)
    assert store.histories("aoba", [one(store).id]) == {}


def test_no_question_about_history_reaches_another_account_or_a_blocked_friend(store: Store) -> None:
    people = [FriendRow(user(1)), FriendRow(user(2), blocked=True), FriendRow(user(3))]
    for account in ("aoba", "other"):
        store.import_friends(account, people, NOW)
    store.add_events("aoba", [bought(2, "x")], NOW)
    store.add_events("other", [bought(n, f"k{n}") for n in (1, 2, 3)], NOW)
    own = set(store.friend_ids("aoba", [user(1), user(3)]).values())
    never = Happened("purchase", (), None, None, Count("is", (0,)))
    once = Happened("purchase", (), None, None, ONCE)
    for tree in (never, Not(once), Any((once, never)), All((EVERYONE, Not(All((once, never)))))):
        assert set(store.select("aoba", tree, NOW)) == own
    assert store.count("aoba", once, NOW) == 0
    for foreign in store.friend_ids("other", [user(1), user(2), user(3)]).values():
        assert not store.matches("aoba", once, foreign, NOW)
        assert not store.matches("aoba", never, foreign, NOW)


@pytest.mark.parametrize("name", ["", 'a"', "a\\", "a\n"])
def test_a_name_that_is_no_name_is_not_asked_for(store: Store, name: str) -> None:
    store.import_friends("aoba", [FriendRow(user(1))], NOW)
    test = AttributeIs(name, "text", "is", ("x",))
    for leaf in (
        test,
        Happened("purchase", (test,), None, None, ONCE),
        Happened("purchase", (), None, None, Sum(name, "at_least", (1.0,))),
    ):
        with pytest.raises(ValueError, match="no quotes"):
            store.count("aoba", leaf, NOW)


def test_what_lies_after_the_moment_of_asking_has_not_happened(store: Store) -> None:
    store.import_friends("aoba", [FriendRow(user(1))], NOW)
    store.add_events("aoba", [bought(1, "a", NOW - 40 * DAY), bought(1, "b", NOW + DAY)], NOW)
    lapsed = Happened("purchase", (), None, None, Edge("last", None, 30 * 86_400))
    assert store.count("aoba", lapsed, NOW) == 1
    assert store.count("aoba", lapsed, NOW + 2 * DAY) == 0
    assert store.count("aoba", lapsed, NOW - 40 * DAY - timedelta(milliseconds=1)) == 0


def test_a_tag_keeps_when_it_was_given_and_begins_anew_where_it_expires(store: Store) -> None:
    fresh, later = HasTag("fresh", 90 * 86_400), NOW + 60 * DAY
    store.import_friends("aoba", [FriendRow(user(n), tags=("fresh",)) for n in (1, 2)], NOW)
    again = [FriendRow(user(1), tags=("fresh",), renew=("fresh",)), FriendRow(user(2), tags=("fresh",))]
    assert store.import_friends("aoba", again, later) == ImportCount(unchanged=2)
    assert (one(store, 1).tagged_at, one(store, 2).tagged_at) == ({"fresh": later}, {"fresh": NOW})
    assert store.count("aoba", fresh, NOW + 89 * DAY) == 2
    assert list(store.select("aoba", fresh, NOW + 90 * DAY)) == [one(store, 1).id]
    assert store.count("aoba", Not(fresh), NOW + 90 * DAY) == 1
    assert store.count("aoba", HasTag("fresh"), NOW + 900 * DAY) == 2


def test_the_first_touch_is_kept_and_the_last_one_too(store: Store) -> None:
    def touch(at: datetime, **fields: Anything) -> ImportCount:
        return store.import_friends("aoba", [FriendRow(user(1), **fields)], at)

    touch(NOW, followed_at=NOW)
    assert (one(store).first_route, one(store).last_route, one(store).member_id) == ("", "", "")
    assert touch(NOW, route="poster", member_id="M1") == ImportCount(changed=1)
    assert touch(NOW, route="counter", followed_at=NOW + DAY) == ImportCount(changed=1)
    assert touch(NOW, route="counter") == ImportCount(unchanged=1)
    touch(NOW, followed_at=NOW - DAY)
    friend = one(store)
    assert (friend.first_route, friend.last_route, friend.member_id) == ("poster", "counter", "M1")
    assert (friend.first_followed_at, friend.followed_at) == (NOW - DAY, NOW - DAY)
    touch(NOW, member_id="")
    assert one(store).member_id == ""


_BEFORE = """
INSERT INTO accounts (id, name, bot) VALUES (1, 'aoba', '');
INSERT INTO friends (id, account_id, display_name, language, followed_at, blocked, attributes, changed_at)
    VALUES (1, 1, '', 'ja', :moment, :blocked, '{}', :moment);
INSERT INTO line_ids (friend_id, account_id, user_id) VALUES (1, 1, :user);
INSERT INTO tags (id, account_id, name) VALUES (1, 1, 'fresh');
INSERT INTO friend_tags (tag_id, friend_id) VALUES (1, 1)
"""


def test_a_store_from_before_keeps_what_it_knows(fresh_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = migrations.STEPS.index(migrations._HISTORY)
    moment = NOW + timedelta(milliseconds=500)
    values = {"moment": moment, "blocked": False, "user": user(1)}
    with open_store(fresh_url) as store:
        assert isinstance(store, SqlStore)
        with monkeypatch.context() as patch:
            patch.setattr(migrations, "STEPS", migrations.STEPS[:before])
            patch.setattr(migrations, "VERSION", before)
            store.migrate()
        with store.writing() as connection:
            for statement in _BEFORE.split(";"):
                text = sa.text(statement)
                if ":moment" in statement:
                    text = text.bindparams(sa.bindparam("moment", type_=UtcTime))
                connection.execute(text, {name: value for name, value in values.items() if f":{name}" in statement})
        store.migrate()
        friend = one(store)
        assert (friend.first_followed_at, friend.tagged_at) == (moment, {"fresh": moment})
        assert store.add_events("aoba", [bought(1, "a")], NOW) == EventCount(added=1)
