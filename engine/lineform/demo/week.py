"""The days of a demo: friends arrive, an apply makes the account, and a run is called whenever something may be due."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from lineform.apply.desk import Desk
from lineform.apply.images import menu_image
from lineform.apply.result import ApplyResult, StepResult
from lineform.apply.walk import Approved, apply_plan, fresh_plan
from lineform.demo.population import Town
from lineform.model.address import Kind
from lineform.model.campaign import CampaignSpec
from lineform.model.project import Client, Project
from lineform.planning.live import LiveAccount
from lineform.planning.options import PlanOptions
from lineform.planning.plan import ClientPlan
from lineform.ports.line_account import LineAccount
from lineform.ports.store import Store
from lineform.run.options import TickOptions
from lineform.run.outcome import TickReport
from lineform.run.tick import tick
from lineform.sandbox.control import Control
from lineform.sending.revision import Revisioned, revision
from lineform.wiring.clock import SettableClock
from lineform.wiring.line import line_account
from lineform.wiring.sandbox import Offline

STEP = timedelta(hours=1)
"""How often a run is called; like a schedule in CI, only that here nobody waits for it."""


@dataclass(slots=True)
class Stage:
    """Everything the demo plays with. The engine's clock and the offline account's are moved together."""

    project: Project
    offline: Offline
    store: Store
    clock: SettableClock

    @property
    def control(self) -> Control:
        return self.offline.control

    def account(self, client: Client) -> LineAccount:
        return line_account(client.spec, self.offline.settings, self.clock)

    def move_to(self, moment: datetime) -> None:
        """Sets both clocks; sleeps of the engine may have moved its own a little further already."""
        moment = max(moment, self.clock.now())
        self.clock.set(moment)
        self.control.set_clock(moment)


def settle(stage: Stage, client: Client, town: Town) -> None:
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
    stage.control.add_friends(client.name, profiles)
    stage.store.import_friends(client.name, town.rows, stage.clock.now())


def revisions_of(client: Client) -> dict[str, Revisioned]:
    """The declared revisions of the campaigns that are enabled."""
    return {
        str(resource.address): revision(client, resource)
        for resource in client.of(Kind.CAMPAIGN)
        if isinstance(resource.spec, CampaignSpec) and resource.spec.enabled
    }


async def plan_client(stage: Stage, client: Client) -> tuple[ClientPlan, LiveAccount]:
    """What an apply would do now."""
    account = stage.account(client)
    try:
        return await fresh_plan(_desk(stage, client, account), client, revisions_of(client), PlanOptions())
    finally:
        await account.close()


async def apply_client(
    stage: Stage, client: Client, plan: ClientPlan, on_step: Callable[[StepResult], None]
) -> ApplyResult:
    """Applies a plan that was just shown."""
    account = stage.account(client)
    try:
        desk = _desk(stage, client, account, on_step)
        return await apply_plan(desk, client, Approved(plan, PlanOptions()), revisions_of(client))
    finally:
        await account.close()


def _desk(
    stage: Stage, client: Client, account: LineAccount, on_step: Callable[[StepResult], None] = lambda _: None
) -> Desk:
    return Desk(client.name, account, stage.store, menu_image, stage.clock, "demo", "lineform demo", on_step)


async def live_through(stage: Stage, until: datetime) -> AsyncIterator[tuple[datetime, Sequence[TickReport]]]:
    """Calls a run every `STEP` until `until`, for every client; yields each moment with what was done."""
    accounts = {client.name: stage.account(client) for client in stage.project.clients.values()}
    try:
        moment = stage.clock.now()
        while moment <= until:
            stage.move_to(moment)
            reports = [
                await tick(client, accounts[client.name], stage.store, stage.clock, TickOptions(actor="lineform demo"))
                for client in stage.project.clients.values()
            ]
            yield moment, reports
            moment += STEP
    finally:
        for account in accounts.values():
            await account.close()


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
