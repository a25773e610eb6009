"""Whether an SQLite store is the one that a backup was made of.

No store has a name of its own, and one that is copied has all that the first one has. So it is told by what is only
ever added, with its moment to the microsecond: the audit log, what was armed, what was frozen. A store that has all of
this that the backup has went on from it; one that lacks some is another one, or has gone back in time since.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from lineform.store.failures import translated

_ADDED: Final = {
    "accounts": "name",
    "audit": "at, account, action",
    "revisions": "account_id, address, armed_at",
    "sends": "account_id, address, frozen_at",
}
"""Tables whose rows are never deleted, and their columns that never change. They are in the first version's tables."""
_TELLING: Final = ("audit", "revisions", "sends")
"""Rows of these are one store's alone."""


def is_of(backup: Path, store: Path) -> bool:
    """Whether the SQLite store is known to have gone on from this backup. False as well where the backup holds nothing
    by which that could be known."""
    with (
        translated(sqlite3.Error),
        closing(sqlite3.connect(f"{backup.resolve().as_uri()}?mode=ro", uri=True)) as connection,
    ):
        connection.execute("ATTACH ? AS later", (f"{store.resolve().as_uri()}?mode=ro",))
        there = {row[0] for row in connection.execute("SELECT name FROM later.sqlite_master WHERE type = 'table'")}
        if not there.issuperset(_ADDED):
            return False
        told = any(connection.execute(f"SELECT 1 FROM main.{table} LIMIT 1").fetchone() for table in _TELLING)  # noqa: S608 - our own names
        return told and not any(_lacking(connection, table, columns) for table, columns in _ADDED.items())


def _lacking(connection: sqlite3.Connection, table: str, columns: str) -> bool:
    same = " AND ".join(f"later.{column} = first.{column}" for column in ("id", *columns.split(", ")))
    query = (
        f"SELECT 1 FROM main.{table} AS first WHERE NOT EXISTS"  # noqa: S608 - our own names
        f" (SELECT 1 FROM later.{table} AS later WHERE {same}) LIMIT 1"
    )
    return connection.execute(query).fetchone() is not None
