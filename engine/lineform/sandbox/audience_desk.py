"""What the owner of the offline account does with audiences beside the API: look inside, fill them, make them ready.

LINE itself puts click and impression audiences together, out of taps and openings that no API call makes.
"""

from __future__ import annotations

from typing import Any

from lineform.errors import UsageError
from lineform.sandbox.accounts import Account
from lineform.sandbox.api.audience_rows import (
    ROUTES_OF_CREATION,
    STATUSES,
    TYPES,
    add_audience,
    audience_answer,
    find_audience,
    members,
)
from lineform.sandbox.people import person
from lineform.sandbox.world import World


def describe_all(world: World, account: Account) -> list[dict[str, Any]]:
    """Every audience of an account, for the console."""
    rows = world.state.all("select id from audiences where account=? order by seq", account.id)
    return [_describe(world, account, row["id"]) for row in rows]


def _describe(world: World, account: Account, number: int) -> dict[str, Any]:
    row, now = find_audience(world, account.id, number), world.clock.now()
    if row is None:
        raise UsageError(f"account {account.name!r} has no audience {number}")
    return {**audience_answer(world, row, now), "members": sorted(members(world, number, now))}


def foreign(world: World, account: Account, given: dict[str, Any]) -> dict[str, Any]:
    """An audience that was made in OA Manager or elsewhere: ready, readable, not to be changed by the API."""
    _only(given, "description", "type", "createRoute", "members")
    kind, route = given.get("type", "CHAT_TAG"), given.get("createRoute", "OA_MANAGER")
    _one_of(kind, TYPES)
    _one_of(route, ROUTES_OF_CREATION)
    row = add_audience(world, account, world.clock.now(), str(given.get("description", "")), kind, route=route)
    return change(world, account, row["id"], {"status": "READY", "members": given.get("members", [])})


def change(world: World, account: Account, number: int, given: dict[str, Any]) -> dict[str, Any]:
    """`status` at once, and `members` instead of all that were there."""
    _only(given, "status", "members")
    _describe(world, account, number)
    if "members" in given:
        for user in given["members"]:
            person(world, account, user)
        world.state.run("delete from audience_members where audience=?", number)
        rows = ((number, user, 0) for user in dict.fromkeys(given["members"]))
        world.state.many("insert into audience_members (audience, user, job) values (?, ?, ?)", rows)
    if "status" in given:
        _one_of(given["status"], STATUSES)
        world.state.run("update audiences set status=? where id=?", given["status"], number)
    return _describe(world, account, number)


def fail_job(world: World, account: Account) -> dict[str, Any]:
    """The next upload that ends, ends FAILED."""
    world.state.remember(f"fail-audience-job-{account.id}", True)
    return {}


def _only(given: dict[str, Any], *known: str) -> None:
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise UsageError(f"an audience has no {unknown[0]!r} here", hint=f"Known: {', '.join(known)}.")


def _one_of(word: object, known: tuple[str, ...]) -> None:
    if word not in known:
        raise UsageError(f"{word!r} is not known here", hint=f"Known: {', '.join(known)}.")
