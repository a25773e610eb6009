"""What invented people do in the days of a demo: they follow, buy, book, favour, tap and write. Same seed, same deeds.

All of it is drawn from what a client declares, so that a demo of any workspace shows its scenarios and replies at work.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from lineform.demo.population import Person, Town, any_value
from lineform.model.address import Kind
from lineform.model.attributes import AttributeSpec
from lineform.model.occasions import EventOn, ItemOn, Watched
from lineform.model.project import Client
from lineform.model.reply import ReplySpec
from lineform.model.scenario import ScenarioSpec
from lineform.segments.declared import Declared
from lineform.segments.friend import Value

MOMENTS = 6
"""At so many hours at most, each client's people do something."""
EACH = 8
"""So many friends do each thing that can be done."""
OPEN = (10, 20)
"""Between these hours people do things."""
PAST = timedelta(days=100)
"""How far back it is known what friends did."""
DID_BEFORE = 0.3
"""Of so many friends something is known."""
WORDS: Mapping[str, Sequence[Value]] = {
    "item": ("土鍋", "今治タオル", "ガラスの花瓶", "青汁30包"),
    "menu": ("カット", "カラー", "カット＆トリートメント"),
    "shop": ("ベーカリー麦", "ブックス青葉", "カフェ・ド・ミドリ"),
    "amount": (980, 1980, 3980, 8800),
    "price": (880, 2480, 5500),
    "party": (1, 2, 3, 4),
}
"""What fields of these names say; others are drawn from their type."""


@dataclass(frozen=True, slots=True)
class Deed:
    """One thing that somebody does, or (without a user) that is told of an item. `said` is the text or the event."""

    at: datetime
    what: Literal["follow", "write", "event"]
    user_id: str = ""
    said: str = ""
    id: str = ""
    """Of an event: what it is known by."""
    fields: Mapping[str, Value] = field(default_factory=dict)


def deeds_of(client: Client, words: Declared, town: Town, since: datetime, length: timedelta) -> list[Deed]:
    """What this client's people do in the first third of the `length` that begins at `since` (aware), in order."""
    drawn = _Drawing(client, words, town, since, length)
    found = [*drawn.follows(), *drawn.events(), *drawn.items(), *drawn.taps(), *drawn.texts()]
    return sorted(found, key=lambda deed: (deed.at, deed.user_id, deed.what, deed.said))


def history_of(client: Client, words: Declared, town: Town, since: datetime) -> list[Deed]:
    """What friends did before `since`: events of every kind that is not about a day to come."""
    drawn = _Drawing(client, words, town, since, PAST)
    return list(drawn.past())


