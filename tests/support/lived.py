"""Time goes by for one client at the offline LINE: ticks are made when something is due, and all that arrives is told.

A trace is text: when (in Japan), who, and what they did or read.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from lineform.apply.walk import Approved, apply_plan, fresh_plan
from lineform.model.address import Kind
from lineform.model.occasions import SegmentOn
from lineform.model.project import Client
from lineform.model.scenario import ScenarioSpec
from lineform.planning.arming import revisions_of
from lineform.planning.options import PlanOptions
from lineform.ports.inbox import Arrival
from lineform.ports.line_account import LineAccount
from lineform.run.options import Records, Run, TickOptions
from lineform.run.outcome import Outcome, TickEntry, TickReport
from lineform.run.tick import tick
from lineform.serve.app import Parts
from lineform.serve.arrivals import arrivals_of
from lineform.serve.onlooker import Unwatched
from lineform.serve.working import Working, work_once
from lineform.wiring.clock import SettableClock
from lineform.wiring.links import link_keys
from lineform.wiring.planned import desk_of
from lineform.wiring.session import Session
from lineform.wiring.ticking import ALSO

JAPAN: Final = ZoneInfo("Asia/Tokyo")
NEVER: Final = datetime.max.replace(tzinfo=UTC)
_QUIET_OUTCOMES: Final = frozenset({Outcome.SENT, Outcome.ACCEPTED, Outcome.EMPTY, Outcome.WAITING})
_PASS = re.compile(r"(https://[^/\s]+/(?:[mf]/[^/\s]+|l)/)[A-Za-z0-9_-]+")
"""A friend's own page, or a tracked link: what its address is signed with says nothing to a reader."""


def japan(text: str) -> datetime:
    """A moment on Japan's clocks, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=JAPAN).astimezone(UTC)


@dataclass
class Lived:
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
    _due: datetime = NEVER
    """When something is due next."""

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
        self._deliveries()  # what LINE was still working on
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
        others: Counter[tuple[str, str]] = Counter()
        for one in sorted(found, key=lambda one: (one["time"][:16], names.get(one["user"], ""), one["number"])):
            self._seen_deliveries = max(self._seen_deliveries, one["number"])
            for message in one["messages"]:
                said = f"<- {_words(message)}  [{one['path'].rsplit('/', 1)[1]}]"
                if one["user"] in names:
                    self._say(names[one["user"]], said, datetime.fromisoformat(one["time"]))
                else:
                    others[one["time"], said] += 1
        for (at, said), count in others.items():
            self._say(f"{count} others", said, datetime.fromisoformat(at))

    # ------------------------------------------------------------------ inside

    @property
    def _control(self) -> Any:
        assert self.session.control is not None
        return self.session.control

    @property
    def _options(self) -> TickOptions:
        return TickOptions(link_keys=link_keys(self.client.spec, self.session.settings))

    def _user(self, name: str) -> str:
        return self.people[name]

    def _move(self, moment: datetime) -> None:
        self.clock.set(moment)
        self._control.set_clock(moment)

    def _next(self) -> datetime:
        """When a worker would have something to do next: what the last run told; and when Japan's day begins, where
        somebody may come into a segment."""
        now = self.clock.now()
        if not self._watches_segments:
            return max(self._due, now + timedelta(seconds=30))
        midnight = (now.astimezone(JAPAN) + timedelta(days=1)).replace(hour=0, minute=0, second=5, microsecond=0)
        return min(midnight.astimezone(UTC), max(self._due, now + timedelta(seconds=30)))

    @property
    def _watches_segments(self) -> bool:
        specs = (one.spec for one in self.client.of(Kind.SCENARIO))
        return any(
            isinstance(trigger, SegmentOn)
            for spec in specs
            if isinstance(spec, ScenarioSpec)
            for trigger in spec.trigger
        )

    async def _ticked(self) -> TickReport:
        report = await tick(self.client, self.account, self.session.store, self.clock, self._options, ALSO)
        self._due = report.next_due[1].at if report.next_due else NEVER
        if any(entry.outcome is Outcome.WAITING for entry in report.entries):
            self._due = min(self._due, self.clock.now() + timedelta(minutes=15))
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


def _words(message: Mapping[str, Any]) -> str:
    """What a message says; of a carousel, what each of its columns says as well."""
    columns = message.get("template", {}).get("columns", ())
    whole = str(message.get("text") or message.get("altText") or message["type"])
    said = " | ".join((whole, *(str(column["text"]) for column in columns)))
    return _PASS.sub(r"\1…", said.replace("\n", " / "))


def _entry(entry: TickEntry) -> str:
    left_out = f"{entry.capped} left out" if entry.capped else ""
    return " ".join(
        part
        for part in (
            f"{entry.address}@{entry.key}:" if entry.key else f"{entry.address}:",
            entry.outcome,
            entry.reason,
            left_out,
        )
        if part
    )
