"""Recipients and bodies, written into the ledger in one transaction before anything is called.

From here on the send is what was written: a resumed run renders nothing and selects nobody anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice

from lineform.lineapi.limits import MULTICAST_RECIPIENTS
from lineform.lineapi.routes import Route
from lineform.ports.ledger import Handout, NewBatch, NewSend, PoolEmpty, Rejudged, Spent
from lineform.ports.store import Store
from lineform.run.again import among, call_to, judged_again
from lineform.run.fill import Fill, handed_out
from lineform.run.options import Run
from lineform.run.prepare import Prepared, ask_line, why_nobody
from lineform.run.readable import readable
from lineform.run.rendering import passed_over, rendered
from lineform.run.signing import signing_keys
from lineform.run.stock import too_few_codes
from lineform.sending.batches import Group, Recipient, around, body_of, grouped
from lineform.sending.caps import Contact, messages_digest
from lineform.sending.frames import Frame, body, filling
from lineform.sending.given import pools_read
from lineform.sending.keys import recipients_hash, retry_key
from lineform.sending.status import BatchStatus, SendStatus
from lineform.sending.textguards import FEW


async def freeze(run: Run, prepared: Prepared) -> Prepared:
    """Writes the occurrence with all its batches, unless another run has written it already. The send as it was
    written: where other sends reached some of its friends since it was prepared, these are judged again.

    Friends who would read something suspicious are left out where they are few. Raises BlockedError where they are not,
    a code is missing, or the budget does not allow it any more, and LedgerMoved where too much was frozen since it was
    judged, or somebody was forgotten: then nothing is written.
    """
    if not prepared.nobody and (sample := await run.records(_sample, run, prepared)):
        await ask_line(run, prepared.choice.route or Route.PUSH, sample)
    return await run.records(readable, _write, run, prepared)


def _new_send(run: Run, prepared: Prepared) -> NewSend:
    return NewSend(
        prepared.address,
        prepared.digest,
        prepared.due.key,
        prepared.due.at,
        SendStatus.EMPTY if prepared.nobody else SendStatus.FROZEN,
        recipients=prepared.recipients,
        recipients_hash=recipients_hash(run.client.name, prepared.ids),
        reason=why_nobody(prepared) if prepared.nobody else "",
        capped=prepared.capped,
        frame=b"" if prepared.selected_by_line else _frame(prepared).recorded(),
        does=bool(prepared.armed.do),
    )


def _write(run: Run, prepared: Prepared) -> Prepared:
    armed, reads = prepared.armed, prepared.compiled.reads
    keys = None if prepared.nobody else signing_keys(run.options.link_keys, armed.given)
    # Codes, and the numbers of tracked links, are handed out inside of the freeze; all else is made before it.
    inside = keys is not None or bool(pools_read(reads))
    written = prepared

    def handed(handout: Handout) -> Iterator[NewBatch]:
        return _batches(run, written, handed_out(prepared.supplies, handout, reads, armed.given, keys))

    def again(newer: Sequence[Contact], spent: Spent | None) -> Rejudged:
        nonlocal written
        written, gone = judged_again(run, prepared, newer, spent)
        send = _new_send(run, written) if gone else first
        call = partial(call_to, run, written)
        if inside:
            return Rejudged(send, call)  # its batches are still to be made
        waiting = among(written.waiting, gone)
        further = [_waits(run, written, waiting, len(prepared.ids) + 1)] if waiting else []
        return Rejudged(send, call, gone, further)

    first = _new_send(run, prepared)
    try:
        run.store.freeze(
            run.client.name,
            first,
            handed if inside else _batches(run, prepared, prepared.fill),
            run.clock.now(),
            position=prepared.position,
            spent=None if prepared.nobody else prepared.spent,
            again=again,
        )
    except PoolEmpty as empty:
        # Another send took them after this one was judged.
        raise too_few_codes(empty.pool) from empty
    return written


def groups(run: Run, prepared: Prepared, fill: Fill) -> Iterator[tuple[int, Group]]:
    """The calls of a send to friends that we select, each with its part of the rollout, rendered and guarded; streamed,
    in memory that does not grow."""
    for wave, ids in enumerate(prepared.waves):
        if (messages := prepared.constant) is not None:
            digest = messages_digest(messages)
            values = filling(prepared.values(fill) if prepared.armed.given.tracks else ())
            for people in _chunks(run.store, run.client.name, ids, MULTICAST_RECIPIENTS):
                yield wave, Group(Route.MULTICAST if len(people) > 1 else Route.PUSH, people, values, digest)
        else:
            for group in grouped(rendered(run, prepared.armed, prepared.compiled, prepared.due, ids, fill)):
                yield wave, group


def _frame(prepared: Prepared) -> Frame:
    """What the bodies of all calls have in common."""
    constant = None if prepared.armed.given.tracks else prepared.constant
    messages = Frame(prepared.compiled.pieces if constant is None else (constant,))
    return messages.within(*around(silent=prepared.armed.silent))


def _sample(run: Run, prepared: Prepared) -> Sequence[dict[str, object]]:
    """The messages of one of those who are meant. Whose are suspicious is found out when all of them are made."""
    if (messages := prepared.constant) is not None:
        found: list[dict[str, object]] = json.loads(messages)
        return found
    for start in range(0, len(prepared.ids), FEW + 1):  # a few at a time: nearly always the first one is readable
        ids = prepared.ids[start : start + FEW + 1]
        for one in rendered(run, prepared.armed, prepared.compiled, prepared.due, ids, prepared.fill, passed_over):
            made: dict[str, list[dict[str, object]]] = json.loads(body(_frame(prepared), one.filling))
            return made["messages"]
    return ()


def _batches(run: Run, prepared: Prepared, fill: Fill) -> Iterator[NewBatch]:
    armed, due = prepared.armed, prepared.due
    if (route := prepared.choice.route) is not None and prepared.selected_by_line:
        messages = Frame(prepared.compiled.pieces).whole(prepared.values(fill))
        extra = b""
        if route is Route.NARROWCAST:
            selection = {**_selected_by_line(prepared), "limit": {"max": prepared.limit}}
            extra = json.dumps(selection, separators=(",", ":")).encode()[1:-1]
        key = retry_key(run.client.name, prepared.address, due.key, route, ())
        whole = body_of(messages, silent=armed.silent, extra=extra)
        yield NewBatch(0, route, (), whole, key, messages_digest(prepared.constant or b""))
        return
    if prepared.waiting:
        yield _waits(run, prepared, prepared.waiting)
    for seq, (wave, group) in enumerate(groups(run, prepared, fill), start=1 if prepared.waiting else 0):
        people = group.recipients
        key = retry_key(run.client.name, prepared.address, due.key, group.route, [one.user_id for one in people])
        status = BatchStatus.STAGED if wave else BatchStatus.READY
        ids = tuple([one.id for one in people])
        yield NewBatch(seq, group.route, ids, group.filling, key, group.digest, status, wave)


def _waits(run: Run, prepared: Prepared, ids: Sequence[int], seq: int = 0) -> NewBatch:
    """No call: a later run reads here who waits."""
    key = retry_key(run.client.name, prepared.address, f"{prepared.due.key}/capped", Route.MULTICAST, ())
    return NewBatch(seq, Route.MULTICAST, ids, b"", key, status=BatchStatus.CAPPED)


def _selected_by_line(prepared: Prepared) -> dict[str, object]:
    """https://developers.line.biz/en/reference/messaging-api/#narrowcast-recipient"""
    if prepared.audience_id:
        return {"recipient": {"type": "audience", "audienceGroupId": prepared.audience_id}}
    return {"filter": prepared.armed.demographic}


def _chunks(store: Store, account: str, recipients: Sequence[int], size: int) -> Iterator[tuple[Recipient, ...]]:
    ids = iter(recipients)
    while chunk := list(islice(ids, size)):
        names = store.line_ids(account, chunk)
        if people := tuple(Recipient(one, names[one]) for one in chunk if one in names):
            yield people
