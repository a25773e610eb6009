"""The live side of a plan, made from a few words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from lineform.model.richmenu import RichMenuSpec
from lineform.planning.declared import declared_menu
from lineform.planning.live import Bot, DefaultMenu, LiveAccount, LiveMenu, Quota
from lineform.planning.marks import Mark
from support.declared_clients import BOT, client

NOW = datetime(2026, 11, 22, 7, 19, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=30)


def live_menu(
    menu_id: str,
    spec: RichMenuSpec,
    *,
    owner: str = "salon",
    created: datetime = LONG_AGO,
    has_image: bool | None = None,
) -> LiveMenu:
    """A live menu of ours, as an apply of `spec` would have made it."""
    (resource,) = client(spec, name=owner).resources.values()
    declared = declared_menu(resource)
    mark = Mark(owner, declared.address, declared.hash, created, declared.protect)
    return LiveMenu(menu_id, {**declared.line, "name": str(mark)}, has_image)


def foreign_menu(menu_id: str, name: str = "made by hand") -> LiveMenu:
    return LiveMenu(menu_id, {"name": name, "size": {"width": 2500, "height": 843}, "areas": []})


def live(
    menus: Iterable[LiveMenu] = (),
    aliases: Mapping[str, str] | None = None,
    default: str | DefaultMenu = "",
    bot: str = BOT,
) -> LiveAccount:
    shown = DefaultMenu(default) if isinstance(default, str) else default
    return LiveAccount(Bot(bot, "@salon", "Salon"), Quota(200, 10), tuple(menus), aliases or {}, shown)
