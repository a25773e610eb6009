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
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from lineform.apply.walk import Approved, apply_plan, fresh_plan
from lineform.loading import load_project
from lineform.model.project import Client
from lineform.planning.arming import revisions_of
from lineform.planning.marks import read_mark
from lineform.planning.options import PlanOptions
from lineform.ports.friends import FriendRow
from lineform.ports.inbox import Arrival, Source
from lineform.ports.line_account import LineAccount
from lineform.run.options import Records, Run, TickOptions
from lineform.run.outcome import Outcome, TickEntry, TickReport
from lineform.run.tick import tick
from lineform.scenarios.happening import Happening
from lineform.scenarios.shop import ShopEvent
from lineform.serve.app import Parts
from lineform.serve.arrivals import arrivals_of, key_hash
from lineform.serve.onlooker import Unwatched
from lineform.serve.working import Working, work_once
from lineform.settings import Settings
from lineform.wiring.clock import SettableClock
from lineform.wiring.links import link_keys
from lineform.wiring.planned import desk_of
from lineform.wiring.sandbox import offline
from lineform.wiring.serving import parts_of
from lineform.wiring.session import Session
from lineform.wiring.ticking import ALSO
from support.visiting import OF_FRIENDS, Answered, ask, link_token_in, pages, text_of_the_way_in

JAPAN: Final = ZoneInfo("Asia/Tokyo")
NEVER: Final = datetime.max.replace(tzinfo=UTC)
_QUIET_OUTCOMES: Final = frozenset({Outcome.SENT, Outcome.ACCEPTED, Outcome.EMPTY, Outcome.WAITING})
_PASS = re.compile(r"(https://[^/\s]+/[mf]/[^/\s]+/)[A-Za-z0-9_-]+")
"""A friend's own page: what its address is signed with says nothing to a reader."""
_ids = itertools.count(1)


