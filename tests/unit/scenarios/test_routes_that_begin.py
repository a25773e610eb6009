"""A scenario that a route begins: who came by it before following is a newcomer by it, and nobody else is."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from lineform.scenarios.happening import Happening, What
from lineform.scenarios.machine import Moment
from lineform.scenarios.reacting import react
from support.coursing import FRIEND, NOW, says, script

DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("route", "first", "unblocked", "begins"),
    [
        ("poster", NOW, False, True),
        ("poster", None, False, True),
        ("window", NOW, False, False),
        ("", NOW, False, False),
        ("poster", NOW - DAY, False, False),
        ("poster", NOW, True, False),
    ],
)
def test_a_first_follow_begins_what_the_route_before_it_begins(
    route: str, first: datetime | None, unblocked: bool, begins: bool
) -> None:
    one = script(says("a"), trigger={"route": "poster"})
    friend = replace(FRIEND, last_route=route, first_followed_at=first)
    follow = Happening("k", 1, What.FOLLOW, NOW, fields={"unblocked": True} if unblocked else {})
    assert bool(react(one, (), follow, friend, Moment(NOW))) == begins


def test_who_came_by_a_route_and_follows_begins_it_once() -> None:
    one = script(says("a"), trigger={"route": "poster"})
    friend = replace(FRIEND, last_route="poster")
    (moved,) = react(one, (), Happening("f", 1, What.FOLLOW, NOW), friend, Moment(NOW))
    again = Happening("r", 1, What.ROUTE, NOW + DAY, "poster")
    assert react(one, [moved.enrolment], again, friend, Moment(NOW + DAY)) == []


def test_a_follow_is_watched_for_where_a_route_begins_something() -> None:
    assert (What.FOLLOW, "") in script(says("a"), trigger={"route": "poster"}).watched
    assert (What.FOLLOW, "") not in script(says("a"), trigger={"tag": "x"}).watched
