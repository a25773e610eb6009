"""Whether the month's budget and LINE's quota allow further messages: asked before they are frozen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from lineform.model.project import Client
from lineform.planning.live import Quota
from lineform.ports.store import Store
from lineform.run.options import Run
from lineform.sending.cost import month_start
from lineform.sending.guards import Figures, Stop, money_stops


class AskQuota(Exception):
    """Messages are to be pushed, and nobody has asked LINE yet how many it allows. Nothing was written."""


class OverBudget(Exception):
    """A budget or LINE's quota refuses what was decided; nothing was written."""

    def __init__(self, stop: Stop, purse: Purse) -> None:
        super().__init__(stop.sentence)
        self.stop, self.purse = stop, purse


@dataclass(frozen=True, slots=True)
class Purse:
    """What LINE said about the quota."""

    quota: Quota
    spent: Stop | None = None
    """What refused already what was decided: then steps wait, and only answers go out."""

    def judge(self, store: Store, client: Client, now: datetime, messages: int) -> None:
        """Raises OverBudget where a guard refuses so many further messages. Inside of `together`, whose end is the
        freeze: until then nobody else promises any, so that what is allowed now is allowed when they are written."""
        limits = client.limits
        free = self.quota.limit is None and limits.monthly_messages is None and limits.monthly_yen is None
        if not messages or free:
            return
        store.freeze_alone(client.name)
        spent = store.spent(client.name, month_start(now))
        left, used = self.quota.left_after(spent.called), self.quota.used
        figures = Figures(messages, True, left, used, spent.called, promised=spent.promised)
        for stop in money_stops(figures, limits, client.plan):
            raise OverBudget(stop, self)


T = TypeVar("T")


async def within_budget(run: Run, decide: Callable[[Purse | None], T]) -> T:
    """What `decide` comes to, in the store's thread: asked without a purse first, as most decisions push nothing; then
    with one; and where that refuses, with one that is spent, so that what happened is looked at all the same."""
    try:
        return await run.records(decide, None)
    except AskQuota:
        purse = Purse(await run.account.quota())
    try:
        return await run.records(decide, purse)
    except OverBudget as over:
        return await run.records(decide, replace(purse, spent=over.stop))
