"""Bugs to be planted, each by its name: a proof that finds none of them proves nothing. `BUG=…` plants one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from types import ModuleType
from typing import Any, TypeVar
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy import Connection

from lineform.lineapi.routes import Route
from lineform.ports.ledger import Batch, Revision, Spent
from lineform.run import calling, deliver, tick
from lineform.run.crew import Crew
from lineform.run.options import Run
from lineform.run.resume import resume
from lineform.sending import retry
from lineform.sending.batches import addressed
from lineform.sending.caps import Contact
from lineform.sending.conclusion import conclusion
from lineform.sending.frames import Frame
from lineform.sending.retry import Outcome
from lineform.sending.status import CALLED, BatchStatus, SendStatus
from lineform.store import contacts, freezing, ledger
from lineform.store.freezing import FreezeRecords
from lineform.store.tables import batches

F = TypeVar("F", bound=Callable[..., Any])


def _instead_of(right: F, *places: ModuleType | type) -> Callable[[F], F]:
    """Plants a function where another one is used, by its name there; it has to be called in the same way. Raises
    LookupError where the right one is not: a bug that is planted beside its place would never be found."""

    def plant(wrong: F) -> F:
        for place in places:
            if getattr(place, right.__name__, None) is not right:
                raise LookupError(f"{place.__name__} has no {right.__name__} to be replaced")
            setattr(place, right.__name__, wrong)
        return wrong

    return plant


def _keys_drawn_at_each_claim() -> None:
    read = ledger._batch

    @_instead_of(read, ledger)
    def drawn(row: Any, frame: Frame | None, *, does: bool) -> Batch:
        return replace(read(row, frame, does=does), retry_key=uuid4())


def _outcome_before_the_call() -> None:
    call = calling.Caller.call

    @_instead_of(call, calling.Caller)
    async def early(self: calling.Caller, batch: Batch, user_ids: Sequence[str]) -> calling.End:
        self._run.store.settle(batch.id, BatchStatus.ACCEPTED, self._run.clock.now())
        return await call(self, batch, user_ids)


def _no_answer_taken_for_acceptance() -> None:
    after = retry.after

    @_instead_of(after, calling)
    def trusting(
        outcome: Outcome, tries: int, first_called_at: datetime, now: datetime, unsure: bool = False, attempts: int = 1
    ) -> retry.Next:
        if outcome is Outcome.UNKNOWN:
            return retry.RecordAccepted()
        return after(outcome, tries, first_called_at, now, unsure, attempts)


def _rate_limit_taken_for_refusal() -> None:
    once = calling.Caller._once

    @_instead_of(once, calling.Caller)
    async def refused(self: calling.Caller, batch: Batch, body: bytes, unsure: bool) -> tuple[Outcome, str, str]:
        outcome, said, request_id = await once(self, batch, body, unsure)
        limited = outcome in {Outcome.RATE_LIMITED, Outcome.TOO_MANY_TO_ONE}
        return Outcome.REFUSED if limited else outcome, said, request_id


def _keys_that_never_die() -> None:
    @_instead_of(retry.key_lives, calling, retry)
    def always(first_called_at: datetime | None, now: datetime) -> bool:
        return True


def _promises_not_counted() -> None:
    spent = FreezeRecords.spent

    @_instead_of(spent, FreezeRecords)
    def forgetful(self: FreezeRecords, account: str, since: datetime, *, but: int = 0) -> Spent:
        return replace(spent(self, account, since, but=but), promised=0)

    _money_judged_without_a_lock()


def _money_judged_without_a_lock() -> None:
    @_instead_of(freezing._more, freezing)
    def unasked(connection: Connection, account_id: int, judged: Spent | None, but: int = 0) -> Spent | None:
        return None


def _caps_judged_without_a_lock() -> None:
    @_instead_of(freezing._newer, freezing)
    def unasked(connection: Connection, account_id: int, position: int) -> list[Contact]:
        return []


def _caps_that_forget_what_is_coming() -> None:
    @_instead_of(contacts._reached, contacts)
    def called(since: datetime) -> sa.ColumnElement[bool]:
        return sa.and_(batches.c.status.in_(CALLED), batches.c.called_at > since)


def _uncertain_told_as_sent() -> None:
    @_instead_of(conclusion, deliver)
    def told(batches: Mapping[BatchStatus, int], *, asynchronous: bool) -> SendStatus | None:
        found = conclusion(batches, asynchronous=asynchronous)
        return SendStatus.SENT if found is SendStatus.UNCERTAIN else found


def _half_of_the_recipients() -> None:
    @_instead_of(addressed, calling)
    def halved(body: bytes, route: Route, user_ids: Sequence[str]) -> bytes:
        return addressed(body, route, user_ids[: max(1, len(user_ids) // 2)])


def _what_is_left_is_forgotten() -> None:
    @_instead_of(resume, tick)
    async def nothing(run: Run, revisions: Sequence[Revision], crew: Crew) -> None:
        return None


BUGS: Mapping[str, Callable[[], None]] = {
    made.__name__.lstrip("_").replace("_", "-"): made
    for made in (
        _keys_drawn_at_each_claim,
        _outcome_before_the_call,
        _no_answer_taken_for_acceptance,
        _rate_limit_taken_for_refusal,
        _keys_that_never_die,
        _promises_not_counted,
        _money_judged_without_a_lock,
        _caps_judged_without_a_lock,
        _caps_that_forget_what_is_coming,
        _uncertain_told_as_sent,
        _half_of_the_recipients,
        _what_is_left_is_forgotten,
    )
}
