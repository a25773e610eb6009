"""What a campaign does for everybody who was sent to: once for each friend, and for nobody whom it did not reach."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from lineform.journeys.sent import done_for_sent
from lineform.model.attributes import AttributesSpec
from lineform.model.client import Limits
from lineform.model.menu_rules import MenuRulesSpec
from lineform.run.options import TickOptions
from lineform.run.outcome import Outcome
from lineform.run.release import release
from lineform.run.tick import Afterwards
from lineform.sending.status import SendStatus
from lineform.store import open_store
from lineform.wiring.ticking import ALSO
from support.declared_clients import campaign, menu
from support.delivering import DUE as IN_DECEMBER
from support.delivering import Crash, Scene
from support.dying import dying
from support.living import Life, says, scenario
from support.menu_scene import MenuScene

BEFORE, DUE, LATER, NEXT_DAY = "2027-04-20T10:00", "2027-04-21T10:00", "2027-04-21T10:50", "2027-04-22T10:00"
LEASE = TickOptions().lease
WORDS = AttributesSpec.model_validate(
    {
        "kind": "attributes",
        "name": "words",
        "attributes": {"offered": {"type": "text"}},
        "tags": {"invited": {}, "vip": {}},
    }
)
MENUS = (
    menu("main", message="main", default=True),
    menu("sale", message="sale"),
    menu("regulars", message="regulars"),
)
VIPS = MenuRulesSpec.model_validate(
    {"kind": "menu-rules", "name": "r", "rules": ({"if": {"tag": "vip"}, "menu": "regulars"},), "default": "none"}
)
THANKS = scenario("thanks", says("soon", "1h", "ご覧になりましたか"), trigger={"tag": "invited"})
AT_ONCE = scenario("at-once", says("now", text="ご覧ください"), trigger={"tag": "invited"})
UNINVITED = {"where": {"not": {"tag": "invited"}}, "expect": {"max": 10_000}}
EVERYBODY = {"where": {"any": ({"tag": "vip"}, {"not": {"tag": "vip"}})}, "expect": {"max": 10_000}}
DOES = ({"menu": "sale"}, {"tag": "invited"}, {"set": {"offered": "4月"}})


def sale(**fields: Any) -> Any:
    """A campaign to friends one by one, which does something for those whom it reaches."""
    schedule = {"at": DUE, "if_late": {"within": "2h"}}
    written = {"audience": EVERYBODY, "schedule": schedule, "messages": ({"text": "セールです"},), "do": DOES}
    return campaign("sale", **{**written, **fields})


def salon(origin: str, folder: Path, *specs: Any, friends: int = 3, **settings: Any) -> MenuScene:
    here = MenuScene(origin, folder, WORDS, *MENUS, *(specs or (sale(),)), friends=friends, **settings)
    here.at(BEFORE)
    here.apply()
    here.at(DUE)
    return here


def tick(here: Scene, **options: Any) -> list[tuple[str, Outcome]]:
    report = here.tick(also=ALSO, **options)
    return [(entry.address, entry.outcome) for entry in report.entries]


def invited(here: Scene) -> list[bool]:
    """Of each friend, whether they have the tag."""
    ids = here.with_store(lambda store: store.friend_ids(here.client.name, here.users))
    friends = here.with_store(lambda store: store.friends(here.client.name, list(ids.values())))
    tagged = {friend.id for friend in friends if "invited" in friend.tags}
    return [ids[user] in tagged for user in here.users]


def test_m4_a_send_switches_the_menu_of_whoever_it_reaches_and_gives_a_tag(origin: str, tmp_path: Path) -> None:
    here = salon(origin, tmp_path)
    here.control.block(here.account, here.users[2])
    here.know(here.users[2], blocked=True)
    assert tick(here) == [("campaign.sale", Outcome.SENT)]
    here.control.advance(10)
    assert here.all_see()[:2] == ["sale", "sale"]
    assert invited(here) == [True, True, False]
    assert [here.known(user).attributes for user in here.users] == [{"offered": "4月"}] * 2 + [{}]
    here.know(here.users[0], untag=("invited",))
    here.at(LATER)
    assert tick(here) == []
    assert invited(here) == [False, True, False]


def test_m4_a_menu_that_a_send_shows_stands_until_the_rules_choose_another(origin: str, tmp_path: Path) -> None:
    here = salon(origin, tmp_path, sale(), VIPS, friends=1)
    tick(here)
    here.at(NEXT_DAY)
    here.tick_menus()
    assert here.sees(here.users[0]) == "sale"
    here.know(here.users[0], tags=("vip",))
    here.tick_menus()
    assert here.sees(here.users[0]) == "regulars"


def test_what_is_done_may_begin_a_scenario(origin: str, tmp_path: Path) -> None:
    here = salon(origin, tmp_path, sale(do=({"tag": "invited"},)), THANKS, friends=2)
    tick(here)
    here.at(DUE)
    here.move(here.clock.now() + timedelta(hours=1))
    tick(here)
    tick(here)
    assert [here.texts()[user] for user in here.users] == [["セールです", "ご覧になりましたか"]] * 2


def test_a_rule_that_sends_every_day_does_it_every_day(origin: str, tmp_path: Path) -> None:
    here = salon(origin, tmp_path, sale(schedule={"cron": "0 10 * * *"}, audience=UNINVITED), friends=1)
    for moment, count in ((DUE, 1), (NEXT_DAY, 2)):
        here.at(moment)
        tick(here)
        assert (invited(here), here.received().total()) == ([True], count)
        here.know(here.users[0], untag=("invited",))


def test_waves_of_a_rollout_are_done_as_they_go(origin: str, tmp_path: Path) -> None:
    waves = ({"percent": 50, "wait": "45m"}, {"percent": 100})
    here = salon(origin, tmp_path, sale(rollout=waves), friends=20)
    tick(here)
    first = invited(here)
    assert 0 < first.count(True) < 20
    assert {user for user, done in zip(here.users, first, strict=True) if done} == set(here.received())
    here.at(LATER)
    tick(here)
    assert invited(here) == [True] * 20


def test_a_rest_that_is_let_go_is_done_as_well(origin: str, tmp_path: Path) -> None:
    schedule = {"at": DUE, "if_late": "hold"}
    personal = ({"text": "{{ friend.display_name }}さま"},)
    here = salon(origin, tmp_path, sale(schedule=schedule, messages=personal), friends=6)
    tick(here, concurrency=1, should_stop=lambda: here.received().total() > 0)
    here.at(NEXT_DAY)
    tick(here)
    (send,) = here.sends()
    reached = here.received().total()
    assert (send.status, invited(here).count(True)) == (SendStatus.HELD, reached)
    assert 0 < reached < 6
    here.with_store(lambda store: release(store, here.client, "campaign.sale", send.key, "hanako", here.clock.now()))
    tick(here)
    assert here.once_each()
    assert invited(here) == [True] * 6


@pytest.mark.parametrize("kind", ["error-before", "cut-before"])
def test_whom_a_refusal_or_an_unknown_outcome_left_is_given_nothing(origin: str, tmp_path: Path, kind: str) -> None:
    here = salon(origin, tmp_path, friends=2)
    more = {"status": 400} if kind == "error-before" else {}
    here.control.fault(kind, path="/v2/bot/message/multicast", count=None, account=here.account, **more)
    tick(here, patience=0.0)
    assert invited(here) == [False, False]
    here.control.clear_faults()
    here.at(NEXT_DAY)
    tick(here)
    (send,) = here.sends()
    assert send.status is (SendStatus.REFUSED if kind == "error-before" else SendStatus.UNCERTAIN)
    assert invited(here) == [False, False]


def test_what_line_had_accepted_already_is_done(origin: str, tmp_path: Path) -> None:
    """It answers 409 then."""
    here = salon(origin, tmp_path, friends=2)
    here.control.fault("cut-after", path="/v2/bot/message/multicast", count=1, account=here.account)
    tick(here)
    assert here.once_each()
    assert invited(here) == [True, True]


def test_a_friend_who_was_forgotten_meanwhile_is_left_out_and_holds_up_nobody(origin: str, tmp_path: Path) -> None:
    here = salon(origin, tmp_path)
    here.tick()
    with open_store(here.url, "a secret that never changes") as store:
        assert store.something_to_do(here.client.name)
        store.forget(here.client.name, [here.users[1]], here.clock.now())
    del here.users[1]
    tick(here)
    assert invited(here) == [True, True]
    assert not here.with_store(lambda store: store.something_to_do(here.client.name))


def test_it_is_done_as_the_version_says_that_was_sent(origin: str, tmp_path: Path) -> None:
    here = salon(origin, tmp_path, friends=1)
    here.tick()
    here.declare(sale(do=({"menu": "regulars"},)))
    here.apply()
    tick(here)
    here.control.advance(10)
    assert (here.all_see(), invited(here)) == (["sale"], [True])


def test_more_friends_than_are_decided_at_once_are_all_done(origin: str, tmp_path: Path) -> None:
    here = salon(origin, tmp_path, sale(do=({"tag": "invited"},)), friends=1_203)
    tick(here)
    assert invited(here) == [True] * 1_203


def test_a_dry_run_says_what_would_be_done_and_does_nothing(origin: str, tmp_path: Path) -> None:
    here = salon(origin, tmp_path, friends=1)
    (entry,) = here.tick(dry_run=True).entries
    assert entry.why.endswith("; then for whoever it reaches: menu sale, tag invited, set offered")
    here.tick()
    tick(here, dry_run=True)
    assert invited(here) == [False]
    tick(here)
    assert invited(here) == [True]


def test_what_cannot_be_done_while_line_is_down_is_told_and_done_by_a_later_tick(origin: str, tmp_path: Path) -> None:
    """A message follows from it, and nobody knows whether the quota allows one."""
    here = salon(origin, tmp_path, sale(), AT_ONCE, friends=2)
    here.tick()
    here.control.fault("error-before", path="/v2/bot/message/quota.*", count=None, account=here.account)
    assert tick(here) == [("campaign", Outcome.FAILED)]
    assert invited(here) == [False, False]
    here.control.clear_faults()
    tick(here)
    assert invited(here) == [True, True]
    assert [here.texts()[user] for user in here.users] == [["セールです", "ご覧ください"]] * 2


def test_where_the_budget_allows_no_message_that_follows_all_else_is_done(origin: str, tmp_path: Path) -> None:
    here = salon(origin, tmp_path, sale(), AT_ONCE, friends=2, limits=Limits(monthly_messages=3))
    tick(here)
    here.control.advance(10)
    assert (invited(here), here.all_see()) == ([True, True], ["sale", "sale"])
    assert [here.texts()[user] for user in here.users] == [["セールです"]] * 2
    here.limit({"monthly_messages": 4})
    here.at(LATER)
    here.move(here.clock.now() + timedelta(hours=1))
    tick(here)
    assert [here.texts()[user] for user in here.users] == [["セールです", "ご覧ください"]] * 2


def test_a_tick_that_dies_anywhere_does_it_once_for_each_friend(origin: str, tmp_path: Path) -> None:
    """That LINE accepted it was written together with what is to be done; how that dies is `test_delivery`'s."""
    begins = sale(do=({"tag": "invited"}, {"start": "thanks"}), schedule={"at": "2026-12-01T10:00"})
    thanks = scenario("thanks", says("now", text="ご覧ください"), trigger={"manual": True}, reentry="when_over")
    died = 0
    for at in range(1, 120):
        here = Life(origin, tmp_path, WORDS, begins, thanks, friends=2)
        here.move(IN_DECEMBER)
        here.tick()
        try:
            here.tick(dying(at), also=[Afterwards(done_for_sent)], lease=LEASE)
        except Crash:
            died += 1
        here.move(IN_DECEMBER + 2 * LEASE)
        tick(here)
        assert [here.texts()[user] for user in here.users] == [["セールです", "ご覧ください"]] * 2, at
        assert invited(here) == [True, True], at
        assert [len(here.courses(place)) for place in (0, 1)] == [1, 1], at
        if died < at:
            break
    assert died > 12
