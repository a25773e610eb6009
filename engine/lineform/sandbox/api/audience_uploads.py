"""Uploading user ids to audiences, by JSON and by file, as jobs that end later. Ids can be added and never taken away.

https://developers.line.biz/en/reference/messaging-api/#create-upload-audience-group and what follows it there
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from lineform.lineapi import errors, limits
from lineform.lineapi.counting import utf16_units
from lineform.sandbox.accounts import Account
from lineform.sandbox.answers import Answer, Call, body_errors, json_object, ok, refuse
from lineform.sandbox.api.audience_rows import (
    Code,
    add_audience,
    checked_description,
    created_answer,
    find_audience,
    must_be_writable,
    refused,
)
from lineform.sandbox.api.ids import is_user_id
from lineform.sandbox.multipart import Part, form_parts
from lineform.sandbox.routing import Route
from lineform.sandbox.world import Job, World

JSON_PATH = "/v2/bot/audienceGroup/upload"
FILE_PATH = "/v2/bot/audienceGroup/upload/byFile"
FILE_BODY = 64 * 1024 * 1024
"""1,500,000 ids of 33 characters and their line breaks, and the form around them."""
PLAIN = "text/plain"
TOO_MANY_AT_ONCE = "Too many operations are running on this audience group"


@dataclass(frozen=True, slots=True)
class Upload:
    """What a request brings: ids without repetitions, and the words for its job."""

    users: tuple[str, ...]
    description: str


def create(world: World, account: Account, call: Call) -> Answer:
    """POST /v2/bot/audienceGroup/upload: an audience of user ids."""
    body = json_object(call)
    _no_ifa(body.get("isIfaAudience"))
    return _create(world, account, call, body.get("description"), _from_json(body))


def create_by_file(world: World, account: Account, call: Call) -> Answer:
    """POST /v2/bot/audienceGroup/upload/byFile: an audience of the user ids of a file."""
    parts = form_parts(call)
    _no_ifa(_text(parts, "isIfaAudience", "false").lower() == "true")
    return _create(world, account, call, _text(parts, "description"), _from_file(parts))


def add(world: World, account: Account, call: Call) -> Answer:
    """PUT /v2/bot/audienceGroup/upload: more user ids for an audience."""
    body = json_object(call)
    return _add(world, account, call, body.get("audienceGroupId"), _from_json(body))


def add_by_file(world: World, account: Account, call: Call) -> Answer:
    """PUT /v2/bot/audienceGroup/upload/byFile: more user ids for an audience, from a file."""
    parts = form_parts(call)
    number = _text(parts, "audienceGroupId")
    known = int(number) if number.isascii() and number.isdigit() else None
    return _add(world, account, call, known, _from_file(parts))


def _create(world: World, account: Account, call: Call, description: object, upload: Upload) -> Answer:
    row = add_audience(world, account, call.now, checked_description(description), "UPLOAD")
    if upload.users:
        _start_job(world, account, row["id"], upload, call.now)
    # An audience without ids stays in progress for ever, until some are added.
    return ok(created_answer(row), status=202)


def _add(world: World, account: Account, call: Call, number: object, upload: Upload) -> Answer:
    row = find_audience(world, account.id, number)
    if row is None:
        raise refused(Code.NOT_FOUND, "audience group not found")
    _must_take_ids(world, row, call.now)
    _start_job(world, account, row["id"], upload, call.now)
    return ok(status=202)


def _must_take_ids(world: World, row: sqlite3.Row, now: float) -> None:
    must_be_writable(row)
    if row["type"] != "UPLOAD":
        # No wording of LINE's is documented for this one.
        raise refuse(400, "the audience group is not one for uploading user IDs")
    if row["status"] == "EXPIRED":
        raise refused(Code.EXPIRED, "the audience group has expired")
    running = "select count(*) from audience_jobs where audience=? and ends>?"
    if world.state.number(running, row["id"], now) >= limits.AUDIENCE_CONCURRENT:
        raise refuse(429, TOO_MANY_AT_ONCE)


def _start_job(world: World, account: Account, audience: int, upload: Upload, now: float) -> None:
    seconds = account.settings.audience_seconds
    # Who has not accepted the privacy policy of 2022, or is nobody here, is dropped without a word.
    kept = [user for user in upload.users if _counts(world, account, user)]
    job = world.state.insert(
        "insert into audience_jobs (audience, description, created, starts, ends, ids) values (?, ?, ?, ?, ?, ?)",
        *(audience, upload.description, now, now + seconds / 2, now + seconds, len(kept)),
    )
    sql = "insert into audience_members (audience, user, job) values (?, ?, ?)"
    world.state.many(sql, ((audience, user, job) for user in kept))
    world.later(account.id, now + seconds, "audience-job", {"audience": audience, "job": job})


def _counts(world: World, account: Account, user: str) -> bool:
    sql = "select 1 from people where account=? and user=? and consent=1 and relation<>'deleted'"
    return world.state.one(sql, account.id, user) is not None


def work_job(world: World, job: Job) -> None:
    """The upload is over: the audience is ready as soon as somebody is in it."""
    row = world.state.one("select * from audience_jobs where id=?", job.payload["job"])
    if row is None:
        return
    name = f"fail-audience-job-{job.account}"
    if world.state.recall(name):
        world.state.run("delete from meta where name=?", name)
        world.state.run("update audience_jobs set failed=1 where id=?", row["id"])
    elif row["ids"]:
        sql = "update audiences set status='READY' where id=? and status='IN_PROGRESS'"
        world.state.run(sql, row["audience"])


def job_answers(world: World, audience: int, now: float) -> list[dict[str, Any]]:
    """The newest jobs first."""
    sql = "select * from audience_jobs where audience=? order by id desc limit ?"
    return [_job_answer(row, now) for row in world.state.all(sql, audience, limits.AUDIENCE_JOBS_SHOWN)]


def _job_answer(row: sqlite3.Row, now: float) -> dict[str, Any]:
    over = row["ends"] <= now
    answer = {
        "audienceGroupJobId": row["id"],
        "audienceGroupId": row["audience"],
        "description": row["description"],
        "type": "DIFF_ADD",
        "audienceCount": row["ids"] if over and not row["failed"] else 0,
        "created": int(row["created"]),
    }
    if row["failed"]:
        return {**answer, "jobStatus": "FAILED", "failedType": "INTERNAL_ERROR"}
    if not over:
        return {**answer, "jobStatus": "QUEUED" if now < row["starts"] else "WORKING"}
    nobody = {} if row["ids"] else {"failedType": "AUDIENCE_GROUP_AUDIENCE_INSUFFICIENT"}
    return {**answer, "jobStatus": "FINISHED", **nobody}


def _from_json(body: dict[str, Any]) -> Upload:
    given = body.get("audiences", [])
    if not isinstance(given, list):
        raise body_errors(("must be an array", "audiences"))
    if len(given) > limits.AUDIENCE_JSON_IDS:
        raise refused(Code.TOO_MANY_IDS, "too many audience ids")
    users = _checked_ids(entry.get("id") if isinstance(entry, dict) else None for entry in given)
    return Upload(users, _job_description(body.get("uploadDescription", "")))


def _from_file(parts: dict[str, Part]) -> Upload:
    file = parts.get("file")
    if file is None:
        raise body_errors(("must be specified", "file"))
    if file.content_type != PLAIN:
        raise refuse(415, f"The content type, {file.content_type or 'null'}, is not supported")
    lines = file.text.split()
    if not lines:
        raise refused(Code.NO_IDS, "the file has no valid audience id")
    if len(lines) > limits.AUDIENCE_FILE_IDS:
        raise refused(Code.TOO_MANY_IDS, "too many audience ids")
    return Upload(_checked_ids(lines), _job_description(_text(parts, "uploadDescription")))


def _checked_ids(given: Iterable[object]) -> tuple[str, ...]:
    """One malformed id fails the whole call."""
    users: dict[str, None] = {}
    for user in given:
        if not is_user_id(user):
            raise refused(Code.MALFORMED_ID, "the format of an audience id is invalid")
        users[str(user)] = None
    return tuple(users)


def _job_description(given: object) -> str:
    text = given if isinstance(given, str) else ""
    if utf16_units(text) > limits.AUDIENCE_UPLOAD_DESCRIPTION:
        raise refused(Code.UPLOAD_NAME_TOO_LONG, "the upload description is too long")
    return text


def _text(parts: dict[str, Part], name: str, default: str = "") -> str:
    return parts[name].text if name in parts else default


def _no_ifa(asked: object) -> None:
    """Identifiers for advertisers need an application that no sandbox account has made."""
    if asked:
        raise refuse(403, errors.NO_ACCESS)


ROUTES = (
    Route("POST", JSON_PATH, create),
    Route("PUT", JSON_PATH, add),
    Route("POST", FILE_PATH, create_by_file, max_body=FILE_BODY),
    Route("PUT", FILE_PATH, add_by_file, max_body=FILE_BODY),
)
