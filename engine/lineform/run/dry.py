"""What would go where at what cost: the same preparation and the same rendering as a real run, and then nothing."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from lineform.lineapi.routes import Route
from lineform.run.fill import told_apart
from lineform.run.freeze import groups
from lineform.run.options import Run
from lineform.run.outcome import Outcome, TickEntry
from lineform.run.prepare import Prepared, choice_of, why_nobody
from lineform.run.readable import readable
from lineform.sending.cost import Cost
from lineform.sending.keys import recipients_hash
from lineform.sending.tracking import choices


def would_send(run: Run, prepared: Prepared) -> TickEntry:
    """The entry of a dry run. Raises BlockedError where more than a few renderings would be refused."""
    return readable(_would_send, run, prepared)


def _would_send(run: Run, prepared: Prepared) -> TickEntry:
    if prepared.nobody:
        return TickEntry(
            prepared.address, prepared.due.key, Outcome.EMPTY, reason=why_nobody(prepared), capped=prepared.capped
        )
    routes = _routes(run, prepared)
    calls = routes.total()
    stock = [one.sentence for one in prepared.stock]
    told = [prepared.told, *stock, *_tracking(run, prepared, routes), *_done(prepared)]
    return TickEntry(
        prepared.address,
        prepared.due.key,
        Outcome.WOULD_SEND,
        recipients=prepared.recipients,
        calls=calls,
        routes=dict(routes),
        why="; ".join(told),
        cost=Cost(prepared.cost.messages, calls, prepared.cost.yen),
        capped=prepared.capped,
        recipients_hash="" if prepared.selected_by_line else recipients_hash(prepared.client, prepared.ids),
    )


def _routes(run: Run, prepared: Prepared) -> Counter[Route]:
    """How many calls go by which route."""
    if (route := prepared.choice.route) is not None and prepared.selected_by_line:
        return Counter({route: 1})
    fill = told_apart(prepared.fill, prepared.armed.given)
    return Counter(group.route for _, group in groups(run, prepared, fill))


def _done(prepared: Prepared) -> list[str]:
    """What is done besides, in the words of the file."""
    done = [
        f"{name} {', '.join(value) if name == 'set' else value}"
        for one in prepared.armed.do
        for name, value in one.items()
    ]
    return [f"then for whoever it reaches: {', '.join(done)}"] if done else []


def _tracking(run: Run, prepared: Prepared, routes: Counter[Route]) -> list[str]:
    """Where links are tracked: both ways to do it, side by side."""
    given = prepared.armed.given
    if not given.tracks or given.track is None:
        return []
    if given.track == "message":
        other = Counter({Route.PUSH: prepared.recipients})
        return [choices("message", {"message": routes, "friend": other}, prepared.cost.yen)]
    armed = replace(prepared.armed, given=replace(given, track="message"))
    choice = choice_of(run, armed, prepared.compiled)
    other = _routes(run, replace(prepared, armed=armed, choice=choice))
    return [choices("friend", {"friend": routes, "message": other}, prepared.cost.yen)]
