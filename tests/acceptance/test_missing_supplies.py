"""Something is missing that messages to single friends are given: those wait, and everything else goes on.

An empty pool, a coupon that was not made, a feed without items, a key that is not in the environment: each stops the
messages that need it, whatever leads to them, and nobody else's.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from lineform.journeys.due import due_steps
from lineform.journeys.items import items_due
from lineform.model.attributes import AttributesSpec
from lineform.model.client import Limits
from lineform.model.code_pool import CodesSpec
from lineform.ports.friends import EventRow
from lineform.ports.intake import ItemEvent
from lineform.ports.journeys import FriendChange
from lineform.run.menus import menus_due
from lineform.run.outcome import Outcome, TickReport
from lineform.scenarios.enrolment import State
from lineform.scenarios.happening import What
from support.delivering import DUE
from support.living import Life, Lives, says, scenario

HOUR = timedelta(hours=1)
WORDS = AttributesSpec.model_validate({"kind": "attributes", "name": "words", "tags": {"vip": {}, "given": {}}})
POOL = CodesSpec.model_validate({"kind": "codes", "name": "gift"})
GIFT = {"text": "{{ code.gift }}"}
OTHER = scenario("other", says("o", "2h"))
EMPTY = "gift holds too few codes"


@pytest.fixture
def life(origin: str, tmp_path: Path) -> Lives:
    def make(*specs: Any, **settings: Any) -> Life:
        here = Life(origin, tmp_path, WORDS, POOL, OTHER, *specs, **{"friends": 2, **settings})
        here.move(DUE)
        return here

    return make


def texts(here: Life, place: int) -> list[str]:
    return [text for _, text in here.read(place)]


def imports(here: Life, *codes: str) -> None:
    here.with_store(lambda store: store.import_codes(here.client.name, "gift", codes, here.clock.now()))


def blocked(report: TickReport) -> list[tuple[str, int, str, str]]:
    return [
        (entry.address, entry.recipients, entry.reason, entry.guard)
        for entry in report.entries
        if entry.outcome is Outcome.BLOCKED
    ]


def test_an_empty_pool_holds_up_its_own_step_and_nobody_else(life: Lives) -> None:
    here = life(scenario("gifts", {"id": "g", "after": "1h", "do": [{"tag": "given"}, {"send": [GIFT]}]}))
    here.live(here.happening(What.FOLLOW, 0), here.happening(What.FOLLOW, 1))
    assert blocked(here.at(DUE + 2 * HOUR)) == [("scenario.gifts", 2, EMPTY, "G217")]
    assert [texts(here, place) for place in (0, 1)] == [["o"], ["o"]]
    course = next(one for one in here.courses() if one.scenario == "gifts")
    assert (course.step, course.due, course.marks, course.reason) == ("g", DUE + 3 * HOUR, (), f"G217: {EMPTY}")
    imports(here, "A-1")
    assert blocked(here.at(DUE + 3 * HOUR)) == [("scenario.gifts", 1, EMPTY, "G217")]
    imports(here, "A-2")
    assert blocked(here.at(DUE + 4 * HOUR)) == []
    assert [texts(here, place) for place in (0, 1)] == [["o", "A-1"], ["o", "A-2"]]
    friends = here.with_store(lambda store: store.friends(here.client.name, here.ids()))
    assert [friend.tags for friend in friends] == [{"given"}] * 2


def test_whoever_has_a_code_reads_it_again_though_the_pool_is_empty(life: Lives) -> None:
    here = life(scenario("gifts", says("g", text="{{ code.gift }}"), says("again", "1d", text="まだ {{ code.gift }}")))
    imports(here, "A-1")
    here.happens(What.FOLLOW)
    here.at(DUE + 24 * HOUR)
    assert "まだ A-1" in texts(here, 0)


def test_after_a_week_without_codes_a_person_decides(life: Lives) -> None:
    here = life(scenario("gifts", says("g", "1h", text="{{ code.gift }}"), if_late="send"), friends=1)
    here.happens(What.FOLLOW)
    for day in range(9):
        here.at(DUE + 2 * HOUR + timedelta(days=day))
    (course,) = (one for one in here.courses() if one.scenario == "gifts")
    assert (course.state, course.reason) == (State.HELD, EMPTY)


def test_a_greeting_with_a_code_waits_and_the_friend_is_in_its_scenario(life: Lives) -> None:
    here = life(scenario("welcome", says("hello", text="{{ code.gift }}"), says("next", "1h")))
    told = here.happens(What.FOLLOW, reply_token="0" * 32, received_at=DUE)
    assert [entry.reason for entry in told.entries] == [EMPTY]
    imports(here, "A-1")
    here.at(DUE + HOUR)
    here.at(DUE + 2 * HOUR)
    assert texts(here, 0)[0] == "A-1"
    assert set(texts(here, 0)) == {"A-1", "next", "o"}


def test_a_step_that_is_done_because_its_wait_is_over_already_holds_up_nobody_else(life: Lives) -> None:
    wait = {"for": {"tag": "vip"}, "within": "1d", "then": [{"send": [{"text": "thanks"}]}]}
    here = life(scenario("gifts", says("g", "1h", text="{{ code.gift }}", wait=wait)))
    here.live(here.happening(What.FOLLOW, 0), here.happening(What.FOLLOW, 1))
    here.move(DUE + 3 * HOUR)
    lived = here.live(here.happening(What.TAGGED, 0, name="vip"), here.happening(What.TEXT, 1, text="hi"))
    assert (lived.looked_at, [(one.address, one.reason) for one in lived.entries]) == (2, [("scenario.gifts", EMPTY)])
    course = next(one for one in here.courses() if one.scenario == "gifts")
    assert (course.step, course.due, course.waiting, course.reason) == ("g", DUE + 4 * HOUR, None, f"G217: {EMPTY}")
    imports(here, "A-1", "A-2")
    here.at(DUE + 4 * HOUR)
    here.tagged("vip")
    assert texts(here, 0) == ["A-1", "o", "thanks"]


def test_an_imported_happening_a_look_and_an_item_hold_up_nothing_behind_them(life: Lives) -> None:
    by_tag = scenario("by-tag", says("g", text="{{ code.gift }}"), trigger={"tag": "vip"}, enroll="both")
    drop = {"item": {"event": "price_drop", "to": "favourite"}}
    by_item = scenario("by-item", says("told", text="{{ code.gift }}"), trigger=drop)
    here = life(by_tag, by_item)
    here.happens(What.FOLLOW)
    queued = here.happening(What.TAGGED, 0, name="vip")
    change, favours = (
        FriendChange(here.friend(1), {}, ("vip",)),
        EventRow(here.users[0], "favourite", "1", DUE, {"item": "A"}),
    )
    dropped = ItemEvent("price_drop", "d", "A", DUE, {"price": 9, "item": "A"})

    def comes(store: Any) -> None:
        store.queue_happenings(here.client.name, [queued], DUE)
        store.change_friends(here.client.name, [change], DUE)
        store.add_events(here.client.name, [favours], DUE)
        store.add_item_events(here.client.name, [dropped])

    here.with_store(comes)
    here.move(DUE + 2 * HOUR)
    report = here.tick(also=[items_due, due_steps, menus_due])
    assert sorted(blocked(report)) == [
        ("scenario.by-item", 1, EMPTY, "G217"),
        ("scenario.by-tag", 1, EMPTY, "G217"),
        ("scenario.by-tag", 1, EMPTY, "G217"),
    ]
    assert texts(here, 0) == ["o"]
    assert here.with_store(lambda store: store.untold_items(here.client.name, 10)) == []
    assert here.with_store(lambda store: store.queued_happenings(here.client.name, 10)) == []


def test_links_that_cannot_be_signed_hold_up_nobody_else(life: Lives) -> None:
    shop = AttributesSpec.model_validate(
        {"kind": "attributes", "name": "shop", "links": {"shop": {"url": "https://shop.example/"}}}
    )
    tracked = scenario("s", says("l", "1h", text="{{ link.shop }}"), track="friend")
    here = life(shop, tracked)
    here.happens(What.FOLLOW)
    (stopped,) = blocked(here.at(DUE + 2 * HOUR))
    assert (stopped[0], stopped[3]) == ("scenario.s", "G219")
    assert texts(here, 0) == ["o"]


def test_a_code_that_answers_waits_for_the_budget(life: Lives) -> None:
    """It is pushed, since an answer may be lost and a code must not."""
    here = life(scenario("gifts", says("g", text="{{ code.gift }}")), limits=Limits(monthly_messages=1))
    imports(here, "A", "B")
    for place in (0, 1):
        here.happens(What.FOLLOW, place, reply_token=str(place) * 32, received_at=here.clock.now())
    assert (texts(here, 0), texts(here, 1)) == (["A"], [])
    here.limit({"monthly_messages": 9})
    here.at(DUE + HOUR)
    assert (texts(here, 0), texts(here, 1)) == (["A"], ["B"])
