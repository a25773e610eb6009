"""By which names it is remembered that everybody was looked at for a scenario.

The name says what the look asked: since when the scenario is armed, and for whom it was true. A text that changes asks
nothing new; a condition that changes is another look, so that nobody is taken for having come into a segment who did
not move at all.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from itertools import islice

from lineform.ports.store import Store
from lineform.scenarios.enrolment import Enrolment, State
from lineform.scenarios.script import Script
from lineform.segments.predicate import Predicate
from lineform.segments.wire import to_wire

_AT_ONCE = 1_000


def look_at_segment(script: Script, segment: Predicate) -> str:
    """The look at a segment that begins a scenario, which is made again and again."""
    return f"segment/{script.name}/{script.since.isoformat()}/{script.enroll}/{_digest(segment)}"


def look_at_existing(script: Script, existing: Predicate) -> str:
    """The look at those for whom it is true already, which is made once."""
    if script.segment is not None:
        return look_at_segment(script, script.segment)
    return f"existing/{script.name}/{script.since.isoformat()}/{_digest(existing)}"


def was_in(known: Enrolment | None) -> bool:
    """Whether it ever began for this friend; who was only seen inside or outside of its segment was never in it."""
    return known is not None and known.entry > 0


def never_in(store: Store, account: str, name: str, ids: Iterator[int]) -> int:
    """How many of these friends were never in the scenario of this name."""
    been = frozenset(store.in_scenario(account, name))
    seen = frozenset(one for state in _SEEN for one in store.in_scenario(account, name, state))
    count = 0
    while part := list(islice(ids, _AT_ONCE)):
        courses = store.enrolments(account, [one for one in part if one in seen])
        begun = {one for one, several in courses.items() if any(c.scenario == name and was_in(c) for c in several)}
        count += sum(1 for one in part if one not in been or (one in seen and one not in begun))
    return count


_SEEN = (State.INSIDE, State.OUTSIDE)


def _digest(predicate: Predicate) -> str:
    text = json.dumps(to_wire(predicate), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
