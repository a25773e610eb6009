"""Whose profile is asked for, and when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lineform.scenarios.happening import What
from lineform.scenarios.profiles import FRESH, PAUSES, Acted, Unknown, considered, kept_name, next_try, reads_profile
from lineform.scenarios.profiles import sort_out as sorted_out

NOW = datetime(2026, 12, 1, 1, tzinfo=UTC)
FOLLOW = frozenset({What.FOLLOW})
NEW = Unknown(1, "U1")
WAITS = Unknown(1, "U1", asked=True, waiting=True)
UNTOLD = Unknown(1, "U1", asked=True)


def follows(late: timedelta = timedelta(), *, answerable: bool = True) -> Acted:
    return Acted(1, What.FOLLOW, NOW - late, follows=True, answerable=answerable)


def writes() -> Acted:
    return Acted(1, What.TEXT, NOW, answerable=True)


def asked(acted: Acted, unknown: Unknown | None, readers: frozenset[What]) -> str:
    people = considered([acted], readers)
    found = sorted_out(people, {} if unknown is None else {1: unknown}, readers, NOW)
    return "at once" if found.at_once else "later" if found.later else ""


@pytest.mark.parametrize(
    ("acted", "unknown", "readers", "expected"),
    [
        (follows(), NEW, FOLLOW, "at once"),
        (follows(FRESH), NEW, FOLLOW, "at once"),
        (follows(FRESH + timedelta(seconds=1)), NEW, FOLLOW, "later"),
        (follows(answerable=False), NEW, FOLLOW, "later"),
        (follows(), NEW, frozenset(), "later"),
        (follows(), UNTOLD, frozenset(), "later"),
        (follows(), UNTOLD, FOLLOW, "at once"),
        (follows(), None, FOLLOW, ""),
        (writes(), NEW, FOLLOW, ""),
        (writes(), NEW, frozenset({What.TEXT}), "at once"),
        (writes(), WAITS, frozenset({What.TEXT}), "at once"),
        (writes(), UNTOLD, frozenset({What.TEXT}), ""),
    ],
)
def test_who_is_asked_for_and_when(
    acted: Acted, unknown: Unknown | None, readers: frozenset[What], expected: str
) -> None:
    assert asked(acted, unknown, readers) == expected


def test_somebody_who_does_two_things_is_asked_for_once() -> None:
    late = follows(timedelta(minutes=1))
    found = sorted_out([late, follows()], {1: NEW}, FOLLOW, NOW)
    assert (found.at_once, found.later) == ((NEW,), ())


@pytest.mark.parametrize(
    ("body", "reads"),
    [
        ({"do": [{"send": [{"text": "{{ friend.display_name | default('お客様') }}さま"}]}]}, True),
        ({"steps": [{"arms": [{"actions": [{"send": [{"text": "{{ friend.language }}"}]}]}]}]}, True),
        ({"rules": [{"if": {"all": [{"came_by": "language", "words": ["en"]}]}, "menu": "english"}]}, True),
        ({"do": [{"send": [{"text": "{{ friend.name | default('お客様') }}さま"}]}]}, False),
        ({"if": {"came_by": "first_route", "words": ["poster"]}, "regex": "a{{2}"}, False),
        ({"language": "en", "display_name": "x"}, False),
    ],
)
def test_a_revision_reads_a_profile_in_its_texts_or_its_conditions(body: dict[str, Any], reads: bool) -> None:
    assert reads_profile(body) is reads


def test_line_is_asked_again_after_longer_and_longer_and_then_given_up() -> None:
    waits = [next_try(number, 0.0, NOW) for number in range(1, len(PAUSES) + 1)]
    assert waits == [NOW + pause for pause in PAUSES]
    assert next_try(1, 90.0, NOW) == NOW + timedelta(seconds=90)
    assert next_try(len(PAUSES) + 1, 0.0, NOW) is None


def test_a_name_is_kept_as_a_database_can_hold_it() -> None:
    assert kept_name("花\x00子\ud83d") == "花子?"
    assert kept_name("🎂" * 2_000) == "🎂" * 1_000
