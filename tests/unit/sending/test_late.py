from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from lineform.model.schedule import Schedule
from lineform.sending.due import Due, occurrences
from lineform.sending.late import ON_TIME, Decision, Hold, Send, Skip, Wait, decide, decide_all

DUE = Due("2026-12-01T10:00", datetime(2026, 12, 1, 1, tzinfo=UTC))
ARMED = DUE.at - timedelta(days=1)
HOUR = timedelta(hours=1)


def schedule(if_late: object) -> Schedule:
    return Schedule.model_validate({"at": "2026-12-01T10:00", "if_late": if_late})


def kind(decision: Decision) -> type:
    return type(decision)


def test_before_its_time_it_waits() -> None:
    assert decide(DUE, ARMED, DUE.at - HOUR, schedule("hold")) == Wait(DUE.at)


@pytest.mark.parametrize("rule", ["hold", "skip", {"within": "1h"}])
def test_on_time_it_is_sent_whatever_the_rule(rule: object) -> None:
    assert decide(DUE, ARMED, DUE.at, schedule(rule)) == Send()
    assert decide(DUE, ARMED, DUE.at + ON_TIME, schedule(rule)) == Send()


@pytest.mark.parametrize(("rule", "expected"), [("hold", Hold), ("skip", Skip)])
def test_late_it_is_held_or_skipped_by_rule(rule: str, expected: type) -> None:
    assert kind(decide(DUE, ARMED, DUE.at + ON_TIME + timedelta(seconds=1), schedule(rule))) is expected


@pytest.mark.parametrize("word", ["hold", "skip"])
def test_within_its_allowance_it_is_sent_and_after_it_the_other_word_decides(word: str) -> None:
    rule = schedule({"within": "2h", "otherwise": word})
    assert decide(DUE, ARMED, DUE.at + 2 * HOUR, rule) == Send()
    after = decide(DUE, ARMED, DUE.at + 2 * HOUR + timedelta(seconds=1), rule)
    assert kind(after) is (Hold if word == "hold" else Skip)


def test_the_reason_says_when_it_was_due_and_what_is_allowed() -> None:
    decision = decide(DUE, ARMED, DUE.at + 3 * HOUR, schedule({"within": "2h"}))
    assert decision == Hold("was due at 2026-12-01T10:00 and is 3 hours late; allowed is 2h")


@pytest.mark.parametrize(("rule", "expected"), [("hold", Hold), ("skip", Skip), ({"within": "2h"}, Hold)])
def test_what_was_due_before_arming_is_never_sent(rule: object, expected: type) -> None:
    decision = decide(DUE, DUE.at + timedelta(minutes=1), DUE.at + timedelta(minutes=2), schedule(rule))
    assert kind(decision) is expected
    assert isinstance(decision, Hold | Skip)
    assert "before it was armed" in decision.reason


def test_of_several_missed_occurrences_only_the_newest_may_be_sent() -> None:
    rule = Schedule.model_validate({"cron": "0 * * * *", "if_late": {"within": "1h"}})
    dues = occurrences(rule, "Asia/Tokyo", DUE.at - 5 * HOUR, DUE.at + HOUR)
    decisions = decide_all(dues, ARMED, DUE.at + timedelta(minutes=10), rule)
    assert [kind(decision) for _, decision in decisions] == [Skip, Skip, Skip, Skip, Send, Wait]


def test_a_newest_occurrence_that_is_too_late_takes_none_of_the_older_with_it() -> None:
    rule = Schedule.model_validate({"cron": "0 10 * * *", "if_late": "skip"})
    dues = occurrences(rule, "Asia/Tokyo", DUE.at - timedelta(days=3), DUE.at)
    decisions = decide_all(dues, ARMED, DUE.at + 5 * HOUR, rule)
    assert {kind(decision) for _, decision in decisions} == {Skip}
