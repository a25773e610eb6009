"""Narrowcasts: accepted at once, filtered and sent later, watched by their request id.

https://developers.line.biz/en/reference/messaging-api/#send-narrowcast-message
"""

from __future__ import annotations

import json
from typing import Any

from lineform.lineapi import errors, limits
from lineform.sandbox import budget, retry_keys
from lineform.sandbox.accounts import Account
from lineform.sandbox.answers import Answer, Call, bad_parameter, body_errors, json_object, not_found, ok, refuse
from lineform.sandbox.api.audience_filter import (
    check_demographic,
    check_recipient,
    needs_fifty,
    selected,
    too_small_audience,
)
from lineform.sandbox.api.findings import check_message_list
from lineform.sandbox.api.ids import is_uuid
from lineform.sandbox.clock import iso
from lineform.sandbox.outbox import Send, deliver
from lineform.sandbox.routing import Route
from lineform.sandbox.world import Job, World

KEPT_SECONDS = limits.NARROWCAST_PROGRESS_DAYS * 86400.0
PATH = "/v2/bot/message/narrowcast"
TOO_FEW = (2, "there weren't enough recipients")
TOO_SMALL = (4, "one of the audiences is too small")
PARTIAL = (5, "message delivery was canceled to prevent a partial delivery")


def send(world: World, account: Account, call: Call) -> Answer:
    """POST /v2/bot/message/narrowcast: accepted now, sent by a job."""
    body = json_object(call)
    retry_keys.refuse_repetition(world, account, call)
    check_message_list(body)
    limit = _limit(body)
    _check_whom(world, account, call, body)
    amount = _reservation(world, account, call, limit)
    budget.demand(world, account, call.now, amount)
    budget.reserve(world, account, call.request_id, amount)
    ends = call.now + account.settings.narrowcast_seconds
    starts = call.now + account.settings.narrowcast_seconds / 2
    world.state.run(
        "insert into narrowcasts (request_id, account, body, accepted, starts, ends, retry_key) values (?,?,?,?,?,?,?)",
        *(call.request_id, account.id, json.dumps(body, ensure_ascii=False), call.now, starts, ends),
        call.headers.get(retry_keys.HEADER),
    )
    world.later(account.id, ends, "narrowcast", {"request": call.request_id, "reserved": amount})
    retry_keys.accept(world, account, call)
    return ok(status=202)


def _check_whom(world: World, account: Account, call: Call, body: dict[str, Any]) -> None:
    if body.get("recipient") is not None:
        check_recipient(world, account, call, body["recipient"])
    chosen = body.get("filter")
    if chosen is not None and not isinstance(chosen, dict):
        raise body_errors(("must be an object", "filter"))
    if chosen and chosen.get("demographic") is not None:
        check_demographic(chosen["demographic"])
        if budget.target_reach(world, account) < limits.NARROWCAST_ATTRIBUTE_REACH_MIN:
            raise refuse(403, errors.NOT_ENOUGH_FRIENDS)


def _limit(body: dict[str, Any]) -> dict[str, Any]:
    limit = {} if body.get("limit") is None else body["limit"]
    if not isinstance(limit, dict):
        raise body_errors(("must be an object", "limit"))
    most = limit.get("max")
    if most is not None and (not isinstance(most, int) or isinstance(most, bool) or most < 1):
        raise body_errors(("Must be greater than or equal to 1", "limit.max"))
    for name in ("upToRemainingQuota", "forbidPartialDelivery"):
        if not isinstance(limit.get(name, False), bool):
            raise body_errors(("must be a boolean", f"limit.{name}"))
    if limit.get("forbidPartialDelivery") and not limit.get("upToRemainingQuota"):
        raise refuse(400, "The option forbidPartialDelivery must be used with upToRemainingQuota.")
    return limit


def _reservation(world: World, account: Account, call: Call, limit: dict[str, Any]) -> int:
    """The whole target reach, however few the audience: only `limit` makes it less."""
    amounts = [budget.target_reach(world, account)]
    if limit.get("max") is not None:
        amounts.append(limit["max"])
    free = budget.left(world, account, call.now)
    if limit.get("upToRemainingQuota") and free is not None:
        amounts.append(free)
    return min(amounts)


def work(world: World, job: Job) -> None:
    """Choose the recipients, send, and give back what was reserved too much."""
    request = job.payload["request"]
    row = world.state.one("select * from narrowcasts where request_id=?", request)
    if row is None:
        return
    body = json.loads(row["body"])
    budget.release(world, request)
    result = _send_now(world, job, request, row["retry_key"], body)
    world.state.run("update narrowcasts set result=? where request_id=?", json.dumps(result), request)


def _send_now(world: World, job: Job, request: str, retry_key: str | None, body: dict[str, Any]) -> dict[str, Any]:
    users = selected(world, job.account, body, job.due)
    if too_small_audience(world, job.account, body, job.due):
        return _failed(TOO_SMALL)
    if needs_fifty(world, job.account, body) and len(users) < limits.NARROWCAST_RECIPIENTS_MIN:
        return _failed(TOO_FEW)
    limit = body.get("limit") or {}
    most = min(limit.get("max") or len(users), len(users))
    fits = min(most, job.payload["reserved"])
    if limit.get("forbidPartialDelivery") and fits < most:
        return _failed(PARTIAL)
    chosen = set(world.random.sample(users, fits)) if fits < len(users) else set(users)
    messages, silent = body["messages"], bool(body.get("notificationDisabled", False))
    sending = Send(job.account, "narrowcast", job.due, PATH, request, retry_key, messages, silent)
    count = deliver(world, sending, (user for user in users if user in chosen))
    budget.use(world, job.account, job.due, count)
    return {"phase": "succeeded", "successCount": count, "failureCount": 0, "targetCount": count}


def _failed(reason: tuple[int, str]) -> dict[str, Any]:
    return {"phase": "failed", "errorCode": reason[0], "failedDescription": reason[1]}


def progress(world: World, account: Account, call: Call) -> Answer:
    """GET /v2/bot/message/progress/narrowcast."""
    request = call.query.get("requestId", "")
    if not is_uuid(request):
        raise bad_parameter("requestId")
    sql = "select * from narrowcasts where request_id=? and account=? and accepted>?"
    row = world.state.one(sql, request, account.id, call.now - KEPT_SECONDS)
    if row is None:
        raise not_found()
    accepted = {"acceptedTime": iso(row["accepted"])}
    if row["result"] is None:
        return ok({"phase": "waiting" if call.now < row["starts"] else "sending", **accepted})
    return ok({**json.loads(row["result"]), **accepted, "completedTime": iso(row["ends"])})


ROUTES = (
    Route("POST", PATH, send, retry_key=True),
    Route("GET", "/v2/bot/message/progress/narrowcast", progress),
)
