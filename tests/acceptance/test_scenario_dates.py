"""Scenarios that a date begins or that lead up to one: D9 birthdays, D11 reminders before a booking."""

from __future__ import annotations

from datetime import UTC, datetime

from lineform.model.client import Limits
from lineform.ports.journeys import FriendChange
from lineform.scenarios.happening import What
from support.delivering import DUE
from support.living import Lives, says, scenario
from support.scenario_rules import DAY, HOUR, days, texts

REMINDER = scenario(
    "reminder",
    says("tomorrow", before="1d", at="18:00", text="明日のご予約です"),
    says("soon", before="2h", text="まもなくです"),
    trigger={"date": "booking_at"},
    enroll="both",
)


def test_a_reminder_comes_before_the_booking(life: Lives) -> None:
    here = life(REMINDER)
    here.knows(booking_at="2026-12-10T14:00")
    here.until(DUE + 12 * DAY)
    assert here.read() == [("12-09 18:00", "明日のご予約です"), ("12-10 12:00", "まもなくです")]


def test_a_reminder_follows_a_booking_that_moves(life: Lives) -> None:
    here = life(REMINDER)
    here.knows(booking_at="2026-12-10T14:00")
    here.until(DUE + 8 * DAY + 9 * HOUR)
    assert days(here) == ["12-09 明日のご予約です"]
    here.knows(booking_at="2026-12-20T14:00")
    here.until(DUE + 22 * DAY)
    assert here.read()[1:] == [("12-19 18:00", "明日のご予約です"), ("12-20 12:00", "まもなくです")]


def test_a_booking_that_moves_nearer_is_not_reminded_of_a_day_that_is_past(life: Lives) -> None:
    here = life(REMINDER)
    here.knows(booking_at="2026-12-10T14:00")
    here.at(DUE + HOUR)
    here.knows(booking_at="2026-12-01T15:00")
    here.until(DUE + 2 * DAY)
    assert here.read() == [("12-01 13:00", "まもなくです")]


def test_a_limit_keeps_no_reminder_until_its_words_are_wrong(life: Lives) -> None:
    here = life(REMINDER, limits=Limits.model_validate({"per_friend": {"gap": "20h"}}))
    here.knows(booking_at="2026-12-10T14:00")
    here.until(DUE + 20 * DAY)
    assert here.read() == [("12-09 18:00", "明日のご予約です")]
    (course,) = here.courses()
    assert course.marks[-1].said == "its messages would be worth nothing when the friend may be sent to: over a limit"


def test_quiet_hours_keep_no_reminder_until_the_booking_has_begun(life: Lives) -> None:
    here = life(REMINDER, limits=Limits(quiet="21:00-09:00"))
    here.knows(booking_at="2026-12-10T09:00")
    here.until(DUE + 20 * DAY)
    assert here.read() == [("12-09 18:00", "明日のご予約です")]


def test_after_a_runner_was_down_nobody_is_reminded_of_what_is_over(life: Lives) -> None:
    here = life(REMINDER)
    here.knows(booking_at="2026-12-10T14:00")
    here.until(DUE + 8 * DAY)
    here.at(DUE + 9 * DAY + 8 * HOUR)  # the evening of the day
    here.until(DUE + 20 * DAY)
    assert here.read() == []


def test_a_booking_that_is_cancelled_is_reminded_of_no_more(life: Lives) -> None:
    here = life(REMINDER)
    here.knows(booking_at="2026-12-10T14:00")
    here.at(DUE + DAY)
    here.knows(booking_at=None)
    here.until(DUE + 12 * DAY)
    assert here.read() == []
    assert here.courses()[0].reason == "its date was taken away"
    here.knows(booking_at="2026-12-20T14:00")
    here.until(DUE + 22 * DAY)
    assert len(here.read()) == 2


def test_two_bookings_side_by_side_are_told_apart(life: Lives) -> None:
    steps = (says("seen"), {"id": "later", "after": "2d", "send": [{"text": "{{ event.number | default('') }}"}]})
    here = life(
        scenario("s", *steps, trigger={"event": "booking"}, per="number", exit_on={"untag": "vip"}, reentry="never")
    )
    here.happens(What.EVENT, name="booking", fields={"number": "A"})
    here.move(DUE + DAY)
    here.happens(What.EVENT, name="booking", fields={"number": "B"})
    here.happens(What.EVENT, name="booking", fields={"number": "A"})
    for n in (2, 3):
        here.at(DUE + n * DAY)
    assert days(here) == ["12-01 seen", "12-02 seen", "12-03 A", "12-04 B"]


