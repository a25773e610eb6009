"""A test send: to the listed testers and nobody else, as they would read it. It costs one message each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID, uuid4

from lineform.errors import BlockedError, UsageError
from lineform.lineapi.routes import Route
from lineform.model.project import Client, Resource
from lineform.planning.live import Quota
from lineform.plural import plural
from lineform.ports.audit import AuditEntry
from lineform.ports.clock import Clock
from lineform.ports.line_account import LineAccount, OutcomeUnknown, QuotaExceeded, RateLimited, Refused
from lineform.ports.store import Store
from lineform.run.halt import GUARD, halted_by
from lineform.run.options import Records
from lineform.run.prepare import TEST, refuse, tested_detail
from lineform.run.rendering import refuse_suspicious
from lineform.segments.friend import Friend
from lineform.sending.batches import addressed, body_of
from lineform.sending.cost import month_start
from lineform.sending.given import stand_ins
from lineform.sending.guards import Figures, money_stops
from lineform.sending.keys import key_of_test
from lineform.sending.retry import TRIES, pause
from lineform.sending.revision import read_revision, revision
from lineform.sending.scope import friend_scope, run_scope
from lineform.templates.send import compile_messages

MOST = 10
"""Testers of one test send."""


@dataclass(frozen=True, slots=True)
class Tested:
    """One tester by their place in the list (from 1), and what LINE said; empty where it accepted."""

    tester: int
    refused: str = ""


@dataclass(frozen=True, slots=True)
class TestReport:
    __test__ = False  # pytest takes it for a test

    address: str
    results: tuple[Tested, ...]
    cost: int
    """Messages of this month's quota that it used."""
    quota_left: int | None
    """Before the test; None where the account has no limit."""


async def send_test(
    client: Client,
    resource: Resource,
    testers: Sequence[str],
    account: LineAccount,
    store: Store,
    clock: Clock,
    *,
    actor: str = "lineform send --test",
    synthetic: Friend | None = None,
    most: int = MOST,
) -> TestReport:
    """Sends a campaign's messages to `testers` (LINE user ids), with a テスト text allowed.

    Each reads their own data where the store knows them, else that of `synthetic`. Raises BlockedError where there are
    too many testers, the quota or the client's budget does not suffice, sending is halted or a message cannot be made;
    nothing is sent then.
    """
    testers = list(dict.fromkeys(testers))
    if not testers:
        raise UsageError("there is no tester", hint="set the client's 'testers' to an environment variable of user ids")
    if len(testers) > most:
        raise BlockedError(f"{len(testers)} testers are more than {most}", hint="name fewer testers", code="G212")
    quota = await account.quota()
    if quota.left is not None and quota.left < len(testers):
        raise BlockedError(
            f"{plural(len(testers), 'message is', 'messages are')} needed, and LINE has {quota.left:,} left this month",
            hint="a test send costs quota like any other; preview and simulate cost none",
            code="G201",
        )
    records = Records(store)
    try:
        await records(_refuse_halted, client, store, clock.now())
        await records(_refuse_over_budget, client, store, quota, len(testers), clock.now())
        friends = await records(_friends, store, client.name, testers, synthetic)
        bodies = _render(client, resource, friends, clock)
        invocation = uuid4().hex
        results = []
        for place, (user_id, body) in enumerate(zip(testers, bodies, strict=True), start=1):
            if place > 1 and (who := await records(halted_by, store, client.name, clock.now())):
                results.append(Tested(place, f"{GUARD}: sending was halted by {who}"))
                continue
            key = key_of_test(client.name, str(resource.address), invocation, user_id)
            results.append(Tested(place, await _send(account, clock, addressed(body, Route.PUSH, [user_id]), key)))
        sent = sum(not result.refused for result in results)
        detail = plural(sent, "message")
        if sent:
            detail = f"{detail}, {tested_detail(revision(client, resource).digest)}"
        note = AuditEntry(clock.now(), client.name, actor, TEST, str(resource.address), detail)
        await records(store.note, note)
    finally:
        records.close()
    return TestReport(str(resource.address), tuple(results), sent, quota.left)


def _refuse_halted(client: Client, store: Store, now: datetime) -> None:
    if who := halted_by(store, client.name, now):
        raise BlockedError(
            f"sending was halted by {who}", hint="'lineform run --resume' lets the client send again", code=GUARD
        )


def _refuse_over_budget(client: Client, store: Store, quota: Quota, messages: int, now: datetime) -> None:
    """A test costs what any message costs; whom a send may reach, and when, is no question here."""
    spent = store.spent(client.name, month_start(now))
    figures = Figures(messages, True, None, quota.used, spent.called, promised=spent.promised)
    refuse(money_stops(figures, client.limits, client.plan))


def _friends(store: Store, account: str, testers: Sequence[str], synthetic: Friend | None) -> list[Friend]:
    ids = store.friend_ids(account, testers)
    known = {friend.user_id: friend for friend in store.friends(account, sorted(ids.values()))}
    stranger = synthetic or Friend(0, "", "", "", None, False, {}, frozenset())
    return [known.get(user_id) or replace(stranger, user_id=user_id) for user_id in testers]


def _render(client: Client, resource: Resource, friends: Sequence[Friend], clock: Clock) -> list[bytes]:
    armed = read_revision(revision(client, resource).body)
    compiled = compile_messages(armed.messages, armed.context)
    # Testers read what stands for a code: a test takes none out of a pool.
    scope = {"run": run_scope(clock.now(), armed.timezone), **stand_ins(compiled.reads, armed.given)}
    bodies = []
    for friend in friends:
        messages = compiled.render_bytes({**scope, "friend": friend_scope(friend, armed.timezone)})
        refuse_suspicious(messages, production=False)
        bodies.append(body_of(messages, silent=armed.silent))
    return bodies


async def _send(account: LineAccount, clock: Clock, body: bytes, key: UUID) -> str:
    """What LINE said against it; empty where it accepted."""
    tries = 0
    while True:
        tries += 1
        try:
            await account.send(Route.PUSH, body, key)
        except (Refused, RateLimited, QuotaExceeded) as refused:
            return refused.message
        except OutcomeUnknown as unknown:
            if tries == TRIES:
                return f"it is not known whether it arrived: {unknown.message}"
            await clock.sleep(pause(tries))
        else:
            return ""
