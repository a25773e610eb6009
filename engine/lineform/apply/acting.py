"""One step at a time, each so that doing it again does no harm.

A create is the only call that LINE could do twice. When its outcome is unknown, the account is read again and
searched for the mark before anything is created anew; every other call is either repeatable or checked by looking.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, assert_never

from lineform.apply.coupons import close_coupon, create_coupon
from lineform.apply.desk import FIRST_WAIT, TRIES, Desk
from lineform.apply.filling import create_audience, delete_audience, derive_audience, fill_audience
from lineform.apply.journal import MOVE_DONE
from lineform.apply.moving import batch_of, finish_batch, start_batch
from lineform.apply.result import Outcome
from lineform.errors import LineRefusedError, PartialError
from lineform.model.address import Kind
from lineform.model.project import Resource
from lineform.planning.declared import DeclaredMenu, declared_menu
from lineform.planning.live import LiveAccount
from lineform.planning.marks import Mark, read_mark
from lineform.planning.steps import (
    ArmRevision,
    CheckImage,
    ClearDefault,
    CloseCoupon,
    CreateAlias,
    CreateAudience,
    CreateCoupon,
    CreateMenu,
    DeleteAlias,
    DeleteAudience,
    DeleteMenu,
    DeriveAudience,
    DisarmRevision,
    FillAudience,
    MenuRef,
    MoveLinkedUsers,
    PointAlias,
    SetDefault,
    SettleMenus,
    Step,
    UploadImage,
    ValidateMenu,
    WaitForMove,
)
from lineform.plural import plural
from lineform.ports.ledger import Revision
from lineform.ports.line_account import NotFound, OutcomeUnknown, Refused
from lineform.segments.predicate import Predicate
from lineform.sending.due import upcoming
from lineform.sending.revision import Revisioned, read_revision

Done = tuple[Outcome, str]


@dataclass(slots=True)
class Actor:
    """Does the steps of one client's plan. `made` fills with the menus that it creates, by address."""

    desk: Desk
    resources: Mapping[str, Resource]
    revisions: Mapping[str, Revisioned]
    live: LiveAccount
    predicates: Mapping[str, Predicate] = field(default_factory=dict)
    """Whom each declared audience is to hold."""
    coupons: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Each declared coupon as LINE is asked to make it."""
    made: dict[str, str] = field(default_factory=dict)
    audiences: dict[str, int] = field(default_factory=dict)
    """Audiences that it creates, by address."""
    images: dict[str, tuple[bytes, str]] = field(default_factory=dict)
    moving: str = ""
    """The request id of the running move."""

    async def act(self, step: Step) -> Done:  # noqa: C901 - one line per kind of step
        account = self.desk.account
        match step:
            case ValidateMenu(address):
                return await self._validate(address)
            case CreateMenu(address):
                return await self._create(address)
            case UploadImage(menu):
                return await self._upload(menu)
            case CheckImage(menu):
                return await self._check(menu)
            case CreateAlias(alias, menu):
                return await self._create_alias(alias, self._id(menu))
            case PointAlias(alias, menu):
                return await self._point_alias(alias, self._id(menu))
            case SetDefault(menu):
                await self.desk.again(lambda: account.set_default_menu(self._id(menu)))
                return Outcome.DONE, self._id(menu)
            case ClearDefault():
                await self.desk.again(account.clear_default_menu)
                return Outcome.DONE, ""
            case MoveLinkedUsers():
                return await self._start_move(step)
            case WaitForMove():
                return await self._wait_for_move(step)
            case SettleMenus(menus):
                return await self._settle(menus)
            case DeleteAlias(alias):
                return await self._gone(lambda: account.delete_alias(alias))
            case DeleteMenu(_, menu_id):
                return await self._delete(menu_id)
            case CreateAudience(address, wanted):
                earlier = frozenset(audience.id for audience in self.live.audiences)
                outcome, self.audiences[address] = await create_audience(self.desk, address, wanted, earlier)
                return outcome, str(self.audiences[address])
            case DeriveAudience(address, made_of, request_id):
                earlier = frozenset(audience.id for audience in self.live.audiences)
                outcome, audience = await derive_audience(self.desk, address, made_of, request_id, earlier)
                return outcome, str(audience)
            case FillAudience(address, audience_id):
                audience = audience_id or self.audiences[address]
                return Outcome.DONE, await fill_audience(self.desk, self.predicates[address], audience)
            case DeleteAudience(_, audience_id):
                return await delete_audience(self.desk, audience_id), str(audience_id)
            case CreateCoupon(address, wanted):
                return await create_coupon(self.desk, address, wanted, self.coupons[address])
            case CloseCoupon(_, coupon_id):
                return await close_coupon(self.desk, coupon_id), coupon_id
            case ArmRevision(address):
                return await self._arm(address)
            case DisarmRevision(address):
                now = self.desk.clock.now()
                await self.desk.offload(self.desk.store.disarm, self.desk.client, address, now)
                return Outcome.DONE, ""
            case _:
                assert_never(step)

    def _id(self, menu: MenuRef) -> str:
        return menu.menu_id or self.made[menu.address]

    def _declared(self, address: str) -> DeclaredMenu:
        return declared_menu(self.resources[address])

    async def _validate(self, address: str) -> Done:
        """The image is made here too, so that one that cannot be drawn stops the plan before anything is changed."""
        menu = self._declared(address)
        self.images[address] = await asyncio.to_thread(self.desk.images, self.resources[address])
        await self.desk.again(lambda: self.desk.account.validate_menu(self._named(menu)))
        return Outcome.DONE, ""

    def _named(self, menu: DeclaredMenu) -> dict[str, object]:
        mark = Mark(self.desk.client, menu.address, menu.hash, self.desk.clock.now(), menu.protect)
        return {**menu.line, "name": str(mark)}

    async def _create(self, address: str) -> Done:
        menu = self._declared(address)
        wait = FIRST_WAIT
        for tried in range(1, TRIES + 1):
            try:
                self.made[address] = await self.desk.account.create_menu(self._named(menu))
                return Outcome.DONE, self.made[address]
            except OutcomeUnknown:
                await self.desk.pause(wait)
                wait *= 2
                found = await self._find_created(menu)
                if found:
                    self.made[address] = found
                    return Outcome.ALREADY, found
                if tried == TRIES:
                    raise
        raise AssertionError("the last try either returned or raised")

    async def _find_created(self, menu: DeclaredMenu) -> str:
        """A menu with our mark that was not there when the plan was made; empty where there is none."""
        before = {live.menu_id for live in self.live.menus}
        for live in await self.desk.again(self.desk.account.menus):
            mark = read_mark(live.get("name"))
            if mark is None or live["richMenuId"] in before:
                continue
            if (mark.client, mark.address, mark.hash) == (self.desk.client, menu.address, menu.hash):
                return str(live["richMenuId"])
        return ""

    async def _upload(self, menu: MenuRef) -> Done:
        menu_id = self._id(menu)
        if menu.menu_id and await self._has_image(menu_id):
            return Outcome.ALREADY, menu_id
        if menu.address not in self.images:
            self.images[menu.address] = await asyncio.to_thread(self.desk.images, self.resources[menu.address])
        image, content_type = self.images[menu.address]
        wait = FIRST_WAIT
        for tried in range(1, TRIES + 1):
            try:
                await self.desk.account.upload_menu_image(menu_id, image, content_type)
            except (OutcomeUnknown, Refused) as failure:
                # LINE refuses a second image; the first may be one whose answer was lost.
                if await self._has_image(menu_id):
                    return Outcome.ALREADY, menu_id
                if tried == TRIES or isinstance(failure, Refused):
                    raise
                await self.desk.pause(wait)
                wait *= 2
            else:
                return Outcome.DONE, menu_id
        raise AssertionError("the last try either returned or raised")

    async def _has_image(self, menu_id: str) -> bool:
        return await self.desk.again(lambda: self.desk.account.menu_image(menu_id)) is not None

    async def _check(self, menu: MenuRef) -> Done:
        wait = FIRST_WAIT
        for tried in range(1, TRIES + 1):
            if await self._has_image(self._id(menu)):
                return Outcome.DONE, self._id(menu)
            if tried < TRIES:
                await self.desk.pause(wait)
                wait *= 2
        raise LineRefusedError(
            f"{menu}: LINE took the image but does not show it", hint="run the same command again in a few minutes"
        )

    async def _create_alias(self, alias: str, menu_id: str) -> Done:
        try:
            await self.desk.again(lambda: self.desk.account.create_alias(alias, menu_id))
        except Refused:
            # A lost answer and a second try look like this, and so does an alias that somebody made meanwhile.
            target = (await self.desk.again(self.desk.account.aliases)).get(alias)
            if target != menu_id:
                raise
            return Outcome.ALREADY, menu_id
        return Outcome.DONE, menu_id

    async def _point_alias(self, alias: str, menu_id: str) -> Done:
        try:
            await self.desk.again(lambda: self.desk.account.update_alias(alias, menu_id))
        except NotFound:
            return await self._create_alias(alias, menu_id)
        return Outcome.DONE, menu_id

    async def _gone(self, delete: Callable[[], Awaitable[None]]) -> Done:
        try:
            await self.desk.again(delete)
        except NotFound:
            return Outcome.ALREADY, ""
        return Outcome.DONE, ""

    async def _delete(self, menu_id: str) -> Done:
        """Looks once more whether anybody is sent to the menu: another tool may have pointed an alias at it."""
        account = self.desk.account
        aliases, default = await self.desk.again(account.aliases), await self.desk.again(account.default_menu)
        if menu_id in aliases.values() or default.menu_id == menu_id:
            return Outcome.SKIPPED, "an alias or the default points to it again"
        return await self._gone(lambda: account.delete_menu(menu_id))

    async def _start_move(self, step: MoveLinkedUsers) -> Done:
        batch = batch_of(step.moves, self.made)
        self.moving = await self.desk.again(lambda: start_batch(self.desk, batch))
        return Outcome.DONE, self.moving

    async def _wait_for_move(self, step: WaitForMove) -> Done:
        await finish_batch(self.desk, batch_of(step.moves, self.made), self.moving)
        for move in step.moves:
            await self.desk.note(MOVE_DONE, move.menu_id)
        return Outcome.DONE, self.moving

    async def _settle(self, menus: tuple[str, ...]) -> Done:
        """Nothing is deleted while somebody is known to see it and could not be given another menu."""
        settled = await self.desk.settle(menus)
        if settled.left:
            raise PartialError(
                f"{plural(settled.left, 'friend')} on {', '.join(menus)} could not be given another menu: "
                f"{settled.why}",
                hint="run the same command again: it goes on with them, and deletes nothing before",
            )
        return Outcome.DONE, plural(settled.moved, "friend")

    async def _arm(self, address: str) -> Done:
        revisioned = self.revisions[address]
        now, people = self.desk.clock.now(), None
        if address.startswith(f"{Kind.CAMPAIGN}."):
            people = await self.desk.offload(self._chosen, revisioned, now)
        revision = Revision(address, revisioned.digest, now, revisioned.body, people=people)
        await self.desk.offload(self.desk.store.arm, self.desk.client, revision)
        return Outcome.DONE, revisioned.digest

    def _chosen(self, revisioned: Revisioned, now: datetime) -> int | None:
        """How many friends the condition of a campaign chooses today, for the day on which it is due next; None where
        nobody compares that with whom it chooses then."""
        armed = read_revision(revisioned.body)
        due = next(iter(upcoming(armed.schedule, armed.timezone, now)), None)
        if not armed.compares or armed.predicate is None or armed.audience or armed.everyone or due is None:
            return None
        return self.desk.store.count(self.desk.client, armed.on_day(due.at).selection, now)
