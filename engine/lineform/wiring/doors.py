"""From a client to its pages: what texts that tell a route are read with, by a server and by a run alike."""

from __future__ import annotations

from lineform.model.project import Client
from lineform.ports.line_account import LineAccount
from lineform.sending.links import LinkKeys
from lineform.serve.doors import Door


def door_of(client: Client, account: LineAccount, keys: LinkKeys | None) -> Door | None:
    """A client's pages; None where it declares no address that they could have."""
    if keys is None:
        return None
    spec = client.spec
    every = (keys.key, *keys.older)
    return Door(client.name, spec.title, client.timezone, account, keys.base, every, spec.entry, spec.members)
