"""Which menu a friend sees: the first rule that holds, and what a tap or a step may keep of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineform.scenarios.happening import Happening, What
from lineform.scenarios.menus import (
    BRIEF,
    NO_RULES,
    NOTHING,
    RULES,
    TAP,
    Choice,
    Group,
    MenuRules,
    Pass,
    Rule,
    Shown,
    concerns,
    decide,
    is_brief,
    next_pass,
    pass_due,
    rule_for,
    show,
    tally,
    tapped,
)
from lineform.segments.friend import Friend
from lineform.segments.ids import IdSet
from lineform.segments.predicate import Anniversary, CameBy, HasTag

NOW = datetime(2027, 5, 10, 3, tzinfo=UTC)
BIRTHDAY = Rule(Anniversary("birthday", "this_month", "Asia/Tokyo"), "birthday")
REGULAR = Rule(HasTag("regular"), "regulars")
SALON = MenuRules(
    "menu-rules.main",
    "d1",
    (BIRTHDAY, REGULAR),
    tabs={
        "": frozenset({"main", "news"}),
        "main": frozenset({"main", "news"}),
        "news": frozenset({"main", "news"}),
        "birthday": frozenset({"birthday", "gifts"}),
        "gifts": frozenset({"birthday", "gifts"}),
        "regulars": frozenset({"regulars", "news"}),
    },
)
STEP = "scenario.welcome/thanks"


def friend(birthday: str = "", *tags: str) -> Friend:
    values = {"birthday": birthday} if birthday else {}
    return Friend(1, "U1", "", "", None, blocked=False, attributes=values, tags=frozenset(tags))


@pytest.mark.parametrize(
    ("who", "menu"),
    [
        (friend("1990-05-31", "regular"), "birthday"),
        (friend("1990-06-01", "regular"), "regulars"),
        (friend("1990-06-01"), ""),
        (friend(), ""),
    ],
)
def test_the_first_rule_that_holds_decides(who: Friend, menu: str) -> None:
    assert SALON.menu_of(rule_for(SALON, who, NOW)) == menu


def test_whoever_sees_the_right_menu_is_left_alone() -> None:
    assert decide(SALON, "", NOTHING, NOW) is None
    assert decide(SALON, "birthday", Shown("birthday", "birthday", RULES, NOW), NOW) is None


def test_whoever_sees_another_menu_is_linked() -> None:
    assert decide(SALON, "birthday", NOTHING, NOW) == Choice("birthday", "birthday", RULES, link=True)
    shown = Shown("birthday", "birthday", RULES, NOW)
    assert decide(SALON, "", shown, NOW) == Choice("", "", RULES, link=True)


def test_what_line_has_not_confirmed_is_linked_again() -> None:
    shown = Shown("birthday", "birthday", RULES, NOW, confirmed=False)
    assert decide(SALON, "birthday", shown, NOW) == Choice("birthday", "birthday", RULES, link=True)


def test_a_tapped_tab_of_the_menu_is_kept_until_the_rules_choose_another() -> None:
    shown = Shown("gifts", "birthday", TAP, NOW)
    assert decide(SALON, "birthday", shown, NOW + timedelta(days=20)) is None
    assert decide(SALON, "", shown, NOW + timedelta(days=21)) == Choice("", "", RULES, link=True)


def test_a_tab_that_the_menu_of_the_rules_does_not_lead_to_is_not_kept() -> None:
    shown = Shown("main", "birthday", TAP, NOW)
    assert decide(SALON, "birthday", shown, NOW) == Choice("birthday", "birthday", RULES, link=True)


def test_taps_may_be_overridden_or_kept_for_so_long() -> None:
    shown = Shown("gifts", "birthday", TAP, NOW)
    back = Choice("birthday", "birthday", RULES, link=True)
    assert decide(replace(SALON, taps=False), "birthday", shown, NOW) == back
    day = replace(SALON, taps=timedelta(days=1))
    assert decide(day, "birthday", shown, NOW + timedelta(hours=23)) is None
    assert decide(day, "birthday", shown, NOW + timedelta(hours=24)) == back


def test_a_menu_that_a_step_showed_stands_until_the_rules_choose_another() -> None:
    choice = show(SALON, "regulars", Shown("regulars", "regulars", RULES, NOW), "main", STEP)
    assert choice == Choice("main", "regulars", STEP, link=True)
    shown = Shown("main", "regulars", STEP, NOW)
    assert decide(SALON, "regulars", shown, NOW + timedelta(days=400)) is None
    assert decide(SALON, "birthday", shown, NOW) == Choice("birthday", "birthday", RULES, link=True)


def test_the_word_none_gives_a_friend_back_to_the_rules() -> None:
    shown = Shown("main", "regulars", STEP, NOW)
    assert show(SALON, "regulars", shown, "", STEP) == Choice("regulars", "regulars", RULES, link=True)


def test_showing_the_same_menu_again_calls_nobody() -> None:
    assert show(SALON, "regulars", Shown("main", "regulars", STEP, NOW), "main", STEP) is None
    again = show(SALON, "regulars", Shown("main", "regulars", TAP, NOW), "main", STEP)
    assert again == Choice("main", "regulars", STEP, link=False)


def test_a_menu_that_is_declared_no_more_keeps_nobody() -> None:
    shown = Shown("summer", "regulars", STEP, NOW)
    assert decide(SALON, "regulars", shown, NOW) == Choice("regulars", "regulars", RULES, link=True)


def test_without_rules_only_steps_and_taps_give_menus() -> None:
    assert decide(NO_RULES, "", Shown("summer", "", STEP, NOW), NOW) is None
    assert decide(NO_RULES, "", Shown("news", "", TAP, NOW), NOW) is None
    assert decide(NO_RULES, "", Shown("birthday", "birthday", RULES, NOW), NOW) == Choice("", "", RULES, link=True)


shown_before = st.builds(
    Shown,
    menu=st.sampled_from(["", *SALON.tabs]),
    outcome=st.sampled_from(["", "birthday", "regulars"]),
    source=st.sampled_from([RULES, TAP, STEP]),
    at=st.just(NOW),
    confirmed=st.booleans(),
)


@given(shown=shown_before, outcome=st.sampled_from(["", "birthday", "regulars"]), taps=st.booleans())
def test_what_was_done_needs_nothing_more(shown: Shown, outcome: str, taps: bool) -> None:
    rules = replace(SALON, taps=taps)
    choice = decide(rules, outcome, shown, NOW)
    if choice is not None:
        after = Shown(choice.menu, choice.outcome, choice.source, shown.at)
        assert decide(rules, outcome, after, NOW) is None
        assert choice.outcome == outcome


def happening(what: What, name: str = "", **fields: str) -> Happening:
    return Happening("k", 1, what, NOW, name, fields=fields)


@pytest.mark.parametrize(
    ("one", "matters"),
    [
        (happening(What.FOLLOW), True),
        (happening(What.TAGGED, "regular"), True),
        (happening(What.UNTAGGED, "regular"), True),
        (happening(What.TAGGED, "other"), False),
        (happening(What.ATTRIBUTE, "birthday"), True),
        (happening(What.ATTRIBUTE, "visits"), False),
        (happening(What.EVENT, "purchase"), False),
        (happening(What.TEXT), False),
    ],
)
def test_only_what_the_rules_read_makes_them_look_again(one: Happening, matters: bool) -> None:
    assert concerns(SALON, one) is matters


def test_a_rule_about_the_language_looks_again_when_line_tells_it() -> None:
    rules = MenuRules(rules=(Rule(CameBy("language", ("en",)), "english"),))
    assert concerns(rules, Happening("h", 1, What.ATTRIBUTE, NOW, "language"))
    assert not concerns(rules, Happening("h", 1, What.ATTRIBUTE, NOW, "display_name"))
    assert not concerns(rules, Happening("h", 1, What.ROUTE, NOW, "poster"))


def test_a_tapped_tab_is_told_by_its_postback() -> None:
    worked = tapped(happening(What.POSTBACK, newRichMenuAliasId="news", status="SUCCESS"))
    assert worked is not None
    assert (worked.menu, worked.failed) == ("news", "")
    dead = tapped(happening(What.POSTBACK, newRichMenuAliasId="news", status="RICHMENU_ALIAS_ID_NOTFOUND"))
    assert dead is not None
    assert dead.failed == "RICHMENU_ALIAS_ID_NOTFOUND"
    nowhere = tapped(happening(What.POSTBACK, status="RICHMENU_ALIAS_ID_NOTFOUND"))
    assert nowhere is not None
    assert (nowhere.menu, nowhere.failed) == ("", "RICHMENU_ALIAS_ID_NOTFOUND")
    assert tapped(happening(What.POSTBACK, date="2027-05-10")) is None
    assert tapped(happening(What.TEXT)) is None


def test_everybody_is_looked_at_when_the_rules_change_and_when_a_day_begins() -> None:
    last = Pass("d1", NOW, timedelta(minutes=5))
    soon = NOW + timedelta(minutes=1)
    midnight = datetime(2027, 5, 10, 15, tzinfo=UTC)
    assert pass_due(SALON, None, NOW)
    assert not pass_due(SALON, last, soon)
    assert pass_due(replace(SALON, digest="d2"), last, soon)
    assert not pass_due(SALON, replace(last, at=midnight - timedelta(seconds=2)), midnight - timedelta(seconds=1))
    assert pass_due(SALON, replace(last, at=midnight - timedelta(seconds=2)), midnight)


def test_between_days_looking_costs_at_most_a_twentieth_of_the_time() -> None:
    last = Pass("d1", NOW, timedelta(seconds=3))
    assert not pass_due(SALON, last, NOW + timedelta(seconds=59))
    assert pass_due(SALON, last, NOW + timedelta(seconds=60))


def test_a_look_that_found_nothing_is_written_down_where_it_matters_for_the_next() -> None:
    last = Pass("d1", NOW, BRIEF)
    assert is_brief(SALON, last, NOW + timedelta(hours=1))
    assert not is_brief(SALON, replace(last, took=2 * BRIEF), NOW + timedelta(hours=1))
    assert not is_brief(SALON, last, NOW + timedelta(days=1))
    assert not is_brief(replace(SALON, digest="d2"), last, NOW)
    assert not is_brief(SALON, None, NOW)


def test_without_rules_nobody_is_looked_at_but_once_after_they_went() -> None:
    assert not pass_due(NO_RULES, None, NOW)
    assert pass_due(NO_RULES, Pass("d1", NOW, timedelta()), NOW)
    assert not pass_due(NO_RULES, Pass("", NOW, timedelta()), NOW + timedelta(days=2))


@given(st.integers(0, 48 * 60))
def test_the_next_pass_is_told_as_the_first_moment_of_the_next_day_at_which_one_is_due(minutes: int) -> None:
    last = Pass("d1", NOW + timedelta(minutes=minutes), timedelta(hours=2))
    told = next_pass(SALON, last, last.at)
    assert told is not None
    assert pass_due(SALON, last, told)
    assert not pass_due(SALON, last, told - timedelta(microseconds=1))
    assert told - last.at <= timedelta(days=1)


def test_the_next_pass_is_now_where_rules_changed_and_never_where_there_are_none() -> None:
    last = Pass("d1", NOW, timedelta())
    assert next_pass(replace(SALON, digest="d2"), last, NOW) == NOW
    assert next_pass(SALON, None, NOW) == NOW
    assert next_pass(NO_RULES, last, NOW) == NOW
    assert next_pass(NO_RULES, None, NOW) is None
    assert next_pass(NO_RULES, Pass("", NOW, timedelta()), NOW) is None


def people(number: int) -> IdSet:
    return IdSet.of(range(1, number + 1))


def test_a_tally_counts_who_changes_and_who_keeps_a_tab() -> None:
    groups = [
        Group(0, NOTHING, friends=people(3)),
        Group(0, Shown("gifts", "birthday", TAP, NOW), friends=people(2)),
        Group(1, Shown("regulars", "regulars", RULES, NOW), friends=people(5)),
        Group(2, Shown("birthday", "birthday", RULES, NOW), friends=people(4)),
        Group(2, NOTHING, friends=people(90)),
    ]
    birthday, regulars, rest = tally(SALON, groups, NOW)
    assert (birthday.friends, birthday.kept, birthday.changing, birthday.shown) == (5, 2, 3, {"": 3})
    assert (regulars.friends, regulars.changing) == (5, 0)
    assert (rest.menu, rest.friends, rest.changing, rest.shown) == ("", 94, 4, {"birthday": 4})
