"""What the LINE account shows: the live side of a plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lineform.planning.live_audiences import LiveAudience


@dataclass(frozen=True, slots=True)
class Bot:
    """Who the account is."""

    user_id: str
    basic_id: str
    display_name: str


@dataclass(frozen=True, slots=True)
class Quota:
    """`limit` is None where the plan has none; `used` is LINE's approximate count of this month, all tools included."""

    limit: int | None
    used: int

    @property
    def left(self) -> int | None:
        return None if self.limit is None else max(0, self.limit - self.used)

    def left_after(self, called: int) -> int | None:
        """What is left where our own ledger counted `called`: LINE's count comes late, and the larger one holds."""
        return None if self.limit is None else max(0, self.limit - max(self.used, called))


@dataclass(frozen=True, slots=True)
class DefaultMenu:
    """The default rich menu: its id, or that there is none, or that another tool owns it (then LINE hides the id)."""

    menu_id: str = ""
    foreign: bool = False


@dataclass(frozen=True, slots=True)
class LiveMenu:
    """A rich menu made by the API: LINE's own object without its id. `has_image` is None where nobody had to look."""

    menu_id: str
    menu: Mapping[str, Any]
    has_image: bool | None = None


@dataclass(frozen=True, slots=True)
class LiveAccount:
    """Everything a plan compares with, read at one moment; also what a snapshot file holds."""

    bot: Bot
    quota: Quota
    menus: tuple[LiveMenu, ...]
    aliases: Mapping[str, str]
    """Alias id to menu id."""
    default: DefaultMenu
    audiences: tuple[LiveAudience, ...] = ()
