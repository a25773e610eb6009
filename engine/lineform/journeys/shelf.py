"""What messages to single friends are given and may be missing: codes of pools, coupons, items, keys that sign links.

It is looked at before a step is done, so that a step whose messages cannot be made waits as a whole, and nobody else
waits for it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from lineform.errors import BlockedError
from lineform.journeys.people import Short
from lineform.run.fill import coupon_ids
from lineform.run.signing import keys_for, signing_keys
from lineform.run.stock import no_codes
from lineform.run.supplies import Supplies
from lineform.scenarios.effect import Effect, Say
from lineform.sending.given import names_read, pools_read
from lineform.sending.links import Keys
from lineform.templates.moments import BUILD
from lineform.templates.send import CompiledMessages, compile_messages

PAGE = "page"
"""The name by which an expression reads a friend's own pages."""
_ROOTS = tuple(sorted(BUILD))
Alike = tuple[int, ...]
"""What is the same for friends who are sent the same messages, before these are filled in."""


class Shelf:
    """What one account has as of one moment, for the friends of one decision."""

    def __init__(self, supplies: Supplies, keys: Keys | None) -> None:
        self._from, self._keys = supplies, keys
        self._compiled: dict[Alike, tuple[Say, CompiledMessages]] = {}
        self._missing: dict[Alike, BlockedError | None] = {}
        self._free: dict[str, int] = {}
        self._takers: dict[str, set[int]] = {}
        """By pool, friends of this decision who are given a code, or have one."""
        self._short: dict[tuple[str, str], Short] = {}

    @property
    def short(self) -> Collection[Short]:
        """What was missing when something was to be taken."""
        return self._short.values()

    def compiled(self, say: Say) -> CompiledMessages:
        """The messages with their holes."""
        key = alike(say)
        if key not in self._compiled:
            # Kept beside what was made of it, so that no other object can come to bear the ids.
            self._compiled[key] = (say, compile_messages(say.messages, say.context))
        return self._compiled[key][1]

    def hands_out(self, effects: Iterable[Effect]) -> bool:
        """Whether codes are among what these messages are given: no reply takes those."""
        return any(pools_read(self.compiled(one).reads) for one in effects if isinstance(one, Say))

    def take(self, address: str, friend_id: int, several: Sequence[Say], most: int) -> BlockedError | None:
        """Takes what these messages are given for one of at most `most` friends; why it cannot be had, and then
        nothing is taken, and the resource at `address` is short of it."""
        missing = self._taken(friend_id, several, most)
        if missing is not None:
            self._short.setdefault((address, missing.message), Short(address, missing)).friends += 1
        return missing

    def _taken(self, friend_id: int, several: Sequence[Say], most: int) -> BlockedError | None:
        pools: set[str] = set()
        for say in several:
            if (missing := self._lacks(say)) is not None:
                return missing
            pools.update(pools_read(self.compiled(say).reads))
        for pool in sorted(pools):
            if not self._has_code(pool, friend_id, most):
                return no_codes(pool)
        for pool in pools:
            self._takers[pool].add(friend_id)
        return None

    def _lacks(self, say: Say) -> BlockedError | None:
        key = alike(say)
        if key not in self._missing:
            try:
                self._look(say)
            except BlockedError as missing:
                self._missing[key] = missing
            else:
                self._missing[key] = None
        return self._missing[key]

    def _look(self, say: Say) -> None:
        """Raises BlockedError where nobody can be given what these messages name."""
        reads = self.compiled(say).reads
        given = say.given.read_by(reads)
        coupon_ids(self._from, reads)
        signing_keys(self._keys, given)
        if given.items:
            self._from.items()
        if self._keys is not None and names_read(reads, PAGE):
            keys_for(self._keys, "a friend's own pages cannot be signed")

    def _has_code(self, pool: str, friend_id: int, most: int) -> bool:
        takers = self._takers.setdefault(pool, set())
        store, account = self._from.store, self._from.account
        if pool not in self._free:
            # From here on nobody else is given any until this is written.
            store.freeze_alone(account)
            self._free[pool] = store.free_codes(account, pool, most=most)
        if friend_id in takers or len(takers) < self._free[pool]:
            return True
        # Now it matters who of them has had a code before, and needs no free one.
        held = store.held_codes(account, pool, sorted({*takers, friend_id}))
        return friend_id in held or len(takers - held.keys()) < self._free[pool]


def alike(say: Say) -> Alike:
    """What it has in common with the same messages to other friends, as long as somebody keeps them."""
    return (*map(id, say.messages), *(id(say.context.get(root)) for root in _ROOTS), id(say.given))
