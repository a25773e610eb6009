"""Reading one account's rich menus, with the refusals that several endpoints share."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from lineform.lineapi import errors
from lineform.sandbox.accounts import Account
from lineform.sandbox.answers import body_errors, not_found, refuse
from lineform.sandbox.api.ids import is_menu_id
from lineform.sandbox.world import World

COLUMNS = "id, seq, owner, menu, image_type, image is not null as has_image"


def find_menu(world: World, account: Account, menu: object) -> sqlite3.Row | None:
    """A menu that the API can see; those of OA Manager are not among them."""
    sql = f"select {COLUMNS} from menus where id=? and account=? and owner='api'"  # noqa: S608 - fixed columns
    return world.state.one(sql, menu, account.id)


def menu_in_path(world: World, account: Account, menu: str) -> sqlite3.Row:
    """The menu that an address names; raises RefusedError (404) where it is not there."""
    row = find_menu(world, account, menu)
    if row is None:
        raise not_found()
    return row


def menu_with_image_in_path(world: World, account: Account, menu: str) -> sqlite3.Row:
    """The same, and it has an image; raises RefusedError (400) where it has none."""
    row = menu_in_path(world, account, menu)
    if not row["has_image"]:
        raise must_have_image()
    return row


def must_have_image() -> Exception:
    """LINE's refusal to use a menu without an image."""
    return refuse(400, errors.RICHMENU_NEEDS_IMAGE)


def menu_id_in_body(value: object, place: str = "richMenuId") -> str:
    """A menu's id from a body; raises RefusedError where it has not the form of one."""
    if not isinstance(value, str) or not is_menu_id(value):
        raise body_errors(("invalid richMenuId", place))
    return value


def menu_answer(row: sqlite3.Row) -> dict[str, Any]:
    """A menu as LINE tells it."""
    return {"richMenuId": row["id"], **json.loads(row["menu"])}
