"""Pages for people over a running server: a store with armed forms and routes, and one client's door."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from starlette.applications import Starlette
from starlette.routing import BaseRoute

from lineform.loading import load_project
from lineform.model.client import Entry, Membership
from lineform.planning.arming import revisions_of
from lineform.planning.live import Bot
from lineform.ports.friends import FriendRow
from lineform.ports.ledger import Revision
from lineform.ports.line_account import NotFound, Refused
from lineform.ports.store import Store
from lineform.run.options import Records
from lineform.scenarios.happening import Happening
from lineform.scenarios.passes import Pass
from lineform.serve.doors import Door, NotNow
from lineform.serve.entrance import Entrance
from lineform.serve.forms import FormPages
from lineform.serve.linking import Linking
from lineform.serve.server import listen, server_of
from support.answering import BASE, PROFILE
from support.fake_account import FakeAccount
from support.stores import NOW, user
from support.workspaces import write

KEY = b"a key for the tests' pages"
PAGED = PROFILE + "page: {title: プロフィール登録, valid: 2d}\n"
ROUTE = """\
kind: route
name: poster
title: 青葉サロンの公式LINE
text: 登録すると10%OFFクーポンが届きます。
tag: regular
do: [{send: [{text: ようこそ}]}]
"""


class Account(FakeAccount):
    """Knows who opens a LIFF page, and gives link tokens."""

    async def identify(self, channel_id: str, id_token: str) -> str:
        if channel_id != "1234567890" or not id_token.startswith("id-"):
            raise Refused("Invalid IdToken.", status=400)
        return id_token.removeprefix("id-")

    async def link_token(self, user_id: str) -> str:
        if user_id != user(1):
            raise NotFound("Not found", status=404)
        return "link token &x"

    async def bot(self) -> Bot:
        return Bot("U" + "0" * 32, "@aoba", "青葉サロン")


class FixedClock:
    """Stands still."""

    def now(self) -> datetime:
        return NOW

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


@dataclass
class Pages:
    """The pages' door, and what happened through them."""

    door: Door
    store: Store
    port: int = 0
    happenings: list[Happening] = field(default_factory=list)
    trouble: NotNow | None = None
    """Why nothing may go out."""

    def friend(self, number: int = 1) -> int:
        return self.store.friend_ids("aoba", [user(number)])[user(number)]

    def path(self, one: Pass) -> str:
        return self.door.pass_page(one).removeprefix(self.door.base)


def prepared(store: Store, root: Path, *, liff: bool = False) -> Pages:
    """Two friends, a form with a page, a route, all armed."""
    store.import_friends("aoba", [FriendRow(user(1)), FriendRow(user(2))], NOW)
    client = load_project(write(root, BASE, {"forms/profile.yaml": PAGED, "routes/poster.yaml": ROUTE})).clients["aoba"]
    for address, one in revisions_of(client).items():
        store.arm("aoba", Revision(address, one.digest, NOW, one.body))
    entry = Entry(liff="1234567890-AbcdEfgh") if liff else Entry(basic_id="@aoba")
    members = Membership(login="https://shop.example/login?from=line")
    door = Door("aoba", "青葉サロン", "Asia/Tokyo", Account(), "https://go.example", (KEY,), entry, members)
    return Pages(door, store)


def routes_of(pages: Pages, records: Records) -> list[BaseRoute]:
    async def deliver(name: str, happening: Happening) -> None:
        if pages.trouble is not None:
            raise pages.trouble
        pages.happenings.append(happening)

    doors, clock = {"aoba": pages.door}, FixedClock()
    parts: Sequence[Sequence[BaseRoute]] = (
        FormPages(doors, records, clock, deliver).routes,
        Entrance(doors, records, clock, deliver).routes,
        Linking(doors, records, clock).routes,
    )
    return [route for part in parts for route in part]


@contextmanager
def open_pages(pages: Pages) -> Iterator[Pages]:
    """The pages on a port of this machine."""
    import threading
    import time

    records = Records(pages.store)
    listening = listen("127.0.0.1", 0)
    running = server_of(Starlette(routes=routes_of(pages, records)))
    thread = threading.Thread(target=lambda: running.run(sockets=[listening]), daemon=True)
    thread.start()
    try:
        end = time.monotonic() + 20
        while not running.started:
            assert thread.is_alive()
            assert time.monotonic() < end
            time.sleep(0.005)
        yield replace(pages, port=listening.getsockname()[1], happenings=pages.happenings)
    finally:
        running.should_exit = True
        thread.join(30)
        listening.close()
        records.close()
