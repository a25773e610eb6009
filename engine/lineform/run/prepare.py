"""An occurrence on its way to the ledger: who, by which route, at what cost, and whether a guard stops it."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from lineform.errors import BlockedError
from lineform.lineapi.routes import Route
from lineform.model.address import Kind
from lineform.model.client import Limits
from lineform.planning.live import Quota
from lineform.ports.ledger import Spent
from lineform.ports.line_account import Refused
from lineform.run.capping import Chosen, choose_friends, rule_for
from lineform.run.fill import Fill, looked_up
from lineform.run.line_audience import Target, ready_audience
from lineform.run.options import Run
from lineform.run.rendering import refuse_suspicious
from lineform.run.stock import Stock, lapses, shortages, stock_of
from lineform.run.supplies import Supplies, supplies_of
from lineform.sending.caps import Left, Recent, sentence
from lineform.sending.cost import Cost, estimate, month_start
from lineform.sending.due import Due
from lineform.sending.flags import Flags
from lineform.sending.guards import Figures, Stop, stops
from lineform.sending.revision import Armed
from lineform.sending.rollout import waves
from lineform.sending.routes import Choice, Wanted, choose
from lineform.sending.scope import run_scope
from lineform.templates.errors import TemplateError
from lineform.templates.send import CompiledMessages, compile_messages

TEST = "send --test"
"""What the audit log calls a test send."""
_EVER = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Prepared:
    """Everything that freezing needs. `ids` are internal and ascending; empty where LINE selects."""

    client: str
    address: str
    digest: str
    due: Due
    armed: Armed
    compiled: CompiledMessages
    choice: Choice
    ids: Sequence[int]
    recipients: int
    limit: int | None
    cost: Cost
    left: Left
    """The audience as the limits about single friends leave it; `ids` are those of it."""
    supplies: Supplies
    """What the messages are given, and what was learned for it where the send was judged."""
    fill: Fill
    """That, without handing anything out."""
    figures: Figures
    """What the guards looked at."""
    quota: Quota
    position: int | None = None
    """The ledger's position by which `left` was judged; None where no such limit holds."""
    audience_id: int = 0
    """LINE's audience that a narrowcast is for; 0 where it is for none."""
    spent: Spent | None = None
    """What the month's budget and quota were judged by; None where neither is limited."""
    stock: tuple[Stock, ...] = ()
    """The pools out of which codes are given."""
    recent: Recent | None = field(default=None, compare=False)
    """What its friends were sent until `position`."""
    suspicious: tuple[str, ...] = ()
    """Of friends who are left out because of what they would read, the first ones with what it is."""

    @property
    def told(self) -> str:
        """Why it goes as it does."""
        return "; ".join([self.choice.why, *(f"left out is {one}" for one in self.suspicious)])

    @property
    def capped(self) -> int:
        """How many friends of the audience are left out."""
        return sum(self.left.why.values())

    @property
    def waiting(self) -> Sequence[int]:
        """Friends over a limit who are sent to when they are free."""
        return self.left.capped if self.armed.capped == "wait" else ()

    @property
    def waves(self) -> list[Sequence[int]]:
        """The recipients of each part of the rollout; one part where there is none."""
        return waves(self.client, self.address, self.ids, self.armed.rollout)

    @property
    def nobody(self) -> bool:
        """Whether we select the recipients and there are none."""
        return not self.selected_by_line and not self.ids

    @property
    def selected_by_line(self) -> bool:
        """Whether LINE selects the recipients."""
        return self.choice.route in {Route.BROADCAST, Route.NARROWCAST}

    @property
    def constant(self) -> bytes | None:
        """The messages, where every friend reads the same."""
        return constant_messages(self.armed, self.compiled, self.due.at, self.fill.fixed)

    def values(self, fill: Fill) -> list[bytes]:
        """Where every friend reads the same: what fills the holes of the messages."""
        return self.compiled.fill({"run": run_scope(self.due.at, self.armed.timezone), **fill.fixed})


def constant_messages(
    armed: Armed, compiled: CompiledMessages, due_at: datetime, fixed: Mapping[str, Any]
) -> bytes | None:
    """The messages as JSON, where every friend reads the same; else None. `fixed` is what they are given."""
    if armed.given.differs(compiled.reads):
        return None
    return compiled.render_bytes({"run": run_scope(due_at, armed.timezone), **fixed})


def choice_of(run: Run, armed: Armed, compiled: CompiledMessages) -> Choice:
    """The route of a send. Raises ValueError where none can carry it."""
    constant = not armed.given.differs(compiled.reads)
    return choose(_wanted(armed, constant, rule_for(run, armed) is not None))


