"""Why a friend sees a menu: the rules as they came out for this friend, and what stands instead of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from lineform.scenarios.menus import RULES, TAP, MenuRules, Shown, decide, rule_for, stands
from lineform.segments.explain import Reason, explain
from lineform.segments.friend import Friend


@dataclass(frozen=True, slots=True)
class MenuReason:
    """`rules` are those that were looked at, in their order, the last of them the one that holds where one does."""

    menu: str
    """What the friend sees once everything is done; empty is no menu of their own."""
    said: str
    rules: tuple[tuple[str, Reason], ...]
    recorded: str


def explain_menu(rules: MenuRules, friend: Friend, shown: Shown, now: datetime) -> MenuReason:
    """Which menu a friend is to see and why; every condition up to the rule that holds, with the value that it met.
    Raises ValueError where a rule is about events and the friend was read without them."""
    number = rule_for(rules, friend, now)
    outcome = rules.menu_of(number)
    looked = [(rule.menu, explain(rule.predicate, friend, now, rules.timezone)) for rule in rules.rules[: number + 1]]
    choice = decide(rules, outcome, shown, now)
    menu = shown.menu if choice is None else choice.menu
    by = f"by rule {number + 1}" if number < len(rules.rules) else "because no rule holds"
    if stands(rules, shown, outcome, now):
        what = "a tab that they tapped" if shown.source == TAP else f"shown by {shown.source}"
        by = f"{what}; the rules would choose {named(outcome)}, {by}"
    return MenuReason(menu, by, tuple(looked), _recorded(rules, shown))


def named(menu: str) -> str:
    """A menu in a sentence."""
    return f"'{menu}'" if menu else "no menu of their own"


def _recorded(rules: MenuRules, shown: Shown) -> str:
    if shown.at is None:
        return "nothing was linked yet"
    since = f"{shown.at.astimezone(ZoneInfo(rules.timezone)):%Y-%m-%d %H:%M}"
    source = {RULES: "by the rules", TAP: "by a tap"}.get(shown.source, f"by {shown.source}")
    open_end = "" if shown.confirmed else "; LINE has not answered yet"
    return f"{named(shown.menu)} since {since}, {source}{open_end}"
