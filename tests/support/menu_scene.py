"""A client whose menus are on the offline account, and the people who look at them and tap."""

from __future__ import annotations

import asyncio
import io
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from PIL import Image

from lineform.apply.desk import Desk, Images
from lineform.apply.result import ApplyResult
from lineform.apply.walk import Approved, apply_plan, fresh_plan
from lineform.journeys.live import live_through
from lineform.line.account import open_account
from lineform.model.base import Spec
from lineform.model.project import Resource
from lineform.model.richmenu import RichMenuSpec
from lineform.model.richmenu_line import menu_size
from lineform.planning.arming import revisions_of
from lineform.planning.options import PlanOptions
from lineform.planning.plan import ClientPlan
from lineform.ports.friends import FriendRow
from lineform.ports.line_account import LineAccount
from lineform.ports.store import Store
from lineform.run.options import Records, Run, TickOptions, new_worker
from lineform.sandbox.control import Control
from lineform.scenarios.happening import Happening, What
from lineform.segments.friend import Friend
from lineform.store.open import open_store
from lineform.wiring.clock import SettableClock
from lineform.wiring.settling import settling
from lineform.wiring.ticking import ALSO
from support.delivering import Scene


def tokyo(text: str) -> datetime:
    """A moment on Japan's clocks, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC) - timedelta(hours=9)


class _SharedClock(SettableClock):
    """The offline account's clock follows whoever sleeps."""

    def __init__(self, moment: datetime, control: Control) -> None:
        super().__init__(moment)
        self._control = control

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds)
        await asyncio.to_thread(self._control.set_clock, self.now())


@cache
def _white(width: int, height: int) -> bytes:
    data = io.BytesIO()
    Image.new("RGB", (width, height), "white").save(data, "PNG")
    return data.getvalue()


def _image(resource: Resource) -> tuple[bytes, str]:
    """How a menu looks is no matter here, and drawing it takes a tenth of a second."""
    spec = resource.spec
    assert isinstance(spec, RichMenuSpec)
    return _white(*menu_size(spec)), "image/png"


class MenuScene(Scene):
    """What friends see is asked of the offline account, never of the store."""

    def __init__(self, origin: str, folder: Path, *specs: Spec, **settings: Any) -> None:
        super().__init__(origin, folder, *specs, **settings)
        self.images: Images = _image
        self.clock = _SharedClock(self.clock.now(), self.control)
        with open_store(self.url) as store:
            for revision in store.armed(self.client.name):
                store.disarm(self.client.name, revision.address, self.clock.now())

    def at(self, text: str) -> None:
        self.move(tokyo(text))

    def tick_menus(self, **options: Any) -> list[str]:
        """One tick; what it says about menus."""
        report = self.tick(also=ALSO, **options)
        self.control.advance(10)  # LINE links several friends within seconds of its answer
        self.clock.set(self.clock.now() + timedelta(seconds=10))
        return [f"{entry.outcome} {entry.reason}" for entry in report.entries if "menu-rules" in entry.address]

    def _desk(self, store: Store, account: LineAccount) -> Desk:
        settle = settling(self.client, account, store, self.clock)
        return Desk(self.client.name, account, store, self.images, self.clock, new_worker(), settle=settle)

    def plan(self, options: PlanOptions = PlanOptions()) -> ClientPlan:  # noqa: B008
        return asyncio.run(self._planned(options))

    async def _planned(self, options: PlanOptions) -> ClientPlan:
        account = open_account(self.origin, self.token, self.clock)
        try:
            with open_store(self.url) as store:
                desk = self._desk(store, account)
                plan, _ = await fresh_plan(desk, self.client, revisions_of(self.client), options)
                return plan
        finally:
            await account.close()

    def apply(self, options: PlanOptions = PlanOptions()) -> ApplyResult:  # noqa: B008
        async def run() -> ApplyResult:
            account = open_account(self.origin, self.token, self.clock)
            try:
                with open_store(self.url) as store:
                    desk = self._desk(store, account)
                    revisions = revisions_of(self.client)
                    plan, _ = await fresh_plan(desk, self.client, revisions, options)
                    return await apply_plan(desk, self.client, Approved(plan, options), revisions)
            finally:
                await account.close()

        return asyncio.run(run())

    def happens(self, *happenings: Happening) -> None:
        """What the server does with what happened."""

        async def run() -> None:
            account = open_account(self.origin, self.token, self.clock)
            with open_store(self.url) as store:
                records = Records(store)
                try:
                    await live_through(Run(self.client, account, records, self.clock, TickOptions()), happenings)
                finally:
                    records.close()
                    await account.close()

        asyncio.run(run())

    def start(self, user: str, scenario: str, key: str) -> None:
        """A person names the friend for a scenario."""
        self.happens(Happening(key, self.friend(user), What.MANUAL, self.clock.now(), scenario))

    def friend(self, user: str) -> int:
        return self.with_store(lambda store: store.friend_ids(self.client.name, [user]))[user]

    def known(self, user: str) -> Friend:
        """What the store knows of a friend."""
        (found,) = self.with_store(lambda store: store.friends(self.client.name, [self.friend(user)]))
        return found

    def know(self, user: str, **changes: Any) -> None:
        """An import tells this about a friend."""
        row = FriendRow(user, **changes)
        self.with_store(lambda store: store.import_friends(self.client.name, [row], self.clock.now()))

    def tap(self, user: str, menu: str) -> None:
        """The friend taps the tab that leads to `menu`, and the server hears of it."""
        areas = self.control.friend(self.account, user)["menu"]["areas"]
        actions = [area["action"] for area in areas]
        place = next(n for n, action in enumerate(actions) if action.get("richMenuAliasId") == menu)
        event = self.control.tap(self.account, user, place)["event"]
        self.happens(
            Happening(
                event["webhookEventId"],
                self.friend(user),
                What.POSTBACK,
                self.clock.now(),
                text=event["postback"]["data"],
                fields=event["postback"]["params"],
            )
        )

    def sees(self, user: str) -> str:
        """The first label of the menu that this friend sees; empty where there is none."""
        seen = self.control.friend(self.account, user)["menu"]
        return str(seen["areas"][0]["action"].get("label", "")) if seen else ""

    def all_see(self) -> list[str]:
        return [self.sees(user) for user in self.users]
