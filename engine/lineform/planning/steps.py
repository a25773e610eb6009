"""From changes to the one ordered list of steps that the explainer prints and the executor walks.

The order keeps a menu before every friend at every moment: all new menus are complete before the first alias moves,
the alias goes before the default, friends are moved to menus that can be seen, and nothing is deleted before nobody
is sent to it (https://developers.line.biz/en/docs/messaging-api/using-rich-menus/). Campaigns that go are disarmed
first, because that only stops sends; new ones are armed last, when the menus that they speak of are there. Menu rules
are armed before a menu goes, so that its friends can be given another one first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import assert_never

from lineform.model.address import Kind
from lineform.planning.change import Action, Change, MenuWork
from lineform.plural import plural
from lineform.sending.derived import Derivation


@dataclass(frozen=True, slots=True)
class MenuRef:
    """A menu of ours; `menu_id` is empty for one that this very plan creates."""

    address: str
    menu_id: str = ""

    def __str__(self) -> str:
        return f"{self.address} ({self.menu_id})" if self.menu_id else self.address


@dataclass(frozen=True, slots=True)
class DisarmRevision:
    """Takes back what was armed; nothing more of it is sent."""

    address: str


@dataclass(frozen=True, slots=True)
class ValidateMenu:
    """Asks LINE before anything is changed."""

    address: str


@dataclass(frozen=True, slots=True)
class CreateMenu:
    """A new menu that bears our mark, still without its image."""

    address: str
    hash: str


@dataclass(frozen=True, slots=True)
class UploadImage:
    """Gives a new menu its image; LINE takes one only once."""

    menu: MenuRef


@dataclass(frozen=True, slots=True)
class CheckImage:
    """No alias, default or friend gets a menu whose image is not there."""

    menu: MenuRef


@dataclass(frozen=True, slots=True)
class CreateAlias:
    """A new name for a menu."""

    alias: str
    menu: MenuRef


@dataclass(frozen=True, slots=True)
class PointAlias:
    """Lets a name that is there stand for another menu."""

    alias: str
    menu: MenuRef


@dataclass(frozen=True, slots=True)
class SetDefault:
    """Shows a menu to everybody who has none of their own."""

    menu: MenuRef


@dataclass(frozen=True, slots=True)
class ClearDefault:
    """Shows no menu to those who have none of their own."""


@dataclass(frozen=True, slots=True)
class Move:
    """Friends linked to `menu_id` get `to`; `last` where that menu is deleted right after."""

    menu_id: str
    to: MenuRef
    last: bool = False


NO_MENU = MenuRef("")
"""In place of a menu: the friends see the default one."""


@dataclass(frozen=True, slots=True)
class MoveLinkedUsers:
    """One batch for all menus: LINE allows three an hour."""

    moves: tuple[Move, ...]


@dataclass(frozen=True, slots=True)
class WaitForMove:
    """Waits until LINE has moved the friends."""

    moves: tuple[Move, ...]


@dataclass(frozen=True, slots=True)
class SettleMenus:
    """Gives whoever is recorded on menus that go the ones that the rules choose."""

    menus: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DeleteAlias:
    """Removes a name; its menu stays."""

    alias: str


@dataclass(frozen=True, slots=True)
class DeleteMenu:
    """Removes a menu that nobody is meant to see any more."""

    address: str
    menu_id: str


@dataclass(frozen=True, slots=True)
class CreateAudience:
    """An empty audience that bears our mark; who belongs in it is added by the next step."""

    address: str
    hash: str


@dataclass(frozen=True, slots=True)
class DeriveAudience:
    """An audience that LINE makes of a send: who tapped a link of it, or who saw it."""

    address: str
    made_of: Derivation
    request_id: str


@dataclass(frozen=True, slots=True)
class FillAudience:
    """Uploads who is missing; `audience_id` is 0 for one that this very plan creates."""

    address: str
    audience_id: int = 0


@dataclass(frozen=True, slots=True)
class DeleteAudience:
    """Removes an audience of ours."""

    address: str
    audience_id: int


@dataclass(frozen=True, slots=True)
class CreateCoupon:
    """A coupon, for good: LINE changes none."""

    address: str
    hash: str


@dataclass(frozen=True, slots=True)
class CloseCoupon:
    """Ends a coupon of ours for everybody who has it."""

    address: str
    coupon_id: str


@dataclass(frozen=True, slots=True)
class ArmRevision:
    """Lets a revision be sent from now on, when it is due."""

    address: str
    digest: str


Step = (
    DisarmRevision
    | ValidateMenu
    | CreateMenu
    | UploadImage
    | CheckImage
    | CreateAlias
    | PointAlias
    | SetDefault
    | ClearDefault
    | MoveLinkedUsers
    | WaitForMove
    | SettleMenus
    | DeleteAlias
    | DeleteMenu
    | CreateAudience
    | DeriveAudience
    | FillAudience
    | DeleteAudience
    | CreateCoupon
    | CloseCoupon
    | ArmRevision
)


def steps_for(changes: Iterable[Change]) -> tuple[Step, ...]:
    """Every step of a plan, in order; none at all where a guard blocks it."""
    changes = tuple(changes)
    if any(change.action is Action.BLOCKED for change in changes):
        return ()
    works = [(change, change.work) for change in changes if change.work is not None]
    return (
        *(DisarmRevision(c.address) for c in changes if c.action is Action.DISARM),
        *_build(works),
        *_switch(works),
        # Before the friends move, so that no tap leads back to a menu that goes.
        *(DeleteAlias(alias) for _, work in works for alias in work.delete_aliases),
        *_move(works),
        *_settle(changes, works),
        *(DeleteMenu(c.address, menu_id) for c, work in works for menu_id in work.delete_menus),
        *_audiences(changes),
        *_coupons(changes),
        *(_arm(change) for change in changes if _arms(change) and not _of_menus(change.address)),
    )


def _arms(change: Change) -> bool:
    return change.action in (Action.ARM, Action.REARM)


def _of_menus(address: str) -> bool:
    return address.startswith(f"{Kind.MENU_RULES}.")


def _arm(change: Change) -> ArmRevision:
    return ArmRevision(change.address, change.after["digest"])


def _settle(changes: tuple[Change, ...], works: Works) -> Iterator[Step]:
    """The new rules hold before a menu goes that the old ones may have chosen."""
    for change in changes:
        if _arms(change) and _of_menus(change.address):
            yield _arm(change)
    if leaving := tuple(work.settle for _, work in works if work.settle):
        yield SettleMenus(leaving)


Works = list[tuple[Change, MenuWork]]


def _build(works: Works) -> Iterator[Step]:
    new = [change for change, work in works if not work.menu_id]
    for change in new:
        yield ValidateMenu(change.address)
    for change, work in works:
        if change.action is Action.DELETE:
            continue
        menu = MenuRef(change.address, work.menu_id)
        if not work.menu_id:
            yield CreateMenu(change.address, change.after["menu"])
        if work.has_image is not True:
            yield UploadImage(menu)
            yield CheckImage(menu)


def _switch(works: Works) -> Iterator[Step]:
    for change, work in works:
        menu = MenuRef(change.address, work.menu_id)
        for alias in work.aliases:
            yield CreateAlias(alias, menu) if alias in work.new_aliases else PointAlias(alias, menu)
    for change, work in works:
        if work.make_default:
            yield SetDefault(MenuRef(change.address, work.menu_id))
    if any(work.clear_default for _, work in works):
        yield ClearDefault()


def _move(works: Works) -> Iterator[Step]:
    moves = tuple(
        Move(menu_id, MenuRef(change.address, work.menu_id), work.sweep)
        for change, work in works
        for menu_id in work.move_from
    ) + tuple(Move(menu_id, NO_MENU, last=True) for _, work in works for menu_id in work.unlink_from)
    if moves:
        yield MoveLinkedUsers(moves)
        yield WaitForMove(moves)


def _audiences(changes: Iterable[Change]) -> Iterator[Step]:
    """New ones first, so that campaigns find them; replaced ones go when their successor can be sent to."""
    works = [(change.address, change.audience_work) for change in changes if change.audience_work is not None]
    for address, work in works:
        if work.derive is not None:
            yield DeriveAudience(address, work.derive, work.request_id)
        if work.fill:
            if not work.audience_id:
                yield CreateAudience(address, work.hash)
            yield FillAudience(address, work.audience_id)
    for address, work in works:
        for audience_id in work.delete:
            yield DeleteAudience(address, audience_id)


def _coupons(changes: Iterable[Change]) -> Iterator[Step]:
    """New ones first, so that no message is armed without its coupon."""
    works = [(change.address, change.coupon_work) for change in changes if change.coupon_work is not None]
    yield from (CreateCoupon(address, work.create) for address, work in works if work.create)
    yield from (CloseCoupon(address, coupon_id) for address, work in works for coupon_id in work.close)


def describe(step: Step) -> str:  # noqa: C901 - one line per kind of step
    """The step in words, for people."""
    match step:
        case DisarmRevision(address) if _of_menus(address):
            return f"disarm {address}: it gives nobody a menu any more"
        case DisarmRevision(address):
            return f"disarm {address}: it is not sent any more"
        case ValidateMenu(address):
            return f"ask LINE whether it accepts {address}"
        case CreateMenu(address):
            return f"create {address}"
        case UploadImage(menu):
            return f"upload the image of {menu}"
        case CheckImage(menu):
            return f"check that the image of {menu} is there"
        case CreateAlias(alias, menu):
            return f"create the alias {alias} for {menu}"
        case PointAlias(alias, menu):
            return f"point the alias {alias} to {menu}"
        case SetDefault(menu):
            return f"make {menu} the default menu"
        case ClearDefault():
            return "clear the default menu"
        case MoveLinkedUsers(moves):
            return f"move {_friends_of(moves)}, in one batch"
        case WaitForMove(moves):
            return f"wait until {_friends_of(moves, where=False)} are moved"
        case SettleMenus(menus):
            return f"give the friends recorded on {', '.join(menus)} the menus of the rules"
        case DeleteAlias(alias):
            return f"delete the alias {alias}"
        case DeleteMenu(address, menu_id):
            return f"delete {address} ({menu_id})"
        case CreateAudience(address):
            return f"create {address}"
        case DeriveAudience(address, made_of, _):
            what = "who tapped a link of" if made_of.kind == "CLICK" else "who saw"
            return f"create {address} of {what} {made_of.campaign}"
        case FillAudience(address, audience_id):
            return f"upload who is missing in {address}" + (f" ({audience_id})" if audience_id else "")
        case DeleteAudience(address, audience_id):
            return f"delete {address} ({audience_id})"
        case ArmRevision(address) if _of_menus(address):
            return f"arm {address}: from now on it says who sees which menu"
        case CreateCoupon(address):
            return f"create {address}"
        case CloseCoupon(address, coupon_id):
            return f"close {address} ({coupon_id}): friends who have it lose it"
        case ArmRevision(address) if address.partition(".")[0] in _ANSWERING:
            return f"arm {address}: from now on it answers friends"
        case ArmRevision(address):
            return f"arm {address}: it is sent when it is due"
        case _:
            assert_never(step)


_ANSWERING = frozenset({Kind.REPLY.value, Kind.FORM.value, Kind.ROUTE.value})
"""Kinds that act when a friend does something."""


def _friends_of(moves: tuple[Move, ...], *, where: bool = True) -> str:
    removed = sum(move.to == NO_MENU for move in moves)
    parts = []
    for count, what, to in ((len(moves) - removed, "replaced", "new ones"), (removed, "removed", "default menu")):
        if count:
            menus = plural(count, f"{what} menu")
            parts.append(f"the friends of {menus} to the {to}" if where else f"the friends of {menus}")
    return " and ".join(parts)
