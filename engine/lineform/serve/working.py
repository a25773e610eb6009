"""From the inbox to what follows: events become facts about friends, and happenings that are lived through.

Many events cost a few transactions. Where a batch fails, each event of it is tried alone; one that fails again and
again is set aside with its reason, and only its own person waited for it.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from lineform.ports.audit import AuditEntry
from lineform.ports.friends import EventRow, FriendRow
from lineform.ports.inbox import Source, Waiting
from lineform.ports.intake import ItemEvent
from lineform.ports.journeys import LOOKED_AT_KEPT
from lineform.ports.line_account import LineFailure
from lineform.run.halt import halted_by
from lineform.run.options import Run
from lineform.scenarios.happening import Happening, What
from lineform.scenarios.interpret import MESSAGE, RELATIONS, UNSEND, Meaning, interpret, message_of
from lineform.scenarios.profiles import Acted
from lineform.scenarios.reacting import FORGOTTEN
from lineform.scenarios.shop import MEMBER, ShopEvent
from lineform.scenarios.unsending import NOTHING_UNSENT, Unsent
from lineform.serve.arrivals import shop_rows
from lineform.serve.failing import failure_of
from lineform.serve.onlooker import Onlooker

PAUSES = (1.0, 5.0, 30.0, 120.0)
"""Seconds before an event that failed is tried again."""


@dataclass(frozen=True, slots=True)
class Working:
    """How events are worked on."""

    tries: int = 5
    """So often an event may fail before it is set aside."""
    batch: int = 500
    """Events that are worked on together."""
    lease: timedelta = timedelta(seconds=120)
    """How long claimed events are left to whoever claimed them."""


LiveThrough = Callable[[Run, Sequence[Happening]], Awaitable[Any]]
"""What follows from happenings; repeating one, by its key, does nothing."""


@dataclass(frozen=True, slots=True)
class LinkedFriend:
    """LINE's answer to a linking of accounts by one friend."""

    key: str
    user_id: str
    at: datetime
    nonce: str = field(repr=False)
    succeeded: bool


Link = Callable[[Run, LinkedFriend], Awaitable[Sequence[FriendRow]]]
"""What a linking says about the friend: rows to import, none where its nonce is not ours."""


Meet = Callable[[Run, Sequence[Acted]], Awaitable[None]]
"""Sees to it that LINE is asked who those are that nothing is known of; repeating it does no harm."""


TakeBack = Callable[[Run, Unsent], Awaitable[None]]
"""Takes back everywhere what messages said; repeating it does no harm."""


@dataclass(frozen=True, slots=True)
class Following:
    """What follows from events, made by the rooms below."""

    live: LiveThrough
    link: Link | None = None
    route: Callable[[str, str], str] = lambda client, text: ""
    """The entry route that a friend's text to this client tells; empty where it tells none."""
    meet: Meet | None = None
    take_back: TakeBack | None = None


@dataclass(slots=True)
class _Facts:
    """What a batch says, gathered before it is written."""

    friends: dict[str, FriendRow] = field(default_factory=dict)
    events: list[EventRow] = field(default_factory=list)
    items: list[ItemEvent] = field(default_factory=list)
    meant: list[tuple[Waiting, Meaning]] = field(default_factory=list)
    unsent: Unsent = NOTHING_UNSENT
    told: list[tuple[Waiting, ShopEvent, EventRow]] = field(default_factory=list)
    """A shop's events, as they are recorded of each friend they are about."""


async def work_once(run: Run, following: Following, options: Working, onlooker: Onlooker) -> int | None:
    """Works on the oldest events of one client; how many were claimed. None while the kill switch is on: then
    everything waits.

    Raises what the store raises, and `LineFailure` where LINE cannot be reached at all: no event is to blame for it.
    """
    store, name, now = run.store, run.client.name, run.clock.now()
    if await run.records(halted_by, store, name, now):
        return None
    worker = run.options.worker
    claimed = await run.records(store.claim_received, name, worker, now, options.lease, options.batch)
    if not claimed:
        return 0
    try:
        await _work_on(run, following, claimed)
        forgotten = await _forgotten(run, {one.person for one in claimed})
    except LineFailure:
        await run.records(store.return_received, name, _numbers(claimed), worker, tried=False)
        raise
    except Exception as error:  # noqa: BLE001 - whatever an event brings about, the others must not wait for it
        await _failed(run, claimed, error, options, onlooker)
        return len(claimed)
    over = [one for one in claimed if one.person in forgotten]
    await run.records(store.erase_received, name, _numbers(over), worker)
    await run.records(store.finish_received, name, _numbers(claimed), worker)
    onlooker.worked(name, [one.received_at for one in claimed], run.clock.now())
    return len(claimed)


