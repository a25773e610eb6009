"""What was armed, what is to be sent and what was: the ledger of sends and their batches."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from lineform.lineapi.routes import Route
from lineform.sending.caps import Contact
from lineform.sending.keys import send_name
from lineform.sending.status import BatchStatus, SendStatus


@dataclass(frozen=True, slots=True)
class Revision:
    """One version of a campaign, armed by an apply. `body` is JSON and complete: sending needs no files."""

    address: str
    digest: str
    armed_at: datetime
    body: Mapping[str, Any]
    since: datetime | None = field(default=None, compare=False)
    """Since when the campaign has been armed without a gap, in this version or an earlier one; told by the store."""
    people: int | None = None
    """How many people its condition chose when it was armed; None where none did."""


@dataclass(frozen=True, slots=True)
class NewBatch:
    """A batch to freeze: internal friend ids (empty for broadcast and narrowcast), the route, LINE's request body
    without ``to`` (whole, or what fills the frame of its send), and the derived retry key."""

    seq: int
    route: Route
    friend_ids: Sequence[int]
    body: bytes
    retry_key: UUID
    digest: bytes = b""
    """`lineform.sending.caps.messages_digest` of what friends read; empty where nothing has to know it again."""
    status: BatchStatus = BatchStatus.READY
    """READY, STAGED or CAPPED."""
    wave: int = 0
    """Which part of the send it belongs to, from 0."""


@dataclass(frozen=True, slots=True)
class Spent:
    """Messages of one month, by the ledger: what a budget and LINE's quota have to count."""

    since: datetime
    """The first moment of the month."""
    called: int
    """Recipients of calls that were accepted, may have been, or are under way."""
    promised: int
    """Recipients who were frozen and are still to be called, in this month or later."""

    @property
    def total(self) -> int:
        return self.called + self.promised


class PoolEmpty(Exception):
    """A pool held fewer codes than a freeze needed; nothing was written."""

    def __init__(self, pool: str) -> None:
        super().__init__(pool)
        self.pool = pool


class Handout(Protocol):
    """What is handed out inside of one freeze: for good if that freeze is written, and not at all if it is not."""

    def codes(self, pool: str, friend_ids: Sequence[int]) -> Mapping[int, str]:
        """A code of the pool for each of these friends: the one that a friend has already, else a free one. Raises
        `PoolEmpty`."""
        ...

    def targets(self, urls: Mapping[str, str]) -> Mapping[str, int]:
        """Records where the tracked links of this send lead, by the links' names; the number of each target."""
        ...


Batches = Iterable[NewBatch] | Callable[[Handout], Iterable[NewBatch]]
"""The batches of a freeze, streamed: made before its transaction; or inside of it, from what is handed out, where their
messages need that."""


class LedgerMoved(Exception):
    """Another occurrence was frozen since the recipients of this one were chosen, or since the month's messages were
    counted, or somebody was forgotten since; nothing was written."""


@dataclass(frozen=True, slots=True)
class Rejudged:
    """A choice that others made old, as it is now."""

    send: NewSend
    call: Callable[[Route, tuple[int, ...]], tuple[Route, UUID]]
    """The route and the key of a call that goes to these friends, after others of it were left out."""
    without: Collection[int] = frozenset()
    """Friends who are in none of its calls after all."""
    further: Sequence[NewBatch] = ()
    """Batches that come to those that were made before the transaction."""


@dataclass(frozen=True, slots=True)
class Batch:
    """A claimed batch with its whole body, and with what the ledger knows about earlier calls."""

    id: int
    send_id: int
    seq: int
    route: Route
    friend_ids: tuple[int, ...]
    body: bytes
    retry_key: UUID
    attempts: int
    first_called_at: datetime | None
    """When the first call with this key was intended, this claim not included: its key's 24 hours count from there."""
    does: bool = False
    """Whether something is done for its friends once LINE has accepted it."""


@dataclass(frozen=True, slots=True)
class Settled:
    """A batch's outcome. `request_id` is the accepted one."""

    batch_id: int
    status: BatchStatus
    request_id: str = ""
    reason: str = ""
    does: bool = False
    """As in `Batch`."""


