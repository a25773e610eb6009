"""An event about an item reaches those who favoured it (row D4), and systems of the business hear of steps."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from lineform.journeys.items import items_due
from lineform.model.form import FormSpec
from lineform.ports.friends import EventRow, FriendRow
from lineform.ports.intake import ItemEvent
from lineform.scenarios.happening import What
from support.delivering import DUE
from support.living import Life, Lives, says, scenario


@pytest.fixture
def life(origin: str, tmp_path: Path) -> Lives:
    def make(*specs: Any, **settings: Any) -> Life:
        here = Life(origin, tmp_path, *specs, **settings)
        here.move(DUE)
        return here

    return make


DROP = scenario(
    "price-drop",
    says("told", text="{{ event.item }}が{{ event.price }}円になりました"),
    trigger={"item": {"event": "price_drop", "to": "favourite"}},
    reentry="restart",
)


def favours(here: Life, place: int, item: str, kind: str = "favourite") -> None:
    row = EventRow(here.users[place], kind, f"{place}/{item}/{kind}", DUE, {"item": item})
    here.with_store(lambda store: store.add_events(here.client.name, [row], DUE))


def drops(here: Life, name: str, item: str, price: int = 900) -> None:
    event = ItemEvent("price_drop", name, item, here.clock.now(), {"price": price, "item": item})
    here.with_store(lambda store: store.add_item_events(here.client.name, [event]))


def test_a_price_drop_reaches_each_friend_who_favoured_the_item_once_within_one_tick(life: Lives) -> None:
    here = life(DROP, friends=4)
    favours(here, 0, "靴")
    favours(here, 1, "靴")
    favours(here, 1, "帽子")
    favours(here, 2, "帽子")
    favours(here, 3, "靴", kind="cart")
    drops(here, "d-1", "靴")
    here.tick(also=[items_due])
    told = [("12-01 10:00", "靴が900円になりました")]
    assert [here.read(place) for place in range(4)] == [told, told, [], []]
    drops(here, "d-1", "靴")
    here.tick(also=[items_due])
    here.move(DUE + timedelta(days=2))
    drops(here, "d-2", "帽子", 500)
    here.tick(also=[items_due])
    assert len(here.read(0)) == 1
    assert [len(here.read(place)) for place in (1, 2, 3)] == [2, 1, 0]


def test_one_tick_tells_everybody_of_every_item(life: Lives) -> None:
    told = says("told", text="{{ event.item }}")
    drop = {"item": {"event": "price_drop", "to": "favourite"}}
    here = life(scenario("price-drop", told, trigger=drop, per="item", reentry="restart", capped="send"), friends=3)
    for item in ("靴", "帽子"):
        for place in range(3):
            favours(here, place, item)
        drops(here, f"d-{item}", item)
    here.tick(also=[items_due])
    for place in range(3):
        assert sorted(text for _, text in here.read(place)) == ["帽子", "靴"]


def test_nobody_who_blocked_hears_of_an_item_and_a_crash_tells_nobody_twice(life: Lives) -> None:
    here = life(DROP, friends=3)
    for place in range(3):
        favours(here, place, "靴")
    here.control.block(here.account, here.users[2])
    gone = FriendRow(here.users[2], blocked=True)
    here.with_store(lambda store: store.import_friends(here.client.name, [gone], DUE))
    drops(here, "d-1", "靴")

    class Stopped(BaseException):
        pass

    class Dies:
        """The store of a process that ends just before it writes down that everybody was told."""

        def __init__(self, port: Any) -> None:
            self._port = port

        def __getattr__(self, name: str) -> Any:
            if name == "items_told":
                raise Stopped
            return getattr(self._port, name)

    with pytest.raises(Stopped):
        here.tick(lambda port: Dies(port) if hasattr(port, "items_told") else port, also=[items_due])
    here.tick(also=[items_due])
    assert [len(here.read(place)) for place in range(3)] == [1, 1, 0]


def test_no_call_carries_what_a_friend_wrote(life: Lives) -> None:
    questions: list[dict[str, object]] = [
        {"field": field, "ask": f"{field}?", "text": {}} for field in ("name", "size")
    ]
    form = FormSpec.model_validate(
        {"kind": "form", "name": "f", "questions": questions, "done": [{"call": "crm"}], "page": {"title": "登録"}}
    )
    answered = scenario("s", {"id": "tell", "after": 0, "do": [{"call": "crm"}]}, trigger={"event": "answer"})
    bought = scenario("b", {"id": "tell", "after": 0, "do": [{"call": "crm"}]}, trigger={"event": "purchase"})
    here = life(form, answered, bought)
    here.happens(What.PAGE, name="f", fields={"name": ("山田花子",), "size": ("M",)})
    here.happens(What.EVENT, name="purchase", fields={"item": "靴"})
    calls = here.with_store(
        lambda store: store.claim_calls(here.client.name, "w", here.clock.now(), timedelta(seconds=60), 10)
    )
    told = [json.loads(call.body) for call in calls]
    assert "山田花子" not in json.dumps(told, ensure_ascii=False)
    assert [one["cause"]["fields"] for one in told if one["source"].startswith("scenario.b")] == [{"item": "靴"}]
    assert {one["source"].partition("/")[0] for one in told} >= {"form.f", "scenario.b"}


def test_a_step_tells_a_system_of_the_business_once(life: Lives) -> None:
    step = {"id": "tell", "after": 0, "do": [{"call": "crm"}]}
    here = life(scenario("welcome", step, says("thanks")))
    follow = here.happening(What.FOLLOW)
    here.live(follow)
    here.live(follow)
    calls = here.with_store(
        lambda store: store.claim_calls(here.client.name, "w", here.clock.now(), timedelta(seconds=60), 10)
    )
    (call,) = calls
    told = json.loads(call.body)
    assert call.webhook == "crm"
    assert told["id"] == call.key
    assert (told["source"], told["friend"]["user_id"]) == ("scenario.welcome/tell", here.users[0])
    assert told["cause"]["what"] == "follow"
