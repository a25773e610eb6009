"""What is not sent, and why: lateness, guards, budgets, the kill switch, and what a person lets go."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lineform.errors import CredentialError, UsageError
from lineform.model.address import Address, Kind
from lineform.model.client import Limits, PricePlan
from lineform.ports.friends import FriendRow
from lineform.ports.line_account import Unauthorised
from lineform.run.halt import halt, resume
from lineform.run.outcome import Outcome
from lineform.run.release import release
from lineform.run.stopped import kept_back
from lineform.sending.revision import revision
from lineform.sending.status import SendStatus
from lineform.store.open import open_store
from support.declared_clients import campaign
from support.delivering import ARMED, DUE, Scene, Scenes

HOUR = timedelta(hours=1)
PERSONAL = ({"text": "{{ friend.display_name }}さま"},)
CHOSEN = {"everyone": True, "expect": {"max": 10_000}}
DAILY = {"cron": "0 10 * * *", "if_late": {"within": "2h"}}


def outcomes(here: Scene, **options: Any) -> list[Outcome]:
    return [entry.outcome for entry in here.tick(**options).entries]


def guards(here: Scene) -> list[str]:
    report = here.tick()
    assert {entry.outcome for entry in report.entries} == {Outcome.BLOCKED}
    assert report.exit_code == 4
    assert here.calls() == []
    assert here.sends() == []
    return [entry.guard for entry in report.entries]


# --- late


@pytest.mark.parametrize(("rule", "outcome"), [("hold", Outcome.HELD), ("skip", Outcome.SKIPPED)])
def test_what_is_too_late_is_held_or_skipped_once_and_never_sent(scene: Scenes, rule: str, outcome: Outcome) -> None:
    here = scene(campaign("a", schedule={"at": "2026-12-01T10:00", "if_late": rule}))
    here.move(DUE + HOUR)
    assert outcomes(here) == [outcome]
    assert outcomes(here) == []
    assert here.received().total() == 0


def test_what_is_late_within_its_allowance_is_sent(scene: Scenes) -> None:
    here = scene(campaign("a", schedule={"at": "2026-12-01T10:00", "if_late": {"within": "2h"}}))
    here.move(DUE + HOUR)
    assert outcomes(here) == [Outcome.SENT]


def test_what_was_due_before_it_was_armed_is_not_sent(scene: Scenes) -> None:
    here = scene(campaign("a"), campaign("b", schedule=DAILY))
    with open_store(here.url) as store:
        for name in "ab":
            store.disarm(here.client.name, f"campaign.{name}", ARMED)
    here.move(DUE + timedelta(minutes=10))
    here.arm(DUE + timedelta(minutes=5))
    (entry,) = here.tick().entries
    assert (entry.address, entry.outcome) == ("campaign.a", Outcome.HELD)
    assert "before it was armed" in entry.reason
    assert here.received().total() == 0


def test_after_days_of_rest_a_rule_sends_its_newest_occurrence_only(scene: Scenes) -> None:
    here = scene(campaign("a", schedule=DAILY))
    here.move(DUE + timedelta(days=3, hours=1))
    assert outcomes(here) == [Outcome.SKIPPED, Outcome.SKIPPED, Outcome.SKIPPED, Outcome.SENT]
    assert outcomes(here) == []
    assert here.once_each()


def test_a_rule_sends_every_day_once(scene: Scenes) -> None:
    here = scene(campaign("a", schedule=DAILY))
    for day in range(3):
        for minutes in (0, 1, 30, 300):
            here.move(DUE + timedelta(days=day, minutes=minutes))
            here.tick()
    assert set(here.received().values()) == {3}
    assert [send.key for send in here.sends()] == ["2026-12-01T10:00", "2026-12-02T10:00", "2026-12-03T10:00"]


def test_a_time_that_happens_twice_sends_once(scene: Scenes) -> None:
    here = scene(campaign("a", schedule={"cron": "30 1 7 11 *", "timezone": "America/New_York"}))
    autumn = datetime(2027, 11, 7, 5, 30, tzinfo=UTC)  # 01:30, and an hour later it is 01:30 again
    for minutes in (0, 30, 60, 61, 120):
        here.move(autumn + timedelta(minutes=minutes))
        here.tick()
    assert [send.key for send in here.sends()] == ["2027-11-07T01:30"]
    assert here.once_each()


# --- guards


def test_lines_quota_is_asked_before_the_first_call(scene: Scenes) -> None:
    here = scene(campaign("a"), plan_limit=2)
    here.move(DUE)
    assert guards(here) == ["G201"]


def test_a_budget_in_messages_is_kept(scene: Scenes) -> None:
    here = scene(campaign("a"), campaign("b", schedule={"at": "2026-12-01T10:01"}), limits=Limits(monthly_messages=5))
    here.move(DUE)
    assert outcomes(here) == [Outcome.SENT]
    here.move(DUE + timedelta(minutes=1))
    (entry,) = here.tick().entries
    assert (entry.outcome, entry.guard) == (Outcome.BLOCKED, "G202")
    assert here.once_each()


def test_a_budget_in_yen_is_kept(scene: Scenes) -> None:
    here = scene(campaign("a"), limits=Limits(monthly_yen=5), plan=PricePlan(included=1, yen_per_message=3.0))
    here.move(DUE)
    assert guards(here) == ["G203"]


@pytest.mark.parametrize("expect", [{"min": 4}, {"max": 2}])
def test_the_audience_must_be_what_was_expected(scene: Scenes, expect: dict[str, int]) -> None:
    here = scene(campaign("a", audience={"everyone": True, "expect": expect}))
    here.move(DUE)
    assert guards(here) == ["G204"]


def test_a_guards_stop_is_noted_and_the_occurrence_goes_out_when_its_cause_is_gone(scene: Scenes) -> None:
    here = scene(campaign("a"), plan_limit=2)
    here.move(DUE)
    assert guards(here) == ["G201"]
    assert [note.action for note in here.with_store(lambda store: store.notes(here.client.name))] == ["stopped by G201"]
    here.control.change(here.account, plan_limit=100)
    assert outcomes(here) == [Outcome.SENT]


def stopped(here: Scene) -> list[tuple[str, str, str]]:
    """What the report says is kept back: of which occurrence, by which guard, and what to do."""
    found = here.with_store(lambda store: kept_back(store, here.client, here.clock.now()).stopped)
    return [(one.key, one.guard, one.hint) for one in found]


SMALLER = "make the audience smaller, or raise limits.monthly_messages"


def test_a_send_is_reported_as_stopped_from_the_first_run_that_a_guard_stops_until_it_goes(scene: Scenes) -> None:
    here = scene(campaign("a", schedule=DAILY), limits=Limits(monthly_messages=2))
    here.move(DUE)
    assert stopped(here) == []
    here.tick()
    here.move(DUE + timedelta(minutes=10))
    here.tick()
    assert stopped(here) == [("2026-12-01T10:00", "G202", SMALLER)]
    (one,) = here.with_store(lambda store: kept_back(store, here.client, here.clock.now()).stopped)
    assert (one.since, one.last, one.due_at) == (DUE, DUE + timedelta(minutes=10), DUE)
    assert one.reason == "3 messages after 0 this month are more than the budget of 2"
    here.limit({})
    here.tick()
    assert stopped(here) == []


@pytest.mark.parametrize("over", ["late", "disarmed"])
def test_what_no_run_would_try_any_more_is_not_reported_as_stopped(scene: Scenes, over: str) -> None:
    here = scene(campaign("a"), limits=Limits(monthly_messages=2))
    here.move(DUE)
    here.tick()
    if over == "late":
        here.move(DUE + 2 * HOUR)
        here.tick()
    else:
        here.with_store(lambda store: store.disarm(here.client.name, "campaign.a", here.clock.now()))
    assert stopped(here) == []


def test_what_a_person_let_go_is_reported_where_a_guard_stops_it(scene: Scenes) -> None:
    here = scene(campaign("a"), limits=Limits(monthly_messages=2))
    here.move(DUE + 2 * HOUR)
    assert outcomes(here) == [Outcome.HELD]
    key = "2026-12-01T10:00"
    here.with_store(lambda store: release(store, here.client, "campaign.a", key, "aki", here.clock.now()))
    here.tick()
    assert stopped(here) == [(f"{key}+released", "G202", SMALLER)]


@pytest.mark.parametrize(("rule", "outcome"), [("hold", Outcome.HELD), ("skip", Outcome.SKIPPED)])
def test_what_a_guard_stopped_until_it_was_too_late_says_so(scene: Scenes, rule: str, outcome: Outcome) -> None:
    schedule = {"at": "2026-12-01T10:00", "if_late": {"within": "1h", "otherwise": rule}}
    here = scene(campaign("a", schedule=schedule), limits=Limits(monthly_messages=2))
    here.move(DUE)
    assert guards(here) == ["G202"]
    here.move(DUE + 2 * HOUR)
    (entry,) = here.tick().entries
    assert entry.outcome is outcome
    assert entry.reason == (
        "was due at 2026-12-01T10:00 and is 2 hours late; allowed is 1h; before that G202 stopped it: "
        "3 messages after 0 this month are more than the budget of 2"
    )
    assert [send.reason for send in here.sends()] == [entry.reason]


def test_of_several_guards_that_stopped_it_the_last_is_told(scene: Scenes) -> None:
    here = scene(campaign("a"), plan_limit=2)
    here.move(DUE)
    assert guards(here) == ["G201"]
    here.control.change(here.account, plan_limit=100)
    here.limit({"monthly_messages": 2})
    assert guards(here) == ["G202"]
    here.move(DUE + 24 * HOUR)
    (entry,) = here.tick(dry_run=True).entries
    assert entry.reason.endswith(
        "; before that G202 stopped it: 3 messages after 0 this month are more than the budget of 2"
    )


def test_an_occurrence_of_a_rule_that_a_guard_stopped_was_not_just_missed(scene: Scenes) -> None:
    here = scene(campaign("a", schedule=DAILY), limits=Limits(monthly_messages=2))
    here.move(DUE)
    assert guards(here) == ["G202"]
    here.limit({})
    here.move(DUE + 48 * HOUR)
    reasons = {entry.key: entry.reason for entry in here.tick().entries if entry.outcome is Outcome.SKIPPED}
    missed = "was missed, and 2026-12-03T10:00 came after it"
    assert reasons["2026-12-01T10:00"].startswith(f"{missed}; before that G202 stopped it: 3 messages")
    assert reasons["2026-12-02T10:00"] == missed


@pytest.mark.parametrize("name", ["????", "\ufffd", "テスト", "{{ x }}"])
def test_a_send_whose_renderings_are_all_bad_is_refused(scene: Scenes, name: str) -> None:
    """Where it is a few friends' trouble they are left out: see `test_one_friends_trouble`."""
    here = scene(campaign("a", messages=PERSONAL), friends=[{"displayName": name}, {"displayName": name}])
    here.move(DUE)
    assert guards(here) == ["G206"]


