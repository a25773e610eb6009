"""How long a plan takes, by LINE's hourly limits."""

from __future__ import annotations

from datetime import timedelta

from lineform.planning.estimate import estimate
from lineform.planning.steps import CreateMenu, DeleteAlias, DeleteMenu, MenuRef, Move, MoveLinkedUsers, Step


def test_a_few_menus_take_no_time_worth_telling() -> None:
    wait = estimate([CreateMenu("richmenu.a", "1"), DeleteMenu("richmenu.a", "m1")])
    assert wait.counts == {"new menus": 1, "deleted menus": 1}
    assert (wait.at_least, wait.because) == (timedelta(0), "")


def test_a_hundred_and_fifty_new_menus_take_half_an_hour_longer() -> None:
    wait = estimate([CreateMenu(f"richmenu.m{number}", "1") for number in range(150)])
    assert wait.at_least == timedelta(minutes=30)
    assert wait.because == "new menus: LINE allows 100 an hour"


def test_the_longest_wait_is_the_one_that_counts() -> None:
    moves: list[Step] = [MoveLinkedUsers((Move(f"m{number}", MenuRef("richmenu.a", "n")),)) for number in range(6)]
    wait = estimate([*moves, *(DeleteAlias(f"a{number}") for number in range(110))])
    assert wait.at_least == timedelta(hours=1)
    assert wait.because == "moves of linked friends: LINE allows 3 an hour"
