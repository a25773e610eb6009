"""What begins a scenario besides a follow: a tag that is taken away, a word that is written."""

from __future__ import annotations

import pytest

from lineform.journeys.book import books
from lineform.ports.friends import FriendRow
from lineform.scenarios.happening import What
from support.delivering import DUE
from support.living import Lives, says, scenario
from support.scenario_rules import HOUR, texts

MISSED = scenario("missed", says("back", text="お待ちしています"), trigger={"untag": "vip"}, reentry="when_over")
BOOKING = scenario("booking", says("how", text="予約はこちら"), trigger={"keyword": ["予約", "Booking"]})


def test_a_tag_that_is_taken_away_begins_a_scenario_for_whoever_had_it(life: Lives) -> None:
    here = life(MISSED, friends=2)
    here.tagged("vip")
    here.tagged("ladies")
    here.tagged(untag=("ladies",))
    assert texts(here) == []
    here.tagged(untag=("vip",))
    assert (texts(here), texts(here, 1)) == (["お待ちしています"], [])


def test_a_tag_that_an_import_takes_away_begins_it_and_one_that_was_not_there_does_not(life: Lives) -> None:
    here = life(MISSED, friends=2)
    here.tagged("vip")
    rows = [FriendRow(user, untag=("vip",)) for user in here.users]
    here.with_store(
        lambda store: store.import_friends(here.client.name, rows, DUE, books().of(store, here.client).watched)
    )
    here.at(DUE + HOUR)
    assert (texts(here), texts(here, 1)) == (["お待ちしています"], [])


def test_a_tag_that_a_step_of_another_scenario_takes_away_begins_it(life: Lives) -> None:
    leaves = scenario("leaves", {"id": "a", "do": [{"untag": "vip"}]}, trigger={"event": "purchase"})
    here = life(MISSED, leaves, friends=2)
    here.tagged("vip")
    for place in (0, 1):
        here.happens(What.EVENT, place, name="purchase")
    assert (texts(here), texts(here, 1)) == (["お待ちしています"], [])


@pytest.mark.parametrize("said", ["予約", " 予約 ", "booking", "ＢＯＯＫＩＮＧ"])
def test_a_word_begins_a_scenario_whatever_its_width_and_case(life: Lives, said: str) -> None:
    here = life(BOOKING, friends=2)
    here.happens(What.TEXT, text=said)
    assert (texts(here), texts(here, 1)) == (["予約はこちら"], [])


@pytest.mark.parametrize("said", ["予約したい", "book", ""])
def test_another_text_does_not(life: Lives, said: str) -> None:
    here = life(BOOKING)
    here.happens(What.TEXT, text=said)
    assert texts(here) == []
