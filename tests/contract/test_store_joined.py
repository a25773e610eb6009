"""PostgreSQL sorts everybody out by joins: it looks into no set friend by friend, and reads none for each of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import URL
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler

from lineform.ports.friends import FriendRow
from lineform.scenarios.menus import MenuRules, Rule
from lineform.segments.predicate import All, Count, Happened, HasTag, Not, Predicate
from lineform.segments.predicate import Any as AnyOf
from lineform.store import open_store
from lineform.store.driver_sql import streamed
from lineform.store.friends import about_everybody, question
from lineform.store.menus import chosen_of
from lineform.store.open import SqlStore
from lineform.store.predicate_sql import ids_of, overlap_of, places_of
from support.postgres import new_database
from support.stores import NOW, user

VIP, NEW = HasTag("vip"), HasTag("new")
THRICE = Happened("purchase", (), 90 * 86_400, None, Count("at_least", (3,)))
RULES: list[Predicate] = [All((VIP, NEW)), AnyOf((THRICE, Not(VIP))), All((NEW, Not(THRICE)))]


@pytest.fixture
def store(postgres_server: URL) -> Iterator[SqlStore]:
    with open_store(new_database(postgres_server)) as opened:
        assert isinstance(opened, SqlStore)
        opened.migrate()
        opened.import_friends("aoba", [FriendRow(user(n), tags=("vip", "new")[: n % 3]) for n in range(30)], NOW)
        yield opened


class Explained(sa.Select[tuple[str]]):
    """How a select would be answered, instead of its answer."""

    inherit_cache = False


@compiles(Explained)
def _explained(select: Explained, compiler: SQLCompiler, **words: Any) -> str:
    return f"EXPLAIN {compiler.visit_select(select, **words)}"


def explained(store: SqlStore, query: sa.Select[tuple[int]]) -> str:
    """As it is asked, with all that PostgreSQL is told before."""
    with store.reading() as connection:
        asked = Explained(sa.text("*")).select_from(query.subquery())
        return "\n".join(row[0] for row in streamed(connection, asked))


def test_a_set_is_joined_once_however_many_rules_name_it(store: SqlStore) -> None:
    with store.reading() as connection:
        asked = about_everybody(question(1, NOW, postgres=True), RULES, connection)
    menus = MenuRules("menu-rules.main", "d", tuple(Rule(one, "main") for one in RULES))
    for query in (places_of(RULES, asked), overlap_of(RULES, asked), sa.select(chosen_of(menus, asked))):
        assert "SubPlan" not in explained(store, query)
        text = str(query)
        assert [f"AS set_{n}" in text for n in range(4)] == [True, True, True, False]


def test_the_sets_of_many_rules_are_not_all_joined(store: SqlStore) -> None:
    names = tuple(f"tag-{n}" for n in range(60))
    store.import_friends("aoba", [FriendRow(user(0), tags=names)], NOW)
    rules: list[Predicate] = [All((NEW, HasTag(name))) for name in names]
    with store.reading() as connection:
        asked = about_everybody(question(1, NOW, postgres=True), RULES, connection)
    text = str(places_of([*rules, NEW], asked))
    assert text.count("OUTER JOIN") == 8
    assert text.count("EXISTS") == 53
    assert store.sizes("aoba", [*rules, NEW], NOW) == {60: 10, 61: 20}


def test_friends_of_whom_statistics_know_nothing_are_merged_all_the_same(store: SqlStore) -> None:
    with store.writing() as connection:
        connection.exec_driver_sql("ANALYZE")
    store.import_friends("midori", [FriendRow(user(n), tags=("vip",)[: n % 2]) for n in range(500)], NOW)
    with store.reading() as connection:
        asked = about_everybody(question(2, NOW, postgres=True), RULES, connection)
    plan = explained(store, places_of(RULES, asked))
    assert "Merge" in plan
    assert "Nested Loop" not in plan
    assert "Hash" not in plan.replace("HashAggregate", "")


def test_how_a_question_is_gone_about_ends_with_it(store: SqlStore) -> None:
    with store.together("aoba") as within:
        assert isinstance(within, SqlStore)
        assert within.sizes("aoba", RULES, NOW)
        with within.reading() as connection:
            for setting in ("enable_hashjoin", "enable_nestloop"):
                assert connection.exec_driver_sql(f"SHOW {setting}").scalar() == "on"
            assert connection.exec_driver_sql("SHOW max_parallel_workers_per_gather").scalar() == "2"


def test_whom_one_predicate_selects_needs_no_set_beside_it(store: SqlStore) -> None:
    with store.reading() as connection:
        asked = about_everybody(question(1, NOW, postgres=True), RULES, connection)
    assert "OUTER JOIN" not in str(ids_of(RULES[0], asked))
    assert len(list(store.select("aoba", RULES[0], NOW))) == 10


def test_everybody_is_counted_once_where_a_set_names_a_friend_twice(store: SqlStore) -> None:
    several = AnyOf((VIP, NEW))  # a set in which ten friends stand with two tags
    assert store.sizes("aoba", [several], NOW) == {0: 20, 1: 10}
    assert store.overlap("aoba", [several, NEW], NOW) == {1: 10, 3: 10}
