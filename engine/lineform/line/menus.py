"""Rich menus, aliases, the default menu and links: https://developers.line.biz/en/reference/messaging-api/#rich-menu."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from lineform.line.calls import Area
from lineform.line.exchange import Host, JsonObject, Request, part, post
from lineform.lineapi import limits
from lineform.planning.live import DefaultMenu
from lineform.ports.line_account import NotFound, OutcomeUnknown, Phase, Refused

_MENUS: Final = "/v2/bot/richmenu"
_ALIASES: Final = "/v2/bot/richmenu/alias"
_DEFAULT: Final = "/v2/bot/user/all/richmenu"
_PHASES: Final = {"succeeded": Phase.SUCCEEDED, "failed": Phase.FAILED}


def _few(user_ids: Sequence[str]) -> Sequence[str]:
    if not 1 <= len(user_ids) <= limits.RICHMENU_BULK_USERS:
        raise ValueError(f"one call links 1 to {limits.RICHMENU_BULK_USERS} friends, not {len(user_ids)}")
    return user_ids


class MenuCalls(Area):
    """Rich menus and their images."""

    async def menus(self) -> Sequence[Mapping[str, Any]]:
        return (await self._calls.get_object(f"{_MENUS}/list")).objects("richmenus")

    async def validate_menu(self, menu: Mapping[str, Any]) -> None:
        await self._calls.post(f"{_MENUS}/validate", menu)

    async def create_menu(self, menu: Mapping[str, Any]) -> str:
        request = post(_MENUS, menu)
        return JsonObject.read(request, await self._calls.once(request)).text("richMenuId")

    async def delete_menu(self, menu_id: str) -> None:
        await self._calls.delete(f"{_MENUS}/{part(menu_id)}")

    async def menu_image(self, menu_id: str) -> bytes | None:
        try:
            _, answer = await self._calls.get(f"{_MENUS}/{part(menu_id)}/content", host=Host.DATA)
        except NotFound:
            return None
        return answer.body

    async def upload_menu_image(self, menu_id: str, image: bytes, content_type: str) -> None:
        path = f"{_MENUS}/{part(menu_id)}/content"
        await self._calls.once(Request("POST", path, body=image, content_type=content_type, host=Host.DATA))


class AliasCalls(Area):
    """Names for rich menus."""

    async def aliases(self) -> Mapping[str, str]:
        found = (await self._calls.get_object(f"{_ALIASES}/list")).each("aliases")
        return {alias.text("richMenuAliasId"): alias.text("richMenuId") for alias in found}

    async def create_alias(self, alias: str, menu_id: str) -> None:
        await self._calls.post(_ALIASES, {"richMenuAliasId": alias, "richMenuId": menu_id})

    async def update_alias(self, alias: str, menu_id: str) -> None:
        await self._calls.post(f"{_ALIASES}/{part(alias)}", {"richMenuId": menu_id})

    async def delete_alias(self, alias: str) -> None:
        await self._calls.delete(f"{_ALIASES}/{part(alias)}")


class MenuLinkCalls(Area):
    """Who sees which rich menu."""

    async def default_menu(self) -> DefaultMenu:
        """403 says that another channel or OA Manager owns it, 404 that there is none."""
        try:
            found = await self._calls.get_object(_DEFAULT)
        except NotFound:
            return DefaultMenu()
        except Refused as refused:
            if refused.status != 403:
                raise
            return DefaultMenu(foreign=True)
        return DefaultMenu(menu_id=found.text("richMenuId"))

    async def set_default_menu(self, menu_id: str) -> None:
        await self._calls.once(Request("POST", f"{_DEFAULT}/{part(menu_id)}"))

    async def clear_default_menu(self) -> None:
        await self._calls.delete(_DEFAULT)

    async def user_menu(self, user_id: str) -> str:
        try:
            return (await self._calls.get_object(f"/v2/bot/user/{part(user_id)}/richmenu")).text("richMenuId")
        except NotFound:
            return ""

    async def link_menu(self, menu_id: str, user_ids: Sequence[str]) -> None:
        """https://developers.line.biz/en/reference/messaging-api/#link-rich-menu-to-user, and #link-rich-menu-to-users
        for several."""
        if len(_few(user_ids)) == 1:
            await self._calls.once(Request("POST", f"/v2/bot/user/{part(user_ids[0])}/richmenu/{part(menu_id)}"))
        else:
            await self._calls.post(f"{_MENUS}/bulk/link", {"richMenuId": menu_id, "userIds": list(user_ids)})

    async def unlink_menus(self, user_ids: Sequence[str]) -> None:
        """https://developers.line.biz/en/reference/messaging-api/#unlink-rich-menu-from-user, and
        #unlink-rich-menus-from-users for several."""
        if len(_few(user_ids)) == 1:
            await self._calls.delete(f"/v2/bot/user/{part(user_ids[0])}/richmenu")
        else:
            await self._calls.post(f"{_MENUS}/bulk/unlink", {"userIds": list(user_ids)})

    async def move_linked_users(self, moves: Mapping[str, str], resume_key: str) -> str:
        """https://developers.line.biz/en/reference/messaging-api/#batch-control-rich-menus-of-users"""
        if not 1 <= len(moves) <= limits.RICHMENU_BATCH_OPERATIONS:
            raise ValueError(f"one batch moves 1 to {limits.RICHMENU_BATCH_OPERATIONS} menus, not {len(moves)}")
        operations = [
            {"type": "link", "from": old, "to": new} if new else {"type": "unlink", "from": old}
            for old, new in moves.items()
        ]
        request = post(f"{_MENUS}/batch", {"operations": operations, "resumeRequestKey": resume_key})
        answer = await self._calls.once(request)
        if not answer.request_id:
            raise OutcomeUnknown(f"{request} was answered without LINE's request id", status=answer.status)
        return answer.request_id

    async def move_progress(self, request_id: str) -> Phase:
        progress = await self._calls.get_object(f"{_MENUS}/progress/batch", (("requestId", request_id),))
        return _PHASES.get(progress.text("phase"), Phase.ONGOING)
