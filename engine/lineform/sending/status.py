"""What became of a send, and of each of its batches."""

from __future__ import annotations

from enum import StrEnum


class SendStatus(StrEnum):
    """What became of one occurrence. A status never says more than is known."""

    FROZEN = "frozen"
    """Recipients and bodies are written; nothing was called yet, or not everything."""
    ACCEPTED = "accepted"
    """LINE took every call, and still works on it (narrowcast)."""
    WAITING = "waiting"
    """A part was called, and the next waits for its time."""
    SENT = "sent"
    """LINE accepted every batch."""
    PARTIAL = "partial"
    """Some batches were accepted and others finally refused."""
    REFUSED = "refused"
    """LINE refused every batch; nobody received anything."""
    UNCERTAIN = "uncertain"
    """At least one batch's outcome can no longer be learned; it is never resent by itself."""
    HELD = "held"
    """Not sent; waits for a person."""
    RELEASED = "released"
    """Was held, and a person let it go: the next run sends it, under a key of its own."""
    SKIPPED = "skipped"
    """Not sent, by rule."""
    EMPTY = "empty"
    """Due, but the audience was empty."""


UNFINISHED = (SendStatus.FROZEN, SendStatus.ACCEPTED, SendStatus.WAITING)
"""Those of sends with something left to do or to learn."""


OVER = frozenset({SendStatus.HELD, SendStatus.RELEASED, SendStatus.SKIPPED, SendStatus.REFUSED, SendStatus.EMPTY})
"""Those of sends that no run goes on with by itself. What they reached is another question."""


class BatchStatus(StrEnum):
    STAGED = "staged"
    """Frozen for a later part of the send; not to be called yet."""
    CAPPED = "capped"
    """No call: friends over a limit, who wait until they are free."""
    READY = "ready"
    CALLING = "calling"
    """The intent is written; the call may have happened."""
    ANSWERING = "answering"
    """The intent to answer with a reply token is written. Nobody else can make this call, and it is free: no budget and
    no limit counts it."""
    ANSWERED = "answered"
    """LINE took the answer."""
    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNCERTAIN = "uncertain"
    FORGOTTEN = "forgotten"
    """No call: everybody in it was forgotten before. That is nobody's refusal."""


SETTLED = (
    BatchStatus.ACCEPTED,
    BatchStatus.ANSWERED,
    BatchStatus.REFUSED,
    BatchStatus.UNCERTAIN,
    BatchStatus.FORGOTTEN,
)
"""Those of batches whose call is over for good."""
CALLED = (BatchStatus.ACCEPTED, BatchStatus.CALLING, BatchStatus.UNCERTAIN)
"""Those of batches that reached their friends, or may have."""
COMING = (BatchStatus.READY, BatchStatus.STAGED)
"""Those of batches whose call is still to be made."""
