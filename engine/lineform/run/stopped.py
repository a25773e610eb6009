"""What a guard stops at this moment: it is due, no ledger has it yet, and the last run that tried was refused."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from lineform.errors import StaleError
from lineform.ports.audit import AuditEntry
from lineform.ports.ledger import Occurrence, Revision
from lineform.ports.store import Store
from lineform.run.dues import EVER, undone
from lineform.run.release import released_key
from lineform.run.resume import CAMPAIGN
from lineform.run.telling import stop_of
from lineform.sending.due import Due
from lineform.sending.keys import send_name
from lineform.sending.revision import Armed, read_revision
from lineform.sending.status import SendStatus


@dataclass(frozen=True, slots=True)
class Stopped:
    """A send, or the rest of one, that a guard keeps back. `since` is when it first was, `last` when it was last."""

    address: str
    key: str
    due_at: datetime
    guard: str
    reason: str
    hint: str
    since: datetime
    last: datetime


def stopped_sends(store: Store, client: str, now: datetime, *, address: str = "") -> Sequence[Stopped]:
    """Of all that is armed, or of one campaign, in the order in which it was due."""
    found: list[Stopped] = []
    for revision in store.armed(client):
        if revision.address.startswith(CAMPAIGN) and address in ("", revision.address):
            found += _stopped(store, client, revision, now)
    return sorted(found, key=lambda one: (one.due_at, one.address))


def _stopped(store: Store, client: str, revision: Revision, now: datetime) -> Iterator[Stopped]:
    try:
        armed = read_revision(revision.body)
    except StaleError:
        return  # of another version: no run tries it, and each says so
    open_ = list(_open(armed, revision, store.occurrences(client, [revision.address], EVER), now))
    names = {send_name(revision.address, due.key): due for due in open_}
    told = store.noted_about(client, names, min((due.at for due in open_), default=now))
    for name, due in names.items():
        notes = [note for note in told if note.subject == name]
        if notes and (stop := stop_of(notes[-1])) is not None:
            since = _since(notes)
            yield Stopped(revision.address, due.key, due.at, stop.guard, stop.reason, stop.hint, since, notes[-1].at)


def _open(armed: Armed, revision: Revision, known: Sequence[Occurrence], now: datetime) -> Iterator[Due]:
    """What a run would try: what is due, what a person let go, and the next part of a rollout."""
    yield from undone(armed, revision, known, now)
    for one in known:
        if one.status is SendStatus.WAITING:
            yield Due(one.key, one.due_at)
        elif one.status is SendStatus.RELEASED:
            yield Due(released_key(one.key), one.due_at)


def _since(notes: Sequence[AuditEntry]) -> datetime:
    """When the stops began that lasted until the last note."""
    began = notes[-1].at
    for note in reversed(notes):
        if stop_of(note) is None:
            break
        began = note.at
    return began
