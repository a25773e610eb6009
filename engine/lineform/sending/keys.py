"""Retry keys that are derived: two machines, or one that lost its memory, ask for one send under one key.

LINE accepts a key once within 24 hours (https://developers.line.biz/en/docs/messaging-api/retrying-api-request/). The
key covers client, campaign, occurrence, route and the batch's own recipients by their LINE ids, which stay the same in
another store. It leaves out the text on purpose: where a ledger is lost and the text was edited meanwhile, LINE still
refuses the second send instead of making it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from functools import lru_cache
from uuid import UUID, uuid5

from lineform.lineapi.routes import Route

_NAMESPACE = UUID("5f0f7a0e-6b0a-5a4e-9d0c-3f4a6d9c1b27")


def retry_key(client: str, address: str, occurrence: str, route: Route, user_ids: Iterable[str]) -> UUID:
    """The key of one batch; the order of `user_ids` makes no difference."""
    people = hashlib.sha256("\n".join(sorted(user_ids)).encode()).hexdigest()
    return _key_prefix(client, address, occurrence, route)(people)


@lru_cache(maxsize=8)
def _key_prefix(client: str, address: str, occurrence: str, route: Route) -> Callable[[str], UUID]:
    """`uuid5` of a name that begins like all keys of one occurrence: that part is hashed once, not for each friend."""
    prefix = hashlib.sha1(_NAMESPACE.bytes, usedforsecurity=False)
    prefix.update(f"{client}\n{address}\n{occurrence}\n{route.value}\n".encode())

    def key(people: str) -> UUID:
        digest = prefix.copy()
        digest.update(people.encode())
        # The version and variant of RFC 9562, as `uuid5` sets them.
        number = int.from_bytes(digest.digest()[:16], "big")
        return UUID(int=number & ~(0xF000 << 64 | 0xC000 << 48) | 0x5000 << 64 | 0x8000 << 48)

    return key


def key_of_test(client: str, address: str, invocation: str, user_id: str) -> UUID:
    """The key of a test send: another one for every invocation, the same for its repeated calls."""
    return uuid5(_NAMESPACE, f"test\n{client}\n{address}\n{invocation}\n{user_id}")


def send_name(address: str, occurrence: str) -> str:
    """How a send is named where one word is to do, as in the audit log: ``campaign.sale@2026-12-01T10:00``."""
    return f"{address}@{occurrence}"


def part_key(occurrence: str, number: int) -> str:
    """The occurrence's key of a further part of it, counted from 2."""
    return f"{occurrence}+{number}"


def part_of(key: str) -> str | None:
    """The occurrence of which `key` names a further part; None where it names none."""
    first, _, number = key.rpartition("+")
    return first if first and number.isdecimal() else None


class RecipientsHash:
    """A hash over internal friend ids in ascending order, fed as they come; it tells nothing about who they are."""

    def __init__(self, client: str) -> None:
        self._hash = hashlib.sha256(f"lineform recipients\n{client}\n".encode())
        self.count = 0

    def add(self, ids: Iterable[int]) -> None:
        for one in ids:
            self._hash.update(b"%d\n" % one)
            self.count += 1

    def hexdigest(self) -> str:
        return self._hash.hexdigest()


def recipients_hash(client: str, ids: Iterable[int]) -> str:
    """The hash of a whole audience; `ids` ascending."""
    out = RecipientsHash(client)
    out.add(ids)
    return out.hexdigest()
