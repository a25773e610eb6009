"""What every store owes about friends: imports that may be repeated, selections that keep to their account."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest

from lineform.ports.friends import FriendCount, FriendRow, ImportCount
from lineform.ports.store import Store
from lineform.segments.friend import Friend, Value
from lineform.segments.operands import number
from lineform.segments.predicate import EVERYONE, All, Any, AttributeIs, HasTag, Not, Predicate
from lineform.store.bulk import TOGETHER
from lineform.store.open import open_store
from support.stores import NOW, user

HANAKO = FriendRow(
    user(1),
    display_name="花子 🌸",
    language="ja",
    followed_at=NOW,
    blocked=False,
    attributes={
        "tier": "gold",
        "visits": 3,
        "spent": 0.1,
        "member": True,
        "likes": ("茶", "bun"),
        "birthday": "1990-05-01",
    },
    tags=("常連", "vip"),
)


def only(store: Store, account: str = "aoba") -> Friend:
    (friend,) = store.friends(account, list(store.select(account, EVERYONE, NOW)))
    return friend


def test_an_imported_friend_comes_back_whole(store: Store) -> None:
    assert store.import_friends("aoba", [HANAKO], NOW) == ImportCount(added=1)
    friend = only(store)
    assert friend == Friend(
        id=friend.id,
        user_id=user(1),
        display_name="花子 🌸",
        language="ja",
        followed_at=NOW,
        blocked=False,
        attributes={
            "tier": "gold",
            "visits": 3,
            "spent": 0.1,
            "member": True,
            "likes": ("bun", "茶"),
            "birthday": "1990-05-01",
        },
        tags=frozenset({"常連", "vip"}),
        first_followed_at=NOW,
    )
    assert friend.tagged_at == {"常連": NOW, "vip": NOW}
    assert friend.attributes["member"] is True
    assert friend.followed_at is not None
    assert friend.followed_at.tzinfo is UTC


def test_the_same_import_again_changes_nothing(store: Store) -> None:
    store.import_friends("aoba", [HANAKO], NOW)
    before = only(store)
    assert store.import_friends("aoba", [HANAKO], NOW + timedelta(days=1)) == ImportCount(unchanged=1)
    assert only(store) == before


def test_what_a_row_does_not_say_stays(store: Store) -> None:
    store.import_friends("aoba", [HANAKO], NOW)
    before = only(store)
    assert store.import_friends("aoba", [FriendRow(user(1))], NOW) == ImportCount(unchanged=1)
    assert only(store) == before


def test_a_row_changes_what_it_says_and_forgets_what_is_none(store: Store) -> None:
    store.import_friends("aoba", [HANAKO], NOW)
    row = FriendRow(user(1), display_name="", attributes={"tier": None, "visits": 4}, tags=("new",), untag=("vip", "x"))
    assert store.import_friends("aoba", [row], NOW) == ImportCount(changed=1)
    friend = only(store)
    assert (friend.display_name, friend.attributes.get("tier"), friend.attributes["visits"]) == ("", None, 4)
    assert friend.tags == {"常連", "new"}


def test_a_bool_that_becomes_a_number_is_a_change(store: Store) -> None:
    store.import_friends("aoba", [FriendRow(user(1), attributes={"a": True})], NOW)
    assert store.import_friends("aoba", [FriendRow(user(1), attributes={"a": 1})], NOW) == ImportCount(changed=1)
    assert only(store).attributes["a"] is not True


def test_two_rows_about_one_friend_are_applied_in_their_order(store: Store) -> None:
    rows = [FriendRow(user(1), tags=("a",)), FriendRow(user(2)), FriendRow(user(1), untag=("a",), display_name="B")]
    assert store.import_friends("aoba", rows, NOW) == ImportCount(added=2, changed=1)
    first = store.friends("aoba", [store.friend_ids("aoba", [user(1)])[user(1)]])[0]
    assert (first.display_name, first.tags) == ("B", frozenset())


def test_a_moment_of_another_zone_is_the_same_moment(store: Store) -> None:
    tokyo = datetime(2026, 12, 1, 10, 0, 0, 123456, tzinfo=timezone(timedelta(hours=9)))
    store.import_friends("aoba", [FriendRow(user(1), followed_at=tokyo)], NOW)
    assert only(store).followed_at == datetime(2026, 12, 1, 1, 0, 0, 123456, tzinfo=UTC)


def test_a_large_import_is_written_in_several_transactions(store: Store) -> None:
    def rows() -> Iterator[FriendRow]:
        yield from (FriendRow(user(n)) for n in range(10_001))
        raise RuntimeError("the file ends in the middle")

    with pytest.raises(RuntimeError, match="in the middle"):
        store.import_friends("aoba", rows(), NOW)
    assert store.count_friends("aoba").friends == 10_000
    assert store.import_friends("aoba", (FriendRow(user(n)) for n in range(10_001)), NOW) == ImportCount(1, 0, 10_000)


@pytest.mark.parametrize("count", [TOGETHER - 1, TOGETHER, 3 * TOGETHER + 1])
def test_each_of_many_new_friends_gets_their_own_values(store: Store, count: int) -> None:
    def rows() -> Iterator[FriendRow]:
        for n in range(count):
            values: dict[str, Value] = {"n": n, "half": n / 2, "even": n % 2 == 0, "word": str(n)}
            yield FriendRow(user(n), f"n{n}", "ja", NOW - timedelta(days=n), n % 3 == 0, values, (f"t{n % 5}",))

    store.import_friends("aoba", rows(), NOW)
    ids = store.friend_ids("aoba", [row.user_id for row in rows()])
    found = {friend.user_id: friend for friend in store.friends("aoba", sorted(ids.values()))}
    for row in rows():
        friend = found[row.user_id]
        assert (friend.display_name, friend.blocked) == (row.display_name, row.blocked)
        assert friend.followed_at == friend.first_followed_at == row.followed_at
        # True equals 1, and 1 equals 1.0: their texts do not.
        assert {name: str(value) for name, value in friend.attributes.items()} == {
            name: str(number(value) if isinstance(value, float) else value) for name, value in row.attributes.items()
        }
        assert friend.tags == frozenset(row.tags)


@pytest.mark.parametrize(
    "row",
    [
        FriendRow(user(2), attributes={"a": "nul \x00"}),
        FriendRow(user(2), attributes={"a": ("\x00",)}),
        FriendRow(user(2), attributes={"a": float("inf")}),
        FriendRow(user(2), attributes={"a": 10**400}),
        FriendRow(user(2), display_name="\x00"),
        FriendRow(user(2), tags=("\x00",)),
    ],
)
def test_a_value_that_no_database_can_hold_leaves_nothing(store: Store, row: FriendRow) -> None:
    with pytest.raises((ValueError, OverflowError)):
        store.import_friends("aoba", [FriendRow(user(1)), row], NOW)
    assert store.count_friends("aoba") == FriendCount(0, 0)


def test_friends_and_blocked_are_counted_apart(store: Store) -> None:
    store.import_friends("aoba", [FriendRow(user(n), blocked=n == 1) for n in range(3)], NOW)
    assert store.count_friends("aoba") == FriendCount(friends=2, blocked=1)
    assert store.count_friends("nobody") == FriendCount(0, 0)


def test_who_came_by_a_route_and_never_followed_is_told_apart_from_who_blocks(store: Store) -> None:
    store.import_friends("aoba", [FriendRow(user(1), route="poster", blocked=True)], NOW)
    store.import_friends("aoba", [FriendRow(user(2), route="poster", blocked=True)], NOW)
    store.import_friends("aoba", [FriendRow(user(2), followed_at=NOW, blocked=False)], NOW)
    store.import_friends("aoba", [FriendRow(user(2), blocked=True), FriendRow(user(3), blocked=True)], NOW)
    store.import_friends("shiro", [FriendRow(user(1), route="poster", blocked=True)], NOW)
    assert (store.count_friends("aoba"), store.count_visitors("aoba")) == (FriendCount(friends=0, blocked=3), 1)


def test_no_tree_reaches_another_account_or_a_blocked_friend(store: Store) -> None:
    rows = [FriendRow(user(1), tags=("a",)), FriendRow(user(2), tags=("a",), blocked=True), FriendRow(user(3))]
    store.import_friends("aoba", rows, NOW)
    store.import_friends("other", rows, NOW)
    trees = (EVERYONE, Any((HasTag("a"), Not(HasTag("a")))), Any((EVERYONE, HasTag("a"))), Not(HasTag("none")))
    own = set(store.friend_ids("aoba", [user(1), user(3)]).values())
    for tree in trees:
        assert set(store.select("aoba", tree, NOW)) == own
        assert store.count("aoba", tree, NOW) == 2
    foreign = store.friend_ids("other", [user(1)])[user(1)]
    blocked = store.friend_ids("aoba", [user(2)])[user(2)]
    assert not store.matches("aoba", EVERYONE, foreign, NOW)
    assert not store.matches("aoba", EVERYONE, blocked, NOW)
    assert store.friends("aoba", [foreign]) == []
    assert store.line_ids("aoba", [foreign]) == {}


def test_a_selection_streams_ids_in_order(store: Store) -> None:
    store.import_friends("aoba", (FriendRow(user(n), attributes={"n": n}) for n in range(12_000)), NOW)
    even = AttributeIs("n", "number", "at_least", (1000,))
    ids = list(store.select("aoba", even, NOW))
    assert len(ids) == store.count("aoba", even, NOW) == 11_000
    assert ids == sorted(ids)


def test_an_audience_that_changes_while_it_is_read_skips_nobody_and_names_nobody_twice(
    store: Store, store_url: str
) -> None:
    store.import_friends("aoba", (FriendRow(user(n), attributes={"n": n}) for n in range(12_000)), NOW)
    wanted = AttributeIs("n", "number", "at_least", (1000,))
    before = list(store.select("aoba", wanted, NOW))
    stream = store.select("aoba", wanted, NOW)
    read = [next(stream) for _ in range(3)]
    with open_store(store_url) as other:
        come = (FriendRow(user(n), attributes={"n": 5000}) for n in range(500))
        gone = (FriendRow(user(n), attributes={"n": 0}) for n in range(11_000, 11_500))
        blocked = [FriendRow(user(11_700), blocked=True)]
        for rows in (come, gone, blocked, (FriendRow(user(n), attributes={"n": n}) for n in range(12_000, 12_300))):
            other.import_friends("aoba", rows, NOW)
    assert [*read, *stream] == before
    assert len(list(store.select("aoba", wanted, NOW))) == 11_000 + 500 - 500 - 1 + 300


def test_a_selection_that_is_left_early_blocks_nobody(store: Store) -> None:
    store.import_friends("aoba", (FriendRow(user(n)) for n in range(6000)), NOW)
    stream = store.select("aoba", EVERYONE, NOW)
    next(stream)
    store.import_friends("aoba", [FriendRow(user(9_000))], NOW)
    assert sum(1 for _ in stream) == 5999


def test_ids_map_both_ways(store: Store) -> None:
    store.import_friends("aoba", [FriendRow(user(n)) for n in range(3)], NOW)
    ids = store.friend_ids("aoba", [user(2), user(0), user(9)])
    assert ids.keys() == {user(2), user(0)}
    assert store.line_ids("aoba", [*ids.values(), 10**6]) == {i: u for u, i in ids.items()}
    assert [f.user_id for f in store.friends("aoba", [ids[user(2)], 10**6, ids[user(0)]])] == [user(2), user(0)]
    assert store.friends("aoba", []) == []


def test_a_japanese_attribute_and_an_odd_word_are_found(store: Store) -> None:
    odd = "50% 'off' \"now\" \\ _ :x %(y)s"
    store.import_friends("aoba", [FriendRow(user(1), attributes={"会員": odd}, tags=(odd,)), FriendRow(user(2))], NOW)
    tree = All(
        (AttributeIs("会員", "text", "is", (odd,)), AttributeIs("会員", "text", "starts_with", ("50% ",)), HasTag(odd))
    )
    assert store.count("aoba", tree, NOW) == 1


def test_a_thousand_words_are_one_question(store: Store) -> None:
    store.import_friends("aoba", [FriendRow(user(n), attributes={"n": n, "w": f"w{n}"}) for n in range(50)], NOW)
    words = tuple(f"w{n}" for n in range(20_000))
    assert store.count("aoba", AttributeIs("w", "text", "in", words), NOW) == 50
    wide = Any(tuple(AttributeIs("n", "number", "is", (n,)) for n in range(800)))
    assert store.count("aoba", wide, NOW) == 50
    deep: Predicate = HasTag("x")
    for _ in range(100):
        deep = All((Not(deep), EVERYONE))
    assert store.count("aoba", deep, NOW) == 0


def test_who_blocked_the_account_since_a_list_was_begun_still_does(store: Store) -> None:
    begun = NOW + timedelta(hours=1)
    store.import_friends("aoba", [FriendRow(user(n), blocked=n > 1) for n in (1, 2)], NOW)
    store.import_friends("aoba", [FriendRow(user(1), blocked=True)], begun)
    listed = [FriendRow(user(n), blocked=False) for n in (1, 2, 3)]
    assert store.import_friends("aoba", listed, begun, listed=begun) == ImportCount(added=1, changed=1, unchanged=1)
    assert {one.user_id: one.blocked for one in store.every_friend("aoba")} == {
        user(1): True,
        user(2): False,
        user(3): False,
    }


def test_friends_are_marked_as_blocking_except_those_of_whom_something_changed(store: Store) -> None:
    later = NOW + timedelta(hours=1)
    store.import_friends("aoba", [FriendRow(user(n), blocked=n == 4) for n in (1, 2, 3, 4)], NOW)
    store.import_friends("other", [FriendRow(user(1))], NOW)
    store.import_friends("aoba", [FriendRow(user(2), display_name="花子")], later)
    reachable = dict(store.reachable_before("aoba", later))
    assert sorted(reachable.values()) == [user(1), user(3)]
    assert list(store.reachable_before("nobody", later)) == []
    everybody = [one.id for one in store.every_friend("aoba")]
    elsewhere = [one.id for one in store.every_friend("other")]
    assert store.mark_blocked("aoba", everybody + elsewhere, later, later) == 2
    assert store.mark_blocked("aoba", everybody, later, later) == 0
    assert [one.user_id for one in store.every_friend("aoba") if not one.blocked] == [user(2)]
    assert store.count_friends("other") == FriendCount(1, 0)
