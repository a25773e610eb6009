"""What was recorded: friends, armed revisions, the ledger of sends, leases, the audit log.

The port is synchronous; callers in async rooms go through `wiring`'s executor. An *account* is a client's name. Times
are aware and in UTC. Friends have internal integer ids; only `line_ids` and `friend_ids` know LINE's user ids.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from lineform.lineapi.pace import Slice
from lineform.lineapi.rates import Rate
from lineform.lineapi.routes import Route
from lineform.ports.conversations import Conversations
from lineform.ports.inbox import Inbox
from lineform.ports.intake import Intake, Outbox
from lineform.ports.items import Items
from lineform.ports.journeys import Journeys
from lineform.ports.menus import Menus
from lineform.scenarios.happening import What
from lineform.segments.friend import Event, Friend, Value
from lineform.segments.predicate import AttributeType, Predicate
from lineform.sending.caps import Contact
from lineform.sending.status import BatchStatus, SendStatus


@dataclass(frozen=True, slots=True)
class FriendRow:
    """What an import says about one friend. None and absent keys change nothing; an attribute of None forgets it."""

    user_id: str
    display_name: str | None = None
    language: str | None = None
    followed_at: datetime | None = None
    blocked: bool | None = None
    attributes: Mapping[str, Value | None] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    untag: tuple[str, ...] = ()
    renew: tuple[str, ...] = ()
    """Of `tags`, those that expire: for a friend who has one already, its time begins anew."""
    route: str | None = None
    """The entry route used now: the last touch, and the first one of a friend of whom none is known."""
    member_id: str | None = None
    """The business's own id of this person; empty ends the link."""
    returns: bool = False
    """Came back by their own hand: somebody who was forgotten is taken in again, as a new friend."""


@dataclass(frozen=True, slots=True)
class ImportCount:
    """What an import did, in friends."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    forgotten: int = 0
    """People who asked to be forgotten: they are not taken in again."""

    def __add__(self, other: ImportCount) -> ImportCount:
        return ImportCount(
            self.added + other.added,
            self.changed + other.changed,
            self.unchanged + other.unchanged,
            self.forgotten + other.forgotten,
        )


@dataclass(frozen=True, slots=True)
class EventRow:
    """Something that a friend did. (account, type, id) is recorded once, whatever comes later under the same id."""

    user_id: str
    type: str
    id: str
    at: datetime
    fields: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EventCount:
    """What an import of events did, in rows."""

    added: int = 0
    repeated: int = 0
    """Rows whose id was recorded already."""
    strangers: int = 0
    """Rows about people who are no friends: they are not recorded."""


@dataclass(frozen=True, slots=True)
class ForgetCount:
    """What forgetting came to: friends whose data is gone, people of whom nothing was known, and calls that were on
    their way to them alone and are not made any more."""

    friends: int = 0
    strangers: int = 0
    stopped: int = 0


@dataclass(frozen=True, slots=True)
class FriendCount:
    """`friends` can be reached; `blocked` cannot."""

    friends: int
    blocked: int


@dataclass(frozen=True, slots=True)
class Revision:
    """One version of a campaign, armed by an apply. `body` is JSON and complete: sending needs no files."""

    address: str
    digest: str
    armed_at: datetime
    body: Mapping[str, Any]
    since: datetime | None = field(default=None, compare=False)
    """Since when the campaign has been armed without a gap, in this version or an earlier one; told by the store."""


@dataclass(frozen=True, slots=True)
class ArmedNow:
    """An armed revision without its body; `since` as in `Revision`."""

    address: str
    digest: str
    armed_at: datetime
    since: datetime


@dataclass(frozen=True, slots=True)
class NewBatch:
    """A batch to freeze: internal friend ids (empty for broadcast and narrowcast), the route, LINE's request body
    without ``to`` (whole, or what fills the frame of its send), and the derived retry key."""

    seq: int
    route: Route
    friend_ids: tuple[int, ...]
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


Batches = Iterable["NewBatch"] | Callable[[Handout], Iterable["NewBatch"]]
"""The batches of a freeze, streamed; made from what is handed out where their messages need it."""


class LedgerMoved(Exception):
    """Another occurrence was frozen since the recipients of this one were chosen, or since the month's messages were
    counted; nothing was written."""


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


@dataclass(frozen=True, slots=True)
class Settled:
    """A batch's outcome. `request_id` is the accepted one."""

    batch_id: int
    status: BatchStatus
    request_id: str = ""
    reason: str = ""


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
    """Friends of the audience whom `limits.per_friend` left out."""
    frozen_at: datetime | None = None
    changed_at: datetime | None = None
    """When its status was set."""
    last_called_at: datetime | None = None
    """When the newest of its calls was intended; None where nothing was called."""


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


