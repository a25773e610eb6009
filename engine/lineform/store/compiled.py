"""What statements were compiled to, kept for every store that this process opens.

SQLAlchemy keeps it for each engine by itself, and to compile a statement takes longer than most of them do. A process
that opens one store after another would compile all of them anew for each.
"""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from typing import Any

from sqlalchemy import Dialect
from sqlalchemy.engine import Compiled
from sqlalchemy.util import LRUCache

MOST = 1_000
"""Statements that are kept, and half as many for a while: twice what SQLAlchemy keeps for one engine, since a process
may open stores of both kinds."""

_Key = tuple[Any, ...]


class Compilations(MutableMapping[Any, Compiled]):
    """For SQLAlchemy's option `compiled_cache`. Its keys begin with the engine's own dialect; here engines of one kind,
    driver and server share what they compile, for nothing else tells one of our engines from another."""

    def __init__(self, most: int = MOST) -> None:
        self._kept: LRUCache[_Key, Compiled] = LRUCache(most)

    def __getitem__(self, key: _Key) -> Compiled:
        return self._kept[_shared(key)]

    def __setitem__(self, key: _Key, compiled: Compiled) -> None:
        self._kept[_shared(key)] = compiled

    def __delitem__(self, key: _Key) -> None:
        del self._kept[_shared(key)]

    def __iter__(self) -> Iterator[_Key]:
        return iter(self._kept)

    def __len__(self) -> int:
        return len(self._kept)


def _shared(key: _Key) -> _Key:
    dialect: Dialect = key[0]
    return (dialect.name, dialect.driver, dialect.server_version_info, *key[1:])
