"""Rich menu aliases: the names that tabs switch to.

https://developers.line.biz/en/reference/messaging-api/#rich-menu-alias
"""

from __future__ import annotations

from lineform.lineapi import errors, limits
from lineform.sandbox.accounts import Account
from lineform.sandbox.answers import Answer, Call, body_errors, json_object, ok, refuse
from lineform.sandbox.api.ids import is_alias_id
from lineform.sandbox.api.menu_rows import find_menu, menu_id_in_body
from lineform.sandbox.routing import Route
from lineform.sandbox.world import World


def create(world: World, account: Account, call: Call) -> Answer:
    """POST /v2/bot/richmenu/alias: a name for a menu."""
    body = json_object(call)
    alias = body.get("richMenuAliasId")
    if not is_alias_id(alias):
        raise body_errors(("invalid richMenuAliasId", "richMenuAliasId"))
    menu = _menu_with_image(world, account, body.get("richMenuId"))
    if world.state.one("select 1 from aliases where account=? and alias=?", account.id, alias):
        raise refuse(400, errors.RICHMENU_ALIAS_CONFLICT, [])
    if world.state.number("select count(*) from aliases where account=?", account.id) >= limits.RICHMENU_ALIASES:
        raise refuse(400, "The maximum number of rich menu aliases has been reached", [])
    world.state.run("insert into aliases values (?, ?, ?)", account.id, alias, menu)
    return ok()


def update(world: World, account: Account, call: Call) -> Answer:
    """POST /v2/bot/richmenu/alias/{richMenuAliasId}: the name for another menu."""
    menu = _menu_with_image(world, account, json_object(call).get("richMenuId"))
    sql = "update aliases set menu=? where account=? and alias=?"
    if not world.state.run(sql, menu, account.id, call.params["richMenuAliasId"]):
        raise _no_alias()
    return ok()


def _menu_with_image(world: World, account: Account, given: object) -> str:
    """LINE says "not found" for a menu without an image too."""
    menu = menu_id_in_body(given)
    row = find_menu(world, account, menu)
    if row is None or not row["has_image"]:
        raise refuse(400, errors.RICHMENU_NOT_FOUND, [])
    return menu


def _no_alias() -> Exception:
    return refuse(404, errors.RICHMENU_ALIAS_NOT_FOUND, [])


def get(world: World, account: Account, call: Call) -> Answer:
    """GET /v2/bot/richmenu/alias/{richMenuAliasId}."""
    alias = call.params["richMenuAliasId"]
    row = world.state.one("select alias, menu from aliases where account=? and alias=?", account.id, alias)
    if row is None:
        raise _no_alias()
    return ok({"richMenuAliasId": row["alias"], "richMenuId": row["menu"]})


def list_aliases(world: World, account: Account, call: Call) -> Answer:
    """GET /v2/bot/richmenu/alias/list."""
    rows = world.state.all("select alias, menu from aliases where account=? order by alias", account.id)
    return ok({"aliases": [{"richMenuAliasId": row["alias"], "richMenuId": row["menu"]} for row in rows]})


def delete(world: World, account: Account, call: Call) -> Answer:
    """DELETE /v2/bot/richmenu/alias/{richMenuAliasId}; the menu stays."""
    alias = call.params["richMenuAliasId"]
    if not is_alias_id(alias):
        raise body_errors(("invalid richMenuAliasId", "richMenuAliasId"))
    if not world.state.run("delete from aliases where account=? and alias=?", account.id, alias):
        raise _no_alias()
    return ok()


ROUTES = (
    Route("POST", "/v2/bot/richmenu/alias", create),
    Route("GET", "/v2/bot/richmenu/alias/list", list_aliases),
    Route("GET", "/v2/bot/richmenu/alias/{richMenuAliasId}", get),
    Route("POST", "/v2/bot/richmenu/alias/{richMenuAliasId}", update),
    Route("DELETE", "/v2/bot/richmenu/alias/{richMenuAliasId}", delete),
)
