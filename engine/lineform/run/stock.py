"""Whether the pools of codes hold enough for a send, and whether what its messages promise lasts.

An empty pool stops a send before it starts: the freeze asks again, in its own transaction, and writes nothing where a
code is missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from lineform.errors import BlockedError
from lineform.plural import plural
from lineform.run.options import Run
from lineform.sending.given import in_both, pools_read
from lineform.sending.guards import Stop
from lineform.sending.promises import Promise, lapsed, why_lapsed
from lineform.templates.send import CompiledMessages


@dataclass(frozen=True, slots=True)
class Stock:
    """A pool before a send: so many friends need a new code of it, and so many are free."""

    pool: str
    needed: int
    free: int

    @property
    def sentence(self) -> str:
        """What a plan says of it: numbers, and never a code."""
        left = max(0, self.free - self.needed)
        given = plural(self.needed, f"code of {self.pool} is", f"codes of {self.pool} are")
        return f"{given} given, {left:,} {'is' if left == 1 else 'are'} left"


def stock_of(run: Run, compiled: CompiledMessages, ids: Sequence[int]) -> tuple[Stock, ...]:
    """The pools that the messages name, for these recipients (ascending). Who has a code already needs none."""
    account, store = run.client.name, run.store
    found = []
    for pool in pools_read(compiled.reads):
        having = sum(1 for _ in in_both(ids, store.code_holders(account, pool)))
        found.append(Stock(pool, len(ids) - having, store.free_codes(account, pool)))
    return tuple(found)


def shortages(stock: Iterable[Stock]) -> Iterator[Stop]:
    """Pools with too few codes."""
    for one in stock:
        if one.needed > one.free:
            yield Stop(
                "G217",
                f"{plural(one.needed, 'friend needs', 'friends need')} a code of {one.pool}, and {one.free:,} "
                f"{'is' if one.free == 1 else 'are'} free",
                f"import more with 'lineform codes import {one.pool} FILE', or make the audience smaller",
            )


def lapses(promises: Iterable[Promise], moment: datetime, timezone: str) -> Iterator[Stop]:
    """What the messages promise and has expired, or expires too soon after `moment`."""
    for promise in lapsed(promises, moment):
        yield Stop("G218", why_lapsed(promise, moment, timezone), "send it earlier, or take it out of the messages")


def no_codes(pool: str) -> BlockedError:
    """A pool that holds no code for a friend who needs one."""
    return BlockedError(
        f"{pool} holds too few codes", hint=f"import more with 'lineform codes import {pool} FILE'", code="G217"
    )


def too_few_codes(pool: str) -> BlockedError:
    """A pool that ran empty inside of a freeze."""
    return BlockedError(
        f"{pool} holds too few codes: another send took them just now",
        hint=f"import more with 'lineform codes import {pool} FILE'",
        code="G217",
    )
