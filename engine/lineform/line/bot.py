"""The bot itself and its month: https://developers.line.biz/en/reference/messaging-api/#get-bot-info."""

from __future__ import annotations

from lineform.line.calls import Area
from lineform.planning.live import Bot, Quota


class BotCalls(Area):
    """The bot, and what is left of its month."""

    async def bot(self) -> Bot:
        return await self._calls.bot()

    async def quota(self) -> Quota:
        """https://developers.line.biz/en/reference/messaging-api/#get-quota: type none has no value."""
        allowed = await self._calls.get_object("/v2/bot/message/quota")
        used = await self._calls.get_object("/v2/bot/message/quota/consumption")
        unlimited = allowed.optional_text("type") == "none"
        return Quota(limit=None if unlimited else allowed.number("value"), used=used.number("totalUsage"))