@dataclass(frozen=True, slots=True)
class CopyState:
    """What bringing a copy up to date came to: made `anew`, or so many `changes` taken over; and its size in bytes."""

    anew: bool
    changes: int
    size: int


class Copies(Protocol):
    """A copy of the friends beside the store, which answers questions about everybody faster; never the truth."""

    @property
    def copy_size(self) -> int:
        """Bytes; 0 where there is none."""
        ...

    def refresh_copy(self, now: datetime) -> CopyState:
        """Makes the copy, or brings it up to date, whatever that takes. Raises `UsageError` where there can be none,
        `LockedError` where another process uses it for too long."""
        ...

    def remove_copy(self) -> None: ...


Watched = frozenset[tuple[What, str]]
"""Kinds and names of happenings for which something that is armed waits."""


class Friends(Protocol):
    """Who the friends are, what is known of them, and what they did."""

    def import_friends(
        self, account: str, rows: Iterable[FriendRow], now: datetime, watched: Watched = frozenset()
    ) -> ImportCount:
        """Adds and changes friends by LINE user id, in transactions of bounded size; idempotent. What changes of the
        tags and attributes that are `watched` waits as a happening to be looked at, written in the same transaction."""
        ...

    def add_events(self, account: str, rows: Iterable[EventRow], now: datetime) -> EventCount:
        """Records what friends did, in transactions of bounded size; nothing is ever changed, so that it may be
        repeated. Raises ValueError for a value that no database can hold."""
        ...

    def histories(self, account: str, ids: Sequence[int]) -> Mapping[int, tuple[Event, ...]]:
        """What these friends did, the earliest first; friends of whom no event is recorded are left out."""
        ...

    def count_friends(self, account: str) -> FriendCount: ...

    def keep_indexes(self, attributes: Mapping[str, AttributeType]) -> int:
        """Makes the indexes over these attributes, and over tapped links, that are not there yet; how many. It may take
        a while."""
        ...

    def select(self, account: str, predicate: Predicate, now: datetime) -> Iterator[int]:
        """Internal ids of all friends for whom the predicate is true, ascending, streamed. Never a blocked friend,
        never one of another account."""
        ...

    def count(self, account: str, predicate: Predicate, now: datetime) -> int: ...

    def overlap(self, account: str, predicates: Sequence[Predicate], now: datetime) -> Mapping[int, int]:
        """How many friends of whom one of these is true there are, by which of them are: the first one is bit 1, the
        second one 2, the third one 4. Combinations of nobody are left out."""
        ...

    def sort(self, account: str, rules: Sequence[Predicate], now: datetime) -> Iterator[tuple[int, int]]:
        """Everybody who can be reached, by internal id, ascending, streamed; each with the place of the first rule that
        is true of them, or the number of rules where none is."""
        ...

    def sizes(self, account: str, rules: Sequence[Predicate], now: datetime) -> Mapping[int, int]:
        """How many friends `sort` puts to each place; places of nobody are left out."""
        ...

    def as_sources_know(
        self, account: str, predicate: Predicate, friend_id: int, now: datetime
    ) -> Mapping[str, Friend | None]:
        """One friend as the sources know them that a predicate is asked of, for an explanation; None where a source
        does not."""
        ...

    def matches(self, account: str, predicate: Predicate, friend_id: int, now: datetime) -> bool:
        """The same select with one friend's id."""
        ...

    def friends(self, account: str, ids: Sequence[int]) -> Sequence[Friend]:
        """These friends, in the order of `ids`; the forgotten are left out."""
        ...

    def every_friend(self, account: str) -> Iterator[Friend]:
        """All friends by their LINE user id, streamed; also those who block the account."""
        ...

    def forget(self, account: str, user_ids: Sequence[str], now: datetime) -> ForgetCount:
        """Erases these people: their user ids, all that is known of them, and what was written for them. The ledger
        keeps internal ids that mean nobody any more. A keyed hash stays: an import leaves them out from now on.
        Raises `LockedError` where a call to one of them is under way, and forgets nobody then."""
        ...

    def was_forgotten(self, account: str, user_ids: Sequence[str]) -> frozenset[str]:
        """Those of these people who were forgotten here: whoever comes back gets no first-time coupon again."""
        ...

    def friend_ids(self, account: str, user_ids: Sequence[str]) -> Mapping[str, int]: ...

    def line_ids(self, account: str, ids: Sequence[int]) -> Mapping[int, str]: ...


