"""Which menu was linked to whom, in every store; and that every store chooses menus as the plain reading does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import URL

from lineform.ports.friends import FriendRow
from lineform.ports.menus import Linking
from lineform.ports.store import Store
from lineform.scenarios.menus import (
    NO_RULES,
    NOTHING,
    RULES,
    TAP,
    Choice,
    Group,
    MenuRules,
    Pass,
    Rule,
    Shown,
    decide,
    rule_for,
    tally,
)
from lineform.segments.friend import Friend
from lineform.segments.ids import IdSet
from lineform.segments.predicate import HasTag
from lineform.store import open_store
from lineform.store.open import SqlStore
from support.copied import of_the_copy_alone
from support.populations import MOMENTS, NOWS, history, population, trees
from support.postgres import new_database
from support.stores import NOW, sql, user

STEP = "scenario.welcome/thanks"
RULES_OF_TAGS = MenuRules(
    "menu-rules.main",
    "d1",
    (Rule(HasTag("vip"), "gold"), Rule(HasTag("regular"), "regulars")),
    tabs={name: frozenset({name}) for name in ("", "gold", "regulars", "news")},
)


def linking(menu: str, *ids: int, source: str = RULES, outcome: str | None = None, link: bool = True) -> Linking:
    return Linking(Choice(menu, menu if outcome is None else outcome, source, link), ids)


def people(store: Store, *tags: str, blocked: bool = False) -> list[int]:
    """A friend for each tag, of the account `salon`."""
    first = store.count_friends("salon")
    number = first.friends + first.blocked
    rows = [FriendRow(user(number + n), tags=(tag,) if tag else (), blocked=blocked) for n, tag in enumerate(tags)]
    store.import_friends("salon", rows, NOW)
    ids = store.friend_ids("salon", [row.user_id for row in rows])
    return [ids[row.user_id] for row in rows]


def to_do(store: Store, rules: MenuRules, now: datetime = NOW) -> dict[int, tuple[int, Shown]]:
    """Friends about whom something is to be done: the rule that holds, and what is recorded."""
    return {
        friend: (group.rule, group.shown)
        for group in store.menu_groups("salon", rules, now)
        if decide(rules, rules.menu_of(group.rule), group.shown, now) is not None
        for friend in group.friends
    }


def test_everybody_whose_menu_is_another_one_is_found(store: Store) -> None:
    vip, regular, _, right = people(store, "vip", "regular", "", "regular")
    people(store, "vip", blocked=True)
    store.intend_menus("salon", [linking("regulars", right)], "one", NOW)
    store.confirm_menus("salon", [right], "one")
    assert to_do(store, RULES_OF_TAGS) == {vip: (0, NOTHING), regular: (1, NOTHING)}


def test_an_account_that_nobody_knows_has_no_menus(store: Store) -> None:
    assert list(store.menu_groups("nobody", RULES_OF_TAGS, NOW)) == []
    assert store.friends_shown("nobody", "gold") == []
    assert store.drop_blocked_menus("nobody") == 0
    assert store.menu_pass("nobody") is None


def test_a_link_is_intended_then_confirmed(store: Store) -> None:
    (vip,) = people(store, "vip")
    store.intend_menus("salon", [linking("gold", vip)], "one", NOW)
    intended = Shown("gold", "gold", RULES, NOW, confirmed=False)
    assert store.shown_menus("salon", [vip]) == {vip: intended}
    assert to_do(store, RULES_OF_TAGS) == {vip: (0, intended)}
    store.confirm_menus("salon", [vip], "one")
    assert store.shown_menus("salon", [vip]) == {vip: replace(intended, confirmed=True)}
    assert to_do(store, RULES_OF_TAGS) == {}


def test_what_needs_no_call_is_recorded_as_it_is(store: Store) -> None:
    (vip,) = people(store, "vip")
    store.intend_menus("salon", [linking("gold", vip, source=TAP, link=False)], "one", NOW)
    assert store.shown_menus("salon", [vip]) == {vip: Shown("gold", "gold", TAP, NOW)}


def test_two_links_at_once_leave_nothing_taken_for_certain(store: Store) -> None:
    (vip,) = people(store, "vip")
    store.intend_menus("salon", [linking("regulars", vip)], "one", NOW)
    store.intend_menus("salon", [linking("gold", vip)], "two", NOW)
    store.confirm_menus("salon", [vip], "two")
    store.confirm_menus("salon", [vip], "one")
    assert store.shown_menus("salon", [vip])[vip].confirmed is False
    assert [*to_do(store, RULES_OF_TAGS)] == [vip]


def test_links_without_an_answer_are_found_after_a_while(store: Store) -> None:
    one, two, three = people(store, "vip", "vip", "vip")
    store.intend_menus("salon", [linking("gold", one, two, three)], "one", NOW)
    store.confirm_menus("salon", [two], "one")
    assert store.open_menus("salon", NOW, 10) == []
    later = NOW + timedelta(seconds=1)
    assert store.open_menus("salon", later, 10) == [one, three]
    assert store.open_menus("salon", later, 1) == [one]
    assert store.open_menus("nobody", later, 10) == []


def test_what_is_recorded_may_be_doubted_and_is_linked_once_more(store: Store) -> None:
    (vip,) = people(store, "vip")
    store.intend_menus("salon", [linking("gold", vip)], "one", NOW)
    store.confirm_menus("salon", [vip], "one")
    assert isinstance(store, SqlStore)
    store.doubt_menus()
    assert store.open_menus("salon", NOW + timedelta(seconds=1), 10) == [vip]


def test_menus_are_counted_and_their_friends_listed(store: Store) -> None:
    one, two, three = people(store, "vip", "vip", "")
    store.intend_menus("salon", [linking("gold", one, two), linking("", three)], "one", NOW)
    assert store.count_shown("salon") == {"gold": 2}
    assert store.friends_shown("salon", "gold") == [one, two]
    store.unlinked("salon", [one])
    assert store.count_shown("salon") == {"gold": 1}


def test_whoever_blocks_has_no_menu_any_more(store: Store) -> None:
    one, two = people(store, "vip", "vip")
    store.intend_menus("salon", [linking("gold", one, two)], "one", NOW)
    assert store.drop_blocked_menus("salon") == 0
    store.import_friends("salon", [FriendRow(user(0), blocked=True)], NOW)
    assert store.drop_blocked_menus("salon") == 1
    assert store.friends_shown("salon", "gold") == [two]


def test_a_friend_who_is_forgotten_leaves_no_menu(store_url: str) -> None:
    with open_store(store_url, "a secret that never changes") as store:
        one, two = people(store, "vip", "vip")
        store.intend_menus("salon", [linking("gold", one, two)], "one", NOW)
        store.forget("salon", [user(0)], NOW)
        assert store.shown_menus("salon", [one, two]).keys() == {two}


def test_the_last_look_at_everybody_is_remembered(store: Store) -> None:
    people(store, "")
    first = Pass("d1", NOW, timedelta(milliseconds=1234))
    store.note_menu_pass("salon", first)
    assert store.menu_pass("salon") == first
    later = Pass("d2", NOW + timedelta(days=1), timedelta())
    store.note_menu_pass("salon", later)
    assert store.menu_pass("salon") == later
    assert store.menu_pass("other") is None


def test_without_rules_what_they_linked_is_taken_back(store: Store) -> None:
    one, two = people(store, "vip", "")
    store.intend_menus("salon", [linking("gold", one), linking("news", two, source=STEP, outcome="")], "one", NOW)
    store.confirm_menus("salon", [one, two], "one")
    assert [*to_do(store, NO_RULES)] == [one]


# --- every store chooses as the plain reading does

MENUS = ("", "a", "b", "c")
SIZE = 60


class World(list[tuple[Store, list[Friend]]]):
    """Stores, and everybody of the account as that store knows them."""

    def __repr__(self) -> str:
        return f"{len(self)} stores"


@pytest.fixture(scope="module")
def world(postgres_server: URL, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder: Path = tmp_path_factory.mktemp("menus")
    with ExitStack() as stack:
        found = World()
        here, there = f"sqlite:///{folder}/store.db", new_database(postgres_server)
        asked = (here, None), (there, None), (f"sqlite:///{folder}/copied.db", folder / "copied.duckdb")
        for url, copy in asked:
            store = stack.enter_context(sql(open_store(url, copy=copy)))
            store.migrate()
            store.import_friends("salon", list(population(Random(7), SIZE)), MOMENTS[0])
            store.add_events("salon", history(Random(7), SIZE, "salon"), NOW)
            ids = sorted(store.friend_ids("salon", [user(n) for n in range(SIZE)]).values())
            did = store.histories("salon", ids)
            everybody = [replace(f, events=did.get(f.id, ())) for f in store.friends("salon", ids)]
            found.append((store, everybody))
            if copy is not None:
                store.refresh_copy(NOW)
                stack.enter_context(of_the_copy_alone(store))
        yield found


menus = st.sampled_from(MENUS)
records = st.builds(
    Shown, menus, menus, st.sampled_from([RULES, TAP, STEP]), st.sampled_from(NOWS), confirmed=st.booleans()
)
rules = st.builds(
    MenuRules,
    address=st.just("menu-rules.main"),
    digest=st.just("d"),
    rules=st.lists(st.builds(Rule, trees, menus), max_size=4).map(tuple),
    default=menus,
    taps=st.one_of(st.booleans(), st.just(timedelta(days=3))),
    tabs=st.fixed_dictionaries({menu: st.frozensets(menus) for menu in MENUS[:3]}),
)


@given(
    asked=rules,
    now=st.sampled_from(NOWS),
    recorded=st.lists(st.one_of(st.none(), records), min_size=SIZE, max_size=SIZE),
)
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_every_store_chooses_as_the_plain_reading_does(
    world: World, asked: MenuRules, now: datetime, recorded: list[Shown | None]
) -> None:
    for store, everybody in world:
        shown = {friend.id: one for friend, one in zip(everybody, recorded, strict=True) if one is not None}
        _record(store, [friend.id for friend in everybody], shown)
        wanted, groups = {}, []
        for friend in everybody:
            if friend.blocked:
                continue
            rule = rule_for(asked, friend, now)
            mine = shown.get(friend.id, NOTHING)
            groups.append(Group(rule, mine, IdSet.of([friend.id])))
            wanted[friend.id] = (rule, replace(mine, at=None), decide(asked, asked.menu_of(rule), mine, now))
        told = list(store.menu_groups("salon", asked, now))
        found = {
            friend: (one.rule, replace(one.shown, at=None), decide(asked, asked.menu_of(one.rule), one.shown, now))
            for one in told
            for friend in one.friends
        }
        assert found == wanted
        assert sum(len(one.friends) for one in told) == len(found)
        assert tally(asked, told, now) == tally(asked, groups, now)


def _record(store: Store, ids: list[int], shown: dict[int, Shown]) -> None:
    store.unlinked("salon", ids)
    by_moment: dict[datetime, list[Linking]] = {}
    for friend_id, one in shown.items():
        assert one.at is not None
        choice = Choice(one.menu, one.outcome, one.source, link=not one.confirmed)
        by_moment.setdefault(one.at, []).append(Linking(choice, [friend_id]))
    for moment, linkings in by_moment.items():
        store.intend_menus("salon", linkings, "call", moment)
