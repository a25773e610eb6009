"""What a message is given besides the friend and the time: codes out of pools, and links.

``{{ code.gift }}`` reads the pool ``codes.gift``, ``{{ link['booking'] }}`` the declared link. An armed revision holds
what was declared about everything that its messages read so, and nothing about any code.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from lineform.model.actions import Track
from lineform.model.address import Address, Kind
from lineform.model.code_pool import CodesSpec, end_of
from lineform.model.coupon import CouponSpec
from lineform.model.origin import Path
from lineform.model.project import Client
from lineform.model.recommendations import RecommendationsSpec
from lineform.sending.promises import Promise
from lineform.sending.recommend import Recommending, recommending_from_wire, recommending_to_wire
from lineform.sending.scope import reads_friend
from lineform.templates.build import TreeTemplate

CODE, LINK, COUPON, ITEMS = "code", "link", "coupon", "items"
GIVEN = (CODE, LINK, COUPON, ITEMS)
"""The names that an expression reads these things by."""


@dataclass(frozen=True, slots=True)
class Given:
    """What an armed revision's messages are given."""

    promises: tuple[Promise, ...] = ()
    """Everything with an end that the messages speak of."""
    links: Mapping[str, str] = field(default_factory=dict)
    """The addresses of the links that the messages name."""
    track: Track | None = None
    """How taps on them are recorded; None where they are not."""
    items: Mapping[str, Recommending] = field(default_factory=dict)
    """The rules by which items are recommended, by name."""

    def differs(self, reads: Iterable[str]) -> bool:
        """Whether messages with these readings may differ between friends."""
        return reads_friend(reads) or self.tracks_friends or bool(self.items)

    def read_by(self, reads: Iterable[str]) -> Given:
        """Of the links and items, those alone that these readings name."""
        paths = tuple(reads)
        links, items = names_read(paths, LINK), names_read(paths, ITEMS)
        return replace(
            self,
            links={name: url for name, url in self.links.items() if name in links},
            items={name: rule for name, rule in self.items.items() if name in items},
        )

    @property
    def tracks(self) -> bool:
        """Whether the messages hold links whose taps are recorded."""
        return self.track is not None and bool(self.links)

    @property
    def tracks_friends(self) -> bool:
        """Whether every friend reads links of their own."""
        return self.track == "friend" and bool(self.links)


def names_read(paths: Iterable[str], root: str) -> tuple[str, ...]:
    """The names that these readings take from `root`: ``gift`` of ``code.gift``."""
    found = {path.split(".")[1] for path in paths if path.startswith(f"{root}.")}
    return tuple(sorted(found))


def pools_read(paths: Iterable[str]) -> tuple[str, ...]:
    """The pools out of which these readings take a code."""
    return names_read(paths, CODE)


_MAY_READ = re.compile(r"\{[{%][^}]*\b(?:" + "|".join(GIVEN) + r")\b" + rf'|"each":"[^"]*\b{ITEMS}\b')


def may_be_given(text: str) -> bool:
    """Whether these messages, as JSON, could read something that is given: asked of every campaign of a plan, while
    few have to be parsed."""
    return _MAY_READ.search(text) is not None


def paths_read(messages: Sequence[Any]) -> frozenset[str]:
    """What these messages read at a send."""
    sites = (site for message in messages for site in TreeTemplate(message).sites)
    return frozenset(read.path for site in sites for read in site.reads)


def given_of(
    client: Client, messages: Sequence[Any], links: Mapping[str, str], track: Track | None = None
) -> dict[str, Any]:
    """What is declared about everything that these messages are given, for a revision's body; empty where that is
    nothing. `links` are the declared addresses by name. KeyError where a validated workspace has none of a name."""
    paths = paths_read(messages)
    return {**_promised(client, paths), **_led_to(client, paths, links, track)}


def given_to_friends(
    client: Client, messages: Sequence[Any], links: Mapping[str, str], track: Track | None = None
) -> dict[str, Any]:
    """The same of messages that are made for one friend at a time: their links and items. What they promise is judged
    step by step; see `promises_of`."""
    return _led_to(client, paths_read(messages), links, track)


def promises_of(client: Client, messages: Sequence[Any]) -> tuple[Promise, ...]:
    """What these messages promise and what ends some day. KeyError where a validated workspace has none of a name."""
    return read_given(_promised(client, paths_read(messages))).promises