def test_two_bookings_in_one_second_are_both_confirmed_however_they_are_decided(life: Lives) -> None:
    """The key of a message says more than its step, its second and its friend."""
    known = {"event": "booking", "where": {"number": {"known": True}}}
    here = life(scenario("s", says("thanks", text="{{ event.number }}"), trigger=known, per="number"))
    for number in ("1", "2"):
        here.happens(What.EVENT, name="booking", fields={"number": number})
    together = [here.happening(What.EVENT, name="booking", fields={"number": number}) for number in ("3", "4")]
    here.live(*together)
    assert sorted(texts(here)) == ["1", "2", "3", "4"]
    assert [send.status for send in here.sends()] == ["sent"] * 4
    assert len({send.key for send in here.sends()}) == 4


def test_a_birthday_is_congratulated_once_a_year_for_ever(life: Lives) -> None:
    wish = says("wish", 0, at="10:00", text="おめでとう")
    here = life(scenario("birthday", wish, trigger={"date": "birthday", "every": "year"}, enroll="both"), friends=2)
    here.knows(0, birthday="1990-12-24")
    here.knows(1, birthday="2000-02-29")
    here.until(datetime(2028, 12, 31, tzinfo=UTC))
    assert days(here, 0) == ["12-24 おめでとう"] * 3
    assert days(here, 1) == ["02-28 おめでとう", "02-29 おめでとう"]


def test_a_birthday_that_is_corrected_or_armed_anew_is_not_congratulated_twice_in_a_year(life: Lives) -> None:
    trigger = {"date": "birthday", "every": "year"}
    here = life(scenario("birthday", says("wish", 0, at="10:00"), trigger=trigger, enroll="both"))
    here.knows(birthday="1990-12-03")
    here.until(DUE + 2 * DAY + HOUR / 12)
    here.declare(scenario("birthday", says("wish", 0, at="10:00", text="again"), trigger=trigger, enroll="both"))
    here.arm(here.clock.now())
    here.step()
    for day in (6, 10):
        here.knows(birthday=f"1990-12-{day:02}")
        here.until(here.clock.now() + 10 * DAY)
    assert days(here) == ["12-03 wish"]
    here.until(datetime(2027, 12, 31, tzinfo=UTC))
    assert days(here) == ["12-03 wish", "12-10 again"]


def test_a_birthday_that_is_corrected_in_mid_series_has_its_rest_by_the_new_day(life: Lives) -> None:
    steps = ({"id": "soon", "before": "7d", "at": "10:00", "send": [{"text": "soon"}]}, says("wish", 0, at="10:00"))
    here = life(scenario("birthday", *steps, trigger={"date": "birthday", "every": "year"}, enroll="both"))
    here.knows(birthday="1990-12-12")
    here.until(DUE + 5 * DAY)
    here.knows(birthday="1990-12-14")
    here.until(DUE + 20 * DAY)
    assert days(here) == ["12-05 soon", "12-14 wish"]


def test_who_has_a_birthday_already_is_taken_in_when_it_is_armed(life: Lives) -> None:
    wish = says("wish", 0, at="10:00", text="おめでとう")
    here = life(scenario("birthday", wish, trigger={"date": "birthday", "every": "year"}, enroll="both"))
    known = FriendChange(here.friend(), {"birthday": "1990-12-24"})
    here.with_store(lambda store: store.change_friends(here.client.name, [known], DUE))
    here.step()
    here.at(datetime(2026, 12, 24, 1, tzinfo=UTC))
    assert days(here) == ["12-24 おめでとう"]


def test_who_blocks_for_a_day_is_reminded_and_congratulated_all_the_same(life: Lives) -> None:
    wish = says("wish", 0, at="10:00")
    here = life(
        scenario("birthday", wish, trigger={"date": "birthday", "every": "year"}, enroll="both"),
        scenario("booked", says("soon", before="2h"), trigger={"date": "booking_at"}, enroll="both"),
    )
    here.knows(birthday="1990-12-24", booking_at="2026-12-20T14:00")
    here.at(DUE + DAY)
    here.blocks()
    here.move(DUE + 2 * DAY)
    here.follows(unblocked=True)
    here.until(datetime(2027, 12, 31, tzinfo=UTC))
    assert days(here) == ["12-20 soon", "12-24 wish", "12-24 wish"]
