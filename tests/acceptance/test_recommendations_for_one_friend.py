"""Row D5 in scenario steps and replies: each friend's own items, picked when the message is written down."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from lineform.ports.friends import EventRow
from lineform.ports.items import Item
from lineform.run.outcome import Outcome
from support.chatting import ChatLife, Chats, declared
from support.delivering import DUE, Crash, Dying
from support.living import scenario

WORDS = """\
kind: attributes
name: shop
links: {shop: {url: "https://shop.example"}}
events: {purchase: {fields: {item: text}}}
items: {name: text, price: number, url: text}
"""
RULE = """\
kind: recommendations
name: picks
history: {event: purchase}
count: 2
fallback: popular
example: {name: 緑茶, price: 1200, url: "https://shop.example/tea"}
"""
CAROUSEL = {
    "altText": "おすすめの商品",
    "template": {
        "type": "carousel",
        "columns": [
            {
                "each": "items.picks",
                "as": "one",
                "do": {
                    "text": "{{ one.name }} {{ one.price }}円",
                    "actions": [{"type": "uri", "label": "見る", "uri": "{{ one.url }}"}],
                },
            }
        ],
    },
}
PLAIN = {"id": "hello", "send": [{"text": "こんにちは"}]}
STEP = {"id": "picks", "after": "1d", "send": [CAROUSEL]}
SERIES = scenario("series", PLAIN, STEP)
TEA, CUP, POT, RICE = (
    Item(key, {"name": name, "price": price, "url": f"https://shop.example/{key}"})
    for key, name, price in (
        ("tea", "緑茶", 1200),
        ("cup", "湯呑み", 980),
        ("pot", "急須", 3500),
        ("rice", "お米", 2500),
    )
)
DAY = timedelta(days=1)


@pytest.fixture
def life(origin: str, tmp_path: Path) -> Chats:
    """Three friends: the first bought tea, the second tea and a cup, the third nothing."""

    def make(*specs: Any, rule: str = RULE, items: Any = (TEA, CUP, POT, RICE), **settings: Any) -> ChatLife:
        here = ChatLife(origin, tmp_path, declared(WORDS), declared(rule), *specs, **settings)
        if items:
            feed(here, *items)
        for place, item in ((0, "tea"), (1, "tea"), (1, "cup"))[: 2 * len(here.users) - 1]:
            buys(here, place, item)
        here.move(DUE)
        return here

    return make


def buys(here: ChatLife, place: int, item: str) -> None:
    row = EventRow(here.users[place], "purchase", f"{place}{item}", here.clock.now(), {"item": item})
    here.with_store(lambda store: store.add_events(here.client.name, [row], here.clock.now()))


def feed(here: ChatLife, *items: Item) -> None:
    """From now on these are the items."""
    here.with_store(lambda store: store.import_items(here.client.name, items, here.clock.now()))


def carousels(here: ChatLife, place: int) -> list[list[str]]:
    """What the columns of each carousel say that a friend read."""
    return [
        [column["text"] for column in message["template"]["columns"]]
        for one in here.control.deliveries(here.account)
        if one["user"] == here.users[place]
        for message in one["messages"]
        if message["type"] == "template"
    ]


def test_d5_a_step_recommends_to_each_friend_what_goes_with_their_history(life: Chats) -> None:
    here = life(SERIES)
    for place in range(3):
        here.follows(place)
    here.at(DUE + DAY)
    assert [carousels(here, place) for place in range(3)] == [
        [["湯呑み 980円", "急須 3500円"]],  # had tea: what others had beside it, then what is left of the feed
        [["急須 3500円", "お米 2500円"]],
        [["緑茶 1200円", "湯呑み 980円"]],  # bought nothing: what is popular
    ]


def test_d5_items_are_those_of_the_moment_in_which_the_step_is_written_down(life: Chats) -> None:
    here = life(SERIES, friends=1)
    here.follows()
    buys(here, 0, "pot")
    dearer = Item("cup", {**CUP.fields, "price": 1100})
    feed(here, TEA, dearer, POT)
    here.at(DUE + DAY)
    assert carousels(here, 0) == [["湯呑み 1100円"]]


class Reading:
    """A store that tells how often the feed is read in each transaction."""

    def __init__(self, port: Any, feeds: list[int]) -> None:
        self._port, self._feeds = port, feeds

    def __getattr__(self, name: str) -> Any:
        return getattr(self._port, name)

    @contextmanager
    def together(self, account: str) -> Iterator[Reading]:
        with self._port.together(account) as inside:
            self._feeds.append(0)
            yield Reading(inside, self._feeds)

    def items(self, account: str) -> Any:
        self._feeds[-1] += 1
        return self._port.items(account)


def test_d5_the_feed_is_read_once_for_all_messages_of_a_decision(life: Chats) -> None:
    again = {"id": "again", "after": "1d", "send": [{**CAROUSEL, "altText": "もう一度"}]}
    here = life(scenario("series", PLAIN, STEP, again), friends=2)
    for place in range(2):
        here.follows(place)
    here.move(DUE + DAY)
    feeds: list[int] = []
    here.step(lambda port: Reading(port, feeds))
    assert [len(carousels(here, place)) for place in range(2)] == [2, 2]
    assert set(feeds) == {0, 1}


def test_d5_a_repeated_call_sends_the_items_that_were_picked_first(life: Chats) -> None:
    died = 0
    for at in range(1, 12):
        here = life(SERIES, friends=1)
        here.follows()
        here.move(DUE + DAY)
        try:
            here.step(partial(Dying, count=[0], at=at, after=True))
        except Crash:
            died += 1
        if any(send.key.startswith("picks") for send in here.sends()):
            # What is written down stays, even where the feed changes between the crash and the next run.
            feed(here, RICE)
        here.at(DUE + DAY + timedelta(minutes=3))
        assert carousels(here, 0) == [["湯呑み 980円", "急須 3500円"]]
    assert died


def test_d5_whoever_is_left_nothing_is_sent_nothing_and_the_others_are(life: Chats) -> None:
    here = life(SERIES, rule=RULE.replace("popular", "[tea, cup]"), items=(TEA, CUP))
    for place in range(3):
        here.follows(place)
    here.at(DUE + DAY)
    assert [carousels(here, place) for place in range(3)] == [
        [["湯呑み 980円"]],
        [],
        [["緑茶 1200円", "湯呑み 980円"]],
    ]
    assert here.marks(1)[-1] == ("picks", "not sent: items.picks has nothing for this friend")


def test_d5_without_a_feed_the_step_waits_for_it_and_is_told(life: Chats) -> None:
    here = life(SERIES, items=(), friends=1)
    here.follows()
    assert here.read()[0][1] == "こんにちは"  # other steps need no items
    report = here.at(DUE + DAY)
    (entry,) = [one for one in report.entries if one.outcome is Outcome.BLOCKED]
    assert (entry.guard, "items import" in entry.hint) == ("G230", True)
    assert here.marks() == [("hello", "sent")]
    feed(here, CUP)
    here.at(DUE + DAY + timedelta(hours=1))
    assert carousels(here, 0) == [["湯呑み 980円"]]


def test_d5_a_reply_recommends_for_nothing_and_its_links_are_tracked(life: Chats) -> None:
    reply = """\
kind: reply
name: ask
when: [{keyword: おすすめ}]
track: friend
do:
  - send:
      - each: items.picks
        do: {text: "{{ item.name }} https://shop.example"}
"""
    here = life(declared(reply))
    here.writes("おすすめ")
    said = [text for _, text in here.read()]
    assert [text.split(" ")[0] for text in said] == ["湯呑み", "急須"]
    assert len({text.split(" ")[1] for text in said}) == 1
    assert all("https://go.example/l/" in text for text in said)
    assert here.kinds() == ["reply"]
