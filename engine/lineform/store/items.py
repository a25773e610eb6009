"""The feed of items, and what friends chose."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby

import sqlalchemy as sa

from lineform.ports.items import Item, ItemCount
from lineform.store.database import STREAMED, Database
from lineform.store.recorded import read_value, recorded_text, recorded_value
from lineform.store.tables import event_types, events, items


class ItemRecords(Database):
    """Items are few against friends: a feed is written whole."""

    def import_items(self, account: str, listed: Sequence[Item], now: datetime) -> ItemCount:
        """Raises ValueError for a value that no database can hold."""
        wanted = {
            recorded_text(one.id): {recorded_text(name): recorded_value(value) for name, value in one.fields.items()}
            for one in listed
        }
        with self.writing() as connection:
            account_id = self.own_account_id(connection, account)
            known = {
                row.key: row.fields
                for row in connection.execute(sa.select(items).where(items.c.account_id == account_id))
            }
            connection.execute(sa.delete(items).where(items.c.account_id == account_id))
            rows = [
                {"account_id": account_id, "key": key, "place": place, "fields": fields}
                for place, (key, fields) in enumerate(wanted.items())
            ]
            if rows:
                connection.execute(sa.insert(items), rows)
        changed = sum(1 for key, fields in wanted.items() if key in known and known[key] != fields)
        added = len(wanted.keys() - known.keys())
        return ItemCount(added, changed, len(wanted) - added - changed, len(known.keys() - wanted.keys()))

    def items(self, account: str) -> Sequence[Item]:
        """In the order of the feed."""
        with self.reading() as connection:
            query = sa.select(items).where(items.c.account_id == self.account_id(connection, account))
            rows = connection.execute(query.order_by(items.c.place)).all()
        return [Item(row.key, {name: read_value(value) for name, value in row.fields.items()}) for row in rows]

    def choices(
        self, account: str, event: str, field: str, since: datetime, ids: Sequence[int] | None = None
    ) -> Iterator[tuple[int, list[str]]]:
        """Streamed: memory does not grow with the history."""
        if ids is not None and not ids:
            return
        with self.reading() as connection:
            type_id = sa.select(event_types.c.id).where(
                event_types.c.account_id == self.account_id(connection, account), event_types.c.name == event
            )
            query = (
                sa.select(events.c.friend_id, events.c.fields)
                .where(events.c.type_id == type_id.scalar_subquery(), events.c.at >= since)
                .order_by(events.c.friend_id, events.c.at.desc(), events.c.id.desc())
            )
            if ids is not None:
                query = query.where(self.among(events.c.friend_id, list(ids)))
            rows = connection.execution_options(stream_results=True, yield_per=STREAMED).execute(query)
            for friend_id, several in groupby(rows, key=lambda row: row.friend_id):
                values = (row.fields.get(field) for row in several)
                yield friend_id, list(dict.fromkeys(str(value) for value in values if isinstance(value, str | int)))