class Revisions(Protocol):
    """What was armed to be sent."""

    def arm(self, account: str, revision: Revision) -> None:
        """Makes this the one armed revision of its address; arming the same digest again changes nothing, not even
        the time of arming."""
        ...

    def disarm(self, account: str, address: str, now: datetime) -> None: ...

    def armed(self, account: str) -> Sequence[Revision]: ...

    def armed_now(self, account: str) -> Sequence[ArmedNow]:
        """What is armed, without the bodies: asked for at every happening."""
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
    ) -> int | None:
        """Writes the occurrence and all its batches in one transaction; None where the occurrence exists already.
        Raises `PoolEmpty` where a code is missing; then nothing is written.

        `position` is that of the ledger when the recipients were chosen by what it says about them, `spent` what the
        budget and the quota were judged by. Raises `LedgerMoved` where another occurrence of the account was frozen
        since, or more is spent or promised by now: of two at once, the second judges anew."""
        ...

    def ledger_position(self, account: str) -> int:
        """A number that grows with every occurrence of the account that is frozen."""
        ...

    def contacts(self, account: str, since: datetime, now: datetime, *, address: str = "") -> Iterator[Contact]:
        """Calls later than `since` that reached friends or may have, and those frozen and still to come, as of `now`;
        no narrowcast, whose recipients nobody knows. With `address`, only those of this campaign."""
        ...

    def frozen_friends(self, send_id: int, *, capped: bool = False) -> Sequence[int]:
        """The recipients of a send, or those of its audience who wait because they are over a limit."""
        ...

    def open_wave(self, send_id: int, wave: int, now: datetime, *, spent: Spent | None = None) -> None:
        """Makes the staged batches of this part and of earlier ones ready, and the send a frozen one. `spent` is what
        the budget was judged by, without this send's own; raises `LedgerMoved` where it is more by now."""
        ...

    def staged(self, send_id: int) -> Mapping[int, int]:
        """Recipients by part, of the parts that are staged."""
        ...

    def followed_after(self, account: str, moment: datetime) -> Iterator[int]:
        """Friends who are known to have followed later than `moment`: an earlier broadcast did not reach them."""
        ...

    def sends(self, account: str, *, address: str = "", unfinished: bool = False) -> Sequence[Send]: ...

    def send(self, account: str, address: str, key: str) -> Send | None: ...

    def claim(self, send_id: int, worker: str, now: datetime, lease: timedelta, limit: int) -> Sequence[Batch]:
        """Takes batches that are ready, or whose caller's lease has run out, and writes the intent to call them,
        durably, before it returns. Two workers never hold the same batch, and a send that was called off has none."""
        ...

    def release(self, batch_ids: Sequence[int], now: datetime) -> None:
        """Gives claimed batches back that were certainly not accepted (a 429), so that they can be claimed again."""
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

    def accepted_request_ids(self, send_id: int) -> Sequence[str]: ...

    def conclude(
        self, send_id: int, status: SendStatus, now: datetime, *, reason: str = "", recipients: int = -1
    ) -> None:
        """Sets the status of an occurrence."""
        ...

    def call_off(self, send_id: int, status: SendStatus, now: datetime, *, reason: str) -> bool:
        """Sets the status of a frozen send of which no batch was ever claimed; False, and nothing changes, where one
        was or it is frozen no more. What is called off can be claimed no more, and codes that it alone shows are free
        again."""
        ...

    def stage_rest(self, send_id: int) -> int:
        """Takes every batch that nobody has claimed out of a frozen send's hands, as a part that waits for a person;
        how many there were. Claimed batches stay to be settled under their keys."""
        ...

    def spent(self, account: str, since: datetime, *, but: int = 0) -> Spent:
        """What was called since the month began at `since`, and what is promised; without the promises of the send
        `but`."""
        ...


@dataclass(frozen=True, slots=True)
class Upload:
    """One upload of friends to an audience of LINE's. Until it is `confirmed`, LINE may have taken it or not."""

    id: int
    friend_ids: tuple[int, ...]
    confirmed: bool


class Audiences(Protocol):
    """Who was uploaded to which of LINE's audiences. `audience` is LINE's id of it."""

    def intend_uploads(self, account: str, audience: int, uploads: Sequence[Sequence[int]]) -> None:
        """Writes down, durably, which uploads are about to be made, by internal friend ids."""
        ...

    def confirm_upload(self, upload_id: int) -> None: ...

    def uploads(self, account: str, audience: int) -> Sequence[Upload]: ...

    def forget_uploads(self, account: str, audience: int) -> None: ...


@dataclass(frozen=True, slots=True)
class CodeCount:
    """What an import of codes did."""

    added: int = 0
    repeated: int = 0
    """Codes that the pool had already."""
    elsewhere: int = 0
    """Codes that another pool of the account has: they stay there, or two people could be given one."""

    def __add__(self, other: CodeCount) -> CodeCount:
        return CodeCount(self.added + other.added, self.repeated + other.repeated, self.elsewhere + other.elsewhere)


@dataclass(frozen=True, slots=True)
class PoolCount:
    """One pool in numbers. Every code is either free or given, and never free again once it may have been read."""

    pool: str
    free: int
    given: int
    confirmed: int
    """Of those given, so many in calls that LINE accepted."""
    nameless: int
    """Of those given, so many whose friends were forgotten since."""


