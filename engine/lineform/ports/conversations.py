"""Where friends are in forms, which replies answered them, and who is about to be linked to which member."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from lineform.scenarios.answering import Standing
from lineform.scenarios.dialogue import Dialogue
from lineform.scenarios.replies import Answered


@dataclass(frozen=True, slots=True)
class Conversation:
    """What changes of one friend's conversation; see `lineform.scenarios.answering.Outcome`."""

    friend_id: int
    dialogues: Mapping[str, Dialogue | None]
    answered: Mapping[str, Answered]


KEPT_AFTER = timedelta(days=1)
"""How long a nonce is kept that is over: LINE's answer may wait for a server that is down."""


@dataclass(frozen=True, slots=True)
class MemberNonce:
    """Says that whoever comes back with the nonce is this member. Only the nonce's hash is kept, and only once does
    anybody come back with it."""

    hash: str
    member_id: str
    expires_at: datetime


class Conversations(Protocol):
    """All of it is about friends by their internal ids, but for nonces, which belong to nobody yet."""

    def standings(self, account: str, ids: Sequence[int]) -> Mapping[int, Standing]:
        """Where these friends are; those of whom nothing is recorded are left out."""
        ...

    def save_conversations(self, account: str, changed: Sequence[Conversation]) -> None:
        """Writes what changed, in one transaction."""
        ...

    def keep_nonces(self, account: str, nonces: Sequence[MemberNonce], now: datetime) -> None:
        """Keeps nonces until they are used or over; those that were over for `KEPT_AFTER` are deleted."""
        ...

    def redeem_nonce(self, account: str, nonce_hash: str, key: str, now: datetime) -> str:
        """The member of a nonce, empty where there is none, it was over at `now`, or somebody has come back with it
        already. `key` says who comes back: the same one may do so again."""
        ...
