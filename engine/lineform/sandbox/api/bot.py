"""The bot itself, its friends, and small things in the chat.

https://developers.line.biz/en/reference/messaging-api/#users, #bot, #display-a-loading-indicator, #mark-as-read
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from lineform.lineapi import errors, limits
from lineform.sandbox.accounts import Account
from lineform.sandbox.answers import (
    Answer,
    Call,
    bad_parameter,
    body_errors,
    json_object,
    not_found,
    ok,
    refuse,
)
from lineform.sandbox.api.ids import is_user_id
from lineform.sandbox.routing import Route
from lineform.sandbox.world import World

NEXT_SECONDS = 24 * 3600.0
PROFILE = ("displayName", "pictureUrl", "statusMessage", "language")


def info(world: World, account: Account, call: Call) -> Answer:
    """GET /v2/bot/info."""
    settings = account.settings
    answer: dict[str, Any] = {
        "userId": account.bot_id,
        "basicId": settings.basic_id,
        "displayName": settings.display_name,
        "chatMode": settings.chat_mode,
        # With the chat off, LINE marks as read by itself.
        "markAsReadMode": "manual" if settings.chat_mode == "chat" else "auto",
    }
    if settings.premium_id:
        answer["premiumId"] = settings.premium_id
    if settings.picture_url:
        answer["pictureUrl"] = settings.picture_url
    return ok(answer)


def profile(world: World, account: Account, call: Call) -> Answer:
    """Of friends, and of people who wrote; of nobody who blocks, and without consent of nobody either."""
    user = call.params["userId"]
    if not is_user_id(user):
        raise bad_parameter("userId")
    row = world.state.one("select * from people where account=? and user=?", account.id, user)
    if row is None or not row["consent"]:
        raise not_found()
    if row["relation"] != "friend" and not (row["relation"] == "stranger" and row["wrote_at"] is not None):
        raise not_found()
    known = json.loads(row["profile"])
    return ok({"userId": user, **{name: known[name] for name in PROFILE if known.get(name)}})


def followers(world: World, account: Account, call: Call) -> Answer:
    """Verified accounts only. A page is cut before those without consent are left out, so it may be short."""
    if not account.settings.verified:
        raise refuse(403, errors.NO_ACCESS)
    limit = _limit(call)
    after = _start(call)
    sql = "select seq, user, consent from people where account=? and relation='friend' and seq>? order by seq limit ?"
    rows = world.state.all(sql, account.id, after, limit + 1)
    page = rows[:limit]
    answer: dict[str, Any] = {"userIds": [row["user"] for row in page if row["consent"]]}
    if len(rows) > limit:
        token = f"{page[-1]['seq']}:{call.now + NEXT_SECONDS}"
        answer["next"] = base64.urlsafe_b64encode(token.encode()).decode().rstrip("=")
    return ok(answer)


def _limit(call: Call) -> int:
    text = call.query.get("limit", str(limits.FOLLOWERS_PAGE_DEFAULT))
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= limits.FOLLOWERS_PAGE:
        raise bad_parameter("limit")
    return int(text)


def _start(call: Call) -> int:
    token = call.query.get("start")
    if not token:
        return 0
    try:
        number, _, expires = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode().partition(":")
        if float(expires) > call.now:
            return int(number)
    except (binascii.Error, UnicodeDecodeError, ValueError):
        pass
    raise bad_parameter("start")


def loading(world: World, account: Account, call: Call) -> Answer:
    """Shown only while the friend looks at the chat, so nothing is kept of it."""
    body = json_object(call)
    low, high = limits.LOADING_SECONDS
    seconds = body.get("loadingSeconds", limits.LOADING_SECONDS_DEFAULT)
    if not is_user_id(body.get("chatId")):
        text = "Only user id is acceptable, please confirm if there are any group/room ids or illegal ids."
        raise body_errors((text, "chatId"))
    if not isinstance(seconds, int) or isinstance(seconds, bool) or not low <= seconds <= high:
        raise body_errors((f"Must be between {low} and {high}", "loadingSeconds"))
    if seconds % limits.LOADING_SECONDS_STEP:
        raise body_errors(("must be a multiple of five", "loadingSeconds"))
    return ok(status=202)


def mark_as_read(world: World, account: Account, call: Call) -> Answer:
    """POST /v2/bot/chat/markAsRead: shows the friend that a message was read."""
    token = json_object(call).get("markAsReadToken")
    if not world.state.one("select 1 from read_tokens where token=? and account=?", token, account.id):
        raise refuse(400, "Invalid markAsReadToken. Tokens must be used by the bot that received them via Webhook.")
    return ok()


ROUTES = (
    Route("GET", "/v2/bot/info", info),
    Route("GET", "/v2/bot/profile/{userId}", profile),
    Route("GET", "/v2/bot/followers/ids", followers),
    Route("POST", "/v2/bot/chat/loading/start", loading),
    Route("POST", "/v2/bot/chat/markAsRead", mark_as_read),
)
