"""A store with a copy of its friends, and what each of the two says."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import pytest

from lineform.segments.predicate import (
    EVERYONE,
    AttributeIs,
    CameBy,
    Count,
    FriendSince,
    Happened,
    HasTag,
    IsMember,
    Not,
    Predicate,
    Sum,
)
from lineform.store import open_store
from lineform.store.copy import PopulationCopy
from lineform.store.open import SqlStore
from support.populations import history, population
from support.stores import NOW

SECRET = "a secret that never changes"
QUESTIONS: tuple[Predicate, ...] = (
    EVERYONE,
    HasTag("vip"),
    HasTag("vip", 3600),
    Not(HasTag("new")),
    AttributeIs("tier", "enum", "is", ("gold",)),
    AttributeIs("visits", "number", "at_least", (2,)),
    AttributeIs("likes", "set", "is", ("金",)),
    AttributeIs("備考", "text", "known", (True,)),
    CameBy("last_route", ("poster",)),
    IsMember(),
    FriendSince(3600, None),
    Happened("visit", (), None, None, Count("is", (0,))),
    Happened("purchase", (), None, None, Sum("amount", "at_least", (100.0,))),
)


@contextmanager
def copied(url: str, folder: Path) -> Iterator[SqlStore]:
    """A store with two hundred friends and what they did, and a copy of them."""
    with open_store(url, SECRET, copy=folder / "copy" / "copy.duckdb") as opened:
        (folder / "copy").mkdir()
        assert isinstance(opened, SqlStore)
        opened.import_friends("aoba", population(Random(1), 200), NOW)
        opened.add_events("aoba", history(Random(1), 200, "aoba"), NOW)
        copy_of(opened).refresh(NOW)
        yield opened


def copy_of(store: SqlStore) -> PopulationCopy:
    assert store.copy is not None
    return store.copy


@contextmanager
def of_the_copy_alone(store: SqlStore) -> Iterator[None]:
    """Inside of it, what the copy fails to answer fails, and is not asked of the store."""
    asked = store._asked

    def alone(*given: Any, of_copy: bool = True) -> Any:
        assert of_copy, "the copy failed"
        return asked(*given)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "_asked", alone)
        yield


def told(store: SqlStore) -> list[list[int]]:
    """What the copy answers; it fails where the store would have to answer."""
    with copy_of(store).current() as answers:
        assert answers is not None
    with of_the_copy_alone(store):
        return [list(store.select("aoba", question, NOW)) for question in QUESTIONS]


def true(store: SqlStore) -> list[list[int]]:
    """What the store itself answers."""
    with open_store(store.engine.url.render_as_string(hide_password=False)) as other:
        return [list(other.select("aoba", question, NOW)) for question in QUESTIONS]


def true_count(store: SqlStore, question: Predicate) -> int:
    with open_store(store.engine.url.render_as_string(hide_password=False)) as other:
        return other.count("aoba", question, NOW)
