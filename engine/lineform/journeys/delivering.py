"""What a decision froze, on its way: answers by their reply tokens, then the sends, in the order of their freezing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from functools import partial
from typing import Final

from lineform.journeys.book import books
from lineform.journeys.budget import Purse, within_budget
from lineform.journeys.freezing import Answer, Frozen
from lineform.journeys.leftovers import LOST
from lineform.journeys.writing import about, written
from lineform.ports.line_account import OutcomeUnknown, QuotaExceeded, RateLimited, Refused, ReplyTooLate, Unauthorised
from lineform.run.halt import GUARD, halted_by
from lineform.run.menus import link_open
from lineform.run.options import Run
from lineform.run.outcome import Outcome, TickEntry
from lineform.run.telling import delivered
from lineform.sending.status import BatchStatus, SendStatus


async def worked_off(run: Run, some: Callable[[Run, Purse | None], tuple[Frozen, int]]) -> AsyncIterator[TickEntry]:
    """Decides about `some` friends and delivers, and so on until nobody is left or the run has to stop."""
    while not run.options.should_stop():
        frozen, friends = await within_budget(run, partial(some, run))
        if not friends:
            return
        for entry in await deliver_frozen(run, frozen):
            yield entry


async def deliver_frozen(run: Run, frozen: Frozen) -> list[TickEntry]:
    """Delivers everything. Raises Unauthorised where the token is no longer good."""
    entries = [
        TickEntry(
            one.address,
            "",
            Outcome.BLOCKED,
            recipients=one.friends,
            reason=one.why.message,
            guard=one.why.code,
            hint=one.why.hint,
        )
        for one in frozen.short
    ]
    for pushed in [*await _answer_all(run, frozen.answers), frozen]:
        for address, key, quiet in pushed.sends:
            if quiet is not None and quiet.until(run.clock.now()) is not None:
                continue  # the run that finds it when they are over calls it
            send = await run.records(run.store.send, run.client.name, address, key)
            if send is not None and send.status is SendStatus.FROZEN:
                entries.append(await delivered(run, send, quiet=quiet))
    if frozen.menus:
        await link_open(run, frozen.menus)  # whatever is left open is told by the tick that closes it
    return entries


async def _answer_all(run: Run, answers: Sequence[Answer]) -> list[Frozen]:
    """Answers many friends side by side, because a reply token lives for a minute, and each in the order in which they
    shall read it; the pushes that some became."""
    gate = asyncio.Semaphore(run.options.concurrency)
    last: dict[int, asyncio.Task[Frozen | None]] = {}  # by friend: what the next answer to them waits for

    async def one(answer: Answer, before: Collection[asyncio.Task[Frozen | None]]) -> Frozen | None:
        if before:
            await asyncio.wait(before)
        async with gate:
            return await answer_with_token(run, answer)

    tasks = []
    for answer in answers:
        friends = {said.friend.id for said in answer.said}
        task = asyncio.create_task(one(answer, {last[friend] for friend in friends if friend in last}))
        last |= dict.fromkeys(friends, task)
        tasks.append(task)
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    # What one of them failed with is raised when all are written down.
    for outcome in ended:
        if isinstance(outcome, BaseException):
            raise outcome
    return [outcome for outcome in ended if isinstance(outcome, Frozen)]


async def answer_with_token(run: Run, answer: Answer) -> Frozen | None:
    """Answers once; what LINE certainly did not take is frozen as a push, which is returned.

    An answer whose outcome is unknown is uncertain for ever: nobody may push it as well.
    """
    if who := await run.records(halted_by, run.store, run.client.name, run.clock.now()):
        await run.records(_end, run, answer, BatchStatus.REFUSED, "", f"{GUARD}: sending was halted by {who}")
        return None
    try:
        accepted = await run.account.reply(answer.body, answer.token)
    except (ReplyTooLate, RateLimited, QuotaExceeded) as refused:
        return await within_budget(run, partial(_push_instead, run, answer, refused.message))
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


def _push_instead(run: Run, answer: Answer, why: str, purse: Purse | None) -> Frozen:
    """The same messages as pushes: LINE said that the answer was not sent. A push costs, counts and disturbs, so the
    budget, the limits about the friend and the quiet hours are asked, which hold for no answer."""
    client, now = run.client.name, run.clock.now()
    friends = sorted({said.friend.id for said in answer.said})
    with run.store.together(client) as store:
        store.hold_friends(client, friends)
        store.settle(answer.batch_id, BatchStatus.REFUSED, now, reason=why)
        store.conclude(answer.send_id, SendStatus.REFUSED, now, reason=f"{why}; a push is to go instead")
        book = books().of(store, run.client)
        decision = about(run, store, book, friends, now, purse)
        decision.push_instead(answer.said)
        return written(run, decision, purse)
