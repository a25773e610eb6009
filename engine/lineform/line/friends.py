"""Friends as LINE lists them: https://developers.line.biz/en/reference/messaging-api/#users."""

from __future__ import annotations

from lineform.line.calls import Area
from lineform.line.exchange import JsonObject, Request, form, part
from lineform.ports.line_account import FollowerPage, NotFound, Profile, Refused


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

    async def link_token(self, user_id: str) -> str:
        request = Request("POST", f"/v2/bot/user/{part(user_id)}/linkToken")
        return JsonObject.read(request, await self._calls.once(request)).text("linkToken")

    async def identify(self, channel_id: str, id_token: str) -> str:
        request = form("/oauth2/v2.1/verify", {"id_token": id_token, "client_id": channel_id})
        found = JsonObject.read(request, await self._calls.once(request))
        if found.text("aud") != channel_id:
            raise Refused("the ID token was made for another channel", status=200, request_id=found.request_id)
        return found.text("sub")
