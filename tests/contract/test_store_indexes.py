"""Selects use the indexes that were made for them: an index over another expression would be of no use to anybody."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

import pytest
import sqlalchemy as sa
from sqlalchemy import URL

from lineform.ports.friends import EventRow, FriendRow
from lineform.segments.friend import CLICK
from lineform.segments.operands import LONGEST
from lineform.segments.predicate import All, AttributeIs, Count, Happened, HasTag, Indexed, Predicate
from lineform.store import migrations, open_store
from lineform.store.failures import StoreUnavailable
from lineform.store.friends import about_everybody, question
from lineform.store.hot import ONE_MAKER, usable_indexes
from lineform.store.open import SqlStore
from lineform.store.predicate_sql import number_of
from lineform.store.tables import events, friends
from support.postgres import new_database
from support.stores import NOW, user

TAPPED = Happened(CLICK, (AttributeIs("link", "text", "is", ("sale",)),), None, None, Count("at_least", (1,)))
HOT: list[Indexed] = [
    {"tier": "enum"},
    {"visits": "number"},
    {"birthday": "date"},
    {"member": "bool"},
    {"note": "text"},
]


@pytest.fixture
def store(fresh_url: str) -> Iterator[SqlStore]:
    """A store of its own: its indexes do not go with its rows."""
    with filled(fresh_url) as opened:
        yield opened


@pytest.fixture
def shared(postgres_server: URL) -> Iterator[SqlStore]:
    """One in which others write while an index is made."""
    with filled(new_database(postgres_server)) as opened:
        yield opened


@contextmanager
def filled(url: str) -> Iterator[SqlStore]:
    with open_store(url) as opened:
        opened.migrate()
        assert isinstance(opened, SqlStore)
        rows = [
            FriendRow(
                user(n), attributes={"tier": "gold" if n < 3 else "silver", "visits": n, "birthday": "2000-01-01"}
            )
            for n in range(400)
        ]
        opened.import_friends("aoba", rows, NOW)
        taps = [EventRow(user(n), CLICK, f"t{n}", NOW, {"link": "sale" if n < 3 else f"other-{n}"}) for n in range(400)]
        opened.add_events("aoba", taps, NOW)
        yield opened


def plan(store: SqlStore, predicate: Predicate) -> str:
    """How the database answers it."""
    with store.writing() as connection:
        connection.exec_driver_sql("ANALYZE")
    with store.reading() as connection:
        account = store.account_id(connection, "aoba")
        assert account is not None
        asked = question(account, NOW, postgres=store.postgres)
        asked = about_everybody(asked, [predicate], connection)
        query = number_of(predicate, asked)
        text = str(query.compile(connection, compile_kwargs={"literal_binds": True}))
        if store.postgres:
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
            return str(connection.exec_driver_sql(f"EXPLAIN {text.replace('%', '%%')}").all())
        return str(connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}").all())


def test_a_tapped_link_is_found_by_its_index(store: SqlStore) -> None:
    store.keep_indexes([])
    assert "events_link" in plan(store, TAPPED)
    assert store.count("aoba", TAPPED, NOW) == 3


@pytest.mark.parametrize(
    ("leaf", "index"),
    [
        (AttributeIs("tier", "enum", "is", ("gold",)), "friends_enum_tier"),
        (AttributeIs("tier", "enum", "in", ("gold", "bronze")), "friends_enum_tier"),
        (AttributeIs("visits", "number", "at_least", (398,)), "friends_number_visits"),
    ],
)
def test_an_indexed_attribute_is_found_by_its_index(store: SqlStore, leaf: Predicate, index: str) -> None:
    before = store.count("aoba", leaf, NOW)
    assert store.keep_indexes(HOT) == len(HOT) + 1
    assert store.keep_indexes(HOT) == 0
    assert (index.replace("friends_", "friends_alone_") if store.postgres else index) in plan(store, leaf)
    assert store.count("aoba", leaf, NOW) == before > 0


def test_an_index_begins_with_the_account_as_soon_as_there_are_several(store: SqlStore) -> None:
    gold = AttributeIs("tier", "enum", "is", ("gold",))
    store.keep_indexes([{"tier": "enum"}, {"visits": "number"}])
    store.claim_bot("midori", "U" + "b" * 32)
    # On SQLite it does so from the first.
    assert store.keep_indexes([{"tier": "enum"}]) == (2 if store.postgres else 0)
    assert store.keep_indexes([{"tier": "enum"}]) == 0
    assert "friends_enum_tier" in plan(store, gold)
    assert store.count("aoba", gold, NOW) == 3
    assert store.count("midori", gold, NOW) == 0
    with store.reading() as connection:
        kinds = ("friends_enum", "friends_number", "friends_alone", "friends_of")
        found = {name for name in usable_indexes(connection) if name.startswith(kinds)}
    # Others' indexes as well, which another client may have declared.
    assert found == {"friends_enum_tier", "friends_number_visits"}


def test_attributes_that_are_asked_for_together_are_found_by_their_index(store: SqlStore) -> None:
    gold = AttributeIs("tier", "enum", "is", ("gold",))
    often = AttributeIs("visits", "number", "at_least", (2,))
    both = All((often, gold))
    assert store.count("aoba", both, NOW) == 1
    together: list[Indexed] = [{"tier": "enum", "visits": "number"}]
    assert store.keep_indexes(together) == 2
    assert store.keep_indexes(together) == 0
    alone = "alone_" if store.postgres else ""
    assert f"friends_{alone}enum,number_tier,visits" in plan(store, both)
    assert store.count("aoba", both, NOW) == 1
    store.claim_bot("midori", "U" + "b" * 32)
    assert store.keep_indexes(together) == (1 if store.postgres else 0)
    assert "friends_enum,number_tier,visits" in plan(store, both)
    assert store.count("aoba", both, NOW) == 1
    assert store.count("midori", both, NOW) == 0


def test_whom_a_word_has_is_known_without_their_rows(shared: SqlStore) -> None:
    gold = AttributeIs("tier", "enum", "is", ("gold",))
    odd = AttributeIs("tier", "enum", "is", ("50%'\":x 金" * 9,))
    assert shared.keep_indexes([], [gold, odd]) == 3
    assert shared.keep_indexes([], [gold, odd]) == 0
    with shared.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM friends")
    assert "Index Only Scan using " in plan(shared, gold)
    assert '"friends_of_enum_tier=gold"' in plan(shared, gold)
    assert shared.count("aoba", gold, NOW) == 3
    assert shared.count("aoba", odd, NOW) == 0
    shared.import_friends("aoba", [FriendRow(user(0), attributes={"tier": odd.operands[0]})], NOW)
    assert shared.count("aoba", gold, NOW) == 2
    assert shared.count("aoba", odd, NOW) == 1
    with shared.reading() as connection:
        asked = "SELECT indexdef FROM pg_indexes WHERE starts_with(indexname, 'friends_of_enum_tier=50')"
        made = str(connection.exec_driver_sql(asked).scalar_one())
    assert str(odd.operands[0]).replace("'", "''") in made


def test_rows_are_read_of_those_whom_words_and_tags_leave(shared: SqlStore) -> None:
    gold = AttributeIs("tier", "enum", "is", ("gold",))
    often = AttributeIs("visits", "number", "at_least", (1,))
    shared.import_friends("aoba", [FriendRow(user(n), tags=("vip",)) for n in (1, 7)], NOW)
    asked = All((often, HasTag("vip"), gold))
    assert "Subquery" not in plan(shared, asked)
    shared.keep_indexes([], [gold])
    found = plan(shared, asked)
    assert "Subquery Scan" in found or "Nested Loop" in found
    assert '"friends_of_enum_tier=gold"' in found
    assert shared.count("aoba", asked, NOW) == 1
    # With nothing else that narrows it down, rows are read by the index that leads to them.
    assert "tier=gold" not in plan(shared, All((often, gold)))


def test_an_index_of_a_word_goes_when_a_second_account_comes(shared: SqlStore) -> None:
    gold = AttributeIs("tier", "enum", "is", ("gold",))
    silver = AttributeIs("tier", "enum", "is", ("silver" * 12,))
    shared.keep_indexes([], [gold, silver])
    shared.claim_bot("midori", "U" + "b" * 32)
    assert shared.keep_indexes([], [gold]) == 0
    with shared.reading() as connection:
        assert not [name for name in usable_indexes(connection) if "=" in name]


def test_several_values_are_found_by_what_their_indexes_have_in_common(shared: SqlStore) -> None:
    rows = [
        FriendRow(user(n), attributes={"tier": "gold" if n % 9 == 0 else "silver", "visits": n % 11})
        for n in range(20_000)
    ]
    shared.import_friends("aoba", rows, NOW)
    shared.keep_indexes([{"tier": "enum"}, {"visits": "number"}])
    both = All((AttributeIs("tier", "enum", "is", ("gold",)), AttributeIs("visits", "number", "is", (3,))))
    found = plan(shared, both)
    assert "BitmapAnd" in found
    assert "friends_alone_enum_tier" in found
    assert "friends_alone_number_visits" in found
    assert shared.count("aoba", both, NOW) == sum(1 for n in range(20_000) if n % 9 == 0 and n % 11 == 3)


def test_an_index_takes_whatever_a_friend_writes(store: SqlStore) -> None:
    random = Random(1)  # texts that cannot be compressed
    long = "".join(chr(random.randrange(0x4E00, 0x9FA5)) for _ in range(10_000))
    assert store.keep_indexes([{"note": "text"}]) == 2
    store.import_friends("aoba", [FriendRow(user(0), attributes={"note": long})], NOW)
    store.import_friends("aoba", [FriendRow(user(1), attributes={"note": long[:LONGEST]})], NOW)
    store.add_events("aoba", [EventRow(user(0), "purchase", "p", NOW, {"link": long})], NOW)
    asked = AttributeIs("note", "text", "is", (long[:LONGEST],))
    assert ("friends_alone_text_note" if store.postgres else "friends_text_note") in plan(store, asked)
    (found,) = store.select("aoba", asked, NOW)
    assert store.line_ids("aoba", [found]) == {found: user(1)}


def test_attributes_whose_long_names_begin_alike_have_an_index_each(store: SqlStore) -> None:
    alike = "a" * 60
    assert store.keep_indexes([{f"{alike}b": "text"}, {f"{alike}c": "text"}]) == 3
    assert store.keep_indexes([{f"{alike}b": "text"}, {f"{alike}c": "text"}]) == 0


def test_indexes_over_whole_texts_go_with_the_version_that_made_them(
    postgres_server: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = migrations.STEPS.index(migrations._SHORT_ENTRIES)
    with open_store(new_database(postgres_server)) as store:
        with monkeypatch.context() as patch:
            patch.setattr(migrations, "STEPS", migrations.STEPS[:before])
            patch.setattr(migrations, "VERSION", before)
            store.migrate()
        store.keep_indexes(HOT)
        store.migrate()
        assert store.keep_indexes(HOT) == len(HOT) + 1


def test_an_index_that_somebody_else_made_is_left_alone(store: SqlStore) -> None:
    with store.writing() as connection:
        connection.exec_driver_sql("CREATE INDEX friends_date_of_change ON friends (changed_at)")
    assert store.keep_indexes([{"tier": "enum"}]) == 2
    store.claim_bot("midori", "U" + "b" * 32)
    store.keep_indexes([{"tier": "enum"}])
    assert store.count("aoba", AttributeIs("tier", "enum", "is", ("gold",)), NOW) == 3
    with store.reading() as connection:
        assert "friends_date_of_change" in usable_indexes(connection)


def test_what_is_left_of_an_interrupted_making_is_made_anew(shared: SqlStore) -> None:
    url = shared.engine.url.update_query_dict({"options": "-c lock_timeout=20"})
    with open_store(url.render_as_string(hide_password=False)) as hurried, shared.writing() as connection:
        # An index is ready when those have ended who wrote to the table before.
        connection.execute(sa.delete(events).where(events.c.id == 0))
        with pytest.raises(StoreUnavailable):
            hurried.keep_indexes([])
    assert shared.keep_indexes([]) == 1
    assert shared.keep_indexes([]) == 0
    assert "events_link" in plan(shared, TAPPED)


def test_what_another_run_is_making_is_left_to_it(shared: SqlStore) -> None:
    with shared.engine.connect() as another:
        assert another.execute(ONE_MAKER).scalar_one()
        assert shared.keep_indexes([]) == 0
        another.invalidate()
    assert shared.keep_indexes([]) == 1


def test_an_index_belongs_to_its_store_and_not_to_the_tables(store: SqlStore) -> None:
    store.keep_indexes(HOT)
    assert not friends.indexes
    assert not events.indexes
