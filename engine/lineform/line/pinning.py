"""Whose a token is: LINE is asked before the first call, and once, so that nothing is ever done for another bot."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from lineform.planning.live import Bot
from lineform.ports.line_account import WrongBot


class Pin:
    """Lets calls pass when LINE said that the token is of the bot with this id. That it did is kept: a token never
    becomes another bot's. A question that failed is asked again."""

    def __init__(self, user_id: str) -> None:
        self._user_id = user_id
        self._sure = False
        self._asking = asyncio.Lock()

    async def hold(self, ask: Callable[[], Awaitable[Bot]]) -> None:
        """Returns where the bot is the right one. Raises as `right`, and whatever `ask` raises."""
        if self._sure:
            return
        async with self._asking:  # of calls that begin together one asks
            if not self._sure:
                self.right(await ask())

    def right(self, bot: Bot) -> Bot:
        """The bot that LINE told. Raises WrongBot where it is another one."""
        if bot.user_id != self._user_id:
            raise WrongBot(
                f"the token belongs to the bot '{bot.display_name}' ({bot.basic_id}, {bot.user_id}), "
                "which is not the pinned one",
                hint="Correct the token in the environment, or `bot` in the client's file.",
            )
        self._sure = True
        return bot
