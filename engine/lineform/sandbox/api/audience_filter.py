"""Whom a narrowcast means: recipient objects, demographic filters, and the people they select.

https://developers.line.biz/en/reference/messaging-api/#narrowcast-recipient and #narrowcast-demographic-filter
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from lineform.lineapi import demographics, limits
from lineform.sandbox.accounts import Account
from lineform.sandbox.answers import Call, body_errors, refuse
from lineform.sandbox.api.audience_rows import BY_ID, find_audience, members
from lineform.sandbox.world import World

AGES = tuple(f"age_{years}" for years in demographics.AGES)
PERIODS = tuple(f"day_{days}" for days in demographics.FRIEND_FOR_DAYS)
VALUES = {"gender": demographics.GENDERS, "appType": demographics.APPS, "area": demographics.AREAS}
DAY = 86400.0


@dataclass(frozen=True, slots=True)
class Person:
    """What LINE believes about a friend: its guesses of gender, age, area and app, and since when they follow."""

    user: str
    gender: str | None
    age: int | None
    app_type: str | None
    area: str | None
    days: float


def people(world: World, account: int, now: float) -> list[Person]:
    """Every friend who does not block the account, with what LINE guesses of them."""
    rows = world.state.all(
        "select user, followed_at, profile from people where account=? and relation='friend' order by seq", account
    )
    found = []
    for row in rows:
        known = json.loads(row["profile"])
        days = (now - (row["followed_at"] if row["followed_at"] is not None else now)) / DAY
        attributes = (known.get("gender"), known.get("age"), known.get("appType"), known.get("area"))
        found.append(Person(row["user"], *attributes, days))
    return found


def check_recipient(world: World, account: Account, call: Call, recipient: object) -> None:
    """Refuse what LINE refuses at once: malformed trees, too many leaves, unknown audiences and requests."""
    leaves = _check_tree(recipient, "recipient", lambda leaf, place: _check_target(world, account, call, leaf, place))
    if leaves > limits.NARROWCAST_RECIPIENT_OBJECTS:
        raise body_errors((f"Size must be between 0 and {limits.NARROWCAST_RECIPIENT_OBJECTS}", "recipient"))


def check_demographic(demographic: object) -> None:
    """Raises RefusedError for a demographic filter that LINE would not take."""
    leaves = _check_tree(demographic, "filter.demographic", _check_attribute)
    if leaves > limits.NARROWCAST_DEMOGRAPHIC_OBJECTS:
        text = f"Size must be between 0 and {limits.NARROWCAST_DEMOGRAPHIC_OBJECTS}"
        raise body_errors((text, "filter.demographic"))


def _check_tree(node: object, place: str, check_leaf: Callable[[dict[str, Any], str], None]) -> int:
    """How many leaves there are."""
    if not isinstance(node, dict) or not isinstance(node.get("type"), str):
        raise body_errors(("must be specified", f"{place}.type"))
    if node["type"] != "operator":
        check_leaf(node, place)
        return 1
    given = [name for name in ("and", "or", "not") if name in node]
    if len(given) != 1:
        raise body_errors(("exactly one of and, or, not must be specified", place))
    name = given[0]
    if name == "not":
        return _check_tree(node["not"], f"{place}.not", check_leaf)
    parts = node[name]
    if not isinstance(parts, list) or not parts:
        raise body_errors(("May not be empty", f"{place}.{name}"))
    return sum(_check_tree(part, f"{place}.{name}[{number}]", check_leaf) for number, part in enumerate(parts))


def _check_target(world: World, account: Account, call: Call, leaf: dict[str, Any], place: str) -> None:
    match leaf["type"]:
        case "audience":
            row = find_audience(world, account.id, leaf.get("audienceGroupId"))
            if row is None or row["status"] != "READY":
                raise refuse(400, f"Invalid audience group id: {leaf.get('audienceGroupId')}")
        case "redelivery":
            if not _redelivered(world, account.id, leaf.get("requestId"), call.now):
                raise refuse(400, f"Invalid request id: {leaf.get('requestId')}")
        case _:
            known = "Must be one of the following values: [audience, redelivery, operator]"
            raise body_errors((known, f"{place}.type"))


def _redelivered(world: World, account: int, request_id: object, now: float) -> bool:
    """A narrowcast of this account that succeeded, not older than 14 days."""
    sql = "select result from narrowcasts where request_id=? and account=? and ends<=? and accepted>?"
    oldest = now - limits.NARROWCAST_PROGRESS_DAYS * DAY
    row = world.state.one(sql, request_id, account, now, oldest) if isinstance(request_id, str) else None
    return row is not None and row["result"] is not None and json.loads(row["result"])["phase"] == "succeeded"


def _check_attribute(leaf: dict[str, Any], place: str) -> None:
    kind = leaf["type"]
    if kind in VALUES:
        chosen = leaf.get("oneOf")
        if not isinstance(chosen, list) or not chosen:
            raise body_errors(("May not be empty", f"{place}.oneOf"))
        for number, value in enumerate(chosen):
            if value not in VALUES[kind]:
                raise body_errors(("invalid value", f"{place}.oneOf[{number}]"))
        return
    steps = {"age": AGES, "subscriptionPeriod": PERIODS}.get(kind)
    if steps is None:
        known = "Must be one of the following values: [gender, age, appType, area, subscriptionPeriod, operator]"
        raise body_errors((known, f"{place}.type"))
    if "gte" not in leaf and "lt" not in leaf:
        raise body_errors(("gte or lt must be specified", place))
    for end in ("gte", "lt"):
        if end in leaf and leaf[end] not in steps:
            raise body_errors(("invalid value", f"{place}.{end}"))


def uses_attributes(body: dict[str, Any]) -> bool:
    """Whether a narrowcast asks for attributes of people, which LINE answers for large accounts only."""
    return bool((body.get("filter") or {}).get("demographic"))


def selected(world: World, account: int, body: dict[str, Any], now: float) -> list[str]:
    """The friends whom recipient and filter both mean, at this moment."""
    everybody = people(world, account, now)
    users = {person.user for person in everybody}
    if body.get("recipient") is not None:
        users = _targets(world, body["recipient"], users, now)
    demographic = (body.get("filter") or {}).get("demographic")
    return [
        person.user
        for person in everybody
        if person.user in users and (demographic is None or _fits(person, demographic))
    ]


def too_small_audience(world: World, account: int, body: dict[str, Any], now: float) -> bool:
    """Whether one of several audiences has fewer than 50 friends in it; those made of ids are exempt."""
    named = _audiences(world, account, body.get("recipient"))
    if len(named) < 2:
        return False
    everybody = {person.user for person in people(world, account, now)}
    return any(
        len(members(world, row["id"], now) & everybody) < limits.NARROWCAST_RECIPIENTS_MIN
        for row in named
        if row["type"] not in BY_ID
    )


def needs_fifty(world: World, account: int, body: dict[str, Any]) -> bool:
    """Whether LINE's floor of 50 recipients holds: for attributes, and for every target but audiences made of ids."""
    if uses_attributes(body):
        return True
    targets = list(_leaves(body.get("recipient")))
    by_id = [row for row in _audiences(world, account, body.get("recipient")) if row["type"] in BY_ID]
    return len(by_id) < len(targets)


