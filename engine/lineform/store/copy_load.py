"""From the store into the copy: rows as CSV in pieces of bounded size, written by the database and read by DuckDB.

No row passes through Python as values: SQLite joins thousands of rows to one text and PostgreSQL copies out, which is
several times faster than fetching them. What names a person to LINE is not copied at all.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

from sqlalchemy import Connection

from lineform.store.changes import Changed
from lineform.store.copy_sql import (
    EVENTS,
    FRIEND_TAGS,
    FRIENDS,
    KINDS,
    NAMES,
    TABLES,
    Column,
    Copied,
    shredding,
)
from lineform.store.database import chunks

PIECE = 64 * 1024 * 1024
"""Bytes of a piece, about."""
_ROWS = 10_000
_ASKED = 20_000
_CSV = "header=false, auto_detect=false, delim=',', quote='\"', escape='\"', nullstr='', allow_quoted_nulls=false"


class Loader:
    """Loads the rows of one snapshot of the store into an open copy."""

    def __init__(self, store: Connection, copy: Any, piece: Path) -> None:
        self._source = _Sqlite(store) if store.dialect.name == "sqlite" else _Postgres(store)
        self._copy = copy
        self._piece = piece

    def everything(self) -> None:
        """All rows of all tables, into an empty copy."""
        self.names()
        for table in TABLES:
            self._load(table, self._source.all_of(table))

    def names(self) -> None:
        """The words that ids stand for."""
        for name in NAMES:
            self._copy.execute(f"DELETE FROM {name}")  # noqa: S608 - our own names
            if rows := self._source.names(name):
                columns = [list(column) for column in zip(*rows, strict=True)]
                self._copy.execute(f"INSERT INTO {name} SELECT unnest($1), unnest($2), unnest($3)", columns)

    def again(self, changed: Changed) -> None:
        """These friends with their tags, these events and menus as they are now; those that are gone go here as
        well."""
        self.names()
        of_ids = (
            (FRIENDS, changed.friends | changed.menus),
            (FRIEND_TAGS, changed.friends),
            (EVENTS, changed.events),
        )
        for table, ids in of_ids:
            gone = f"DELETE FROM {table.name} WHERE {table.key} IN (SELECT unnest($1))"  # noqa: S608 - our own names
            for part in chunks(sorted(ids), _ASKED):
                self._copy.execute(gone, [list(part)])
                self._load(table, self._source.some_of(table, part))

    def _load(self, table: Copied, texts: Iterator[str | bytes]) -> None:
        more = True
        while more:
            with self._open() as file:
                more = _fill(file, texts)
                empty = not file.tell()
            if not empty:
                self._take(table)

    def _open(self) -> IO[bytes]:
        # What it holds is about people: for its owner alone.
        return os.fdopen(os.open(self._piece, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")

    def _take(self, table: Copied) -> None:
        """Adds the rows of the piece to the table."""
        columns = {column.name: column.type for column in table.loaded}
        # No name and no type of these comes from outside.
        typed = ", ".join(f"'{name}': '{type_}'" for name, type_ in columns.items())
        read = f"SELECT * FROM read_csv(?, {_CSV}, columns={{{typed}}})"  # noqa: S608 - see above
        self._copy.execute(f"CREATE OR REPLACE TEMP TABLE piece AS {read}", [str(self._piece)])
        places = self._places(table) if table.json else {}
        order = f" ORDER BY {table.order}" if table.order else ""
        rows = self._numbered(table) if table.alike else " FROM piece"
        self._copy.execute(f"INSERT INTO {table.name} BY NAME SELECT {shredding(table, places)}{rows}{order}")
        self._copy.execute("DROP TABLE piece")

    def _numbered(self, table: Copied) -> str:
        """The number of what each row of the piece has in common with others, new ones made: the end of a select."""
        alike = ", ".join(["account_id", *(column.name for column in table.alike)])
        new = (
            f"SELECT DISTINCT {alike} FROM piece WHERE {table.alike[0].name} IS NOT NULL "  # noqa: S608 - our own names
            f"EXCEPT SELECT {alike} FROM records"
        )
        last = "(SELECT coalesce(max(number), 0) FROM records)"
        self._copy.execute(f"INSERT INTO records SELECT {last} + row_number() OVER (), * FROM ({new})")  # noqa: S608 - our own names
        return f", number AS record FROM piece LEFT JOIN records USING ({alike})"

    def _places(self, table: Copied) -> dict[tuple[str, str], str]:
        """The columns for the JSON of the piece, made where there is none yet."""
        rows = self._copy.execute("SELECT name, kind, place FROM shredded WHERE of = ?", [table.name]).fetchall()
        places = {(name, kind): place for name, kind, place in rows}
        found: set[tuple[str, str]] = set()
        structures = f"SELECT DISTINCT CAST(json_structure({table.json}) AS VARCHAR) FROM piece"  # noqa: S608 - our own names
        for (structure,) in self._copy.execute(structures).fetchall():
            found.update(_kinds(json.loads(structure)))
        known = len(places)
        for name, kind in sorted(found - places.keys()):
            places[name, kind] = f"{table.name[0]}{len(places)}"
            row = [table.name, name, kind, places[name, kind]]
            self._copy.execute("INSERT INTO shredded VALUES (?, ?, ?, ?)", row)
        if len(places) > known:
            self._widen(table, list(places.items())[known:])
        return {one: places[one] for one in sorted(found)}

    def _widen(self, table: Copied, new: Sequence[tuple[tuple[str, str], str]]) -> None:
        """Adds columns. The table is written anew: ADD COLUMN takes two bytes a row in memory, which nothing bounds."""
        added = ", ".join(f"CAST(NULL AS {KINDS[kind][0]}) AS {place}" for (_, kind), place in new)
        self._copy.execute(f"CREATE TABLE wider AS SELECT *, {added} FROM {table.name}")  # noqa: S608 - our own names
        self._copy.execute(f"DROP TABLE {table.name}")
        self._copy.execute(f"ALTER TABLE wider RENAME TO {table.name}")


def _kinds(structure: Any) -> Iterator[tuple[str, str]]:
    """Names and kinds of the values of a JSON object; where several types met, each of them."""
    for name, type_ in (structure if isinstance(structure, dict) else {}).items():
        if any(mark in name for mark in '"\\') or not name:
            continue  # no condition can ask for it
        if isinstance(type_, list):
            yield name, "s"
            continue
        fitting = [kind for kind, (_, words) in KINDS.items() if type_ in words]
        yield from ((name, kind) for kind in fitting or (KINDS if type_ == "JSON" else ()))


def _fill(file: IO[bytes], texts: Iterator[str | bytes]) -> bool:
    """Writes texts until a piece is full; False where nothing is left."""
    for text in texts:
        file.write(text.encode() if isinstance(text, str) else text)
        if file.tell() >= PIECE:
            return True
    return False


class _Sqlite:
    def __init__(self, connection: Connection) -> None:
        self._cursor: Any = connection.connection.cursor()

    def names(self, table: str) -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = self._cursor.execute(f"SELECT id, account_id, name FROM {table}").fetchall()  # noqa: S608 - our own names
        return rows

    def all_of(self, table: Copied) -> Iterator[str]:
        if table is not FRIEND_TAGS:
            yield from self._walk(table, "", ())
            return
        for (tag,) in self._cursor.execute("SELECT id FROM tags").fetchall():
            yield from self._walk(table, "tag_id = ? AND ", (tag,))

    def _walk(self, table: Copied, among: str, values: tuple[Any, ...]) -> Iterator[str]:
        """In the order of the table's own key, thousands of rows a time."""
        rows = (
            f"SELECT {table.key} AS key, {_line(table)} AS line FROM {table.name}{table.beside} "  # noqa: S608 - our own names
            f"WHERE {among}{table.key} > ? ORDER BY {table.key} LIMIT {_ROWS}"
        )
        query = f"SELECT group_concat(line, ''), max(key) FROM ({rows})"  # noqa: S608 - our own names
        last = -1
        while True:
            text, last = self._cursor.execute(query, (*values, last)).fetchone()
            if text is None:
                return
            yield text

    def some_of(self, table: Copied, ids: Sequence[int]) -> Iterator[str]:
        query = (
            f"SELECT group_concat({_line(table)}, '') FROM {table.name}{table.beside} "  # noqa: S608 - our own names
            f"WHERE {table.key} IN (SELECT value FROM json_each(?))"
        )
        (text,) = self._cursor.execute(query, (json.dumps(list(ids)),)).fetchone()
        if text is not None:
            yield text


