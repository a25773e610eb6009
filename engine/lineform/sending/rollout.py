"""A send in waves: a few friends first, the others when nothing went wrong for a while.

Who is in which wave follows from the campaign and the friend alone, so that it is the same on every machine.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from lineform.model.campaign import Wave
from lineform.plural import plural
from lineform.sending.status import BatchStatus

_FINE = 10_000
"""Steps into which a hundred percent are divided."""


@dataclass(frozen=True, slots=True)
class NextWave:
    """The part that comes next, and when."""

    number: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Abort:
    """The rest is not sent by itself."""

    reason: str


def bucket(client: str, address: str, friend_id: int) -> int:
    """Where this friend stands in this campaign, 0 up to, not including, 10,000."""
    digest = hashlib.blake2b(f"lineform wave\n{client}\n{address}\n{friend_id}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % _FINE


def waves(client: str, address: str, ids: Iterable[int], rollout: Sequence[Wave]) -> list[Sequence[int]]:
    """The recipients of each wave, in their order; one wave where there is no rollout."""
    if not rollout:
        return [ids if isinstance(ids, Sequence) else array("q", ids)]
    limits = [wave.percent * _FINE // 100 for wave in rollout]
    found = [array("q") for _ in rollout]
    for friend_id in ids:
        place = bucket(client, address, friend_id)
        found[next(number for number, limit in enumerate(limits) if place < limit)].append(friend_id)
    return list(found)


def next_wave(
    rollout: Sequence[Wave], staged: Mapping[int, int], batches: Mapping[BatchStatus, int], since: datetime
) -> NextWave | Abort:
    """What follows after a wave that ended at `since`. `staged` are the recipients of the waves that are left,
    `batches` counts the calls so far by their outcome."""
    wrong = [
        f"{plural(batches[status], 'call was', 'calls were')} {status.value}"
        for status in (BatchStatus.REFUSED, BatchStatus.UNCERTAIN)
        if batches.get(status)
    ]
    if wrong:
        return Abort(f"{' and '.join(wrong)} in the first part of the rollout")
    number = min(staged)
    wait = rollout[number - 1].wait
    return NextWave(number, since if wait is None else since + wait)
