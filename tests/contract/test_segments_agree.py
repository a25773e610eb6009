"""One tree means one thing: SQLite, PostgreSQL, the DuckDB copy and the plain reading select the same friends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import URL

from lineform.scenarios.menus import MenuRules, Rule
from lineform.segments.explain import explain, lines
from lineform.segments.friend import Friend
from lineform.segments.predicate import EVERYONE, All, AttributeIs, HasTag, Not, Predicate
from lineform.segments.reading import matches
from lineform.segments.wire import from_wire, to_wire
from lineform.store import open_store
from lineform.store.open import SqlStore
from support.copied import of_the_copy_alone
from support.populations import ALONE, HAVING, MOMENTS, NOWS, TOGETHER, history, population, timed, trees
from support.postgres import new_database
from support.stores import NOW, sql, user

ACCOUNTS = tuple(f"account-{n}" for n in range(5))
SIZE = 60
ranges = st.builds(
    AttributeIs, st.just("visits"), st.just("number"), st.sampled_from(("at_least", "below")), st.tuples(st.just(1.0))
)
SLOW = [HealthCheck.too_slow]
"""A loaded machine is no reason to fail."""


class World(list[tuple[SqlStore, dict[str, list[Friend]]]]):
    """Stores, and everybody of each account as that store knows them."""

    @contextmanager
    def answered_by_the_copy(self, store: SqlStore) -> Iterator[None]:
        """The copy is opened once for all questions: opening it takes longer than most of them."""
        assert store.copy is not None
        assert store.copy.refresh(NOW).anew
        with store.copy.current() as answers, pytest.MonkeyPatch.context() as patched:
            assert answers is not None
            patched.setattr(store.copy, "current", lambda: nullcontext(answers))
            yield

    def __repr__(self) -> str:
        return f"{len(self)} stores"  # hypothesis prints it with every counterexample


@pytest.fixture(scope="module")
def world(postgres_server: URL, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The stores, each with the same five random populations, and everybody of each account as it knows them."""
    folder: Path = tmp_path_factory.mktemp("agree")
    with ExitStack() as stack:
        found = World()
        plain, indexed, copied = (f"sqlite:///{folder}/{name}.db" for name in ("plain", "indexed", "copied"))
        for url in (plain, indexed, new_database(postgres_server), copied):
            store = stack.enter_context(sql(open_store(url, copy=folder / "copy.duckdb" if url == copied else None)))
            store.migrate()
            if url == indexed:
                store.keep_indexes([*ALONE, *TOGETHER])
            elif store.postgres:
                # As for one account, before there are several.
                store.keep_indexes(TOGETHER, HAVING)
            people = {}
            for seed, account in enumerate(ACCOUNTS):
                rows = list(population(Random(seed), SIZE))
                for part, given in enumerate(MOMENTS[:6]):
                    store.import_friends(account, rows[part::6], given)
                store.add_events(account, history(Random(seed), SIZE, account), NOW)
                ids = sorted(store.friend_ids(account, [user(n) for n in range(SIZE)]).values())
                did = store.histories(account, ids)
                people[account] = [replace(f, events=did.get(f.id, ())) for f in store.friends(account, ids)]
            found.append((store, people))
        # The last of them answers out of its copy, never itself.
        stack.enter_context(found.answered_by_the_copy(found[-1][0]))
        stack.enter_context(of_the_copy_alone(found[-1][0]))
        yield found


def test_all_stores_know_the_same_friends(world: World) -> None:
    for account in ACCOUNTS:
        first, *others = [
            sorted(((replace(f, id=0), f.events, f.tagged_at) for f in people[account]), key=lambda one: one[0].user_id)
            for _, people in world
        ]
        assert all(one == first for one in others)
        assert sum(len(events or ()) for _, events, _ in first) > SIZE
        assert len(first) == SIZE


@settings(max_examples=200, deadline=None, suppress_health_check=SLOW)
@given(tree=trees, account=st.sampled_from(ACCOUNTS), now=st.sampled_from(NOWS))
def test_every_engine_selects_whom_the_plain_reading_selects(
    world: World, tree: Predicate, account: str, now: datetime
) -> None:
    for store, people in world:
        meant = [f.id for f in people[account] if not f.blocked and matches(tree, f, now) is True]
        assert list(store.select(account, tree, now)) == meant
        assert store.count(account, tree, now) == len(meant)
        few = [f.id for f in people[account][5:40:3]]
        assert store.among_selected(account, tree, few, now) == {*meant} & {*few}


