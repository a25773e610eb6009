"""Stores for the tests: each kind empty and migrated, and ready-made friends to put into them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import URL

from lineform.lineapi.routes import Route
from lineform.ports.ledger import NewBatch, NewSend
from lineform.ports.store import Store
from lineform.sending.status import SendStatus
from lineform.store import open_store
from lineform.store.open import SqlStore
from support.postgres import empty, new_database

NOW = datetime(2026, 12, 1, 1, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def postgres_url(postgres_server: URL) -> str:
    """A migrated database of this process."""
    url = new_database(postgres_server)
    with open_store(url) as store:
        store.migrate()
    return url


def new_file(path: Path) -> str:
    """The URL of an empty, migrated SQLite store at `path`: a copy of one that was migrated once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_migrated())
    return f"sqlite:///{path}"


@cache
def _migrated() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "store.db"
        with open_store(f"sqlite:///{path}") as store:
            store.migrate()
        return path.read_bytes()


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty, migrated store of each kind."""
    if request.param == "postgresql":
        url: str = request.getfixturevalue("postgres_url")
        empty(url)
        return url
    return new_file(tmp_path / "store.db")


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """An empty, migrated store of each kind."""
    with open_store(store_url) as opened:
        yield opened


@pytest.fixture(params=["sqlite", "postgresql"])
def fresh_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a store of each kind that was never used."""
    if request.param == "postgresql":
        return new_database(request.getfixturevalue("postgres_server"))
    return f"sqlite:///{tmp_path}/fresh/store.db"


Opener = Callable[[], AbstractContextManager[Store]]


def user(number: int) -> str:
    """A LINE user id."""
    return f"U{number:032x}"


def sql(store: Store) -> SqlStore:
    """What a store holds besides its port, for tests that look into its tables."""
    assert isinstance(store, SqlStore)
    return store


class Unread(Iterator[NewBatch]):
    """The batches of a send that is not made: nobody may read them."""

    def __next__(self) -> NewBatch:
        raise AssertionError("batches were read of a send that is not made")


def new_send(key: str = "2026-12-01T10:00", **changes: Any) -> NewSend:
    """An occurrence of the winter sale."""
    return replace(NewSend("campaign.winter-sale", "d1", key, NOW, SendStatus.FROZEN, recipients=3), **changes)


def new_batches(count: int, friends: tuple[int, ...] = (1, 2, 3), route: Route = Route.MULTICAST) -> list[NewBatch]:
    """Batches to freeze."""
    return [NewBatch(seq, route, friends, b'{"messages":[]}', uuid4()) for seq in range(count)]
