"""One friend's phone: the chat, the menu under it, and everything that a person can do there.

The page asks every half second whether anything is new and takes it in; taps, texts and the follow button go to the
same paths of `/_sandbox/` that a test uses.
"""

from __future__ import annotations

import base64
import json
import sqlite3
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote

from lineform.display.bubbles import ChatEntry, conversation_html
from lineform.display.menus import richmenu_html
from lineform.display.page import Html, element, joined, page_html
from lineform.sandbox import console
from lineform.sandbox.accounts import Account
from lineform.sandbox.clock import JST
from lineform.sandbox.people import menu_seen, person
from lineform.sandbox.phone_script import SCRIPT
from lineform.sandbox.world import World

SHOWN = 100
"""Entries of a chat that are shown, the latest."""
_WRITING = element(
    "form",
    {"id": "write", "class": "lf-write"},
    element("input", {"name": "text", "autocomplete": "off", "aria-label": "メッセージ", "maxlength": "5000"}),
    element("button", {"type": "submit"}, "送信"),
)
_TROUBLE = element("p", {"id": "trouble", "role": "alert"})


def phone_page(world: World, account: Account, user: str) -> str:
    """The whole page."""
    row = person(world, account, user)
    name = str(json.loads(row["profile"]).get("displayName", ""))
    where = f"/_sandbox/accounts/{quote(account.name, safe='')}/friends/{quote(user, safe='')}"
    friendship, chat, menu = _parts(world, account, user)
    body = joined(
        [
            element("h1", None, name),
            element("p", None, f"{account.settings.display_name} ({account.name})"),
            element("div", {"id": "phone", "data-of": where}, friendship, chat, _WRITING, _TROUBLE, menu),
        ]
    )
    return page_html(f"{name} - {account.name}", body, script=SCRIPT)


def phone_parts(world: World, account: Account, user: str) -> Html:
    """What changes: the friendship, the chat, the menu."""
    return joined(_parts(world, account, user))


def _parts(world: World, account: Account, user: str) -> tuple[Html, Html, Html]:
    row = person(world, account, user)
    entries = sorted((*_received(world, account, user), *_done(world, account, user)), key=lambda entry: entry.at)
    chat = Html(conversation_html(entries[-SHOWN:], name=account.settings.display_name))
    heard = {"id": "chat", "class": "lf-log", "role": "log", "aria-label": "トーク", "tabindex": "0"}
    return _friendship(row["relation"]), element("div", heard, chat), _menu(menu_seen(world, account, row))


def _menu(seen: sqlite3.Row | None) -> Html:
    """The rich menu that this person sees, if any."""
    around = {"id": "menu", "role": "group", "aria-label": "リッチメニュー"}
    if seen is None:
        return element("div", around)
    source = ""
    if seen["image"]:
        source = f"data:{seen['image_type']};base64,{base64.b64encode(seen['image']).decode()}"
    return element("div", around, Html(richmenu_html(json.loads(seen["menu"]), source)))


def _friendship(relation: str) -> Html:
    """Whether they are friends, and the one button that changes it."""
    words, does, button = {
        "friend": ("友だち", "blocked", "ブロック"),
        "blocked": ("ブロック中", "friend", "ブロック解除"),
        "stranger": ("友だちではありません", "friend", "友だち追加"),
    }.get(relation, (relation, "", ""))
    doing = [element("button", {"type": "button", "data-relation": does}, button)] if does else []
    where = {"id": "friendship", "class": "lf-friendship"}
    return element("div", where, element("span", {"id": "relation", "role": "status"}, words), *doing)


def _received(world: World, account: Account, user: str) -> Iterator[ChatEntry]:
    for entry in console.deliveries(world, account, user):
        at = datetime.fromisoformat(entry["time"]).astimezone(JST)
        for message in entry["messages"]:
            yield ChatEntry(at, message)


def _done(world: World, account: Account, user: str) -> Iterator[ChatEntry]:
    sql = (
        "select e.time, e.event, s.text as said from events e left join said s on s.event=e.id"
        " where e.account=? and json_extract(e.event, '$.source.userId')=? order by e.id"
    )
    for row in world.state.all(sql, account.id, user):
        event: dict[str, Any] = json.loads(row["event"])
        at = datetime.fromtimestamp(row["time"], JST)
        if event["type"] == "message":
            yield ChatEntry(at, event["message"], by="friend")
        elif event["type"] == "postback":
            if row["said"]:
                yield ChatEntry(at, {"type": "text", "text": row["said"]}, by="friend")
            yield ChatEntry(at, by="note", note=_tapped(event["postback"]))
        else:
            yield ChatEntry(at, by="note", note=event["type"])


def _tapped(postback: Mapping[str, Any]) -> str:
    """What the webhook is told of a tap: its data, and what was picked or switched to."""
    return " ".join(("tap:", postback["data"], *map(str, postback.get("params", {}).values())))
