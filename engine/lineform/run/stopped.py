"""What is kept back at this moment: by a halt, by quiet hours, or by a guard that refused it when a run last tried."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from lineform.errors import StaleError
from lineform.model.address import Address, Kind
from lineform.model.project import Client
from lineform.ports.audit import AuditEntry
from lineform.ports.journeys import Kept
from lineform.ports.ledger import Occurrence, Revision
from lineform.ports.store import Store
from lineform.run.dues import EVER, undone
from lineform.run.halt import GUARD, halt_of
from lineform.run.release import released_key
from lineform.run.resume import CAMPAIGN
from lineform.run.rollout import next_part
from lineform.run.telling import quiet_of, stop_of
from lineform.sending import late
from lineform.sending.due import Due
from lineform.sending.guards import guard_named
from lineform.sending.kept import Halt, KeptBack, Stopped, Waiting
from lineform.sending.keys import send_name
from lineform.sending.revision import Armed, read_revision
from lineform.sending.status import SendStatus

_STEP_HINTS: Final = {
    "G201": "allow additional messages in LINE Official Account Manager",
    "G202": "raise limits.monthly_messages",
    "G203": "raise limits.monthly_yen, or write the client's 'plan' where it has none",
}
"""What to do where the month's budget stops a step. An audience that could be smaller it has none."""


def kept_back(store: Store, client: Client, now: datetime, *, address: str = "") -> KeptBack:
    """Of all that is armed, or of one campaign."""
    halt = halt_of(store, client.name, now)
    found: list[Stopped | Waiting] = []
    for revision in store.armed(client.name):
        if revision.address.startswith(CAMPAIGN) and address in ("", revision.address):
            found += _campaign(store, client, revision, now, halt)
    if not address:
        found += filter(None, (_step(one, now, halt) for one in store.kept(client.name, now)))
    found.sort(key=lambda one: (one.due_at, one.address))
    return KeptBack(
        halt,
        tuple(one for one in found if isinstance(one, Stopped)),
        tuple(one for one in found if isinstance(one, Waiting)),
    )


@dataclass(frozen=True, slots=True)
class _Open:
    """What a run would try of a campaign; `waits` is what keeps it where no guard does."""

    due: Due
    ready: bool = True
    """Whether its time has come."""
    waits: late.Wait | None = None
    judged: bool = True
    """Whether a guard's refusal may be the last word about it."""


def _campaign(
    store: Store, client: Client, revision: Revision, now: datetime, halt: Halt | None
) -> Iterator[Stopped | Waiting]:
    try:
        armed = read_revision(revision.body)
    except StaleError:
        return  # of another version: no run tries it, and each says so
    found = list(_open(store, client, revision, armed, now))
    names = {send_name(revision.address, one.due.key): one for one in found if one.judged}
    told = store.noted_about(client.name, names, min((one.due.at for one in found), default=now))
    notes: Mapping[str, list[AuditEntry]] = defaultdict(list)
    for note in told:
        notes[note.subject].append(note)
    for one in found:
        mine = notes[send_name(revision.address, one.due.key)] if one.judged else []
        if (kept := _kept(revision.address, one, mine, halt)) is not None:
            yield kept


def _kept(address: str, one: _Open, notes: Sequence[AuditEntry], halt: Halt | None) -> Stopped | Waiting | None:
    """By what it is kept back: what holds for everything before what a run was told the last time."""
    due = one.due
    if halt is not None and one.ready:
        return _halted(address, due.key, due.at, halt)
    if one.waits is not None:
        return Waiting(address, due.key, due.at, one.waits.until, one.waits.reason)
    if notes and (stop := stop_of(notes[-1])) is not None:
        return Stopped(address, due.key, due.at, stop.guard, stop.reason, stop.hint, _since(notes), notes[-1].at)
    return None


def _open(store: Store, client: Client, revision: Revision, armed: Armed, now: datetime) -> Iterator[_Open]:
    """What is due, what a person let go, what was frozen, and the next part of a rollout."""
    known: Sequence[Occurrence] = store.occurrences(client.name, [revision.address], EVER)
    quiet = quiet_of(client, armed)
    dues = undone(armed, revision, known, now)
    for due, decision in late.decide_all(dues, revision.armed_at, now, armed.schedule, quiet):
        # Of several that were missed only the newest may still be sent.
        waits = decision if isinstance(decision, late.Wait) else None
        yield _Open(due, ready=due is dues[-1], waits=waits)
    night = late.quiet_now(now, quiet)
    for one in known:
        if one.status is SendStatus.WAITING:
            send = store.send(client.name, one.address, one.key)
            opens = None if send is None else next_part(store, send, armed)
            ready = opens is None or opens <= now
            yield _Open(Due(one.key, one.due_at), ready, night if ready and opens is not None else None)
        elif one.status is SendStatus.RELEASED:
            yield _Open(Due(released_key(one.key), one.due_at), waits=night)
        elif one.status is SendStatus.FROZEN:
            yield _Open(Due(one.key, one.due_at), waits=night, judged=False)


def _step(one: Kept, now: datetime, halt: Halt | None) -> Stopped | Waiting | None:
    """A step that some friends stand before; None where it is due and nothing keeps it."""
    address = f"{Address(Kind.SCENARIO, one.scenario)}/{one.step}"
    if halt is not None and one.due <= now:
        return _halted(address, "", one.due, halt, one.friends)
    if (found := guard_named(one.reason)) is not None:
        guard, reason = found
        hint = _STEP_HINTS.get(guard, "")
        return Stopped(address, "", one.due, guard, reason, hint, None, one.tried, one.friends)
    return Waiting(address, "", one.due, one.due, one.reason, one.friends) if one.reason else None


def _halted(address: str, key: str, due_at: datetime, halt: Halt, friends: int = 0) -> Stopped:
    since = halt.since and max(halt.since, due_at)
    return Stopped(address, key, due_at, GUARD, f"sending is halted by {halt.by}", "", since, since, friends)


def _since(notes: Sequence[AuditEntry]) -> datetime:
    """When the stops began that lasted until the last note."""
    began = notes[-1].at
    for note in reversed(notes):
        if stop_of(note) is None:
            break
        began = note.at
    return began
