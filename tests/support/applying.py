"""An account, a store and a clock together, to plan and apply on."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from lineform.apply.desk import Desk
from lineform.apply.result import ApplyResult, StepResult
from lineform.apply.walk import Approved, apply_plan, fresh_plan
from lineform.errors import CredentialError
from lineform.model.project import Client, Resource
from lineform.planning.arming import revisions_of
from lineform.planning.options import PlanOptions
from lineform.planning.plan import ClientPlan
from lineform.ports.audiences import Upload
from lineform.ports.audit import AuditEntry
from lineform.ports.coupons import RecordedCoupon
from lineform.ports.ledger import Revision, Send
from lineform.segments.friend import Friend
from lineform.segments.predicate import Predicate
from lineform.sending.revision import Revisioned
from lineform.wiring.clock import SettableClock
from support.fake_account import FakeAccount

NOW = datetime(2026, 11, 22, 7, 19, tzinfo=UTC)
PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(slots=True)
class ApplyRecords:
    """The part of the store that an apply uses, in memory."""

    revisions: dict[str, dict[str, Revision]] = field(default_factory=dict)
    leases: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    log: list[AuditEntry] = field(default_factory=list)
    bots: dict[str, str] = field(default_factory=dict)
    coupon_rows: list[RecordedCoupon] = field(default_factory=list)
    selected: tuple[str, ...] = ()
    """LINE's user ids of the friends whom every segment selects."""
    blocked: set[str] = field(default_factory=set)
    shown: dict[str, int] = field(default_factory=dict)
    """Friends by the menu that is recorded of them."""
    uploaded: dict[int, list[Upload]] = field(default_factory=dict)
    ledger: list[Send] = field(default_factory=list)
    _friends: dict[str, int] = field(default_factory=dict)
    _uploads: int = 0

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"an apply asks the store for no {name}")

    def segment(self, *users: str) -> None:
        """From now on these are in every segment."""
        self.selected = users
        for user in users:
            self._friends.setdefault(user, len(self._friends) + 1)

    def select(self, account: str, predicate: Predicate, now: datetime) -> Iterator[int]:
        return iter(sorted(self._friends[user] for user in self.selected if user not in self.blocked))

    def count(self, account: str, predicate: Predicate, now: datetime) -> int:
        return sum(1 for _ in self.select(account, predicate, now))

    def friends(self, account: str, ids: Sequence[int]) -> Sequence[Friend]:
        names = self.line_ids(account, ids)
        return [
            Friend(one, names[one], "", "", None, names[one] in self.blocked, {}, frozenset())
            for one in ids
            if one in names
        ]

    def line_ids(self, account: str, ids: Sequence[int]) -> Mapping[int, str]:
        return {number: user for user, number in self._friends.items() if number in set(ids)}

    def intend_uploads(self, account: str, audience: int, uploads: Sequence[Sequence[int]]) -> None:
        for friend_ids in uploads:
            self._uploads += 1
            self.uploaded.setdefault(audience, []).append(Upload(self._uploads, tuple(friend_ids), confirmed=False))

    def confirm_upload(self, upload_id: int) -> None:
        for audience, uploads in self.uploaded.items():
            self.uploaded[audience] = [replace(u, confirmed=u.confirmed or u.id == upload_id) for u in uploads]

    def uploads(self, account: str, audience: int) -> Sequence[Upload]:
        return tuple(self.uploaded.get(audience, ()))

    def forget_uploads(self, account: str, audience: int) -> None:
        self.uploaded.pop(audience, None)

    def arm(self, account: str, armed: Revision) -> None:
        mine = self.revisions.setdefault(account, {})
        if armed.address not in mine or mine[armed.address].digest != armed.digest:
            mine[armed.address] = armed

    def disarm(self, account: str, address: str, now: datetime) -> None:
        self.revisions.get(account, {}).pop(address, None)

    def coupons(self, account: str) -> Sequence[RecordedCoupon]:
        return tuple(self.coupon_rows)

    def intend_coupon(self, account: str, name: str, hash_: str, now: datetime) -> None:
        if not any((one.name, one.hash, one.coupon_id) == (name, hash_, "") for one in self.coupon_rows):
            self.coupon_rows.append(RecordedCoupon(name, hash_, "", now))

    def record_coupon(self, account: str, name: str, hash_: str, coupon_id: str) -> None:
        at = next(
            i for i, one in enumerate(self.coupon_rows) if (one.name, one.hash, one.coupon_id) == (name, hash_, "")
        )
        self.coupon_rows[at] = replace(self.coupon_rows[at], coupon_id=coupon_id)

    def record_closed(self, account: str, coupon_id: str, now: datetime) -> None:
        self.coupon_rows = [one for one in self.coupon_rows if one.coupon_id != coupon_id]

    def armed(self, account: str) -> Sequence[Revision]:
        return tuple(self.revisions.get(account, {}).values())

    def sends(self, account: str, *, address: str = "", unfinished: bool = False) -> Sequence[Send]:
        return [send for send in self.ledger if send.address == address]

    def count_armed(self) -> Mapping[str, int]:
        return {name: len(armed) for name, armed in self.revisions.items() if armed}

    def lease(self, name: str, owner: str, now: datetime, length: timedelta) -> bool:
        holder = self.lease_holder(name, now)
        if holder not in ("", owner):
            return False
        self.leases[name] = (owner, now + length)
        return True

    def lease_holder(self, name: str, now: datetime) -> str:
        owner, until = self.leases.get(name, ("", now))
        return owner if until > now else ""

    def release_lease(self, name: str, owner: str) -> None:
        if self.leases.get(name, ("",))[0] == owner:
            del self.leases[name]

    def note(self, entry: AuditEntry) -> None:
        self.log.append(entry)

    def notes(self, account: str, limit: int = 100) -> Sequence[AuditEntry]:
        return [entry for entry in reversed(self.log) if entry.account == account][:limit]

    def count_shown(self, account: str) -> Mapping[str, int]:
        return dict(self.shown)

    def claim_bot(self, account: str, bot: str) -> None:
        if self.bots.setdefault(account, bot) != bot:
            raise CredentialError("another bot than before")


