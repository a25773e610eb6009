"""What a tap on a tracked link means: where it leads, and what happened to whom.

The redirect of a server asks `tapped` and answers with the address; then it records what `Tap` holds. A token that
nobody signed, or whose target is not recorded, leads nowhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from lineform.ports.friends import EventRow
from lineform.ports.links import LinkTarget
from lineform.ports.store import Store
from lineform.scenarios.happening import Happening, What
from lineform.segments.friend import CLICK
from lineform.sending.links import LinkKeys, read

_KEY = re.compile(r"l/(\d{1,15})/")
"""The beginning of a recorded tap's id: the number of its target."""
_CRAWLERS = ("line-poker", "facebookexternalhit", "bot", "crawler", "spider", "preview")


@dataclass(frozen=True, slots=True)
class Tap:
    """A tap on a link of a send. `url` is where it leads."""

    target: LinkTarget
    url: str
    event: EventRow | None = None
    """What is recorded of the friend; None where the link is the same for everybody, or the friend was forgotten."""
    happening: Happening | None = None
    """The same for scenarios and whatever else reacts to it."""

    @property
    def account(self) -> str:
        return self.target.account


def tapped(store: Store, keys: Mapping[str, LinkKeys], token: str, now: datetime) -> Tap | None:
    """What a token says; nothing is written. `keys` are those of all accounts, by name.

    A second tap within the same second is the same event, so that a repeated request counts once.
    """
    signed = read(keys, token)
    target = None if signed is None else store.link_target(signed[1].target)
    if signed is None or target is None or target.account != signed[0]:
        return None
    account, ticket = signed
    user_id = store.line_ids(account, [ticket.friend]).get(ticket.friend) if ticket.friend else None
    if user_id is None:
        return Tap(target, target.url)
    at = now.replace(microsecond=0)
    key = f"l/{target.id}/{ticket.friend}/{int(at.timestamp())}"
    fields = {"link": target.link}
    event = EventRow(user_id, CLICK, key, at, fields)
    happening = Happening(f"{CLICK}/{key}", ticket.friend, What.EVENT, at, name=CLICK, fields=fields)
    return Tap(target, target.url, event, happening)


def link_taps(store: Store, account: str, friend: int, address: str) -> Iterator[tuple[datetime, str, str]]:
    """What a friend tapped in messages of this address, such as a scenario's: when, the link's name, and the step."""
    for event in store.histories(account, [friend]).get(friend, ()):
        found = _KEY.match(event.id) if event.type == CLICK else None
        target = store.link_target(int(found[1])) if found else None
        if target is not None and (target.account, target.address) == (account, address):
            yield event.at, target.link, target.key.partition("@")[0]


def is_crawler(user_agent: str) -> bool:
    """Whether a request comes from a program that looks at links, such as LINE's own for the picture of a link
    (https://developers.line.biz/en/faq/): it is led on and counts for nobody."""
    agent = user_agent.casefold()
    return not agent or any(word in agent for word in _CRAWLERS)
