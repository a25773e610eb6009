"""Calls to several friends at once, as far as limits about single friends ask: read once and remembered.

A week holds a few thousand such calls, each with up to 500 friends. To read them for every friend who taps something
would read megabytes each time; to write a row for each of their friends would double what a send to millions writes.
What is over never changes, so it is kept in eight bytes a friend; only sends that are new or not over are read again.
What is held is not over: a person may let the rest of it go, days later.
"""

from __future__ import annotations

import threading
from array import array
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import Connection

from lineform.lineapi.routes import Route
from lineform.sending.caps import Contact
from lineform.sending.status import CALLED, COMING, UNFINISHED, SendStatus
from lineform.store.database import STREAMED, among, chunks
from lineform.store.tables import batches, sends
from lineform.store.types import unpack_ids

_OVERLAP: Final = timedelta(minutes=30)
"""Two freezes are not on the disk in the order of their clocks: so much is read again."""
_LEFT = frozenset({SendStatus.HELD, SendStatus.RELEASED})
"""Nothing of such a send is called until its status changes."""
_OPEN = _LEFT.union(UNFINISHED)
_EVERYBODY: Final = 0
"""The id under which a call to all friends is told."""


@dataclass(slots=True)
class Group:
    """One call. `ids` ascend, and are empty for a broadcast."""

    address: str
    status: str
    send_status: str
    called_at: datetime | None
    digest: bytes
    ids: array[int]

    def contact(self, since: datetime, now: datetime) -> Contact | None:
        """The call as somebody was reached by it, or is about to be; None where nobody was since then."""
        if self.status in CALLED and self.called_at is not None and self.called_at > since:
            return Contact(self.called_at, self.address, (), self.digest)
        if self.status in COMING and self.send_status in {SendStatus.FROZEN, SendStatus.WAITING}:
            return Contact(now, self.address, (), self.digest)
        return None

    def among(self, wanted: Sequence[int]) -> Iterator[int]:
        """Those of `wanted` (ascending) whom it reaches; 0 where it reaches everybody."""
        if not self.ids:
            yield _EVERYBODY
            return
        ids, last = self.ids, self.ids[-1]
        for place in range(bisect_left(wanted, ids[0]), len(wanted)):
            one = wanted[place]
            if one > last:
                return
            found = bisect_left(ids, one)
            if found < len(ids) and ids[found] == one:
                yield one


@dataclass(slots=True)
class _Known:
    frozen: datetime
    """Up to when freezes were read."""
    open: dict[int, tuple[str, datetime]] = field(default_factory=dict)
    """Sends that were not over when they were read: their status, and when it was set."""
    groups: dict[int, tuple[datetime, dict[int, Group]]] = field(default_factory=dict)
    """By send: when it was frozen, and its calls by batch."""


class Groups:
    """The calls to several of every account that was asked about."""

    def __init__(self) -> None:
        self._known: dict[int, _Known] = {}
        self._lock = threading.Lock()

    def of(self, connection: Connection, account_id: int, since: datetime) -> list[Group]:
        """Every call to several that may have happened later than `since`."""
        with self._lock:
            known = self._known.get(account_id)
            if known is None or known.frozen < since:
                known = self._known[account_id] = _Known(since - timedelta(days=30))
            self._read_on(connection, account_id, known)
            self._drop(known, since)
            return [group for _, groups in known.groups.values() for group in groups.values()]

    def _read_on(self, connection: Connection, account_id: int, known: _Known) -> None:
        newer = sa.and_(sends.c.account_id == account_id, sends.c.frozen_at > known.frozen - _OVERLAP)
        columns = (sends.c.id, sends.c.address, sends.c.status, sends.c.frozen_at, sends.c.changed_at)
        query = sa.select(*columns)
        rows = list(connection.execute(query.where(newer)))
        again = known.open.keys() - {row.id for row in rows}
        for part in chunks(sorted(again), STREAMED):
            rows += connection.execute(query.where(among(connection, sends.c.id, part))).all()
        for row in rows:
            seen, now = known.open.get(row.id), (row.status, row.changed_at)
            if seen == now and row.status in _LEFT:
                continue
            if row.id in known.groups and seen is None and row.status not in _OPEN:
                continue
            _, before = known.groups.get(row.id, (row.frozen_at, {}))
            known.groups[row.id] = (row.frozen_at, self._calls(connection, row, before))
            if row.status in _OPEN:
                known.open[row.id] = now
            else:
                known.open.pop(row.id, None)
            known.frozen = max(known.frozen, row.frozen_at)

    def _calls(self, connection: Connection, send: Any, before: Mapping[int, Group]) -> dict[int, Group]:
        """The calls of one send as they are now. Who is in a call never changes: of those that were read `before`, only
        what became of them is read again."""
        columns = (batches.c.id, batches.c.status, batches.c.called_at)
        which = sa.and_(
            batches.c.send_id == send.id, batches.c.addressee.is_(None), batches.c.route != Route.NARROWCAST.value
        )
        found: dict[int, Group] = {}
        new: dict[int, Any] = {}
        # Whom a held send would reach is read when somebody lets it go.
        asked = CALLED if send.status == SendStatus.HELD else (*CALLED, *COMING)
        for row in connection.execute(sa.select(*columns).where(which, batches.c.status.in_(sorted(asked)))):
            if (known := before.get(row.id)) is None:
                new[row.id] = row
            else:
                found[row.id] = replace(known, status=row.status, send_status=send.status, called_at=row.called_at)
        if new:
            rest = sa.select(batches.c.id, batches.c.digest, batches.c.friend_ids).where(which)
            for row in connection.execute(rest):
                if (told := new.get(row.id)) is not None:
                    ids = array("q", sorted(unpack_ids(row.friend_ids)))
                    found[row.id] = Group(
                        send.address, told.status, send.status, told.called_at, bytes(row.digest), ids
                    )
        return found

    def _drop(self, known: _Known, since: datetime) -> None:
        """Forgets what nobody asks about any more."""
        if len(known.groups) % 64:
            return
        old = [
            send_id
            for send_id, (frozen, groups) in known.groups.items()
            if (send_id not in known.open or known.open[send_id][0] == SendStatus.HELD)
            and frozen < since - _OVERLAP
            and all(group.called_at is None or group.called_at <= since for group in groups.values())
        ]
        for send_id in old:
            del known.groups[send_id]
