"""Which reply answers what a friend did, and what it does: pure, and able to say why.

Of the replies that match, one answers. Whoever wonders why a friend got this answer, or none, reads `Decision.looked`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

from lineform.model.reply import DEFAULT_WITHIN, DataForm, Hours, ReplyTrigger
from lineform.scenarios.doing import Decided, effects_of
from lineform.scenarios.effect import Effect
from lineform.scenarios.happening import Happening, What
from lineform.scenarios.matching import PatternTooSlow, found_in, plain
from lineform.scenarios.opening import is_open
from lineform.segments.friend import Friend
from lineform.segments.predicate import Predicate
from lineform.segments.reading import matches
from lineform.sending.given import Given

Actions = tuple[Mapping[str, Any], ...]
"""Actions as they are armed; see `lineform.scenarios.doing`."""
EXACT, PART, PATTERN, ANYTHING = range(4)
"""How closely a trigger matched: the closer one goes first among replies of one order."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An armed reply."""

    name: str
    digest: str = ""
    """Of its revision."""
    production: bool = False
    """Whether its texts are guarded as on a production account."""
    when: tuple[ReplyTrigger, ...] = ()
    """Empty where it answers anything that no other reply does."""
    taps: tuple[tuple[str, str], ...] = ()
    """What the cells named by its triggers send: ``("postback", data)`` or ``("text", text)``."""
    only: Predicate | None = None
    order: int = 100
    hours: tuple[Hours, ...] = ()
    timezone: str = "Asia/Tokyo"
    do: Actions = ()
    otherwise: Actions | None = None
    gap: timedelta = timedelta()
    within: timedelta = DEFAULT_WITHIN
    """How long its answer is worth sending."""
    context: Mapping[str, Any] = field(default_factory=dict)
    given: Given = field(default_factory=Given)
    """The links and items that its messages read."""

    @property
    def source(self) -> str:
        """The address."""
        return f"reply.{self.name}"


@dataclass(frozen=True, slots=True)
class Answered:
    """When a reply last answered this friend, and which happening it was."""

    at: datetime
    key: str


@dataclass(frozen=True, slots=True)
class Looked:
    """One reply that was looked at, and why it answered or did not."""

    reply: str
    why: str
    closeness: int | None = None
    """How closely its trigger matched; None where none did."""


@dataclass(frozen=True, slots=True)
class Decision:
    """The reply that answers, None where none does; and what was looked at on the way."""

    reply: Reply | None
    effects: tuple[Effect, ...]
    looked: tuple[Looked, ...]
    closeness: int | None = None


def decide(
    happening: Happening, friend: Friend, replies: Sequence[Reply], answered: Mapping[str, Answered], now: datetime
) -> Decision:
    """The answer to a text, another message or a postback. `answered` tells by name which replies answered this friend
    before; `friend` needs its events where a reply's condition asks for them."""
    if happening.what not in {What.TEXT, What.MESSAGE, What.POSTBACK}:
        return Decision(None, (), ())
    looked: list[Looked] = []
    found: list[tuple[Reply, int, str]] = []
    for reply in replies:
        close, why = closeness(reply, happening)
        if close is None:
            looked.append(Looked(reply.name, why))
        else:
            found.append((reply, close, why))
    for reply, close, why in sorted(found, key=lambda one: (one[1] == ANYTHING, one[0].order, one[1], one[0].name)):
        if refused := _refused(reply, happening, friend, answered.get(reply.name), now):
            looked.append(Looked(reply.name, f"{why}, but {refused}", close))
            continue
        open_now = not reply.hours or is_open(reply.hours, now, reply.timezone)
        doing = reply.do if open_now else reply.otherwise
        if doing is None:
            looked.append(Looked(reply.name, f"{why}, but it is closed and has no 'otherwise'", close))
            continue
        looked.append(Looked(reply.name, why if open_now else f"{why}, outside of its hours", close))
        decided = Decided(reply.source, happening.key, reply.context, answer=True, given=reply.given)
        return Decision(reply, tuple(effects_of(doing, decided)), tuple(looked), close)
    return Decision(None, (), tuple(looked))


def _refused(reply: Reply, happening: Happening, friend: Friend, last: Answered | None, now: datetime) -> str:
    if reply.only is not None and matches(reply.only, friend, now) is not True:
        return "its condition is not true for this friend"
    # Whoever comes again with the same happening does the same again: nothing was decided by the first time.
    if reply.gap and last is not None and last.key != happening.key and now - last.at < reply.gap:
        return "it answered this friend a short time ago"
    return ""


def closeness(reply: Reply, happening: Happening) -> tuple[int | None, str]:
    """How closely a reply's triggers match, and in words; None where none does."""
    if not reply.when and not reply.taps:
        if happening.what is What.POSTBACK:
            return None, "it answers anything that is written, not taps"
        return ANYTHING, "it answers anything"
    if happening.what is What.POSTBACK and ("postback", happening.text) in reply.taps:
        return EXACT, "the menu was tapped"
    if happening.what is What.TEXT and ("text", happening.text) in reply.taps:
        return EXACT, "the menu was tapped"
    tried = [_trigger(trigger, happening) for trigger in reply.when]
    matching = [(close, why) for close, why in tried if close is not None]
    if matching:
        return min(matching)
    return None, next((why for _, why in tried if why), "none of its triggers matches")


def _trigger(trigger: ReplyTrigger, happening: Happening) -> tuple[int | None, str]:
    match happening.what:
        case What.TEXT:
            return _text(trigger, happening.text)
        case What.POSTBACK if trigger.postback is not None:
            return _data(trigger.postback, happening.text)
        case What.MESSAGE if trigger.message is not None and happening.name in trigger.message:
            return EXACT, f"a message of type {happening.name}"
    return None, ""


def _text(trigger: ReplyTrigger, text: str) -> tuple[int | None, str]:
    compared = plain(text)
    for word in trigger.keyword or ():
        if compared == plain(word):
            return EXACT, f"the text is '{word}'"
    for word in trigger.contains or ():
        if plain(word) in compared:
            return PART, f"the text contains '{word}'"
    if trigger.regex is None:
        return None, ""
    try:
        return (PATTERN, f"the text matches '{trigger.regex}'") if found_in(trigger.regex, text) else (None, "")
    except PatternTooSlow:
        return None, f"its pattern '{trigger.regex}' took too long"


def _data(wanted: DataForm, data: str) -> tuple[int | None, str]:
    if wanted.whole is not None:
        return (EXACT, f"the data is '{wanted.whole}'") if data == wanted.whole else (None, "")
    if wanted.prefix is not None:
        return (PART, f"the data begins with '{wanted.prefix}'") if data.startswith(wanted.prefix) else (None, "")
    params = parse_qs(data, keep_blank_values=True, max_num_fields=100) if data.count("&") < 100 else {}
    held = all(value in params.get(name, ()) for name, value in (wanted.params or {}).items())
    return (PART, "the data has its params") if held else (None, "")
