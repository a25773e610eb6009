"""Bugs to be planted, each by its name: a proof that finds none of them proves nothing. `BUG=…` plants one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from uuid import uuid4

from lineform.ports.ledger import Spent
from lineform.ports.line_account import RateLimited
from lineform.run import calling, deliver, tick
from lineform.sending import retry
from lineform.sending.batches import addressed
from lineform.sending.status import BatchStatus, SendStatus
from lineform.store import contacts, ledger


def _keys_drawn_at_each_claim() -> None:
    read = ledger._batch
    ledger._batch = lambda *args: replace(read(*args), retry_key=uuid4())


def _outcome_before_the_call() -> None:
    call = calling.Caller.call

    async def early(self: Any, batch: Any, user_ids: Any) -> Any:
        self._run.store.settle(batch.id, BatchStatus.ACCEPTED, self._run.clock.now())
        return await call(self, batch, user_ids)

    calling.Caller.call = early  # type: ignore[method-assign]


def _no_answer_taken_for_acceptance() -> None:
    after = retry.after

    def trusting(outcome: Any, *args: Any) -> Any:
        return retry.RecordAccepted() if outcome is retry.Outcome.UNKNOWN else after(outcome, *args)

    calling.after = trusting


def _rate_limit_taken_for_refusal() -> None:
    calling.RateLimited = ()  # type: ignore[assignment, misc]
    calling.Refused = (calling.Refused, RateLimited)  # type: ignore[assignment, misc]


def _keys_that_never_die() -> None:
    calling.key_lives = lambda first_called_at, now: True
    retry.key_lives = lambda first_called_at, now: True


def _promises_not_counted() -> None:
    spent = ledger.LedgerRecords.spent

    def forgetful(self: Any, account: str, since: Any, *, but: int = 0) -> Spent:
        return replace(spent(self, account, since, but=but), promised=0)

    ledger.LedgerRecords.spent = forgetful  # type: ignore[method-assign]
    ledger.LedgerRecords.refuse_spent = lambda *args, **kwargs: None  # type: ignore[method-assign]


def _money_judged_without_a_lock() -> None:
    ledger.LedgerRecords.refuse_spent = lambda *args, **kwargs: None  # type: ignore[method-assign]


def _caps_judged_without_a_lock() -> None:
    ledger.LedgerRecords.refuse_later = lambda *args: None  # type: ignore[method-assign]


def _caps_that_forget_what_is_coming() -> None:
    contacts._COMING = (BatchStatus.REFUSED,)


def _uncertain_told_as_sent() -> None:
    told = deliver.conclusion
    deliver.conclusion = lambda batches, **how: (
        SendStatus.SENT if told(batches, **how) is SendStatus.UNCERTAIN else told(batches, **how)
    )


def _half_of_the_recipients() -> None:
    calling.addressed = lambda body, route, user_ids: addressed(
        body, route, list(user_ids)[: max(1, len(user_ids) // 2)]
    )


def _what_is_left_is_forgotten() -> None:
    async def nothing(*args: Any) -> None:
        return None

    tick.resume = nothing


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
