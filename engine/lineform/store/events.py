"""What friends did: events that are only ever added, each once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from lineform.ports.friends import EventCount, EventRow
from lineform.segments.friend import Event
from lineform.store.bulk import Row, insert_rows
from lineform.store.database import STREAMED, Database, chunks, pieces
from lineform.store.recorded import read_value, recorded_text, recorded_value
from lineform.store.tables import accounts, event_types, events, line_ids

CHUNK = 5_000
"""Events written in one transaction."""
_COLUMNS = ("type_id", "friend_id", "at", "key", "fields")


@dataclass(slots=True)
class _Work:
    """What one chunk comes to."""

    rows: list[Row] = field(default_factory=list)
    repeated: int = 0
    strangers: int = 0


def types_of(account_id: int | None) -> sa.ColumnElement[bool]:
    """Whether an event is one of this account's. To be said wherever a friend's events are meant: their index begins
    with the type."""
    return events.c.type_id.in_(sa.select(event_types.c.id).where(event_types.c.account_id == account_id))


class EventRecords(Database):
    """The history of every friend."""

    def add_events(self, account: str, rows: Iterable[EventRow], now: datetime) -> EventCount:
        """Idempotent: whatever stops it between two transactions, running it again does the rest.

        `now` is the moment of recording; an event may lie before or after it. Raises ValueError for a value that no
        database can hold.
        """
        added = repeated = strangers = 0
        for chunk in pieces(rows, CHUNK):
            with self.writing() as connection:
                work = self._add(connection, account, chunk)
            added += len(work.rows)
            repeated += work.repeated
            strangers += work.strangers
        return EventCount(added, repeated, strangers)

    def recorded_events(self, account: str, rows: Sequence[EventRow]) -> Mapping[tuple[str, str], datetime]:
        """When those of these events happened that are recorded, by their type and id."""
        wanted: dict[str, dict[str, str]] = {}
        for row in rows:
            wanted.setdefault(recorded_text(row.type), {}).update(dict.fromkeys(_keys_of(row), row.id))
        found: dict[tuple[str, str], datetime] = {}
        with self.reading() as connection:
            account_id = self.account_id(connection, account)
            for name, ids in wanted.items():
                mine = (event_types.c.account_id == account_id, event_types.c.name == name)
                query = (
                    sa.select(events.c.key, events.c.at)
                    .join_from(events, event_types, event_types.c.id == events.c.type_id)
                    .where(*mine, self.among(events.c.key, list(ids)))
                    .order_by(events.c.id)
                )
                for key, at in connection.execute(query):
                    found.setdefault((name, ids[key]), at)
        return found

    def histories(self, account: str, ids: Sequence[int]) -> Mapping[int, tuple[Event, ...]]:
        """What these friends did, the earliest first."""
        found: dict[int, list[Event]] = {}
        with self.reading() as connection:
            account_id = self.account_id(connection, account)
            for part in chunks(list(ids), STREAMED):
                rows = connection.execute(
                    sa.select(events, event_types.c.name)
                    .join_from(events, event_types, event_types.c.id == events.c.type_id)
                    .where(self.among(events.c.friend_id, part), types_of(account_id))
                    .order_by(events.c.at, events.c.id)
                )
                for row in rows:
                    fields = {name: read_value(value) for name, value in row.fields.items()}
                    found.setdefault(row.friend_id, []).append(Event(row.name, row.key, row.at, fields))
        return {friend_id: tuple(several) for friend_id, several in found.items()}

    def _add(self, connection: Connection, account: str, chunk: Sequence[EventRow]) -> _Work:
        account_id = self.own_account_id(connection, account)
        if self.postgres:
            # One writer an account at a time: two that add the same event would collide. SQLite has one writer anyway.
            connection.execute(sa.select(accounts.c.id).where(accounts.c.id == account_id).with_for_update())
        types = self._type_ids(connection, account_id, {recorded_text(row.type) for row in chunk})
        people = self._people(connection, account_id, {row.user_id for row in chunk})
        known = self._keys(connection, types, chunk)
        work = _Work()
        for row in chunk:
            type_id, friend_id = types[row.type], people.get(row.user_id)
            if friend_id is None:
                work.strangers += 1
                continue
            key = _new_key(row, friend_id, {one: known.get((type_id, one)) for one in _keys_of(row)})
            if key is None:
                work.repeated += 1
                continue
            known[type_id, key] = friend_id
            fields = {recorded_text(name): recorded_value(value) for name, value in row.fields.items()}
            work.rows.append((type_id, friend_id, row.at, key, fields))
        insert_rows(connection, events, _COLUMNS, work.rows)
        return work

    def _type_ids(self, connection: Connection, account_id: int, names: set[str]) -> dict[str, int]:
        query = sa.select(event_types.c.name, event_types.c.id).where(
            event_types.c.account_id == account_id, self.among(event_types.c.name, sorted(names))
        )
        found: dict[str, int] = dict(connection.execute(query).all())
        if missing := sorted(names - found.keys()):
            new = [{"account_id": account_id, "name": name} for name in missing]
            connection.execute(self.insert(event_types).on_conflict_do_nothing(), new)
            found = dict(connection.execute(query).all())
        return found

    def _people(self, connection: Connection, account_id: int, user_ids: set[str]) -> dict[str, int]:
        rows = connection.execute(
            sa.select(line_ids.c.user_id, line_ids.c.friend_id).where(
                line_ids.c.account_id == account_id, self.among(line_ids.c.user_id, sorted(user_ids))
            )
        )
        return dict(rows.all())

    def _keys(
        self, connection: Connection, types: Mapping[str, int], chunk: Sequence[EventRow]
    ) -> dict[tuple[int, str], int]:
        """Whose the keys are that these events may have, of those that are recorded."""
        by_type: dict[str, list[str]] = {}
        for row in chunk:
            by_type.setdefault(row.type, []).extend(_keys_of(row))
        found: dict[tuple[int, str], int] = {}
        for name, keys in by_type.items():
            query: Any = sa.select(events.c.key, events.c.friend_id).where(
                events.c.type_id == types[name], self.among(events.c.key, keys)
            )
            found |= {(types[name], key): friend_id for key, friend_id in connection.execute(query)}
        return found


def _keys_of(row: EventRow) -> tuple[str, ...]:
    """What an event may be recorded under for its friend."""
    key = recorded_text(row.id)
    return (key, f"{key}/{row.user_id}") if row.shared else (key,)


def _new_key(row: EventRow, friend_id: int, owners: Mapping[str, int | None]) -> str | None:
    """What an event is to be recorded under, by whose its keys are; None where its friend has it already.

    A key is recorded once. So the first of a member's friends has the event under its id, and each other one under
    an own key; who of them came first is not known by how many they are today.
    """
    if row.shared and friend_id in owners.values():
        return None
    return next((key for key, owner in owners.items() if owner is None), None)
