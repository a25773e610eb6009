"""Whom rules and overlaps mean, by sets that each kind of store hands over in its own way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import URL

from lineform.ports.friends import EventRow, FriendRow
from lineform.ports.menus import Linking
from lineform.scenarios.menus import NOTHING, RULES, TAP, Choice, Group, MenuRules, Rule
from lineform.segments.ids import BLOCK
from lineform.segments.predicate import (
    EVERYONE,
    All,
    AttributeIs,
    Count,
    Edge,
    Happened,
    HasTag,
    IsMember,
    Not,
    Predicate,
)
from lineform.segments.predicate import Any as AnyOf
from lineform.store import copy_answers, open_store
from lineform.store.open import SqlStore
from support.copied import of_the_copy_alone
from support.postgres import new_database
from support.stores import NOW, new_file, user

PARTS, DENSE = 40, 39
"""So many times one account got 39 friends and the other one got one: nearly all ids among 64 are of the first."""
VIP, NEW, PERCENT = HasTag("vip"), HasTag("new"), HasTag("5 % ' ? :off 割引")
TWICE = Happened("purchase", (), None, None, Count("at_least", (2,)))
LATELY = Happened("purchase", (), None, None, Edge("last", 3600, None))
NEVER = Happened("purchase", (), None, None, Count("is", (0,)))
_FAR = """
INSERT INTO friends (id, account_id, display_name, language, blocked, attributes, changed_at, first_route, last_route,
  member_id) SELECT 200000, account_id, '', '', TRUE, '{}', changed_at, '', '', '' FROM friends WHERE id = 1"""
"""Somebody behind whom the ids of the others go on."""
ACCOUNTS = {"aoba": DENSE, "midori": 1}


def row(n: int) -> FriendRow:
    tags = [name for name, every in (("vip", 2), ("new", 3), (PERCENT.tag, 7)) if n % every == 0]
    return FriendRow(user(n), tags=tuple(tags), blocked=n % 11 == 0)


def bought(n: int) -> int:
    return n % 5 % 3


@pytest.fixture(scope="module", params=["sqlite", "postgresql", "copied"])
def store(
    request: pytest.FixtureRequest, postgres_server: URL, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SqlStore]:
    """Two accounts whose friends lie between each other's."""
    folder: Path = tmp_path_factory.mktemp("sets")
    url = new_database(postgres_server) if request.param == "postgresql" else new_file(folder / "store.db")
    with open_store(url, copy=folder / "copy.duckdb" if request.param == "copied" else None) as opened:
        assert isinstance(opened, SqlStore)
        opened.migrate()
        for part in range(PARTS):
            if part == PARTS // 2 and not opened.postgres:
                with opened.writing() as connection:
                    connection.exec_driver_sql(_FAR)
            for account, each in ACCOUNTS.items():
                numbers = range(part * each, (part + 1) * each)
                opened.import_friends(account, map(row, numbers), NOW)
                times = [(n, m) for n in numbers for m in range(bought(n))]
                events = [EventRow(user(n), "purchase", f"{account}{n}-{m}", NOW, {}) for n, m in times]
                opened.add_events(account, events, NOW)
        with ExitStack() as stack:
            if request.param == "copied":
                opened.refresh_copy(NOW)
                stack.enter_context(of_the_copy_alone(opened))
            yield opened


def reached(account: str) -> list[int]:
    return [n for n in range(PARTS * ACCOUNTS[account]) if not row(n).blocked]


@pytest.mark.parametrize("span", [copy_answers.SPAN, BLOCK])
def test_ids_may_be_near_each_other_or_far(store: SqlStore, span: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copy_answers, "SPAN", span)  # as if no more of them had room in memory
    asked: list[Predicate] = [VIP, AnyOf((TWICE, Not(NEW))), All((PERCENT, NEVER)), NEVER, IsMember(), EVERYONE]
    asked += [LATELY, All((Not(IsMember()), Not(All((VIP, TWICE)))))]
    for account in ACCOUNTS:
        meant: Counter[int] = Counter()
        for n in reached(account):
            vip, new, percent = (n % every == 0 for every in (2, 3, 7))
            holds = [vip, bought(n) > 1 or not new, percent and not bought(n), not bought(n), False, True]
            holds += [bought(n) > 0, not (vip and bought(n) > 1)]
            meant[sum(1 << place for place, held in enumerate(holds) if held)] += 1
        assert store.overlap(account, asked, NOW) == meant
        for predicate in asked:
            assert len(list(store.select(account, predicate, NOW))) == store.count(account, predicate, NOW)


def test_of_whom_nobody_knows_anything_nothing_is_found(store: SqlStore) -> None:
    nothing: list[Predicate] = [HasTag("never heard of"), Happened("never", (), None, None, Count("at_least", (1,)))]
    assert store.overlap("aoba", nothing, NOW) == {}
    assert store.overlap("nobody", [EVERYONE], NOW) == {}
    assert list(store.menu_groups("nobody", MenuRules(), NOW)) == []