def _promised(client: Client, paths: frozenset[str]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    if pools := pools_read(paths):
        out["codes"] = {name: _pool(client, name) for name in pools}
    if coupons := names_read(paths, COUPON):
        out["coupons"] = {name: _coupon(client, name) for name in coupons}
    return out


def _led_to(client: Client, paths: frozenset[str], links: Mapping[str, str], track: Track | None) -> dict[str, Any]:
    out: dict[str, Any] = {}
    if rules := names_read(paths, ITEMS):
        out["items"] = {name: recommending_to_wire(_rule(client, name)) for name in rules}
    if named := names_read(paths, LINK):
        out["links"] = {name: links[name] for name in named}
        if track is not None:
            out["track"] = track
    return out


def read_given(body: Mapping[str, Any]) -> Given:
    """What `given_of` put into a revision's body."""
    pools, coupons = body.get("codes", {}), body.get("coupons", {})
    promises = (
        *(_promise(f"{Kind.CODES}.{name}", one) for name, one in pools.items()),
        *(_promise(f"{Kind.COUPON}.{name}", one) for name, one in coupons.items()),
    )
    rules = {name: recommending_from_wire(one) for name, one in body.get("items", {}).items()}
    return Given(promises, body.get("links", {}), body.get("track"), rules)


def _rule(client: Client, name: str) -> RecommendationsSpec:
    spec = client.resources[Address(Kind.RECOMMENDATIONS, name)].spec
    if not isinstance(spec, RecommendationsSpec):
        raise TypeError(f"recommendations.{name} is no rule")
    return spec


def _pool(client: Client, name: str) -> dict[str, Any]:
    spec = client.resources[Address(Kind.CODES, name)].spec
    if not isinstance(spec, CodesSpec):
        raise TypeError(f"codes.{name} is no pool of codes")
    return _end(pool_promise(spec, client.timezone))


def pool_promise(spec: CodesSpec, timezone: str) -> Promise:
    """What a message that names a code of this pool promises."""
    expires = None if spec.expires is None else end_of(spec.expires, timezone)
    return Promise(f"{Kind.CODES}.{spec.name}", expires, spec.valid_for)


def _coupon(client: Client, name: str) -> dict[str, Any]:
    spec = client.resources[Address(Kind.COUPON, name)].spec
    if not isinstance(spec, CouponSpec):
        raise TypeError(f"coupon.{name} is no coupon")
    return _end(coupon_promise(spec, client.timezone))


def coupon_promise(spec: CouponSpec, timezone: str) -> Promise:
    """What a message that brings this coupon promises."""
    return Promise(f"{Kind.COUPON}.{spec.name}", end_of(spec.ends, timezone), spec.valid_for)


def coupons_brought(messages: Sequence[Any]) -> dict[Path, str]:
    """The coupons that messages bring by name, ``{coupon: half-price}``, with their places in the list."""
    return {
        (index, COUPON): message[COUPON]
        for index, message in enumerate(messages)
        if isinstance(message, Mapping) and isinstance(message.get(COUPON), str)
    }


def _end(promise: Promise) -> dict[str, Any]:
    return {
        "expires": None if promise.expires is None else promise.expires.isoformat(),
        "valid_for": int(promise.valid_for.total_seconds()),
    }


def _promise(address: str, one: Mapping[str, Any]) -> Promise:
    expires = None if one["expires"] is None else datetime.fromisoformat(one["expires"])
    return Promise(address, expires, timedelta(seconds=one["valid_for"]))


def in_both(one: Iterable[int], other: Iterable[int]) -> Iterator[int]:
    """Numbers of `one` that are in `other` as well; each ascending, and streamed."""
    others = iter(other)
    wanted = next(others, None)
    for number in one:
        while wanted is not None and wanted < number:
            wanted = next(others, None)
        if wanted == number:
            yield number


def stand_in(friend_id: int) -> str:
    """What stands for a code that nobody was given: another one for each friend, as real ones are."""
    return f"CODE{friend_id:08d}"


def stand_ins(paths: Iterable[str], given: Given) -> dict[str, Any]:
    """A scope for whoever shows messages without sending them: names that stand for what is given at a send, and links
    as they are where nobody tracks them."""
    paths = tuple(paths)
    coupons = {name: name for name in names_read(paths, COUPON)}
    items = {name: [{"id": "item", **rule.example}] * rule.count for name, rule in given.items.items()}
    codes = {pool: stand_in(0) for pool in pools_read(paths)}
    return {CODE: codes, LINK: dict(given.links), COUPON: coupons, ITEMS: items}
