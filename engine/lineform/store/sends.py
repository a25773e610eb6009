"""Sends as the ledger tells them: what was frozen of them, and how many of their calls came to what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa

from lineform.ports.ledger import Occurrence, Send
from lineform.sending.status import COMING, UNFINISHED, BatchStatus, SendStatus
from lineform.store.database import Database
from lineform.store.freezing import REACHED
from lineform.store.tables import accounts, batches, sends

_TAKEN = (BatchStatus.ACCEPTED, BatchStatus.ANSWERED)
# Written out, not bound: only so does SQLite see that the index over unfinished sends answers it. A ledger holds
# thousands of sends, and few of them are unfinished.
IS_UNFINISHED = sends.c.status.in_(
    sa.bindparam("unfinished", [status.value for status in UNFINISHED], expanding=True, literal_execute=True)
)
_TOLD = tuple(column for column in sends.c if column is not sends.c.frame)
OF_ACCOUNT = accounts.c.name == sa.bindparam("account")
_IS_ADDRESS = sends.c.address == sa.bindparam("address")
_IS_KEY = sends.c.key == sa.bindparam("key")
_OF_PAGE = (sends.c.id >= sa.bindparam("first"), sends.c.id <= sa.bindparam("last"))
_PAGE = 1_000
"""Sends in memory where all of them are told."""
# Whatever is open is told, however old.
_REPORTED = sa.or_(
    sends.c.due_at >= sa.bindparam("since"),
    sends.c.status.in_([SendStatus.HELD.value, *(status.value for status in UNFINISHED)]),
)
_OCCURRENCES = (
    sa.select(*(sends.c[one.name] for one in fields(Occurrence)))
    .join_from(sends, accounts, accounts.c.id == sends.c.account_id)
    .where(
        OF_ACCOUNT,
        sends.c.address.in_(sa.bindparam("addresses", expanding=True)),
        sa.or_(sends.c.due_at >= sa.bindparam("since"), sends.c.status == SendStatus.RELEASED.value),
    )
    .order_by(sends.c.id)
)

_Counted = tuple[int, int, datetime | None]
"""Batches of one status: how many, their recipients, and when the last was called."""


class SendRecords(Database):
    """What was frozen, and what came of it."""

    def sends(self, account: str, *, address: str = "", unfinished: bool = False) -> Sequence[Send]:
        """Sends in the order of their freezing, with the counts of their batches. Unfinished: with work left."""
        wanted = ((_IS_ADDRESS,) if address else ()) + ((IS_UNFINISHED,) if unfinished else ())
        return self._sends(wanted, account=account, address=address)

    def sends_since(self, account: str, since: datetime, *, address: str = "") -> Iterator[Send]:
        """Page by page: a ledger holds millions of steps."""
        wanted = (_IS_ADDRESS, _REPORTED) if address else (_REPORTED,)
        ids = (
            sa.select(sends.c.id)
            .join_from(sends, accounts, accounts.c.id == sends.c.account_id)
            .where(OF_ACCOUNT, *wanted, sends.c.id >= sa.bindparam("first"))
            .order_by(sends.c.id)
            .limit(_PAGE)
        )
        asked: dict[str, Any] = {"account": account, "address": address, "since": since, "first": 0}
        while True:
            with self.reading() as connection:
                page = connection.execute(ids, asked).scalars().all()
            if not page:
                return
            yield from self._sends((*wanted, *_OF_PAGE), **asked, last=page[-1])
            asked["first"] = page[-1] + 1

    def send(self, account: str, address: str, key: str) -> Send | None:
        """One occurrence, None where it was never frozen."""
        found = self._sends((_IS_ADDRESS, _IS_KEY), account=account, address=address, key=key)
        return found[0] if found else None

    def occurrences(self, account: str, addresses: Sequence[str], since: datetime) -> Sequence[Occurrence]:
        """By the index over occurrences, campaign by campaign."""
        asked = {"account": account, "addresses": list(addresses), "since": since}
        with self.reading() as connection:
            rows = connection.execute(_OCCURRENCES, asked).all() if addresses else ()
        return [
            Occurrence(row.id, row.address, row.digest, row.key, row.due_at, SendStatus(row.status), row.capped)
            for row in rows
        ]

    def has_called(self, account: str, prefix: str) -> bool:
        """Whether any call was ever begun for an address that begins so."""
        called = sa.and_(batches.c.send_id == sends.c.id, batches.c.first_called_at.is_not(None))
        query = (
            sa.select(sends.c.id)
            .join_from(sends, accounts, accounts.c.id == sends.c.account_id)
            .where(accounts.c.name == account, sends.c.address.startswith(prefix, autoescape=True))
            .where(sa.exists().where(called))
        )
        with self.reading() as connection:
            return connection.execute(query.limit(1)).first() is not None

    def accepted_request_ids(self, send_id: int) -> Sequence[str]:
        """LINE's ids of the accepted calls, in the batches' order."""
        query = sa.select(batches.c.request_id).where(
            batches.c.send_id == send_id, batches.c.status == BatchStatus.ACCEPTED, batches.c.request_id != ""
        )
        with self.reading() as connection:
            return connection.execute(query.order_by(batches.c.seq)).scalars().all()

    def _sends(self, wanted: tuple[sa.ColumnElement[bool], ...], **asked: Any) -> list[Send]:
        chosen, counts = _chosen_sends(wanted)
        with self.reading() as connection:
            rows = connection.execute(chosen, asked).all()
            counted: dict[int, dict[BatchStatus, _Counted]] = {}
            for send_id, status, count, reached, called_at in connection.execute(counts, asked) if rows else ():
                counted.setdefault(send_id, {})[BatchStatus(status)] = (count, int(reached), called_at)
        return [_send(row, counted.get(row.id, {})) for row in rows]


@cache
def _chosen_sends(wanted: tuple[sa.ColumnElement[bool], ...]) -> tuple[sa.Select[Any], sa.Select[Any]]:
    """Sends of an account for which all of this is true, and the counts of their batches. Built once: a statement
    costs more to build than to answer."""
    chosen = sa.select(*_TOLD).join_from(sends, accounts, accounts.c.id == sends.c.account_id)
    counts = (
        sa.select(
            batches.c.send_id,
            batches.c.status,
            sa.func.count(),
            sa.func.sum(REACHED),
            sa.func.max(batches.c.called_at),
        )
        .join_from(batches, sends, sends.c.id == batches.c.send_id)
        .join(accounts, accounts.c.id == sends.c.account_id)
        .where(OF_ACCOUNT, *wanted, batches.c.status != BatchStatus.CAPPED.value)
        .group_by(batches.c.send_id, batches.c.status)
    )
    return chosen.where(OF_ACCOUNT, *wanted).order_by(sends.c.id), counts


def _send(row: Any, counted: Mapping[BatchStatus, _Counted]) -> Send:
    return Send(
        id=row.id,
        address=row.address,
        digest=row.digest,
        key=row.key,
        due_at=row.due_at,
        status=SendStatus(row.status),
        recipients=row.recipients,
        recipients_hash=row.recipients_hash,
        reason=row.reason,
        capped=row.capped,
        frozen_at=row.frozen_at,
        changed_at=row.changed_at,
        batches={status: count for status, (count, _, _) in counted.items()},
        accepted_recipients=sum(counted.get(status, (0, 0, None))[1] for status in _TAKEN),
        last_called_at=max((at for _, _, at in counted.values() if at is not None), default=None),
        reopened=any(counted.get(status, (0, 0, None))[2] is not None for status in COMING),
    )