async def free_the_dead(run: Run, gone: Callable[[str], bool]) -> None:
    """Takes events from workers of which it is known that they died: else they would wait for their leases to run
    out, and each person's later events with them."""
    for worker in await run.records(run.store.holders_of_received, run.client.name):
        if gone(worker):
            await run.records(run.store.free_received, run.client.name, worker)


async def _failed(run: Run, claimed: Sequence[Waiting], error: Exception, options: Working, onlooker: Onlooker) -> None:
    """One event is tried again later, or set aside; several are given back, to be tried one by one."""
    store, name, worker = run.store, run.client.name, run.options.worker
    reason = failure_of(error)
    if len(claimed) > 1:
        onlooker.failed(name, "events failed together", events=len(claimed), reason=reason)
        await run.records(store.return_received, name, _numbers(claimed), worker, tried=True)
        return
    (one,) = claimed
    if one.attempts < options.tries:
        until = run.clock.now() + timedelta(seconds=PAUSES[min(one.attempts, len(PAUSES)) - 1])
        onlooker.failed(name, "event failed", number=one.number, kind=one.kind, attempt=one.attempts, reason=reason)
        await run.records(store.postpone_received, name, one.number, worker, until, reason)
        return
    onlooker.failed(name, "event set aside", number=one.number, kind=one.kind, attempts=one.attempts, reason=reason)
    await run.records(store.set_aside, name, one.number, worker, reason)
    entry = AuditEntry(run.clock.now(), name, run.options.actor, "set aside", f"event {one.number}", reason)
    await run.records(store.note, entry)


async def _work_on(run: Run, following: Following, claimed: Sequence[Waiting]) -> None:
    facts = await _facts(run, following, claimed)
    now = run.clock.now()
    if facts.friends:
        await run.records(run.store.import_friends, run.client.name, list(facts.friends.values()), now)
    if facts.events:
        await run.records(run.store.add_events, run.client.name, facts.events, now)
    if facts.items:
        await run.records(run.store.add_item_events, run.client.name, facts.items)
    if following.take_back is not None and facts.unsent.message_ids:
        await following.take_back(run, facts.unsent)
    people = {meaning.user_id for _, meaning in facts.meant} | {row.user_id for _, _, row in facts.told}
    if not people:
        return
    ids = await run.records(run.store.friend_ids, run.client.name, sorted(people))
    if following.meet is not None and (acted := _acted(facts, ids)):
        await following.meet(run, acted)
    if facts.told:
        await _leave_out_the_old(run, facts)
    if happenings := _happenings(facts, ids):
        await following.live(run, happenings)


async def _leave_out_the_old(run: Run, facts: _Facts) -> None:
    """What happened long ago is recorded, and nothing follows from it: nobody remembers any more whether somebody
    looked at it, when a shop tells its whole history again."""
    recorded = await run.records(run.store.recorded_events, run.client.name, [row for _, _, row in facts.told])
    oldest = run.clock.now() - LOOKED_AT_KEPT
    facts.told = [one for one in facts.told if recorded.get((one[2].type, one[2].id), one[2].at) > oldest]


def _acted(facts: _Facts, ids: Any) -> list[Acted]:
    """Everybody of whom LINE's webhook told something, as often as it did."""
    return [
        Acted(
            ids[meaning.user_id],
            meaning.what,
            one.received_at,
            follows=meaning.relation is True,
            answerable=bool(meaning.reply_token),
        )
        for one, meaning in facts.meant
        if meaning.user_id in ids
    ]


def _happenings(facts: _Facts, ids: Any) -> list[Happening]:
    """In the order of time. Nothing happens to people who are no friends here, such as those who were forgotten."""
    found: list[tuple[datetime, int, Happening]] = []
    for one, meaning in facts.meant:
        if meaning.user_id in ids:
            happening = meaning.happening(one.id, ids[meaning.user_id], one.received_at)
            if happening is not None:
                found.append((one.at, one.number, happening))
    for one, event, row in facts.told:
        if row.user_id in ids:
            found.append((one.at, one.number, event.happening(ids[row.user_id], one.received_at)))
    return [happening for _, _, happening in sorted(found, key=lambda each: each[:2])]


async def _facts(run: Run, following: Following, claimed: Sequence[Waiting]) -> _Facts:
    facts = _Facts()
    await _of_line(run, following, [one for one in claimed if one.source is Source.LINE], facts)
    await _of_shops(run, [one for one in claimed if one.source is Source.SHOP], facts)
    return facts


async def _came_back(run: Run, claimed: Sequence[Waiting]) -> frozenset[str]:
    """Those who follow here and had been forgotten: nothing that is given once is given to them again."""
    return await _forgotten(run, {one.person for one in claimed if one.kind == "follow"})


