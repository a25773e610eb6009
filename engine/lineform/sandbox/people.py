"""The people around an account, and what they do: follow, block, write, tap.

What a person does leaves a webhook event, as https://developers.line.biz/en/reference/messaging-api/#webhook-event-objects
describes it, with a reply token where LINE would give one.
"""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from lineform.errors import UsageError
from lineform.lineapi import limits
from lineform.sandbox.accounts import Account
from lineform.sandbox.api.ids import is_user_id
from lineform.sandbox.delivery import to_deliver
from lineform.sandbox.world import World

RELATIONS = ("friend", "blocked", "stranger", "deleted")
"""A stranger exists for this channel but is no friend; a deleted one has left LINE."""


def add_people(world: World, account: Account, profiles: list[dict[str, Any]], now: float) -> list[str]:
    """Their user ids. A profile may name user_id, relation, consent, followed_at, and what a LINE profile holds."""
    seq = world.state.number("select max(seq) from people where account=?", account.id)
    rows = []
    for number, given in enumerate(profiles, start=seq + 1):
        profile = dict(given)
        user = profile.pop("user_id", None) or f"U{world.hex()}"
        relation = profile.pop("relation", "friend")
        if not is_user_id(user):
            raise UsageError(f"{user!r} is no user id", hint="A user id is U and 32 characters of 0-9a-f.")
        if relation not in RELATIONS:
            raise UsageError(f"unknown relation {relation!r}", hint=f"Known: {', '.join(RELATIONS)}.")
        followed = profile.pop("followed_at", now if relation in ("friend", "blocked") else None)
        consent = int(profile.pop("consent", True))
        profile.setdefault("displayName", f"Friend {number}")
        text = json.dumps(profile, ensure_ascii=False)
        rows.append((account.id, user, number, relation, consent, followed, text))
    try:
        sql = "insert into people (account, user, seq, relation, consent, followed_at, profile) values (?,?,?,?,?,?,?)"
        world.state.many(sql, rows)
    except sqlite3.IntegrityError:
        raise UsageError("one of these people is there already", hint="Each user id can be added once.") from None
    return [row[1] for row in rows]


def person(world: World, account: Account, user: str) -> sqlite3.Row:
    """Somebody who is or was a friend; raises UsageError where nobody has the id."""
    row = world.state.one("select * from people where account=? and user=?", account.id, user)
    if row is None:
        raise UsageError(f"nobody has the id {user!r} in account {account.name!r}")
    return row


def set_relation(world: World, account: Account, user: str, relation: str, now: float) -> dict[str, Any]:
    """Follow, block or leave; the event that the webhook would get, or nothing for a deleted account."""
    before = person(world, account, user)["relation"]
    if relation not in RELATIONS:
        raise UsageError(f"unknown relation {relation!r}", hint=f"Known: {', '.join(RELATIONS)}.")
    if relation == "friend":
        sql = "update people set relation='friend', followed_at=? where account=? and user=?"
        world.state.run(sql, now, account.id, user)
        follow = {"follow": {"isUnblocked": before == "blocked"}}
        return record_event(world, account, user, now, "follow", follow, reply=True)
    # A blocking friend keeps the chat but not the menu that was linked to them.
    sql = "update people set relation=?, menu=null where account=? and user=?"
    world.state.run(sql, relation, account.id, user)
    return record_event(world, account, user, now, "unfollow", {}, reply=False)


def write(world: World, account: Account, user: str, text: str, now: float) -> dict[str, Any]:
    """A text message from a person, who can then be answered for a minute, and pushed to for seven days."""
    person(world, account, user)
    world.state.run("update people set wrote_at=? where account=? and user=?", now, account.id, user)
    read = world.hex(40)
    world.state.run("insert into read_tokens values (?, ?, ?)", read, account.id, user)
    message = {
        "type": "text",
        "id": str(500_000_000_000_000_000 + world.random.getrandbits(56)),
        "text": text,
        "quoteToken": world.hex(48),
        "markAsReadToken": read,
    }
    return record_event(world, account, user, now, "message", {"message": message}, reply=True)


def unsend(world: World, account: Account, user: str, message: str, now: float) -> dict[str, Any]:
    """A person takes back a message of theirs."""
    person(world, account, user)
    return record_event(world, account, user, now, "unsend", {"unsend": {"messageId": message}}, reply=False)


