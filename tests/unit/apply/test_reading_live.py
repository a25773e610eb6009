"""Reading the account: everything that a plan needs, and no image that it need not look at."""

from __future__ import annotations

import asyncio

import pytest

from lineform.apply.reading import read_live
from lineform.planning.live import Quota
from lineform.ports.line_account import LineFailure, OutcomeUnknown
from support.declared_clients import client, menu
from support.fake_account import FakeAccount
from support.live_accounts import live_menu


class Looking(FakeAccount):
    """Remembers whose image was looked at."""

    looked: list[str]

    async def menu_image(self, menu_id: str) -> bytes | None:
        self.looked.append(menu_id)
        return await super().menu_image(menu_id)

    async def quota(self) -> Quota:
        if self.bot_id == "down":
            raise OutcomeUnknown("no answer")
        return await super().quota()


def an_account() -> Looking:
    account = Looking()
    account.looked = []
    for menu_id, name in (("m1", "main"), ("m2", "loose"), ("m3", "empty"), ("m4", "home")):
        account.menu_objects[menu_id] = dict(live_menu(menu_id, menu(name)).menu)
        account.images[menu_id] = b"image"
    account.menu_objects["f1"] = {"name": "made by hand", "unknown": {"field": [1]}}
    del account.images["m3"]
    account.alias_map, account.default = {"main": "m1"}, "m4"
    return account


def test_images_are_looked_for_only_at_our_own_menus_that_nothing_shows() -> None:
    account = an_account()
    live = asyncio.run(read_live(account, client()))
    assert sorted(account.looked) == ["m2", "m3"]
    has_image = {menu.menu_id: menu.has_image for menu in live.menus}
    assert has_image == {"m1": None, "m2": True, "m3": False, "m4": None, "f1": None}


def test_what_line_says_is_kept_as_it_is_but_for_the_id() -> None:
    live = asyncio.run(read_live(an_account(), client()))
    (foreign,) = [menu.menu for menu in live.menus if menu.menu_id == "f1"]
    assert foreign == {"name": "made by hand", "unknown": {"field": [1]}}
    assert (dict(live.aliases), live.default.menu_id) == ({"main": "m1"}, "m4")


def test_a_failure_of_any_call_is_the_failure_of_the_reading() -> None:
    account = an_account()
    account.bot_id = "down"
    with pytest.raises(LineFailure):
        asyncio.run(read_live(account, client()))
