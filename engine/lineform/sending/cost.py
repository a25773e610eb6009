"""What a send costs: messages, calls, and yen beyond the messages that the plan includes.

LINE counts one message per person and request, however many message objects it holds, and its month is Japan's
(https://developers.line.biz/en/docs/messaging-api/pricing/).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from lineform.lineapi.limits import MULTICAST_RECIPIENTS
from lineform.lineapi.routes import Route
from lineform.model.client import PricePlan

_JAPAN = ZoneInfo("Asia/Tokyo")


@dataclass(frozen=True, slots=True)
class Cost:
    """What a send adds: `messages` are recipients; `yen` is None where no plan is written."""

    messages: int
    calls: int
    yen: float | None


@dataclass(frozen=True, slots=True)
class Budget:
    """How many messages a client allows itself in a month, and how many of them are gone or promised."""

    limit: int
    used: int


def estimate(messages: int, used: int, plan: PricePlan | None, route: Route | None, calls: int | None = None) -> Cost:
    """The cost of a send to `messages` people after `used` others in this month.

    Without `calls`, one call per 500 people by multicast is assumed, one per person where `route` is None or push.
    """
    if calls is None:
        calls = _calls(messages, route)
    return Cost(messages, calls, None if plan is None else yen(used + messages, plan) - yen(used, plan))


def yen(messages: int, plan: PricePlan) -> float:
    """What so many messages in one month cost beyond the plan's own price."""
    return max(0, messages - plan.included) * plan.yen_per_message


def _calls(messages: int, route: Route | None) -> int:
    match route:
        case Route.BROADCAST | Route.NARROWCAST:
            return 1
        case Route.MULTICAST:
            return math.ceil(messages / MULTICAST_RECIPIENTS)
        case Route.PUSH | Route.REPLY | None:
            return messages


def month_start(now: datetime) -> datetime:
    """The first moment of LINE's month that `now` is in, in Japan's time."""
    return now.astimezone(_JAPAN).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
