"""Who did what, and when."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from lineform.ports.store import AuditEntry
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

    def notes(self, account: str, limit: int = 100) -> Sequence[AuditEntry]:
        """The latest entries, the newest first."""
        query = sa.select(audit).where(audit.c.account == account).order_by(audit.c.id.desc()).limit(limit)
        with self.reading() as connection:
            rows = connection.execute(query).all()
        return [AuditEntry(r.at, r.account, r.actor, r.action, r.subject, r.detail) for r in rows]
