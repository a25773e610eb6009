"""What the owner of the offline account does beside the API: create accounts, set the clock, look into phones.

These are plain functions over the world; `control_app.py` gives them paths under `/_sandbox/`.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from lineform.errors import UsageError
from lineform.sandbox import budget
from lineform.sandbox.accounts import Account, Settings
from lineform.sandbox.api.ids import is_user_id
from lineform.sandbox.api.richmenus import add_menu
from lineform.sandbox.api.tokens import issue
from lineform.sandbox.clock import SandboxClock, iso
from lineform.sandbox.delivery import endpoint_name
from lineform.sandbox.people import menu_seen, person
from lineform.sandbox.world import World

OF_ACCOUNT = ("token", "bot_id", "name")


def add_account(world: World, given: dict[str, Any]) -> dict[str, Any]:
    """A new account with a long-lived token; what is not given is made up."""
    settings_given = {name: value for name, value in given.items() if name not in OF_ACCOUNT}
    number = world.state.number("select max(id) from accounts") + 1
    settings_given.setdefault("channel_id", str(2_000_000_000 + number))
    settings_given.setdefault("channel_secret", world.hex())
    name = given.get("name") or f"account-{number}"
    settings_given.setdefault("display_name", name)
    bot = given.get("bot_id") or f"U{world.hex()}"
    if not is_user_id(bot):
        raise UsageError(f"{bot!r} is no bot id", hint="A bot id is U and 32 characters of 0-9a-f.")
    _must_be_new(world, name, given.get("token"))
    settings = Settings.parse(settings_given)
    sql = "insert into accounts (id, name, bot_id, settings) values (?, ?, ?, ?)"
    world.state.run(sql, number, name, bot, settings.dump())
    token = given.get("token") or f"sandbox-long-{secrets.token_hex(24)}"
    issue(world, number, "long", world.clock.now(), None, token=token)
    return {**describe(world, world.account(number)), "token": token, "channel_secret": settings.channel_secret}


def _must_be_new(world: World, name: str, token: str | None) -> None:
    if world.state.one("select 1 from accounts where name=?", name):
        raise UsageError(f"there is an account {name!r} already", hint="Give another name.")
    if token and world.state.one("select 1 from tokens where token=?", token):
        raise UsageError("this token belongs to an account already", hint="Give each account a token of its own.")


def find_account(world: World, name: str) -> Account:
    """By name or bot id."""
    row = world.state.one("select * from accounts where name=? or bot_id=?", name, name)
    if row is None:
        raise UsageError(f"there is no account {name!r} in this sandbox")
    return Account.from_row(row)


def change_settings(world: World, account: Account, changes: dict[str, Any]) -> dict[str, Any]:
    """Changes some settings of an account and tells all of them."""
    settings = Settings.parse({**asdict(account.settings), **changes})
    world.state.run("update accounts set settings=? where id=?", settings.dump(), account.id)
    return describe(world, world.account(account.id))


def describe(world: World, account: Account) -> dict[str, Any]:
    """The account as its console shows it, without its secret and tokens."""
    shown = {name: value for name, value in asdict(account.settings).items() if name != "channel_secret"}
    now = world.clock.now()
    return {
        **shown,
        "name": account.name,
        "bot_id": account.bot_id,
        "friends": budget.friends(world, account),
        "used": budget.used(world, account, now),
        "left": budget.left(world, account, now),
        "default_menu": account.default_menu,
        "default_owner": account.default_owner,
    }


def set_clock(clock: SandboxClock, order: dict[str, Any]) -> None:
    """`real`, `freeze`, `run`, `set` (ISO 8601 with an offset, or epoch seconds) and `advance` (seconds)."""
    unknown = sorted(set(order) - {"real", "freeze", "run", "set", "advance"})
    if unknown:
        raise UsageError(f"the clock knows no {unknown[0]!r}", hint="It knows real, freeze, run, set and advance.")
    if order.get("real"):
        clock.be_real()
    if order.get("run"):
        clock.run()
    if order.get("freeze"):
        clock.freeze()
    if "set" in order:
        clock.set(_moment(order["set"]))
    if "advance" in order:
        clock.advance(float(order["advance"]))


def _moment(given: object) -> float:
    if isinstance(given, int | float):
        return float(given)
    try:
        moment = datetime.fromisoformat(str(given))
    except ValueError:
        raise UsageError(f"{given!r} is no time", hint="Write it as 2026-12-01T10:00:00+09:00.") from None
    if moment.tzinfo is None:
        raise UsageError(f"{given!r} has no time zone", hint="Write it as 2026-12-01T10:00:00+09:00.")
    return moment.timestamp()


def describe_clock(clock: SandboxClock) -> dict[str, Any]:
    """The time of the sandbox, and whether it stands still."""
    return {"now": iso(clock.now()), "epoch": clock.now(), "frozen": clock.frozen}


def deliveries(world: World, account: Account, user: str | None, after: int = 0) -> list[dict[str, Any]]:
    """What friends received, in order; one entry per request and friend, with all its messages."""
    sql = (
        "select d.id, d.user, d.time, s.kind, s.path, s.request_id, s.retry_key, s.messages, s.silent from deliveries d"
        " join sends s on s.id=d.send where d.account=? and d.id>? and (? is null or d.user=?) order by d.id"
    )
    return [
        {
            "number": row["id"],
            "user": row["user"],
            "time": iso(row["time"]),
            "kind": row["kind"],
            "path": row["path"],
            "request_id": row["request_id"],
            "retry_key": row["retry_key"],
            "messages": json.loads(row["messages"]),
            "silent": bool(row["silent"]),
        }
        for row in world.state.all(sql, account.id, after, user, user)
    ]


def friend(world: World, account: Account, user: str) -> dict[str, Any]:
    """One person: relation, profile, the menu they see, and their messages."""
    row = person(world, account, user)
    menu = menu_seen(world, account, row)
    return {
        "user": user,
        "relation": row["relation"],
        "consent": bool(row["consent"]),
        "profile": json.loads(row["profile"]),
        "followed_at": iso(row["followed_at"]) if row["followed_at"] is not None else None,
        "linked_menu": row["menu"],
        "menu": {"richMenuId": menu["id"], **json.loads(menu["menu"])} if menu else None,
        "messages": [message for entry in deliveries(world, account, user) for message in entry["messages"]],
    }


def people_list(world: World, account: Account) -> list[dict[str, Any]]:
    """Everybody who ever was a friend, for the console."""
    rows = world.state.all("select user, relation, profile, menu from people where account=? order by seq", account.id)
    return [
        {"user": row["user"], "relation": row["relation"], "linked_menu": row["menu"], **json.loads(row["profile"])}
        for row in rows
    ]


def events(world: World, account: Account, after: int = 0) -> list[dict[str, Any]]:
    """The webhook events of an account with a number above `after`."""
    rows = world.state.all("select * from events where account=? and id>? order by id", account.id, after)
    return [{"number": row["id"], "event": json.loads(row["event"])} for row in rows]


def requests(world: World, after: int = 0) -> list[dict[str, Any]]:
    """Every call and its answer, in order. `status` is None where the connection was cut."""
    sql = "select r.*, a.name from requests r left join accounts a on a.id=r.account where r.id>? order by r.id"
    return [
        {
            "number": row["id"],
            "time": iso(row["time"]),
            "account": row["name"],
            "method": row["method"],
            "path": row["path"],
            "query": json.loads(row["query"]),
            "headers": json.loads(row["headers"]),
            "body": _readable(row["body"]),
            "status": row["status"],
            "answer": _readable(row["answer"]),
            "answer_headers": json.loads(row["answer_headers"]),
            "request_id": row["request_id"],
            "fault": row["fault"],
        }
        for row in world.state.all(sql, after)
    ]


def _readable(body: bytes | None) -> Any:
    """JSON as its value, other text as text, and of other bytes only how many they are."""
    if not body:
        return None
    try:
        return json.loads(body)
    except ValueError:
        pass
    try:
        return body.decode()
    except UnicodeDecodeError:
        return f"{len(body)} bytes"


def manager_menu(world: World, account: Account, menu: dict[str, Any], *, default: bool) -> str:
    """A rich menu made in OA Manager: the API neither lists nor touches it, but meets it as the default."""
    made = add_menu(world, account.id, menu, "manager", world.clock.now())
    if default:
        sql = "update accounts set default_menu=?, default_owner='manager' where id=?"
        world.state.run(sql, made, account.id)
    return made


def register_key(world: World, account: Account, jwk: dict[str, Any]) -> None:
    """A public key for signed assertions, as registered in the console; the JWK needs kid, n and e."""
    for name in ("kid", "n", "e"):
        if not isinstance(jwk.get(name), str):
            raise UsageError(f"the public key has no {name!r}", hint="Give an RSA key as a JWK with kid, n and e.")
    world.state.remember(f"assertion-key-{jwk['kid']}", {"account": account.id, "jwk": jwk})


def fail_next_batch(world: World, account: Account, after: int) -> None:
    """The next rich menu batch moves `after` people and then fails."""
    world.state.remember(f"fail-batch-{account.id}", after)


def set_webhook(world: World, account: Account, given: dict[str, Any]) -> dict[str, Any]:
    """Sets the webhook as in the console: `url`, which may be on this machine without TLS, and `redelivery`."""
    unknown = sorted(set(given) - {"url", "redelivery"})
    if unknown:
        raise UsageError(f"a webhook has no {unknown[0]!r}", hint="It has url and redelivery.")
    if "url" in given:
        world.state.remember(endpoint_name(account.id), _webhook_url(given["url"]))
    if "redelivery" in given:
        change_settings(world, account, {"webhook_redelivery": bool(given["redelivery"])})
    return {
        "url": world.state.recall(endpoint_name(account.id)) or "",
        "redelivery": world.account(account.id).settings.webhook_redelivery,
        "channel_secret": account.settings.channel_secret,
        "undelivered": [
            row["tries"]
            for row in world.state.all("select tries from undelivered where account=? order by event", account.id)
        ],
    }


def _webhook_url(given: object) -> str:
    url = urlsplit(str(given))
    here = url.scheme == "http" and url.hostname in {"localhost", "127.0.0.1", "::1"}
    if not url.hostname or not (url.scheme == "https" or here):
        raise UsageError(
            f"{given!r} is no webhook's address", hint="Write https://…, or http://127.0.0.1:… for one on this machine."
        )
    return str(given)


def new_token(world: World, account: Account, kind: str, life: float | None, token: str = "") -> str:
    """Issues one more token; `life` in seconds, None for one that does not end."""
    return issue(world, account.id, kind, world.clock.now(), life, token=token)
