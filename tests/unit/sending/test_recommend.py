"""What goes together is recommended, what a friend has is not, and everybody gets as many as there are."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineform.sending.recommend import Recommending, ids_in, learn, picked

SHOP = ["tea", "cup", "pot", "rice", "bowl", "soap"]
CHOICES = [
    ["tea", "cup"],
    ["tea", "cup", "pot"],
    ["cup", "pot"],
    ["rice", "bowl"],
    ["rice", "bowl"],
    ["rice"],
    ["rice"],
]


def rule(**changes: Any) -> Recommending:
    usual = Recommending(
        "purchase",
        "item",
        timedelta(days=365),
        attribute="",
        count=3,
        repeat=False,
        fallback="popular",
        example={},
    )
    return replace(usual, **changes)


def test_what_others_chose_beside_it_comes_first_the_closest_before() -> None:
    learned = learn(CHOICES, SHOP)
    assert picked(rule(), learned, ["tea"], [], SHOP) == ["cup", "pot", "rice"]
    assert picked(rule(), learned, ["bowl"], [], SHOP)[0] == "rice"
    # Rice is chosen most, and goes with tea least: being popular is no reason to go together.
    assert learned.popular[0] == "rice"
    assert "rice" not in dict(learned.beside["tea"])


@pytest.mark.parametrize(
    ("fallback", "got"),
    [("popular", ["rice", "cup", "bowl"]), ("listed", ["tea", "cup", "pot"]), (("soap", "gone"), ["soap"])],
)
def test_who_chose_nothing_gets_the_fallback(fallback: object, got: list[str]) -> None:
    assert picked(rule(fallback=fallback), learn(CHOICES, SHOP), [], [], SHOP) == got


def test_what_a_friend_has_and_what_is_not_offered_any_more_is_left_out() -> None:
    learned = learn(CHOICES, ["cup", "rice", "soap"])
    assert picked(rule(), learned, ["tea", "cup"], [], ["cup", "rice", "soap"]) == ["rice", "soap"]
    assert "cup" in picked(rule(repeat=True), learned, ["tea", "cup"], [], ["cup", "rice", "soap"])


def test_a_feed_for_each_friend_goes_first_in_its_order() -> None:
    named = ids_in("soap、 gone,pot  soap")
    assert named == ["soap", "gone", "pot", "soap"]
    feed = rule(event="", attribute="picks", fallback="listed")
    assert picked(feed, learn([], SHOP), [], named, SHOP) == ["soap", "pot", "tea"]
    assert ids_in(None) == []


@given(st.lists(st.lists(st.sampled_from(SHOP), max_size=8), max_size=20), st.lists(st.sampled_from(SHOP), max_size=4))
def test_whatever_was_chosen_nobody_gets_an_item_twice_or_one_they_have(
    choices: list[list[str]], mine: list[str]
) -> None:
    found = picked(rule(count=12), learn(choices, SHOP), mine, [], SHOP)
    assert len(set(found)) == len(found)
    assert set(found) == set(SHOP) - set(mine)
    assert learn(choices, SHOP) == learn(list(reversed(choices)), SHOP)