@settings(max_examples=120, deadline=None, suppress_health_check=SLOW)
@given(
    word=st.sampled_from(HAVING),
    parts=st.lists(st.one_of(trees, st.sampled_from([*HAVING, HasTag("常連"), HasTag("vip")]), ranges), max_size=4),
    account=st.sampled_from(ACCOUNTS),
)
def test_what_indexes_find_together_is_what_each_part_says(
    world: World, word: Predicate, parts: list[Predicate], account: str
) -> None:
    tree = All((word, *parts))
    for store, people in world:
        meant = [f.id for f in people[account] if not f.blocked and matches(tree, f, NOW) is True]
        assert list(store.select(account, tree, NOW)) == meant
        assert store.count(account, tree, NOW) == len(meant)


@settings(max_examples=60, deadline=None, suppress_health_check=SLOW)
@given(rules=st.lists(trees, min_size=0, max_size=4), account=st.sampled_from(ACCOUNTS), now=st.sampled_from(NOWS))
def test_everybody_is_sorted_by_the_first_rule_that_holds(
    world: World, rules: list[Predicate], account: str, now: datetime
) -> None:
    asked = MenuRules("menu-rules.main", "d1", tuple(Rule(rule, "main") for rule in rules))
    for store, people in world:
        meant = {
            f.id: next((n for n, rule in enumerate(rules) if matches(rule, f, now) is True), len(rules))
            for f in people[account]
            if not f.blocked
        }
        groups = list(store.menu_groups(account, asked, now))
        assert {friend: group.rule for group in groups for friend in group.friends} == meant
        assert sum(len(group.friends) for group in groups) == len(meant)
        bits = [
            sum(1 << place for place, rule in enumerate(rules) if matches(rule, f, now) is True)
            for f in people[account]
            if not f.blocked
        ]
        assert store.overlap(account, rules, now) == Counter(filter(None, bits))


@settings(max_examples=250, deadline=None, suppress_health_check=SLOW)
@given(leaf=timed, account=st.sampled_from(ACCOUNTS), now=st.sampled_from(NOWS))
def test_a_condition_about_time_comes_out_alike_at_the_ends_of_its_window(
    world: World, leaf: Predicate, account: str, now: datetime
) -> None:
    for store, people in world:
        for tree in (leaf, Not(leaf)):
            meant = [f.id for f in people[account] if not f.blocked and matches(tree, f, now) is True]
            assert list(store.select(account, tree, now)) == meant


@settings(max_examples=60, deadline=None, suppress_health_check=SLOW)
@given(tree=trees, account=st.sampled_from(ACCOUNTS), index=st.integers(0, SIZE - 1), now=st.sampled_from(NOWS))
def test_asked_about_one_friend_the_answer_is_that_of_the_whole(
    world: World, tree: Predicate, account: str, index: int, now: datetime
) -> None:
    for store, people in world:
        friend = people[account][index]
        meant = matches(tree, friend, now) is True and not friend.blocked
        assert store.matches(account, tree, friend.id, now) is meant
        assert not store.matches(ACCOUNTS[ACCOUNTS.index(account) - 1], tree, friend.id, now)


@settings(max_examples=100, deadline=None, suppress_health_check=SLOW)
@given(tree=trees, index=st.integers(0, SIZE - 1), now=st.sampled_from(NOWS))
def test_the_explanation_comes_to_what_the_reading_says(
    world: World, tree: Predicate, index: int, now: datetime
) -> None:
    friend = world[0][1][ACCOUNTS[0]][index]
    reason = explain(tree, friend, now, "Asia/Tokyo")
    assert reason.holds == matches(tree, friend, now)
    assert all(line.strip() for line in lines(reason))


@settings(max_examples=100, deadline=None, suppress_health_check=SLOW)
@given(tree=trees)
def test_a_tree_survives_its_json(tree: Predicate) -> None:
    assert from_wire(to_wire(tree)) == tree


def test_everyone_is_everybody_who_can_be_reached(world: World) -> None:
    for store, people in world:
        for account, friends in people.items():
            assert list(store.select(account, EVERYONE, NOW)) == [f.id for f in friends if not f.blocked]
