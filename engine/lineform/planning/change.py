"""The whole vocabulary of changes, on one page. An action's value is the glyph that is printed for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from lineform.sending.derived import Derivation


class Action(StrEnum):
    """What happens to one resource of one client."""

    CREATE = "+"
    REPLACE = "~"
    """A new menu takes the old one's place; LINE cannot edit one."""
    REPAIR = "@"
    """The menu itself is right; its alias or the default has to be pointed at it again, or friends to be moved."""
    REFRESH = "&"
    """The audience is right; friends who joined its segment since the last apply are added."""
    DELETE = "-"
    RETIRING = ">"
    """Replaced, and kept until its grace is over, because some friends still see it. Nothing to do now."""
    UNDECLARED = "?"
    """Ours, but its file is gone; it stays until somebody says `--prune`."""
    PENDING = "…"
    """Cannot be done yet, and is no fault: LINE makes it when something else has happened."""
    KEEP = "="
    """Ours, its file is gone, and it is protected: it stays."""
    BLOCKED = "!"
    """A guard stops the whole plan of this client."""
    ARM = "+»"
    """The first revision of what acts later, such as a campaign: from the apply on, `run` sends it when it is due."""
    REARM = "~»"
    DISARM = "-»"

    @property
    def word(self) -> str:
        return self.name.lower().replace("rearm", "re-arm")


SILENT = frozenset({Action.RETIRING, Action.UNDECLARED, Action.PENDING, Action.KEEP})
"""Shown, but nothing is done: a plan of these alone counts as empty."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One value of a menu that changes: ``areas[2].action.uri``; an absent side is None."""

    path: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class MenuWork:
    """What a change means for the account, by LINE's ids: the steps are made from this. Never part of a saved plan."""

    menu_id: str = ""
    """The live menu to use; empty where one has to be created."""
    has_image: bool | None = None
    aliases: tuple[str, ...] = ()
    """Aliases that have to point to the menu; `new_aliases` of them do not exist yet."""
    new_aliases: frozenset[str] = frozenset()
    make_default: bool = False
    clear_default: bool = False
    move_from: tuple[str, ...] = ()
    """Menus whose linked users move to this one."""
    sweep: bool = False
    """The move is the last one, before `delete_menus`."""
    unlink_from: tuple[str, ...] = ()
    """Menus that go, whose friends are to see the default menu."""
    settle: str = ""
    """The name of a menu that goes: whoever is recorded to see it gets the menu that the rules choose."""
    delete_aliases: tuple[str, ...] = ()
    delete_menus: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AudienceWork:
    """What a change means for LINE's audiences, by LINE's ids. Never part of a saved plan."""

    audience_id: int = 0
    """The live audience to add to; 0 where one has to be created."""
    hash: str = ""
    fill: bool = False
    """Whether members are to be uploaded."""
    derive: Derivation | None = None
    """Of what LINE is to make it, with the send's `request_id`."""
    request_id: str = ""
    delete: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class CouponWork:
    """What a change means for LINE's coupons. Never part of a saved plan."""

    create: str = ""
    """The hash of the coupon to make; empty where none is made."""
    close: tuple[str, ...] = ()
    """LINE's ids of those to close."""


NEVER: Final = "never"
"""How a campaign goes that is armed too late, or was sent already."""


@dataclass(frozen=True, slots=True)
class Change:
    """One resource of one client, before and after.

    `before` and `after` are what friends see, by hash: for a menu ``menu`` (behind its alias) and ``default`` (as the
    default menu, empty where it is none of it), for a campaign ``digest``. They are the change's meaning, together with
    action and address; everything else explains it.
    """

    action: Action
    client: str
    address: str
    before: Mapping[str, str]
    after: Mapping[str, str]
    reason: str
    hint: str = ""
    code: str = ""
    """The guard's code, where one stopped it."""
    details: tuple[Difference, ...] = ()
    housekeeping: bool = False
    """Follows from a change that was approved earlier (a retired menu whose grace is over); needs no approval."""
    menu_id: str = ""
    """The live menu that a retiring, kept or deleted line speaks of."""
    goes: str | None = None
    """For a campaign that is armed: when it goes, in words; None for everything else."""
    work: MenuWork | None = field(default=None, compare=False, repr=False)
    audience_work: AudienceWork | None = field(default=None, compare=False, repr=False)
    coupon_work: CouponWork | None = field(default=None, compare=False, repr=False)

    @property
    def counts(self) -> bool:
        """Whether it makes a plan more than empty."""
        return self.action not in SILENT

    @property
    def meaning(self) -> list[Any]:
        """What an approval is given for. When a campaign goes stands in what is declared; that it never does, in what
        has happened since."""
        never = ["never goes"] if self.goes == NEVER else []
        return [self.action.name, self.address, sorted(self.before.items()), sorted(self.after.items()), *never]

    @property
    def approved_with_plan(self) -> bool:
        """Whether it belongs to what is approved, and to the digest."""
        return self.counts and not self.housekeeping


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Difference, ...]:
    """What differs in the values that `after` declares; properties that LINE added by itself are no difference."""
    return tuple(_walk("", before, after))


def _walk(path: str, before: Any, after: Any) -> list[Difference]:
    if isinstance(after, Mapping) and isinstance(before, Mapping):
        found: list[Difference] = []
        for key, value in after.items():
            found += _walk(f"{path}.{key}" if path else key, before.get(key), value)
        return found
    if isinstance(after, list) and isinstance(before, list):
        found = []
        for index in range(max(len(before), len(after))):
            old = before[index] if index < len(before) else None
            found += _walk(f"{path}[{index}]", old, after[index] if index < len(after) else None)
        return found
    return [] if before == after else [Difference(path, before, after)]
