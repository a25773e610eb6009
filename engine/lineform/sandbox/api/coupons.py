"""Coupons: made, listed, read and closed; never changed, and never deleted.

https://developers.line.biz/en/reference/messaging-api/#coupon
"""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from lineform.lineapi import limits
from lineform.lineapi.coupons import STATUSES, check_coupon
from lineform.sandbox.accounts import Account
from lineform.sandbox.answers import Answer, Call, RefusedError, bad_parameter, body_errors, dump, json_object, ok
from lineform.sandbox.api.findings import refuse_findings
from lineform.sandbox.routing import Route
from lineform.sandbox.world import World

BASE = "/v2/bot/coupon"
ONE = f"{BASE}/{{couponId}}"
LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
PAGE_DEFAULT = 20
_PICTURES = ("imageUrl", "barcodeImageUrl")


def create(world: World, account: Account, call: Call) -> Answer:
    """POST /v2/bot/coupon. Pictures are copied to LINE's own address, whatever becomes of theirs."""
    body = json_object(call)
    refuse_findings(check_coupon(body))
    if body["endTimestamp"] <= call.now:
        raise body_errors(("must be a future timestamp", "endTimestamp"))
    valid = "select count(*) from coupons where account=? and status='RUNNING' and ends>?"
    if world.state.number(valid, account.id, call.now) >= limits.COUPONS_VALID:
        raise body_errors((f"there may be {limits.COUPONS_VALID} valid coupons", "title"))
    coupon = "".join(world.random.choice(LETTERS) for _ in range(26))
    world.state.run(
        "insert into coupons (id, account, created, ends, status, body) values (?, ?, ?, ?, 'RUNNING', ?)",
        *(coupon, account.id, call.now, body["endTimestamp"], json.dumps(body, ensure_ascii=False)),
    )
    return ok({"couponId": coupon})


def list_coupons(world: World, account: Account, call: Call) -> Answer:
    """GET /v2/bot/coupon: ids and titles alone, the newest first."""
    statuses = [one for one in call.query.get("status", "").split(",") if one]
    if any(one not in STATUSES for one in statuses):
        raise bad_parameter("status")
    limit, start = call.query.get("limit", str(PAGE_DEFAULT)), call.query.get("start", "0")
    if not limit.isdecimal() or not 1 <= int(limit) <= limits.COUPON_PAGE:
        raise bad_parameter("limit")
    if not start.isdecimal():
        raise bad_parameter("start")
    rows = world.state.all("select * from coupons where account=? order by seq desc", account.id)
    wanted = [row for row in rows if not statuses or row["status"] in statuses]
    first, size = int(start), int(limit)
    page = wanted[first : first + size]
    answer: dict[str, Any] = {"items": [{"couponId": r["id"], "title": json.loads(r["body"])["title"]} for r in page]}
    if first + size < len(wanted):
        answer["next"] = str(first + size)
    return ok(answer)


def get(world: World, account: Account, call: Call) -> Answer:
    """GET /v2/bot/coupon/{couponId}: what it was made with, its pictures at LINE's own address."""
    row = _coupon(world, account, call)
    body: dict[str, Any] = json.loads(row["body"])
    shown = {
        **body,
        **{name: f"https://scdn.sandbox.example/{row['id']}/{name}" for name in _PICTURES if name in body},
        "reward": _with_currency(body["reward"]),
        "couponId": row["id"],
        "status": row["status"],
        "createdTimestamp": int(row["created"]),
        "maxTicketPerUser": 1,
    }
    return ok(shown)


def _with_currency(reward: dict[str, Any]) -> dict[str, Any]:
    price = reward.get("priceInfo")
    if price is None or price["type"] == "percentage":
        return reward
    return {**reward, "priceInfo": {**price, "currency": "JPY"}}


def close(world: World, account: Account, call: Call) -> Answer:
    """PUT /v2/bot/coupon/{couponId}/close: for good; friends who have it lose it."""
    row = _coupon(world, account, call)
    if row["status"] == "CLOSED":
        raise _gone(410, "the coupon is closed already")
    world.state.run("update coupons set status='CLOSED' where id=?", row["id"])
    return ok()


def _coupon(world: World, account: Account, call: Call) -> sqlite3.Row:
    sql = "select * from coupons where account=? and id=?"
    row = world.state.one(sql, account.id, call.params["couponId"])
    if row is None:
        raise _gone(404, "the coupon is not found")
    return row


def _gone(status: int, message: str) -> RefusedError:
    """LINE tells of errors in the body even where there is none."""
    details = [{"message": message, "property": "couponId"}]
    return RefusedError(Answer(status, dump({"message": "The request body has 1 error(s)", "details": details})))


ROUTES: tuple[Route, ...] = (
    Route("POST", BASE, create),
    Route("GET", BASE, list_coupons),
    Route("GET", ONE, get),
    Route("PUT", f"{ONE}/close", close),
)
