"""Moving the friends of replaced menus, in one batch, to its end.

LINE allows three batches an hour and answers before the work is done. A batch is repeated only with its own resume
key, by which LINE moves the friends that are left and nobody twice; the key is derived from the moves, so that a
crashed apply's successor finds it again.
https://developers.line.biz/en/reference/messaging-api/#batch-control-rich-menus-of-users
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lineform.apply.desk import Desk
from lineform.errors import PartialError
from lineform.planning.steps import NO_MENU, Move
from lineform.ports.line_account import NotFound, OutcomeUnknown, Phase

FIRST_LOOK = 1.0
SLOWEST_LOOK = 60.0
"""LINE answers 100 looks at progress an hour."""
PATIENCE = 3600.0
RESUMES = 2


@dataclass(frozen=True, slots=True)
class Batch:
    """One batch: from menu to menu (empty: none of their own), and the key by which LINE knows it again."""

    moves: Mapping[str, str]
    key: str


def batch_of(moves: Sequence[Move], ids: Mapping[str, str]) -> Batch:
    """The batch of these moves; `ids` has the menus that this apply made, by address.

    The last move of a retiring menu is another batch than the first one, whose key LINE may still remember as done.
    """
    resolved = [
        (move.menu_id, "" if move.to == NO_MENU else move.to.menu_id or ids[move.to.address], move.last)
        for move in moves
    ]
    text = "\n".join(f"{old} {new} {'last' if last else 'first'}" for old, new, last in sorted(resolved))
    key = "lineform-" + hashlib.sha256(text.encode()).hexdigest()[:48]
    return Batch({old: new for old, new, _ in resolved}, key)


async def start_batch(desk: Desk, batch: Batch) -> str:
    """Starts or resumes it; the request id by which its progress is known."""
    return await desk.account.move_linked_users(batch.moves, batch.key)


async def finish_batch(desk: Desk, batch: Batch, request_id: str) -> None:
    """Waits for its end, and resumes it where LINE gave up or forgot it. `PartialError` where it takes too long."""
    wait, waited, resumes = FIRST_LOOK, 0.0, 0
    while waited < PATIENCE:
        phase = await _look(desk, request_id)
        if phase is Phase.SUCCEEDED:
            return
        if phase is Phase.FAILED:
            if resumes == RESUMES:
                break
            resumes += 1
            request_id = await start_batch(desk, batch)
        await desk.pause(wait)
        waited += wait
        wait = min(wait * 2, SLOWEST_LOOK)
    raise PartialError(
        f"{desk.client}: LINE has not finished moving friends to the new menus",
        hint="the new menus are in place; run the same command again later, it goes on with the friends that are left",
    )


async def _look(desk: Desk, request_id: str) -> Phase:
    try:
        return await desk.account.move_progress(request_id)
    except NotFound:
        return Phase.FAILED
    except OutcomeUnknown:
        return Phase.ONGOING
