"""Reading the account: the live side of a plan, at one moment."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from lineform.model.address import Kind
from lineform.model.project import Client
from lineform.planning.audiences import own_audiences
from lineform.planning.live import LiveAccount, LiveMenu
from lineform.planning.live_audiences import JobStatus, LiveAudience
from lineform.planning.marks import read_mark
from lineform.ports.line_account import LineAccount, Refused


async def read_live(account: LineAccount, client: Client) -> LiveAccount:
    """Everything that a plan for this client compares with.

    Looks for images only where an interrupted apply may have left a menu without one: at our own menus that nothing
    points to. Raises what the account raises; where the token is another bot's, nothing is read of that.
    """
    bot = await account.bot()
    quota, menus, aliases, default, audiences = await _together(
        account.quota(),
        account.menus(),
        account.aliases(),
        account.default_menu(),
        _audiences(account, client),
    )
    shown = {*aliases.values(), default.menu_id}
    loose = [m["richMenuId"] for m in menus if _ours(client, m) and m["richMenuId"] not in shown]
    images = await _together(*(account.menu_image(menu_id) for menu_id in loose))
    has_image = {menu_id: image is not None for menu_id, image in zip(loose, images, strict=True)}
    live = tuple(_live_menu(menu, has_image) for menu in menus)
    return LiveAccount(bot=bot, quota=quota, menus=live, aliases=aliases, default=default, audiences=audiences)


async def _audiences(account: LineAccount, client: Client) -> tuple[LiveAudience, ...]:
    """All of them; of ours, also whether an upload failed. An account from outside of Japan, Thailand and Taiwan has
    none, and matters only where some are declared."""
    try:
        found = await account.audiences()
    except Refused as refused:
        if refused.status != 403 or client.of(Kind.AUDIENCE):
            raise
        return ()
    ours = {copies[-1].live.id for copies in own_audiences(client.name, found).values()}
    return tuple([await _with_uploads(account, audience) if audience.id in ours else audience for audience in found])


async def _with_uploads(account: LineAccount, audience: LiveAudience) -> LiveAudience:
    jobs = await account.audience_jobs(audience.id)
    return replace(audience, uploads_failed=any(job.status is JobStatus.FAILED for job in jobs))


def _ours(client: Client, menu: Mapping[str, Any]) -> bool:
    mark = read_mark(menu.get("name"))
    return mark is not None and mark.client == client.name


def _live_menu(menu: Mapping[str, Any], has_image: Mapping[str, bool]) -> LiveMenu:
    menu_id = str(menu["richMenuId"])
    rest = {key: value for key, value in menu.items() if key != "richMenuId"}
    return LiveMenu(menu_id, rest, has_image.get(menu_id))


async def _together(*calls: Any) -> Sequence[Any]:
    """All calls at once; the first failure only after all have ended, so that none outlives the account."""
    results = await asyncio.gather(*calls, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return results
