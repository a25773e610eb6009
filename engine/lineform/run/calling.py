"""One claimed batch: called under its key until its outcome is known.

What follows from each outcome is decided in `lineform.sending.retry`; here it is done.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum, auto

from lineform.lineapi.routes import Route
from lineform.ports.ledger import Batch, Settled
from lineform.ports.line_account import (
    LineFailure,
    NotWanted,
    OutcomeUnknown,
    QuotaExceeded,
    RateLimited,
    Refused,
    TooManyToOne,
    Unauthorised,
)
from lineform.run.options import Run
from lineform.run.settling import Settling
from lineform.sending.batches import addressed
from lineform.sending.retry import (
    AskAgain,
    GiveBack,
    Leave,
    Outcome,
    RecordAccepted,
    RecordRefused,
    RecordUncertain,
    SetAside,
    after,
    expired,
    key_lives,
)
from lineform.sending.status import BatchStatus, SendStatus


class End(Enum):
    """How one batch's turn ended."""

    SETTLED = auto()
    RATE_LIMITED = auto()
    QUOTA = auto()
    LEFT = auto()
    SET_ASIDE = auto()
    STOPPED = auto()
    """Nothing was called, because the run ends here."""


class Caller:
    """Calls batches of one run. Those that were certainly not accepted gather in `given_back`, to be released, and in
    `aside`, to be called later."""

    def __init__(self, run: Run, settling: Settling, wanted: Callable[[], bool]) -> None:
        self._run = run
        self._wanted = wanted
        self._settling = settling
        self.given_back: list[int] = []
        self.aside: list[int] = []

    async def call(self, batch: Batch, user_ids: Sequence[str]) -> End:
        """One batch from its claim to its outcome; `user_ids` are those of its friends who are not forgotten.

        Raises Unauthorised where the token is no longer good.
        """
        if batch.first_called_at is not None and not key_lives(batch.first_called_at, self._run.clock.now()):
            return self._settle(batch, BatchStatus.UNCERTAIN, reason=expired(batch.first_called_at))
        if len(user_ids) < len(batch.friend_ids):
            if batch.first_called_at is not None:
                gone = "a recipient was forgotten after the first call, so the same request cannot be repeated"
                return self._settle(batch, BatchStatus.UNCERTAIN, reason=gone)
            if not user_ids:
                return self._settle(batch, BatchStatus.FORGOTTEN, reason="every recipient was forgotten")
        return await self._repeat(batch, addressed(batch.body, batch.route, user_ids))

    async def _repeat(self, batch: Batch, body: bytes) -> End:
        run = self._run
        first = batch.first_called_at or run.clock.now()
        # An earlier run that called and recorded nothing leaves its outcome open.
        unsure = batch.first_called_at is not None
        tries = 0
        while True:
            tries += 1
            try:
                outcome, said, request_id = await self._once(batch, body, unsure)
            except NotWanted:
                # Where an earlier call may have been accepted, the open intent stays.
                if not unsure:
                    self.given_back.append(batch.id)
                return End.STOPPED
            unsure = unsure or outcome is Outcome.UNKNOWN
            match after(outcome, tries, first, run.clock.now(), unsure, batch.attempts + 1):
                case RecordAccepted():
                    if batch.route is Route.NARROWCAST:
                        # Before the batch is settled: after a crash between the two, the call is made again (409), and
                        # nobody takes a narrowcast that LINE still works on for one that was sent.
                        await run.records(run.store.conclude, batch.send_id, SendStatus.ACCEPTED, run.clock.now())
                    return self._settle(batch, BatchStatus.ACCEPTED, request_id=request_id)
                case RecordRefused():
                    return self._settle(batch, BatchStatus.REFUSED, request_id=request_id, reason=said)
                case RecordUncertain(reason):
                    return self._settle(batch, BatchStatus.UNCERTAIN, reason=reason)
                case GiveBack(stop):
                    self.given_back.append(batch.id)
                    return End.QUOTA if stop else End.RATE_LIMITED
                case SetAside():
                    self.aside.append(batch.id)
                    return End.SET_ASIDE
                case AskAgain(seconds):
                    await run.clock.sleep(seconds)
                case Leave():
                    return End.LEFT

    async def _once(self, batch: Batch, body: bytes, unsure: bool) -> tuple[Outcome, str, str]:
        try:
            accepted = await self._run.account.send(batch.route, body, batch.retry_key, self._wanted)
        except Refused as failure:
            return Outcome.REFUSED, _said(failure), failure.request_id
        except TooManyToOne as failure:
            # Of several friends one may be meant: such a call is not the one friend's.
            one = batch.route is Route.PUSH
            return Outcome.TOO_MANY_TO_ONE if one else Outcome.RATE_LIMITED, _said(failure), failure.request_id
        except RateLimited as failure:
            return Outcome.RATE_LIMITED, failure.message, ""
        except QuotaExceeded as failure:
            return Outcome.QUOTA_EXCEEDED, failure.message, ""
        except OutcomeUnknown as failure:
            return Outcome.UNKNOWN, failure.message, ""
        except Unauthorised:
            # Certainly not accepted, unless an earlier call was: then the open intent must stay.
            if not unsure:
                self.given_back.append(batch.id)
            raise
        return Outcome.ACCEPTED, "", accepted.accepted_request_id

    def _settle(self, batch: Batch, status: BatchStatus, *, request_id: str = "", reason: str = "") -> End:
        self._settling.add(Settled(batch.id, status, request_id, reason, batch.does))
        return End.SETTLED


def _said(failure: LineFailure) -> str:
    return f"{failure.message} ({failure.details})" if failure.details else failure.message
