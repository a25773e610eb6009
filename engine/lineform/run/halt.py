"""The kill switch: kept in the store, read several times a second while calls are made, by every machine that shares
the store.

It is a lease that nobody renews and that outlives everybody.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from lineform.ports.audit import AuditEntry
from lineform.ports.store import Store
from lineform.sending.kept import Halt

GUARD = "G210"
_LONG = timedelta(days=3650)


def _name(account: str) -> str:
    return f"halt/{account}"


def halt(store: Store, account: str, actor: str, now: datetime) -> None:
    """Stops every send of this account until `resume`: no call begins from a fraction of a second on, in any process.
    Calls that are under way are not called back."""
    if store.lease(_name(account), actor, now, _LONG):
        store.note(AuditEntry(now, account, actor, "halt", account))


def resume(store: Store, account: str, actor: str, now: datetime) -> bool:
    """Lets the account send again; False where it was not halted."""
    holder = store.lease_holder(_name(account), now)
    if not holder:
        return False
    store.release_lease(_name(account), holder)
    store.note(AuditEntry(now, account, actor, "resume", account, f"was halted by {holder}"))
    return True


def halt_of(store: Store, account: str, now: datetime) -> Halt | None:
    """The halt of the account; None where nobody halted it."""
    by = halted_by(store, account, now)
    if not by:
        return None
    resumed = store.noted(account, "resume", now - _LONG)
    # Whoever halts what is halted already changes nothing.
    halts = store.noted(account, "halt", resumed[-1].at if resumed else now - _LONG)
    return Halt(by, halts[0].at if halts else None, how_to_resume(account))


def how_to_resume(account: str) -> str:
    """What lets a halted account send again."""
    return f"`lineform run --resume --client {account}` lets it send again"


def halted_by(store: Store, account: str, now: datetime) -> str:
    """Who halted the account; empty where nobody did."""
    return store.lease_holder(_name(account), now)
