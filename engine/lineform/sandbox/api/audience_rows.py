"""Audiences as the offline account keeps them and shows them, and LINE's words for refusing one.

https://developers.line.biz/en/reference/messaging-api/#manage-audience-group
"""

from __future__ import annotations

import sqlite3
import unicodedata
from enum import StrEnum
from typing import Any

from lineform.lineapi import errors, limits
from lineform.lineapi.counting import utf16_units
from lineform.sandbox.accounts import Account
from lineform.sandbox.answers import Call, RefusedError, refuse
from lineform.sandbox.world import Job, World

DAY = 86400.0
BY_ID = ("UPLOAD", "CHAT_TAG")
"""Types whose members the account named itself: exempt from LINE's privacy floors."""
EXPIRING = ("UPLOAD", "CLICK", "IMP")
TYPES = (
    *("UPLOAD", "CLICK", "IMP", "CHAT_TAG", "FRIEND_PATH", "RESERVATION", "APP_EVENT", "VIDEO_VIEW", "WEBTRAFFIC"),
    *("IMAGE_CLICK", "RICHMENU_IMP", "RICHMENU_CLICK", "POP_AD_IMP", "TRACKINGTAG_WEBTRAFFIC"),
)
STATUSES = ("IN_PROGRESS", "READY", "FAILED", "EXPIRED", "INACTIVE", "ACTIVATING")
_MEMBERS = (
    "from audience_members m left join audience_jobs j on j.id=m.job"
    " where m.audience=? and (m.job=0 or (j.ends<=? and j.failed=0))"
)
ROUTES_OF_CREATION = ("OA_MANAGER", "MESSAGING_API", "POINT_AD", "AD_MANAGER")


class Code(StrEnum):
    """What `details` names beside a 400 about an audience."""

    NOT_FOUND = errors.AUDIENCE_NOT_FOUND
    EXPIRED = "AUDIENCE_GROUP_CAN_NOT_UPLOAD_STATUS_EXPIRED"
    TOO_MANY = "AUDIENCE_GROUP_COUNT_MAX_OVER"
    NAME_TOO_LONG = "AUDIENCE_GROUP_NAME_SIZE_OVER"
    NAME_WRONG = "AUDIENCE_GROUP_NAME_WRONG"
    NAME_EMPTY = "AUDIENCE_GROUP_NAME_EMPTY"
    REQUEST_TWICE = "AUDIENCE_GROUP_REQUESTID_DUPLICATE"
    UPLOAD_NAME_TOO_LONG = "AUDIENCE_GROUP_UPLOAD_DESCRIPTION_SIZE_OVER"
    REQUEST_NOT_FOUND = "REQUEST_NOT_FOUND"
    REQUEST_TOO_OLD = "TOO_OLD_MESSAGES"
    NO_IDS = "UPLOAD_AUDIENCE_GROUP_NO_VALID_AUDIENCE_IDS"
    TOO_MANY_IDS = "UPLOAD_AUDIENCE_GROUP_TOO_MANY_AUDIENCE_IDS"
    MALFORMED_ID = "UPLOAD_AUDIENCE_GROUP_INVALID_AUDIENCE_ID_FORMAT"


def refused(code: Code, message: str) -> RefusedError:
    """LINE's refusal of a call about an audience, with its code."""
    return refuse(400, message, [{"message": code.value}])


def find_audience(world: World, account: int, number: object) -> sqlite3.Row | None:
    """The audience of this account with this number; None where it has none."""
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number < 2**63:
        return None
    return world.state.one("select * from audiences where id=? and account=?", number, account)


def audience_in_path(world: World, account: Account, call: Call) -> sqlite3.Row:
    """The audience that a path names, or LINE's 400: an unknown one is never a 404."""
    text = call.params["audienceGroupId"]
    number = int(text) if text.isascii() and text.isdigit() else None
    row = find_audience(world, account.id, number)
    if row is None:
        raise refused(Code.NOT_FOUND, "audience group not found")
    return row


def must_be_writable(row: sqlite3.Row) -> None:
    """Only what a channel made may be changed by it; how LINE refuses the others is not documented."""
    if row["permission"] != "READ_WRITE":
        raise refuse(403, errors.NO_ACCESS)


def checked_description(given: object) -> str:
    """An audience's name: 120 characters at most, not blank, no control characters."""
    if not isinstance(given, str) or not given.strip():
        raise refused(Code.NAME_EMPTY, "the description of the audience group is empty")
    if utf16_units(given) > limits.AUDIENCE_DESCRIPTION:
        raise refused(Code.NAME_TOO_LONG, "the description of the audience group is too long")
    if any(unicodedata.category(char) == "Cc" for char in given):
        raise refused(Code.NAME_WRONG, "the description of the audience group has a control character")
    return given


