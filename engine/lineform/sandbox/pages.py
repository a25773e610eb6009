"""The sandbox to look at: its accounts and their friends, each with a way to the phone."""

from __future__ import annotations

import json
from urllib.parse import quote

from lineform.display.page import Html, element, joined, page_html
from lineform.sandbox import console
from lineform.sandbox.accounts import Account
from lineform.sandbox.clock import iso
from lineform.sandbox.phone_script import START_SCRIPT
from lineform.sandbox.world import World

MOST_SHOWN = 200


def start_page(world: World) -> str:
    """Accounts with their friends, each with a way to the phone."""
    accounts = [world.account(row["id"]) for row in world.state.all("select id from accounts order by id")]
    head = [element("h1", None, "Offline LINE account"), element("p", None, f"Clock: {iso(world.clock.now())}")]
    parts = joined([*head, *(_account(world, found) for found in accounts)])
    return page_html("Offline LINE account", parts, lang="en", script=START_SCRIPT)


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
        element("p", None, _new_phone(account)),
    )


def _new_phone(account: Account) -> Html:
    name = quote(account.name, safe="")
    where = {"data-new-phone": f"/_sandbox/accounts/{name}", "data-phones": f"/_sandbox/phone/{name}/"}
    return element("button", {"type": "button", **where}, "a new person's phone")


def _phone(account: Account, user: str) -> str:
    return f"/_sandbox/phone/{quote(account.name, safe='')}/{quote(user, safe='')}"


def _name(profile: str) -> str:
    return str(json.loads(profile).get("displayName", ""))
