"""The month's quota and consumption, delivery counts per day, and statistics units.

https://developers.line.biz/en/reference/messaging-api/#get-quota and what follows it there
"""

from __future__ import annotations

import base64
import binascii
from datetime import date, datetime, timedelta

from lineform.sandbox import budget
from lineform.sandbox.accounts import Account
from lineform.sandbox.answers import Answer, Call, bad_parameter, ok, refuse
from lineform.sandbox.clock import JST, jst_day, jst_midnight, jst_month
from lineform.sandbox.routing import Route
from lineform.sandbox.world import World

FIRST_DAY = date(2018, 3, 31)
UNITS_PAGE = 100


def quota(world: World, account: Account, call: Call) -> Answer:
    """GET /v2/bot/message/quota."""
    limit = account.settings.plan_limit
    return ok({"type": "none"} if limit is None else {"type": "limited", "value": limit})


def consumption(world: World, account: Account, call: Call) -> Answer:
    """GET /v2/bot/message/quota/consumption."""
    return ok({"totalUsage": budget.used(world, account, call.now)})


def deliveries(world: World, account: Account, call: Call) -> Answer:
    """Recipients of a day in Japan's time, ready on the next."""
    day = _day(call.query.get("date", ""))
    if day < FIRST_DAY:
        return ok({"status": "out_of_service"})
    if day >= jst_day(call.now):
        return ok({"status": "unready"})
    sql = "select sum(counted) from sends where account=? and kind=? and time>=? and time<?"
    kind = call.path.rpartition("/")[2]
    begin, end = jst_midnight(day), jst_midnight(day + timedelta(days=1))
    return ok({"status": "ready", "success": world.state.number(sql, account.id, kind, begin, end)})


def _day(text: str) -> date:
    if len(text) == 8 and text.isascii() and text.isdigit():
        try:
            return datetime.strptime(text, "%Y%m%d").replace(tzinfo=JST).date()
        except ValueError:
            pass
    raise bad_parameter("date")


def units_info(world: World, account: Account, call: Call) -> Answer:
    """GET /v2/bot/message/aggregation/info: how many units this month has."""
    sql = "select count(*) from units where account=? and month=?"
    return ok({"numOfCustomAggregationUnits": world.state.number(sql, account.id, jst_month(call.now))})


def units_list(world: World, account: Account, call: Call) -> Answer:
    """GET /v2/bot/message/aggregation/list: their names, page by page."""
    limit = _limit(call)
    after = _after(call)
    sql = "select unit from units where account=? and month=? and unit>? order by unit limit ?"
    names = [row["unit"] for row in world.state.all(sql, account.id, jst_month(call.now), after, limit + 1)]
    answer: dict[str, object] = {"customAggregationUnits": names[:limit]}
    if len(names) > limit:
        answer["next"] = base64.urlsafe_b64encode(names[limit - 1].encode()).decode()
    return ok(answer)


def _limit(call: Call) -> int:
    text = call.query.get("limit", str(UNITS_PAGE))
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= UNITS_PAGE:
        raise bad_parameter("limit")
    return int(text)


def _after(call: Call) -> str:
    try:
        return base64.urlsafe_b64decode(call.query.get("start", "")).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise refuse(400, "Invalid start param") from None


ROUTES = (
    Route("GET", "/v2/bot/message/quota", quota),
    Route("GET", "/v2/bot/message/quota/consumption", consumption),
    *(
        Route("GET", f"/v2/bot/message/delivery/{kind}", deliveries)
        for kind in ("reply", "push", "multicast", "broadcast")
    ),
    Route("GET", "/v2/bot/message/aggregation/info", units_info),
    Route("GET", "/v2/bot/message/aggregation/list", units_list),
)
