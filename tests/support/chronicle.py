"""One client of the reference workspace lived through at the offline LINE: people act, time goes by, all is told.

Everything is the product's own way: the workspace is loaded and applied, what people do reaches the inbox as LINE's
events, and ticks are made when something is due. A trace is text: when (in Japan), who, and what they did or read.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lineform.loading import load_project
from lineform.planning.marks import read_mark
from lineform.plural import plural
from lineform.ports.friends import FriendRow
from lineform.ports.inbox import Arrival, Source
from lineform.ports.items import Item
from lineform.run.menus import armed_rules, menu_outlook
from lineform.run.options import Records, Run
from lineform.scenarios.happening import Happening
from lineform.scenarios.menu_reasons import explain_menu, named
from lineform.scenarios.menus import NOTHING
from lineform.scenarios.shop import ShopEvent
from lineform.serve.arrivals import key_hash
from lineform.settings import Settings
from lineform.wiring.clock import SettableClock
from lineform.wiring.sandbox import offline
from lineform.wiring.serving import parts_of
from lineform.wiring.session import Session
from support.lived import Lived, japan
from support.tapping import led_to
from support.visiting import OF_FRIENDS, Answered, ask, link_token_in, pages, text_of_the_way_in

_ids = itertools.count(1)
_TRACKED = re.compile(r"https://[^/\s]+/l/[A-Za-z0-9_-]+")


@dataclass
class Chronicle(Lived):
    """One client's life, and what people do in it. Names are those that people have on LINE."""

    _told: str = ""
    """The id of the last event about an item."""
    _nonce: str = field(default="", repr=False)
    """The last one that the business was given."""

    # ------------------------------------------------------------------ people

    def meets(self, name: str, **known: Any) -> None:
        """Somebody who is on LINE and does not know the account yet; `known` is what the store is told once they do."""
        control = self._control
        (user,) = control.add_friends(
            self.client.name, [{"displayName": name, "relation": "stranger", "language": "ja"}]
        )
        self.people[name] = user
        if known:
            self.knows(name, **known)

    def crowd(self, count: int, **known: Any) -> None:
        """So many women of thirty who are friends already, and of whom the business knows the same. What reaches them
        is counted."""
        people = [{"displayName": f"客{number}", "gender": "female", "age": 30} for number in range(count)]
        users = self._control.add_friends(self.client.name, people)
        rows = [FriendRow(user, **known) for user in users]
        self.session.store.import_friends(self.client.name, rows, self.clock.now())
        self._say(f"{count} others", "are friends already")

    def follows(self, name: str) -> None:
        self._did(name, "follows")
        self._control.follow(self.client.name, self._user(name))
        self._work()

    def blocks(self, name: str) -> None:
        self._did(name, "blocks")
        self._control.block(self.client.name, self._user(name))
        self._work()

    def writes(self, name: str, text: str) -> None:
        self._did(name, f"writes {text}")
        self._control.write(self.client.name, self._user(name), text)
        self._work()

    def taps(self, name: str, action: Mapping[str, Any]) -> None:
        """A button of a message."""
        self._did(name, f"taps {action.get('label') or action.get('data') or action['type']}")
        self._control.tap(self.client.name, self._user(name), action=dict(action))
        self._work()

    def taps_link(self, name: str) -> None:
        """The tracked link that the friend read last: through the server's redirect, and what follows from the tap."""
        messages = self._control.friend(self.client.name, self._user(name))["messages"]
        address = [found for one in messages for found in _TRACKED.findall(json.dumps(one, ensure_ascii=False))][-1]
        self._did(name, f"taps the link to {self.runner.run(self._led(address))}")
        self._receive([])

    def taps_menu(self, name: str, area: int) -> None:
        self._did(name, f"taps area {area} of the menu")
        self._control.tap(self.client.name, self._user(name), area)
        self._work()

    def did(self, name: str, event: str, **fields: Any) -> None:
        """What a system of the business tells: a purchase, a visit, a tap on a tracked link."""
        shown = ", ".join(f"{key} {value}" for key, value in fields.items())
        self._did(name, f"{event} {shown}".strip())
        now = self.clock.now()
        told = ShopEvent(event, f"e{next(_ids)}", now, user_id=self._user(name), fields=fields)
        self._receive(
            [Arrival(self.client.name, f"shop/{told.id}", Source.SHOP, told.person, event, now, told.to_json())]
        )

    def tells(self, event: str, *, again: bool = False, **fields: Any) -> None:
        """What a system of the business tells about an item, and about nobody; `again` under the id of the last."""
        shown = ", ".join(f"{key} {value}" for key, value in fields.items())
        self._say("", f"{event} {shown}{', told once more' if again else ''}")
        now = self.clock.now()
        self._told = self._told if again else f"e{next(_ids)}"
        told = ShopEvent(event, self._told, now, fields=fields)
        self._receive([Arrival(self.client.name, f"shop/{told.id}", Source.SHOP, "", event, now, told.to_json())])

    def links(self, name: str, member: str) -> None:
        """Opens the page for linking that the friend was sent last, logs in as this member, and comes back by LINE."""
        token = self._begins_linking(name)
        if not token:
            self._say(name, f"opens the page for linking as member {member}: it is closed")
            return
        answered = self._asks("link", member_id=member, link_token=token)
        self._say(name, f"logs in as member {member}")
        self._nonce = answered["nonce"]
        self._comes_back(token, self._nonce)

    def links_with_a_used_nonce(self, name: str) -> None:
        """Comes back by LINE with the nonce with which somebody was linked last."""
        token = self._begins_linking(name)
        self._say(name, "comes back with a nonce that was used before")
        self._comes_back(token, self._nonce)

    def unlinks(self, member: str) -> None:
        """The business tells that somebody is a member no more."""
        answered = self._asks("unlink", member_id=member)
        self._say("", f"member {member} left: {answered['unlinked']} friend unlinked")

    def comes_by(self, name: str, route: str) -> None:
        """Scans the route's QR picture, follows if no friend yet, and sends the text that stands in the chat."""
        page = self.runner.run(self._asked("GET", f"/r/{self.client.name}/{route}"))
        assert page.status == 200, page
        self._say(name, f"scans the QR picture of {route}")
        if self._control.friend(self.client.name, self._user(name))["relation"] != "friend":
            self.follows(name)
        self.writes(name, text_of_the_way_in(page))

    def feeds(self, *items: Item) -> None:
        """Imports a feed: from now on these are the items."""
        found = self.session.store.import_items(self.client.name, items, self.clock.now())
        told = {"new": found.added, "changed": found.changed, "gone": found.removed}
        self._say("", "feed: " + ", ".join(f"{plural(count, 'item')} {word}" for word, count in told.items() if count))

    def stocks(self, pool: str, *codes: str) -> None:
        """Imports codes."""
        self.session.store.import_codes(self.client.name, pool, codes, self.clock.now())
        self.pool(pool)

    def pool(self, pool: str) -> None:
        """Notes how many codes there are."""
        (found,) = (one for one in self.session.store.pool_counts(self.client.name) if one.pool == pool)
        self._say("", f"{pool}: {found.free} codes free, {found.given} given")

    def answers(self, name: str, label: str) -> None:
        """Taps the button with this label under the last message."""
        message = self._control.friend(self.client.name, self._user(name))["messages"][-1]
        items = message["quickReply"]["items"]
        action = next(item["action"] for item in items if item["action"]["label"] == label)
        self.taps(name, action)

    def knows(self, name: str, *, tags: Sequence[str] = (), untag: Sequence[str] = (), **attributes: Any) -> None:
        """What the business knows of somebody, by an import."""
        row = FriendRow(self._user(name), name, attributes=attributes, tags=tuple(tags), untag=tuple(untag))
        self.session.store.import_friends(self.client.name, [row], self.clock.now())

    def tags_of(self, name: str) -> None:
        """Notes somebody's tags, and by which way they came."""
        store, account = self.session.store, self.client.name
        (friend,) = store.friends(account, list(store.friend_ids(account, [self._user(name)]).values()))
        ways = (
            f"came by {friend.first_route} first, by {friend.last_route} last" if friend.first_route else "came alone"
        )
        self._say(name, f"has the tags {', '.join(sorted(friend.tags)) or 'none'}, {ways}")

    def menu_of(self, name: str) -> None:
        """Notes which menu somebody sees."""
        seen = self._control.friend(self.client.name, self._user(name))["menu"]
        mark = read_mark(seen["name"]) if seen else None
        self._say(name, f"sees the menu {mark.address.name if mark else 'none'}")

    def why_menu(self, name: str) -> None:
        """What `lineform explain` says of somebody's menu."""
        store, account = self.session.store, self.client.name
        rules = armed_rules(store, account)
        (friend,) = store.friends(account, list(store.friend_ids(account, [self._user(name)]).values()))
        shown = store.shown_menus(account, [friend.id]).get(friend.id, NOTHING)
        found = explain_menu(rules, friend, shown, self.clock.now())
        self._say(name, f"is to see {named(found.menu)}: {found.said}")

    def plans_menus(self) -> None:
        """What a plan says of the menus, before the rules are looked at."""
        self._say("", f"plan: {self.runner.run(self._menus_planned())}")

    async def _menus_planned(self) -> str:
        records = Records(self.session.store)
        try:
            run = Run(self.client, self.account, records, self.clock, self._options)
            return (await menu_outlook(run, "", armed_rules(records.store, self.client.name))).reason
        finally:
            records.close()

    async def _led(self, address: str) -> str:
        records = Records(self.session.store)
        try:
            return await led_to(records, self.parts.link_keys, self.clock, address)
        finally:
            records.close()

    def _begins_linking(self, name: str) -> str:
        """LINE's token, with which the friend arrives at the login; empty where the page is closed."""
        texts = [one.get("text", "") for one in self._control.friend(self.client.name, self._user(name))["messages"]]
        address = [found for text in texts for found in OF_FRIENDS.findall(text)][-1]
        answer = self.runner.run(self._asked("GET", address))
        return link_token_in(answer) if answer.status == 302 else ""

    def _asks(self, what: str, **said: str) -> Any:
        """A system of the business asks, with its key."""
        key = f"key of {self.client.name}"
        store = self.session.store
        if not store.opened_by(key_hash(key)):
            store.add_key(self.client.name, "card system", key_hash(key), self.clock.now())
        path = f"/{what}/{self.client.name}"
        answer = self.runner.run(self._asked("POST", path, said, Authorization=f"Bearer {key}"))
        assert answer.status in {200, 201}, answer
        return json.loads(answer.text)

    def _comes_back(self, token: str, nonce: str) -> None:
        self._control.link(self.client.name, token, nonce)
        self._work()

    async def _asked(self, method: str, url: str, value: Any = None, **headers: str) -> Answered:
        records = Records(self.session.store)

        async def deliver(name: str, happening: Happening) -> None:
            raise AssertionError(f"{name}: {happening.key} came by a page, and only texts are read here")

        try:
            return await ask(pages(self.parts, records, self.clock, deliver), method, url, value, **headers)
        finally:
            records.close()


@contextmanager
def chronicle(workspace: Path, name: str, begins: str) -> Iterator[Chronicle]:
    """A client of the workspace whose account is fresh; the clocks begin at that moment on Japan's clocks."""
    moment = japan(begins)
    project = load_project(workspace, clients=[name])
    clock = SettableClock(moment)
    settings = Settings.from_environment(os.environ)
    with offline(project, settings, None, now=moment) as running:
        session = Session(project, running.settings, clock, running.control)
        client = project.clients[name]
        parts = parts_of(session)
        (served,) = parts.served
        with asyncio.Runner() as runner:
            try:
                found = Chronicle(session, client, clock, served.account, parts, runner)
                found.apply()
                found.note("applied")
                yield found
            finally:
                runner.run(served.account.close())
                runner.run(parts.outside.close())
                session.close()