class _Drawing:
    """One client's people, and the dice."""

    def __init__(self, client: Client, words: Declared, town: Town, since: datetime, length: timedelta) -> None:
        self._client, self._words, self._town = client, words, town
        self._zone = ZoneInfo(client.timezone)
        self._since, self._end = since, since + length
        self._draw = random.Random(f"deeds/{client.name}/{length}")  # noqa: S311 - invented people, no secret
        self._number = 0
        hours = list(_hours(since.astimezone(self._zone), self._end - length * 2 / 3))
        self._hours = sorted({hours[0], *self._draw.sample(hours, min(MOMENTS, len(hours)))})
        self._friends = [one for one in town.people if not one.blocked]

    def follows(self) -> Iterator[Deed]:
        for one in self._town.newcomers:
            yield Deed(self._hour(), "follow", one)

    def events(self) -> Iterator[Deed]:
        """Everything that friends can do, by some of them."""
        told = {event for one in self._watched() for event in (one.event, one.to)} | self._endings()
        for name, spec in self._words.events.items():
            if name not in told:
                for one in self._some():
                    yield self._event(name, spec.fields, self._hour(), one.row.user_id)

    def items(self) -> Iterator[Deed]:
        """Friends favour items; later, what they wait for happens to one of these."""
        for number, one in enumerate(self._watched()):
            item = WORDS["item"][number % len(WORDS["item"])]
            first, last = self._hours[0], self._hours[-1 - number % len(self._hours)]
            for friend in self._some():
                yield self._event(one.to, self._fields(one.to), first, friend.row.user_id, item=item)
            yield self._event(one.event, self._fields(one.event), last, "", item=item)

    def taps(self) -> Iterator[Deed]:
        """Taps on tracked links, as an address of ours tells them."""
        for link in self._words.links:
            for one in self._some():
                yield self._event("click", {}, self._hour(), one.row.user_id, link=link)

    def texts(self) -> Iterator[Deed]:
        """Somebody writes what a reply waits for."""
        for resource in self._client.of(Kind.REPLY):
            if isinstance(resource.spec, ReplySpec) and resource.spec.when != "anything":
                for trigger in resource.spec.when:
                    for word in (trigger.keyword or trigger.contains or ())[:1]:
                        yield Deed(self._hour(), "write", self._draw.choice(self._friends).row.user_id, word)

    def past(self) -> Iterator[Deed]:
        told = {one.event for one in self._watched()} | self._endings()
        for name, spec in self._words.events.items():
            if name in told or "at" in spec.fields:
                continue
            for one in self._town.people:
                if self._draw.random() < DID_BEFORE:
                    for _ in range(self._draw.choice((1, 1, 2, 3))):
                        at = self._since - timedelta(minutes=self._draw.randint(60, PAST // timedelta(minutes=1)))
                        yield self._event(name, spec.fields, at.astimezone(UTC), one.row.user_id)

    def _watched(self) -> list[Watched]:
        """What scenarios wait for that happens to items."""
        scenarios = (one.spec for one in self._client.of(Kind.SCENARIO))
        return [
            trigger.item
            for spec in scenarios
            if isinstance(spec, ScenarioSpec)
            for trigger in spec.trigger
            if isinstance(trigger, ItemOn)
        ]

    def _endings(self) -> set[str]:
        """Events that only end something, such as a cancellation: of what, dice do not know."""
        begun, ended = set(), set()
        for one in self._client.of(Kind.SCENARIO):
            if isinstance(one.spec, ScenarioSpec):
                begun |= {trigger.event for trigger in one.spec.trigger if isinstance(trigger, EventOn)}
                ended |= {event.event for event in one.spec.exit_on or () if isinstance(event, EventOn)}
        return ended - begun

    def _fields(self, event: str) -> Mapping[str, AttributeSpec]:
        return self._words.events[event].fields

    def _event(self, name: str, specs: Mapping[str, AttributeSpec], at: datetime, user_id: str, **given: Value) -> Deed:
        self._number += 1
        number = f"{self._client.name}-{self._number}"
        fields = {field: self._value(field, spec, at, number) for field, spec in specs.items()}
        return Deed(at, "event", user_id, name, f"demo-{number}", {**fields, **given})

    def _value(self, name: str, spec: AttributeSpec, at: datetime, number: str) -> Value:
        if spec.type == "text" and name == "number":
            return number
        if spec.type == "text" and name == "at":
            day = at.astimezone(self._zone) + timedelta(days=self._draw.randint(2, 4))
            return f"{day:%Y-%m-%d}T{self._draw.randint(*OPEN):02}:00"
        if name in WORDS:
            return self._draw.choice(WORDS[name])
        return any_value(self._draw, spec)

    def _some(self) -> list[Person]:
        return self._draw.sample(self._friends, min(EACH, len(self._friends)))

    def _hour(self) -> datetime:
        return self._draw.choice(self._hours)


def _hours(since: datetime, end: datetime) -> Iterator[datetime]:
    """The full hours of opening from an hour after `since` on until `end`, in UTC; that hour itself where there is
    none."""
    first = since.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    hours = [first + timedelta(hours=number) for number in range(max(1, (end - first) // timedelta(hours=1)))]
    open_hours = [hour for hour in hours if OPEN[0] <= hour.hour < OPEN[1]]
    yield from (hour.astimezone(UTC) for hour in open_hours or hours[:1])
