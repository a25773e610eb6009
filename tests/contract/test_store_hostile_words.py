"""Words that mean something to a database stay words: in what is known of friends, and in what is asked about them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest
import sqlalchemy as sa

from lineform.ports.friends import EventRow, FriendRow
from lineform.segments.predicate import AttributeIs, CameBy, Count, Happened, HasTag, Not, Predicate
from lineform.store import open_store
from lineform.store.open import SqlStore
from lineform.store.tables import metadata
from support.stores import NOW, user

WORDS = (
    "' OR '1'='1",
    "'; DROP TABLE friends; --",
    '" OR ""="',
    "') UNION SELECT user_id FROM line_ids --",
    "x' || (SELECT group_concat(user_id) FROM line_ids) || '",
    "$1 ? :name %s %(name)s {0} @p",
    "\\'; DELETE FROM events; --",
    "E'\\x27' OR TRUE",
    "$$; DROP TABLE sends; $$",
    "%",
    "_",
    "a%b_c\\",
    "*",
    "[a-z]",
    "/* */ -- #",
    "'||pg_sleep(10)||'",
    "'; ATTACH 'stolen.db' AS s; COPY friends TO 'stolen.csv'; --",
    '$."a"',
    '"]',
    "null",
    "\u02bc\uff07\u2019",
)
"""Each is what one friend's attribute holds, and is asked about."""


@pytest.fixture(params=["the store", "its copy"])
def store(request: pytest.FixtureRequest, store_url: str, tmp_path: Path) -> Iterator[SqlStore]:
    """A store with a friend for each word, answering itself or out of its copy in DuckDB."""
    (tmp_path / "copy").mkdir()
    copy = tmp_path / "copy" / "copy.duckdb" if request.param == "its copy" else None
    with open_store(store_url, copy=copy) as opened:
        assert isinstance(opened, SqlStore)
        rows = [
            FriendRow(user(n), word, attributes={"note": word, "likes": (word,)}, tags=(word,), language=word[:8])
            for n, word in enumerate(WORDS)
        ]
        opened.import_friends("aoba", [*rows, FriendRow(user(99), "花子", attributes={"note": "花"})], NOW)
        opened.import_friends("another's", [FriendRow(user(1), "secret", attributes={"note": "secret"})], NOW)
        done = [EventRow(user(n), "visit", f"e{n}", NOW, {"shop": word}) for n, word in enumerate(WORDS)]
        opened.add_events("aoba", done, NOW)
        if opened.copy is None:
            yield opened
            return
        opened.copy.refresh(NOW)
        # Opened once for all questions: opening it takes longer than they do.
        with opened.copy.current() as answers, pytest.MonkeyPatch.context() as patched:
            assert answers is not None
            patched.setattr(opened.copy, "current", lambda: nullcontext(answers))
            yield opened


def chosen(store: SqlStore, predicate: Predicate) -> list[str]:
    """The names of those whom it selects."""
    return [friend.display_name for friend in store.friends("aoba", list(store.select("aoba", predicate, NOW)))]


def test_what_is_known_of_friends_comes_back_byte_for_byte(store: SqlStore) -> None:
    ids = store.friend_ids("aoba", [user(n) for n in range(len(WORDS))])
    found = {friend.id: friend for friend in store.friends("aoba", list(ids.values()))}
    did = store.histories("aoba", list(ids.values()))
    for n, word in enumerate(WORDS):
        friend = found[ids[user(n)]]
        assert (friend.display_name, friend.attributes) == (word, {"note": word, "likes": (word,)})
        assert friend.tags == {word}
        assert [event.fields for event in did[friend.id]] == [{"shop": word}]


def test_a_condition_chooses_whom_it_names_and_nobody_else(store: SqlStore) -> None:
    for word in WORDS:
        visited = Happened("visit", (AttributeIs("shop", "text", "is", (word,)),), None, None, Count("at_least", (1,)))
        for predicate in (
            AttributeIs("note", "text", "is", (word,)),
            AttributeIs("note", "text", "in", (word, "nobody's")),
            AttributeIs("note", "text", "starts_with", (word,)),
            AttributeIs("likes", "set", "is", (word,)),
            AttributeIs("likes", "set", "all_of", (word,)),
            HasTag(word),
            visited,
        ):
            assert chosen(store, predicate) == [word], predicate
        assert len(chosen(store, Not(HasTag(word)))) == len(WORDS)


def test_a_name_that_nobody_declared_is_known_of_nobody(store: SqlStore) -> None:
    for word in WORDS:
        assert chosen(store, CameBy("last_route", (word,))) == []
        assert chosen(store, Happened(word, (), None, None, Count("at_least", (1,)))) == []
        for predicate in (AttributeIs(word, "text", "is", ("花",)), AttributeIs(word, "text", "known", (True,))):
            if {'"', "\\"} & set(word):
                with pytest.raises(ValueError, match="a name holds no quotes"):
                    chosen(store, predicate)
            else:
                assert chosen(store, predicate) == []


def tables(store: SqlStore) -> set[str]:
    """Without those of the jobs, which other tests may have made in the same database."""
    found = sa.inspect(store.engine).get_table_names()
    return {name for name in found if not name.startswith("procrastinate_") and name != "lineform_jobs_schema"}


def test_nothing_of_all_that_was_executed(store: SqlStore, tmp_path: Path) -> None:
    for word in WORDS:
        chosen(store, AttributeIs("note", "text", "starts_with", (word,)))
        assert store.friend_ids("aoba", [word]) == {}
        assert store.version_of(word, word, word) is None
        assert store.sends(word, address=word) == []
    assert tables(store) == set(metadata.tables)
    assert store.count_friends("aoba").friends == len(WORDS) + 1
    assert store.count_friends("another's").friends == 1
    assert [*tmp_path.rglob("stolen*"), *Path.cwd().glob("stolen*")] == []