def _line(table: Copied) -> str:
    """A row of SQLite's as a line of CSV."""
    cells = [_cell(column) for column in table.loaded]
    return " || ',' || ".join(cells) + " || char(10)"


def _cell(column: Column) -> str:
    quoted = f"'\"' || replace({column.store}, '\"', '\"\"') || '\"'"
    return f"coalesce({quoted if column.quoted else column.store}, '')"


class _Postgres:
    def __init__(self, connection: Connection) -> None:
        self._cursor: Any = connection.connection.cursor()
        self._cursor.execute("SET LOCAL TIME ZONE 'UTC'")

    def names(self, table: str) -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = self._cursor.execute(f"SELECT id, account_id, name FROM {table}").fetchall()  # noqa: S608 - our own names
        return rows

    def all_of(self, table: Copied) -> Iterator[bytes]:
        return self._copied(f"SELECT {_list(table)} FROM {table.name}{table.beside}", None)  # noqa: S608 - our own names

    def some_of(self, table: Copied, ids: Sequence[int]) -> Iterator[bytes]:
        query = f"SELECT {_list(table)} FROM {table.name}{table.beside} WHERE {table.key} = ANY(%s::bigint[])"  # noqa: S608 - our own names
        return self._copied(query, (list(ids),))

    def _copied(self, query: str, values: tuple[Any, ...] | None) -> Iterator[bytes]:
        with self._cursor.copy(f"COPY ({query}) TO STDOUT (FORMAT csv)", values) as rows:
            yield from map(bytes, rows)


def _list(table: Copied) -> str:
    return ", ".join(column.store for column in table.loaded)
