"""Whether the month's budget and LINE's quota allow further messages: asked before they are frozen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from lineform.model.project import Client
from lineform.planning.live import Quota
from lineform.ports.store import Spent, Store
from lineform.sending.cost import month_start
from lineform.sending.guards import Figures, Stop, stops


class AskQuota(Exception):
    """Messages are to be pushed, and nobody has asked LINE yet how many it allows. Nothing was written."""


@dataclass(frozen=True, slots=True)
class Purse:
    """What LINE said about the quota."""

    quota: Quota

    def refuses(self, store: Store, client: Client, now: datetime, messages: int) -> Stop | None:
        """The guard that refuses so many further messages; None where they are allowed."""
        limits = client.limits.model_copy(update={"max_recipients": None, "tested_above": None})
        free = self.quota.limit is None and limits.monthly_messages is None and limits.monthly_yen is None
        if not messages or free:
            return None
        spent: Spent = store.spent(client.name, month_start(now))
        left, used = self.quota.left_after(spent.called), self.quota.used
        figures = Figures(messages, True, left, used, spent.called, promised=spent.promised, tested=True)
        return next(iter(stops(figures, None, limits, client.plan)), None)
