"""What would go where at what cost: the same preparation and the same rendering as a real run, and then nothing."""

from __future__ import annotations

from collections import Counter

from lineform.lineapi.routes import Route
from lineform.run.fill import looked_up
from lineform.run.freeze import groups
from lineform.run.options import Run
from lineform.run.outcome import Outcome, TickEntry
from lineform.run.prepare import Prepared, why_nobody
from lineform.sending.cost import Cost


def would_send(run: Run, prepared: Prepared) -> TickEntry:
    """The entry of a dry run. Raises BlockedError where a rendering would be refused."""
    if prepared.nobody:
        return TickEntry(
            prepared.address, prepared.due.key, Outcome.EMPTY, reason=why_nobody(prepared), capped=prepared.capped
        )
    routes: Counter[Route] = Counter()
    if prepared.choice.route in {Route.BROADCAST, Route.NARROWCAST}:
        routes[prepared.choice.route] = 1
    else:
        routes.update(group.route for _, group in groups(run, prepared, looked_up(run, prepared.compiled)))
    calls = routes.total()
    return TickEntry(
        prepared.address,
        prepared.due.key,
        Outcome.WOULD_SEND,
        recipients=prepared.recipients,
        calls=calls,
        routes=dict(routes),
        why="; ".join([prepared.choice.why, *(one.sentence for one in prepared.stock)]),
        cost=Cost(prepared.cost.messages, calls, prepared.cost.yen),
        capped=prepared.capped,
    )
