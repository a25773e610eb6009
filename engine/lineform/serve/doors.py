"""Where people come in from outside of the chat: one client's addresses, its keys, and what is armed for them."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode

from lineform.model.client import Entry, Membership
from lineform.ports.line_account import LineAccount
from lineform.run.options import Records
from lineform.scenarios import passes
from lineform.scenarios.answering import Armed
from lineform.scenarios.armed import read_armed
from lineform.scenarios.happening import Happening
from lineform.scenarios.passes import Pass, pass_url, route_code


@dataclass(frozen=True, slots=True)
class Door:
    """One client's pages."""

    name: str
    title: str
    """What friends read as the account's name."""
    timezone: str
    account: LineAccount
    base: str
    """Where the server answers: ``https://go.example.jp``."""
    keys: tuple[bytes, ...] = field(repr=False)
    """Those that sign passes and codes, the present one first."""
    entry: Entry | None = None
    members: Membership | None = None

    def page(self, *steps: str) -> str:
        """The address of a page of ours."""
        return "/".join((self.base, *(quote(step, safe="@") for step in steps)))

    def pass_page(self, one: Pass) -> str:
        """A friend's own address."""
        return pass_url(self.base, self.keys[0], self.name, one)

    def code_of(self, route: str) -> str:
        """The code by which a text tells the route."""
        return route_code(self.keys[0], self.name, route)

    def route_in(self, text: str) -> str:
        """The route that a friend's text tells; empty where it tells none, or nobody reads texts for it."""
        return "" if self.entry is None or self.entry.basic_id is None else passes.route_in(self.keys, self.name, text)

    def way_in(self, route: str) -> str:
        """Where LINE's app goes on from a route's page: the LIFF app, or the chat with the text that tells the route
        (https://developers.line.biz/en/docs/messaging-api/using-line-url-scheme/#opening-the-chat-screen). Raises
        ValueError where the client declares neither."""
        if self.entry is None:
            raise ValueError(f"'{self.name}' declares no entry")
        if self.entry.liff is not None:
            return f"https://liff.line.me/{self.entry.liff}?{urlencode({'open': 'route', 'name': route})}"
        text = f"{self.entry.text} {self.code_of(route)}"
        return f"https://line.me/R/oaMessage/{quote(self.entry.basic_id or '', safe='@')}/?{quote(text, safe='')}"


class NotNow(Exception):
    """Nothing may go out for the client as yet, and so nothing came of what happened: its page is sent again later."""


Deliver = Callable[[str, Happening], Awaitable[None]]
"""Lives through what happened to a friend of this client; idempotent by the happening's key. Raises `NotNow`."""


class Rooms:
    """What is armed for a client's pages, read from the store and kept as long as it is the same."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._known: dict[str, tuple[tuple[tuple[str, str], ...], Armed]] = {}

    async def armed(self, account: str) -> Armed:
        """The armed replies, forms and routes."""
        revisions = await self._records(self._records.store.armed, account)
        stamp = tuple((one.address, one.digest) for one in revisions)
        known = self._known.get(account)
        if known is None or known[0] != stamp:
            bodies: Mapping[str, Mapping[str, object]] = {one.address: one.body for one in revisions}
            known = self._known[account] = (stamp, read_armed(bodies))
        return known[1]


def route_told(doors: Mapping[str, Door], client: str, text: str) -> str:
    """The route that a text to this client tells; empty where it tells none."""
    door = doors.get(client)
    return "" if door is None else door.route_in(text)


def once(*parts: str) -> str:
    """A key for what happens once, of no use to whoever reads it."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:40]