@pytest.fixture
def linked(store: SqlStore) -> Iterator[list[int]]:
    """Of every friend of one account something else is recorded, of the last two nothing."""
    ids = list(store.select("aoba", EVERYONE, NOW))[::20][:60]
    for n, friend in enumerate(ids[:-2]):
        choice = Choice(f"menu-{n % 5}", "'", f"scenario.welcome/{n}", link=n % 2 == 0)
        store.intend_menus("aoba", [Linking(choice, [friend])], f"call-{n}", NOW)
    yield ids
    store.unlinked("aoba", ids)


def groups(store: SqlStore, rules: MenuRules) -> dict[int, Group]:
    return {friend: group for group in store.menu_groups("aoba", rules, NOW) for friend in group.friends}


def test_however_much_is_recorded_each_friend_is_told_with_their_own(store: SqlStore, linked: list[int]) -> None:
    found = groups(store, MenuRules("menu-rules.main", "d1", (Rule(VIP, "gold"),)))
    assert sorted(found) == list(store.select("aoba", EVERYONE, NOW))
    shown = store.shown_menus("aoba", linked)
    assert len({(one.menu, one.source) for one in shown.values()}) == 58
    for friend, group in found.items():
        mine = shown.get(friend, NOTHING)
        told = group.shown
        assert (told.menu, told.outcome, told.source, told.confirmed) == (
            *(mine.menu, mine.outcome, mine.source, mine.confirmed),
        )
    vip = set(store.select("aoba", VIP, NOW))
    assert all(group.rule == (friend not in vip) for friend, group in found.items())


def test_a_tap_is_old_from_the_very_moment_on(store: SqlStore) -> None:
    ids = list(store.select("aoba", EVERYONE, NOW))[:4]
    day = timedelta(days=1)
    moments = (NOW - day, NOW - day + timedelta(milliseconds=1), NOW - day - timedelta(milliseconds=1), NOW - 2 * day)
    for source, friend, at in zip((TAP, TAP, TAP, RULES), ids, moments, strict=True):
        store.intend_menus("aoba", [Linking(Choice("news", "", source, link=False), [friend])], source, at)
    found = groups(store, MenuRules("menu-rules.main", "d1", (), taps=day, tabs={"": frozenset({"news"})}))
    assert [found[one].shown.at == NOW - day for one in ids] == [True, False, True, False]
    store.unlinked("aoba", ids)


def test_sqlite_sorts_nobody_and_walks_through_nothing_twice(tmp_path: Path) -> None:
    with open_store(new_file(tmp_path / "store.db")) as store:
        assert isinstance(store, SqlStore)
        store.import_friends("aoba", map(row, range(400)), NOW)
        ids = list(store.select("aoba", EVERYONE, NOW))
        store.intend_menus("aoba", [Linking(Choice("gold", "gold", TAP, link=False), ids)], "one", NOW)
        asked: list[tuple[str, Any]] = []
        sa.event.listen(store.engine, "before_cursor_execute", lambda *told: asked.append((told[2], told[3])))
        rules = MenuRules("menu-rules.main", "d1", (Rule(VIP, "gold"),), taps=timedelta(days=1))
        assert sum(len(group.friends) for group in store.menu_groups("aoba", rules, NOW)) == len(ids)
        questions = [(text, values) for text, values in asked if text.startswith(("SELECT", "WITH"))]
        assert sum(text.startswith("WITH RECURSIVE places") for text, _ in questions) == 3
        with store.reading() as connection:
            for text, values in questions:
                steps = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", tuple(values)).all()
                told = [step.detail for step in steps if "friend" in step.detail or "TEMP" in step.detail]
                assert not any(detail.startswith(("SCAN", "USE TEMP")) for detail in told), told


def test_sqlite_reads_a_row_once_for_what_several_ask_of_it(tmp_path: Path) -> None:
    with open_store(new_file(tmp_path / "store.db")) as store:
        assert isinstance(store, SqlStore)
        rows = [FriendRow(user(n), attributes={"visits": n % 3, "tier": "gold"}, member_id=f"m{n}") for n in (1, 2, 3)]
        store.import_friends("aoba", rows, NOW)
        store.keep_indexes([{"tier": "enum"}])
        asked: list[str] = []
        sa.event.listen(store.engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
        never = AttributeIs("visits", "number", "is", (0.0,))
        gold = AttributeIs("tier", "enum", "is", ("gold",))
        assert store.overlap("aoba", [IsMember(), never, gold, Not(never)], NOW) == {7: 1, 13: 2}
        assert sum("offset" in text.lower() and "friends.attributes" in text for text in asked) == 1
        assert sum("friends.attributes" in text for text in asked) == 2  # the other one is led by its index
