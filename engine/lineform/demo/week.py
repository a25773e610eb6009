"""The days of a demo: friends arrive, an apply makes the account, people do things, and a run is called whenever
something may be due."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from lineform.apply.result import ApplyResult, OnStep
from lineform.apply.walk import Approved, apply_plan
from lineform.demo.deeds import Deed
from lineform.demo.population import Town
from lineform.journeys.live import live_through
from lineform.line.account import HttpLineAccount
from lineform.model.project import Client
from lineform.planning.arming import revisions_of
from lineform.planning.options import PlanOptions
from lineform.planning.plan import ClientPlan
from lineform.ports.friends import EventRow
from lineform.run.options import Records, Run, TickOptions
from lineform.run.outcome import Outcome, TickReport
from lineform.run.tick import tick
from lineform.sandbox.control import Control
from lineform.scenarios.shop import ShopEvent
from lineform.serve.arrivals import arrivals_of, shop_arrival
from lineform.serve.onlooker import Unwatched
from lineform.serve.working import Following, Working, work_once
from lineform.wiring.clock import SettableClock
from lineform.wiring.links import link_keys
from lineform.wiring.planned import desk_of
from lineform.wiring.session import Session
from lineform.wiring.ticking import ALSO

STEP = timedelta(hours=1)
"""How often it is looked whether a run is to be called; like a schedule in CI, only that here nobody waits for it."""
_OVER = frozenset({Outcome.SENT, Outcome.EMPTY, Outcome.SKIPPED, Outcome.HELD, Outcome.REFUSED, Outcome.LINKED})
"""Outcomes after which there is nothing to do until something else is due."""


@dataclass(frozen=True, slots=True)
class Stage:
    """What the demo plays with. The engine's clock and the offline account's are moved together."""

    session: Session
    clock: SettableClock
    control: Control

    @property
    def clients(self) -> Sequence[Client]:
        return list(self.session.project.clients.values())

    def move_to(self, moment: datetime) -> None:
        """Sets both clocks; sleeps of the engine may have moved its own a little further already."""
        moment = max(moment, self.clock.now())
        self.clock.set(moment)
        self.control.set_clock(moment)


def settle(stage: Stage, client: Client, town: Town, history: Sequence[Deed]) -> None:
    """The friends of one client: on the offline account with what LINE knows, in the store with what we know."""
    profiles = [
        {
            "user_id": person.row.user_id,
            "displayName": person.row.display_name,
            "language": "ja",
            "relation": "blocked" if person.blocked else "friend",
            "followed_at": person.row.followed_at.timestamp() if person.row.followed_at else 0,
            "gender": person.gender,
            "age": person.age,
        }
        for person in town.people
    ]
    strangers = [
        {"user_id": user, "displayName": name, "language": "ja", "relation": "stranger"}
        for user, name in town.newcomers.items()
    ]
    stage.control.add_friends(client.name, [*profiles, *strangers])
    stage.session.store.import_friends(client.name, town.rows, stage.clock.now())
    rows = [EventRow(one.user_id, one.said, one.id, one.at, one.fields) for one in history]
    stage.session.store.add_events(client.name, rows, stage.clock.now())


async def apply_client(stage: Stage, client: Client, plan: ClientPlan, on_step: OnStep) -> ApplyResult:
    """Applies a plan that was just shown."""
    account = stage.session.account(client)
    try:
        desk = desk_of(stage.session, client, account, "demo", on_step)
        return await apply_plan(desk, client, Approved(plan, PlanOptions()), revisions_of(client))
    finally:
        await account.close()


@dataclass(slots=True)
class _Life:
    """One client in the demo's days."""

    client: Client
    account: HttpLineAccount
    deeds: list[Deed]
    """Those that are still to come."""
    options: TickOptions
    due: datetime
    """From when on a run is to be called."""
    events: int = 0
    """The number of the last of LINE's events that was taken in."""


@dataclass(frozen=True, slots=True)
class Hour:
    """What one hour brought: how often people did what, by client; and the reports of the runs that were called."""

    at: datetime
    did: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    reports: Sequence[TickReport] = ()


async def live(stage: Stage, deeds: Mapping[str, Sequence[Deed]], until: datetime) -> AsyncIterator[Hour]:
    """Goes through the hours until `until`. In each, people do their deeds, which the webhook and the shops' systems
    tell; a run is called for whom it is time, as a report before told, and once when a day begins."""
    now = stage.clock.now()
    lives = [
        _Life(client, stage.session.account(client), list(deeds[client.name]), _options(stage, client), now)
        for client in stage.clients
    ]
    try:
        moment = now
        while moment <= until:
            stage.move_to(moment)
            did = {life.client.name: await _act(stage, life, moment) for life in lives}
            reports = [await _tick(stage, life) for life in lives if life.due <= moment or did[life.client.name]]
            yield Hour(moment, did, reports)
            moment += STEP
    finally:
        for life in lives:
            await life.account.close()


def _options(stage: Stage, client: Client) -> TickOptions:
    return TickOptions(actor="lineform demo", link_keys=link_keys(client.spec, stage.session.settings))


async def _tick(stage: Stage, life: _Life) -> TickReport:
    report = await tick(life.client, life.account, stage.session.store, stage.clock, life.options, ALSO)
    zone = ZoneInfo(life.client.timezone)
    tomorrow = (report.at.astimezone(zone) + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    life.due = min([tomorrow.astimezone(UTC), *([report.next_due[1].at] if report.next_due else [])])
    if any(entry.outcome not in _OVER for entry in report.entries):
        life.due = report.at
    return report


async def _act(stage: Stage, life: _Life, now: datetime) -> Mapping[str, int]:
    """Lets people do what they do by now, and works on what was told of it; how often what was done."""
    name, spec = life.client.name, life.client.spec
    doing = [deed for deed in life.deeds if deed.at <= now]
    life.deeds = life.deeds[len(doing) :]
    if not doing:
        return {}
    arrivals = []
    for deed in doing:
        match deed.what:
            case "follow":
                stage.control.follow(name, deed.user_id)
            case "write":
                stage.control.write(name, deed.user_id, deed.said)
            case "event":
                told = ShopEvent(deed.said, deed.id, now, user_id=deed.user_id, fields=deed.fields)
                arrivals.append(shop_arrival(name, told))
    found = stage.control.events(name, after=life.events)
    life.events = max((one["number"] for one in found), default=life.events)
    body = json.dumps({"destination": spec.bot, "events": [one["event"] for one in found]}).encode()
    stage.session.store.receive([*arrivals_of(name, spec.bot, body, now), *arrivals], now)
    await _work(stage, life)
    return Counter({"follow": "follow", "write": f"write {deed.said}"}.get(deed.what, deed.said) for deed in doing)


async def _work(stage: Stage, life: _Life) -> None:
    records = Records(stage.session.store)
    try:
        run = Run(life.client, life.account, records, stage.clock, life.options)
        while await work_once(run, Following(live_through), Working(), Unwatched()):
            pass
    finally:
        records.close()


def doubled(control: Control, clients: Sequence[str]) -> list[str]:
    """Friends who received the same messages twice in a day: nobody, if the engine keeps its promise."""
    found = []
    for client in clients:
        seen: Counter[tuple[str, str, str]] = Counter()
        for delivery in control.deliveries(client):
            seen[delivery["user"], str(delivery["messages"]), str(delivery["time"])[:10]] += 1
        found += [
            f"{client}: {user} received the same {count} times" for (user, _, _), count in seen.items() if count > 1
        ]
    return found
