"""Declared rich menus against live ones, for one client.

Ours is what bears this client's mark. An alias and the default menu have no room for a mark, so they are ours iff
they point to a marked menu. LINE cannot edit a menu, so every edit is a new menu to which alias, default and linked
friends move; the old one retires and is deleted after a grace. What bears no mark is foreign: reported and left
alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType

from lineform.lineapi import limits
from lineform.model.address import Kind
from lineform.model.menu_rules import MenuRulesSpec
from lineform.model.project import Client
from lineform.planning.change import Action, Change, MenuWork, differences
from lineform.planning.declared import DeclaredMenu, declared_menu
from lineform.planning.live import LiveAccount
from lineform.planning.options import PlanOptions
from lineform.planning.retiring import retire
from lineform.planning.view import FOREIGN, Copy, ForeignMenu, View, look_at
from lineform.plural import plural


@dataclass(slots=True)
class MenuChanges:
    """What the comparison found. `settled` holds what already is as declared, by address."""

    changes: list[Change] = field(default_factory=list)
    settled: dict[str, Mapping[str, str]] = field(default_factory=dict)
    foreign: tuple[ForeignMenu, ...] = ()


def compare_menus(
    client: Client,
    live: LiveAccount,
    now: datetime,
    options: PlanOptions,
    unmoved: Collection[str] = (),
    shown: Mapping[str, int] = MappingProxyType({}),
) -> MenuChanges:
    """All changes of this client's rich menus, by address. `unmoved` are menus whose friends an earlier apply was about
    to move and did not; `shown` are friends by the menu, by name, that is recorded of them."""
    view = look_at(client.name, live)
    found = MenuChanges(foreign=tuple(view.foreign.values()))
    declared = {str(r.address): declared_menu(r) for r in client.of(Kind.RICHMENU)}
    names = frozenset(menu.address.name for menu in declared.values())
    has_default = any(menu.default for menu in declared.values())
    has_rules = any(isinstance(r.spec, MenuRulesSpec) and r.spec.enabled for r in client.of(Kind.MENU_RULES))
    comparison = _Comparison(client.name, view, names, has_default, has_rules, now, options, frozenset(unmoved), shown)
    for menu in declared.values():
        comparison.declared_menu(menu, found)
    for address in sorted(view.copies.keys() - declared.keys()):
        comparison.undeclared(address, found)
    found.changes += _too_many(client.name, live, found.changes)
    return found


@dataclass(frozen=True, slots=True)
class _Comparison:
    client: str
    view: View
    names: frozenset[str]
    """Of the declared menus, and so of their aliases."""
    has_default: bool
    """Whether a declared menu is the default one."""
    has_rules: bool
    """Whether rules say who sees which menu."""
    now: datetime
    options: PlanOptions
    unmoved: frozenset[str]
    shown: Mapping[str, int]

    def declared_menu(self, menu: DeclaredMenu, found: MenuChanges) -> None:
        blocked = self._conflicts(menu)
        if blocked:
            found.changes += blocked
            return
        address = str(menu.address)
        copies = self.view.copies.get(address, ())
        current = self._current(menu, copies)
        others = tuple(copy for copy in copies if copy is not current)
        before, after = self._before(menu, copies), {"menu": menu.hash, "default": menu.hash if menu.default else ""}
        work = self._work(menu, current, others)
        if current is not None and before == after and not work.aliases and not work.move_from:
            found.settled[address] = after
        else:
            found.changes.append(self._change(menu, before, after, work))
        found.changes += retire(self.client, current, others, self.view.in_use, self.now, self.options.grace)

    def _current(self, menu: DeclaredMenu, copies: tuple[Copy, ...]) -> Copy | None:
        """The live menu that already is what is declared: the one behind the alias, else the oldest of those that
        nothing newer has replaced. One that an interrupted apply left while its predecessor is still shown must also be
        younger than the grace, because the predecessor's grace is counted from its making."""
        same = [copy for copy in copies if copy.mark.hash == menu.hash]
        aliased = self.view.live.aliases.get(menu.address.name)
        for copy in same:
            if copy.id == aliased:
                return copy
        rest = [copy for copy in copies if copy.mark.hash != menu.hash]
        newest_other = max((copy.mark.created for copy in rest), default=datetime.min.replace(tzinfo=UTC))
        replaces = any(self.view.in_use(copy.id) for copy in rest)
        oldest = self.now - self.options.grace if replaces else newest_other
        return next((c for c in same if c.mark.created >= newest_other and c.mark.created >= oldest), None)

    def _before(self, menu: DeclaredMenu, copies: tuple[Copy, ...]) -> dict[str, str]:
        address, view = str(menu.address), self.view
        default = view.live.default
        seen = FOREIGN if default.foreign else view.sees(default.menu_id, address)
        if not menu.default and default.menu_id not in {copy.id for copy in copies}:
            seen = ""
        return {"menu": view.sees(view.live.aliases.get(menu.address.name, ""), address), "default": seen}

    def _work(self, menu: DeclaredMenu, current: Copy | None, others: tuple[Copy, ...]) -> MenuWork:
        view, name = self.view, menu.address.name
        live_alias = view.live.aliases.get(name)
        menu_id = current.id if current else ""
        aliases = [] if current and live_alias == menu_id else [name]
        other_ids = [copy.id for copy in others]
        # Somebody else's alias for this menu goes along, or its taps would end at a menu that is about to go.
        aliases += [a for i in other_ids for a in view.aliases.get(i, ()) if a not in self.names]
        default = view.live.default.menu_id
        adopted = live_alias if live_alias in view.foreign else None
        handed_over = bool(aliases) or default in other_ids
        moving = other_ids if handed_over else [i for i in other_ids if i in self.unmoved]
        return MenuWork(
            menu_id=menu_id,
            has_image=self._has_image(current),
            aliases=tuple(aliases),
            new_aliases=frozenset({name} - view.live.aliases.keys()),
            make_default=menu.default and not (current and default == menu_id),
            clear_default=not menu.default and default in {menu_id, *other_ids} - {""} and not self.has_default,
            move_from=tuple(moving) + ((adopted,) if adopted else ()),
        )

    def _has_image(self, copy: Copy | None) -> bool | None:
        if copy is None:
            return False
        return True if self.view.in_use(copy.id) else copy.live.has_image

    def _change(self, menu: DeclaredMenu, before: dict[str, str], after: dict[str, str], work: MenuWork) -> Change:
        address = str(menu.address)
        shown = self.view.by_id.get(self.view.live.aliases.get(menu.address.name, ""))
        ours = shown is not None and shown.mark.address == menu.address
        if before["menu"] == menu.hash:
            action, reason = Action.REPAIR, _repair_reason(before, after, work)
        elif not ours and work.menu_id and before["menu"]:
            action, reason = Action.REPAIR, "its alias was pointed to another menu"
        elif ours or before["menu"]:
            action, reason = Action.REPLACE, "its content or image changed"
        else:
            action, reason = Action.CREATE, "declared, not on the account"
        if action in (Action.CREATE, Action.REPLACE) and work.menu_id:
            reason += "; an unfinished apply made it already"
        details = differences(shown.live.menu, menu.line) if shown and ours and action is Action.REPLACE else ()
        return Change(action, self.client, address, before, after, reason, details=details, work=work)

    def _conflicts(self, menu: DeclaredMenu) -> list[Change]:
        address, name, view = str(menu.address), menu.address.name, self.view
        if address in self.options.adopt:
            return []
        take_over = f"or take it over with --adopt {address}"
        found = []
        if view.live.aliases.get(name) in view.foreign:
            other = view.foreign[view.live.aliases[name]]
            reason = f"the alias '{name}' belongs to a rich menu that is not ours: '{other.name}' ({other.menu_id})"
            hint = f"rename this menu, delete that alias with the tool that made it, {take_over}"
            found.append(self._blocked("G102", address, reason, hint))
        default = view.live.default
        if menu.default and (default.foreign or default.menu_id in view.foreign):
            whose = "another tool or channel" if default.foreign else f"'{view.foreign[default.menu_id].name}'"
            reason = f"the default rich menu is not ours: it belongs to {whose}"
            hint = f"remove `default: true`, clear the default with the tool that set it, {take_over}"
            found.append(self._blocked("G103", address, reason, hint))
        return found

    def _blocked(self, code: str, address: str, reason: str, hint: str) -> Change:
        return Change(Action.BLOCKED, self.client, address, {}, {}, reason, hint, code)

    def undeclared(self, address: str, found: MenuChanges) -> None:
        copies = self.view.copies[address]
        current = next((c for c in reversed(copies) if self.view.in_use(c.id)), copies[-1])
        if self.options.prune and not current.mark.protected:
            found.changes.append(self._prune(address, current, copies))
            return
        others = tuple(copy for copy in copies if copy is not current)
        seen = {"menu": current.mark.hash, "default": ""}
        if current.mark.protected:
            reason, action = "its file is gone, but it is protected and stays", Action.KEEP
            hint = "to delete it, restore the file, write `protect: false`, apply, then remove the file with --prune"
        else:
            reason, action = "its file is gone; it stays as it is", Action.UNDECLARED
            hint = "add --prune to delete it"
        found.changes.append(Change(action, self.client, address, seen, seen, reason, hint, menu_id=current.id))
        found.changes += retire(self.client, current, others, self.view.in_use, self.now, self.options.grace)

    def _prune(self, address: str, current: Copy, copies: tuple[Copy, ...]) -> Change:
        """Its friends are moved before it goes: those of whom we know to what the rules say, all others to the default
        menu."""
        view = self.view
        ids = [copy.id for copy in copies if copy is not current] + [current.id]
        default = view.live.default.menu_id in ids
        friends = self.shown.get(current.mark.address.name, 0)
        elsewhere = (view.live.default.menu_id and not default) or view.live.default.foreign
        if friends and not (self.has_rules or self.has_default or elsewhere):
            reason = f"its file is gone, and {plural(friends, 'friend')} who see it would be left without a menu"
            hint = "write `default: true` into another menu, or menu rules; or keep this one"
            return self._blocked("G107", address, reason, hint)
        work = MenuWork(
            menu_id=current.id,
            unlink_from=tuple(ids),
            settle=current.mark.address.name if friends else "",
            clear_default=default and not self.has_default,
            delete_aliases=tuple(a for i in ids for a in view.aliases.get(i, ()) if a not in self.names),
            delete_menus=tuple(ids),
        )
        before = {"menu": current.mark.hash, "default": current.mark.hash if default else ""}
        after = {"menu": "", "default": ""}
        then = "the menus of the rules" if self.has_rules else "the default menu"
        reason = f"its file is gone; {plural(friends, 'friend')} recorded on it, who see {then} before it goes"
        return Change(Action.DELETE, self.client, address, before, after, reason, menu_id=current.id, work=work)


def _repair_reason(before: Mapping[str, str], after: Mapping[str, str], work: MenuWork) -> str:
    if before["default"] != after["default"]:
        return "becomes the default menu" if after["default"] else "is no longer the default menu"
    if work.aliases:
        return "another alias still points to its old version"
    return "an interrupted apply has not moved all friends to it"


def _too_many(client: str, live: LiveAccount, changes: Iterable[Change]) -> list[Change]:
    works = [c.work for c in changes if c.work is not None and c.action in (Action.CREATE, Action.REPLACE)]
    menus = len(live.menus) + sum(1 for work in works if not work.menu_id)
    aliases = len(live.aliases) + sum(len(work.new_aliases) for work in works)
    found = []
    for code, what, count, most in (
        ("G104", "rich menus", menus, limits.RICHMENUS),
        ("G105", "rich menu aliases", aliases, limits.RICHMENU_ALIASES),
    ):
        if count > most:
            reason = f"the account would have {count} {what}; LINE allows {most}"
            hint = "delete menus that nobody needs, or wait until the retiring ones are gone"
            found.append(Change(Action.BLOCKED, client, "", {}, {}, reason, hint, code))
    return found
