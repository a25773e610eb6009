"""What invented people do in a demo."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from lineform.demo.deeds import OPEN, PAST, Deed, deeds_of, history_of
from lineform.demo.population import populate
from lineform.loading.project import load_project
from lineform.model.project import Project
from lineform.sending.revision import declared_by
from support.command_line import ROOT

TOKYO = ZoneInfo("Asia/Tokyo")
SINCE = datetime(2026, 11, 30, 9, tzinfo=TOKYO)
WEEK = timedelta(days=8)


@pytest.fixture(scope="module")
def project() -> Project:
    return load_project(ROOT)


def deeds(project: Project, name: str, friends: int = 40) -> list[Deed]:
    client = project.clients[name]
    words = declared_by(client)
    return deeds_of(client, words, populate(name, words, friends, SINCE), SINCE, WEEK)


def test_the_same_people_do_the_same_again(project: Project) -> None:
    for name in project.clients:
        assert deeds(project, name) == deeds(project, name)
        assert deeds(project, name)


@pytest.mark.parametrize("friends", [1, 2, 300])
def test_deeds_are_done_by_day_in_the_first_days_and_in_order(project: Project, friends: int) -> None:
    for name in project.clients:
        done = deeds(project, name, friends)
        assert [deed.at for deed in done] == sorted(deed.at for deed in done)
        for deed in done:
            assert SINCE < deed.at <= SINCE + WEEK / 2
            assert OPEN[0] <= deed.at.astimezone(TOKYO).hour < OPEN[1]


def test_events_have_every_field_that_is_declared_and_an_id_of_their_own(project: Project) -> None:
    done = [deed for name in project.clients for deed in deeds(project, name) if deed.what == "event"]
    assert len({(deed.said, deed.id) for deed in done}) == len(done)
    (booking, *_) = (deed for deed in done if deed.said == "booking")
    assert set(booking.fields) == {"number", "at", "menu"}
    assert datetime.fromisoformat(str(booking.fields["at"])).replace(tzinfo=TOKYO) > booking.at


def test_an_item_is_told_of_after_friends_favoured_it_and_nothing_is_cancelled_that_nobody_began(
    project: Project,
) -> None:
    done = deeds(project, "kurashi-zakka")
    (drop,) = (deed for deed in done if deed.said == "price_drop")
    assert drop.user_id == ""
    before = [deed for deed in done if deed.said == "favourite" and deed.fields["item"] == drop.fields["item"]]
    assert before
    assert all(deed.at < drop.at for deed in before)
    assert not [deed for deed in deeds(project, "aoba-salon") if deed.said == "cancellation"]


def test_the_past_lies_before_the_demo_and_holds_nothing_about_items_or_days_to_come(project: Project) -> None:
    for name, client in project.clients.items():
        words = declared_by(client)
        past = history_of(client, words, populate(name, words, 100, SINCE), SINCE)
        assert all(SINCE - PAST <= deed.at < SINCE and deed.user_id for deed in past)
        assert not {"booking", "price_drop", "restock"} & {deed.said for deed in past}
    assert past
