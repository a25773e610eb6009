"""Making, filling and deleting LINE's audiences, so that doing it again does no harm.

A create is the only call that LINE could do twice: where its answer is lost, the account is searched for our mark
first. Adding somebody who is there already changes nothing, so an upload may be repeated. Who is about to be uploaded
is written down before, and confirmed after: whoever may be in the audience is never forgotten, and whoever may not be
is uploaded again.
"""

from __future__ import annotations

from array import array
from collections.abc import Awaitable, Callable, Sequence

from lineform.apply.desk import FIRST_WAIT, TRIES, Desk
from lineform.apply.result import Outcome
from lineform.lineapi import limits
from lineform.model.address import Address
from lineform.planning.audiences import new_mark
from lineform.planning.marks import read_mark
from lineform.ports.line_account import NotFound, OutcomeUnknown, RateLimited
from lineform.segments.predicate import Predicate
from lineform.sending.derived import Derivation
from lineform.sending.flags import Flags
from lineform.sending.keys import recipients_hash

BUSY_WAIT = 10.0
BUSY_TRIES = 18
"""LINE runs ten uploads to one audience at a time and refuses the next: three minutes of waiting for one to end."""


async def create_audience(desk: Desk, address: str, wanted: str, earlier: frozenset[int]) -> tuple[Outcome, int]:
    """An empty audience with our mark; `earlier` are the ids that were there when the plan was made."""
    mark = new_mark(desk.client, Address.parse(address), wanted, desk.clock.now())
    return await _made_once(desk, address, wanted, earlier, lambda: desk.account.create_audience(mark, "", ()))


async def derive_audience(
    desk: Desk, address: str, made_of: Derivation, request_id: str, earlier: frozenset[int]
) -> tuple[Outcome, int]:
    """An audience with our mark that LINE makes of a send."""
    mark = new_mark(desk.client, Address.parse(address), made_of.hash, desk.clock.now())

    def make() -> Awaitable[int]:
        if made_of.kind == "IMP":
            return desk.account.create_impression_audience(mark, request_id)
        return desk.account.create_click_audience(mark, request_id, made_of.url)

    return await _made_once(desk, address, made_of.hash, earlier, make)


async def _made_once(
    desk: Desk, address: str, wanted: str, earlier: frozenset[int], make: Callable[[], Awaitable[int]]
) -> tuple[Outcome, int]:
    wait = FIRST_WAIT
    for tried in range(1, TRIES + 1):
        try:
            return Outcome.DONE, await make()
        except OutcomeUnknown:
            await desk.pause(wait)
            wait *= 2
            found = await _find_created(desk, address, wanted, earlier)
            if found:
                return Outcome.ALREADY, found
            if tried == TRIES:
                raise
    raise AssertionError("the last try either returned or raised")


async def _find_created(desk: Desk, address: str, wanted: str, earlier: frozenset[int]) -> int:
    for audience in await desk.again(desk.account.audiences):
        mark = read_mark(audience.description)
        if mark is None or audience.id in earlier:
            continue
        if (mark.client, str(mark.address), mark.hash) == (desk.client, address, wanted):
            return audience.id
    return 0


async def fill_audience(desk: Desk, predicate: Predicate, audience: int) -> str:
    """Uploads everybody who belongs in it and is not certainly there; how many, in words."""
    await desk.offload(_intend, desk, predicate, audience)
    count = 0
    for upload in await desk.offload(desk.store.uploads, desk.client, audience):
        if upload.confirmed:
            continue
        names = await desk.offload(desk.store.line_ids, desk.client, upload.friend_ids)
        users = [names[friend] for friend in upload.friend_ids if friend in names]
        if users:
            told = f"lineform {len(users)} {recipients_hash(desk.client, upload.friend_ids)}"
            await _upload(desk, audience, told, users)
        await desk.offload(desk.store.confirm_upload, upload.id)
        count += len(users)
    return f"{audience}: {count:,} uploaded"


def _intend(desk: Desk, predicate: Predicate, audience: int) -> None:
    of, held = Flags(), 1
    for upload in desk.store.uploads(desk.client, audience):
        of.add(held, upload.friend_ids)
    selected = desk.store.select(desk.client, predicate, desk.clock.now())
    joined = array("q", (friend for friend in selected if not of.has(held, friend)))
    size = limits.AUDIENCE_JSON_IDS
    parts = [joined[start : start + size] for start in range(0, len(joined), size)]
    desk.store.intend_uploads(desk.client, audience, parts)


async def _upload(desk: Desk, audience: int, told: str, users: Sequence[str]) -> None:
    for tried in range(1, BUSY_TRIES + 1):
        await desk.hold_lock()
        try:
            await desk.again(lambda: desk.account.add_to_audience(audience, told, users))
        except RateLimited as busy:
            if tried == BUSY_TRIES or not busy.status:
                raise
            await desk.pause(max(BUSY_WAIT, busy.retry_after))
        else:
            return


async def delete_audience(desk: Desk, audience: int) -> Outcome:
    """It, and what is remembered of it."""
    outcome = Outcome.DONE
    try:
        await desk.again(lambda: desk.account.delete_audience(audience))
    except NotFound:
        outcome = Outcome.ALREADY
    await desk.offload(desk.store.forget_uploads, desk.client, audience)
    return outcome
