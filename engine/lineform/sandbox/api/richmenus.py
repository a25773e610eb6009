"""Rich menus: create, validate, list, get, delete, and their images.

https://developers.line.biz/en/reference/messaging-api/#rich-menu
"""

from __future__ import annotations

import io
import json
import warnings
from typing import Any

from PIL import Image, UnidentifiedImageError

from lineform.lineapi import errors, limits
from lineform.lineapi.check import check_richmenu
from lineform.sandbox.accounts import Account
from lineform.sandbox.answers import Answer, Call, json_object, not_found, ok, refuse
from lineform.sandbox.api.findings import refuse_findings
from lineform.sandbox.api.menu_rows import COLUMNS, menu_answer, menu_in_path
from lineform.sandbox.routing import Route
from lineform.sandbox.world import World

IMAGE_TYPES = {"JPEG": "image/jpeg", "PNG": "image/png"}


def create(world: World, account: Account, call: Call) -> Answer:
    """POST /v2/bot/richmenu."""
    menu = _checked(call)
    held = world.state.number("select count(*) from menus where account=? and owner='api'", account.id)
    if held >= limits.RICHMENUS:
        raise refuse(400, "The maximum number of rich menus has been reached")
    return ok({"richMenuId": add_menu(world, account.id, menu, "api", call.now)})


def add_menu(world: World, account: int, menu: dict[str, Any], owner: str, now: float) -> str:
    """Writes a menu without an image, which the API or OA Manager (`owner`) made; gives its id."""
    menu_id = f"richmenu-{world.hex()}"
    number = world.state.number("select max(seq) from menus where account=?", account) + 1
    world.state.run(
        "insert into menus (id, account, seq, created, owner, menu) values (?, ?, ?, ?, ?, ?)",
        *(menu_id, account, number, now, owner, json.dumps(menu, ensure_ascii=False)),
    )
    return menu_id


def validate(world: World, account: Account, call: Call) -> Answer:
    """POST /v2/bot/richmenu/validate: the checks of a new menu alone."""
    _checked(call)
    return ok()


def _checked(call: Call) -> dict[str, Any]:
    menu = json_object(call)
    refuse_findings(check_richmenu(menu))
    return {name: menu[name] for name in ("size", "selected", "name", "chatBarText", "areas")}


def list_menus(world: World, account: Account, call: Call) -> Answer:
    """GET /v2/bot/richmenu/list: those that were made by the API."""
    sql = f"select {COLUMNS} from menus where account=? and owner='api' order by seq"  # noqa: S608
    return ok({"richmenus": [menu_answer(row) for row in world.state.all(sql, account.id)]})


def get(world: World, account: Account, call: Call) -> Answer:
    """GET /v2/bot/richmenu/{richMenuId}."""
    return ok(menu_answer(menu_in_path(world, account, call.params["richMenuId"])))


def delete(world: World, account: Account, call: Call) -> Answer:
    """Friends who see this menu fall back to the default one; aliases keep pointing at nothing."""
    menu = menu_in_path(world, account, call.params["richMenuId"])["id"]
    world.state.run("delete from menus where id=?", menu)
    world.state.run("update people set menu=null where account=? and menu=?", account.id, menu)
    sql = "update accounts set default_menu=null, default_owner=null where id=? and default_menu=?"
    world.state.run(sql, account.id, menu)
    return ok()


def upload_image(world: World, account: Account, call: Call) -> Answer:
    """The bytes decide what the image is; an image, once there, can never be replaced."""
    given = call.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given not in IMAGE_TYPES.values():
        raise refuse(415, f"The content type, {given or 'null'}, is not supported")
    row = menu_in_path(world, account, call.params["richMenuId"])
    if row["has_image"]:
        raise refuse(400, errors.RICHMENU_HAS_IMAGE)
    kind = _image_kind(call.body)
    world.state.run("update menus set image=?, image_type=? where id=?", call.body, kind, row["id"])
    return ok()


def _image_kind(data: bytes) -> str:
    if len(data) > limits.RICHMENU_IMAGE_BYTES:
        raise refuse(400, errors.RICHMENU_IMAGE_SIZE)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=list(IMAGE_TYPES)) as image:
                width, height = image.size
                kind = IMAGE_TYPES[image.format or ""]
                image.load()
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombWarning):
        raise refuse(400, errors.RICHMENU_IMAGE_SIZE) from None
    wide = limits.RICHMENU_WIDTH_MIN <= width <= limits.RICHMENU_WIDTH_MAX
    if not (wide and height >= limits.RICHMENU_HEIGHT_MIN and width / height >= limits.RICHMENU_RATIO_MIN):
        raise refuse(400, errors.RICHMENU_IMAGE_SIZE)
    return kind


def download_image(world: World, account: Account, call: Call) -> Answer:
    """GET /v2/bot/richmenu/{richMenuId}/content."""
    row = menu_in_path(world, account, call.params["richMenuId"])
    if not row["has_image"]:
        raise not_found()
    found = world.state.one("select image, image_type from menus where id=?", row["id"])
    if found is None:
        raise not_found()
    return Answer(200, found["image"], found["image_type"])


ROUTES = (
    Route("POST", "/v2/bot/richmenu", create),
    Route("POST", "/v2/bot/richmenu/validate", validate),
    Route("GET", "/v2/bot/richmenu/list", list_menus),
    Route("GET", "/v2/bot/richmenu/{richMenuId}", get),
    Route("DELETE", "/v2/bot/richmenu/{richMenuId}", delete),
    Route("POST", "/v2/bot/richmenu/{richMenuId}/content", upload_image),
    Route("GET", "/v2/bot/richmenu/{richMenuId}/content", download_image),
)