def why_nobody(prepared: Prepared) -> str:
    """Why nobody is sent to: the audience is empty, or all of it is left out."""
    if said := sentence(prepared.left.why):
        return f"nobody is left in the audience: {said}"
    return "nobody is in the audience"


@dataclass(frozen=True, slots=True)
class Later:
    """A further part of a send: friends of `first` who were over a limit, without those whom `others` reached since.
    Both are ids of sends."""

    first: int
    others: tuple[int, ...]


async def prepare(run: Run, address: str, digest: str, due: Due, armed: Armed, later: Later | None = None) -> Prepared:
    """Selects the audience, chooses the route and asks every guard; writes nothing. With `later`, only of those.

    Raises BlockedError (with the guard's id) where the send must not begin, and LineFailure where LINE cannot be asked.
    """
    try:
        compiled = compile_messages(armed.messages, armed.context)
        supplies = supplies_of(run)
        fill = await run.records(looked_up, supplies, compiled.reads, armed.given)
        constant = constant_messages(armed, compiled, due.at, fill.fixed)
        choice = choice_of(run, armed, compiled)
    except TemplateError as wrong:
        raise BlockedError(f"the messages cannot be made: {wrong.message}", hint=wrong.hint, code="G207") from wrong
    except ValueError as wrong:
        raise BlockedError(
            f"no route can carry this: {wrong}",
            hint="take the friend out of the messages, or choose the audience by attributes and tags",
            code="G213",
        ) from wrong
    if constant is not None:
        refuse_suspicious(constant, production=armed.production)
    quota = await run.account.quota()
    spent = await run.records(run.store.spent, run.client.name, month_start(run.clock.now()))
    target = await ready_audience(run, armed) if armed.audience else None
    ids, recipients, limit = await _audience(run, armed.on_day(due.at), choice, quota, spent, target)
    if later is not None:
        ids = await run.records(_of_them, run, later, ids)
    chosen = Chosen(Left(ids))
    if choice.route not in {Route.BROADCAST, Route.NARROWCAST}:
        chosen = await run.records(choose_friends, run, address, due, armed, compiled, constant, ids, fill)
        recipients = len(chosen.left.ids)
    stock = await run.records(stock_of, run, compiled, chosen.left.ids)
    capped = sum(chosen.left.why.values())
    figures = Figures(
        recipients,
        choice.route is not Route.BROADCAST,
        quota.left_after(spent.called),
        quota.used,
        spent.called,
        promised=spent.promised,
        capped=capped,
        friends=await _friends(run, armed, choice),
        first=await _first(run),
        tested=later is not None or await _tested(run, address, digest),
        approved=armed.approved if later is None else None,
        tolerated=armed.tolerated,
    )
    expect = armed.expect if later is None else None
    moment = max(due.at, run.clock.now())
    refuse(
        [
            *lapses(armed.given.promises, moment, armed.timezone),
            *shortages(stock),
            *stops(figures, expect, run.client.limits, run.client.plan),
        ]
    )
    left, position = chosen.left, chosen.position
    return Prepared(
        run.client.name,
        address,
        digest,
        due,
        armed,
        compiled,
        choice,
        left.ids,
        recipients,
        limit,
        _cost(run, figures, choice),
        left,
        supplies,
        fill,
        figures,
        quota,
        position,
        audience_id=target.audience_id if target else 0,
        spent=spent if _money(run.client.limits, quota) else None,
        stock=stock,
        recent=chosen.recent,
    )


def cost_of(run: Run, prepared: Prepared) -> Cost:
    """What a send costs whose recipients became fewer."""
    return _cost(run, replace(prepared.figures, recipients=prepared.recipients), prepared.choice)


def _cost(run: Run, figures: Figures, choice: Choice) -> Cost:
    used = max(figures.used_by_us, figures.used_by_line) + figures.promised
    return estimate(figures.recipients, used, run.client.plan, choice.route)


def _money(limits: Limits, quota: Quota) -> bool:
    """Whether anything limits how many messages a month may have."""
    return any(limit is not None for limit in (quota.limit, limits.monthly_messages, limits.monthly_yen))


def _wanted(armed: Armed, constant: bool, per_friend: bool) -> Wanted:
    return Wanted(
        demographic=armed.demographic is not None,
        audience=bool(armed.audience),
        everyone=armed.everyone,
        constant=constant,
        at_most=armed.expect is not None and armed.expect.max is not None,
        skips_unknown=bool(armed.skip_if_unknown),
        per_friend=per_friend,
        rollout=bool(armed.rollout),
        tracks_friends=armed.given.tracks_friends,
        does=bool(armed.do),
    )


