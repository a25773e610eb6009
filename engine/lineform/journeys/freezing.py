"""Messages to single friends, written into the ledger: rendered, guarded, equal ones together in one call.

They are sends like those of campaigns: statuses, limits, budgets, forgetting and retry keys hold for them. A send of a
scenario has the scenario's address, and a key that begins with the step.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count

from lineform.journeys.decision import Decision
from lineform.journeys.making import Made, Maker, NotMade
from lineform.journeys.people import Said, Short
from lineform.lineapi.limits import MESSAGES_PER_REQUEST, MULTICAST_RECIPIENTS
from lineform.lineapi.routes import Route
from lineform.ports.audit import AuditEntry
from lineform.ports.ledger import Batches, Handout, NewBatch, NewSend, PoolEmpty
from lineform.run.stock import too_few_codes
from lineform.scenarios.replies import Reply
from lineform.segments.friend import Friend
from lineform.sending.batches import body_of
from lineform.sending.caps import messages_digest
from lineform.sending.keys import recipients_hash, retry_key
from lineform.sending.quiet import Quiet
from lineform.sending.status import BatchStatus, SendStatus


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that is frozen and intended, and its reply token, which is written nowhere."""

    send_id: int
    batch_id: int
    body: bytes
    said: tuple[Said, ...] = field(repr=False)
    """What it is made of, for a push where LINE does not take it."""
    token: str = field(repr=False)


@dataclass(slots=True)
class Frozen:
    """What a decision froze."""

    sends: list[tuple[str, str, Quiet | None]] = field(default_factory=list)
    """Addresses and keys of sends to deliver, in the order in which friends shall read them, with the quiet hours that
    each keeps."""
    answers: list[Answer] = field(default_factory=list)
    menus: tuple[int, ...] = ()
    """Friends whose menu was written down."""
    short: tuple[Short, ...] = ()
    """What was missing, so that messages were not made."""


class Freezer:
    """Freezes what was said in one decision."""

    def __init__(self, decision: Decision, maker: Maker, worker: str, lease: timedelta) -> None:
        self._decision, self._maker, self._worker, self._lease = decision, maker, worker, lease
        self.frozen = Frozen()
        self._answers: list[list[Made]] = []
        """What goes together by one reply token each."""
        self._pushes: list[Made] = []

    def make(self) -> int:
        """Makes everything that was said; how much of it is pushed, what a reply does not take included."""
        by_token: dict[str, list[Made]] = {}
        speech = self._decision.speech
        self._maker.look_up(said for said in speech.said if not said.refused)
        for said in speech.said:
            made = self._made(said)
            if made is None:
                continue
            if said.cause is not None and said.by_token(self._decision.now):
                by_token.setdefault(said.cause.reply_token, []).append(made)
            else:
                self._pushes.append(made)
        for several in by_token.values():
            count = _fitting(several)
            if count:
                self._answers.append(several[:count])
            self._pushes += several[count:]
        return len(self._pushes)

    def freeze(self, *, pushes: bool = True) -> Frozen:
        """Writes down what was made. Without `pushes`, only answers, which are free."""
        groups: dict[tuple[str, str, bool], list[Made]] = {}
        for made in self._pushes:
            if pushes:
                groups.setdefault(_group_of(made.said), []).append(made)
            else:
                self._drop(made.said, "the budget does not allow it")
        for several in self._answers:
            self._answer(several)
        for (address, name, silent), several in groups.items():
            for part in _parts(several):
                self._push(address, name, silent, part)
        return self.frozen

    def _made(self, said: Said) -> Made | None:
        if said.refused:
            self._drop(said, said.refused)
            return None
        entry = self._decision.book.entries.get(said.say.address)
        if isinstance(entry, Reply) and (late := self._too_late(said, entry)):
            self._drop(said, late)
            return None
        try:
            made = self._maker.made(said)
        except NotMade as why:
            self._drop(said, str(why))
            return None
        if self._read_already(said, messages_digest(made.body)):
            self._drop(said, "the friend read the same already")
            return None
        return made

    def _too_late(self, said: Said, reply: Reply) -> str:
        """Why nobody waits for this answer any more when it may go; empty where somebody does."""
        now, quiet = self._decision.now, self._decision.quiet
        worth_until = _due(said, now) + reply.within
        if now > worth_until:
            return "it was too late for an answer"
        until = quiet.until(now) if quiet is not None and self._keeps_quiet(said) else None
        if until is not None and until > worth_until:
            return "it would be too late for an answer when the quiet hours are over"
        return ""

    def _read_already(self, said: Said, digest: bytes) -> bool:
        if said.say.capped == "send" or said.by_token(self._decision.now):
            return False
        return not self._decision.speech.reads_first(said.friend, said.say.source, digest)

    def _drop(self, said: Said, why: str) -> None:
        """A message that must not or cannot be made stops this one friend's message, and is told."""
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

    def _answer(self, fits: Sequence[Made]) -> None:
        """Freezes one answer."""
        first = fits[0].said
        if first.cause is None:
            raise ValueError("it answers nothing")
        friend, now, store, client = first.friend, self._decision.now, self._decision.store, self._decision.client.name
        address, name, _ = _group_of(first)
        frozen: list[NewBatch] = []

        def batches(key: str) -> Batches:
            retry = retry_key(client, address, key, Route.REPLY, [friend.user_id])

            def made(handout: Handout) -> Iterator[NewBatch]:
                parts = self._maker.whole(handout, fits)
                body, digest = _joined(one.body for one in parts), messages_digest(_joined(one.plain for one in parts))
                whole, status = body_of(body, silent=False), BatchStatus.ANSWERING
                frozen.append(NewBatch(0, Route.REPLY, (friend.id,), whole, retry, digest, status))
                yield frozen[-1]

            return made

        key = f"{name}@{_stamp(now)}#{friend.id}/{first.cause.key}"
        _, send_id = self._written(address, key, fits, batches, answers=True)
        batch_id = store.intend_answer(send_id, self._worker, now, self._lease)
        batch = frozen[-1]
        token = first.cause.reply_token
        self.frozen.answers.append(Answer(send_id, batch_id, batch.body, tuple(made.said for made in fits), token))

    def _push(self, address: str, name: str, silent: bool, several: Sequence[Made]) -> None:
        def batches(key: str) -> Batches:
            return lambda handout: self._batches(address, key, silent, several, handout)

        key = f"{name}@{_stamp(self._decision.now)}#{several[0].said.friend.id}-{_told_apart(several)}"
        try:
            send, _ = self._written(address, key, several, batches)
        except PoolEmpty as empty:
            # They were there when it was decided; whoever discards a pool's codes waits for no decision.
            raise too_few_codes(empty.pool) from empty
        quiet = self._decision.quiet if any(self._keeps_quiet(made.said) for made in several) else None
        self.frozen.sends.append((address, send.key, quiet))

    def _keeps_quiet(self, said: Said) -> bool:
        """Whether the quiet hours hold for it: not where somebody waits for it at this moment."""
        if said.waited_for(self._decision.now):
            return False
        return said.script is None or said.script.quiet_hours == "wait"

    def _written(
        self,
        address: str,
        key: str,
        several: Sequence[Made],
        batches: Callable[[str], Batches],
        *,
        answers: bool = False,
    ) -> tuple[NewSend, int]:
        """A send that was written, under `key` or one that begins so. Whoever has a key already said something else:
        what is decided here was decided by nobody before, so it must never be taken for theirs."""
        client, now = self._decision.client.name, self._decision.now
        for number in count(1):
            send = self._new_send(address, key if number == 1 else f"{key}.{number}", several)
            send_id = self._decision.store.freeze(client, send, batches(send.key), now, answers=answers)
            if send_id is not None:
                return send, send_id
        raise AssertionError("there is always a further key")

    def _new_send(self, address: str, key: str, several: Sequence[Made]) -> NewSend:
        script = several[0].said.script
        ids = sorted({made.said.friend.id for made in several})
        return NewSend(
            address,
            script.digest if script is not None else _digest(self._decision, address),
            key,
            min(_due(made.said, self._decision.now) for made in several),
            SendStatus.FROZEN,
            recipients=len(ids),
            recipients_hash=recipients_hash(self._decision.client.name, ids),
        )

    def _batches(
        self, address: str, key: str, silent: bool, several: Sequence[Made], handout: Handout
    ) -> Iterator[NewBatch]:
        same: dict[tuple[bytes, bytes], list[Friend]] = {}
        for one in self._maker.whole(handout, several):
            same.setdefault((one.body, one.plain), []).append(one.friend)
        seq = 0
        for (body, plain), friends in same.items():
            whole, digest = body_of(body, silent=silent), messages_digest(plain)
            for start in range(0, len(friends), MULTICAST_RECIPIENTS):
                part = friends[start : start + MULTICAST_RECIPIENTS]
                route = Route.MULTICAST if len(part) > 1 else Route.PUSH
                users = [friend.user_id for friend in part]
                retry = retry_key(self._decision.client.name, address, key, route, users)
                yield NewBatch(seq, route, tuple(friend.id for friend in part), whole, retry, digest)
                seq += 1


