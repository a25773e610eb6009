"""The audience of LINE's that a narrowcast is for: which one it is now, and whether it may be sent to.

It is found by its mark at the moment of freezing, so a replaced audience needs no new arming.
"""

from __future__ import annotations

from dataclasses import dataclass

from lineform.errors import BlockedError
from lineform.planning.audiences import OwnAudience, audience_hash, own_audiences
from lineform.planning.live_audiences import AudienceStatus, JobStatus
from lineform.plural import plural
from lineform.ports.members import membership
from lineform.run.options import Run
from lineform.sending.derived import FEWEST
from lineform.sending.revision import Armed


@dataclass(frozen=True, slots=True)
class Target:
    """A ready audience; `people` is how many friends it holds at most."""

    audience_id: int
    people: int


async def ready_audience(run: Run, armed: Armed) -> Target:
    """Raises BlockedError where it is not there, not ready, or holds people who have left its segment: LINE would send
    to them, too. A few whom nothing but time took out are borne for some days, see `audience_ages`."""
    if armed.derived:
        return await _derived(run, armed)
    predicate = armed.predicate
    if predicate is None:
        raise ValueError("this campaign is for no audience of LINE's")
    own = own_audiences(run.client.name, await run.account.audiences()).get(armed.audience)
    newest = own[-1] if own else None
    if newest is None or newest.mark.hash != audience_hash(predicate):
        raise _not_yet(armed, "is not on the account as it was armed", "run 'lineform apply'")
    await _refuse_unready(run, armed, newest)
    made, now = newest.mark.created, run.clock.now()
    found = await run.records(membership, run.store, run.client.name, predicate, newest.live.id, made, now)
    if found.unfinished or not found.recorded:
        raise _not_yet(armed, "was not filled to its end", "run 'lineform apply': it goes on")
    if left := found.unsendable(now - made):
        raise BlockedError(
            f"{left:,} of the {found.held:,} friends in {armed.audience} do not belong to its segment any more",
            hint="run 'lineform apply': it makes a new audience without them, as soon as the plan says; or choose the "
            "segment itself in the campaign, and multicast takes exactly its friends",
            code="G222",
        )
    return Target(newest.live.id, found.held)


async def _derived(run: Run, armed: Armed) -> Target:
    """One that LINE made of what friends did: nobody but LINE knows who is in it."""
    own = own_audiences(run.client.name, await run.account.audiences()).get(armed.audience)
    newest = own[-1] if own else None
    if newest is None or newest.mark.hash != armed.derived:
        raise _not_yet(armed, "is not on the account as it was armed", "run 'lineform apply'")
    await _refuse_unready(run, armed, newest)
    if newest.live.count < FEWEST:
        raise BlockedError(
            f"{armed.audience} holds {plural(newest.live.count, 'person', 'people')}, and LINE wants {FEWEST} in an "
            "audience that it made",
            hint="wait until more have tapped or seen it, or choose the audience by a segment",
            code="G223",
        )
    return Target(newest.live.id, newest.live.count)


async def _refuse_unready(run: Run, armed: Armed, newest: OwnAudience) -> None:
    status = newest.live.status
    if status is AudienceStatus.IN_PROGRESS:
        raise _not_yet(armed, "is still being made by LINE", "LINE may take hours; the next run asks again")
    if status is not AudienceStatus.READY:
        raise _not_yet(armed, f"cannot be sent to: LINE says {status.value or 'nothing'}", "run 'lineform apply'")
    jobs = {job.status for job in await run.account.audience_jobs(newest.live.id)}
    if jobs & {JobStatus.QUEUED, JobStatus.WORKING}:
        raise _not_yet(armed, "is still taking in an upload", "LINE may take hours; the next run asks again")
    if JobStatus.FAILED in jobs:
        raise _not_yet(armed, "lacks an upload that failed at LINE", "run 'lineform apply': it makes a new one")


def _not_yet(armed: Armed, sentence: str, hint: str) -> BlockedError:
    return BlockedError(f"{armed.audience} {sentence}", hint=hint, code="G221")
