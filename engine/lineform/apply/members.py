"""Who is in each of a client's audiences: what a plan compares besides account and files."""

from __future__ import annotations

from lineform.apply.desk import Desk
from lineform.model.project import Client
from lineform.planning.audience_ages import Membership
from lineform.planning.audiences import declared_audiences, derived_audiences, own_audiences
from lineform.planning.live import LiveAccount
from lineform.ports.members import membership
from lineform.sending.derived import SourceSend


async def read_members(desk: Desk, client: Client, live: LiveAccount) -> dict[str, Membership]:
    """By address, for the newest live copy of every declared audience."""
    own = own_audiences(client.name, live.audiences)
    found = {}
    for address, predicate in declared_audiences(client).items():
        now = desk.clock.now()
        newest, made = (own[address][-1].live.id, own[address][-1].mark.created) if address in own else (0, now)
        found[address] = await desk.offload(membership, desk.store, client.name, predicate, newest, made, now)
    return found


async def read_sources(desk: Desk, client: Client) -> dict[str, SourceSend]:
    """By campaign, the newest send that LINE can make an audience of: one that LINE's own selection carried."""
    found = {}
    for address in sorted({made_of.campaign for made_of in derived_audiences(client).values()}):
        source = await desk.offload(_source, desk, client.name, address)
        if source is not None:
            found[address] = source
    return found


def _source(desk: Desk, account: str, address: str) -> SourceSend | None:
    for send in reversed(desk.store.sends(account, address=address)):
        requests = desk.store.accepted_request_ids(send.id)
        # A broadcast's or narrowcast's one call is for nobody by name.
        if len(requests) == 1 and send.last_called_at is not None and not desk.store.frozen_friends(send.id):
            return SourceSend(requests[0], send.last_called_at, send.recipients)
    return None