def japan(text: str) -> datetime:
    """A moment on Japan's clocks, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=JAPAN).astimezone(UTC)


@dataclass
class Chronicle:
    """One client's life. Names are those that people have on LINE."""

    session: Session
    client: Client
    clock: SettableClock
    account: LineAccount
    parts: Parts
    """What a server of this client would be made of."""
    runner: asyncio.Runner
    lines: list[str] = field(default_factory=list)
    people: dict[str, str] = field(default_factory=dict)
    """User ids by name."""
    _seen_events: int = 0
    _seen_deliveries: int = 0
    _nonce: str = field(default="", repr=False)
    """The last one that the business was given."""
    _campaign: datetime = NEVER
    """When the next campaign is due."""

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

    def tells(self, event: str, **fields: Any) -> None:
        """What a system of the business tells about an item, and about nobody."""
        shown = ", ".join(f"{key} {value}" for key, value in fields.items())
        self._say("", f"{event} {shown}")
        now = self.clock.now()
        told = ShopEvent(event, f"e{next(_ids)}", now, fields=fields)
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
        """Scans the route's QR picture, follows, and sends the text that stands in the chat."""
        page = self.runner.run(self._asked("GET", f"/r/{self.client.name}/{route}"))
        assert page.status == 200, page
        self._say(name, f"scans the QR picture of {route}")
        self.follows(name)
        self.writes(name, text_of_the_way_in(page))

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

    def menu_of(self, name: str) -> None:
        """Notes which menu somebody sees."""
        seen = self._control.friend(self.client.name, self._user(name))["menu"]
        mark = read_mark(seen["name"]) if seen else None
        self._say(name, f"sees the menu {mark.address.name if mark else 'none'}")

    # ------------------------------------------------------------------ time

    def at(self, text: str) -> None:
        """Time goes by until then; whatever is due meanwhile is done when it is due."""
        end = japan(text)
        self.tick()
        while (moment := self._next()) < end:
            self._move(moment)
            self.tick()
        self._move(end)
        self.tick()

    def sleeps_until(self, text: str) -> None:
        """Nothing runs until then: the machine is off."""
        self._say("", f"nothing runs until {text}")
        self._move(japan(text))
        self.tick()

    def tick(self) -> None:
        """What a worker does by itself."""
        report = self.runner.run(self._ticked())
        for entry in report.entries:
            if entry.outcome not in _QUIET_OUTCOMES or entry.capped:
                self._say("", _entry(entry))
        self._deliveries()

    def apply(self) -> None:
        """The workspace as it is, planned and applied."""
        self.runner.run(self._applied())

    # ------------------------------------------------------------------ the trace

    @property
    def text(self) -> str:
        return "\n".join(self.lines) + "\n"

    def note(self, text: str) -> None:
        self.lines.append(f"# {text}")

    def _did(self, name: str, what: str) -> None:
        self._say(name, what)

    def _say(self, name: str, what: str, at: datetime | None = None) -> None:
        moment = (at or self.clock.now()).astimezone(JAPAN)
        self.lines.append(f"{moment:%Y-%m-%d %a %H:%M}  {name or '-'}  {what}")

    def _deliveries(self) -> None:
        names = {user: name for name, user in self.people.items()}
        found = self._control.deliveries(self.client.name, after=self._seen_deliveries)
        for one in sorted(found, key=lambda one: (one["time"][:16], names.get(one["user"], ""), one["number"])):
            self._seen_deliveries = max(self._seen_deliveries, one["number"])
            route = one["path"].rsplit("/", 1)[1]
            for message in one["messages"]:
                said = message.get("text") or message.get("altText") or message["type"]
                shown = _PASS.sub(r"\1…", said.replace("\n", " / "))
                self._say(
                    names.get(one["user"], one["user"]), f"<- {shown}  [{route}]", datetime.fromisoformat(one["time"])
                )

    # ------------------------------------------------------------------ inside

    @property
    def _control(self) -> Any:
        assert self.session.control is not None
        return self.session.control

    @property
    def _options(self) -> TickOptions:
        return TickOptions(link_keys=link_keys(self.client.spec, self.session.settings))

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

    def _user(self, name: str) -> str:
        return self.people[name]

    def _move(self, moment: datetime) -> None:
        self.clock.set(moment)
        self._control.set_clock(moment)

    def _next(self) -> datetime:
        """When a worker would have something to do next; once a day at least, at the beginning of Japan's."""
        now = self.clock.now()
        midnight = (now.astimezone(JAPAN) + timedelta(days=1)).replace(hour=0, minute=0, second=5, microsecond=0)
        course = self.session.store.next_due(self.client.name)
        known = [midnight.astimezone(UTC), self._campaign]
        if course is not None:
            known.append(max(course, now + timedelta(seconds=30)))
        return min(moment for moment in known if moment > now)

    async def _ticked(self) -> TickReport:
        report = await tick(self.client, self.account, self.session.store, self.clock, self._options, ALSO)
        due = report.next_due[1].at if report.next_due else NEVER
        soon = self.clock.now() + timedelta(minutes=15)
        waits = any(entry.outcome is Outcome.WAITING for entry in report.entries)
        self._campaign = min(due, soon) if waits or due <= self.clock.now() else due
        return report

    async def _applied(self) -> None:
        desk = desk_of(self.session, self.client, self.account, "chronicle")
        revisions = revisions_of(self.client)
        plan, _ = await fresh_plan(desk, self.client, revisions, PlanOptions())
        await apply_plan(desk, self.client, Approved(plan, PlanOptions()), revisions)

    def _work(self) -> None:
        """What LINE's webhook brings since the last time is taken in and worked on."""
        found = self._control.events(self.client.name, after=self._seen_events)
        events = []
        for one in found:
            self._seen_events = max(self._seen_events, one["number"])
            events.append(one["event"])
        body = json.dumps({"destination": self.client.spec.bot, "events": events}).encode()
        self._receive(arrivals_of(self.client.name, self.client.spec.bot, body, self.clock.now()))

    def _receive(self, arrivals: Sequence[Arrival]) -> None:
        self.session.store.receive(arrivals, self.clock.now())
        self.runner.run(self._worked())
        self._deliveries()

    async def _worked(self) -> None:
        records = Records(self.session.store)
        try:
            run = Run(self.client, self.account, records, self.clock, self._options)
            while await work_once(run, self.parts.following, Working(), Unwatched()):
                pass
        finally:
            records.close()


def _entry(entry: TickEntry) -> str:
    capped = f"{entry.capped} over a limit" if entry.capped else ""
    return " ".join(
        part
        for part in (
            f"{entry.address}@{entry.key}:" if entry.key else f"{entry.address}:",
            entry.outcome,
            entry.reason,
            capped,
        )
        if part
    )


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
