"""The messages of each friend, made from what the store knows; streamed, in memory that does not grow."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from lineform.errors import BlockedError
from lineform.run.fill import Fill
from lineform.run.options import Run
from lineform.sending.batches import Recipient, Rendered
from lineform.sending.caps import messages_digest
from lineform.sending.due import Due
from lineform.sending.frames import Frame, filling
from lineform.sending.revision import Armed
from lineform.sending.scope import friend_scope, run_scope
from lineform.sending.textguards import Watch, suspicious_bytes
from lineform.templates.errors import TemplateError, UnknownValue
from lineform.templates.send import CompiledMessages


class Suspicious(BlockedError):
    """A rendered text that must not reach a friend."""


def _refuse(_: int, wrong: Suspicious) -> None:
    raise wrong


def passed_over(_: int, __: Suspicious) -> None:
    """For whoever looks at messages before all of them are made."""


def rendered(
    run: Run,
    armed: Armed,
    compiled: CompiledMessages,
    due: Due,
    ids: Iterable[int],
    fill: Fill,
    apart: Callable[[int, Suspicious], None] = _refuse,
) -> Iterator[Rendered]:
    """Each friend with what fills the frame of the messages; whose messages are suspicious is told to `apart`. Raises
    BlockedError where messages cannot be made, and Suspicious unless `apart` takes it."""
    scope = {"run": run_scope(due.at, armed.timezone), **fill.fixed}
    frame, watch = Frame(compiled.pieces), Watch(compiled.pieces)
    left = iter(ids)
    while chunk := list(islice(left, run.options.chunk)):
        friends = run.store.friends(run.client.name, chunk)
        own = fill.each([friend.id for friend in friends])
        for friend in friends:
            read = {**scope, "friend": friend_scope(friend, armed.timezone), **own.get(friend.id, {})}
            try:
                values = compiled.fill(read)
            except TemplateError as unknown:
                default = "give the expression a default, or name the attribute in skip_if_unknown"
                raise BlockedError(
                    f"friend {friend.id}: {unknown.message}",
                    hint=default if isinstance(unknown, UnknownValue) else unknown.hint,
                    code="G207",
                ) from unknown
            messages = frame.whole(values)
            if watch.worth_reading(values) and (wrong := suspicion(messages, production=armed.production)) is not None:
                apart(friend.id, wrong)
                continue
            yield Rendered(Recipient(friend.id, friend.user_id), filling(values), messages_digest(fill.plain(messages)))


def suspicion(messages: bytes, *, production: bool) -> Suspicious | None:
    """Why rendered messages must not reach a friend; None where they may."""
    found = suspicious_bytes(messages, production=production)
    if not found:
        return None
    path, wrong = found[0]
    return Suspicious(
        f"message {int(path[0]) + 1}: {wrong.sentence}",
        hint="correct the text; where a value is at fault, correct the friend's data",
        code="G206",
    )


def refuse_suspicious(messages: bytes, *, production: bool) -> None:
    """Raises Suspicious where a rendered text must not reach a friend."""
    if (wrong := suspicion(messages, production=production)) is not None:
        raise wrong
