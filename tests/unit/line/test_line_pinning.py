"""A pinned account: LINE is asked whose the token is before the first call, and once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar
from uuid import uuid4

import pytest

from lineform.errors import CredentialError
from lineform.line.account import HttpLineAccount, open_account
from lineform.lineapi.routes import Route
from lineform.ports.line_account import LineFailure, RateLimited, Unauthorised, WrongBot
from lineform.wiring.clock import SettableClock
from support.line_stub import NOON, TOKEN, LineStub, cuts, line_stub, says

MINE, OTHER, USER = "U" + "1" * 32, "U" + "2" * 32, "U" + "3" * 32
Act = Callable[[HttpLineAccount], Awaitable[object]]
T = TypeVar("T")
CALLS: dict[str, Act] = {
    "reply": lambda account: account.reply(b"{}", "token"),
    "push": lambda account: account.send(Route.PUSH, b"{}", uuid4()),
    "link": lambda account: account.link_menu("richmenu-1", [USER]),
    "menus": lambda account: account.menus(),
    "image": lambda account: account.upload_menu_image("richmenu-1", b"", "image/png"),
    "delete": lambda account: account.delete_menu("richmenu-1"),
    "profile": lambda account: account.profile(USER),
    "identify": lambda account: account.identify("1234567890", "id"),
    "bot": lambda account: account.bot(),
}


def talk(stub: LineStub, act: Act) -> list[str]:
    """What LINE is asked for while a pinned account does this."""

    async def main() -> list[str]:
        async with (
            line_stub(*stub.replies) as line,
            open_account(line.origin, TOKEN, SettableClock(NOON), pinned=MINE) as account,
        ):
            await act(account)
            return [one.path for one in line.seen]

    return asyncio.run(main())


def mine(user_id: str = MINE) -> LineStub:
    return LineStub([says(200, {"userId": user_id, "basicId": "@salon", "displayName": "Salon"}), says(200)])


async def fails(call: Awaitable[object], kind: type[LineFailure]) -> LineFailure:
    with pytest.raises(kind) as caught:
        await call
    return caught.value


@pytest.mark.parametrize("call", CALLS)
def test_nothing_is_asked_of_another_bots_account_but_who_it_is(call: str) -> None:
    async def act(account: HttpLineAccount) -> None:
        wrong = await fails(CALLS[call](account), WrongBot)
        assert isinstance(wrong, Unauthorised)
        assert isinstance(wrong, CredentialError)
        assert (wrong.exit_code, wrong.code) == (8, "G101")

    assert talk(mine(OTHER), act) == ["/v2/bot/info"]


def test_of_many_calls_that_begin_together_one_question_is_asked() -> None:
    async def act(account: HttpLineAccount) -> None:
        await asyncio.gather(*(account.reply(b"{}", f"token{number}") for number in range(20)))
        await account.reply(b"{}", "token")

    asked = talk(mine(), act)
    assert (asked[0], len(asked)) == ("/v2/bot/info", 22)
    assert set(asked[1:]) == {"/v2/bot/message/reply"}


def test_a_question_that_failed_is_asked_again() -> None:
    async def act(account: HttpLineAccount) -> None:
        await fails(account.reply(b"{}", "token"), Unauthorised)
        await account.reply(b"{}", "token")

    asked = talk(LineStub([says(401), *mine().replies]), act)
    assert asked == ["/v2/bot/info", "/v2/bot/info", "/v2/bot/message/reply"]


def test_a_call_before_which_the_bot_could_not_be_asked_for_was_certainly_not_made() -> None:
    async def act(account: HttpLineAccount) -> None:
        await fails(account.reply(b"{}", "token"), RateLimited)

    assert set(talk(LineStub([cuts]), act)) == {"/v2/bot/info"}


def test_who_the_account_is_is_asked_of_line_each_time() -> None:
    async def act(account: HttpLineAccount) -> None:
        assert (await account.bot()).user_id == (await account.bot()).user_id == MINE

    assert talk(LineStub(mine().replies[:1]), act) == ["/v2/bot/info"] * 2