async def at_once(function: Any, /, *args: Any) -> Any:
    """Calls the store on the spot."""
    return function(*args)


def small_image(_: Resource) -> tuple[bytes, str]:
    return PNG + b"small", "image/png"


_owners = itertools.count(1)


@dataclass(slots=True)
class Shop:
    """Everything that an apply needs; each apply is a run of its own."""

    account: FakeAccount = field(default_factory=FakeAccount)
    store: ApplyRecords = field(default_factory=ApplyRecords)
    clock: SettableClock = field(default_factory=lambda: SettableClock(NOW))
    events: list[StepResult] = field(default_factory=list)

    def desk(self, client: str = "salon") -> Desk:
        return Desk(
            client,
            self.account,
            self.store,
            small_image,
            self.clock,
            owner=f"run-{next(_owners)}",
            on_step=self.events.append,
            offload=at_once,
        )

    def plan(self, client: Client, options: PlanOptions = PlanOptions()) -> ClientPlan:  # noqa: B008
        plan, _ = asyncio.run(fresh_plan(self.desk(client.name), client, revisions(client), options))
        return plan

    def apply(
        self,
        client: Client,
        options: PlanOptions = PlanOptions(),  # noqa: B008
        *,
        saved: ClientPlan | None = None,
        plan_id: str = "",
    ) -> ApplyResult:
        """Applies a saved plan, or the one that is made now."""

        async def run() -> ApplyResult:
            desk = self.desk(client.name)
            plan = saved or (await fresh_plan(desk, client, revisions(client), options))[0]
            return await apply_plan(desk, client, Approved(plan, options, plan_id), revisions(client))

        return asyncio.run(run())

    def wait(self, **length: float) -> None:
        self.clock.set(self.clock.now() + timedelta(**length))


def revisions(client: Client) -> dict[str, Revisioned]:
    return revisions_of(client)
