"""What a run did: one entry for each occurrence that it looked at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from lineform.errors import BlockedError
from lineform.lineapi.routes import Route
from lineform.sending.cost import Cost
from lineform.sending.due import Due
from lineform.sending.status import SendStatus


class Outcome(StrEnum):
    """What became of an occurrence in this run."""

    SENT = "sent"
    ACCEPTED = "accepted"
    """LINE took it and still works on it."""
    PARTIAL = "partial"
    REFUSED = "refused"
    UNCERTAIN = "uncertain"
    HELD = "held"
    SKIPPED = "skipped"
    EMPTY = "empty"
    BLOCKED = "blocked"
    """A guard stopped it before the first call; it is not done."""
    FAILED = "failed"
    """LINE could not be asked; nothing was written, and the next run asks again."""
    UNFINISHED = "unfinished"
    """Not everything was called; the next run goes on."""
    HANDED_OVER = "handed over"
    """Frozen, and given to the workers, who deliver it."""
    WAITING = "waiting"
    """Due, and kept back by rule; a later run sends it."""
    WOULD_SEND = "would send"
    """A dry run: nothing was written, nothing was called."""
    LINKED = "linked"
    """Friends got another menu; nothing was sent."""
    WOULD_BEGIN = "would begin"
    """A plan: a scenario, and how many friends it would take in at once."""
    WOULD_LINK = "would link"


EXITS: Mapping[Outcome, int] = {
    Outcome.PARTIAL: 9,
    Outcome.REFUSED: 9,
    Outcome.UNCERTAIN: 9,
    Outcome.FAILED: 9,
    Outcome.UNFINISHED: 7,
    Outcome.BLOCKED: 4,
    Outcome.HELD: 4,
}
"""Exit codes by outcome, the gravest first; the others are 0."""


@dataclass(frozen=True, slots=True)
class TickEntry:
    """One occurrence. `recipients` were frozen, `accepted` is how many of them are in calls that LINE accepted."""

    address: str
    key: str
    outcome: Outcome
    recipients: int = 0
    accepted: int = 0
    calls: int = 0
    """Requests to LINE: made or left to make; in a dry run, those that would be made."""
    routes: Mapping[Route, int] = field(default_factory=dict)
    """In a dry run: the requests by route."""
    why: str = ""
    """Why this route was chosen."""
    reason: str = ""
    guard: str = ""
    hint: str = ""
    cost: Cost | None = None
    capped: int = 0
    """Friends of the audience who are left out of this send, for whatever reason: `lineform.sending.caps.Cap`."""
    recipients_hash: str = ""
    """In a dry run: over the recipients, as the ledger keeps it of a send; empty where LINE selects them."""
    reads: tuple[str, ...] = ()
    """In a plan: what its messages say, each in the words of the file where they are filled in for each friend."""

    @property
    def exit_code(self) -> int:
        return EXITS.get(self.outcome, 0)


@dataclass(frozen=True, slots=True)
class TickReport:
    """One run over one client."""

    client: str
    at: datetime
    entries: tuple[TickEntry, ...] = ()
    next_due: tuple[str, Due] | None = None
    """What comes next, as far as it is known: a campaign's occurrence, a step of a scenario, a look at the menus."""
    halted: str = ""
    """Who halted this client's sends; empty where nobody did."""
    dry_run: bool = False

    @property
    def exit_code(self) -> int:
        codes = {entry.exit_code for entry in self.entries}
        if self.halted:
            codes.add(4)
        return next((code for code in (9, 7, 4) if code in codes), 0)


def blocked(address: str, key: str, stop: BlockedError) -> TickEntry:
    """What a guard stopped."""
    return TickEntry(address, key, Outcome.BLOCKED, reason=stop.message, guard=stop.code, hint=stop.hint)


def outcome_of(status: SendStatus) -> Outcome:
    """The outcome that a concluded send's status stands for."""
    return Outcome(status.value)
