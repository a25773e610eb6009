"""One client's plan, the plan of all of them, and what approval of it means."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from lineform.errors import BlockedError, CredentialError, LineformError
from lineform.model.project import Client
from lineform.planning.arming import compare_armed
from lineform.planning.audience_ages import Membership
from lineform.planning.audiences import compare_audiences
from lineform.planning.change import Action, Change
from lineform.planning.coupons import CouponBook, ForeignCoupon, compare_coupons
from lineform.planning.live import LiveAccount
from lineform.planning.live_audiences import LiveAudience
from lineform.planning.menus import compare_menus
from lineform.planning.options import PlanOptions
from lineform.planning.promises import lapsed_steps
from lineform.planning.steps import Step, steps_for
from lineform.planning.view import ForeignMenu
from lineform.sending.derived import SourceSend

WRONG_BOT = "G101"


@dataclass(frozen=True, slots=True)
class ClientPlan:
    """What an apply would do for one client.

    `steps` and `settled` belong to the moment of planning and are not kept in a plan file: an apply reads the account
    again and makes them anew. `settled` is what already is as declared, by address.
    """

    client: str
    bot: str
    changes: tuple[Change, ...]
    recorded: bool
    """Whether the store was asked; without it, campaigns are not compared."""
    foreign: tuple[ForeignMenu, ...] = ()
    steps: tuple[Step, ...] = field(default=(), compare=False)
    settled: Mapping[str, Mapping[str, str]] = field(default_factory=dict, compare=False)
    foreign_audiences: tuple[LiveAudience, ...] = ()
    foreign_coupons: tuple[ForeignCoupon, ...] = ()

    @property
    def digest(self) -> str:
        """Over the plan's meaning: who, and what becomes of which address. Not over live ids, steps, waits or words."""
        meaning = sorted(change.meaning for change in self.changes if change.approved_with_plan)
        return _sha256([self.client, self.bot, meaning])

    @property
    def empty(self) -> bool:
        """Nothing to do; menus that only wait for the end of their grace count as nothing."""
        return not any(change.counts for change in self.changes)

    @property
    def drifted(self) -> bool:
        """Whether something is not as declared. A retired menu past its grace does not count: it only waits to go."""
        return any(change.approved_with_plan for change in self.changes)

    @property
    def counts(self) -> Counter[Action]:
        """Changes by action. A resource that a guard stops counts as blocked, once, whatever else was to become of it
        and for however many reasons."""
        stopped = {change.address for change in self.blocked if change.address}
        counted = Counter(change.action for change in self.changes if change.address not in stopped)
        return counted + Counter({Action.BLOCKED: len(stopped)})

    @property
    def blocked(self) -> tuple[Change, ...]:
        return tuple(change for change in self.changes if change.action is Action.BLOCKED)

    def refusal(self) -> LineformError | None:
        """The error with which an apply of this plan ends before its first call; None where it may go on."""
        blocked = self.blocked
        if not blocked:
            return None
        first = blocked[0]
        where = f"{self.client}: {first.address}: " if first.address else f"{self.client}: "
        kind = CredentialError if first.code == WRONG_BOT else BlockedError
        more = f" (and {len(blocked) - 1} more)" if len(blocked) > 1 else ""
        return kind(f"{where}{first.reason}{more}", hint=first.hint, code=first.code)


@dataclass(frozen=True, slots=True)
class PlanFile:
    """The plans of all clients, with what was said when they were made. Its digest is what is approved."""

    made_at: datetime
    options: PlanOptions
    clients: tuple[ClientPlan, ...]

    @property
    def digest(self) -> str:
        return _sha256(sorted(plan.digest for plan in self.clients if not plan.empty))

    @property
    def empty(self) -> bool:
        return all(plan.empty for plan in self.clients)

    @property
    def drifted(self) -> bool:
        """Whether something of any client is not as declared."""
        return any(plan.drifted for plan in self.clients)

    @property
    def undeclared(self) -> int:
        """How much is ours on the accounts, has no file any more, and stays until somebody says `--prune`."""
        return sum(plan.counts[Action.UNDECLARED] for plan in self.clients)

    def of(self, client: str) -> ClientPlan | None:
        return next((plan for plan in self.clients if plan.client == client), None)


def make_plan(
    client: Client,
    live: LiveAccount,
    recorded: Mapping[str, str] | None,
    revisions: Mapping[str, str],
    now: datetime,
    options: PlanOptions = PlanOptions(),  # noqa: B008 - frozen
    unmoved: Collection[str] = (),
    members: Mapping[str, Membership] | None = None,
    shown: Mapping[str, int] = MappingProxyType({}),
    coupons: CouponBook | None = None,
    sources: Mapping[str, SourceSend] = MappingProxyType({}),
    sent: Collection[str] = (),
) -> ClientPlan:
    """Declared against live and recorded, for one client.

    `recorded` and `revisions` map the address of what acts later to the digest of its armed and of its declared
    revision; None for `recorded` where no store was asked. `unmoved` are ids of replaced menus whose friends an earlier
    apply did not finish moving. `members` tells of each declared audience who is in it; None where nobody
    was asked, and audiences are not compared. `shown` are friends by the menu that is recorded of them, `coupons` those
    of the account, None where nobody was asked. `sources` are sends that LINE can make audiences of, by campaign;
    `sent` are campaigns with one date that were sent already.
    Raises nothing: what stops the plan is in it, see `ClientPlan.refusal`.
    """
    if live.bot.user_id != client.spec.bot:
        return ClientPlan(client.name, live.bot.user_id, (_wrong_bot(client, live),), recorded is not None)
    menus = compare_menus(client, live, now, options, unmoved, shown)
    changes, settled = menus.changes, menus.settled
    if recorded is not None:
        armed, armed_settled = compare_armed(client, recorded, revisions, now, sent)
        changes, settled = [*changes, *armed, *lapsed_steps(client, armed, now)], settled | armed_settled
    foreign_audiences: tuple[LiveAudience, ...] = ()
    if members is not None:
        audiences = compare_audiences(client, live, members, now, options, sources)
        changes, settled = changes + audiences.changes, settled | audiences.settled
        foreign_audiences = audiences.foreign
    if coupons is not None:
        made = compare_coupons(client, coupons, now, options)
        changes, settled = changes + made.changes, settled | made.settled
    ordered = tuple(sorted(changes, key=lambda c: (c.address, c.action is Action.RETIRING, c.menu_id)))
    return ClientPlan(
        client=client.name,
        bot=live.bot.user_id,
        changes=ordered,
        recorded=recorded is not None,
        foreign=menus.foreign,
        foreign_audiences=foreign_audiences,
        foreign_coupons=coupons.foreign if coupons is not None else (),
        steps=steps_for(ordered),
        settled=settled,
    )


def _wrong_bot(client: Client, live: LiveAccount) -> Change:
    bot = live.bot
    reason = f"the token is of the bot {bot.user_id} ({bot.basic_id}), but the client is pinned to {client.spec.bot}"
    hint = f"put the right token into {client.spec.token.env}, or correct `bot` in clients/{client.name}.yaml"
    return Change(Action.BLOCKED, client.name, "", {}, {}, reason, hint, WRONG_BOT)


def _sha256(value: object) -> str:
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
