"""Friends as LINE lists them: https://developers.line.biz/en/reference/messaging-api/#users."""

from __future__ import annotations

from lineform.line.calls import Area
from lineform.line.exchange import part
from lineform.ports.line_account import FollowerPage, NotFound, Profile


class FriendCalls(Area):
    """Who the friends are."""

    async def followers(self, start: str = "", limit: int = 1000) -> FollowerPage:
        query = (("limit", str(limit)), *((("start", start),) if start else ()))
        page = await self._calls.get_object("/v2/bot/followers/ids", query)
        return FollowerPage(user_ids=tuple(page.texts("userIds")), next=page.optional_text("next"))

    async def profile(self, user_id: str) -> Profile | None:
        try:
            profile = await self._calls.get_object(f"/v2/bot/profile/{part(user_id)}")
        except NotFound:
            return None
        return Profile(
            user_id=profile.text("userId"),
            display_name=profile.optional_text("displayName"),
            language=profile.optional_text("language"),
        )
