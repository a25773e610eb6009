"""What LINE's answer to a linking of accounts comes to: the friend is a member from then on."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from lineform.ports.audit import AuditEntry
from lineform.ports.friends import FriendRow
from lineform.run.options import Run
from lineform.serve.working import LinkedFriend


def nonce_hash(nonce: str) -> str:
    """What is kept of a nonce. It is drawn from so many that nobody can try them: no slower hash is needed."""
    return hashlib.sha256(nonce.encode("utf-8", "replace")).hexdigest()


async def link_friend(run: Run, answer: LinkedFriend) -> Sequence[FriendRow]:
    """What LINE's answer to a linking says: the friend is this member, once for each nonce; nothing where LINE failed
    or the nonce is none of ours."""
    if not answer.succeeded or not answer.nonce:
        return ()
    store, name, now = run.store, run.client.name, run.clock.now()
    # Its ten minutes end at the moment of LINE's answer, however long that waited here to be worked on.
    member = await run.records(store.redeem_nonce, name, nonce_hash(answer.nonce), answer.key, answer.at)
    if not member:
        entry = AuditEntry(now, name, run.options.actor, "link refused", "a member", "the nonce is none of ours")
        await run.records(store.note, entry)
        return ()
    return (FriendRow(answer.user_id, member_id=member),)
