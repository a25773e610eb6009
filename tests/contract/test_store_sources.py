"""Segments about what a company keeps elsewhere: in Parquet, in SQLite, in PostgreSQL; asked by every store."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import duckdb
import psycopg
import pytest
import sqlalchemy as sa

from lineform.errors import CredentialError
from lineform.ports.friends import FriendRow
from lineform.segments.explain import explain
from lineform.segments.predicate import (
    AgeIs,
    All,
    Anniversary,
    AttributeIs,
    Count,
    Edge,
    Happened,
    HasTag,
    InSource,
    Maybe,
    Not,
    Predicate,
    Source,
    SourceTable,
    Sum,
)
from lineform.segments.predicate import Any as AnyOf
from lineform.segments.reading import matches
from lineform.segments.wire import from_wire, to_wire
from lineform.store import open_store, sources
from lineform.store.failures import StoreUnavailable, StoreUnusable
from lineform.store.open import SqlStore
from lineform.store.sources import Sources
from support.copied import of_the_copy_alone
from support.postgres import new_database
from support.stores import user

NOW = datetime(2026, 12, 1, 1, tzinfo=UTC)  # ten in the morning in Tokyo
TOKYO = "Asia/Tokyo"
DAY = 86_400
MEMBERS = (
    # key, rank, points, born, gone
    (user(1), "gold", 120, "1990-12-01", False),
    (user(2), "silver", 0, "2010-02-28", False),
    (user(3), None, None, None, None),
    (user(4), "gold", 7, "1980-05-05", True),
    (user(5), "gold", 50, "2000-01-01", False),
    (user(99), "gold", 1, "1999-09-09", False),  # no friend of ours
)
ORDERS = (
    # key, at on Tokyo's clocks, yen, item
    (user(1), "2026-11-30 09:00:00", 3000, "tea"),
    (user(1), "2026-12-01 09:59:59", 500, "cup"),
    (user(2), "2026-09-01 12:00:00", 800, "tea"),
    (user(2), "2026-12-01 10:00:01", 800, "tea"),  # not yet
    (None, "2026-11-30 09:00:00", 1, "tea"),
    (user(5), "2026-12-01 10:00:00", None, None),
)
FRIENDS = tuple(FriendRow(user(n), blocked=n == 5, tags=("vip",) if n in (1, 3) else ()) for n in range(1, 8))


def source(database: str = "", parquet: str = "", people: Literal["user_id", "member_id"] = "user_id") -> Source:
    ending = ".parquet" if parquet else ""
    friends = SourceTable(
        f"members{ending}", "line_id", (("born", "birth"), ("gone", "gone"), ("points", "points"), ("tier", "rank"))
    )
    orders = SourceTable(f"orders{ending}", "who", (("amount", "yen"), ("item", "item")), "purchase", "ordered")
    return Source("shop", database, parquet, people, TOKYO, friends, (orders,))


def rows_of(connection: Callable[..., object], mark: str) -> None:
    for row in MEMBERS:
        connection("INSERT INTO members VALUES (?, ?, ?, ?, ?)".replace("?", mark), row)
    for order in ORDERS:
        connection("INSERT INTO orders VALUES (?, ?, ?, ?)".replace("?", mark), order)


TABLES = (
    "CREATE TABLE members (line_id VARCHAR(40), rank VARCHAR(10), points INTEGER, birth DATE, gone BOOLEAN)",
    "CREATE TABLE orders (who VARCHAR(40), ordered TIMESTAMP, yen NUMERIC(10, 2), item VARCHAR(20))",
)


@pytest.fixture(params=["sqlite", "postgresql", "parquet"])
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Source, dict[str, str]]:
    """The shop's tables in each kind of source, and the environment that leads there."""
    if request.param == "sqlite":
        with closing(sqlite3.connect(tmp_path / "shop.db")) as file:
            for table in TABLES:
                file.execute(table)
            rows_of(file.execute, "?")
            file.commit()
        return source("SHOP"), {"SHOP": f"sqlite:///{tmp_path}/shop.db"}
    if request.param == "postgresql":
        url = new_database(request.getfixturevalue("postgres_server"))
        plain = sa.make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(plain, autocommit=True) as server:
            for table in TABLES:
                server.execute(table)
            rows_of(server.execute, "%s")
        return source("SHOP"), {"SHOP": url}
    (tmp_path / "data").mkdir()
    with duckdb.connect() as duck:
        for table in TABLES:
            duck.execute(table)
        rows_of(duck.execute, "?")
        for name in ("members", "orders"):
            duck.execute(f"COPY {name} TO '{tmp_path}/data/{name}.parquet' (FORMAT parquet)")
    return source(parquet="data"), {}


