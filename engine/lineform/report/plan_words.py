"""The sentences about a plan that its text and its Markdown share."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from lineform.planning.change import SILENT, Action
from lineform.planning.estimate import estimate
from lineform.planning.live import LiveAccount
from lineform.planning.live_audiences import LiveAudience
from lineform.planning.plan import ClientPlan, PlanFile
from lineform.planning.view import ForeignMenu
from lineform.plural import plural
from lineform.report.entries import Entry
from lineform.report.terminal import clipped, printable
from lineform.sending.cost import Budget, month_start

Live = Mapping[str, LiveAccount]
"""What the accounts showed, by client."""
Outlooks = Mapping[str, Sequence[Entry]]
"""What the campaigns that a plan arms would send, by client."""
Budgets = Mapping[str, Budget]
"""What the clients that have one allow themselves, by client."""
_VALUE: Final = 48
"""Cells for each side of a difference."""


def totals(file: PlanFile) -> str:
    """``2 create, 1 arm``; empty where there is nothing to do."""
    counts = {action: sum(plan.counts[action] for plan in file.clients) for action in Action}
    return ", ".join(f"{count:,} {action.word}" for action, count in counts.items() if count and action not in SILENT)


def as_declared(file: PlanFile) -> str:
    """The sentence about accounts on which nothing is to be done, without its end."""
    if not file.undeclared:
        return "every account is as declared"
    stay = "stays" if file.undeclared == 1 else "stay"
    return (
        f"everything declared is there, and {plural(file.undeclared, 'resource')} without a file {stay} until `--prune`"
    )


def value_text(value: Any) -> str:
    """A value of a menu, short; a side that is not there is a dash."""
    return "–" if value is None else clipped(printable(json.dumps(value, ensure_ascii=False)), _VALUE)


def foreign_text(menu: ForeignMenu) -> str:
    """A foreign menu: its name, its id, and who is sent to it."""
    uses = [f"alias {alias}" for alias in menu.aliases] + (["the default"] if menu.default else [])
    used = f" ({', '.join(uses)})" if uses else ""
    return f"{clipped(printable(menu.name), 60)} {menu.menu_id}{used}"


def foreign_audience_text(audience: LiveAudience) -> str:
    """An audience that is not ours: its name, what it is, and how many LINE counts in it."""
    name = clipped(printable(audience.description), 60)
    return f"{name} {audience.id} ({audience.type}, {audience.status.value or 'unknown'}, {audience.count:,})"


def month(live: LiveAccount, entries: Sequence[Entry], now: datetime, budget: Budget | None = None) -> str:
    """The quota of this month, what these sends leave of it, and whether the client's own budget has room for all of
    them: each alone was held against it already. What goes in a later month is that month's."""
    this = f"{month_start(now):%Y-%m}"
    sends = sum(entry.cost.messages for entry in entries if entry.cost is not None and entry.key.startswith(this))
    own = "" if budget is None else f"; {_budgeted(budget, sends)}"
    quota = live.quota
    if quota.limit is None or quota.left is None:
        return f"this month: {plural(quota.used, 'message')} used, no limit{own}"
    after = f", {max(0, quota.left - sends):,} after these sends" if sends else ""
    short = f" ({sends - quota.left:,} too few)" if sends > quota.left else ""
    return (
        f"this month: {quota.used:,} of {plural(quota.limit, 'message')} used, {quota.left:,} left{after}{short}{own}"
    )


def _budgeted(budget: Budget, sends: int) -> str:
    total = budget.used + sends
    over = f" ({total - budget.limit:,} too many)" if total > budget.limit else ""
    return f"{total:,} of the budget of {plural(budget.limit, 'message')}{' with these sends' if sends else ''}{over}"


def waits(plan: ClientPlan) -> str:
    """How long LINE's hourly limits make the plan wait; empty where they do not."""
    needed = estimate(plan.steps)
    return f"takes at least {_length(needed.at_least)} ({needed.because})" if needed.at_least else ""


def _length(span: timedelta) -> str:
    minutes = -(-int(span.total_seconds()) // 60)
    hours, rest = divmod(minutes, 60)
    return " ".join(
        part for part in (plural(hours, "hour") if hours else "", plural(rest, "minute") if rest else "") if part
    )
