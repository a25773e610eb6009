"""The notes of who did what."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Who did what, when and to what."""

    at: datetime
    account: str
    actor: str
    action: str
    subject: str
    detail: str = ""


class Audit(Protocol):
    """The notes of who did what."""

    def note(self, entry: AuditEntry) -> None: ...

    def notes(self, account: str, limit: int = 100) -> Sequence[AuditEntry]: ...

    def noted(self, account: str, action: str, since: datetime) -> Sequence[AuditEntry]:
        """Entries of one action since then, the oldest first."""
        ...

    def noted_about(self, account: str, subjects: Collection[str], since: datetime) -> Sequence[AuditEntry]:
        """Entries about these subjects since then, the oldest first."""
        ...
