"""Replacing rich menus on the offline LINE account, over HTTP: what friends see, through faults and late taps."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

import pytest

from lineform.apply.desk import Desk
from lineform.apply.images import menu_image
from lineform.apply.result import ApplyResult
from lineform.apply.walk import Approved, apply_plan, fresh_plan
from lineform.line.account import open_account
from lineform.model.project import Client
from lineform.model.richmenu import RichMenuSpec
from lineform.planning.options import PlanOptions
from lineform.planning.plan import ClientPlan
from lineform.sandbox.control import Control
from support.applying import NOW, ApplyRecords, at_once, revisions
from support.declared_clients import BOT, client, menu

TOKEN = "menu-replacement-token"
OPTIONS = PlanOptions()
T = TypeVar("T")


def tabs(label: str) -> Client:
    """Two menus that switch to each other, the first one the default."""
    return client(_tab("main", "news", label, default=True), _tab("news", "main", label))


def _tab(name: str, other: str, label: str, *, default: bool = False) -> RichMenuSpec:
    cells = (
        {"at": "A1", "message": label, "label": label},
        {"at": "B1", "span": (2, 2), "switch": other, "label": other},
    )
    return menu(name, size="compact", cells=cells, default=default)


@dataclass(slots=True)
class SharedClock:
    """The engine's clock and the offline account's, which stands still but for this one's sleeps."""

    control: Control
    moment: datetime = NOW

    def now(self) -> datetime:
        return self.moment

    async def sleep(self, seconds: float) -> None:
        await asyncio.to_thread(self.advance, seconds)

    def advance(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)
        self.control.set_clock(self.moment)


@dataclass(slots=True)
class Salon:
    origin: str
    control: Control
    clock: SharedClock
    store: ApplyRecords = field(default_factory=ApplyRecords)

    def apply(self, declared: Client) -> ApplyResult:
        async def run(desk: Desk) -> ApplyResult:
            plan, _ = await fresh_plan(desk, declared, revisions(declared), OPTIONS)
            return await apply_plan(desk, declared, Approved(plan, OPTIONS), revisions(declared))

        return asyncio.run(self._with_desk(run))

    def plan(self, declared: Client) -> ClientPlan:
        async def run(desk: Desk) -> ClientPlan:
            return (await fresh_plan(desk, declared, revisions(declared), OPTIONS))[0]

        return asyncio.run(self._with_desk(run))

    async def _with_desk(self, run: Callable[[Desk], Awaitable[T]]) -> T:
        async with open_account(self.origin, TOKEN, self.clock, timeout=5.0) as account:
            return await run(
                Desk("salon", account, self.store, menu_image, self.clock, owner="one run", offload=at_once)
            )

    def label_seen_by(self, friend: str) -> str:
        """The first label of the menu that this friend sees."""
        seen = self.control.friend("salon", friend)["menu"]
        assert seen, f"{friend} sees no menu"
        return str(seen["areas"][0]["action"]["label"])


@pytest.fixture
def salon(origin: str) -> Salon:
    control = Control(origin)
    control.reset()
    control.set_clock(NOW)
    control.add_account(name="salon", token=TOKEN, bot_id=BOT)
    return Salon(origin, control, SharedClock(control))


def test_everybody_sees_the_new_menu_and_a_second_apply_is_empty(salon: Salon) -> None:
    newcomer, tapped = salon.control.add_friends("salon", 2)
    salon.apply(tabs("old"))
    salon.control.tap("salon", tapped, 1)
    salon.apply(tabs("new"))
    assert [salon.label_seen_by(friend) for friend in (newcomer, tapped)] == ["new", "new"]
    salon.control.forget_requests()
    assert salon.apply(tabs("new")).steps == ()
    assert {request["method"] for request in salon.control.requests()} == {"GET"}


def test_old_menus_are_gone_after_the_grace_and_late_friends_are_moved_before(salon: Salon) -> None:
    (friend,) = salon.control.add_friends("salon", 1)
    salon.apply(tabs("old"))
    salon.control.tap("salon", friend, 1)
    salon.control.fail_next_batch("salon", after=0)
    salon.apply(tabs("new"))
    assert salon.label_seen_by(friend) == "new"
    salon.clock.advance(25 * 3600)
    assert not salon.plan(tabs("new")).empty
    salon.apply(tabs("new"))
    assert salon.plan(tabs("new")).changes == ()
    assert salon.label_seen_by(friend) == "new"


@pytest.mark.parametrize("kind", ["error-after", "error-before", "cut-after", "cut-before"])
@pytest.mark.parametrize("path", ["/v2/bot/richmenu", "/v2/bot/richmenu/alias", "/v2/bot/richmenu/[^/]+/content"])
def test_a_lost_answer_makes_nothing_twice(salon: Salon, kind: str, path: str) -> None:
    salon.control.fault(kind, method="POST", path=path)
    salon.apply(tabs("first"))
    planned = salon.plan(tabs("first"))
    assert planned.empty
    assert planned.changes == (), "no second copy waits for its end"


def test_a_default_menu_of_the_manager_is_not_taken_over(salon: Salon) -> None:
    (friend,) = salon.control.add_friends("salon", 1)
    theirs = {
        "size": {"width": 2500, "height": 843},
        "selected": True,
        "name": "made by hand",
        "chatBarText": "menu",
        "areas": [
            {
                "bounds": {"x": 0, "y": 0, "width": 9, "height": 9},
                "action": {"type": "message", "text": "x", "label": "theirs"},
            }
        ],
    }
    salon.control.manager_menu("salon", theirs)
    planned = salon.plan(tabs("new"))
    assert [change.code for change in planned.blocked] == ["G103"]
    assert salon.label_seen_by(friend) == "theirs"