@pytest.fixture
def store(store_url: str, shop: tuple[Source, dict[str, str]], tmp_path: Path) -> Iterator[SqlStore]:
    """A store with seven friends that may ask the shop."""
    with opened(store_url, shop[1], tmp_path) as store:
        store.import_friends("aoba", FRIENDS, NOW)
        store.import_friends("kita", [FriendRow(user(1))], NOW)
        yield store


def opened(url: str, environment: dict[str, str], root: Path, copy: Path | None = None) -> SqlStore:
    def secret(name: str) -> str:
        if name not in environment:
            raise CredentialError(f"the environment variable {name} is not set")
        return environment[name]

    store = open_store(url, copy=copy, sources=Sources(secret, root))
    assert isinstance(store, SqlStore)
    return store


def numbers(store: SqlStore, predicate: Predicate) -> list[int]:
    """The friends whom it selects, by number; asked one by one it comes out alike."""
    everybody = store.friend_ids("aoba", [user(n) for n in range(1, 8)])
    found = [number for number in range(1, 8) if store.matches("aoba", predicate, everybody[user(number)], NOW)]
    assert everybody_of(store, predicate) == found
    assert from_wire(to_wire(predicate)) == predicate
    return found


def everybody_of(store: SqlStore, predicate: Predicate) -> list[int]:
    """The friends whom it selects, by number; counted it comes out alike."""
    everybody = store.friend_ids("aoba", [user(n) for n in range(1, 8)])
    found = list(store.select("aoba", predicate, NOW))
    assert store.count("aoba", predicate, NOW) == len(found)
    by_id = {one: number for number in range(1, 8) for one in [everybody[user(number)]]}
    return [by_id[one] for one in found]


GOLD = AttributeIs("tier", "enum", "is", ("gold",))
CASES: Sequence[tuple[Predicate, list[int]]] = (
    (GOLD, [1, 4]),
    (Not(GOLD), [2]),
    (AttributeIs("tier", "enum", "known", (False,)), [3]),
    (AttributeIs("points", "number", "at_least", (7,)), [1, 4]),
    (AttributeIs("points", "number", "below", (1.5,)), [2]),
    (AttributeIs("gone", "bool", "is", (True,)), [4]),
    (AttributeIs("born", "date", "between", ("1980-05-05", "1990-12-01")), [1, 4]),
    (Anniversary("born", "today", TOKYO), [1]),
    (AgeIs("born", "at_least", (20,), TOKYO), [1, 4]),
    (Happened("purchase", (), None, None, Count("at_least", (1,))), [1, 2]),
    (Happened("purchase", (), None, None, Count("is", (2,))), [1]),
    (Happened("purchase", (), None, None, Count("is", (0,))), [3, 4]),
    (Happened("purchase", (), 30 * DAY, None, Count("is", (0,))), [2, 3, 4]),
    (Happened("purchase", (), 1, None, Count("is", (1,))), [1]),
    (Happened("purchase", (AttributeIs("item", "text", "is", ("tea",)),), None, None, Count("at_least", (1,))), [1, 2]),
    (Happened("purchase", (), None, None, Sum("amount", "at_least", (3500.0,))), [1]),
    (Happened("purchase", (), None, None, Edge("first", None, NOW - timedelta(days=30))), [2]),
    (All((GOLD, Happened("purchase", (), None, None, Count("is", (0,))))), [4]),
)


def test_a_source_is_asked_the_same_tree(store: SqlStore, shop: tuple[Source, dict[str, str]]) -> None:
    for predicate, meant in CASES:
        asked = InSource(shop[0], predicate)
        assert numbers(store, asked) == meant, predicate
    assert numbers(store, All((InSource(shop[0], GOLD), HasTag("vip")))) == [1]


def test_the_plain_reading_of_what_a_source_knows_agrees(store: SqlStore, shop: tuple[Source, dict[str, str]]) -> None:
    everybody = store.friend_ids("aoba", [user(n) for n in range(1, 8)])
    anything = InSource(shop[0], GOLD)
    for number in range(1, 8):
        one = everybody[user(number)]
        (friend,) = store.friends("aoba", [one])
        known = replace(friend, sources=store.as_sources_know("aoba", anything, one, NOW))
        for predicate, meant in CASES:
            asked = InSource(shop[0], predicate)
            assert (matches(asked, known, NOW) is True and not known.blocked) is (number in meant), (predicate, number)
            assert explain(asked, known, NOW, TOKYO).holds == matches(asked, known, NOW)