def tap(world: World, account: Account, user: str, area: int, now: float) -> dict[str, Any]:
    """A tap on an area of the menu that this person sees: {"action", "event"?}."""
    row = person(world, account, user)
    menu = menu_seen(world, account, row)
    if menu is None:
        raise UsageError(f"{user} sees no rich menu", hint="Link one, or set the default one.")
    areas = json.loads(menu["menu"])["areas"]
    if not 0 <= area < len(areas):
        raise UsageError(f"the menu has {len(areas)} areas, there is no number {area}", hint="Areas count from 0.")
    action = areas[area]["action"]
    return {"action": action, "event": _act(world, account, user, action, now)}


def tap_message(world: World, account: Account, user: str, action: dict[str, Any], now: float) -> dict[str, Any]:
    """A tap on a button inside a message; `action` is the action object of that button."""
    person(world, account, user)
    return {"action": action, "event": _act(world, account, user, action, now)}


def _act(world: World, account: Account, user: str, action: dict[str, Any], now: float) -> dict[str, Any] | None:
    said = ""
    match action["type"]:
        case "message":
            return write(world, account, user, action["text"], now)
        case "postback":
            postback = {"postback": {"data": action["data"]}}
            said = action.get("displayText", "")
        case "datetimepicker":
            mode = action["mode"]
            first = action.get("initial", {"date": "2030-01-01", "time": "00:00"}.get(mode, "2030-01-01T00:00"))
            chosen = action.get("picked", first)
            postback = {"postback": {"data": action["data"], "params": {mode: chosen}}}
        case "richmenuswitch":
            params = _switch(world, account, user, action["richMenuAliasId"])
            postback = {"postback": {"data": action["data"], "params": params}}
        case _:
            # A link opens or a text is copied on the phone; LINE tells the bot nothing.
            return None
    return record_event(world, account, user, now, "postback", postback, reply=True, said=said)


def _switch(world: World, account: Account, user: str, alias: str) -> dict[str, str]:
    """A tab makes a link of this one person's, which the default menu then no longer reaches."""
    row = world.state.one("select menu from aliases where account=? and alias=?", account.id, alias)
    if row is None:
        return {"newRichMenuAliasId": alias, "status": "RICHMENU_ALIAS_ID_NOTFOUND"}
    if world.state.one("select 1 from menus where id=?", row["menu"]) is None:
        return {"newRichMenuAliasId": alias, "status": "RICHMENU_NOTFOUND"}
    world.state.run("update people set menu=? where account=? and user=?", row["menu"], account.id, user)
    return {"newRichMenuAliasId": alias, "status": "SUCCESS"}


def menu_seen(world: World, account: Account, row: sqlite3.Row) -> sqlite3.Row | None:
    """Their own menu, else the API's default, else OA Manager's."""
    if row["relation"] != "friend":
        return None
    menu = row["menu"] or account.default_menu
    return None if menu is None else world.state.one("select * from menus where id=?", menu)


def reply_token(world: World, account: Account, user: str, now: float) -> str:
    """A new token with which one message of a friend can be answered."""
    token = world.hex()
    sql = "insert into reply_tokens (token, account, user, expires) values (?, ?, ?, ?)"
    world.state.run(sql, token, account.id, user, now + limits.REPLY_TOKEN_SECONDS)
    return token


def record_event(
    world: World,
    account: Account,
    user: str,
    now: float,
    kind: str,
    more: dict[str, Any],
    *,
    reply: bool,
    said: str = "",
) -> dict[str, Any]:
    """One webhook event, kept for whoever asks control for it, and delivered where there is a webhook. `said` is what
    the chat shows as this person's words, though no event tells of it.
    """
    event: dict[str, Any] = {
        "type": kind,
        "mode": "active",
        "timestamp": int(now * 1000),
        "source": {"type": "user", "userId": user},
        "webhookEventId": _ulid(world, now),
        "deliveryContext": {"isRedelivery": False},
    }
    if reply:
        event["replyToken"] = reply_token(world, account, user, now)
    event |= more
    sql = "insert into events (account, time, event) values (?, ?, ?)"
    number = world.state.insert(sql, account.id, now, json.dumps(event, ensure_ascii=False))
    if said:
        world.state.run("insert into said (event, text) values (?, ?)", number, said)
    to_deliver(world, account, number, now)
    return event


_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def _ulid(world: World, now: float) -> str:
    """https://github.com/ulid/spec: 48 bits of milliseconds, 80 of chance, in Crockford's base 32."""
    number = (int(now * 1000) << 80) | world.random.getrandbits(80)
    return "".join(_CROCKFORD[(number >> shift) & 31] for shift in range(125, -1, -5))
