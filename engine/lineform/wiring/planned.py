"""Fresh plans of every client: what `plan`, `apply` and `drift` begin with."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from lineform.apply.desk import Desk
from lineform.apply.images import menu_image
from lineform.apply.reading import read_live
from lineform.apply.result import OnStep
from lineform.apply.walk import fresh_plan
from lineform.errors import BlockedError, LineformError
from lineform.journeys.outlook import scenario_outlook
from lineform.model.address import Address, Kind
from lineform.model.project import Client
from lineform.planning.arming import revisions_of
from lineform.planning.change import Action
from lineform.planning.live import LiveAccount
from lineform.planning.options import PlanOptions
from lineform.planning.plan import ClientPlan, PlanFile, make_plan
from lineform.planning.snapshot import Snapshot
from lineform.ports.line_account import LineAccount
from lineform.run.menus import menu_outlook
from lineform.run.options import Records, Run, TickOptions, new_worker
from lineform.run.outcome import TickEntry
from lineform.run.outlook import outlook
from lineform.scenarios.menu_rules import read_menu_rules
from lineform.scenarios.menus import NO_RULES, MenuRules
from lineform.sending.cost import Budget, month_start
from lineform.sending.revision import Revisioned, Revisions
from lineform.wiring.failing import at_client
from lineform.wiring.owners import owner_is_gone
from lineform.wiring.session import Session
from lineform.wiring.settling import settling


@dataclass(frozen=True, slots=True)
class Planned:
    """All clients planned: those that could be, what their sends will be, and why the others could not be."""

    file: PlanFile
    live: Mapping[str, LiveAccount]
    outlooks: Mapping[str, Sequence[TickEntry]]
    failures: Mapping[str, LineformError] = field(default_factory=dict)
    gone: Mapping[str, int] = field(default_factory=dict)
    """How much is armed of clients of whom the workspace has no file any more."""

    budgets: Mapping[str, Budget] = field(default_factory=dict)
    """What the clients that have a budget of messages allow themselves this month."""

    def without(self, failures: Mapping[str, LineformError]) -> Planned:
        """The same, where these clients could not even be read from their files."""
        return replace(self, failures={**failures, **self.failures})


def desk_of(
    session: Session, client: Client, account: LineAccount, owner: str, on_step: OnStep = lambda _: None
) -> Desk:
    """What an apply to this client works with."""
    actor = session.settings.actor or "lineform"
    store, clock = session.store, session.clock
    settle = settling(client, account, store, clock)
    return Desk(
        client.name, account, store, menu_image, clock, owner, actor, on_step, gone=owner_is_gone, settle=settle
    )


async def plan_all(
    session: Session, plan_options: PlanOptions, *, with_store: bool, declared: Collection[str] | None = None
) -> Planned:
    """Plans each client; one client's failure stays its own. `declared` are the names of all clients that the
    workspace has a file of; None where only some of them were asked for."""
    plans: list[ClientPlan] = []
    live: dict[str, LiveAccount] = {}
    outlooks: dict[str, list[TickEntry]] = {}
    failures: dict[str, LineformError] = {}
    budgets: dict[str, Budget] = {}
    revisions = Revisions()
    for client in session.project.clients.values():
        try:
            with at_client(client):
                plan, account, entries = await _plan_one(
                    session, client, revisions_of(client, revisions), plan_options, with_store=with_store
                )
                if entries and (budget := _budget(session, client, account)) is not None:
                    budgets[client.name] = budget
        except LineformError as error:
            failures[client.name] = error
            continue
        plans.append(plan)
        live[client.name] = account
        outlooks[client.name] = entries
    gone = gone_clients(session, declared) if with_store and declared is not None else {}
    file = PlanFile(session.clock.now(), plan_options, tuple(plans))
    return Planned(file, live, outlooks, failures, gone, budgets)


def _budget(session: Session, client: Client, live: LiveAccount) -> Budget | None:
    """What the client's limits allow in this month, counted as the guard of each send counts; None without a limit."""
    if client.limits.monthly_messages is None:
        return None
    spent = session.store.spent(client.name, month_start(session.clock.now()))
    return Budget(client.limits.monthly_messages, max(live.quota.used, spent.called) + spent.promised)


def gone_clients(session: Session, declared: Collection[str]) -> dict[str, int]:
    """How much is armed of each client that is not `declared` any more: no file asks for it, and no run sends it."""
    return {name: count for name, count in session.store.count_armed().items() if name not in declared}


async def _plan_one(
    session: Session,
    client: Client,
    revisions: Mapping[str, Revisioned],
    plan_options: PlanOptions,
    *,
    with_store: bool,
) -> tuple[ClientPlan, LiveAccount, list[TickEntry]]:
    account = session.account(client)
    try:
        if not with_store:
            live = await read_live(account, client)
            digests = {address: one.digest for address, one in revisions.items()}
            return make_plan(client, live, None, digests, session.clock.now(), plan_options), live, []
        desk = desk_of(session, client, account, new_worker())
        plan, live = await fresh_plan(desk, client, revisions, plan_options)
        records = Records(session.store)
        try:
            run = Run(client, account, records, session.clock, TickOptions(dry_run=True))
            arming = [c.address for c in plan.changes if c.action in {Action.ARM, Action.REARM}]
            sends = [address for address in arming if Address.parse(address).kind is Kind.CAMPAIGN]
            entries = [await outlook(run, address, revisions[address]) for address in sends]
            begins = [address for address in arming if Address.parse(address).kind is Kind.SCENARIO]
            entries += [await scenario_outlook(run, address, revisions[address]) for address in begins]
            entries += [await menu_outlook(run, address, rules) for address, rules in _menu_rules(plan, revisions)]
        finally:
            records.close()
        return plan, live, entries
    finally:
        await account.close()


def _menu_rules(plan: ClientPlan, revisions: Mapping[str, Revisioned]) -> Iterator[tuple[str, MenuRules]]:
    """The rules that will hold after this plan, where they are others than now; none where it takes them away."""
    for change in plan.changes:
        if not change.address.startswith(f"{Kind.MENU_RULES}."):
            continue
        if change.action in {Action.ARM, Action.REARM}:
            revised = revisions[change.address]
            yield change.address, read_menu_rules(change.address, revised.digest, revised.body)
        elif change.action is Action.DISARM and not any(
            address.startswith(f"{Kind.MENU_RULES}.") for address in revisions
        ):
            yield change.address, NO_RULES


def plan_snapshot(session_clients: Sequence[Client], snapshot: Snapshot, plan_options: PlanOptions) -> Planned:
    """The same from a snapshot file: no account, no store, no secret."""
    plans = []
    revisions = Revisions()
    for client in session_clients:
        live = snapshot.accounts.get(client.name)
        if live is None:
            raise BlockedError(f"the snapshot has no account of {client.name}", hint="take a new snapshot")
        digests = {address: one.digest for address, one in revisions_of(client, revisions).items()}
        recorded = snapshot.recorded.get(client.name)
        plans.append(make_plan(client, live, recorded, digests, snapshot.taken_at, plan_options))
    return Planned(PlanFile(snapshot.taken_at, plan_options, tuple(plans)), snapshot.accounts, {})


def take_snapshot(session: Session, planned: Planned, *, with_store: bool) -> Snapshot:
    """The live side of these plans, for a file."""
    recorded = {}
    if with_store:
        recorded = {name: {r.address: r.digest for r in session.store.armed(name)} for name in planned.live}
    return Snapshot(session.clock.now(), planned.live, recorded)
