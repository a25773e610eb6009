"""Recipients and bodies, written into the ledger in one transaction before anything is called.

From here on the send is what was written: a resumed run renders nothing and selects nobody anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice

from lineform.errors import BlockedError
from lineform.lineapi.limits import MULTICAST_RECIPIENTS
from lineform.lineapi.routes import Route
from lineform.ports.store import NewBatch, NewSend, Store
from lineform.run.options import Run
from lineform.run.prepare import Prepared, ask_line, refuse_suspicious
from lineform.sending.batches import Group, Recipient, body_of, grouped
from lineform.sending.keys import recipients_hash, retry_key
from lineform.sending.scope import friend_scope, run_scope
from lineform.sending.status import SendStatus
from lineform.templates.errors import TemplateError


async def freeze(run: Run, prepared: Prepared) -> int | None:
    """Writes the occurrence with all its batches; None where another run has written it already.

    Raises BlockedError where a rendering must not be sent: then nothing is written.
    """
    if sample := await run.records(_sample, run, prepared):
        await ask_line(run, prepared.choice.route or Route.PUSH, sample)
    send = NewSend(
        prepared.address,
        prepared.digest,
        prepared.due.key,
        prepared.due.at,
        SendStatus.FROZEN,
        recipients=prepared.recipients,
        recipients_hash=recipients_hash(run.client.name, prepared.ids),
    )
    return await run.records(_write, run, prepared, send)


def _write(run: Run, prepared: Prepared, send: NewSend) -> int | None:
    return run.store.freeze(run.client.name, send, _batches(run, prepared), run.clock.now())


def groups(run: Run, prepared: Prepared) -> Iterator[Group]:
    """The calls of a send to friends that we select, rendered and guarded; streamed, in memory that does not grow."""
    if (messages := prepared.constant) is not None:
        for people in _chunks(run.store, run.client.name, prepared, MULTICAST_RECIPIENTS):
            yield Group(Route.MULTICAST if len(people) > 1 else Route.PUSH, people, messages)
    else:
        yield from grouped(_rendered(run, prepared))


def _sample(run: Run, prepared: Prepared) -> list[dict[str, object]]:
    messages = prepared.constant
    if messages is None:
        _, messages = next(_rendered(run, prepared), (None, b"[]"))
    found: list[dict[str, object]] = json.loads(messages)
    return found


def _batches(run: Run, prepared: Prepared) -> Iterator[NewBatch]:
    armed, due = prepared.armed, prepared.due
    if prepared.choice.route in {Route.BROADCAST, Route.NARROWCAST}:
        route, messages = prepared.choice.route, prepared.constant or b"[]"
        extra = b""
        if route is Route.NARROWCAST:
            selection = {"filter": armed.demographic, "limit": {"max": prepared.limit}}
            extra = json.dumps(selection, separators=(",", ":")).encode()[1:-1]
        key = retry_key(run.client.name, prepared.address, due.key, route, ())
        yield NewBatch(0, route, (), body_of(messages, silent=armed.silent, extra=extra), key)
        return
    for seq, group in enumerate(groups(run, prepared)):
        people = group.recipients
        key = retry_key(run.client.name, prepared.address, due.key, group.route, (one.user_id for one in people))
        body = body_of(group.messages, silent=armed.silent)
        yield NewBatch(seq, group.route, tuple(one.id for one in people), body, key)


def _chunks(store: Store, account: str, prepared: Prepared, size: int) -> Iterator[tuple[Recipient, ...]]:
    ids = iter(prepared.ids)
    while chunk := list(islice(ids, size)):
        names = store.line_ids(account, chunk)
        if people := tuple(Recipient(one, names[one]) for one in chunk if one in names):
            yield people


def _rendered(run: Run, prepared: Prepared) -> Iterator[tuple[Recipient, bytes]]:
    armed = prepared.armed
    scope = {"run": run_scope(prepared.due.at, armed.timezone)}
    ids = iter(prepared.ids)
    while chunk := list(islice(ids, run.options.chunk)):
        for friend in run.store.friends(run.client.name, chunk):
            try:
                messages = prepared.compiled.render_bytes({**scope, "friend": friend_scope(friend, armed.timezone)})
            except TemplateError as unknown:
                raise BlockedError(
                    f"friend {friend.id}: {unknown.message}",
                    hint="give the expression a default, or name the attribute in skip_if_unknown",
                    code="G207",
                ) from unknown
            refuse_suspicious(messages, production=armed.production)
            yield Recipient(friend.id, friend.user_id), messages
