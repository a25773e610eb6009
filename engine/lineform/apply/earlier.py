"""What went out before: a campaign with one date is sent once, whatever its date becomes."""

from __future__ import annotations

from collections.abc import Mapping

from lineform.apply.desk import Desk
from lineform.model.project import Client
from lineform.planning.arming import one_dated
from lineform.sending.conclusion import went_out


async def read_sent(
    desk: Desk, client: Client, recorded: Mapping[str, str], digests: Mapping[str, str]
) -> frozenset[str]:
    """The campaigns with one date that an apply would arm, and that were sent already. The mappings give a revision's
    digest by address, of what is armed and of what is declared."""
    arming = {address for address, digest in digests.items() if recorded.get(address) != digest}
    addresses = one_dated(client, arming)
    return await desk.offload(_sent, desk, addresses) if addresses else frozenset()


def _sent(desk: Desk, addresses: list[str]) -> frozenset[str]:
    return frozenset(
        send.address
        for address in addresses
        for send in desk.store.sends(desk.client, address=address)
        if went_out(send.status, send.batches, reopened=send.reopened)
    )
