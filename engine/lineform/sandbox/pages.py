"""The sandbox to look at: its accounts, and the phone of every friend with its chat and its rich menu."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import datetime
from urllib.parse import quote

from lineform.display.bubbles import ChatEntry, conversation_html
from lineform.display.menus import richmenu_html
from lineform.display.page import Html, element, joined, page_html
from lineform.sandbox import console
from lineform.sandbox.accounts import Account
from lineform.sandbox.clock import JST, iso
from lineform.sandbox.people import menu_seen, person
from lineform.sandbox.world import World

MOST_SHOWN = 200


def start_page(world: World) -> str:
    """Accounts with their friends, each with a way to the phone."""
    accounts = [world.account(row["id"]) for row in world.state.all("select id from accounts order by id")]
    head = [element("h1", None, "Offline LINE account"), element("p", None, f"Clock: {iso(world.clock.now())}")]
    parts = joined([*head, *(_account(world, found) for found in accounts)])
    return page_html("Offline LINE account", parts, lang="en")


def _account(world: World, account: Account) -> Html:
    shown = console.describe(world, account)
    limit = "no limit" if shown["plan_limit"] is None else f"{shown['plan_limit']}"
    sql = "select user, relation, profile from people where account=? order by seq limit ?"
    rows = [
        element("tr", None, *(element("td", None, cell) for cell in cells))
        for cells in (
            (element("a", {"href": _phone(account, row["user"])}, _name(row["profile"])), row["relation"], row["user"])
            for row in world.state.all(sql, account.id, MOST_SHOWN)
        )
    ]
    return element(
        "section",
        None,
        element("h2", None, f"{account.settings.display_name} ({account.name})"),
        element("p", None, f"{shown['friends']} friends, {shown['used']} messages this month of {limit}"),
        element("table", None, *rows),
    )


def _phone(account: Account, user: str) -> str:
    return f"/_sandbox/phone/{quote(account.name, safe='')}/{quote(user, safe='')}"


def _name(profile: str) -> str:
    return str(json.loads(profile).get("displayName", ""))


def phone_page(world: World, account: Account, user: str) -> str:
    """One friend's chat in the order of time, and the menu they see under it."""
    row = person(world, account, user)
    name = _name(row["profile"])
    entries = sorted((*_received(world, account, user), *_done(world, account, user)), key=lambda entry: entry.at)
    parts = [
        element("h1", None, name),
        element("p", None, f"{row['relation']} of {account.settings.display_name} ({account.name})"),
        Html(conversation_html(entries, name=account.settings.display_name)),
    ]
    menu = menu_seen(world, account, row)
    if menu is not None:
        source = ""
        if menu["image"]:
            source = f"data:{menu['image_type']};base64,{base64.b64encode(menu['image']).decode()}"
        parts.append(Html(richmenu_html(json.loads(menu["menu"]), source)))
    return page_html(f"{name} - {account.name}", joined(parts))


def _received(world: World, account: Account, user: str) -> Iterator[ChatEntry]:
    for entry in console.deliveries(world, account, user):
        at = datetime.fromisoformat(entry["time"]).astimezone(JST)
        for message in entry["messages"]:
            yield ChatEntry(at, message)


def _done(world: World, account: Account, user: str) -> Iterator[ChatEntry]:
    sql = "select time, event from events where account=? and json_extract(event, '$.source.userId')=? order by id"
    for row in world.state.all(sql, account.id, user):
        event = json.loads(row["event"])
        at = datetime.fromtimestamp(row["time"], JST)
        if event["type"] == "message":
            yield ChatEntry(at, event["message"], by="friend")
        elif event["type"] == "postback":
            yield ChatEntry(at, by="note", note=f"tap: {event['postback']['data']}")
        else:
            yield ChatEntry(at, by="note", note=event["type"])