@dataclass(frozen=True, slots=True)
class ToDo:
    """A call that LINE accepted, for whose friends something is still to be done."""

    address: str
    digest: str
    """Of the revision that was sent, which says what."""
    key: str
    friend_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Send:
    """One occurrence of a campaign in the ledger."""

    id: int
    address: str
    digest: str
    key: str
    due_at: datetime
    status: SendStatus
    recipients: int
    """Frozen recipients; for broadcast and narrowcast the estimate of that moment."""
    recipients_hash: str
    reason: str = ""
    batches: Mapping[BatchStatus, int] = field(default_factory=dict)
    accepted_recipients: int = 0
    capped: int = 0
    """Friends of the audience who were left out of it, for whatever reason: `lineform.sending.caps.Cap`."""
    frozen_at: datetime | None = None
    changed_at: datetime | None = None
    """When its status was set."""
    last_called_at: datetime | None = None
    """When the newest of its calls was intended; None where nothing was called."""
    reopened: bool = False
    """Whether a batch that is ready or staged was called before, and the outcome of that call is open."""

    @property
    def name(self) -> str:
        """As `lineform.sending.keys.send_name` names it."""
        return send_name(self.address, self.key)


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A send as far as it says what is due next; how it went is in `Send`."""

    id: int
    address: str
    digest: str
    key: str
    due_at: datetime
    status: SendStatus
    capped: int
    """As in `Send`."""


@dataclass(frozen=True, slots=True)
class NewSend:
    """An occurrence to freeze. (account, address, key) is unique for ever: that is what makes a send happen once."""

    address: str
    digest: str
    key: str
    due_at: datetime
    status: SendStatus
    recipients: int = 0
    recipients_hash: str = ""
    reason: str = ""
    capped: int = 0
    frame: bytes = b""
    """What the bodies of its batches have in common (`lineform.sending.frames`); empty where each is whole."""
    does: bool = False
    """Whether something is done for those whose call LINE accepts: their batches are kept for `take_to_do`."""


Again = Callable[[Sequence[Contact], Spent | None], Rejudged]
"""Judges a choice again, while nobody else freezes: by whom others reached since it was made, and by what is spent now
(None where that is no more than it was). Raises `LedgerMoved` where it has to be made anew; what it raises else leaves
nothing written."""


class Revisions(Protocol):
    """What was armed to be sent."""

    def arm(self, account: str, revision: Revision) -> None:
        """Makes this the one armed revision of its address; arming the same digest again changes nothing, not even
        the time of arming."""
        ...

    def disarm(self, account: str, address: str, now: datetime) -> None: ...

    def armed(self, account: str) -> Sequence[Revision]:
        """The armed revisions, by address. Asked at every tick and every happening: a store reads each body once."""
        ...

    def count_armed(self) -> Mapping[str, int]:
        """How much is armed of each account of which anything is, by their names."""
        ...


class Ledger(Protocol):
    """What is to be sent and what was, never erased."""

    def freeze(
        self,
        account: str,
        send: NewSend,
        batches: Batches,
        now: datetime,
        *,
        position: int | None = None,
        spent: Spent | None = None,
        again: Again | None = None,
        answers: bool = False,
    ) -> int | None:
        """Writes the occurrence and all its batches in one transaction; None where the occurrence exists already.
        Raises `PoolEmpty` where a code is missing; then nothing is written.

        `position` is that of the ledger when the recipients were chosen by what it says about them, `spent` what the
        budget and the quota were judged by. Where other sends reached friends since, or more is spent or promised by
        now, `again` is asked, and without it `LedgerMoved` is raised: of two at once, the second judges anew.

        `answers` says that it is answers by reply token alone. They are free, and count for no limit: no other freeze
        has to wait for them or they for it, and a token does not live as long as a large freeze takes."""
        ...

    def freeze_alone(self, account: str) -> None:
        """Inside of `Store.together`, after friends were held: waits until nobody else freezes anything of this
        account, and keeps everybody else from it until the block ends. What limits and budgets are judged by is then
        the same at the freeze."""
        ...

    def ledger_position(self, account: str) -> int:
        """A number that grows with every occurrence of the account that is frozen."""
        ...

    def contacts(
        self, account: str, since: datetime, now: datetime, *, address: str = "", until: int | None = None
    ) -> Iterator[Contact]:
        """Calls later than `since` that reached friends or may have, and those frozen and still to come, as of `now`;
        no narrowcast, whose recipients nobody knows. With `address`, only those of this campaign; with `until`, a
        position of the ledger, only those of sends that were frozen by then."""
        ...

    def frozen_friends(self, send_id: int, *, capped: bool = False, staged: bool = False) -> Sequence[int]:
        """The recipients of a send, or those of its audience who wait because they are over a limit, or those of its
        parts that are staged."""
        ...

    def open_wave(
        self,
        send_id: int,
        wave: int,
        now: datetime,
        *,
        spent: Spent | None = None,
        position: int | None = None,
        without: Collection[int] = (),
    ) -> None:
        """Makes the staged batches of this part and of earlier ones ready, and the send a frozen one. Friends whom it
        is to go `without` are taken out of them, and stand in the ledger as those over a limit.

        `spent` is what the budget was judged by, without this send's own, and `position` the ledger's when it was
        judged who is over a limit; raises `LedgerMoved` where it is more by now, or another one was frozen since."""
        ...

    def staged(self, send_id: int) -> Mapping[int, int]:
        """Recipients by part, of the parts that are staged."""
        ...

    def followed_after(self, account: str, moment: datetime) -> Iterator[int]:
        """Friends who are known to have followed later than `moment`: an earlier broadcast did not reach them."""
        ...

    def sends(self, account: str, *, address: str = "", unfinished: bool = False) -> Sequence[Send]: ...

    def sends_since(self, account: str, since: datetime, *, address: str = "") -> Iterator[Send]:
        """Sends that were due since then or are due later, and those that are held or not at their end, however old;
        in the order of their freezing, streamed."""
        ...

    def send(self, account: str, address: str, key: str) -> Send | None: ...

    def occurrences(self, account: str, addresses: Sequence[str], since: datetime) -> Sequence[Occurrence]:
        """What was frozen of these campaigns and was due since then, in the order of freezing; what a person let go
        always. Asked at every tick, so batches are not counted."""
        ...

    def has_called(self, account: str, prefix: str) -> bool:
        """Whether any call was ever begun for an address that begins so."""
        ...

    def claim(self, send_id: int, worker: str, now: datetime, lease: timedelta, limit: int) -> Sequence[Batch]:
        """Takes batches that are ready, or whose caller's lease has run out, and writes the intent to call them,
        durably, before it returns. Two workers never hold the same batch, and a send that was called off has none."""
        ...

    def release(self, batch_ids: Sequence[int], now: datetime) -> None:
        """Gives claimed batches back that were certainly not accepted (a 429), so that they can be claimed again."""
        ...

    def postpone(self, batch_ids: Sequence[int], now: datetime, until: datetime) -> None:
        """Gives claimed batches back that were certainly not accepted, to be claimed by nobody before `until`; unlike
        after `release`, the attempt counts."""
        ...

    def settle(
        self, batch_id: int, status: BatchStatus, now: datetime, *, request_id: str = "", reason: str = ""
    ) -> None:
        """Records a batch's outcome. `request_id` is the accepted one."""
        ...

    def settle_all(self, outcomes: Sequence[Settled], now: datetime) -> None:
        """Records many outcomes in one transaction: thousands a second where one by one are hundreds."""
        ...

    def intend_answer(self, send_id: int, worker: str, now: datetime, lease: timedelta) -> int:
        """Writes the intent to answer with a reply token, of a send whose only batch is ANSWERING; the batch's id."""
        ...

    def lost_answers(self, account: str, now: datetime) -> Sequence[tuple[int, int]]:
        """Sends and batches that were to be answered by somebody whose lease has run out. Nobody has the token."""
        ...

    def something_to_do(self, account: str) -> bool:
        """Whether a call was accepted for whose friends something is still to be done. Asked at every tick."""
        ...

    def take_to_do(self, account: str, friends: int) -> Sequence[ToDo]:
        """Inside of `together`: takes accepted calls for whose friends something is to be done, at least one where
        there is one, else of so many friends at most. Each is told once, ever, if the block is written."""
        ...

    def accepted_request_ids(self, send_id: int) -> Sequence[str]: ...

    def conclude(
        self,
        send_id: int,
        status: SendStatus,
        now: datetime,
        *,
        reason: str = "",
        recipients: int = -1,
        was: Collection[SendStatus] = (),
    ) -> bool:
        """Sets the status of an occurrence, or, with `was`, only where it has one of these; False where nothing was
        set. A send of which the rest was left (`stage_rest`) gets what was intended for it instead of WAITING."""
        ...

    def call_off(self, send_id: int, status: SendStatus, now: datetime, *, reason: str) -> bool:
        """Sets the status of a frozen send of which no batch was ever claimed; False, and nothing changes, where one
        was or it is frozen no more. What is called off can be claimed no more, and codes that it alone shows are free
        again."""
        ...

    def stage_rest(self, send_id: int, intended: SendStatus, reason: str) -> int:
        """Takes every batch that nobody ever called out of a frozen send's hands, as a part that only a person opens;
        how many there were. Batches that were called stay to be settled under their keys, by whichever run comes to
        it, and then the send gets the status that is `intended`."""
        ...

    def spent(self, account: str, since: datetime, *, but: int = 0) -> Spent:
        """What was called since the month began at `since`, and what is promised; without the promises of the send
        `but`."""
        ...
