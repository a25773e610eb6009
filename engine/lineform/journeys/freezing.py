"""Messages to single friends, written into the ledger: rendered, guarded, equal ones together in one call.

They are sends like those of campaigns: statuses, limits, budgets, forgetting and retry keys hold for them. A send of a
scenario has the scenario's address, and a key that begins with the step.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any, Final

from lineform.errors import BlockedError
from lineform.journeys.decision import Decision, Said
from lineform.journeys.passing import pages_of
from lineform.lineapi.limits import MESSAGES_PER_REQUEST, MULTICAST_RECIPIENTS
from lineform.lineapi.routes import Route
from lineform.ports.audit import AuditEntry
from lineform.ports.ledger import Batches, Handout, NewBatch, NewSend, PoolEmpty, Spent
from lineform.run.stock import too_few_codes
from lineform.scenarios.happening import Happening
from lineform.segments.friend import Friend
from lineform.sending.batches import body_of
from lineform.sending.caps import messages_digest
from lineform.sending.given import COUPON, names_read, pools_read, stand_in
from lineform.sending.keys import recipients_hash, retry_key
from lineform.sending.links import Keys
from lineform.sending.scope import friend_scope, run_scope
from lineform.sending.status import BatchStatus, SendStatus
from lineform.sending.textguards import suspicious_bytes
from lineform.templates.errors import TemplateError
from lineform.templates.send import CompiledMessages, compile_messages

PAGE: Final = "page"
"""The name by which an expression reads a friend's own pages."""
TOKEN_LIVES: Final = 50.0
"""Seconds after which a reply token is taken to be dead, of the minute that LINE gives it."""


@dataclass(frozen=True, slots=True)
class Made:
    """A message made for one friend."""

    said: Said
    compiled: CompiledMessages
    body: bytes
    """The messages as JSON; codes are stood for by something."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that is frozen and intended, and its reply token, which is written nowhere."""

    send_id: int
    batch_id: int
    address: str
    digest: str
    """Of the revision that answers."""
    key: str
    friend_id: int
    body: bytes
    read: bytes
    """By which the messages are known again."""
    token: str = field(repr=False)


@dataclass(slots=True)
class Frozen:
    """What a decision froze."""

    sends: list[tuple[str, str]] = field(default_factory=list)
    """Addresses and keys of sends to deliver, in the order in which friends shall read them."""
    answers: list[Answer] = field(default_factory=list)
    dropped: Counter[str] = field(default_factory=Counter)
    """Messages that were not sent, by reason."""
    menus: tuple[int, ...] = ()
    """Friends whose menu was written down."""


