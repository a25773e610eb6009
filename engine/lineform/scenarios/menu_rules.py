"""Menu rules as one JSON value, armed by an apply: conditions are inlined, so that no file is needed later."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from lineform.errors import StaleError
from lineform.model.address import Kind
from lineform.model.menu_rules import MenuRulesSpec
from lineform.model.project import Client, Resource
from lineform.model.richmenu import NO_MENU, RichMenuSpec
from lineform.scenarios.menus import MenuRules, Rule
from lineform.segments.resolve import to_predicate
from lineform.segments.wire import from_wire, to_wire
from lineform.sending.revision import Revisioned, Revisions, revisioned

FORMAT = 1


def menu_rules_revision(making: Revisions, client: Client, resource: Resource) -> Revisioned:
    """The revision of a file of menu rules. Raises ConditionError where a validated workspace has none."""
    spec = resource.spec
    if not isinstance(spec, MenuRulesSpec):
        raise TypeError(f"{resource.address} is no file of menu rules")
    words = making.words(client)
    menus = [one.spec for one in client.of(Kind.RICHMENU) if isinstance(one.spec, RichMenuSpec)]
    return revisioned(
        {
            "format": FORMAT,
            "rules": [
                {"if": to_wire(to_predicate(rule.if_, words, client.timezone)), "menu": _named(rule.menu)}
                for rule in spec.rules
            ],
            "default": _named(spec.default),
            "taps": int(spec.taps.total_seconds()) if isinstance(spec.taps, timedelta) else spec.taps == "respect",
            "tabs": {name: sorted(tabs) for name, tabs in tab_groups(menus).items()},
            "timezone": client.timezone,
        }
    )


def _named(menu: str) -> str:
    return "" if menu == NO_MENU else menu


def read_menu_rules(address: str, digest: str, body: Mapping[str, Any], _since: datetime | None = None) -> MenuRules:
    """The rules in a revision's body; since when they are armed makes no difference. Raises StaleError where another
    version of lineform armed them otherwise."""
    if body.get("format") != FORMAT:
        raise StaleError(
            f"armed menu rules have format {body.get('format')!r}, and this version reads {FORMAT}",
            hint="run 'lineform apply' with this version, which arms them again",
        )
    taps = body["taps"]
    return MenuRules(
        address=address,
        digest=digest,
        rules=tuple(Rule(from_wire(rule["if"]), rule["menu"]) for rule in body["rules"]),
        default=body["default"],
        taps=taps if isinstance(taps, bool) else timedelta(seconds=taps),
        tabs={name: frozenset(tabs) for name, tabs in body["tabs"].items()},
        timezone=body["timezone"],
    )


def tab_groups(menus: Iterable[RichMenuSpec]) -> dict[str, frozenset[str]]:
    """Every menu with those that a friend comes to by its tabs, itself included. Empty stands for the account's default
    menu: where none is declared, friends without a menu may have come by any."""
    specs = {spec.name: spec for spec in menus}
    leads = {name: {cell.switch for cell in spec.cells if cell.switch} & specs.keys() for name, spec in specs.items()}
    groups = {name: _reached(name, leads) for name in specs}
    default = next((name for name, spec in specs.items() if spec.default), None)
    return {**groups, "": frozenset(specs) if default is None else groups[default]}


def _reached(start: str, leads: Mapping[str, set[str]]) -> frozenset[str]:
    found = {start}
    ahead = [start]
    while ahead:
        further = leads[ahead.pop()] - found
        found |= further
        ahead += further
    return frozenset(found)
