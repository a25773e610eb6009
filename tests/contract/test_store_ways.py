"""Events are found by their time, in the order of friends, or friend by friend: by what a few friends do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial

import pytest
import sqlalchemy as sa
from sqlalchemy import URL

from lineform.ports.friends import EventRow, FriendRow
from lineform.segments.predicate import (
    EVERYONE,
    All,
    AttributeIs,
    Count,
    Edge,
    Happened,
    Maybe,
    Not,
    Predicate,
    Sum,
)
from lineform.segments.predicate import Any as AnyOf
from lineform.store import open_store
from lineform.store.driver_sql import compiled
from lineform.store.friends import about_everybody, question
from lineform.store.open import SqlStore
from lineform.store.predicate_sql import did as did_by
from lineform.store.predicate_sql import ids_of, read_names, selected
from lineform.store.tables import friends
from lineform.store.ways import Way, Ways, ways_to
from support.postgres import new_database
from support.stores import NOW, sql, user

DAY = 86_400
FRIENDS = 150
STEPS = {
    Way.BY_TIME: "events_type (type_id=? AND at>? AND at<?",
    Way.IN_ORDER: "events_in_order (type_id=?)",
    Way.ONE_BY_ONE: "events_in_order (type_id=? AND friend_id=? AND at>? AND at<?",
}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqlStore]:
    """Everybody came by four times in 400 days and tapped something every tenth day; one in fifty bought something
    today. Nobody of another account did anything."""
    with filled(f"sqlite:///{tmp_path_factory.mktemp('ways')}/store.db") as opened:
        yield opened


@pytest.fixture(scope="module")
def shared(postgres_server: URL) -> Iterator[SqlStore]:
    """The same on PostgreSQL."""
    with filled(new_database(postgres_server)) as opened:
        yield opened


@contextmanager
def filled(url: str) -> Iterator[SqlStore]:
    with sql(open_store(url)) as opened:
        opened.migrate()
        for account in ("aoba", "midori"):
            opened.import_friends(account, [FriendRow(user(n)) for n in range(FRIENDS)], NOW)
        rows = []
        for n in range(FRIENDS):
            often = {"visit": (4, 100), "tap": (40, 10)} | ({"purchase": (1, 1)} if n % 50 == 0 else {})
            for name, (times, days) in often.items():
                moments = (NOW - timedelta(days=m * days + n % days, minutes=1) for m in range(times))
                rows += [EventRow(user(n), name, f"{n}-{m}", at, {}) for m, at in enumerate(moments)]
        opened.add_events("aoba", rows, NOW)
        yield opened


def ways(connection: sa.Connection, predicate: Predicate) -> Ways:
    return ways_to([predicate], 1, read_names(1, connection.execute).event_types, NOW, connection)


def did(event: str, days: int | None, measure: Count | Sum | Edge | None = None) -> Happened:
    return Happened(event, (), None if days is None else days * DAY, None, measure or Count("at_least", (1,)))


@pytest.mark.parametrize(
    ("leaf", "way"),
    [
        (did("visit", 60), Way.IN_ORDER),
        (did("visit", None), Way.IN_ORDER),
        (did("visit", 400, Edge("last", 100 * DAY, None)), Way.IN_ORDER),
        (did("visit", 3), Way.BY_TIME),
        (did("tap", 200), Way.ONE_BY_ONE),
        (did("tap", None, Count("at_least", (30,))), Way.ONE_BY_ONE),
        (did("tap", 2), Way.BY_TIME),
        (did("purchase", 1), Way.IN_ORDER),
        (did("never heard of", 90), Way.BY_TIME),
        (did("tap", 200, Sum("amount", "at_least", (1.0,))), Way.BY_TIME),
        (Happened("tap", (AttributeIs("link", "text", "is", ("a",)),), None, None, Count("is", (0,))), Way.BY_TIME),
    ],
)
def test_the_cheapest_way_is_taken_wherever_a_condition_stands(store: SqlStore, leaf: Happened, way: Way) -> None:
    with store.reading() as connection:
        for predicate in (leaf, Not(leaf), All((Maybe(leaf), AnyOf((leaf, did("visit", 3)))))):
            assert ways(connection, predicate)[leaf] is way


@pytest.mark.parametrize("leaf", [did("visit", 60), did("visit", 3), did("tap", 200)])
def test_everybody_is_asked_in_that_way(store: SqlStore, leaf: Happened) -> None:
    with store.reading() as connection:
        asked = about_everybody(question(1, NOW, postgres=False), [leaf], connection)
        way = ways(connection, leaf)[leaf]
        for query in (ids_of(leaf, asked), ids_of(Not(leaf), asked)):
            text, values = compiled(query, connection.dialect)
            found = {row.detail for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", tuple(values))}
            taken = [one for one, step in STEPS.items() if any(step in detail for detail in found)]
            assert taken == [way]


@pytest.mark.parametrize(
    ("leaf", "way"),
    [
        (did("visit", 60, Count("at_least", (2,))), Way.IN_ORDER),
        (did("visit", 400, Edge("last", 100 * DAY, None)), Way.IN_ORDER),
        (did("tap", 200, Count("below", (5,))), Way.IN_ORDER),
        (did("tap", 2, Count("at_least", (2,))), Way.BY_TIME),
        (did("visit", 60), None),
        (did("tap", 200, Sum("amount", "at_least", (1.0,))), Way.BY_TIME),
    ],
)
def test_postgresql_counts_what_comes_in_order_as_it_comes(shared: SqlStore, leaf: Happened, way: Way | None) -> None:
    with shared.reading() as connection:
        asked = about_everybody(question(1, NOW, postgres=True), [leaf, EVERYONE], connection)
        settings = asked.compiler(asked).settings(All((EVERYONE, Not(leaf))))
        assert bool(settings) == (way is Way.IN_ORDER)
        if way is not None:
            assert ways(connection, leaf)[leaf] is way
        for setting in settings:
            connection.exec_driver_sql(f"SET LOCAL {setting}")
        text = str(did_by(leaf, asked).compile(connection, compile_kwargs={"literal_binds": True}))
        found = str(connection.exec_driver_sql(f"EXPLAIN {text}").all())
        in_order = "GroupAggregate" in found and "events_in_order" in found and "Sort" not in found
        assert in_order == (way is Way.IN_ORDER)


def test_whom_a_few_friends_stand_for_are_those_of_their_account(store: SqlStore) -> None:
    with store.reading() as connection:
        for account_id in (2, 3):  # of another one, and of one that nobody has recorded
            assert ways_to([did("tap", 200)], account_id, {"tap": 2}, NOW, connection) == {did("tap", 200): Way.BY_TIME}


def test_few_friends_are_asked_by_their_own_events(store: SqlStore) -> None:
    few = sorted(store.friend_ids("aoba", [user(n) for n in range(FRIENDS)]).values())[:5]
    found: list[str] = []
    with store.reading() as connection:
        asked = question(1, NOW, postgres=False, only=partial(store.among, values=few))
        for leaf in (did("visit", 60, Count("at_least", (2,))), did("tap", 2, Edge("first", 3 * DAY, None))):
            text, values = compiled(sa.select(friends.c.id).where(selected(leaf, asked)), connection.dialect)
            found += [row.detail for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", tuple(values))]
    assert sum("events_in_order (type_id=? AND friend_id=?" in step for step in found) == 2
    assert not any("events_type" in step for step in found)


def test_every_way_leads_to_the_same_friends(store: SqlStore) -> None:
    ids = sorted(store.friend_ids("aoba", [user(n) for n in range(FRIENDS)]).values())
    expected: dict[Predicate, int] = {
        did("visit", 60): sum(1 for n in range(FRIENDS) if n % 100 < 60),
        did("tap", 200): FRIENDS,
        did("tap", 2): sum(1 for n in range(FRIENDS) if n % 10 < 2),
        did("purchase", 1): 3,
    }
    for leaf, number in expected.items():
        those = list(store.select("aoba", leaf, NOW))
        assert len(those) == store.count("aoba", leaf, NOW) == number
        assert sorted(those + list(store.select("aoba", Not(leaf), NOW))) == ids
        assert store.overlap("aoba", [leaf], NOW).get(1, 0) == number
