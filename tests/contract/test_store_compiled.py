"""A statement is compiled once in a process, for whichever store asks it first; what it asks about stays its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.engine.interfaces import CacheStats

from lineform.ports.friends import FriendRow
from lineform.store import open_store
from lineform.store.compiled import Compilations
from support.stores import NOW, user


@contextmanager
def compiling() -> Iterator[list[str]]:
    """What is compiled meanwhile, by whichever engine."""
    seen: list[str] = []

    def look(connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        if context.compiled is not None and context.cache_hit is not CacheStats.CACHE_HIT:
            seen.append(statement)

    event.listen(Engine, "before_cursor_execute", look)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", look)


def known(url: str, *numbers: int) -> set[str]:
    """Whom of these a store that is opened anew knows, once they were imported."""
    with open_store(url) as store:
        store.import_friends("salon", [FriendRow(user(number)) for number in numbers], NOW)
        return set(store.friend_ids("salon", [user(number) for number in range(4)]))


def test_the_next_store_compiles_nothing_that_one_before_it_did(store_url: str) -> None:
    known(store_url, 1)
    with compiling() as seen:
        assert known(store_url, 2) == {user(1), user(2)}
    assert seen == []


def test_of_more_statements_than_are_kept_the_oldest_go(store_url: str) -> None:
    with open_store(store_url) as store:
        few = Compilations(2)
        store.engine.update_execution_options(compiled_cache=few)  # type: ignore[attr-defined]
        store.import_friends("salon", [FriendRow(user(1))], NOW)
        assert set(store.friend_ids("salon", [user(1)])) == {user(1)}
    assert 0 < len(few) <= 3
