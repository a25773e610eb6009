"""Tracked links in scenario steps, replies, forms and routes: signed, frozen, tapped, and what a tap begins."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from lineform.journeys.live import live_through
from lineform.model.attributes import AttributesSpec
from lineform.model.client import Limits
from lineform.report.scenarios import tap_lines
from lineform.run.options import Records, Run, TickOptions
from lineform.run.outcome import Outcome
from lineform.run.taps import link_taps
from lineform.sending.status import SendStatus
from lineform.serve.onlooker import Unwatched
from lineform.serve.working import Following, Working, work_once
from lineform.store.open import open_store
from support.chatting import ChatLife, declared
from support.delivering import DUE, Crash, Dying, opened
from support.living import says, scenario
from support.tapping import led_to

SALE = "https://shop.example.jp/sale"
LINK = re.compile(r"https://go\.example/l/[A-Za-z0-9_-]+")
WORDS = {
    "kind": "attributes",
    "name": "known",
    "links": {"sale": {"url": SALE}, "shop": {"url": "https://shop.example"}},
}
LINKS = AttributesSpec.model_validate(WORDS)
TEASER = scenario("teaser", says("tell", "1d", text=f"予告 {SALE} をどうぞ"), track="friend")
AFTER = scenario("after", says("thanks", text="ご覧くださりありがとうございます"), trigger={"click": "sale"})
REPLY = """\
kind: reply
name: sale
when: [{keyword: セール}]
track: friend
do: [{send: [{text: "https://shop.example.jp/sale です"}]}, {send: [{text: "本店は {{ link.shop }}"}]}]
"""
DAY = timedelta(days=1)


@pytest.fixture
def life(origin: str, tmp_path: Path) -> Callable[..., Linked]:
    def make(*specs: Any, words: AttributesSpec = LINKS, **settings: Any) -> Linked:
        here = Linked(origin, tmp_path, words, *specs, **settings)
        here.move(DUE)
        return here

    return make


class Linked(ChatLife):
    """A scene whose friends tap links."""

    def links(self, place: int = 0) -> list[str]:
        return [found for _, text in self.read(place) for found in LINK.findall(text)]

    def tap(self, url: str) -> str:
        """Where a link leads; what follows from the tap is lived through."""

        async def tapped() -> str:
            account = opened(self)
            with open_store(self.url) as store:
                records = Records(store)
                try:
                    led = await led_to(records, {self.client.name: self.link_keys()}, self.clock, url)
                    options = TickOptions(concurrency=4, link_keys=self.link_keys)
                    run = Run(self.client, account, records, self.clock, options)
                    while await work_once(run, Following(live_through), Working(), Unwatched()):
                        pass
                    return led
                finally:
                    records.close()
                    await account.close()

        return asyncio.run(tapped())

    def later(self, length: timedelta = DAY, **options: Any) -> Any:
        return self.at(self.clock.now() + length, **{"link_keys": self.link_keys, **options})

    def targets(self) -> list[tuple[str, str, str, int]]:
        """What is recorded of each link: whose it is, in which step, its name, and its taps."""
        found = self.with_store(lambda store: store.link_targets(self.client.name))
        return [(one.address, one.key.partition("@")[0], one.link, one.taps) for one in found]


def test_a_tap_on_a_link_of_a_step_is_known_by_friend_and_begins_a_scenario(life: Callable[..., Linked]) -> None:
    here = life(TEASER, AFTER)
    for place in range(3):
        here.follows(place)
    here.later()
    assert [call["path"].rpartition("/")[2] for call in here.calls()] == ["push"] * 3
    assert len({here.links(place)[0] for place in range(3)}) == 3
    assert here.tap(here.links(1)[0]) == SALE
    history = here.with_store(lambda store: store.histories(here.client.name, [here.friend(1)]))[here.friend(1)]
    assert [(one.type, one.fields) for one in history if one.type == "click"] == [("click", {"link": "sale"})]
    assert here.read(1)[-1][1] == "ご覧くださりありがとうございます"
    assert (len(here.read(0)), len(here.read(2))) == (1, 1)
    assert here.targets() == [("scenario.teaser", "tell", "sale", 1)]
    taps = here.with_store(lambda store: list(link_taps(store, here.client.name, here.friend(1), "scenario.teaser")))
    assert list(tap_lines(taps, "Asia/Tokyo")) == ["  2026-12-02 10:00  tapped the link 'sale' in 'tell'"]
    assert (
        here.with_store(lambda store: list(link_taps(store, here.client.name, here.friend(1), "scenario.after"))) == []
    )


def test_tracked_by_message_a_step_is_one_call_and_taps_are_counted(life: Callable[..., Linked]) -> None:
    here = life(TEASER.model_copy(update={"track": "message"}), AFTER)
    for place in range(3):
        here.follows(place)
    here.later()
    assert [call["path"].rpartition("/")[2] for call in here.calls()] == ["multicast"]
    assert len({here.links(place)[0] for place in range(3)}) == 1
    assert here.tap(here.links(0)[0]) == SALE
    assert here.targets() == [("scenario.teaser", "tell", "sale", 1)]
    assert len(here.read(0)) == 1


def test_without_track_a_step_reads_the_address(life: Callable[..., Linked]) -> None:
    here = life(scenario("plain", says("tell", text="{{ link.sale }} へ")))
    here.follows()
    assert [text for _, text in here.read()] == [f"{SALE} へ"]
    assert here.targets() == []


def test_every_turn_of_a_scenario_may_carry_a_link(life: Callable[..., Linked]) -> None:
    def send(text: str) -> list[Any]:
        return [{"send": [{"text": text}]}]

    branch = [{"if": {"tag": "regular"}, "then": send("a")}, {"else": True, "then": send(f"分岐 {SALE}")}]
    wait = {"for": {"click": "sale"}, "within": "1d", "then": send("ok"), "else": {"then": send(f"まだの方 {SALE}")}}
    series = scenario("s", {"id": "a", "branch": branch}, {"id": "b", "after": "1h", "wait": wait}, track="friend")
    words = AttributesSpec.model_validate({**WORDS, "tags": {"regular": {}}})
    here = life(series, words=words, friends=1)
    here.follows()
    here.later(timedelta(hours=1))
    here.later(DAY)
    first, second = here.links()
    assert {here.tap(first), here.tap(second)} == {SALE}
    assert [(step, link) for _, step, link, _ in here.targets()] == [("a", "sale"), ("b", "sale")]


def test_the_same_messages_are_known_again_behind_their_links(life: Callable[..., Linked]) -> None:
    again = TEASER.model_copy(update={"name": "again"})
    limits = Limits.model_validate({"per_friend": {"same_body": "2d"}})
    here = life(TEASER, again, limits=limits, friends=1)
    here.follows()
    here.later()
    assert len(here.read()) == 1
    said = {mark.said for course in here.courses() for mark in course.marks}
    assert said == {"sent", "not sent: the friend read the same already"}


def test_without_a_key_the_step_waits_and_nothing_is_written(life: Callable[..., Linked]) -> None:
    here = life(TEASER, friends=1)
    here.follows()
    report = here.later(link_keys=None)
    (entry,) = [one for one in report.entries if one.outcome is Outcome.BLOCKED]
    assert entry.guard == "G219"
    assert (here.sends(), here.targets(), here.marks()) == ([], [], [])
    here.later(timedelta(minutes=1))
    assert here.links() == [], "what is missing is looked for again after an hour"
    here.later(timedelta(hours=1))
    assert len(here.links()) == 1


def test_a_call_that_is_repeated_sends_the_same_bytes(life: Callable[..., Linked]) -> None:
    bodies = set()
    for at in range(1, 12):
        here = life(TEASER, friends=1)
        here.follows()
        here.move(DUE + DAY)
        try:
            here.step(partial(Dying, count=[0], at=at, after=True), link_keys=here.link_keys)
        except Crash:
            bodies.add(at)
        here.later(timedelta(minutes=3))
        assert [len(here.links()), len(here.targets())] == [1, 1]
        assert {call["body"]["messages"][0]["text"] for call in here.calls()} == {here.read()[0][1]}
        assert here.tap(here.links()[0]) == SALE
    assert bodies


def test_links_of_two_versions_lead_where_each_of_them_said(life: Callable[..., Linked]) -> None:
    here = life(TEASER, friends=2)
    here.follows(0)
    moved = AttributesSpec.model_validate({**WORDS, "links": {"sale": {"url": "https://new.example.jp"}}})
    here.declare(moved)
    text = "予告 https://new.example.jp をどうぞ"
    here.declare(scenario("teaser", says("tell", "1d", text=text), track="friend"))
    here.arm(DUE)
    here.follows(1)
    here.later()
    assert [here.tap(here.links(place)[0]) for place in (0, 1)] == [SALE, "https://new.example.jp"]
    assert len(here.targets()) == 2


def test_a_reply_answers_with_links_of_the_friend(life: Callable[..., Linked]) -> None:
    here = life(declared(REPLY), AFTER)
    here.writes("セール")
    sale, shop = here.links()
    assert (here.tap(sale), here.tap(shop)) == (SALE, "https://shop.example")
    assert here.kinds() == ["reply", "push"]
    assert here.read()[-1][1] == "ご覧くださりありがとうございます"
    assert {(address, link) for address, _, link, _ in here.targets()} == {
        ("reply.sale", "sale"),
        ("reply.sale", "shop"),
    }


def test_an_answer_that_line_did_not_take_is_pushed_and_its_link_leads_on(life: Callable[..., Linked]) -> None:
    here = life(declared(REPLY.replace(', {send: [{text: "本店は {{ link.shop }}"}]}', "")), AFTER, friends=1)
    event = here.control.write(here.account, here.users[0], "セール")
    here.came({**event, "replyToken": "0" * 32})
    assert here.kinds() == ["push"]
    assert [send.status for send in here.sends()] == [SendStatus.REFUSED, SendStatus.SENT]
    (link,) = here.links()
    assert here.tap(link) == SALE
    assert here.read()[-1][1] == "ご覧くださりありがとうございます"


def test_forms_and_routes_carry_links_too(life: Callable[..., Linked]) -> None:
    form = """\
kind: form
name: hello
track: friend
questions: [{field: name, ask: "お名前を教えてください。https://shop.example.jp/sale", text: {}}]
done: [{send: [{text: "ありがとうございます。{{ link.shop }}"}]}]
"""
    start = "kind: reply\nname: start\nwhen: [{keyword: 登録}]\ndo: [{form: hello}]\n"
    here = life(declared(form), declared(start), friends=1)
    here.writes("登録")
    here.writes("花")
    asked, done = here.links()
    assert (here.tap(asked), here.tap(done)) == (SALE, "https://shop.example")
    assert here.kinds() == ["reply", "reply"]
    assert [(address, link) for address, _, link, _ in here.targets()] == [
        ("form.hello", "sale"),
        ("form.hello", "shop"),
    ]
