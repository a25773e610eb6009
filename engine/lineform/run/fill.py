"""What a rendering puts in besides the friend and the time: codes that friends were given, and links.

Only a freeze hands anything out. Whoever merely looks (a guard, a dry run, a plan) reads what friends have already,
something that stands for what they would be given, and links as they are without tracking.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from lineform.errors import BlockedError
from lineform.ports.ledger import Handout
from lineform.run.recommending import PerFriend, recommended
from lineform.run.supplies import Supplies
from lineform.sending.given import CODE, COUPON, LINK, Given, names_read, pools_read, stand_in
from lineform.sending.links import LinkKeys, Ticket, link_url, untracked


def _nothing(_: Sequence[int]) -> PerFriend:
    return {}


def _as_it_is(messages: bytes) -> bytes:
    return messages


@dataclass(frozen=True, slots=True)
class Fill:
    """`fixed` is the same for everybody; `each` gives what friends have of their own, some friends at a time."""

    fixed: Mapping[str, Any] = field(default_factory=dict)
    each: Callable[[Sequence[int]], PerFriend] = _nothing
    plain: Callable[[bytes], bytes] = _as_it_is
    """Messages without what only this send put into them: by which the same messages are known again."""


def looked_up(supplies: Supplies, reads: Iterable[str], given: Given) -> Fill:
    """Without handing anything out: friends who have no code yet read one that stands for it."""
    pools = pools_read(reads)

    def each(ids: Sequence[int]) -> PerFriend:
        held = {pool: supplies.store.held_codes(supplies.account, pool, ids) for pool in pools}
        items = recommended(supplies, given.items, ids)
        codes = {one: {pool: held[pool].get(one) or stand_in(one) for pool in pools} for one in ids}
        return {one: {CODE: codes[one], **items.get(one, {})} for one in ids}

    return Fill({LINK: given.links, COUPON: coupon_ids(supplies, reads)}, each if pools or given.items else _nothing)


def told_apart(fill: Fill, given: Given) -> Fill:
    """What was looked up, with links of each friend's own where taps are told apart by friend: so that a dry run counts
    the calls of the real one."""
    if not given.tracks_friends:
        return fill

    def each(ids: Sequence[int]) -> PerFriend:
        own = fill.each(ids)
        return {
            one: {**own.get(one, {}), LINK: {name: f"{url}#{one}" for name, url in given.links.items()}} for one in ids
        }

    return replace(fill, each=each)


def handed_out(supplies: Supplies, handout: Handout, reads: Iterable[str], given: Given, keys: LinkKeys | None) -> Fill:
    """Inside of a freeze: everybody is given what the messages name. `keys` sign the links that are tracked."""
    pools = pools_read(reads)
    account = supplies.account
    fixed: dict[str, Any] = {LINK: given.links, COUPON: coupon_ids(supplies, reads)}
    targets: Mapping[str, int] = {}
    if keys is not None:
        targets = handout.targets(given.links)
        fixed[LINK] = {name: link_url(keys, account, Ticket(target)) for name, target in targets.items()}

    def each(ids: Sequence[int]) -> PerFriend:
        codes = {pool: handout.codes(pool, ids) for pool in pools}
        items = recommended(supplies, given.items, ids)
        own: dict[int, dict[str, Any]] = {one: dict(items.get(one, {})) for one in ids}
        for one in ids:
            if pools:
                own[one][CODE] = {pool: codes[pool][one] for pool in pools}
            if keys is not None and given.tracks_friends:
                own[one][LINK] = {name: link_url(keys, account, Ticket(t, one)) for name, t in targets.items()}
        return own

    urls = {target: given.links[name] for name, target in targets.items()}

    def plain(messages: bytes) -> bytes:
        return messages if keys is None else untracked(messages, keys.base, urls)

    return Fill(fixed, each if pools or given.tracks_friends or given.items else _nothing, plain)


def coupon_ids(supplies: Supplies, reads: Iterable[str]) -> Mapping[str, str]:
    """LINE's ids of the coupons that messages bring. Raises BlockedError where one was not made yet."""
    names = names_read(reads, COUPON)
    if not names:
        return {}
    if missing := [name for name in names if name not in supplies.coupons]:
        raise BlockedError(
            f"coupon.{missing[0]} is not on the account", hint="run 'lineform apply', which makes it", code="G220"
        )
    return {name: supplies.coupons[name] for name in names}
