"""Declared coupons against those that were made, for one client.

LINE changes no coupon and deletes none, and a closed one is lost to everybody who has it. So a coupon whose file was
changed stops the plan, unless somebody says `--replace`: then a new one is made and the old one closed. Which coupons
are ours stands in the store; all others are left alone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from lineform.model.address import Address, Kind
from lineform.model.coupon import CouponSpec, coupon_to_line
from lineform.model.project import Client
from lineform.planning.change import Action, Change, CouponWork
from lineform.planning.options import PlanOptions

HASH_LENGTH = 32
RUNNING = "RUNNING"


@dataclass(frozen=True, slots=True)
class OwnCoupon:
    """A coupon of ours; `coupon_id` is empty where an interrupted apply may have made it, `status` is LINE's word,
    empty where LINE does not know it any more."""

    name: str
    hash: str
    coupon_id: str
    status: str = ""


@dataclass(frozen=True, slots=True)
class ForeignCoupon:
    """One that others made."""

    coupon_id: str
    title: str


@dataclass(frozen=True, slots=True)
class CouponBook:
    """The coupons of an account, ours the oldest first."""

    own: tuple[OwnCoupon, ...] = ()
    foreign: tuple[ForeignCoupon, ...] = ()


@dataclass(slots=True)
class CouponChanges:
    """What the comparison found. `settled` holds what already is as declared, by address."""

    changes: list[Change] = field(default_factory=list)
    settled: dict[str, Mapping[str, str]] = field(default_factory=dict)


def declared_coupons(client: Client) -> dict[str, dict[str, Any]]:
    """Each declared coupon as LINE is asked to make it, by address."""
    specs = [(str(resource.address), resource.spec) for resource in client.of(Kind.COUPON)]
    return {a: coupon_to_line(spec, client.timezone) for a, spec in specs if isinstance(spec, CouponSpec)}


def coupon_hash(coupon: Mapping[str, Any]) -> str:
    """Over all that LINE is asked to make."""
    text = json.dumps(coupon, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:HASH_LENGTH]


def compare_coupons(client: Client, book: CouponBook, now: datetime, options: PlanOptions) -> CouponChanges:
    """All changes of this client's coupons, by address."""
    own: dict[str, list[OwnCoupon]] = {}
    for one in book.own:
        own.setdefault(str(Address(Kind.COUPON, one.name)), []).append(one)
    found = CouponChanges()
    declared = declared_coupons(client)
    for address, coupon in declared.items():
        _declared(client.name, address, coupon, own.get(address, ()), now, options, found)
    for address in sorted(own.keys() - declared.keys()):
        found.changes += _undeclared(client.name, address, own[address], options)
    return found


def _declared(
    client: str,
    address: str,
    coupon: Mapping[str, Any],
    copies: Sequence[OwnCoupon],
    now: datetime,
    options: PlanOptions,
    found: CouponChanges,
) -> None:
    wanted = coupon_hash(coupon)
    after = {"coupon": wanted}
    made = [one for one in copies if one.coupon_id]
    newest = made[-1] if made else None
    before = {"coupon": newest.hash if newest else ""}
    ended = coupon["endTimestamp"] <= now.timestamp()
    older = tuple(one.coupon_id for one in made[:-1])
    if newest is not None and newest.hash == wanted and (newest.status == RUNNING or ended):
        found.settled[address] = after
        if older:
            reason = "a new one took its place, and an interrupted apply has not closed it"
            work = CouponWork(close=older)
            found.changes.append(
                Change(Action.DELETE, client, address, before, after, reason, housekeeping=True, coupon_work=work)
            )
        return
    if ended:
        end = datetime.fromtimestamp(coupon["endTimestamp"], UTC)
        reason = f"it ends at {end:%Y-%m-%d %H:%M} UTC, which is over: LINE makes no such coupon"
        hint = "give it a later end, or remove the file"
        found.changes.append(Change(Action.BLOCKED, client, address, before, after, reason, hint, "G121"))
    elif newest is None:
        resumed = any(one.hash == wanted for one in copies)
        reason = "an interrupted apply may have made it" if resumed else "declared, not on the account"
        work = CouponWork(wanted)
        found.changes.append(Change(Action.CREATE, client, address, before, after, reason, coupon_work=work))
    elif address in options.replace:
        reason = f"a new one takes its place, and friends who have the old one lose it ({_why(newest, wanted)})"
        work = CouponWork(wanted, close=(*older, newest.coupon_id))
        found.changes.append(Change(Action.REPLACE, client, address, before, after, reason, coupon_work=work))
    else:
        reason = f"{_why(newest, wanted)}, and LINE changes no coupon and opens none again"
        hint = f"declare it under another name, or add --replace {address}: whoever has the old one loses it"
        found.changes.append(Change(Action.BLOCKED, client, address, before, after, reason, hint, "G120"))


def _why(newest: OwnCoupon, wanted: str) -> str:
    if newest.hash != wanted:
        return "it was changed since it was made"
    return "somebody closed it" if newest.status else "LINE does not know it any more"


def _undeclared(client: str, address: str, copies: Sequence[OwnCoupon], options: PlanOptions) -> list[Change]:
    running = [one for one in copies if one.coupon_id and one.status == RUNNING]
    if not running:
        return []
    seen = {"coupon": running[-1].hash}
    name = running[-1].coupon_id
    if options.prune:
        work = CouponWork(close=tuple(one.coupon_id for one in running))
        reason = "its file is gone; friends who have it lose it"
        gone = {"coupon": ""}
        return [Change(Action.DELETE, client, address, seen, gone, reason, menu_id=name, coupon_work=work)]
    reason, hint = "its file is gone; it stays as it is", "add --prune to close it"
    return [Change(Action.UNDECLARED, client, address, seen, seen, reason, hint, menu_id=name)]
