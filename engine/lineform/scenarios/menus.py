"""Which rich menu a friend is to see, and why: the first rule that holds, and what a tap or a step may keep of it.

Three things decide. The rules choose a menu (their *outcome*). A friend may tap a tab, and a step or a send may show a
menu: that one stands as long as the rules' outcome for this friend stays what it was, so that an old tap never hides
the birthday menu of next year. Everything else follows the outcome.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from lineform.scenarios.happening import Happening, What
from lineform.segments.friend import ANSWER, Friend
from lineform.segments.ids import IdSet
from lineform.segments.predicate import (
    AgeIs,
    Anniversary,
    AttributeIs,
    CameBy,
    FriendSince,
    Happened,
    HasTag,
    InSource,
    IsMember,
    Leaf,
    Predicate,
    leaves,
)
from lineform.segments.reading import matches

RULES = "rules"
"""The source of a link that the rules made."""
TAP = "tap"
"""The source of a link that a friend made by tapping a tab."""
SHARE = 20
"""Looking at everybody takes at most one part in so many of the time."""
BRIEF = timedelta(milliseconds=50)
"""A look that takes no longer may follow at every tick, which is a second later at the earliest."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Friends whom `predicate` selects see `menu`; empty is none of their own."""

    predicate: Predicate
    menu: str


@dataclass(frozen=True, slots=True)
class MenuRules:
    """Armed menu rules. Menus are named as in their files, which is also their alias; empty is no menu."""

    address: str = ""
    digest: str = ""
    rules: tuple[Rule, ...] = ()
    default: str = ""
    taps: bool | timedelta = True
    """Whether a tapped tab is kept, or for how long."""
    tabs: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Every declared menu, and empty for the account's default one, with those that its tabs lead to."""
    timezone: str = "Asia/Tokyo"

    def menu_of(self, rule: int) -> str:
        """The menu that a rule chooses; the number behind the last one is the default."""
        return self.rules[rule].menu if rule < len(self.rules) else self.default

    @property
    def outcomes(self) -> tuple[str, ...]:
        """The menus that the rules can choose, by rule, the default last."""
        return (*(rule.menu for rule in self.rules), self.default)


NO_RULES = MenuRules()
"""Where none are armed: nobody has a menu of their own but by a tap or a step."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What is recorded of one friend's menu. Without a record a friend has none of their own, by no rule."""

    menu: str = ""
    """The menu that was linked, or is being linked; empty is none."""
    outcome: str = ""
    """What the rules chose when it was."""
    source: str = RULES
    """`RULES`, `TAP`, or the address of the step or send that showed it."""
    at: datetime | None = None
    confirmed: bool = True
    """Whether LINE has taken it; False from the intent on until the answer."""


NOTHING = Shown()


@dataclass(frozen=True, slots=True)
class Choice:
    """What becomes of a friend's menu: `menu` is to be shown, on the ground of `source`."""

    menu: str
    outcome: str
    source: str
    link: bool
    """Whether LINE has to be told; else only the record changes."""


def rule_for(rules: MenuRules, friend: Friend, now: datetime) -> int:
    """The number of the first rule that holds for a friend; behind the last one where none does. Raises ValueError
    where a rule is about events and the friend was read without them."""
    for number, rule in enumerate(rules.rules):
        if matches(rule.predicate, friend, now):
            return number
    return len(rules.rules)


def stands(rules: MenuRules, shown: Shown, outcome: str, now: datetime) -> bool:
    """Whether a menu that a friend tapped, or a step or a send showed, stays although the rules chose otherwise."""
    if shown.source == RULES or shown.outcome != outcome:
        return False
    if not rules.tabs:
        return True
    if shown.source != TAP:
        return shown.menu in rules.tabs
    if isinstance(rules.taps, timedelta) and (shown.at is None or now >= shown.at + rules.taps):
        return False
    return bool(rules.taps) and shown.menu in rules.tabs.get(outcome, frozenset())


def decide(rules: MenuRules, outcome: str, shown: Shown, now: datetime) -> Choice | None:
    """What is to be done about one friend for whom the rules choose `outcome`; None where all is as it should be."""
    kept = stands(rules, shown, outcome, now)
    menu, source = (shown.menu, shown.source) if kept else (outcome, RULES)
    link = menu != shown.menu or not shown.confirmed
    if not link and (outcome, source) == (shown.outcome, shown.source):
        return None
    return Choice(menu, outcome, source, link)


def show(rules: MenuRules, outcome: str, shown: Shown, menu: str, source: str) -> Choice | None:
    """What follows where a step or a send shows a menu; an empty one gives the friend back to the rules."""
    menu, source = (menu, source) if menu else (outcome, RULES)
    if shown == Shown(menu, outcome, source, shown.at):
        return None
    return Choice(menu, outcome, source, menu != shown.menu or not shown.confirmed)


@dataclass(frozen=True, slots=True)
class Tapped:
    """A friend tapped a tab; `failed` is LINE's status where that led nowhere."""

    menu: str
    failed: str = ""


def tapped(happening: Happening) -> Tapped | None:
    """The tab that was tapped, where this happening is such a tap.

    https://developers.line.biz/en/reference/messaging-api/#postback-params-object-for-rich-menu-switch-action
    """
    if happening.what is not What.POSTBACK:
        return None
    if "status" not in happening.fields:
        return None  # a postback of another kind, or a date that was picked
    status = str(happening.fields["status"])
    return Tapped(str(happening.fields.get("newRichMenuAliasId", "")), "" if status == "SUCCESS" else status)


