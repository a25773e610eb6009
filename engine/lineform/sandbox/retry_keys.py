"""Retry keys: one acceptance in 24 hours, and 409 for every repetition.

https://developers.line.biz/en/reference/messaging-api/#retry-api-request. LINE does not say whether a key belongs to an
endpoint or to the channel; here it belongs to the channel.
"""

from __future__ import annotations

import json
from typing import Any

from lineform.lineapi import errors, limits
from lineform.sandbox.accounts import Account
from lineform.sandbox.answers import Answer, Call, RefusedError, dump, refuse
from lineform.sandbox.api.ids import is_uuid
from lineform.sandbox.world import World

HEADER = "x-line-retry-key"
KEPT_SECONDS = limits.RETRY_KEY_HOURS * 3600.0


def check_header(call: Call, *, allowed: bool) -> None:
    """Refuse a key that is no UUID, or one on an endpoint that takes none."""
    key = call.headers.get(HEADER)
    if key is None:
        return
    if not allowed:
        raise refuse(400, "The retry key is not supported for this endpoint")
    if not is_uuid(key):
        raise refuse(400, "The retry key is invalid")


def refuse_repetition(world: World, account: Account, call: Call) -> None:
    """409 with the id of the accepted request, and for a push its messages again."""
    key = call.headers.get(HEADER)
    if key is None:
        return
    sql = "select request_id, sent from retry_keys where account=? and key=? and time>?"
    row = world.state.one(sql, account.id, key.lower(), call.now - KEPT_SECONDS)
    if row is None:
        return
    body: dict[str, Any] = {"message": errors.RETRY_KEY_ACCEPTED}
    if row["sent"]:
        body["sentMessages"] = json.loads(row["sent"])
    raise RefusedError(Answer(409, dump(body), headers=(("x-line-accepted-request-id", row["request_id"]),)))


def accept(world: World, account: Account, call: Call, sent: list[dict[str, str]] | None = None) -> None:
    """Remembers a call under its retry key, so that its repetition is refused."""
    key = call.headers.get(HEADER)
    if key is not None:
        world.state.run(
            "insert or replace into retry_keys values (?, ?, ?, ?, ?)",
            *(account.id, key.lower(), call.now, call.request_id, json.dumps(sent) if sent else None),
        )
