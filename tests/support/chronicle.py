"""One client of the reference workspace lived through at the offline LINE: people act, time goes by, all is told.

Everything is the product's own way: the workspace is loaded and applied, what people do reaches the inbox as LINE's
events, and ticks are made when something is due. A trace is text: when (in Japan), who, and what they did or read.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from lineform.apply.walk import Approved, apply_plan, fresh_plan
from lineform.journeys.live import live_through
from lineform.line.account import HttpLineAccount
from lineform.loading import load_project
from lineform.model.project import Client
from lineform.planning.arming import revisions_of
from lineform.planning.marks import read_mark
from lineform.planning.options import PlanOptions
from lineform.ports.friends import FriendRow
from lineform.ports.inbox import Arrival, Source
from lineform.run.options import Records, Run, TickOptions
from lineform.run.outcome import Outcome, TickEntry, TickReport
from lineform.run.tick import tick
from lineform.scenarios.shop import ShopEvent
from lineform.serve.arrivals import arrivals_of
from lineform.serve.onlooker import Unwatched
from lineform.serve.working import Following, Working, work_once
from lineform.settings import Settings
from lineform.wiring.clock import SettableClock
from lineform.wiring.planned import desk_of
from lineform.wiring.sandbox import offline
from lineform.wiring.session import Session
from lineform.wiring.ticking import ALSO

JAPAN: Final = ZoneInfo("Asia/Tokyo")
NEVER: Final = datetime.max.replace(tzinfo=UTC)
_QUIET_OUTCOMES: Final = frozenset({Outcome.SENT, Outcome.ACCEPTED, Outcome.EMPTY, Outcome.WAITING})
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
    account: HttpLineAccount
    runner: asyncio.Runner
    lines: list[str] = field(default_factory=list)
    people: dict[str, str] = field(default_factory=dict)
    """User ids by name."""
    _seen_events: int = 0
    _seen_deliveries: int = 0
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
                shown = said.replace("\n", " / ")
                self._say(
                    names.get(one["user"], one["user"]), f"<- {shown}  [{route}]", datetime.fromisoformat(one["time"])
                )

    # ------------------------------------------------------------------ inside

    @property
    def _control(self) -> Any:
        assert self.session.control is not None
        return self.session.control

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
        report = await tick(self.client, self.account, self.session.store, self.clock, TickOptions(), ALSO)
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
            run = Run(self.client, self.account, records, self.clock, TickOptions())
            while await work_once(run, Following(live_through), Working(), Unwatched()):
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
        account = session.account(client)
        with asyncio.Runner() as runner:
            try:
                found = Chronicle(session, client, clock, account, runner)
                found.apply()
                found.note("applied")
                yield found
            finally:
                runner.run(account.close())
                session.close()