def test_one_unknown_value_stops_the_whole_send(scene: Scenes) -> None:
    here = scene(campaign("a", messages=PERSONAL), friends=[{"displayName": "Aki"}, {"displayName": ""}])
    here.move(DUE)
    assert guards(here) == ["G207"]


def test_whoever_lacks_a_value_may_be_skipped_instead(scene: Scenes) -> None:
    here = scene(
        campaign("a", messages=({"text": "{{ friend.tier }}"},), skip_if_unknown=("tier",)),
    )
    gold = FriendRow(here.users[1], attributes={"tier": "gold"})
    here.with_store(lambda store: store.import_friends(here.client.name, [gold], ARMED))
    here.move(DUE)
    (entry,) = here.tick().entries
    assert (entry.outcome, entry.recipients) == (Outcome.SENT, 1)
    assert here.texts() == {here.users[1]: ["gold"]}


def test_a_demographic_audience_cannot_read_a_friend(scene: Scenes) -> None:
    here = scene(campaign("a", messages=PERSONAL, audience={"demographic": {"gender": ("male",)}, "limit": 9}))
    here.move(DUE)
    assert guards(here) == ["G213"]


def test_messages_that_line_would_refuse_are_found_before_the_first_call(scene: Scenes) -> None:
    here = scene(campaign("a", messages=({"type": "text", "text": "x" * 5001},)))
    here.move(DUE)
    assert guards(here) == ["G208"]