class Codes(Protocol):
    """Pools of codes, each code for one friend."""

    def import_codes(self, account: str, pool: str, codes: Iterable[str], now: datetime) -> CodeCount:
        """Adds codes, in transactions of bounded size; idempotent."""
        ...

    def discard_codes(self, account: str, pool: str) -> int:
        """Deletes the free codes of a pool; how many there were. What was given stays given."""
        ...

    def pool_counts(self, account: str) -> Sequence[PoolCount]:
        """Every pool that codes were ever imported into, by name."""
        ...

    def free_codes(self, account: str, pool: str) -> int: ...

    def code_holders(self, account: str, pool: str) -> Iterator[int]:
        """Friends who have a code of the pool, ascending, streamed."""
        ...

    def held_codes(self, account: str, pool: str, friend_ids: Sequence[int]) -> Mapping[int, str]:
        """The codes of those of these friends who have one."""
        ...


@dataclass(frozen=True, slots=True)
class RecordedCoupon:
    """A coupon of ours. `coupon_id` is empty while it is being made: LINE may have made it or not."""

    name: str
    hash: str
    coupon_id: str
    intended_at: datetime


class Coupons(Protocol):
    """Which of LINE's coupons are ours: they have no room for a mark."""

    def coupons(self, account: str) -> Sequence[RecordedCoupon]:
        """Those that are not closed, the oldest first."""
        ...

    def intend_coupon(self, account: str, name: str, hash_: str, now: datetime) -> None:
        """Writes down, durably, that a coupon is about to be made; once, however often it is said."""
        ...

    def record_coupon(self, account: str, name: str, hash_: str, coupon_id: str) -> None:
        """LINE has made it."""
        ...

    def record_closed(self, account: str, coupon_id: str, now: datetime) -> None: ...


@dataclass(frozen=True, slots=True)
class LinkTarget:
    """Where a tracked link of a send leads, and how often it was tapped."""

    id: int
    account: str
    address: str
    """Of what was sent, such as ``campaign.sale``, and the occurrence."""
    key: str
    link: str
    url: str
    taps: int


class Links(Protocol):
    """Where tracked links lead."""

    def link_target(self, target: int) -> LinkTarget | None: ...

    def link_targets(self, account: str) -> Sequence[LinkTarget]:
        """All of an account, in the order of their sends."""
        ...

    def count_taps(self, taps: Mapping[int, int]) -> None:
        """Adds so many taps to each of these targets."""
        ...


class Leases(Protocol):
    """Locks that run out by themselves."""

    def lease(self, name: str, owner: str, now: datetime, length: timedelta) -> bool:
        """Takes or renews a lease; False while somebody else holds it."""
        ...

    def lease_holder(self, name: str, now: datetime) -> str: ...

    def release_lease(self, name: str, owner: str) -> None: ...


class Paces(Protocol):
    """How fast each account is called, by all processes together."""

    def take_turns(
        self, account: str, rate: Rate, want: int, patience: float, now: datetime, *, refused_at: float | None = None
    ) -> Slice:
        """Takes up to `want` turns of one of LINE's limits, by `lineform.lineapi.pace`; each is handed out once.
        `refused_at` is the moment of a request that met a 429 since: everybody goes slower then."""
        ...


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Who did what, when and to what."""

    at: datetime
    account: str
    actor: str
    action: str
    subject: str
    detail: str = ""


class Audit(Protocol):
    """The notes of who did what."""

    def note(self, entry: AuditEntry) -> None: ...

    def notes(self, account: str, limit: int = 100) -> Sequence[AuditEntry]: ...

    def noted(self, account: str, action: str, since: datetime) -> Sequence[AuditEntry]:
        """Entries of one action since then, the oldest first."""
        ...


class Store(
    Friends,
    Copies,
    Revisions,
    Ledger,
    Audiences,
    Codes,
    Coupons,
    Menus,
    Links,
    Leases,
    Paces,
    Audit,
    Inbox,
    Conversations,
    Items,
    Intake,
    Outbox,
    Journeys,
    AbstractContextManager["Store"],
    Protocol,
):
    """All of it, behind one URL."""

    shared: bool
    """Whether other machines see the same store."""

    def together(self, account: str) -> AbstractContextManager[Store]:
        """The same store, of which everything that is done inside of the block is written in one transaction or, where
        it raises, not at all. What takes the whole account (`import_friends`, `add_events`, `arm`, `forget`) does not
        belong into it: others may hold single friends and wait for those that are held here."""
        ...

    def migrate(self) -> None:
        """Brings the tables to this version, forward only; does nothing where they are."""
        ...

    def claim_bot(self, account: str, bot: str) -> None:
        """Remembers which bot an account's records belong to; raises `CredentialError` when it is another than
        before."""
        ...

    def close(self) -> None: ...