class Freezer:
    """Freezes what was said in one decision."""

    def __init__(self, decision: Decision, worker: str, lease: timedelta, keys: Keys | None = None) -> None:
        self._decision, self._worker, self._lease, self._keys = decision, worker, lease, keys
        self._compiled: dict[int, tuple[Any, CompiledMessages]] = {}
        self.frozen = Frozen()
        self.judged: Spent | None = None
        """What the budget was judged by."""

    def pushed(self) -> int:
        """How many friends would be pushed to."""
        return sum(1 for said in self._decision.said if not _answers(said, self._decision.now))

    def freeze(self, *, pushes: bool = True) -> Frozen:
        """Writes everything down. Without `pushes`, only answers, which are free."""
        groups: dict[tuple[str, str, bool], list[Made]] = {}
        by_token: dict[str, list[Made]] = {}
        for said in self._decision.said:
            made = self._made(said)
            if made is None:
                continue
            if said.cause is not None and _answers(said, self._decision.now):
                by_token.setdefault(said.cause.reply_token, []).append(made)
            elif pushes:
                groups.setdefault(_group_of(said), []).append(made)
            else:
                self._drop(said, "the budget does not allow it")
        for several in by_token.values():
            for rest in self._answer(several):
                groups.setdefault(_group_of(rest.said), []).append(rest)
        for (address, name, silent), several in groups.items():
            for part in _once_each(several):
                self._push(address, name, silent, part)
        return self.frozen

    def _made(self, said: Said) -> Made | None:
        compiled = self._compile(said)
        try:
            body = compiled.render_bytes(self._scope(said, compiled, None))
        except TemplateError as unknown:
            self._drop(said, unknown.message)
            return None
        entry = said.script or self._decision.book.entries.get(said.say.source.partition("/")[0])
        production = getattr(entry, "production", self._production)
        if found := suspicious_bytes(body, production=production):
            self._drop(said, found[0][1].sentence)
            return None
        if self._read_already(said, messages_digest(body)):
            self._drop(said, "the friend read the same already")
            return None
        return Made(said, compiled, body)

    def _read_already(self, said: Said, digest: bytes) -> bool:
        if said.say.capped == "send" or _answers(said, self._decision.now):
            return False
        return not self._decision.reads_first(said.friend, said.say.source, digest)

    @property
    def _production(self) -> bool:
        return self._decision.client.spec.environment == "production"

    def _compile(self, said: Said) -> CompiledMessages:
        key = id(said.say.messages)
        if key not in self._compiled:
            # Kept beside what was made of it, so that no other object can come to bear the id.
            made = compile_messages(said.say.messages, said.say.context)
            self._compiled[key] = (said.say.messages, made)
        return self._compiled[key][1]

    def _scope(self, said: Said, compiled: CompiledMessages, codes: Mapping[str, str] | None) -> dict[str, Any]:
        timezone = self._decision.client.timezone
        pools = pools_read(compiled.reads)
        given = codes if codes is not None else {pool: stand_in(said.friend.id) for pool in pools}
        pages = pages_of(
            names_read(compiled.reads, PAGE),
            said.friend.id,
            self._decision.client.name,
            self._decision.book.answering.forms,
            self._keys,
            self._decision.now,
        )
        return {
            "run": run_scope(self._decision.now, timezone),
            "page": pages,
            "friend": friend_scope(said.friend, timezone),
            "event": said.say.context.get("event", {}),
            "code": given,
            "coupon": self._coupons(compiled),
        }

    def _coupons(self, compiled: CompiledMessages) -> dict[str, str]:
        """LINE's ids of the coupons that messages bring. Raises BlockedError where one was not made yet."""
        names = names_read(compiled.reads, COUPON)
        if not names:
            return {}
        known = self._decision.store.coupons(self._decision.client.name)
        made = {one.name: one.coupon_id for one in known if one.coupon_id}
        if missing := [name for name in names if name not in made]:
            raise BlockedError(
                f"coupon.{missing[0]} is not on the account", hint="run 'lineform apply', which makes it", code="G220"
            )
        return {name: made[name] for name in names}

    def _drop(self, said: Said, why: str) -> None:
        """A message that must not or cannot be made stops this one friend's message, and is told."""
        self.frozen.dropped[why] += 1
        self._decision.unsent(said, why)
        entry = AuditEntry(
            self._decision.now,
            self._decision.client.name,
            "journeys",
            "not sent",
            f"{said.say.source}#{said.friend.id}",
            why,
        )
        self._decision.store.note(entry)

    def _answer(self, several: Sequence[Made]) -> list[Made]:
        """Freezes one answer of as much as one reply holds; what is left over is pushed."""
        fits: list[Made] = []
        messages = 0
        for made in several:
            messages += len(made.said.say.messages)
            if messages > MESSAGES_PER_REQUEST or pools_read(made.compiled.reads):
                break
            fits.append(made)
        if not fits:
            return list(several)
        first = fits[0].said
        if first.cause is None:
            return list(several)
        body = b"[" + b",".join(made.body[1:-1] for made in fits) + b"]"
        whole, digest = body_of(body, silent=False), messages_digest(body)
        friend, now, store = first.friend, self._decision.now, self._decision.store
        address, name, _ = _group_of(first)

        def batches(key: str) -> Batches:
            retry = retry_key(self._decision.client.name, address, key, Route.REPLY, [friend.user_id])
            return [NewBatch(0, Route.REPLY, (friend.id,), whole, retry, digest, BatchStatus.ANSWERING)]

        key = f"{name}@{_stamp(now)}#{friend.id}/{first.cause.key}"
        send, send_id = self._written(address, key, first, [friend], batches)
        batch_id = store.intend_answer(send_id, self._worker, now, self._lease)
        self.frozen.answers.append(
            Answer(
                send_id,
                batch_id,
                address,
                send.digest,
                send.key,
                friend.id,
                whole,
                digest,
                first.cause.reply_token,
            )
        )
        return list(several[len(fits) :])

    def _push(self, address: str, name: str, silent: bool, several: Sequence[Made]) -> None:
        people = [made.said.friend for made in several]

        def batches(key: str) -> Batches:
            return lambda handout: self._batches(address, key, silent, several, handout)

        key = f"{name}@{_stamp(self._decision.now)}#{people[0].id}-{_told_apart(several)}"
        try:
            send, _ = self._written(address, key, several[0].said, people, batches)
        except PoolEmpty as empty:
            raise too_few_codes(empty.pool) from empty
        self.frozen.sends.append((address, send.key))

    def _written(
        self, address: str, key: str, said: Said, people: Sequence[Friend], batches: Callable[[str], Batches]
    ) -> tuple[NewSend, int]:
        """A send that was written, under `key` or one that begins so. Whoever has a key already said something else:
        what is decided here was decided by nobody before, so it must never be taken for theirs."""
        client, now = self._decision.client.name, self._decision.now
        for number in count(1):
            send = self._new_send(address, key if number == 1 else f"{key}.{number}", said, people)
            # Once: from the first freeze on, no other run freezes anything until this transaction is over.
            judged, self.judged = self.judged, None
            send_id = self._decision.store.freeze(client, send, batches(send.key), now, spent=judged)
            if send_id is not None:
                return send, send_id
        raise AssertionError("there is always a further key")

    def _new_send(self, address: str, key: str, said: Said, people: Sequence[Friend]) -> NewSend:
        client = self._decision.client.name
        ids = sorted(friend.id for friend in people)
        digest = said.script.digest if said.script is not None else _digest(self._decision, address)
        return NewSend(
            address,
            digest,
            key,
            self._decision.now,
            SendStatus.FROZEN,
            recipients=len(people),
            recipients_hash=recipients_hash(client, ids),
        )

    def _batches(
        self, address: str, key: str, silent: bool, several: Sequence[Made], handout: Handout
    ) -> Iterator[NewBatch]:
        same: dict[bytes, list[Friend]] = {}
        codes = self._handed_out(several, handout)
        for made in several:
            body = made.body
            if made.said.friend.id in codes:
                body = made.compiled.render_bytes(self._scope(made.said, made.compiled, codes[made.said.friend.id]))
            same.setdefault(body, []).append(made.said.friend)
        seq = 0
        for body, friends in same.items():
            whole, digest = body_of(body, silent=silent), messages_digest(body)
            for start in range(0, len(friends), MULTICAST_RECIPIENTS):
                part = friends[start : start + MULTICAST_RECIPIENTS]
                route = Route.MULTICAST if len(part) > 1 else Route.PUSH
                users = [friend.user_id for friend in part]
                retry = retry_key(self._decision.client.name, address, key, route, users)
                yield NewBatch(seq, route, tuple(friend.id for friend in part), whole, retry, digest)
                seq += 1

    def _handed_out(self, several: Sequence[Made], handout: Handout) -> dict[int, dict[str, str]]:
        """What each friend is given who reads a code: once for good, whatever they were given before."""
        found: dict[int, dict[str, str]] = {}
        wanted: dict[str, list[int]] = {}
        for made in several:
            for pool in pools_read(made.compiled.reads):
                wanted.setdefault(pool, []).append(made.said.friend.id)
        for pool, ids in wanted.items():
            for friend_id, code in handout.codes(pool, sorted(ids)).items():
                found.setdefault(friend_id, {})[pool] = code
        return found


