"""Who is in each of a client's audiences: what a plan compares besides account and files."""

from __future__ import annotations

from lineform.apply.desk import Desk
from lineform.model.project import Client
from lineform.planning.audiences import Membership, declared_audiences, own_audiences
from lineform.planning.live import LiveAccount
from lineform.ports.members import membership


async def read_members(desk: Desk, client: Client, live: LiveAccount) -> dict[str, Membership]:
    """By address, for the newest live copy of every declared audience."""
    own = own_audiences(client.name, live.audiences)
    found = {}
    for address, predicate in declared_audiences(client).items():
        newest = own[address][-1].live.id if address in own else 0
        found[address] = await desk.offload(membership, desk.store, client.name, predicate, newest, desk.clock.now())
    return found
