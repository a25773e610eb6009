"""What a decision froze, on its way: answers by their reply tokens, then the sends, in the order of their freezing."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from lineform.journeys.freezing import Answer, Frozen
from lineform.lineapi.routes import Route
from lineform.ports.ledger import NewBatch, NewSend, Send
from lineform.ports.line_account import OutcomeUnknown, QuotaExceeded, RateLimited, Refused, ReplyTooLate, Unauthorised
from lineform.run.halt import GUARD, halted_by
from lineform.run.menus import link_open
from lineform.run.options import Run
from lineform.run.outcome import TickEntry
from lineform.run.telling import delivered, note
from lineform.sending.keys import part_key, recipients_hash, retry_key
from lineform.sending.status import BatchStatus, SendStatus

LOST: Final = "the answer was begun, and nobody knows whether LINE took it"
LONGEST_PAUSE: Final = timedelta(hours=24)
"""A frozen message that nobody called for so long is not sent any more: what it says is old."""


async def deliver_frozen(run: Run, frozen: Frozen) -> list[TickEntry]:
    """Delivers everything. Raises Unauthorised where the token is no longer good."""
    pushed_instead = await _answer_all(run, frozen.answers)
    entries = []
    for address, key in (*pushed_instead, *frozen.sends):
        send = await run.records(run.store.send, run.client.name, address, key)
        if send is not None and send.status is SendStatus.FROZEN:
            entries.append(await delivered(run, send))
    if frozen.menus:
        await link_open(run, frozen.menus)  # whatever is left open is told by the tick that closes it
    return entries


async def _answer_all(run: Run, answers: Sequence[Answer]) -> list[tuple[str, str]]:
    """Answers many friends side by side, because a reply token lives for a minute; the pushes that some became."""
    gate = asyncio.Semaphore(run.options.concurrency)

    async def one(answer: Answer) -> tuple[str, str] | None:
        async with gate:
            return await answer_with_token(run, answer)

    ended = await asyncio.gather(*(one(answer) for answer in answers), return_exceptions=True)
    # What one of them failed with is raised when all are written down.
    for outcome in ended:
        if isinstance(outcome, BaseException):
            raise outcome
    return [outcome for outcome in ended if isinstance(outcome, tuple)]


async def answer_with_token(run: Run, answer: Answer) -> tuple[str, str] | None:
    """Answers once; what LINE certainly did not take is frozen as a push, whose address and key are returned.

    An answer whose outcome is unknown is uncertain for ever: nobody may push it as well.
    """
    if who := await run.records(halted_by, run.store, run.client.name, run.clock.now()):
        await run.records(_end, run, answer, BatchStatus.REFUSED, "", f"{GUARD}: sending was halted by {who}")
        return None
    try:
        accepted = await run.account.reply(answer.body, answer.token)
    except (ReplyTooLate, RateLimited, QuotaExceeded) as refused:
        return await run.records(_push_instead, run, answer, refused.message)
    except Refused as refused:
        await run.records(_end, run, answer, BatchStatus.REFUSED, "", f"{refused.message} {refused.details}".strip())
    except OutcomeUnknown:
        await run.records(_end, run, answer, BatchStatus.UNCERTAIN, "", LOST)
    except Unauthorised as failure:
        await run.records(_end, run, answer, BatchStatus.REFUSED, "", failure.message)
        raise
    else:
        await run.records(_end, run, answer, BatchStatus.ANSWERED, accepted.request_id, "")
    return None


_ENDS: Final = {
    BatchStatus.ANSWERED: SendStatus.SENT,
    BatchStatus.REFUSED: SendStatus.REFUSED,
    BatchStatus.UNCERTAIN: SendStatus.UNCERTAIN,
}


def _end(run: Run, answer: Answer, status: BatchStatus, request_id: str, reason: str) -> None:
    now = run.clock.now()
    with run.store.together(run.client.name) as store:
        store.settle(answer.batch_id, status, now, request_id=request_id, reason=reason)
        store.conclude(answer.send_id, _ENDS[status], now, reason=reason)


def _push_instead(run: Run, answer: Answer, why: str) -> tuple[str, str] | None:
    """The same messages as a push: LINE said that the answer was not sent."""
    client, now = run.client.name, run.clock.now()
    with run.store.together(client) as store:
        store.settle(answer.batch_id, BatchStatus.REFUSED, now, reason=why)
        store.conclude(answer.send_id, SendStatus.REFUSED, now, reason=f"{why}; pushed instead")
        user_id = store.line_ids(client, [answer.friend_id]).get(answer.friend_id)
        if user_id is None:
            return None
        key = part_key(answer.key, 2)
        people = recipients_hash(client, [answer.friend_id])
        send = NewSend(answer.address, answer.digest, key, now, SendStatus.FROZEN, 1, people)
        retry = retry_key(client, answer.address, key, Route.PUSH, [user_id])
        batch = NewBatch(0, Route.PUSH, (answer.friend_id,), answer.body, retry, answer.read)
        store.freeze(client, send, [batch], now)
    return answer.address, key


async def go_on(run: Run, kinds: Sequence[str]) -> list[TickEntry]:
    """What earlier runs froze of these kinds and did not deliver, and answers that were lost with their run."""
    await run.records(_settle_lost, run)
    unfinished = await run.records(run.store.sends, run.client.name, unfinished=True)
    entries = []
    for listed in unfinished:
        if listed.address.partition(".")[0] not in kinds or run.options.should_stop():
            continue
        send = await run.records(run.store.send, run.client.name, listed.address, listed.key)
        if send is None or send.status is not SendStatus.FROZEN or await _too_old(run, send):
            continue
        entries.append(await delivered(run, send))
    return entries


async def _too_old(run: Run, send: Send) -> bool:
    now = run.clock.now()
    if send.last_called_at is not None or now - (send.frozen_at or send.due_at) <= LONGEST_PAUSE:
        return False
    reason = "it was frozen, and nothing ran for a day; what it says is old"
    if await run.records(run.store.call_off, send.id, SendStatus.SKIPPED, now, reason=reason):
        await note(run, SendStatus.SKIPPED.value, f"{send.address}@{send.key}", reason)
        return True
    return False


def _settle_lost(run: Run) -> None:
    now = run.clock.now()
    for send_id, batch_id in run.store.lost_answers(run.client.name, now):
        with run.store.together(run.client.name) as store:
            store.settle(batch_id, BatchStatus.UNCERTAIN, now, reason=LOST)
            store.conclude(send_id, SendStatus.UNCERTAIN, now, reason=LOST)
