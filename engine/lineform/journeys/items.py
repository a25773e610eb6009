"""What happened to an item reaches everybody who favoured it: once for each friend, item and event.

Which event of an item goes to whom is said by what is armed. A happening's key names the event and the friend, so that
being stopped in the middle and beginning anew tells nobody twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

from lineform.journeys.book import Book, books
from lineform.journeys.live import live_through
from lineform.ports.intake import ItemEvent
from lineform.run.options import Run
from lineform.run.outcome import TickEntry
from lineform.scenarios.happening import Happening, What
from lineform.scenarios.shop import ITEM
from lineform.segments.predicate import AttributeIs, Count, Happened, Predicate

AT_ONCE = 100
"""Item events that one turn tells of."""
FRIENDS = 1_000
"""Friends who are told in one piece."""


def favoured(event: str, item: str) -> Predicate:
    """Friends who did this with this item at any time."""
    named = AttributeIs(ITEM, "text", "is", (item,))
    return Happened(event, (named,), None, None, Count("at_least", (1,)))


async def items_due(run: Run) -> list[TickEntry]:
    """Lets every friend who favoured an item live through what happened to it."""
    untold = await run.records(run.store.untold_items, run.client.name, AT_ONCE)
    if not untold or run.options.dry_run:
        return []
    watched = _watched(await run.records(books().of, run.store, run.client))
    entries: list[TickEntry] = []
    for event in untold:
        for favour in sorted(watched.get(event.type, ())):
            people = await run.records(_people, run, favour, event.item)
            for some in _pieces(people, FRIENDS):
                lived = await live_through(run, [_happening(event, favour, friend_id) for friend_id in some])
                entries += lived.entries
    await run.records(run.store.items_told, run.client.name, [event.number for event in untold])
    return entries


def _watched(book: Book) -> Mapping[str, set[str]]:
    """By the type of an item's event, the types of events by which those it is told to have favoured the item."""
    found: dict[str, set[str]] = {}
    for script in book.scripts.values():
        for pattern in script.triggers:
            if pattern.what is What.ITEM:
                found.setdefault(pattern.name, set()).update(pattern.texts)
    return found


def _people(run: Run, favour: str, item: str) -> list[int]:
    return list(run.store.select(run.client.name, favoured(favour, item), run.clock.now()))


def _happening(event: ItemEvent, favour: str, friend_id: int) -> Happening:
    key = f"item/{event.type}/{event.id}/{favour}/{friend_id}"
    fields = {**event.fields, ITEM: event.item}
    return Happening(key, friend_id, What.ITEM, event.at, event.type, favour, fields)


def _pieces(values: Iterable[int], size: int) -> Iterator[list[int]]:
    rest = iter(values)
    while piece := list(islice(rest, size)):
        yield piece
