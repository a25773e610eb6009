"""A held occurrence, let go by a person."""

from __future__ import annotations

from datetime import datetime

from lineform.errors import UsageError
from lineform.model.project import Client
from lineform.ports.audit import AuditEntry
from lineform.ports.store import Store
from lineform.sending.status import SendStatus

_MARK = "+released"


def release(store: Store, client: Client, address: str, key: str, actor: str, now: datetime) -> None:
    """Lets the next run send a held occurrence, to the audience of that moment and past all guards but lateness.

    Raises UsageError where there is no such occurrence, or it is not held. Releasing it again changes nothing.
    """
    send = store.send(client.name, address, key)
    if send is None:
        raise UsageError(f"{address} has no occurrence {key}", hint="'lineform report' lists what is held")
    if send.status is SendStatus.RELEASED:
        return
    if send.status is not SendStatus.HELD:
        raise UsageError(f"{address} of {key} is {send.status.value}, not held")
    reason, held = f"released by {actor}; it was held: {send.reason}", (SendStatus.HELD,)
    if not store.conclude(send.id, SendStatus.RELEASED, now, reason=reason, was=held):
        return  # somebody else released it in this moment
    store.note(AuditEntry(now, client.name, actor, "release", send.name, send.reason))


def is_released(key: str) -> bool:
    """Whether a send is a held occurrence that a person let go."""
    return key.endswith(_MARK)


def released_key(key: str) -> str:
    """The key of the send that a released occurrence becomes: its own, so that it too happens once."""
    return key + _MARK