def _digest(decision: Decision, address: str) -> str:
    entry = decision.book.entries.get(address)
    return str(getattr(entry, "digest", ""))


def _answers(said: Said, now: datetime) -> bool:
    """Whether it goes by a reply token that lives still."""
    cause: Happening | None = said.cause
    if cause is None or not cause.reply_token:
        return False
    return (now - (cause.received_at or cause.at)).total_seconds() < TOKEN_LIVES


def _group_of(said: Said) -> tuple[str, str, bool]:
    """What may share a send: the address, the first part of the key, and whether it is silent."""
    address, _, step = said.say.source.partition("/")
    return address, step or said.say.key, said.script is not None and said.script.silent


def _told_apart(several: Sequence[Made]) -> str:
    """What tells these messages from others of the same step, second and first friend: what each of them follows from,
    and to whom it goes."""
    each = sorted(f"{made.said.say.key}\n{made.said.friend.id}" for made in several)
    return hashlib.blake2b("\n".join(each).encode(), digest_size=6).hexdigest()


def _once_each(several: Iterable[Made]) -> Iterator[list[Made]]:
    """Parts in which each friend occurs once: a call cannot name a friend twice."""
    left = list(several)
    while left:
        seen: set[int] = set()
        part: list[Made] = []
        rest: list[Made] = []
        for made in left:
            (rest if made.said.friend.id in seen else part).append(made)
            seen.add(made.said.friend.id)
        yield part
        left = rest


def _stamp(now: datetime) -> str:
    return now.strftime("%Y-%m-%dT%H:%M:%SZ")