def test_an_empty_audience_is_recorded_as_empty(scene: Scenes) -> None:
    here = scene(campaign("a", audience=CHOSEN), friends=0)
    here.move(DUE)
    assert outcomes(here) == [Outcome.EMPTY]
    assert outcomes(here) == []


def test_a_one_time_campaign_that_was_sent_is_not_sent_again_at_another_time(scene: Scenes) -> None:
    here = scene(campaign("a"))
    here.move(DUE)
    assert outcomes(here) == [Outcome.SENT]
    address = Address(Kind.CAMPAIGN, "a")
    moved = replace(here.client.resources[address], spec=campaign("a", schedule={"at": "2026-12-01T12:00"}))
    here.client = replace(here.client, resources={address: moved})
    here.arm(DUE + HOUR)
    here.move(DUE + 2 * HOUR)
    (entry,) = here.tick().entries
    assert (entry.outcome, entry.guard) == (Outcome.BLOCKED, "G209")
    assert here.once_each()


def test_a_token_that_is_no_longer_good_leaves_a_send_that_can_go_on(scene: Scenes) -> None:
    here = scene(campaign("a", messages=PERSONAL))
    here.move(DUE)
    with pytest.raises(Unauthorised):
        here.tick(token="expired")
    with pytest.raises(CredentialError):
        asyncio.run(here.ticking(token=scene(campaign("a")).token))
    assert here.sends() == []
    here.control.fault("error-before", path="/v2/bot/message/push", skip=1, count=9, status=401)
    with pytest.raises(Unauthorised):
        here.tick(concurrency=1)
    here.control.clear_faults()
    assert [send.status for send in here.sends()] == [SendStatus.FROZEN]
    assert outcomes(here) == [Outcome.SENT]
    assert here.once_each()


