"""An audience as the limits about single friends leave it, judged by the ledger of this moment."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from lineform.model.client import PerFriend
from lineform.ports.ledger import Send
from lineform.run.fill import Fill
from lineform.run.options import Run
from lineform.run.rendering import passed_over, rendered
from lineform.segments.calendar import days_of_occasion
from lineform.sending.caps import (
    Contact,
    Left,
    Recent,
    look_back,
    messages_digest,
    once_a_year,
    within,
    without,
    year_before,
)
from lineform.sending.due import Due
from lineform.sending.revision import Armed
from lineform.templates.send import CompiledMessages


@dataclass(frozen=True, slots=True)
class Chosen:
    """Who is sent to. `position` is the ledger's when this was judged; None where no rule asked it."""

    left: Left
    position: int | None = None
    recent: Recent | None = None
    """What the friends were sent until then; None where no limit about single friends holds."""


def rule_for(run: Run, armed: Armed) -> PerFriend | None:
    """The limits about single friends that this campaign keeps."""
    return None if armed.capped == "send" else run.client.limits.per_friend


def choose_friends(
    run: Run,
    address: str,
    due: Due,
    armed: Armed,
    compiled: CompiledMessages,
    constant: bytes | None,
    ids: Sequence[int],
    fill: Fill,
) -> Chosen:
    """The friends of `ids` (ascending) who may be sent to now. `constant` are the messages where all read the same."""
    rule, year = rule_for(run, armed), _year_of(armed)
    if rule is None and not year:
        return Chosen(Left(ids))
    account, now = run.client.name, run.clock.now()
    position = run.store.ledger_position(account)
    had = Left(ids)
    if year:
        had = once_a_year(run.store.contacts(account, now - year, now, address=address, until=position), ids)
    if rule is None:
        return Chosen(had, position)
    ids = had.ids
    recent = _recent(run, rule, ids, now, address if armed.schedule.cron is not None else "", position)
    left = _within(run, due, armed, compiled, constant, recent, ids, fill)
    return Chosen(replace(left, why={**left.why, **had.why}), position, recent)


def judge_again(
    run: Run,
    address: str,
    due: Due,
    armed: Armed,
    compiled: CompiledMessages,
    constant: bytes | None,
    ids: Sequence[int],
    newer: Sequence[Contact],
    recent: Recent | None,
    fill: Fill,
) -> Left:
    """Those of `ids` (ascending) who may still be sent to, of friends who were chosen and whom others reached since."""
    had = once_a_year((one for one in newer if one.address == address), ids) if _year_of(armed) else Left(ids)
    if recent is None:
        return had
    recent = recent.apart(ids)  # a freeze that is tried again asks again
    for contact in newer:
        recent.add(contact)
    left = _within(run, due, armed, compiled, constant, recent, had.ids, fill)
    return replace(left, why={**left.why, **had.why})


def _within(
    run: Run,
    due: Due,
    armed: Armed,
    compiled: CompiledMessages,
    constant: bytes | None,
    recent: Recent,
    ids: Sequence[int],
    fill: Fill,
) -> Left:
    left = within(recent, ids, None if constant is None else messages_digest(constant))
    if constant is not None:
        return left
    maybe = [one for one in left.ids if recent.has_read(one)]
    made = rendered(run, armed, compiled, due, maybe, fill, passed_over)
    return without(left, {one.recipient.id for one in made if recent.has_read(one.recipient.id, one.digest)})


def choose_again(run: Run, held: Send, armed: Armed) -> Chosen:
    """Those whom the rest of a held send still waits for, as the limits of now leave them. That they do not read the
    same twice was judged at the freeze."""
    rule = rule_for(run, armed)
    ids = sorted(run.store.frozen_friends(held.id, staged=True))
    if rule is None or not ids:
        return Chosen(Left(ids))
    position = run.store.ledger_position(run.client.name)
    return Chosen(within(_recent(run, rule, ids, run.clock.now(), "", position), ids, None), position)


def _recent(run: Run, rule: PerFriend, ids: Sequence[int], now: datetime, exempt: str, position: int) -> Recent:
    """What these friends (ascending) were sent lately, by sends that were frozen until this position."""
    account = run.client.name
    recent = Recent(rule, ids, now, exempt)
    newcomers: dict[datetime, Collection[int]] = {}
    for contact in run.store.contacts(account, now - look_back(rule), now, until=position):
        if not contact.friend_ids and contact.at not in newcomers:
            newcomers[contact.at] = frozenset(run.store.followed_after(account, contact.at))
        recent.add(contact, newcomers.get(contact.at, ()))
    return recent


def _year_of(armed: Armed) -> timedelta:
    """How far back whoever this campaign reached is left out: a rule that runs daily congratulates a friend once a
    year, also where the occasion lasts a month, and where its date was corrected meanwhile."""
    if armed.schedule.cron is None or armed.predicate is None:
        return timedelta()
    days = days_of_occasion(armed.predicate)
    return year_before(days) if days else timedelta()