def _audiences(world: World, account: int, recipient: dict[str, Any] | None) -> list[sqlite3.Row]:
    """The audiences that a recipient names, those that are still there."""
    found = (
        find_audience(world, account, leaf["audienceGroupId"])
        for leaf in _leaves(recipient)
        if leaf["type"] == "audience"
    )
    return [row for row in found if row is not None]


def _leaves(node: dict[str, Any] | None) -> Iterator[dict[str, Any]]:
    if node is None:
        return
    if node["type"] != "operator":
        yield node
        return
    for part in [node["not"]] if "not" in node else node.get("and") or node["or"]:
        yield from _leaves(part)


def _targets(world: World, node: dict[str, Any], everybody: set[str], now: float) -> set[str]:
    if node["type"] == "audience":
        return members(world, node["audienceGroupId"], now) & everybody
    if node["type"] == "redelivery":
        sql = "select d.user from deliveries d join sends s on s.id=d.send where s.request_id=?"
        return {row["user"] for row in world.state.all(sql, node["requestId"])} & everybody
    if "not" in node:
        return everybody - _targets(world, node["not"], everybody, now)
    if "and" in node:
        return set.intersection(*(_targets(world, part, everybody, now) for part in node["and"]))
    return set[str]().union(*(_targets(world, part, everybody, now) for part in node["or"]))


def _fits(person: Person, node: dict[str, Any]) -> bool:
    match node["type"]:
        case "operator":
            if "not" in node:
                return not _fits(person, node["not"])
            if "and" in node:
                return all(_fits(person, part) for part in node["and"])
            return any(_fits(person, part) for part in node["or"])
        case "gender":
            return person.gender in node["oneOf"]
        case "appType":
            return person.app_type in node["oneOf"]
        case "area":
            return person.area in node["oneOf"]
        case "age":
            return person.age is not None and _between(person.age, node)
        case _:
            return _between(person.days, node)


def _between(value: float, node: dict[str, Any]) -> bool:
    """`gte` included, `lt` not; the number is what stands behind the underscore of `age_20` or `day_30`."""
    low = int(node["gte"].partition("_")[2]) if "gte" in node else None
    high = int(node["lt"].partition("_")[2]) if "lt" in node else None
    return (low is None or value >= low) and (high is None or value < high)