def test_when_line_runs_out_of_quota_the_rest_waits_and_the_status_says_so(scene: Scenes) -> None:
    here = scene(campaign("a", messages=PERSONAL))
    here.move(DUE)
    here.control.fault("monthly-limit", path="/v2/bot/message/push", skip=1)
    report = here.tick(concurrency=1)
    here.control.clear_faults()
    (entry,) = report.entries
    assert (entry.outcome, entry.accepted, report.exit_code) == (Outcome.UNFINISHED, 1, 7)
    assert "quota" in entry.reason
    assert [send.status for send in here.sends()] == [SendStatus.FROZEN]
    assert outcomes(here) == [Outcome.SENT]
    assert here.once_each()


def test_rate_limits_are_waited_for(scene: Scenes) -> None:
    here = scene(campaign("a", messages=PERSONAL))
    here.move(DUE)
    here.control.fault("rate-limit", path="/v2/bot/message/push", count=5)
    assert outcomes(here) == [Outcome.SENT]
    assert here.once_each()


# --- people


def test_a_halted_client_sends_nothing_until_it_is_resumed(scene: Scenes) -> None:
    here = scene(campaign("a"))
    here.move(DUE)
    here.with_store(lambda store: halt(store, here.client.name, "aki", DUE))
    report = here.tick()
    assert (report.halted, report.entries, report.exit_code) == ("aki", (), 4)
    assert here.with_store(lambda store: resume(store, here.client.name, "ben", DUE)) is True
    assert outcomes(here) == [Outcome.SENT]
    assert here.with_store(lambda store: resume(store, here.client.name, "ben", DUE)) is False
    notes = here.with_store(lambda store: store.notes(here.client.name))
    assert {note.action for note in notes} == {"halt", "resume", "sent"}


def test_a_held_send_is_sent_once_when_a_person_lets_it_go(scene: Scenes) -> None:
    here = scene(campaign("a", schedule={"at": "2026-12-01T10:00", "if_late": "hold"}))
    here.move(DUE + HOUR)
    assert outcomes(here) == [Outcome.HELD]
    let_go = lambda store: release(store, here.client, "campaign.a", "2026-12-01T10:00", "aki", DUE + HOUR)  # noqa: E731
    here.with_store(let_go)
    here.with_store(let_go)
    assert outcomes(here) == [Outcome.SENT]
    assert outcomes(here) == []
    assert here.once_each()
    assert [(send.key, send.status) for send in here.sends()] == [
        ("2026-12-01T10:00", SendStatus.SKIPPED),
        ("2026-12-01T10:00+released", SendStatus.SENT),
    ]
    with pytest.raises(UsageError, match="not held"):
        here.with_store(let_go)


def test_a_held_send_whose_campaign_changed_is_not_released_with_another_text(scene: Scenes) -> None:
    here = scene(campaign("a", schedule={"at": "2026-12-01T10:00", "if_late": "hold"}))
    here.move(DUE + HOUR)
    here.tick()
    address = Address(Kind.CAMPAIGN, "a")
    spec = campaign("a", schedule={"at": "2026-12-01T10:00", "if_late": "hold"}, messages=({"text": "other"},))
    here.client = replace(here.client, resources={address: replace(here.client.resources[address], spec=spec)})
    here.arm(DUE + HOUR)
    here.with_store(lambda store: release(store, here.client, "campaign.a", "2026-12-01T10:00", "aki", DUE + HOUR))
    (entry,) = here.tick().entries
    assert (entry.outcome, entry.guard) == (Outcome.BLOCKED, "G211")
    assert here.received().total() == 0


def test_what_was_frozen_and_not_begun_is_subject_to_lateness_and_to_disarming(scene: Scenes) -> None:
    for disarmed in (False, True):
        here = scene(campaign("a"))
        here.move(DUE)
        here.control.fault("monthly-limit", path="/v2/bot/message/broadcast")
        assert outcomes(here) == [Outcome.UNFINISHED]
        here.control.clear_faults()
        if disarmed:
            here.with_store(lambda store: store.disarm(here.client.name, "campaign.a", DUE))  # noqa: B023
        else:
            here.move(DUE + 5 * HOUR)
        (entry,) = here.tick().entries
        assert entry.outcome is Outcome.HELD
        assert ("disarmed" in entry.reason) is disarmed
        assert here.received().total() == 0


def test_a_revision_digest_is_what_the_ledger_names(scene: Scenes) -> None:
    here = scene(campaign("a"))
    here.move(DUE)
    here.tick()
    (resource,) = here.client.resources.values()
    assert here.sends()[0].digest == revision(here.client, resource).digest