def _fitting(several: Sequence[Made]) -> int:
    """How many of these one reply holds."""
    links: dict[str, str] = {}
    messages = 0
    for place, made in enumerate(several):
        messages += made.count
        if messages > MESSAGES_PER_REQUEST or made.common.takes_codes or not _agree(links, made):
            return place
        links |= made.common.links
    return len(several)


def _due(said: Said, now: datetime) -> datetime:
    """When it is due: the messages of a step when it is done, an answer when its friend asked."""
    return now if said.script is not None or said.cause is None else now - said.cause.waited(now)


def _digest(decision: Decision, address: str) -> str:
    entry = decision.book.entries.get(address)
    return str(getattr(entry, "digest", ""))


def _group_of(said: Said) -> tuple[str, str, bool]:
    """What may share a send: the address, the first part of the key, and whether it is silent."""
    return said.say.address, said.say.step or said.say.key, said.script is not None and said.script.silent


def _told_apart(several: Sequence[Made]) -> str:
    """What tells these messages from others of the same step, second and first friend: what each of them follows from,
    and to whom it goes."""
    each = sorted(f"{made.said.say.key}\n{made.said.friend.id}" for made in several)
    return hashlib.blake2b("\n".join(each).encode(), digest_size=6).hexdigest()


def _parts(several: Iterable[Made]) -> Iterator[list[Made]]:
    """Parts in which each friend occurs once, since a call cannot name a friend twice, and in which a link leads to
    one address: friends may go by versions in which it led elsewhere."""
    left = list(several)
    while left:
        seen: set[int] = set()
        part: list[Made] = []
        rest: list[Made] = []
        links: dict[str, str] = {}
        for made in left:
            fits = made.said.friend.id not in seen and _agree(links, made)
            (part if fits else rest).append(made)
            seen.add(made.said.friend.id)
            if fits:
                links |= made.common.links
        yield part
        left = rest


def _agree(links: Mapping[str, str], made: Made) -> bool:
    return all(links.get(name, url) == url for name, url in made.common.links.items())


def _joined(lists: Iterable[bytes]) -> bytes:
    """Several lists of messages, as JSON, as one."""
    return b"[" + b",".join(one[1:-1] for one in lists) + b"]"


def _stamp(now: datetime) -> str:
    return now.strftime("%Y-%m-%dT%H:%M:%SZ")
