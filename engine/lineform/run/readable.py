"""A send without the few friends who would read something suspicious, such as one whose name is `????`.

Nearly always there is nobody, and messages are made once. Where somebody is found, they are all made again to know how
many there are: a few are left out, and more refuse the send (`lineform.sending.textguards.few_enough`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from lineform.run.again import leaving_out
from lineform.run.options import Run
from lineform.run.prepare import Prepared, cost_of
from lineform.run.rendering import Suspicious, rendered
from lineform.sending.caps import Cap, Left
from lineform.sending.textguards import FEW, few_enough

T = TypeVar("T")


def readable(use: Callable[[Run, Prepared], T], run: Run, prepared: Prepared) -> T:
    """What `use` makes of a send whose messages it renders. Raises Suspicious where too many are, or all."""
    try:
        return use(run, prepared)
    except Suspicious:
        return use(run, _without_suspicious(run, prepared))


def _without_suspicious(run: Run, prepared: Prepared) -> Prepared:
    people, found = prepared.recipients, dict[int, Suspicious]()

    def apart(friend_id: int, wrong: Suspicious) -> None:
        found[friend_id] = wrong
        if not few_enough(len(found), people):
            said = f"at least {len(found):,} of {people:,} friends would read something suspicious: {wrong.message}"
            raise Suspicious(said, hint=wrong.hint, code=wrong.code)

    armed, due = prepared.armed, prepared.due
    for _ in rendered(run, armed, prepared.compiled, due, prepared.ids, prepared.fill, apart):
        pass
    left = leaving_out(prepared, sorted(found), Left((), why={Cap.SUSPICIOUS: len(found)}))
    named = [f"friend {friend_id}: {wrong.message}" for friend_id, wrong in sorted(found.items())]
    return replace(left, cost=cost_of(run, left), suspicious=tuple(named[:FEW]))
