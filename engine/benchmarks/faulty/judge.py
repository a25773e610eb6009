"""What is wrong after a run: LINE's own books against ours, and both against what was promised."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import sqlalchemy as sa

from faulty.play import Played
from lineform.sending.conclusion import conclusion
from lineform.sending.keys import part_of
from lineform.sending.status import BatchStatus, SendStatus
from lineform.store.open import SqlStore
from lineform.store.tables import accounts, batches, sends

UNCALLED = {BatchStatus.READY, BatchStatus.STAGED, BatchStatus.CAPPED, BatchStatus.REFUSED}
ENDED = {
    SendStatus.SENT,
    SendStatus.PARTIAL,
    SendStatus.REFUSED,
    SendStatus.UNCERTAIN,
    SendStatus.HELD,
    SendStatus.SKIPPED,
    SendStatus.EMPTY,
}
CONCLUDED = {SendStatus.SENT, SendStatus.REFUSED, SendStatus.UNCERTAIN, SendStatus.EMPTY}
LATE = timedelta(minutes=30)
"""So much later than its claim may LINE have taken a call: repetitions, time-outs and clocks that differ."""


def wrong(played: Played) -> list[str]:
    """Everything that is wrong; empty where nothing is."""
    return [
        *played.trouble,
        *_doubles(played),
        *_truth(played),
        *_statuses(played),
        *_lost(played),
        *_money(played),
        *_caps(played),
    ]


def _texts(played: Played) -> Iterator[tuple[str, str, datetime]]:
    for one in played.line.deliveries():
        (message,) = one["messages"]
        yield one["user"], message["text"].partition(" for ")[0], datetime.fromisoformat(one["time"])


def _doubles(played: Played) -> Iterator[str]:
    """No friend twice: by what friends read, not by our own keys."""
    for (user, text), count in Counter((user, text) for user, text, _ in _texts(played)).items():
        if count > 1:
            yield f"{user[:6]} read '{text}' {count} times"
    for key, count in played.line.accepted().items():
        if count > 1:
            yield f"LINE accepted the key {key} {count} times"


def _rows(played: Played) -> list[Any]:
    assert isinstance(played.store, SqlStore)
    query = (
        sa.select(batches.c.retry_key, batches.c.status, batches.c.friend_ids, sends.c.address, sends.c.key)
        .join_from(batches, sends, sends.c.id == batches.c.send_id)
        .join(accounts, accounts.c.id == sends.c.account_id)
        .where(accounts.c.name == played.client.name)
    )
    with played.store.reading() as connection:
        return list(connection.execute(query).all())


def _truth(played: Played) -> Iterator[str]:
    """Every batch's status says what LINE did."""
    taken = played.line.accepted()
    known = set()
    for row in _rows(played):
        key, status = str(row.retry_key), BatchStatus(row.status)
        known.add(key)
        where = f"{row.address}@{row.key}: a batch is {status.value}"
        if status is BatchStatus.ACCEPTED and not taken[key]:
            yield f"{where}, and LINE knows nothing of it"
        if status in UNCALLED and taken[key]:
            yield f"{where}, and LINE has taken it"
        if status is BatchStatus.REFUSED:
            yield f"{where}, and LINE refuses nothing here"
        if status is BatchStatus.CALLING:
            yield f"{where} when all is over"
        if status is BatchStatus.UNCERTAIN and played.plan.pause < 23 * 3600:
            yield f"{where}, although its key still lived"
    for key in set(taken) - known:
        yield f"LINE took a call under the key {key}, of which the ledger knows nothing"


def _statuses(played: Played) -> Iterator[str]:
    for send in played.store.sends(played.client.name):
        if send.status not in ENDED:
            yield f"{send.address}@{send.key} is {send.status.value} when all is over: {dict(send.batches)}"
        if send.status in CONCLUDED and send.batches:
            right = conclusion(send.batches, asynchronous=False)
            if right is not send.status:
                yield f"{send.address}@{send.key} is {send.status.value}, and its batches say {right}"


def _lost(played: Played) -> Iterator[str]:
    """Whoever was in the audience all the time is in the send, and reads it where the send says so."""
    sure = {user for user, what in played.users.items() if what == "sure"}
    ids = played.store.friend_ids(played.client.name, sorted(sure))
    everyone = {str(resource.address) for resource in played.client.resources.values() if _everyone(resource)}
    found = played.store.sends(played.client.name)
    read = defaultdict(set)
    for user, text, _ in _texts(played):
        read[text].add(user)
    for first in (send for send in found if send.address in everyone and part_of(send.key) is None):
        # Those who had to wait are in its further parts, of which the last one says whether somebody waits still.
        parts = (send for send in found if send.address == first.address and part_of(send.key) == first.key)
        whole = [first, *parts]
        frozen = {send.id: set(played.store.frozen_friends(send.id)) for send in whole}
        together = set().union(*frozen.values())
        missing = {user for user in sure if ids[user] not in together}
        begun = all(send.status in (SendStatus.SENT, SendStatus.UNCERTAIN) for send in whole)
        if together and missing and begun and not whole[-1].capped:
            yield f"{first.name} was frozen without {len(missing)} of its friends"
        text = f"{first.address.partition('.')[2]} at {first.key.replace('T', ' ')[:16]}"
        for send in (send for send in whole if send.status is SendStatus.SENT):
            expected = {user for user in sure if not frozen[send.id] or ids[user] in frozen[send.id]}
            if lacking := expected - read[text]:
                yield f"{send.name} is sent, and {len(lacking)} of {len(expected)} did not read '{text}'"
    stopped = {note.subject.partition("@")[0] for note in played.store.notes(played.client.name, 10_000)}
    for resource in played.client.resources.values():
        address = str(resource.address)
        known = address in stopped or any(send.address == address for send in found)
        if resource.address.kind.value == "campaign" and not known:
            yield f"nothing is known of {address}"


def _everyone(resource: Any) -> bool:
    audience = getattr(resource.spec, "audience", None)
    return audience is not None and bool(getattr(audience, "everyone", False) or audience == "everyone")


def _money(played: Played) -> Iterator[str]:
    budget, used = played.client.limits.monthly_messages, played.line.used()
    if budget is not None and used > budget:
        yield f"{used} messages were sent on a budget of {budget}"
    if played.line.full:
        quota = played.plan.quota
        yield f"LINE refused {played.line.full} calls of sends that were begun: the quota of {quota} was used up"


def _caps(played: Played) -> Iterator[str]:
    rule = played.client.limits.per_friend
    if rule is None:
        return
    times = defaultdict(list)
    for user, _, moment in _texts(played):
        times[user].append(moment)
    for user, moments in times.items():
        moments.sort()
        if rule.week is not None and len(moments) > rule.week:
            yield f"{user[:6]} was sent {len(moments)} within a week, and {rule.week} are allowed"
        for before, after in pairwise(moments):
            if rule.gap is not None and after - before < rule.gap - LATE:
                yield f"{user[:6]} was sent again after {after - before}, and the gap is {rule.gap}"