def test_whom_a_source_does_not_know_is_in_neither_a_segment_nor_its_negation(
    store: SqlStore, shop: tuple[Source, dict[str, str]]
) -> None:
    gold = InSource(shop[0], GOLD)
    assert numbers(store, Not(gold)) == [2]
    assert numbers(store, Maybe(gold)) == [1, 3, 4, 6, 7]
    assert numbers(store, Not(Maybe(gold))) == [2]
    assert numbers(store, AnyOf((gold, HasTag("vip")))) == [1, 3, 4]


def test_the_copy_answers_it_too(
    store: SqlStore, shop: tuple[Source, dict[str, str]], store_url: str, tmp_path: Path
) -> None:
    with opened(store_url, shop[1], tmp_path, tmp_path / "copy.duckdb") as copied:
        copied.refresh_copy(NOW)
        with of_the_copy_alone(copied):
            for predicate, meant in CASES:
                assert everybody_of(copied, InSource(shop[0], predicate)) == meant
        assert copied.copy is not None
        with copied.copy.current() as answers:
            assert answers is not None


def test_members_are_joined_by_their_own_id(store_url: str, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "shop.db")) as file:
        file.execute("CREATE TABLE members (line_id INTEGER, rank TEXT)")
        file.executemany("INSERT INTO members VALUES (?, ?)", [(17, "gold"), (18, "silver"), (19, "gold")])
        file.commit()
    shop = Source("shop", "SHOP", "", "member_id", TOKYO, SourceTable("members", "line_id", (("tier", "rank"),)))
    with opened(store_url, {"SHOP": f"sqlite:///{tmp_path}/shop.db"}, tmp_path) as store:
        rows = [FriendRow(user(1), member_id="17"), FriendRow(user(2), member_id="18"), FriendRow(user(3))]
        store.import_friends("aoba", [*rows, *(FriendRow(user(n)) for n in range(4, 8))], NOW)
        assert numbers(store, InSource(shop, GOLD)) == [1]
        assert numbers(store, Not(InSource(shop, GOLD))) == [2]


def test_no_other_account_is_reached(store: SqlStore, shop: tuple[Source, dict[str, str]]) -> None:
    mine = list(store.select("aoba", InSource(shop[0], GOLD), NOW))
    (theirs,) = store.select("kita", InSource(shop[0], GOLD), NOW)
    assert theirs not in mine


def test_nothing_can_be_written_to_a_source(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "shop.db")) as file:
        file.execute("CREATE TABLE members (line_id TEXT)")
        file.commit()
    asked = Sources(lambda _: f"sqlite:///{tmp_path}/shop.db", tmp_path)
    with asked._open(source("SHOP")) as place:
        assert isinstance(place, sources._Database)
        with pytest.raises(Exception, match="readonly"):
            place._connection.exec_driver_sql("DELETE FROM members")


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"columns": (("tier", "grade"),)}, "members has no column 'grade'"),
        ({"table": "customers"}, "has no table 'customers'"),
        ({"columns": (("tier", "points"),)}, "has to be 'tier', a enum"),
    ],
)
def test_what_cannot_be_asked_is_refused_by_its_name(
    store_url: str, tmp_path: Path, change: dict[str, Any], refusal: str
) -> None:
    with closing(sqlite3.connect(tmp_path / "shop.db")) as file:
        file.execute(TABLES[0])
        file.commit()
    friends = replace(SourceTable("members", "line_id", (("tier", "rank"),)), **change)
    shop = Source("shop", "SHOP", "", "user_id", TOKYO, friends)
    with opened(store_url, {"SHOP": f"sqlite:///{tmp_path}/shop.db"}, tmp_path) as store:
        store.import_friends("aoba", FRIENDS, NOW)
        with pytest.raises(StoreUnusable, match=refusal):
            store.count("aoba", InSource(shop, GOLD), NOW)


def test_a_source_that_is_not_there_is_told_without_its_url(store_url: str, tmp_path: Path) -> None:
    secret = "hidden-password"
    with opened(store_url, {"SHOP": f"postgresql://u:{secret}@127.0.0.1:1/shop"}, tmp_path) as store:
        store.import_friends("aoba", FRIENDS, NOW)
        with pytest.raises(StoreUnavailable) as caught:
            store.count("aoba", InSource(source("SHOP"), GOLD), NOW)
        assert secret not in f"{caught.value} {caught.value.hint}"
        with pytest.raises(CredentialError, match="ELSEWHERE"):
            store.count("aoba", InSource(source("ELSEWHERE"), GOLD), NOW)
