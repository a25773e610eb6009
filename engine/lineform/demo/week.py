"""The days of a demo: friends arrive, an apply makes the account, and a run is called whenever something may be due."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from lineform.apply.result import ApplyResult, OnStep
from lineform.apply.walk import Approved, apply_plan
from lineform.demo.population import Town
from lineform.model.project import Client
from lineform.planning.arming import revisions_of
from lineform.planning.options import PlanOptions
from lineform.planning.plan import ClientPlan
from lineform.run.options import TickOptions
from lineform.run.outcome import TickReport
from lineform.run.tick import tick
from lineform.sandbox.control import Control
from lineform.wiring.clock import SettableClock
from lineform.wiring.links import link_keys
from lineform.wiring.planned import desk_of
from lineform.wiring.session import Session
from lineform.wiring.ticking import ALSO

STEP = timedelta(hours=1)
"""How often a run is called; like a schedule in CI, only that here nobody waits for it."""


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
    stage.session.store.import_friends(client.name, town.rows, stage.clock.now())


async def apply_client(stage: Stage, client: Client, plan: ClientPlan, on_step: OnStep) -> ApplyResult:
    """Applies a plan that was just shown."""
    account = stage.session.account(client)
    try:
        desk = desk_of(stage.session, client, account, "demo", on_step)
        return await apply_plan(desk, client, Approved(plan, PlanOptions()), revisions_of(client))
    finally:
        await account.close()


async def live_through(stage: Stage, until: datetime) -> AsyncIterator[tuple[datetime, Sequence[TickReport]]]:
    """Calls a run every `STEP` until `until`, for every client; yields each moment with what was done."""
    accounts = {client.name: stage.session.account(client) for client in stage.clients}
    options = {
        client.name: TickOptions(actor="lineform demo", link_keys=link_keys(client.spec, stage.session.settings))
        for client in stage.clients
    }
    try:
        moment = stage.clock.now()
        while moment <= until:
            stage.move_to(moment)
            store = stage.session.store
            yield (
                moment,
                [
                    await tick(client, accounts[client.name], store, stage.clock, options[client.name], ALSO)
                    for client in stage.clients
                ],
            )
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
