"""Reply, push, multicast and broadcast, and the validation of messages.

https://developers.line.biz/en/reference/messaging-api/#messages. Who blocked the account or never was a friend is
answered 200, receives nothing and costs nothing; who never existed in this channel is a 400.
"""

from __future__ import annotations

import re
from typing import Any

from lineform.lineapi import errors, limits
from lineform.sandbox import budget, retry_keys
from lineform.sandbox.accounts import Account
from lineform.sandbox.answers import Answer, Call, bad_property, body_errors, json_object, ok, refuse
from lineform.sandbox.api.findings import check_message_list
from lineform.sandbox.api.ids import is_chat_id, is_user_id
from lineform.sandbox.clock import jst_month
from lineform.sandbox.outbox import Send, deliver, deliver_to_friends, sent_messages
from lineform.sandbox.routing import Route
from lineform.sandbox.world import World

_UNIT = re.compile(limits.UNIT_PATTERN)
WROTE_LATELY = limits.PUSH_AFTER_MESSAGE_DAYS * 86400.0


def reply(world: World, account: Account, call: Call) -> Answer:
    """Free of charge, once per token, within a minute."""
    body = json_object(call)
    token = body.get("replyToken")
    if not isinstance(token, str):
        raise body_errors(("May not be empty", "replyToken"))
    messages = check_message_list(body)
    sql = "update reply_tokens set used=1 where token=? and account=? and used=0 and expires>=? returning user"
    row = world.state.one(sql, token, account.id, call.now)
    if row is None:
        raise refuse(400, errors.INVALID_REPLY_TOKEN)
    deliver(world, Send.of(account, call, "reply", body), [row["user"]])
    return ok({"sentMessages": sent_messages(world, messages)})


def push(world: World, account: Account, call: Call) -> Answer:
    """POST /v2/bot/message/push: to one friend."""
    body = json_object(call)
    retry_keys.refuse_repetition(world, account, call)
    user = body.get("to")
    if not is_chat_id(user):
        raise bad_property("'to'")
    messages = check_message_list(body)
    units = _units(body)
    row = world.state.one("select relation, wrote_at from people where account=? and user=?", account.id, user)
    if row is None:
        raise refuse(400, errors.FAILED_TO_SEND)
    wrote = row["relation"] == "stranger" and row["wrote_at"] is not None
    reached = row["relation"] == "friend" or (wrote and row["wrote_at"] > call.now - WROTE_LATELY)
    budget.demand(world, account, call.now, int(reached))
    deliver(world, Send.of(account, call, "push", body), [str(user)] if reached else [])
    budget.use(world, account.id, call.now, int(reached))
    _count_units(world, account, call, units)
    sent = sent_messages(world, messages)
    retry_keys.accept(world, account, call, sent)
    return ok({"sentMessages": sent})


def multicast(world: World, account: Account, call: Call) -> Answer:
    """POST /v2/bot/message/multicast: the same to many friends."""
    body = json_object(call)
    retry_keys.refuse_repetition(world, account, call)
    users = _multicast_users(body)
    check_message_list(body)
    units = _units(body)
    reached = _friends_among(world, account, users)
    budget.demand(world, account, call.now, len(reached))
    deliver(world, Send.of(account, call, "multicast", body), reached)
    budget.use(world, account.id, call.now, len(reached))
    _count_units(world, account, call, units)
    retry_keys.accept(world, account, call)
    return ok()


def _multicast_users(body: dict[str, Any]) -> list[str]:
    users = body.get("to")
    if not isinstance(users, list) or not 1 <= len(users) <= limits.MULTICAST_RECIPIENTS:
        raise body_errors((f"Size must be between 1 and {limits.MULTICAST_RECIPIENTS}", "to"))
    for place, user in enumerate(users):
        if not is_user_id(user):
            raise bad_property(f"to[{place}]")
    return users


def _friends_among(world: World, account: Account, users: list[str]) -> list[str]:
    """The reachable ones in the order given, each once."""
    wanted = list(dict.fromkeys(users))
    marks = ",".join("?" * len(wanted))
    sql = f"select user, relation from people where account=? and user in ({marks})"  # noqa: S608 - only marks
    found = {row["user"]: row["relation"] for row in world.state.all(sql, account.id, *wanted)}
    if account.settings.refuse_foreign_multicast:
        for place, user in enumerate(users):
            if user not in found:
                raise bad_property(f"to[{place}]")
    return [user for user in wanted if found.get(user) == "friend"]


def broadcast(world: World, account: Account, call: Call) -> Answer:
    """POST /v2/bot/message/broadcast: to every friend."""
    body = json_object(call)
    retry_keys.refuse_repetition(world, account, call)
    check_message_list(body)
    budget.demand(world, account, call.now, budget.friends(world, account))
    count = deliver_to_friends(world, Send.of(account, call, "broadcast", body))
    budget.use(world, account.id, call.now, count)
    retry_keys.accept(world, account, call)
    return ok()


def validate(world: World, account: Account, call: Call) -> Answer:
    """Looks at `messages` and nothing else; costs no quota."""
    check_message_list(json_object(call))
    return ok()


def _units(body: dict[str, Any]) -> list[str]:
    units = body.get("customAggregationUnits")
    if units is None:
        return []
    if not isinstance(units, list) or len(units) > limits.UNITS_PER_MESSAGE:
        raise body_errors((f"Size must be between 0 and {limits.UNITS_PER_MESSAGE}", "customAggregationUnits"))
    for place, unit in enumerate(units):
        if not isinstance(unit, str) or not _UNIT.fullmatch(unit):
            raise body_errors(("invalid unit name", f"customAggregationUnits[{place}]"))
    return units


def _count_units(world: World, account: Account, call: Call, units: list[str]) -> None:
    """From the 1001st name of a month on, LINE sends the message and drops the name without a word."""
    month = jst_month(call.now)
    for unit in units:
        known = world.state.number("select count(*) from units where account=? and month=?", account.id, month)
        if known < limits.UNITS_PER_MONTH:
            world.state.run("insert or ignore into units values (?, ?, ?)", account.id, month, unit)


ROUTES = (
    Route("POST", "/v2/bot/message/reply", reply),
    Route("POST", "/v2/bot/message/push", push, retry_key=True),
    Route("POST", "/v2/bot/message/multicast", multicast, retry_key=True),
    Route("POST", "/v2/bot/message/broadcast", broadcast, retry_key=True),
    *(
        Route("POST", f"/v2/bot/message/validate/{kind}", validate)
        for kind in ("reply", "push", "multicast", "narrowcast", "broadcast")
    ),
)