async def _forgotten(run: Run, people: Collection[str]) -> frozenset[str]:
    """Those who were forgotten and are no friends again. What comes in of them is nobody's, and is not kept."""
    named = sorted(one for one in people if one and not one.startswith(MEMBER))
    known = await run.records(run.store.friend_ids, run.client.name, named) if named else {}
    strangers = [one for one in named if one not in known]
    return await run.records(run.store.was_forgotten, run.client.name, strangers) if strangers else frozenset()


async def _of_line(run: Run, following: Following, claimed: Sequence[Waiting], facts: _Facts) -> None:
    related = sorted({one.person for one in claimed if one.kind in RELATIONS and one.person})
    latest = await run.records(run.store.latest_relations, run.client.name, related) if related else {}
    forgotten = await _came_back(run, claimed)
    read = [(one, json.loads(one.body)) for one in claimed]
    facts.unsent = await _unsent(run, read)
    for one, said in read:
        event = {**said, UNSEND: True} if one.number in facts.unsent.numbers else said
        meaning = interpret(event, one.received_at) if isinstance(event, dict) else Meaning("", one.at)
        if not meaning.user_id:
            continue
        # LINE keeps no order: a block that comes after the follow that undid it says nothing any more.
        if meaning.relation is not None and one.at < latest.get(meaning.user_id, one.at):
            continue
        if meaning.what is What.FOLLOW and meaning.user_id in forgotten:
            meaning = replace(meaning, fields={**meaning.fields, FORGOTTEN: True})
        known = facts.friends.get(meaning.user_id)
        facts.friends[meaning.user_id] = _row(meaning, known)
        if meaning.what is What.TEXT and (route := following.route(run.client.name, meaning.text)):
            meaning = replace(meaning, what=What.ROUTE, name=route, text="")
            facts.friends[meaning.user_id] = facts.friends[meaning.user_id]._replace(route=route)
        if meaning.linked is not None and following.link is not None:
            answer = LinkedFriend(one.id, meaning.user_id, meaning.at, meaning.linked.nonce, meaning.linked.succeeded)
            for row in await following.link(run, answer):
                facts.friends[row.user_id] = _merged(facts.friends.get(row.user_id), row)
                if row.user_id == meaning.user_id and row.member_id:
                    meaning = replace(meaning, what=What.MEMBER)
        facts.meant.append((one, meaning))


async def _unsent(run: Run, read: Sequence[tuple[Waiting, Any]]) -> Unsent:
    """What these events and earlier ones take back: LINE keeps no order, and may bring a message after that."""
    back = {message_of(event) for one, event in read if one.kind == UNSEND and isinstance(event, dict)} - {""}
    brought = {one.number: message_of(event) for one, event in read if one.kind == MESSAGE and isinstance(event, dict)}
    if brought:
        ids = sorted(set(brought.values()) - {""})
        back |= await run.records(run.store.unsent_among, run.client.name, ids)
    late = tuple(number for number, message in brought.items() if message in back)
    return Unsent(tuple(sorted(back)), late)


def _row(meaning: Meaning, known: FriendRow | None) -> FriendRow:
    """What is known of a friend after this event: whoever acts is one, as far as LINE tells."""
    row = known or FriendRow(meaning.user_id)
    if meaning.relation is None:
        return row
    follows = meaning.relation
    return FriendRow(
        row.user_id,
        followed_at=meaning.at if follows else row.followed_at,
        blocked=not follows,
        member_id=row.member_id,
        route=row.route,
        returns=follows or row.returns,
    )


def _merged(known: FriendRow | None, row: FriendRow) -> FriendRow:
    """A linking beside what the batch says of the same friend."""
    if known is None:
        return row
    return FriendRow(
        row.user_id,
        followed_at=known.followed_at,
        blocked=known.blocked,
        attributes=row.attributes,
        tags=row.tags,
        member_id=row.member_id if row.member_id is not None else known.member_id,
        route=known.route,
        returns=known.returns,
    )


async def _of_shops(run: Run, claimed: Sequence[Waiting], facts: _Facts) -> None:
    read = [(one, ShopEvent.from_json(one.body)) for one in claimed]
    members = sorted({event.member_id for _, event in read if event.member_id})
    known = await run.records(run.store.user_ids_of_members, run.client.name, members) if members else {}
    for one, event in read:
        if not event.person:
            facts.items.append(ItemEvent(event.event, event.id, event.item, event.at, event.fields))
            continue
        for row in shop_rows(event, known):
            facts.events.append(row)
            facts.told.append((one, event, row))


def _numbers(claimed: Sequence[Waiting]) -> list[int]:
    return [one.number for one in claimed]
