"""SQLite is told what leads a question about everybody: it counts nothing, and guesses as if it did."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from lineform.ports.friends import EventRow, FriendRow
from lineform.segments.friend import CLICK
from lineform.segments.predicate import (
    AgeIs,
    All,
    AttributeIs,
    Comparison,
    Count,
    FriendSince,
    Happened,
    HasTag,
    IsMember,
    Not,
    Predicate,
)
from lineform.segments.predicate import Any as AnyOf
from lineform.store import open_store
from lineform.store.friends import about_everybody, question
from lineform.store.open import SqlStore
from lineform.store.predicate_sql import ids_of
from support.stores import NOW, user

DAY = 86_400
GOLD = AttributeIs("tier", "enum", "is", ("gold",))
OFTEN = AttributeIs("visits", "number", "at_least", (10,))
UNINDEXED = AttributeIs("note", "text", "is", ("a",))
ADULT = AgeIs("birthday", "at_least", (20,), "Asia/Tokyo")
LAPSED = Happened("visit", (), 60 * DAY, None, Count("is", (0,)))
THRICE = Happened("purchase", (), 90 * DAY, None, Count("at_least", (3,)))
TODAY = Happened("visit", (), DAY, None, Count("at_least", (1,)))
TAPPED = Happened(CLICK, (AttributeIs("link", "text", "is", ("sale",)),), None, None, Count("at_least", (1,)))
LED_BY_IDS = "friends_reachable (account_id=? AND blocked=? AND id=?"
BY_IDS = "friends_reachable (account_id=? AND blocked=? AND id>?"
BY_TIER = "friends_enum_tier (account_id=? AND blocked=? AND <expr>=?"
OF_A_FRIEND = "events_in_order (type_id=? AND friend_id=? AND at>? AND at<?"
Steps = list[str]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    with open_store(f"sqlite:///{tmp_path}/store.db") as opened:
        assert isinstance(opened, SqlStore)
        opened.migrate()
        rows = [
            FriendRow(user(n), tags=("vip",), attributes={"tier": "gold", "visits": n, "birthday": "2000-01-01"})
            for n in range(20)
        ]
        opened.import_friends("aoba", rows, NOW)
        events = [EventRow(user(n), "purchase", f"{n}-{m}", NOW, {}) for n in range(20) for m in range(n % 5)]
        opened.add_events("aoba", events, NOW)
        opened.keep_indexes([{"tier": "enum"}, {"visits": "number"}, {"birthday": "date"}])
        yield opened


@pytest.fixture
def steps(store: SqlStore) -> Callable[[Predicate], Steps]:
    """How SQLite goes about it, step by step."""

    def told(predicate: Predicate) -> Steps:
        with store.reading() as connection:
            asked = about_everybody(question(1, NOW, postgres=False), [predicate], connection)
            return explained(connection, ids_of(predicate, asked))

    return told


def explained(connection: sa.Connection, query: sa.ClauseElement) -> Steps:
    text = query.compile(connection, compile_kwargs={"literal_binds": True})
    return [row.detail for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}")]


def test_the_narrowest_part_leads_wherever_it_stands(steps: Callable[[Predicate], Steps]) -> None:
    for parts in ((ADULT, GOLD, LAPSED), (LAPSED, GOLD, ADULT), (GOLD, All((LAPSED, ADULT)))):
        first, *others = steps(All(parts))
        assert BY_TIER in first
        assert not any("friends" in other and "friends_date_birthday" in other for other in others)
    assert LED_BY_IDS in steps(All((OFTEN, AnyOf((HasTag("vip"), HasTag("new"))))))[0]


def test_what_happened_is_asked_of_those_who_are_left_one_by_one(steps: Callable[[Predicate], Steps]) -> None:
    found = steps(All((LAPSED, GOLD, THRICE)))
    assert [OF_A_FRIEND in step for step in found].count(True) == 2
    assert not any("events_type" in step for step in found)


def test_a_tapped_link_is_a_set_whatever_leads(steps: Callable[[Predicate], Steps]) -> None:
    assert any("events_link" in step for step in steps(All((GOLD, Not(TAPPED)))))


def test_a_range_leads_in_the_order_of_ids(steps: Callable[[Predicate], Steps]) -> None:
    found = steps(All((OFTEN, UNINDEXED)))
    assert LED_BY_IDS in found[0]
    assert any("friends_number_visits" in step for step in found[1:])


def test_an_index_over_several_attributes_leads_where_it_finds_several(
    store: SqlStore, steps: Callable[[Predicate], Steps]
) -> None:
    store.keep_indexes([{"tier": "enum", "note": "text", "visits": "number"}])
    name = "friends_enum,text,number_tier,note,visits (account_id=? AND blocked=? AND <expr>=?"
    words = (GOLD, UNINDEXED)
    for asked, how in ((words, " AND <expr>=?"), ((OFTEN, *words), " AND <expr>=? AND <expr>>?")):
        # As a set, in whose order rows are read.
        for others in ((), (LAPSED,)):
            first, *found = steps(All((*asked, *others)))
            assert LED_BY_IDS in first
            assert any(f"{name}{how}" in step for step in found)
    # Only the first attributes, and never one alone: it would have friends in another order.
    assert BY_TIER in steps(All((GOLD, OFTEN)))[0]
    assert BY_TIER in steps(GOLD)[0]
    assert BY_IDS in steps(UNINDEXED)[0]


@pytest.mark.parametrize(
    "predicate", [UNINDEXED, FriendSince(None, None), IsMember(), AnyOf((THRICE, HasTag("vip"))), All(())]
)
def test_without_anything_narrow_everybody_is_asked_by_id(
    steps: Callable[[Predicate], Steps], predicate: Predicate
) -> None:
    assert BY_IDS in steps(predicate)[0]


@pytest.mark.parametrize(
    "part",
    [LAPSED, Not(HasTag("vip")), Not(TAPPED), Not(THRICE), Not(AnyOf((HasTag("vip"), HasTag("new")))), Not(TODAY)],
)
def test_whom_a_set_leaves_out_is_merged_with_everybody(
    store: SqlStore, steps: Callable[[Predicate], Steps], part: Predicate
) -> None:
    for predicate in (part, All((IsMember(), part)), All((part, Not(HasTag("old"))))):
        found = steps(predicate)
        assert found[0] == "MERGE (EXCEPT)"
        assert any(BY_IDS in step for step in found)
        # Under OR it is asked friend by friend, and learns the same.
        ids = list(store.select("aoba", predicate, NOW))
        assert ids == list(store.select("aoba", AnyOf((predicate, predicate)), NOW))
        assert len(ids) == store.count("aoba", predicate, NOW)
    assert BY_TIER in steps(All((part, GOLD)))[0]


def test_however_many_are_left_out_they_are_merged_in_few_steps(
    store: SqlStore, steps: Callable[[Predicate], Steps]
) -> None:
    tags = All(tuple(Not(HasTag(f"tag-{n}")) for n in range(600)))
    assert steps(tags).count("MERGE (EXCEPT)") == 1
    days = All(tuple(Not(replace(THRICE, start=(40 + n) * DAY)) for n in range(600)))
    assert steps(days).count("MERGE (EXCEPT)") == 8
    assert store.count("aoba", All((tags, days)), NOW) == 12  # two of five have bought three times and more


def test_more_than_so_many_is_more_than_so_many(store: SqlStore) -> None:
    def count(comparison: Comparison, *numbers: int) -> int:
        measure = Count(comparison, numbers)
        found = store.count("aoba", Happened("purchase", (), None, None, measure), NOW)
        assert found == store.count("aoba", All((GOLD, Happened("purchase", (), None, None, measure))), NOW)
        return found

    assert [count("at_least", n) for n in range(6)] == [20, 16, 12, 8, 4, 0]
    assert [count("above", n) for n in range(5)] == [16, 12, 8, 4, 0]
    assert [count("at_most", n) for n in range(5)] == [4, 8, 12, 16, 20]
    assert [count("below", n) for n in range(6)] == [0, 4, 8, 12, 16, 20]
    assert [count("is", n) for n in range(6)] == [4, 4, 4, 4, 4, 0]
    assert count("between", 1, 3) == 12
