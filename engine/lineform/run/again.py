"""A prepared send, judged again where others froze something since: about their friends alone, in milliseconds.

Without it a busy account would starve its campaigns: some step reaches some friend at every moment, and an audience of
millions takes longer to choose than that.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace
from uuid import UUID

from lineform.lineapi.routes import Route
from lineform.ports.ledger import LedgerMoved, Spent
from lineform.run.capping import judge_again
from lineform.run.options import Run
from lineform.run.prepare import Prepared, refuse
from lineform.sending.caps import Contact, Left
from lineform.sending.guards import money_stops
from lineform.sending.keys import retry_key


def judged_again(
    run: Run, prepared: Prepared, newer: Sequence[Contact], spent: Spent | None
) -> tuple[Prepared, Sequence[int]]:
    """The send as it may be written now, and who is left out of it besides, ascending. Raises BlockedError where the
    money does not suffice any more, LedgerMoved where the choice has to be made anew."""
    if prepared.nobody:
        return prepared, ()  # whoever was reached since, nobody comes to it by that
    met = among(prepared.ids, sorted({one for contact in newer for one in contact.friend_ids}))
    gone: Sequence[int] = ()
    if met:
        now = _judged(run, prepared, met, newer)
        free = frozenset(now.ids)
        gone = [one for one in met if one not in free]
        prepared = leaving_out(prepared, gone, now)
    if spent is not None:
        figures = replace(
            prepared.figures,
            recipients=prepared.recipients,
            quota_left=prepared.quota.left_after(spent.called),
            used_by_us=spent.called,
            promised=spent.promised,
        )
        stopped = money_stops(figures, run.client.limits, run.client.plan)
        if stopped and prepared.limit is not None:
            raise LedgerMoved  # a narrowcast's limit follows from what is left
        refuse(stopped)
    return prepared, gone


def among(ids: Sequence[int], some: Sequence[int]) -> list[int]:
    """Those of `some` that are among `ids`; both ascend, and `some` are few."""
    places = ((bisect_left(ids, one), one) for one in some)
    return [one for place, one in places if place < len(ids) and ids[place] == one]


def call_to(run: Run, prepared: Prepared, route: Route, ids: Sequence[int]) -> tuple[Route, UUID]:
    """The route and the key of a call that was to reach others as well."""
    names = run.store.line_ids(run.client.name, list(ids))
    if len(ids) == 1:
        route = Route.PUSH
    people = [names[one] for one in ids if one in names]
    return route, retry_key(run.client.name, prepared.address, prepared.due.key, route, people)


def _judged(run: Run, prepared: Prepared, met: Sequence[int], newer: Sequence[Contact]) -> Left:
    armed, compiled = prepared.armed, prepared.compiled
    return judge_again(
        run,
        prepared.address,
        prepared.due,
        armed,
        compiled,
        prepared.constant,
        met,
        newer,
        prepared.recent,
        prepared.fill,
    )


def leaving_out(prepared: Prepared, gone: Sequence[int], now: Left) -> Prepared:
    """The send without these friends (ascending), for the reasons that `now` tells. Raises LedgerMoved where nobody is
    left."""
    if len(gone) == len(prepared.ids):
        raise LedgerMoved  # nobody is left: it is judged anew, and written as one that is for nobody
    if not gone:
        return prepared
    ids, left = _less(prepared.ids, gone), prepared.left
    why = Counter(left.why) + Counter(now.why)
    capped = array("q", sorted([*left.capped, *now.capped])) if now.capped else left.capped
    return replace(prepared, ids=ids, recipients=len(ids), left=Left(ids, capped, dict(why)))


def _less(ids: Sequence[int], gone: Collection[int]) -> Sequence[int]:
    """`ids` without some of them; both ascend. Copied by stretches: millions of them in milliseconds."""
    left, begin = array("q"), 0
    for one in gone:
        end = bisect_left(ids, one)
        left.extend(ids[begin:end])
        begin = end + 1
    left.extend(ids[begin:])
    return left
