"""What happened to an item reaches everybody who favoured it: once for each friend, item and event.

Which event of an item goes to whom is said by what is armed. A happening's key names the event and the friend, so that
being stopped in the middle and beginning anew tells nobody twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

from lineform.ports.intake import ItemEvent
from lineform.run.options import Run
from lineform.scenarios.happening import Happening, What
from lineform.scenarios.shop import ITEM
from lineform.segments.predicate import AttributeIs, Count, Happened, Predicate
from lineform.serve.working import LiveThrough

AT_ONCE = 100
"""Item events that one turn tells of."""
FRIENDS = 1_000
"""Friends who are told in one piece."""

Watching = Mapping[str, Sequence[str]]
"""By the type of an item's event: the types of events by which a friend has favoured an item."""


def favoured(event: str, item: str) -> Predicate:
    """Friends who did this with this item at any time."""
    named = AttributeIs(ITEM, "text", "is", (item,))
    return Happened(event, (named,), None, None, Count("at_least", (1,)))


async def tell_items(run: Run, live: LiveThrough, watching: Watching) -> int:
    """Lets every friend who favoured an item live through what happened to it; how many happenings that were."""
    untold = await run.records(run.store.untold_items, run.client.name, AT_ONCE)
    told = 0
    for event in untold:
        for favour in watching.get(event.type, ()):
            people = await run.records(_people, run, favour, event.item)
            for some in _pieces(people, FRIENDS):
                await live(run, [_happening(event, friend_id) for friend_id in some])
                told += len(some)
    if untold:
        await run.records(run.store.items_told, run.client.name, [event.number for event in untold])
    return told


def _people(run: Run, favour: str, item: str) -> list[int]:
    return list(run.store.select(run.client.name, favoured(favour, item), run.clock.now()))


def _happening(event: ItemEvent, friend_id: int) -> Happening:
    key = f"item/{event.type}/{event.id}/{friend_id}"
    return Happening(key, friend_id, What.EVENT, event.at, event.type, fields={**event.fields, ITEM: event.item})


def _pieces(values: Iterable[int], size: int) -> Iterator[list[int]]:
    rest = iter(values)
    while piece := list(islice(rest, size)):
        yield piece