def add_audience(
    world: World,
    account: Account,
    now: float,
    description: str,
    kind: str,
    *,
    request_id: str | None = None,
    click_url: str | None = None,
    route: str = "MESSAGING_API",
) -> sqlite3.Row:
    """A new audience, in progress; those that LINE lets expire have their end put down at once."""
    held = "select count(*) from audiences where account=? and permission='READ_WRITE'"
    if route == "MESSAGING_API" and world.state.number(held, account.id) >= limits.AUDIENCES:
        raise refused(Code.TOO_MANY, "the maximum number of audience groups has been reached")
    number = 1_000_000_000_000 + world.random.getrandbits(42)
    seq = world.state.number("select max(seq) from audiences where account=?", account.id) + 1
    permission = "READ_WRITE" if route == "MESSAGING_API" else "READ"
    world.state.run(
        "insert into audiences (id, account, seq, description, type, route, permission, status, created, request_id,"
        " click_url) values (?, ?, ?, ?, ?, ?, ?, 'IN_PROGRESS', ?, ?, ?)",
        *(number, account.id, seq, description, kind, route, permission, now, request_id, click_url),
    )
    if kind in EXPIRING:
        end = now + limits.AUDIENCE_DAYS * DAY
        world.later(account.id, end, "audience-end", {"audience": number})
        removal = end + limits.AUDIENCE_EXPIRED_DAYS * DAY
        world.later(account.id, removal, "audience-removal", {"audience": number})
    found = world.state.one("select * from audiences where id=?", number)
    if found is None:
        raise LookupError(f"the audience {number} was not kept")
    return found


def remove_audience(world: World, number: int) -> None:
    """Nothing of it stays, its jobs and members included."""
    world.state.run("delete from audience_members where audience=?", number)
    world.state.run("delete from audience_jobs where audience=?", number)
    world.state.run("delete from audiences where id=?", number)


def work_end(world: World, job: Job) -> None:
    """The job that ends an audience at its time."""
    world.state.run("update audiences set status='EXPIRED' where id=?", job.payload["audience"])


def work_removal(world: World, job: Job) -> None:
    """The job that removes an audience that is over."""
    remove_audience(world, job.payload["audience"])


def work_ready(world: World, job: Job) -> None:
    """A click or impression audience has been put together."""
    sql = "update audiences set status='READY' where id=? and status='IN_PROGRESS'"
    world.state.run(sql, job.payload["audience"])


def members(world: World, number: int, now: float) -> set[str]:
    """Who is in it: what finished uploads have brought, and what the control surface has put there (job 0)."""
    return {row["user"] for row in world.state.all(f"select distinct m.user {_MEMBERS}", number, now)}


def member_count(world: World, number: int, now: float) -> int:
    """How many people are in an audience at `now`, each counted once."""
    return world.state.number(f"select count(distinct m.user) {_MEMBERS}", number, now)


def created_answer(row: sqlite3.Row) -> dict[str, Any]:
    """What creating one answers with."""
    return {
        "audienceGroupId": row["id"],
        "createRoute": row["route"],
        "type": row["type"],
        "description": row["description"],
        "created": int(row["created"]),
        "permission": row["permission"],
        "expireTimestamp": int(row["created"] + limits.AUDIENCE_DAYS * DAY),
        "isIfaAudience": False,
        **_origin(row),
    }


def audience_answer(world: World, row: sqlite3.Row, now: float) -> dict[str, Any]:
    """One audience as get and list show it; a small one that LINE put together shows nobody."""
    count = member_count(world, row["id"], now)
    shown = count if count >= limits.AUDIENCE_SHOWN_MIN or row["type"] in BY_ID else 0
    answer = {
        "audienceGroupId": row["id"],
        "createRoute": row["route"],
        "type": row["type"],
        "description": row["description"],
        "status": row["status"],
        "audienceCount": shown,
        "created": int(row["created"]),
        "permission": row["permission"],
        "isIfaAudience": False,
        **_origin(row),
    }
    if row["failed_type"] is not None:
        answer["failedType"] = row["failed_type"]
    if row["type"] in EXPIRING:
        answer["expireTimestamp"] = int(row["created"] + limits.AUDIENCE_DAYS * DAY)
    return answer


def _origin(row: sqlite3.Row) -> dict[str, str]:
    given = {"requestId": row["request_id"], "clickUrl": row["click_url"]}
    return {name: value for name, value in given.items() if value is not None}
