"""The month's messages: what is used, what running sends have reserved, what is left.

https://developers.line.biz/en/docs/messaging-api/pricing/; one message per recipient, months in Japan's time.
"""

from __future__ import annotations

from lineform.lineapi import errors
from lineform.sandbox.accounts import Account
from lineform.sandbox.answers import RefusedError, refuse
from lineform.sandbox.clock import jst_month
from lineform.sandbox.world import World


def used(world: World, account: Account, now: float) -> int:
    """Messages that were counted in the month (JST) of `now`."""
    sql = "select used from usage where account=? and month=?"
    return world.state.number(sql, account.id, jst_month(now))


def left(world: World, account: Account, now: float) -> int | None:
    """What a new send may still take; None where the plan has no limit."""
    limit = account.settings.plan_limit
    if limit is None:
        return None
    reserved = world.state.number("select sum(amount) from reservations where account=?", account.id)
    return max(0, limit - used(world, account, now) - reserved)


def demand(world: World, account: Account, now: float, amount: int) -> None:
    """Refuse a send that does not fit into what is left; nothing of it is then sent to anybody."""
    free = left(world, account, now)
    if free is not None and amount > free:
        raise monthly_limit()


def use(world: World, account: int, now: float, amount: int) -> None:
    """Counts messages in the month (JST) of `now`."""
    if amount:
        sql = "insert into usage values (?, ?, ?) on conflict do update set used=used+excluded.used"
        world.state.run(sql, account, jst_month(now), amount)


def reserve(world: World, account: Account, request_id: str, amount: int) -> None:
    """Holds messages of the month for a narrowcast until it has ended."""
    world.state.run("insert into reservations values (?, ?, ?)", request_id, account.id, amount)


def release(world: World, request_id: str) -> None:
    """Gives back what a narrowcast held."""
    world.state.run("delete from reservations where request_id=?", request_id)


def monthly_limit() -> RefusedError:
    """LINE's refusal of a send for which the month has not enough left."""
    return refuse(429, errors.MONTHLY_LIMIT)


def target_reach(world: World, account: Account) -> int:
    """How many people LINE could reach: the setting, or everybody who is a friend."""
    if account.settings.target_reach is not None:
        return account.settings.target_reach
    return friends(world, account)


def friends(world: World, account: Account) -> int:
    """Friends who do not block the account."""
    sql = "select count(*) from people where account=? and relation='friend'"
    return world.state.number(sql, account.id)
