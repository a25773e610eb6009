"""Audiences: made from clicks and impressions, renamed, deleted, read and listed.

https://developers.line.biz/en/reference/messaging-api/#manage-audience-group
"""

from __future__ import annotations

import json
import sqlite3

from lineform.lineapi import limits
from lineform.sandbox.accounts import Account
from lineform.sandbox.answers import Answer, Call, bad_parameter, body_errors, json_object, ok
from lineform.sandbox.api.audience_rows import (
    DAY,
    ROUTES_OF_CREATION,
    STATUSES,
    Code,
    add_audience,
    audience_answer,
    audience_in_path,
    checked_description,
    created_answer,
    must_be_writable,
    refused,
    remove_audience,
)
from lineform.sandbox.api.audience_uploads import job_answers
from lineform.sandbox.routing import Route
from lineform.sandbox.world import World

BASE = "/v2/bot/audienceGroup"
ONE = f"{BASE}/{{audienceGroupId}}"
BOOLEANS = ("true", "false")


def create_from_clicks(world: World, account: Account, call: Call) -> Answer:
    """POST /v2/bot/audienceGroup/click: those who opened a link of a message."""
    body = json_object(call)
    url = body.get("clickUrl")
    if url is not None and (not isinstance(url, str) or not 1 <= len(url) <= limits.AUDIENCE_CLICK_URL):
        raise body_errors((f"Length must be between 1 and {limits.AUDIENCE_CLICK_URL}", "clickUrl"))
    return _create(world, account, call, "CLICK", body.get("description"), body.get("requestId"), url)


def create_from_impressions(world: World, account: Account, call: Call) -> Answer:
    """POST /v2/bot/audienceGroup/imp: those who saw a message."""
    body = json_object(call)
    return _create(world, account, call, "IMP", body.get("description"), body.get("requestId"), None)


def _create(
    world: World, account: Account, call: Call, kind: str, description: object, request_id: object, url: str | None
) -> Answer:
    name = checked_description(description)
    request = _sent_request(world, account, request_id, call.now)
    twice = "select 1 from audiences where account=? and type=? and request_id=? and click_url is ?"
    if world.state.one(twice, account.id, kind, request, url):
        raise refused(Code.REQUEST_TWICE, "there is an audience group of this request already")
    row = add_audience(world, account, call.now, name, kind, request_id=request, click_url=url)
    ready = call.now + account.settings.audience_seconds
    world.later(account.id, ready, "audience-ready", {"audience": row["id"]})
    return ok(created_answer(row), status=202)


def _sent_request(world: World, account: Account, request_id: object, now: float) -> str:
    """A broadcast or narrowcast of this account that was sent within the last 60 days."""
    sent = (
        "select max(time) as time, max(result) as result from ("
        " select time, null as result from sends where account=? and request_id=? and kind='broadcast'"
        " union all select accepted, result from narrowcasts where account=? and request_id=?)"
    )
    values = (account.id, request_id) * 2 if isinstance(request_id, str) else None
    row = world.state.one(sent, *values) if values else None
    if row is None or row["time"] is None or _came_to_nothing(row["result"]):
        raise refused(Code.REQUEST_NOT_FOUND, "the request is not found")
    if row["time"] <= now - limits.AUDIENCE_REQUEST_DAYS * DAY:
        raise refused(Code.REQUEST_TOO_OLD, "the messages are too old")
    return str(request_id)


def _came_to_nothing(result: str | None) -> bool:
    return result is not None and json.loads(result)["phase"] == "failed"


def rename(world: World, account: Account, call: Call) -> Answer:
    """PUT /v2/bot/audienceGroup/{audienceGroupId}/updateDescription."""
    row = audience_in_path(world, account, call)
    must_be_writable(row)
    description = checked_description(json_object(call).get("description"))
    world.state.run("update audiences set description=? where id=?", description, row["id"])
    return ok()


def delete(world: World, account: Account, call: Call) -> Answer:
    """200 as in LINE's OpenAPI; its reference says 202."""
    row = audience_in_path(world, account, call)
    must_be_writable(row)
    remove_audience(world, row["id"])
    return ok()


def get(world: World, account: Account, call: Call) -> Answer:
    """GET /v2/bot/audienceGroup/{audienceGroupId}: the audience and its jobs."""
    row = audience_in_path(world, account, call)
    jobs = job_answers(world, row["id"], call.now)
    return ok({"audienceGroup": audience_answer(world, row, call.now), "jobs": jobs})


def list_audiences(world: World, account: Account, call: Call) -> Answer:
    """The newest first, so that pages move while audiences are made: LINE promises no order."""
    page, size = _paging(call)
    _choice(call, "includesExternalPublicGroups", BOOLEANS)
    wanted = call.query.get("description", "").casefold()
    status, route = _choice(call, "status", STATUSES), _choice(call, "createRoute", ROUTES_OF_CREATION)
    rows = [
        row
        for row in world.state.all("select * from audiences where account=? order by seq desc", account.id)
        if wanted in row["description"].casefold() and status in ("", row["status"]) and route in ("", row["route"])
    ]
    return ok(_page(world, rows, page, size, call.now))


def _page(world: World, rows: list[sqlite3.Row], page: int, size: int, now: float) -> dict[str, object]:
    begin = (page - 1) * size
    return {
        "audienceGroups": [audience_answer(world, row, now) for row in rows[begin : begin + size]],
        "hasNextPage": begin + size < len(rows),
        "totalCount": len(rows),
        "readWriteAudienceGroupTotalCount": sum(row["permission"] == "READ_WRITE" for row in rows),
        "page": page,
        "size": size,
    }


def shared(world: World, account: Account, call: Call) -> Answer:
    """Business Manager shares nothing with an account of the sandbox."""
    raise refused(Code.NOT_FOUND, "audience group not found")


def shared_list(world: World, account: Account, call: Call) -> Answer:
    """GET /v2/bot/audienceGroup/shared/list."""
    page, size = _paging(call)
    _choice(call, "includesOwnedAudienceGroups", BOOLEANS)
    _choice(call, "status", STATUSES)
    _choice(call, "createRoute", ROUTES_OF_CREATION)
    return ok(_page(world, [], page, size, call.now))


def _paging(call: Call) -> tuple[int, int]:
    return _number(call, "page", "", 2**31), _number(
        call, "size", str(limits.AUDIENCE_PAGE_DEFAULT), limits.AUDIENCE_PAGE
    )


def _number(call: Call, name: str, default: str, most: int) -> int:
    text = call.query.get(name, default)
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= most:
        raise bad_parameter(name)
    return int(text)


def _choice(call: Call, name: str, known: tuple[str, ...]) -> str:
    """The value of a filter, empty where it is not given."""
    text = call.query.get(name, "")
    if name in call.query and text not in known:
        raise bad_parameter(name)
    return text


ROUTES = (
    Route("POST", f"{BASE}/click", create_from_clicks),
    Route("POST", f"{BASE}/imp", create_from_impressions),
    Route("PUT", f"{ONE}/updateDescription", rename),
    Route("DELETE", ONE, delete),
    Route("GET", ONE, get),
    Route("GET", f"{BASE}/list", list_audiences),
    Route("GET", f"{BASE}/shared/{{audienceGroupId}}", shared),
    Route("GET", f"{BASE}/shared/list", shared_list),
)
