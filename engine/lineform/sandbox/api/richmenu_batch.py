"""Replacing and unlinking menus in batches, judged by the state before the request.

https://developers.line.biz/en/reference/messaging-api/#batch-control-rich-menus-of-users
"""

from __future__ import annotations

import json
from typing import Any

from lineform.lineapi import limits
from lineform.sandbox.accounts import Account
from lineform.sandbox.answers import Answer, Call, bad_parameter, body_errors, json_object, not_found, ok
from lineform.sandbox.api.ids import is_menu_id, is_resume_key, is_uuid
from lineform.sandbox.api.menu_rows import find_menu
from lineform.sandbox.clock import iso
from lineform.sandbox.routing import Route
from lineform.sandbox.world import Job, World

KEPT_SECONDS = limits.RICHMENU_BATCH_PROGRESS_DAYS * 86400.0

Move = tuple[str, str | None]
"""A user and the menu they get; None unlinks."""


def batch(world: World, account: Account, call: Call) -> Answer:
    """POST /v2/bot/richmenu/batch: accepted now, done by a job."""
    body = json_object(call)
    operations = _operations(world, account, body)
    key = body.get("resumeRequestKey")
    if key is not None and not is_resume_key(key):
        raise body_errors(("invalid resumeRequestKey", "resumeRequestKey"))
    moves = _unfinished(world, account, key, call.now) if key else None
    if moves is None:
        moves = _moves(world, account, operations)
    world.state.run(
        "insert into batches (request_id, account, accepted, resume_key, rest) values (?, ?, ?, ?, ?)",
        *(call.request_id, account.id, call.now, key, json.dumps(moves)),
    )
    world.later(account.id, call.now + account.settings.batch_seconds, "batch", {"request": call.request_id})
    return ok(status=202)


def validate_batch(world: World, account: Account, call: Call) -> Answer:
    """POST /v2/bot/richmenu/validate/batch: the checks of a batch alone."""
    _operations(world, account, json_object(call))
    return ok()


def _operations(world: World, account: Account, body: dict[str, Any]) -> list[dict[str, Any]]:
    operations = body.get("operations")
    if not isinstance(operations, list) or not 1 <= len(operations) <= limits.RICHMENU_BATCH_OPERATIONS:
        raise body_errors((f"Size must be between 1 and {limits.RICHMENU_BATCH_OPERATIONS}", "operations"))
    sources: set[str] = set()
    for place, operation in enumerate(operations):
        _check_operation(world, account, operation, f"operations[{place}]", alone=len(operations) == 1)
        source = operation.get("from")
        if source in sources:
            raise body_errors((f"from richmenu ({source}) is duplicated", "operations[].from"))
        sources.add(source)
    return operations


def _check_operation(world: World, account: Account, operation: object, place: str, *, alone: bool) -> None:
    if not isinstance(operation, dict) or operation.get("type") not in ("link", "unlink", "unlinkAll"):
        known = "Must be one of the following values: [link, unlink, unlinkAll]"
        raise body_errors((known, f"{place}.type"))
    kind = operation["type"]
    if kind == "unlinkAll":
        if not alone:
            raise body_errors(("'unlinkAll' type can't be combined with other type", "operations[].type"))
        return
    for name in ("from", "to") if kind == "link" else ("from",):
        if not is_menu_id(operation.get(name)):
            raise body_errors(("invalid richMenuId", f"{place}.{name}"))
    _check_menus(world, account, operation, place)


def _check_menus(world: World, account: Account, operation: dict[str, Any], place: str) -> None:
    for name in ("from", "to"):
        if name not in operation:
            continue
        row = find_menu(world, account, operation[name])
        if row is None:
            raise _missing(operation[name], f"{place}.{name}")
        if name == "to" and not row["has_image"]:
            text = f"'to' richmenu ({operation[name]}) must have image but it doesn't"
            raise body_errors((text, f"{place}.to"))


def _missing(menu: str, place: str) -> Exception:
    refused = body_errors((f"Richmenu ({menu}) is not found", place))
    refused.answer = Answer(404, refused.answer.body)
    return refused


def _moves(world: World, account: Account, operations: list[dict[str, Any]]) -> list[Move]:
    """Every user that the operations touch, found before any of them is done."""
    moves: list[Move] = []
    for operation in operations:
        if operation["type"] == "unlinkAll":
            rows = world.state.all("select user from people where account=? and menu is not null", account.id)
        else:
            sql = "select user from people where account=? and menu=?"
            rows = world.state.all(sql, account.id, operation["from"])
        moves.extend((row["user"], operation.get("to")) for row in rows)
    return moves


def _unfinished(world: World, account: Account, key: str, now: float) -> list[Move] | None:
    """What an earlier request with this key left undone; None when there was none within 14 days."""
    row = world.state.one(
        "select rest from batches where account=? and resume_key=? and accepted>? order by accepted desc limit 1",
        *(account.id, key, now - KEPT_SECONDS),
    )
    return None if row is None else [(user, menu) for user, menu in json.loads(row["rest"])]


def work_batch(world: World, job: Job) -> None:
    """Moves everybody, or, when control asked for a failure, only so many of them."""
    state = world.state
    request = job.payload["request"]
    row = state.one("select rest from batches where request_id=?", request)
    moves: list[Move] = json.loads(row["rest"]) if row else []
    stop = state.recall(f"fail-batch-{job.account}")
    done, rest = (moves, []) if stop is None else (moves[:stop], moves[stop:])
    if stop is not None:
        state.run("delete from meta where name=?", f"fail-batch-{job.account}")
    sql = "update people set menu=? where account=? and user=?"
    alive = {found["id"] for found in state.all("select id from menus where account=?", job.account)}
    state.many(sql, ((menu, job.account, user) for user, menu in done if menu is None or menu in alive))
    state.run(
        "update batches set completed=?, rest=?, failed=? where request_id=?",
        *(job.due, json.dumps(rest), int(stop is not None), request),
    )


def progress(world: World, account: Account, call: Call) -> Answer:
    """GET /v2/bot/richmenu/progress/batch."""
    request = call.query.get("requestId", "")
    if not is_uuid(request):
        raise bad_parameter("requestId")
    sql = "select * from batches where request_id=? and account=? and accepted>?"
    row = world.state.one(sql, request, account.id, call.now - KEPT_SECONDS)
    if row is None:
        raise not_found()
    if row["completed"] is None:
        return ok({"phase": "ongoing", "acceptedTime": iso(row["accepted"])})
    phase = "failed" if row["failed"] else "succeeded"
    return ok({"phase": phase, "acceptedTime": iso(row["accepted"]), "completedTime": iso(row["completed"])})


ROUTES = (
    Route("POST", "/v2/bot/richmenu/batch", batch),
    Route("POST", "/v2/bot/richmenu/validate/batch", validate_batch),
    Route("GET", "/v2/bot/richmenu/progress/batch", progress),
)
