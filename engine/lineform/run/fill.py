"""What a rendering puts in besides the friend and the time: the codes that friends were given.

Only a freeze hands anything out. Whoever merely looks (a guard, a dry run, a plan) reads what friends have already,
and something that stands for what they would be given.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lineform.ports.store import Handout
from lineform.run.options import Run
from lineform.sending.given import pools_read, stand_in
from lineform.templates.send import CompiledMessages

PerFriend = Mapping[int, Mapping[str, Any]]
"""Further names of a friend's scope, by the friend's id."""


def _nothing(_: Sequence[int]) -> PerFriend:
    return {}


@dataclass(frozen=True, slots=True)
class Fill:
    """`fixed` is the same for everybody; `each` gives what friends have of their own, some friends at a time."""

    fixed: Mapping[str, Any] = field(default_factory=dict)
    each: Callable[[Sequence[int]], PerFriend] = _nothing


def looked_up(run: Run, compiled: CompiledMessages) -> Fill:
    """Without handing anything out: friends who have no code yet read one that stands for it."""
    pools = pools_read(compiled.reads)

    def each(ids: Sequence[int]) -> PerFriend:
        held = {pool: run.store.held_codes(run.client.name, pool, ids) for pool in pools}
        return {one: {"code": {pool: held[pool].get(one) or stand_in(one) for pool in pools}} for one in ids}

    return Fill(each=each) if pools else Fill()


def handed_out(handout: Handout, compiled: CompiledMessages) -> Fill:
    """Inside of a freeze: everybody is given what the messages name."""
    pools = pools_read(compiled.reads)

    def each(ids: Sequence[int]) -> PerFriend:
        given = {pool: handout.codes(pool, ids) for pool in pools}
        return {one: {"code": {pool: given[pool][one] for pool in pools}} for one in ids}

    return Fill(each=each) if pools else Fill()
