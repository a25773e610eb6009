"""Accidents that others had with sends, each tried on the offline account: what the guards keep from happening."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from lineform.model.address import Address, Kind
from lineform.model.attributes import AttributesSpec
from lineform.model.client import Limits
from lineform.ports.friends import FriendRow
from lineform.run.halt import halt, resume
from lineform.run.outcome import Outcome
from lineform.run.release import release
from lineform.run.stopped import kept_back
from lineform.run.testsend import send_test
from lineform.sending.due import Due
from lineform.store import open_store
from support.declared_clients import campaign
from support.delivering import ARMED, DUE, Scene, Scenes, opened

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PERSONAL = ({"text": "{{ friend.display_name }}さま"},)
KNOWN = AttributesSpec.model_validate(
    {"kind": "attributes", "name": "known", "attributes": {"regular": {"type": "bool"}}}
)
REGULARS = {"where": {"attribute": "regular", "is": True}}


@pytest.fixture
def scene(origin: str, tmp_path: Path) -> Scenes:
    def make(*specs: Any, limits: dict[str, Any] | None = None, **settings: Any) -> Scene:
        return Scene(origin, tmp_path, KNOWN, *specs, limits=Limits.model_validate(limits or {}), **settings)

    return make


def at(name: str, moment: datetime, **fields: Any) -> Any:
    """A campaign to everyone, due at this moment, that says its name."""
    wall = (moment + 9 * HOUR).replace(tzinfo=None).isoformat(timespec="minutes")
    rule = fields.pop("if_late", {"within": "2h"})
    return campaign(
        name, schedule={"at": wall, "if_late": rule}, **{"messages": ({"text": f"this is {name}"},), **fields}
    )


def tick_at(here: Scene, moment: datetime, **options: Any) -> list[Outcome]:
    here.move(moment)
    return [entry.outcome for entry in here.tick(**options).entries]


def audited(here: Scene) -> list[str]:
    """What the audit log says, the oldest first."""
    notes = here.with_store(lambda store: store.notes(here.client.name))
    return [f"{note.action}: {note.detail}" for note in reversed(notes)]


# --- too many messages drive people away


def test_nobody_gets_a_fourth_message_within_seven_days(scene: Scenes) -> None:
    days = [0, 1, 2, 3, 6, 7]
    here = scene(*(at(f"day{day}", DUE + day * DAY) for day in days), limits={"per_friend": {"week": 3}})
    found = {day: tick_at(here, DUE + day * DAY) for day in days}
    assert found == {day: [Outcome.EMPTY if day in {3, 6} else Outcome.SENT] for day in days}
    assert set(here.received().values()) == {4}
    assert "capped: 3 over the weekly limit; they are left out" in audited(here)


def test_a_limit_of_today_counts_what_was_sent_before_it_was_written(scene: Scenes) -> None:
    here = scene(at("a", DUE), at("b", DUE + HOUR))
    tick_at(here, DUE)
    here.limit({"per_friend": {"gap": "20h"}})
    assert tick_at(here, DUE + HOUR) == [Outcome.EMPTY]
    assert here.once_each()


def test_a_capped_friend_is_left_out_and_the_others_are_sent_to(scene: Scenes) -> None:
    here = scene(at("a", DUE, audience=REGULARS), at("b", DUE + HOUR), limits={"per_friend": {"gap": "20h"}})
    here.with_store(lambda store: store.import_friends(here.client.name, [_regular(here.users[0])], ARMED))
    assert tick_at(here, DUE) == [Outcome.SENT]
    here.move(DUE + HOUR)
    (dry,) = here.tick(dry_run=True).entries
    assert (dry.outcome, dry.recipients, dry.capped) == (Outcome.WOULD_SEND, 2, 1)
    (entry,) = here.tick().entries
    assert (entry.outcome, entry.recipients, entry.accepted, entry.capped) == (Outcome.SENT, 2, 2, 1)
    assert here.once_each()
    assert [send.capped for send in here.sends()] == [0, 1]


def _regular(user: str) -> FriendRow:
    return FriendRow(user, attributes={"regular": True})


def test_a_broadcast_is_counted_for_everybody_who_followed_before_it(scene: Scenes) -> None:
    here = scene(
        at("a", DUE, capped="send"),
        at("b", DUE + HOUR),
        friends=[{"displayName": name} for name in ("early", "unknown", "late")],
        limits={"per_friend": {"gap": "20h"}},
    )
    early, _, late = here.users
    followed = [FriendRow(early, followed_at=ARMED), FriendRow(late, followed_at=DUE + HOUR / 2)]
    here.with_store(lambda store: store.import_friends(here.client.name, followed, ARMED))
    assert tick_at(here, DUE) == [Outcome.SENT]
    assert [call["path"].rpartition("/")[2] for call in here.calls()] == ["broadcast"]
    assert tick_at(here, DUE + HOUR) == [Outcome.SENT]
    assert here.texts()[late][-1] == "this is b"
    assert [call["path"].rpartition("/")[2] for call in here.calls()] == ["broadcast", "push"]


def test_everyone_is_refused_where_a_limit_asks_for_friends_that_nobody_knows(scene: Scenes) -> None:
    here = scene(at("a", DUE), limits={"per_friend": {"week": 3}}, friends=0)
    here.move(DUE)
    (entry,) = here.tick().entries
    assert (entry.outcome, entry.guard, entry.exit_code) == (Outcome.BLOCKED, "G205", 4)
    assert here.calls() == []


def test_who_waits_is_sent_to_when_free_and_once(scene: Scenes) -> None:
    here = scene(
        at("a", DUE, audience=REGULARS),
        at("b", DUE + HOUR, capped="wait", if_late={"within": "6h"}),
        limits={"per_friend": {"gap": "3h"}},
    )
    here.with_store(lambda store: store.import_friends(here.client.name, [_regular(here.users[0])], ARMED))
    tick_at(here, DUE)
    assert tick_at(here, DUE + HOUR) == [Outcome.SENT]
    assert tick_at(here, DUE + 2 * HOUR) == []
    assert tick_at(here, DUE + 3 * HOUR) == [Outcome.SENT]
    assert tick_at(here, DUE + 4 * HOUR) == []
    assert here.texts() == {here.users[0]: ["this is a", "this is b"]} | {
        user: ["this is b"] for user in here.users[1:]
    }
    assert [send.key for send in here.sends()] == ["2026-12-01T10:00", "2026-12-01T11:00", "2026-12-01T11:00+2"]


def test_who_waits_too_long_is_left_out(scene: Scenes) -> None:
    here = scene(
        at("a", DUE),
        at("b", DUE + HOUR, capped="wait", if_late={"within": "1h", "otherwise": "skip"}),
        limits={"per_friend": {"gap": "20h"}},
    )
    tick_at(here, DUE)
    assert [tick_at(here, DUE + hours * HOUR) for hours in (1, 2, 21)] == [[Outcome.EMPTY], [], []]
    assert here.once_each()
    assert "capped: 3 within the gap; they wait" in audited(here)


def test_who_waits_and_blocks_meanwhile_is_not_sent_to(scene: Scenes) -> None:
    here = scene(
        at("a", DUE),
        at("b", DUE + HOUR, capped="wait", if_late={"within": "6h"}),
        limits={"per_friend": {"gap": "2h"}},
    )
    tick_at(here, DUE)
    tick_at(here, DUE + HOUR)
    blocked = [FriendRow(here.users[0], blocked=True)]
    here.with_store(lambda store: store.import_friends(here.client.name, blocked, DUE))
    assert tick_at(here, DUE + 2 * HOUR) == [Outcome.SENT]
    assert here.received() == Counter({here.users[0]: 1, here.users[1]: 2, here.users[2]: 2})


def test_two_runs_at_once_with_two_campaigns_keep_the_gap(scene: Scenes) -> None:
    specs = [at(name, DUE, messages=PERSONAL) for name in "abcd"]
    here = scene(*specs, limits={"per_friend": {"gap": "20h"}}, friends=40)
    here.move(DUE)

    async def together() -> None:
        await asyncio.gather(*(here.ticking() for _ in range(4)))

    asyncio.run(together())
    here.tick()
    assert here.once_each()


# --- the same text every minute to millions


def test_the_same_body_does_not_reach_the_same_friend_twice_within_the_window(scene: Scenes) -> None:
    same = ({"text": "セールのお知らせ"},)
    specs = [at(name, DUE + minutes * HOUR / 60, messages=same) for minutes, name in enumerate("abc")]
    here = scene(*specs, limits={"per_friend": {}})
    for minutes in range(3):
        tick_at(here, DUE + minutes * HOUR / 60)
    assert here.once_each()
    assert "capped: 3 read the same already; they are left out" in audited(here)


def test_the_same_rendering_is_known_again_behind_another_template(scene: Scenes) -> None:
    here = scene(
        at("a", DUE, messages=({"text": "F0さま"},), audience=REGULARS),
        at("b", DUE + HOUR, messages=PERSONAL),
        limits={"per_friend": {"same_body": "7d"}},
    )
    here.with_store(lambda store: store.import_friends(here.client.name, [_regular(here.users[0])], ARMED))
    tick_at(here, DUE)
    assert tick_at(here, DUE + HOUR) == [Outcome.SENT]
    assert here.once_each()


def test_a_weekly_reminder_may_say_the_same_every_week(scene: Scenes) -> None:
    weekly = {"cron": "0 10 * * 2", "if_late": {"within": "2h"}}
    here = scene(campaign("weekly", schedule=weekly), limits={"per_friend": {"same_body": "30d", "week": 1}})
    assert [tick_at(here, DUE + week * 7 * DAY) for week in range(3)] == [[Outcome.SENT]] * 3
    assert set(here.received().values()) == {3}


# --- nobody is woken


QUIET = {"quiet": "21:00-09:00"}


def test_what_is_due_at_night_is_sent_in_the_morning_in_its_order(scene: Scenes) -> None:
    evening = DUE + 12 * HOUR  # 22:00
    here = scene(at("z", evening), at("a", evening + HOUR), at("m", evening + 2 * HOUR), limits=QUIET)
    assert tick_at(here, evening + 2 * HOUR) == [Outcome.WAITING] * 3
    here.move(evening + 2 * HOUR)
    assert here.tick().exit_code == 0
    assert here.calls() == []
    morning = DUE + 23 * HOUR  # 09:00
    assert tick_at(here, morning) == [Outcome.SENT] * 3
    assert set(map(tuple, here.texts().values())) == {("this is z", "this is a", "this is m")}
    assert "waited: it was due in the quiet hours 21:00-09:00" in audited(here)


def test_what_waited_for_the_morning_is_late_from_then_on(scene: Scenes) -> None:
    here = scene(at("a", DUE + 12 * HOUR, if_late={"within": "1h"}), limits=QUIET)
    assert tick_at(here, DUE + 24 * HOUR + HOUR) == [Outcome.HELD]


@pytest.mark.parametrize(("rule", "outcome", "code"), [("skip", Outcome.SKIPPED, 0), ("hold", Outcome.HELD, 4)])
def test_what_came_due_before_the_night_and_would_be_too_late_after_it_is_not_promised_for_its_end(
    scene: Scenes, rule: str, outcome: Outcome, code: int
) -> None:
    evening = DUE + 10 * HOUR  # 20:00
    here = scene(at("a", evening, if_late={"within": "2h", "otherwise": rule}), limits=QUIET)
    here.move(evening + HOUR + 5 * MINUTES)
    report = here.tick()
    (entry,) = report.entries
    assert (entry.outcome, report.exit_code, report.next_due) == (outcome, code, None)
    assert "would be 13 hours late after the quiet hours until 2026-12-02T09:00; allowed is 2h" in entry.reason


def test_what_a_person_lets_go_at_night_goes_in_the_morning(scene: Scenes) -> None:
    evening = DUE + 10 * HOUR
    here = scene(at("a", evening, if_late="hold"), limits=QUIET)
    assert tick_at(here, evening + HOUR + 5 * MINUTES) == [Outcome.HELD]
    here.with_store(lambda store: release(store, here.client, "campaign.a", "2026-12-01T20:00", "mika", evening))
    here.move(evening + 2 * HOUR)
    report = here.tick()
    assert [entry.outcome for entry in report.entries] == [Outcome.WAITING]
    assert report.next_due == ("campaign.a", Due("2026-12-02T09:00", DUE + 23 * HOUR))
    assert tick_at(here, DUE + 23 * HOUR) == [Outcome.SENT]
    assert here.once_each()


def test_an_urgent_campaign_goes_out_at_night(scene: Scenes) -> None:
    here = scene(at("a", DUE + 12 * HOUR, quiet_hours="send"), limits=QUIET)
    assert tick_at(here, DUE + 12 * HOUR) == [Outcome.SENT]


def test_a_send_that_crashed_in_the_evening_goes_on_in_the_morning(scene: Scenes) -> None:
    evening = DUE + 10 * HOUR + HOUR / 2  # 20:30
    here = scene(at("a", evening, messages=PERSONAL, if_late={"within": "1h"}), limits=QUIET)
    here.move(evening)
    here.tick(should_stop=_after(1), concurrency=1)
    assert here.received().total() == 1
    assert tick_at(here, evening + HOUR) == [Outcome.WAITING]
    assert tick_at(here, DUE + 23 * HOUR) == [Outcome.SENT]
    assert here.once_each()


def _after(rounds: int) -> Any:
    """Asks a run to end after so many rounds of calls; it is asked once before its first campaign."""
    asked = iter(range(rounds + 1))
    return lambda: next(asked, None) is None


# --- a wrong send cannot be recalled: a few friends first

CANARY = [{"percent": 20, "wait": "45m"}, {"percent": 100}]
MINUTES = HOUR / 60
ALL_ONE_BY_ONE = {"where": {"attribute": "regular", "known": False}, "expect": {"max": 1000}}


def canary(scene: Scenes, **fields: Any) -> Scene:
    """A campaign to forty friends in two parts, due at ten."""
    here: Scene = scene(at("a", DUE, audience=ALL_ONE_BY_ONE, rollout=CANARY, **fields), friends=40)
    return here


def test_a_few_friends_are_first_and_the_others_follow_after_the_wait(scene: Scenes) -> None:
    here = canary(scene)
    here.move(DUE)
    (entry,) = here.tick().entries
    first = here.received()
    assert (entry.outcome, entry.exit_code, entry.recipients) == (Outcome.WAITING, 0, 40)
    assert 0 < entry.accepted == first.total() < 20
    here.move(DUE + 44 * MINUTES)
    (waiting,) = here.tick().entries
    assert (waiting.outcome, waiting.reason) == (Outcome.WAITING, "part 2 of the rollout follows at 2026-12-01T10:45")
    assert here.received() == first
    assert tick_at(here, DUE + 45 * MINUTES) == [Outcome.SENT]
    assert here.once_each()
    assert tick_at(here, DUE + HOUR) == []
    assert here.once_each()
    assert any(line.startswith("rollout: part 2 is sent") for line in audited(here))


@pytest.mark.parametrize("dry_run", [False, True])
def test_a_run_tells_the_next_part_of_a_rollout_as_what_comes_next(scene: Scenes, dry_run: bool) -> None:
    here = canary(scene)
    here.move(DUE)
    second = ("campaign.a", Due("2026-12-01T10:45", DUE + 45 * MINUTES))
    assert here.tick().next_due == second
    here.move(DUE + 20 * MINUTES)
    assert here.tick(dry_run=dry_run).next_due == second
    tick_at(here, DUE + 45 * MINUTES)
    assert here.tick(dry_run=dry_run).next_due is None


def test_what_waits_in_quiet_hours_comes_when_they_end(scene: Scenes) -> None:
    here = scene(at("a", DUE + 12 * HOUR), limits=QUIET)
    here.move(DUE + 13 * HOUR)
    report = here.tick()
    assert [entry.outcome for entry in report.entries] == [Outcome.WAITING]
    assert report.next_due == ("campaign.a", Due("2026-12-02T09:00", DUE + 23 * HOUR))


def test_a_part_that_would_open_in_quiet_hours_comes_when_they_end(scene: Scenes) -> None:
    evening = DUE + 10 * HOUR + HOUR / 2  # 20:30
    here = scene(at("a", evening, audience=ALL_ONE_BY_ONE, rollout=CANARY), friends=40, limits=QUIET)
    here.move(evening)
    assert here.tick().next_due == ("campaign.a", Due("2026-12-02T09:00", DUE + 23 * HOUR))


def test_a_part_whose_time_came_before_the_quiet_hours_comes_when_they_end(scene: Scenes) -> None:
    evening = DUE + 10 * HOUR  # 20:00; the second part at 20:45
    here = scene(
        at("a", evening, audience=ALL_ONE_BY_ONE, rollout=CANARY, if_late={"within": "1d"}), friends=40, limits=QUIET
    )
    tick_at(here, evening)
    here.move(evening + HOUR + 5 * MINUTES)
    report = here.tick()
    assert [entry.outcome for entry in report.entries] == [Outcome.WAITING]
    assert report.next_due == ("campaign.a", Due("2026-12-02T09:00", DUE + 23 * HOUR))
    assert tick_at(here, DUE + 23 * HOUR) == [Outcome.SENT]
    assert here.once_each()


def test_a_part_that_would_be_too_late_after_the_quiet_hours_is_held_before_them(scene: Scenes) -> None:
    evening = DUE + 10 * HOUR
    here = scene(at("a", evening, audience=ALL_ONE_BY_ONE, rollout=CANARY), friends=40, limits=QUIET)
    tick_at(here, evening)
    here.move(evening + HOUR + 5 * MINUTES)
    (held,) = here.tick().entries
    assert held.outcome is Outcome.HELD
    assert held.reason.startswith("part 2 of the rollout was due at 2026-12-01T20:45 and would be 12 hours late after")


def test_the_parts_are_frozen_once_so_that_the_audience_may_change_meanwhile(scene: Scenes) -> None:
    here = canary(scene, messages=PERSONAL)
    tick_at(here, DUE)
    renamed = [FriendRow(user, "another name") for user in here.users]
    here.with_store(lambda store: store.import_friends(here.client.name, renamed, DUE))
    here.with_store(lambda store: store.import_friends(here.client.name, [_regular(here.users[0])], DUE))
    assert tick_at(here, DUE + 45 * MINUTES) == [Outcome.SENT]
    assert here.once_each()
    assert not any("another" in text for texts in here.texts().values() for text in texts)


def test_a_dry_run_counts_the_calls_of_every_part(scene: Scenes) -> None:
    here = canary(scene)
    here.move(DUE)
    (entry,) = here.tick(dry_run=True).entries
    assert (entry.recipients, entry.calls) == (40, 2)


def test_refused_calls_in_the_first_part_hold_the_rest_until_a_person_lets_it_go(scene: Scenes) -> None:
    here = canary(scene)
    here.control.fault("error-before", path="/v2/bot/message/multicast", status=400, account=here.account)
    tick_at(here, DUE)
    assert here.received().total() == 0
    here.move(DUE + 45 * MINUTES)
    (held,) = here.tick().entries
    assert (held.outcome, held.exit_code) == (Outcome.HELD, 4)
    assert "1 call was refused in the first part of the rollout" in held.reason
    assert tick_at(here, DUE + 2 * HOUR) == []
    here.with_store(lambda store: release(store, here.client, "campaign.a", "2026-12-01T10:00", "mika", DUE))
    assert tick_at(here, DUE + 3 * HOUR) == [Outcome.PARTIAL]
    assert set(here.received().values()) == {1}
    assert 20 < here.received().total() < 40


def test_a_halt_in_the_first_part_holds_the_rest(scene: Scenes) -> None:
    here = canary(scene)
    tick_at(here, DUE)
    first = here.received()
    here.with_store(lambda store: halt(store, here.client.name, "mika", DUE + MINUTES))
    here.with_store(lambda store: resume(store, here.client.name, "mika", DUE + 2 * MINUTES))
    here.move(DUE + 45 * MINUTES)
    (held,) = here.tick().entries
    assert (held.outcome, held.reason) == (Outcome.HELD, "sending was halted in the middle of its rollout")
    assert here.received() == first
    here.with_store(lambda store: release(store, here.client, "campaign.a", "2026-12-01T10:00", "mika", DUE))
    assert tick_at(here, DUE + HOUR) == [Outcome.SENT]
    assert here.once_each()


def test_a_campaign_that_changes_in_the_middle_of_its_rollout_is_held(scene: Scenes) -> None:
    here = canary(scene)
    tick_at(here, DUE)
    here.with_store(lambda store: store.disarm(here.client.name, "campaign.a", DUE + MINUTES))
    assert tick_at(here, DUE + 45 * MINUTES) == [Outcome.HELD]


def test_the_rest_of_a_rollout_keeps_the_budget_of_that_moment(scene: Scenes) -> None:
    here = canary(scene)
    tick_at(here, DUE)
    here.limit({"monthly_messages": 30})
    here.move(DUE + 45 * MINUTES)
    (entry,) = here.tick().entries
    assert (entry.outcome, entry.guard) == (Outcome.BLOCKED, "G202")
    here.limit({})
    assert tick_at(here, DUE + HOUR) == [Outcome.SENT]
    assert here.once_each()


def test_the_rest_of_a_rollout_that_a_guard_stopped_until_it_was_too_late_says_so(scene: Scenes) -> None:
    here = canary(scene, if_late="hold")
    tick_at(here, DUE)
    here.limit({"monthly_messages": 30})
    assert tick_at(here, DUE + 45 * MINUTES) == [Outcome.BLOCKED]
    kept = here.with_store(lambda store: kept_back(store, here.client, here.clock.now()).stopped)
    assert [(one.key, one.guard) for one in kept] == [("2026-12-01T10:00", "G202")]
    here.move(DUE + 3 * HOUR)
    (held,) = here.tick().entries
    assert held.outcome is Outcome.HELD
    assert held.reason.startswith("part 2 of the rollout was due at 2026-12-01T10:45 and is 2 hours late")
    assert "; before that G202 stopped it: " in held.reason


def test_a_rollout_that_was_sent_to_testers_goes_on_to_its_end(scene: Scenes) -> None:
    """What is asked of a send before it begins is not asked of its later parts again: money alone is."""
    here = scene(
        at("a", DUE, audience=ALL_ONE_BY_ONE, rollout=CANARY),
        friends=40,
        limits={"tested_above": 2, "first_send": 40, "max_recipients": 40},
    )
    here.move(DUE - HOUR)
    _test(here, here.client.resources[Address(Kind.CAMPAIGN, "a")], here.users[0])
    assert tick_at(here, DUE) == [Outcome.WAITING]
    assert tick_at(here, DUE + 45 * MINUTES) == [Outcome.SENT]
    assert here.received() == Counter(here.users) + Counter(here.users[:1])


@pytest.mark.parametrize("rollout", [(), CANARY])
def test_what_a_person_lets_go_needs_no_second_test(scene: Scenes, rollout: Any) -> None:
    here = scene(
        at("a", DUE, audience=ALL_ONE_BY_ONE, messages=PERSONAL, rollout=rollout, if_late="hold"),
        friends=20,
        limits={"tested_above": 2},
    )
    here.move(DUE - HOUR)
    _test(here, here.client.resources[Address(Kind.CAMPAIGN, "a")], here.users[0])
    tested = here.received().total()
    here.move(DUE)
    here.tick(concurrency=1, should_stop=lambda: here.received().total() > tested)
    assert here.received().total() < 20
    assert tick_at(here, DUE + 4 * HOUR) == [Outcome.HELD]
    here.with_store(lambda store: release(store, here.client, "campaign.a", "2026-12-01T10:00", "mika", DUE))
    assert tick_at(here, DUE + 5 * HOUR) == [Outcome.SENT]
    assert here.received() == Counter(here.users) + Counter(here.users[:1])


def test_two_runs_at_once_open_a_part_once(scene: Scenes) -> None:
    here = canary(scene, messages=PERSONAL)
    tick_at(here, DUE)
    here.move(DUE + 45 * MINUTES)

    async def together() -> None:
        await asyncio.gather(*(here.ticking() for _ in range(3)))

    asyncio.run(together())
    here.tick()
    assert here.once_each()


# --- 500,000 people instead of a few


def test_a_send_never_reaches_more_than_one_send_may(scene: Scenes) -> None:
    here = scene(at("a", DUE), limits={"max_recipients": 2})
    here.move(DUE)
    (entry,) = here.tick().entries
    assert (entry.outcome, entry.guard, entry.exit_code) == (Outcome.BLOCKED, "G214", 4)
    assert here.calls() == []
    assert any(line.startswith("stopped by G214") for line in audited(here))


@pytest.mark.parametrize(
    ("fields", "guard"),
    [
        ({"audience": {"where": {"attribute": "regular", "known": False}}}, "G215"),
        ({"audience": ALL_ONE_BY_ONE}, ""),
        ({"audience": {"where": {"attribute": "regular", "known": False}}, "allow_almost_everyone": True}, ""),
        ({"audience": "everyone"}, ""),
    ],
)
def test_a_condition_that_chooses_almost_everyone_is_taken_for_a_mistake(
    scene: Scenes, fields: dict[str, Any], guard: str
) -> None:
    here = scene(at("a", DUE, **fields), friends=100)
    some = [_regular(user) for user in here.users[:3]]
    here.with_store(lambda store: store.import_friends(here.client.name, some, ARMED))
    here.move(DUE)
    (entry,) = here.tick(dry_run=True).entries
    assert entry.guard == guard


def test_a_large_send_waits_until_its_revision_was_sent_to_testers(scene: Scenes) -> None:
    here = scene(at("a", DUE), limits={"tested_above": 2})
    here.move(DUE)
    (entry,) = here.tick().entries
    assert (entry.outcome, entry.guard) == (Outcome.BLOCKED, "G216")
    resource = here.client.resources[Address(Kind.CAMPAIGN, "a")]
    _test(here, resource, "U" + "0" * 32)
    assert tick_at(here, DUE) == [Outcome.BLOCKED], "LINE refused that test: nobody read it"
    _test(here, resource, here.users[0])
    assert tick_at(here, DUE) == [Outcome.SENT]


def _test(here: Scene, resource: Any, user: str) -> None:
    async def send() -> None:
        account = opened(here)
        try:
            with open_store(here.url) as store:
                await send_test(here.client, resource, [user], account, store, here.clock)
        finally:
            await account.close()

    asyncio.run(send())


def test_the_first_campaign_of_a_client_is_a_small_one(scene: Scenes) -> None:
    here = scene(at("a", DUE), at("small", DUE + HOUR, audience=REGULARS), limits={"first_send": 2})
    here.move(DUE)
    (entry,) = here.tick().entries
    assert (entry.outcome, entry.guard) == (Outcome.BLOCKED, "G224")
    assert "the client's first campaign" in entry.reason
    assert any(said.startswith("stopped by G224") for said in audited(here))
    here.with_store(lambda store: store.import_friends(here.client.name, [_regular(here.users[0])], ARMED))
    here.move(DUE + HOUR)
    found = {entry.address: entry.outcome for entry in here.tick().entries}
    assert found["campaign.small"] is Outcome.SENT
    # Not the first one any more.
    assert [entry.outcome for entry in here.tick().entries] == [Outcome.SENT]


def test_what_is_due_outside_of_the_windows_is_sent_when_one_opens(scene: Scenes) -> None:
    windows = {"allow": [{"hours": "12:00-18:00"}], "deny": [{"starts": "2026-12-01", "ends": "2026-12-01"}]}
    here = scene(at("a", DUE, if_late={"within": "6h"}), limits={"windows": windows})
    assert tick_at(here, DUE) == [Outcome.WAITING]
    assert tick_at(here, DUE + DAY) == [Outcome.WAITING]
    assert tick_at(here, DUE + DAY + 2 * HOUR) == [Outcome.SENT]
    assert here.once_each()
    assert "waited: it was due outside of the windows for sends" in audited(here)
