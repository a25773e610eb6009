"""Who did what, and when."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from lineform.ports.audit import AuditEntry
from lineform.store.database import Database
from lineform.store.tables import audit


class AuditRecords(Database):
    """The audit log; entries are only ever added."""

    def note(self, entry: AuditEntry) -> None:
        """Adds an entry."""
        values = {
            "at": entry.at,
            "account": entry.account,
            "actor": entry.actor,
            "action": entry.action,
            "subject": entry.subject,
            "detail": entry.detail,
        }
        with self.writing() as connection:
            connection.execute(sa.insert(audit).values(values))

    def noted(self, account: str, action: str, since: datetime) -> Sequence[AuditEntry]:
        """Entries of one action since then, the oldest first."""
        return self._since(account, audit.c.action == action, since)

    def noted_about(self, account: str, subjects: Collection[str], since: datetime) -> Sequence[AuditEntry]:
        """Entries about these subjects since then, the oldest first."""
        return self._since(account, audit.c.subject.in_(list(subjects)), since) if subjects else []

    def _since(self, account: str, wanted: sa.ColumnElement[bool], since: datetime) -> list[AuditEntry]:
        query = sa.select(audit).where(audit.c.account == account, wanted, audit.c.at >= since)
        with self.reading() as connection:
            rows = connection.execute(query.order_by(audit.c.id)).all()
        return [_entry(row) for row in rows]

    def notes(self, account: str, limit: int = 100) -> Sequence[AuditEntry]:
        """The latest entries, the newest first."""
        query = sa.select(audit).where(audit.c.account == account).order_by(audit.c.id.desc()).limit(limit)
        with self.reading() as connection:
            rows = connection.execute(query).all()
        return [_entry(row) for row in rows]


def _entry(row: Any) -> AuditEntry:
    return AuditEntry(row.at, row.account, row.actor, row.action, row.subject, row.detail)
