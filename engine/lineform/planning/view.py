"""The live account, sorted by what is whose: a client's own menus by their marks, and everything foreign."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lineform.model.address import Kind
from lineform.planning.live import LiveAccount, LiveMenu
from lineform.planning.marks import Mark, read_mark

FOREIGN = "foreign"


@dataclass(frozen=True, slots=True)
class Copy:
    """One live menu of ours."""

    mark: Mark
    live: LiveMenu

    @property
    def id(self) -> str:
        return self.live.menu_id


@dataclass(frozen=True, slots=True)
class ForeignMenu:
    """A menu that is not ours; `name` is what its maker wrote."""

    menu_id: str
    name: str
    aliases: tuple[str, ...] = ()
    default: bool = False


@dataclass(frozen=True, slots=True)
class View:
    """The live account, sorted by what is whose."""

    live: LiveAccount
    copies: Mapping[str, tuple[Copy, ...]]
    """Ours by address, oldest first."""
    by_id: Mapping[str, Copy]
    foreign: Mapping[str, ForeignMenu]
    aliases: Mapping[str, tuple[str, ...]]
    """Menu id to the aliases that point to it."""

    def sees(self, menu_id: str, address: str) -> str:
        """Whoever is sent to this menu sees: a hash, for a menu of ours of that address; else what it is."""
        copy = self.by_id.get(menu_id)
        if copy is not None:
            mark = copy.mark
            return mark.hash if str(mark.address) == address else f"{mark.address}@{mark.hash}"
        return FOREIGN if menu_id in self.foreign else ""

    def in_use(self, menu_id: str) -> bool:
        return menu_id in self.aliases or self.live.default.menu_id == menu_id


def look_at(client: str, live: LiveAccount) -> View:
    """The account as this client sees it; another client's menus are foreign."""
    aliases: dict[str, list[str]] = {}
    for alias in sorted(live.aliases):
        aliases.setdefault(live.aliases[alias], []).append(alias)
    pointing = {menu: tuple(names) for menu, names in aliases.items()}
    copies: dict[str, list[Copy]] = {}
    foreign: dict[str, ForeignMenu] = {}
    for menu in live.menus:
        name = menu.menu.get("name")
        mark = read_mark(name)
        if mark is not None and mark.client == client and mark.address.kind is Kind.RICHMENU:
            copies.setdefault(str(mark.address), []).append(Copy(mark, menu))
        else:
            default = live.default.menu_id == menu.menu_id
            foreign[menu.menu_id] = ForeignMenu(menu.menu_id, str(name), pointing.get(menu.menu_id, ()), default)
    by_age = {a: tuple(sorted(c, key=lambda c: (c.mark.created, c.id))) for a, c in copies.items()}
    by_id = {copy.id: copy for group in by_age.values() for copy in group}
    return View(live, by_age, by_id, foreign, pointing)
