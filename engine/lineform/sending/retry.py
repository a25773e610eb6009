"""What follows from a call's outcome: recorded, given back, asked again, or never again.

LINE knows a retry key for 24 hours from its first request; asked again within them, it sends once and answers 409
(https://developers.line.biz/en/reference/messaging-api/#retry-api-request). Afterwards the same key is a new send. So a
call whose outcome is unknown is repeated while the key surely lives, and after that its outcome stays unknown.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from lineform.lineapi.limits import RETRY_KEY_HOURS

KEY_LIFE = timedelta(hours=RETRY_KEY_HOURS)
MARGIN = timedelta(minutes=30)
"""Kept free at the end of a key's life, for clocks that differ and calls that take long."""
TRIES = 5
"""Calls with one key in one run; a later run goes on."""
_LONGEST_PAUSE = 30.0
ASIDE = timedelta(minutes=1)
"""For how long a call that LINE refuses for its one friend is set aside; `TRIES` times, and then it is refused."""
ASIDE_IN_A_ROW = 5
"""So many calls set aside one after the other are not about their friends: then it is taken for the rate."""


class Outcome(StrEnum):
    """How a call ended, as far as the decision depends on it."""

    ACCEPTED = "accepted"
    """Accepted now, or earlier under the same key (409)."""
    REFUSED = "refused"
    RATE_LIMITED = "rate limited"
    QUOTA_EXCEEDED = "quota exceeded"
    TOO_MANY_TO_ONE = "too many to one friend"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class RecordAccepted:
    pass


@dataclass(frozen=True, slots=True)
class RecordRefused:
    pass


@dataclass(frozen=True, slots=True)
class RecordUncertain:
    reason: str


@dataclass(frozen=True, slots=True)
class GiveBack:
    """Certainly not accepted; `stop` tells that further calls of this send would fail as well."""

    stop: bool


@dataclass(frozen=True, slots=True)
class SetAside:
    """Certainly not accepted, for its own friend's sake: later again, and other calls go on."""


@dataclass(frozen=True, slots=True)
class AskAgain:
    """The same key and body, after so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Leave:
    """Nothing more in this run; the intent stays written and a later run asks again."""


Next = RecordAccepted | RecordRefused | RecordUncertain | GiveBack | SetAside | AskAgain | Leave


def key_lives(first_called_at: datetime | None, now: datetime) -> bool:
    """Whether a call may be made with a key that was first used then (None: never)."""
    return first_called_at is None or now - first_called_at < KEY_LIFE - MARGIN


def after(
    outcome: Outcome, tries: int, first_called_at: datetime, now: datetime, unsure: bool = False, attempts: int = 1
) -> Next:
    """What to do after the call number `tries` (from 1) of this run, whose batch was claimed `attempts` times.

    `first_called_at` is the first intent ever to call with this key; `unsure` tells that an earlier call with it had
    an unknown outcome, so that a 429 now says nothing about that one.
    """
    match outcome:
        case Outcome.ACCEPTED:
            return RecordAccepted()
        case Outcome.REFUSED:
            return RecordRefused()
        case Outcome.QUOTA_EXCEEDED | Outcome.RATE_LIMITED if not unsure:
            return GiveBack(stop=outcome is Outcome.QUOTA_EXCEEDED)
        case Outcome.TOO_MANY_TO_ONE if not unsure:
            return SetAside() if attempts < TRIES else RecordRefused()
    if not key_lives(first_called_at, now):
        return RecordUncertain(expired(first_called_at))
    return AskAgain(pause(tries)) if tries < TRIES else Leave()


def pause(tries: int) -> float:
    """Seconds to wait after so many calls: 1, 2, 4, 8 and so on, at most 30."""
    return min(_LONGEST_PAUSE, 2.0 ** (tries - 1))


def expired(first_called_at: datetime) -> str:
    """Why a batch is uncertain."""
    moment = first_called_at.isoformat(timespec="minutes")
    return f"called first at {moment}; LINE no longer knows its retry key, so whether it arrived cannot be learned"
