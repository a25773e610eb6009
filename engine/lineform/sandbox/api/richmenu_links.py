"""Which menu whom: the default menu, links per user, and links in bulk.

https://developers.line.biz/en/reference/messaging-api/#default-rich-menu and #per-user-rich-menu
"""

from __future__ import annotations

from typing import Any

from lineform.lineapi import errors, limits
from lineform.sandbox.accounts import Account
from lineform.sandbox.answers import (
    Answer,
    Call,
    bad_parameter,
    bad_property,
    json_object,
    ok,
    refuse,
)
from lineform.sandbox.api.ids import is_user_id
from lineform.sandbox.api.menu_rows import (
    find_menu,
    menu_id_in_body,
    menu_with_image_in_path,
    must_have_image,
)
from lineform.sandbox.routing import Route
from lineform.sandbox.world import Job, World


def set_default(world: World, account: Account, call: Call) -> Answer:
    """POST /v2/bot/user/all/richmenu/{richMenuId}."""
    row = menu_with_image_in_path(world, account, call.params["richMenuId"])
    world.state.run("update accounts set default_menu=?, default_owner='api' where id=?", row["id"], account.id)
    return ok()


def get_default(world: World, account: Account, call: Call) -> Answer:
    """GET /v2/bot/user/all/richmenu."""
    if account.default_owner == "manager":
        raise refuse(403, errors.RICHMENU_OF_ANOTHER_CHANNEL, [])
    if account.default_menu is None:
        raise refuse(404, errors.NO_DEFAULT_RICHMENU, [])
    return ok({"richMenuId": account.default_menu})


def clear_default(world: World, account: Account, call: Call) -> Answer:
    """Clears the API's default; one set in OA Manager is not the API's to clear, and stays."""
    sql = "update accounts set default_menu=null, default_owner=null where id=? and default_owner='api'"
    world.state.run(sql, account.id)
    return ok()


def _user_in_path(call: Call) -> str:
    user = call.params["userId"]
    if not is_user_id(user):
        raise bad_parameter("userId")
    return user


def link(world: World, account: Account, call: Call) -> Answer:
    """An id that is no friend's is answered 200 and nothing happens."""
    user = _user_in_path(call)
    row = menu_with_image_in_path(world, account, call.params["richMenuId"])
    link_users(world, account.id, [user], row["id"])
    return ok()


def get_link(world: World, account: Account, call: Call) -> Answer:
    """GET /v2/bot/user/{userId}/richmenu."""
    user = _user_in_path(call)
    row = world.state.one("select menu from people where account=? and user=?", account.id, user)
    if row is None or row["menu"] is None:
        raise refuse(404, "the user has no richmenu", [])
    return ok({"richMenuId": row["menu"]})


def unlink(world: World, account: Account, call: Call) -> Answer:
    """DELETE /v2/bot/user/{userId}/richmenu."""
    link_users(world, account.id, [_user_in_path(call)], None)
    return ok()


def link_users(world: World, account: int, users: list[str], menu: str | None) -> None:
    """Links a menu to friends, or takes theirs away where it is None; others are passed over."""
    sql = "update people set menu=? where account=? and user=? and relation='friend'"
    world.state.many(sql, ((menu, account, user) for user in users))


def bulk_link(world: World, account: Account, call: Call) -> Answer:
    """POST /v2/bot/richmenu/bulk/link: accepted now, done by a job."""
    body = json_object(call)
    menu = menu_id_in_body(body.get("richMenuId"))
    users = _users_in_body(body)
    row = find_menu(world, account, menu)
    if row is None:
        raise refuse(404, errors.RICHMENU_NOT_FOUND, [])
    if not row["has_image"]:
        raise must_have_image()
    return _later(world, account, call, {"users": users, "menu": menu})


def bulk_unlink(world: World, account: Account, call: Call) -> Answer:
    """POST /v2/bot/richmenu/bulk/unlink: accepted now, done by a job."""
    return _later(world, account, call, {"users": _users_in_body(json_object(call)), "menu": None})


def _users_in_body(body: dict[str, Any]) -> list[str]:
    users = body.get("userIds")
    if not isinstance(users, list) or not 1 <= len(users) <= limits.RICHMENU_BULK_USERS:
        raise bad_property("'userIds'")
    for place, user in enumerate(users):
        if not is_user_id(user):
            raise bad_property(f"'userIds[{place}]'")
    return users


def _later(world: World, account: Account, call: Call, payload: dict[str, Any]) -> Answer:
    world.later(account.id, call.now + account.settings.bulk_seconds, "bulk", payload)
    return ok(status=202)


def work_bulk(world: World, job: Job) -> None:
    """Seconds after the 202. A menu deleted meanwhile is linked to nobody."""
    menu = job.payload["menu"]
    if menu is None or world.state.one("select 1 from menus where id=?", menu):
        link_users(world, job.account, job.payload["users"], menu)


ROUTES = (
    Route("POST", "/v2/bot/user/all/richmenu/{richMenuId}", set_default),
    Route("GET", "/v2/bot/user/all/richmenu", get_default),
    Route("DELETE", "/v2/bot/user/all/richmenu", clear_default),
    Route("POST", "/v2/bot/user/{userId}/richmenu/{richMenuId}", link),
    Route("GET", "/v2/bot/user/{userId}/richmenu", get_link),
    Route("DELETE", "/v2/bot/user/{userId}/richmenu", unlink),
    Route("POST", "/v2/bot/richmenu/bulk/link", bulk_link),
    Route("POST", "/v2/bot/richmenu/bulk/unlink", bulk_unlink),
)