def concerns(rules: MenuRules, happening: Happening) -> bool:
    """Whether the rules may choose otherwise for this friend after what happened."""
    if happening.what in (What.FOLLOW, What.UNFOLLOW):
        return True
    reads = frozenset().union(*(_reads(rule.predicate) for rule in rules.rules))
    return bool(reads & _touched(happening))


def reads_events(rules: MenuRules) -> bool:
    """Whether a friend has to be read with what they did."""
    return any(kind == "event" for rule in rules.rules for kind, _ in _reads(rule.predicate))


def _touched(happening: Happening) -> set[tuple[str, str]]:
    match happening.what:
        case What.TAGGED | What.UNTAGGED:
            return {("tag", happening.name)}
        case What.ATTRIBUTE:
            return {("attribute", happening.name)}
        case What.EVENT:
            return {("event", happening.name)}
        case What.FORM:
            return {("event", ANSWER)}
        case What.ROUTE:
            return {("route", "")}
        case What.MEMBER:
            return {("member", "")}
        case _:
            return set()


def _reads(predicate: Predicate) -> frozenset[tuple[str, str]]:
    """What a predicate asks about a friend: by kind and name."""
    return frozenset().union(*map(_reads_of, leaves(predicate)))


def _reads_of(leaf: Leaf | InSource) -> frozenset[tuple[str, str]]:
    match leaf:
        case AttributeIs() | AgeIs() | Anniversary():
            return frozenset({("attribute", leaf.attribute)})
        case HasTag():
            return frozenset({("tag", leaf.tag)})
        case Happened():
            return frozenset({("event", leaf.event)})
        case CameBy(what):
            return frozenset({("attribute", what) if what == "language" else ("route", "")})
        case IsMember():
            return frozenset({("member", "")})
        case FriendSince():
            return frozenset({("follow", "")})
        case InSource():
            return frozenset()  # no rule may ask a source, which is told of nothing that happens


@dataclass(frozen=True, slots=True)
class Pass:
    """The last time that everybody was looked at, by which rules, and how long that took."""

    digest: str
    at: datetime
    took: timedelta


def pass_due(rules: MenuRules, last: Pass | None, now: datetime) -> bool:
    """Whether it is time to look at everybody again.

    Always after the rules changed and when a new day has begun on the client's clocks. In between, people are imported
    and hours go by, so as often as it costs at most one part in `SHARE` of the time.
    """
    if last is None or last.digest != rules.digest:
        return last is not None or bool(rules.digest)
    zone = ZoneInfo(rules.timezone)
    if last.at.astimezone(zone).date() != now.astimezone(zone).date():
        return bool(rules.digest)
    return bool(rules.digest) and now - last.at >= last.took * SHARE


def next_pass(rules: MenuRules, last: Pass | None, now: datetime) -> datetime | None:
    """When everybody is to be looked at next in any case: now, where the rules changed, else when the next day begins
    on the client's clocks; None where nobody has rules. What is looked at in between, because it costs little, is left
    out."""
    if last is None or last.digest != rules.digest:
        return now if pass_due(rules, last, now) else None
    if not rules.digest:
        return None
    morning = last.at.astimezone(ZoneInfo(rules.timezone)) + timedelta(days=1)
    return morning.replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)


def is_brief(rules: MenuRules, last: Pass | None, now: datetime) -> bool:
    """Whether a look that finds nothing to do, and takes no longer than the last one, need not be written down: it
    makes no difference for when the next one is due."""
    if last is None or last.digest != rules.digest or last.took > BRIEF:
        return False
    zone = ZoneInfo(rules.timezone)
    return last.at.astimezone(zone).date() == now.astimezone(zone).date()


@dataclass(frozen=True, slots=True)
class Group:
    """Friends of whom the same is recorded and for whom the same rule holds; `shown.at` only tells whether a tap is too
    old by now."""

    rule: int
    shown: Shown
    friends: IdSet


@dataclass(frozen=True, slots=True)
class Tally:
    """One rule in numbers of friends: for whom it is the first that holds, who sees another menu after all (a tab that
    they tapped, what a step or a send showed), and who is to get another menu than they have now."""

    rule: int
    menu: str
    friends: int = 0
    kept: int = 0
    changing: int = 0
    shown: Mapping[str, int] = field(default_factory=dict)
    """Friends who are to get another menu, by the one that they have now; empty is none of their own."""


def tally(rules: MenuRules, groups: Iterable[Group], now: datetime) -> tuple[Tally, ...]:
    """The rules in numbers, in their order, the default last."""
    found = [Tally(number, menu) for number, menu in enumerate(rules.outcomes)]
    for group in groups:
        one, number = found[group.rule], len(group.friends)
        choice = decide(rules, one.menu, group.shown, now)
        shows = group.shown.menu if choice is None else choice.menu
        kept = one.kept + (number if shows != one.menu else 0)
        found[group.rule] = one = replace(one, friends=one.friends + number, kept=kept)
        if shows != group.shown.menu:
            shown = {**one.shown, group.shown.menu: one.shown.get(group.shown.menu, 0) + number}
            found[group.rule] = replace(one, changing=one.changing + number, shown=shown)
    return tuple(found)
