"""The rows M1 to M5: what friends see in their chat, month after month, without any file changing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from lineform.apply.images import menu_image
from lineform.model.address import Address, Kind
from lineform.model.attributes import AttributesSpec
from lineform.model.menu_rules import MenuRulesSpec
from lineform.model.richmenu import RichMenuSpec
from lineform.model.scenario import ScenarioSpec
from lineform.planning.options import PlanOptions
from lineform.planning.steps import describe
from lineform.run.menus import menus_due
from lineform.scenarios.happening import Happening, What
from lineform.sending.due import Due
from support.declared_clients import menu
from support.delivering import Crash, Dying
from support.menu_scene import MenuScene, tokyo

WORDS = AttributesSpec.model_validate(
    {
        "kind": "attributes",
        "name": "words",
        "attributes": {"birthday": {"type": "date"}},
        "tags": {"regular": {}, "guardian": {}},
    }
)
BIRTHDAY = {"if": {"anniversary": "birthday", "in": "this_month"}, "menu": "birthday"}
REGULAR = {"if": {"tag": "regular"}, "menu": "regulars"}


def tabs(name: str, *others: str, default: bool = False) -> RichMenuSpec:
    """A menu whose first area says its name, with a tab to each of the others."""
    cells = [{"at": "A1", "message": name, "label": name}]
    cells += [{"at": f"{'BCD'[n]}1", "switch": other, "label": other} for n, other in enumerate(others)]
    return menu(name, size="compact", grid=(4, 1), cells=tuple(cells), default=default)


MENUS = (
    tabs("main", "news", default=True),
    tabs("news", "main"),
    tabs("birthday", "gifts"),
    tabs("gifts", "birthday"),
    tabs("regulars", "news"),
)


def rules(*written: dict[str, Any], default: str = "none", **more: Any) -> MenuRulesSpec:
    return MenuRulesSpec.model_validate(
        {"kind": "menu-rules", "name": "main", "rules": written or (BIRTHDAY, REGULAR), "default": default, **more}
    )


def shows(name: str, shown: str) -> ScenarioSpec:
    """A scenario of one step, which shows a menu to whoever is named for it."""
    step = {"id": "show", "after": "0m", "do": ({"menu": shown},)}
    return ScenarioSpec.model_validate(
        {"kind": "scenario", "name": name, "trigger": {"manual": True}, "steps": (step,)}
    )


def salon(origin: str, folder: Path, *specs: Any, friends: int = 3, start: str = "2027-04-20T10:00") -> MenuScene:
    here = MenuScene(origin, folder, WORDS, *MENUS, *(specs or (rules(),)), friends=friends)
    here.at(start)
    here.apply()
    here.control.forget_requests()
    return here


def followed(here: MenuScene, user: str, key: str = "f1", *, unblocked: bool = False) -> Happening:
    return Happening(
        key, here.friend(user), What.FOLLOW, here.clock.now(), fields={"unblocked": True} if unblocked else {}
    )


# --- M2: ordered rules, first match wins, with a default


def test_m2_the_first_rule_that_holds_decides_and_the_default_is_for_all_others(origin: str, tmp_path: Path) -> None:
    here = salon(origin, tmp_path)
    may, regular, both = here.users
    here.know(may, attributes={"birthday": "1990-05-14"})
    here.know(regular, tags=("regular",))
    here.know(both, attributes={"birthday": "1990-05-02"}, tags=("regular",))
    here.at("2027-05-03T10:00")
    assert here.tick_menus() == ["linked birthday 2, regulars 1"]
    assert here.all_see() == ["birthday", "regulars", "birthday"]
    assert here.tick_menus() == []


def test_m2_a_tick_in_a_dry_run_says_what_it_would_do_and_does_nothing(origin: str, tmp_path: Path) -> None:
    here = salon(origin, tmp_path)
    here.know(here.users[1], tags=("regular",))
    assert here.tick_menus(dry_run=True) == ["would link regulars 1"]
    assert here.all_see() == ["main", "main", "main"]


def test_m2_a_tick_tells_that_everybody_is_looked_at_when_the_next_day_begins(origin: str, tmp_path: Path) -> None:
    here = salon(origin, tmp_path)
    midnight = Due("2027-04-21T00:00", tokyo("2027-04-21T00:00"))
    assert here.tick(also=[menus_due]).next_due == ("menu-rules.main", midnight)
    here.at("2027-04-21T00:00")
    assert here.tick(dry_run=True).next_due == ("menu-rules.main", midnight)
    assert here.tick(also=[menus_due]).next_due == (
        "menu-rules.main",
        Due("2027-04-22T00:00", tokyo("2027-04-22T00:00")),
    )


def test_m2_rules_without_a_file_give_everybody_the_default_menu_again(origin: str, tmp_path: Path) -> None:
    here = salon(origin, tmp_path)
    here.know(here.users[0], tags=("regular",))
    here.tick_menus()
    kept = {a: r for a, r in here.client.resources.items() if a.kind.value != "menu-rules"}
    here.client = replace(here.client, resources=kept)
    here.apply()
    assert here.tick_menus() == ["linked no menu of their own 1"]
    assert here.all_see() == ["main", "main", "main"]
    assert here.tick_menus() == []


# --- M3: a menu for the birthday month reverts by itself


def test_m3_the_birthday_menu_comes_and_goes_with_the_month_in_japan(origin: str, tmp_path: Path) -> None:
    here = salon(origin, tmp_path)
    may, regular, leap = here.users
    here.know(may, attributes={"birthday": "1990-05-31"})
    here.know(regular, attributes={"birthday": "1985-05-01"}, tags=("regular",))
    here.know(leap, attributes={"birthday": "1992-02-29"})
    trace = []
    for moment in (
        "2027-04-30T23:59",
        "2027-05-01T00:00",
        "2027-05-31T23:59",
        "2027-06-01T00:00",
        "2028-02-01T00:00",
        "2028-03-01T00:00",
        "2028-05-15T09:00",
    ):
        here.at(moment)
        here.tick_menus()
        trace.append((moment[:10], *here.all_see()))
    assert trace == [
        ("2027-04-30", "main", "regulars", "main"),
        ("2027-05-01", "birthday", "birthday", "main"),
        ("2027-05-31", "birthday", "birthday", "main"),
        ("2027-06-01", "main", "regulars", "main"),
        ("2028-02-01", "main", "regulars", "birthday"),
        ("2028-03-01", "main", "regulars", "main"),
        ("2028-05-15", "birthday", "birthday", "main"),
    ]


def test_m3_a_tab_is_kept_within_the_month_and_not_beyond_it(origin: str, tmp_path: Path) -> None:
    here = salon(origin, tmp_path, friends=1)
    (may,) = here.users
    here.know(may, attributes={"birthday": "1990-05-14"})
    here.at("2027-05-01T00:00")
    here.tick_menus()
    here.at("2027-05-02T12:00")
    here.tap(may, "gifts")
    here.at("2027-05-20T00:00")
    assert here.tick_menus() == []
    assert here.sees(may) == "gifts"
    here.at("2027-06-01T00:00")
    here.tick_menus()
    assert here.sees(may) == "main"
    here.at("2028-05-01T00:00")
    here.tick_menus()
    assert here.sees(may) == "birthday"


@pytest.mark.parametrize(
    ("taps", "at_once", "later"), [("respect", "news", "news"), ("override", "main", "main"), ("7d", "news", "main")]
)
def test_m3_what_becomes_of_a_tapped_tab_is_declared(
    origin: str, tmp_path: Path, taps: str, at_once: str, later: str
) -> None:
    here = salon(origin, tmp_path, rules(taps=taps), friends=1)
    (friend,) = here.users
    here.tap(friend, "news")
    here.tick_menus()
    assert here.sees(friend) == at_once
    here.at("2027-04-28T10:00")
    here.tick_menus()
    assert here.sees(friend) == later


# --- M4: the right menu at the moment of following; switched by a step or a send


def test_m4_the_right_menu_is_there_at_the_moment_of_following(origin: str, tmp_path: Path) -> None:
    here = salon(origin, tmp_path, friends=1)
    (friend,) = here.users
    here.know(friend, tags=("regular",))
    here.happens(followed(here, friend))
    assert here.sees(friend) == "regulars"
    assert len([one for one in here.control.requests() if one["method"] == "POST"]) == 1


def test_m4_a_change_that_the_rules_read_is_followed_at_once_and_no_other(origin: str, tmp_path: Path) -> None:
    here = salon(origin, tmp_path, friends=1)
    (friend,) = here.users
    here.know(friend, tags=("guardian",))
    here.happens(Happening("t1", here.friend(friend), What.TAGGED, here.clock.now(), "guardian"))
    assert here.control.requests() == []
    here.know(friend, tags=("regular",))
    here.happens(Happening("t2", here.friend(friend), What.TAGGED, here.clock.now(), "regular"))
    assert here.sees(friend) == "regulars"
    here.know(friend, untag=("regular",))
    here.happens(Happening("t3", here.friend(friend), What.UNTAGGED, here.clock.now(), "regular"))
    assert here.sees(friend) == "main"


def test_m4_a_menu_that_a_step_shows_stands_until_the_rules_choose_another(origin: str, tmp_path: Path) -> None:
    here = salon(origin, tmp_path, rules(), shows("vip", "regulars"), friends=1)
    (friend,) = here.users
    here.start(friend, "vip", "k1")
    assert here.sees(friend) == "regulars"
    here.at("2027-06-20T10:00")
    assert here.tick_menus() == []
    here.know(friend, attributes={"birthday": "1990-07-01"})
    here.at("2027-07-01T00:00")
    here.tick_menus()
    assert here.sees(friend) == "birthday"
    here.at("2027-08-01T00:00")
    here.tick_menus()
    assert here.sees(friend) == "main"


def test_m4_the_word_none_of_a_step_gives_the_friend_back_to_the_rules(origin: str, tmp_path: Path) -> None:
    here = salon(origin, tmp_path, rules(), shows("plain", "main"), shows("back", "none"), friends=1)
    (friend,) = here.users
    here.know(friend, tags=("regular",))
    here.tick_menus()
    here.start(friend, "plain", "k1")
    assert here.sees(friend) == "main"
    here.start(friend, "back", "k2")
    assert here.sees(friend) == "regulars"


def test_m4_without_rules_a_step_shows_a_menu_as_well(origin: str, tmp_path: Path) -> None:
    here = MenuScene(origin, tmp_path, WORDS, *MENUS, shows("vip", "regulars"), shows("back", "none"), friends=1)
    here.apply()
    (friend,) = here.users
    here.start(friend, "vip", "k1")
    assert here.sees(friend) == "regulars"
    assert here.tick_menus() == []
    here.start(friend, "back", "k2")
    assert here.sees(friend) == "main"


def test_m4_whoever_blocks_is_left_out_and_looked_at_anew_after_coming_back(origin: str, tmp_path: Path) -> None:
    here = salon(origin, tmp_path, friends=2)
    gone, other = here.users
    here.know(gone, tags=("regular",))
    here.know(other, tags=("regular",))
    here.tick_menus()
    here.control.block(here.account, gone)
    here.know(gone, blocked=True)
    here.happens(Happening("u1", here.friend(gone), What.UNFOLLOW, here.clock.now()))
    assert here.tick_menus() == []
    here.control.unblock(here.account, gone)
    assert here.sees(gone) == "main"
    here.know(gone, blocked=False)
    here.happens(followed(here, gone, "f2", unblocked=True))
    assert here.sees(gone) == "regulars"


def test_m4_a_tab_that_leads_nowhere_is_noted(origin: str, tmp_path: Path) -> None:
    here = salon(origin, tmp_path, friends=1)
    (friend,) = here.users
    fields = {"newRichMenuAliasId": "summer", "status": "RICHMENU_ALIAS_ID_NOTFOUND"}
    here.happens(Happening("p1", here.friend(friend), What.POSTBACK, here.clock.now(), fields=fields))
    (note,) = here.with_store(lambda store: store.noted(here.client.name, "menu.tap", tokyo("2027-04-01T00:00")))
    assert (note.subject, note.detail) == ("summer", "RICHMENU_ALIAS_ID_NOTFOUND")


# --- M1: an edit is a safe replacement, for friends of the rules as well


def test_m1_an_edited_menu_carries_its_friends_along(origin: str, tmp_path: Path) -> None:
    here = salon(origin, tmp_path, friends=2)
    regular, tapped = here.users
    here.know(regular, tags=("regular",))
    here.know(tapped, tags=("regular",))
    here.tick_menus()
    here.tap(tapped, "news")
    here.declare(menu("regulars", size="compact", grid=(4, 1), cells=({"at": "A1", "message": "x", "label": "gold"},)))
    here.apply()
    assert here.all_see() == ["gold", "news"]
    # The new rules know that no tab leads from there to the news any more.
    here.tick_menus()
    assert here.all_see() == ["gold", "gold"]
    assert here.tick_menus() == []


def test_m1_a_menu_deleted_in_git_leaves_nobody_without_one(origin: str, tmp_path: Path) -> None:
    here = salon(origin, tmp_path, friends=3)
    birthday, regular, _ = here.users
    here.know(birthday, attributes={"birthday": "1990-04-14"}, tags=("regular",))
    here.know(regular, tags=("regular",))
    here.tick_menus()
    gone = {"richmenu.birthday", "richmenu.gifts"}
    here.client = replace(here.client, resources={a: r for a, r in here.client.resources.items() if str(a) not in gone})
    here.declare(rules(REGULAR))
    prune = PlanOptions(prune=True)
    reasons = {change.address: change.reason for change in here.plan(prune).changes}
    assert "1 friend recorded on it, who see the menus of the rules before it goes" in reasons["richmenu.birthday"]
    done = here.apply(prune)
    assert done.complete
    here.control.advance(10)
    assert here.all_see() == ["regulars", "regulars", "main"]
    said = [describe(step.step) for step in done.steps]
    settled = said.index("give the friends recorded on birthday the menus of the rules")
    assert settled < min(n for n, one in enumerate(said) if one.startswith("delete richmenu."))


def test_m1_nobody_is_forgotten_of_more_friends_than_are_given_another_menu_at_once(
    origin: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lineform.run.menus.PART", 2)
    here = salon(origin, tmp_path, friends=5)
    for place, user in enumerate(here.users):
        here.know(user, attributes={"birthday": "1990-04-14"}, tags=("regular",) if place % 2 else ())
    here.tick_menus()
    gone = {"richmenu.birthday", "richmenu.gifts"}
    here.client = replace(here.client, resources={a: r for a, r in here.client.resources.items() if str(a) not in gone})
    here.declare(rules(REGULAR))
    done = here.apply(PlanOptions(prune=True))
    here.control.advance(10)
    assert here.all_see() == ["main", "regulars", "main", "regulars", "main"]
    (moved,) = [step.detail for step in done.steps if describe(step.step).startswith("give the friends")]
    assert moved == "5 friends"


# --- M5: drawable from the layout when no image exists (images that LINE would refuse: test_bad_input)


def test_m5_a_menu_without_an_image_is_drawn_as_line_takes_it(origin: str, tmp_path: Path) -> None:
    here = MenuScene(origin, tmp_path, WORDS, *MENUS, friends=1)
    drawn = {one.name: menu_image(here.client.resources[Address(Kind.RICHMENU, one.name)]) for one in MENUS}
    assert {kind for _, kind in drawn.values()} == {"image/png"}
    assert len({image for image, _ in drawn.values()}) == len(MENUS)
    here.images = menu_image
    assert here.apply().complete
    assert here.sees(here.users[0]) == "main"


# --- accidents


def test_a_link_without_an_answer_is_made_again(origin: str, tmp_path: Path) -> None:
    here = salon(origin, tmp_path, friends=1)
    here.know(here.users[0], tags=("regular",))
    here.control.fault("error-before", path="/v2/bot/user/.*", count=None)
    said = here.tick_menus()
    here.control.clear_faults()
    assert [one.split()[0] for one in said] == ["unfinished"]
    here.at("2027-04-20T10:30")
    here.tick_menus()
    assert here.sees(here.users[0]) == "regulars"
    assert here.tick_menus() == []


@pytest.mark.parametrize("after", [False, True])
def test_a_tick_may_die_at_any_call(origin: str, tmp_path: Path, after: bool) -> None:
    here = salon(origin, tmp_path, friends=2)
    one, two = here.users
    for at in range(1, 40):
        regular = bool(at % 2)
        here.know(one, **({"tags": ("regular",)} if regular else {"untag": ("regular",)}))
        here.know(two, attributes={"birthday": "1990-04-01" if regular else "1990-10-01"})
        try:
            here.tick_menus(wrap=_dying(at, after=after))
            died = False
        except Crash:
            died = True
        here.move(here.clock.now() + timedelta(minutes=6))
        here.tick_menus()
        assert here.all_see() == (["regulars", "birthday"] if regular else ["main", "main"]), at
        assert here.tick_menus() == []
        if not died:
            assert at > 10
            return
    raise AssertionError("it never ran to its end")


def _dying(at: int, *, after: bool) -> Callable[[Any], Any]:
    """Account and store of a process that dies at one of their calls."""
    count = [0]
    return lambda port: Dying(port, count, at, after=after)


def test_a_menu_that_is_not_on_the_account_is_told_and_nothing_is_written_down(origin: str, tmp_path: Path) -> None:
    here = MenuScene(origin, tmp_path, WORDS, *MENUS, rules(), friends=1)
    here.arm()
    here.at("2027-04-20T10:00")
    here.know(here.users[0], tags=("regular",))
    assert here.tick_menus() == ["unfinished the menu 'regulars' is not on the account: `lineform apply` makes it"]
    assert here.with_store(lambda store: store.count_shown(here.client.name)) == {}


def test_many_friends_are_linked_by_five_hundred(origin: str, tmp_path: Path) -> None:
    here = salon(origin, tmp_path, rules(REGULAR, default="news"), friends=1203)
    assert here.tick_menus() == ["linked news 1,203"]
    bulk = [one for one in here.control.requests() if one["path"].endswith("/bulk/link")]
    assert len(bulk) == 3
    assert set(here.all_see()) == {"news"}