async def _audience(
    run: Run, armed: Armed, choice: Choice, quota: Quota, spent: Spent, target: Target | None
) -> tuple[Sequence[int], int, int | None]:
    """The ids to freeze, how many people are meant, and a narrowcast's limit."""
    if target is not None:
        limit = min(target.people, armed.limit or target.people)
        return (), limit, limit
    if choice.route is Route.NARROWCAST:
        limit = await _limit(run, armed, quota, spent)
        return (), limit, limit
    if choice.route is Route.BROADCAST:
        return (), (await run.records(run.store.count_friends, run.client.name)).friends, None
    ids = await run.records(_select, run, armed)
    if not ids and armed.everyone and rule_for(run, armed) is not None:
        raise BlockedError(
            "everyone is meant, limits.per_friend looks at each friend, and no friend is known",
            hint="import the friends with 'lineform friends sync' or 'lineform friends import', or write "
            "'capped: send', which broadcasts to all",
            code="G205",
        )
    return ids, len(ids), None


def _select(run: Run, armed: Armed) -> Sequence[int]:
    # Eight bytes a friend: the memory of a send to millions stays bounded.
    found = array("q")
    for some in run.store.select_arrays(run.client.name, armed.selection, run.clock.now()):
        found.extend(some)
    return found


async def _friends(run: Run, armed: Armed, choice: Choice) -> int | None:
    """All friends, where a condition chose among them and nobody said that nearly all may be meant."""
    if armed.everyone or armed.allow_almost_everyone or choice.route is Route.NARROWCAST:
        return None
    return (await run.records(run.store.count_friends, run.client.name)).friends


async def _first(run: Run) -> bool:
    """Whether no campaign of this client ever called LINE; asked only where a limit wants to know. What scenarios and
    replies said to single friends has shown nobody what a campaign does."""
    if run.client.limits.first_send is None:
        return False
    return not await run.records(run.store.has_called, run.client.name, f"{Kind.CAMPAIGN}.")


async def _tested(run: Run, address: str, digest: str) -> bool:
    if run.client.limits.tested_above is None:
        return True
    tests = await run.records(run.store.noted, run.client.name, TEST, _EVER)
    return any(note.subject == address and note.detail.endswith(tested_detail(digest)) for note in tests)


def tested_detail(digest: str) -> str:
    """How the audit log names the revision of a test send."""
    return f"revision {digest[:12]}"


def _of_them(run: Run, later: Later, ids: Sequence[int]) -> Sequence[int]:
    of, waits = Flags(), 1
    of.add(waits, run.store.frozen_friends(later.first, capped=True))
    for other in later.others:
        of.take(waits, run.store.frozen_friends(other))
    return array("q", (one for one in ids if of.has(waits, one)))


async def _limit(run: Run, armed: Armed, quota: Quota, spent: Spent) -> int:
    """At most how many a narrowcast may reach. Without a limit LINE would reserve quota for all friends
    (https://developers.line.biz/en/reference/messaging-api/#send-narrowcast-message)."""
    if armed.limit is not None:
        return armed.limit
    if armed.expect is not None and armed.expect.max is not None:
        return armed.expect.max
    friends = (await run.records(run.store.count_friends, run.client.name)).friends
    quota_left = quota.left_after(spent.called)
    bounds = (
        friends or None,
        None if quota_left is None else quota_left - spent.promised,
        _budget_left(run.client.limits, max(spent.called, quota.used) + spent.promised),
    )
    known = [bound for bound in bounds if bound is not None]
    if not known or min(known) < 1:
        raise BlockedError(
            "nobody knows how many people this demographic audience may reach",
            hint="write audience.limit: LINE reserves that much of the quota",
            code="G205",
        )
    return min(known)


def _budget_left(limits: Limits, used: int) -> int | None:
    return None if limits.monthly_messages is None else max(0, limits.monthly_messages - used)


def refuse(found: Sequence[Stop]) -> None:
    """Raises BlockedError with all of them, under the first one's id."""
    if found:
        first = found[0]
        raise BlockedError("; ".join(stop.sentence for stop in found), hint=first.hint, code=first.guard)


async def ask_line(run: Run, route: Route, messages: Sequence[dict[str, object]]) -> None:
    """Asks LINE whether it would take these messages, which costs no quota. Raises BlockedError where it would not."""
    try:
        await run.account.validate_messages(route, messages)
    except Refused as refused:
        details = f" ({refused.details})" if refused.details else ""
        raise BlockedError(
            f"LINE would refuse the messages: {refused.message}{details}",
            hint="correct the message; 'lineform validate' shows LINE's limits",
            code="G208",
        ) from refused
