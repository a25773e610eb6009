"""From a client to its pages, and to what follows from what comes in: by a server and by a run alike."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from lineform.journeys.live import live_through
from lineform.journeys.profiles import meet
from lineform.journeys.unsending import take_back
from lineform.model.project import Client
from lineform.ports.line_account import LineAccount
from lineform.sending.links import LinkKeys
from lineform.serve.doors import Door, route_told
from lineform.serve.redeeming import link_friend
from lineform.serve.working import Following


def door_of(client: Client, account: LineAccount, keys: LinkKeys | None) -> Door | None:
    """A client's pages; None where it declares no address that they could have."""
    if keys is None:
        return None
    spec = client.spec
    every = (keys.key, *keys.older)
    return Door(client.name, spec.title, client.timezone, account, keys.base, every, spec.entry, spec.members)


def following_of(doors: Mapping[str, Door]) -> Following:
    """What follows from events; `doors`, by client, read the texts that tell a route."""
    return Following(live_through, link_friend, partial(route_told, doors), meet, take_back)
