"""Rows of the table of the mission about what must be sent, from YAML alone: each test reads like its row."""

from __future__ import annotations

import asyncio
import tracemalloc
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from lineform.loading import load_project
from lineform.loading.project import read_project
from lineform.ports.friends import FriendRow
from lineform.run.freeze import freeze
from lineform.run.options import Records, Run, TickOptions
from lineform.run.outcome import Outcome
from lineform.run.prepare import prepare
from lineform.sending.batches import grouped
from lineform.sending.due import Due
from lineform.sending.revision import read_revision, revision
from lineform.sending.status import SendStatus
from lineform.store.open import open_store
from support.delivering import ARMED, DUE, Scene, opened
from support.stores import user

PROJECT = "kind: project\nname: workspace\n"
CLIENT = """kind: client
name: centre
title: 中央ショッピングセンター
bot: U00000000000000000000000000000001
token: {env: CENTRE_TOKEN}
uses: {campaigns: ["*"]}
limits: {monthly_messages: 5000}
plan: {included: 200, yen_per_message: 3}
"""
WORDS = """kind: attributes
name: words
attributes: {name: {type: text}, visits: {type: number}, birthday: {type: date}}
tags: {vip: {}, opted-out: {}}
"""
EVERYONE = """kind: campaign
name: closing
audience: everyone
schedule: {at: "2026-12-01T10:00"}
messages: [{text: 本日は18時に閉店します}]
"""
BY_NAME = """kind: campaign
name: greeting
audience: {everyone: true}
schedule: {at: "2026-12-01T10:00"}
messages: [{text: "{{ friend.name | default('お客') }}さま、こんにちは"}]
"""
POOL = 'kind: codes\nname: gift\nexpires: "2026-12-31"\nowner: 販促課\n'
GIFT = """kind: campaign
name: gift
audience: {where: {member: linked}}
schedule: {at: "2026-12-01T10:00"}
messages: [{text: "ギフトコード {{ code.gift }}（{{ run.date | add_days(7) | date }}まで）"}]
"""
SALE = """kind: campaign
name: sale
audience: {where: {member: linked}}
schedule: {at: "2026-12-01T10:00"}
messages: [{text: 会員さま限定セールを開催中です}]
"""
SOME = """kind: campaign
name: some
audience: {where: {any: [{all: [{tag: vip}, {not: {tag: opted-out}}]}, {attribute: visits, at_least: 3}]}}
schedule: {at: "2026-12-01T10:00"}
messages: [{text: いつもありがとうございます}]
"""
SEGMENT = "kind: segment\nname: some-segment\nwhere: {tag: vip}\n"
ONCE = """kind: campaign
name: once
audience: everyone
schedule: {at: "2026-12-01T10:00", if_late: RULE}
messages: [{text: 一度だけのお知らせ}]
"""
MORNINGS = """kind: campaign
name: mornings
audience: everyone
schedule:
  cron: "0 9 * * *"
  timezone: Asia/Singapore
  starts: "2026-12-29"
  except_on: ["2026-12-30"]
  holidays: skip
  if_late: {within: 2h, otherwise: skip}
messages: [{text: "{{ run.date | date }}のおすすめ"}]
"""
NEW_YEAR = """kind: campaign
name: new-year
audience: everyone
schedule: {cron: "0 10 1 1 *", if_late: {within: 6h, otherwise: skip}}
messages: [{text: あけましておめでとうございます}]
"""
CLOSED = """kind: campaign
name: closed
audience: everyone
schedule: {at: "2026-12-28T10:00"}
messages: [{text: 年末年始はお休みをいただきます}]
"""
BIRTHDAY = """kind: campaign
name: birthday
audience: {where: {anniversary: birthday, in: SPAN}}
schedule: {cron: "0 8 * * *", starts: "2026-12-02", if_late: {within: 6h, otherwise: skip}}
messages: [{text: お誕生日おめでとうございます}]
"""


def written(folder: Path, **campaigns: str) -> Path:
    """A workspace with these files."""
    files = {"lineform.yaml": PROJECT, "clients/centre.yaml": CLIENT, "segments/words.yaml": WORDS}
    for text in campaigns.values():
        folder_of = "campaigns" if text.startswith("kind: campaign\n") else "segments"
        files[f"{folder_of}/{_stem(text)}.yaml"] = text
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def _stem(text: str) -> str:
    return text.partition("name: ")[2].partition("\n")[0]


def living(origin: str, folder: Path, friends: int = 3, quota: int | None = 5000, **campaigns: str) -> Scene:
    """The workspace's client at an offline account of its own, armed."""
    declared = load_project(written(folder, **campaigns)).clients["centre"]
    here = Scene(origin, folder, friends=friends, plan_limit=quota)
    spec = declared.spec.model_copy(update={"bot": here.bot})
    here.client = replace(declared, name=here.client.name, spec=spec)
    here.arm()
    here.move(DUE)
    return here


# --- D1 | broadcast | needs the word `everyone`; the plan prints people, cost, quota left


def test_d1_a_broadcast_needs_the_word_everyone(tmp_path: Path) -> None:
    for nobody in ("", "audience: {}\n", "audience: {where: {}}\n", "audience: all\n"):
        loaded = read_project(written(tmp_path, closing=EVERYONE.replace("audience: everyone\n", nobody)))
        assert loaded.project is None
        assert {problem.address for problem in loaded.problems} == {"campaign.closing"}


def test_d1_the_plan_prints_people_and_cost_and_it_is_one_call(origin: str, tmp_path: Path) -> None:
    here = living(origin, tmp_path, closing=EVERYONE)
    (would,) = here.tick(dry_run=True).entries
    assert would.cost is not None
    assert (would.recipients, would.calls, would.cost.messages, would.cost.yen) == (3, 1, 3, 0)
    assert would.why == "broadcast: one text for everyone, one call"
    (entry,) = here.tick().entries
    assert (entry.outcome, [call["path"].rpartition("/")[2] for call in here.calls()]) == (
        Outcome.SENT,
        ["broadcast"],
    )
    assert here.once_each()


# --- D2 | attribute send with the name inserted | one personal push per distinct rendering; equal renderings share a
# --- multicast; an undefined variable fails validation


def test_d2_distinct_renderings_are_pushed_and_equal_ones_share_a_multicast(origin: str, tmp_path: Path) -> None:
    here = living(origin, tmp_path, friends=5, greeting=BY_NAME)
    rows = [
        FriendRow(here.users[0], attributes={"name": "佐藤"}),
        FriendRow(here.users[1], attributes={"name": "鈴木"}),
    ]
    here.with_store(lambda store: store.import_friends(here.client.name, rows, ARMED))
    assert [entry.outcome for entry in here.tick().entries] == [Outcome.SENT]
    assert sorted(call["path"].rpartition("/")[2] for call in here.calls()) == ["multicast", "push", "push"]
    read = {one: texts[0] for one, texts in here.texts().items()}
    assert [read[one] for one in here.users[:3]] == [
        "佐藤さま、こんにちは",
        "鈴木さま、こんにちは",
        "お客さま、こんにちは",
    ]


def test_d2_an_undefined_variable_fails_validation_with_its_place(tmp_path: Path) -> None:
    loaded = read_project(written(tmp_path, greeting=BY_NAME.replace("friend.name |", "friend.nmae |")))
    (problem,) = loaded.problems
    assert (problem.code, problem.hint) == ("E026", "did you mean 'name'?")
    assert str(problem.origin).startswith("campaigns/greeting.yaml:5:")


# --- U3 | shopping centre with 8.3 million friends: member link with gift code, sale for linked members; memory bounded


def test_u3_linked_members_get_a_gift_code_each_and_the_sale_and_nobody_else_does(origin: str, tmp_path: Path) -> None:
    here = living(origin, tmp_path, friends=6, gift=GIFT, pool=POOL, sale=SALE)
    rows = [FriendRow(one, member_id=f"M{number}") for number, one in enumerate(here.users[:4])]
    here.with_store(lambda store: store.import_friends(here.client.name, rows, ARMED))
    codes = [f"GIFT-{number}" for number in range(10)]
    here.with_store(lambda store: store.import_codes(here.client.name, "gift", codes, ARMED))
    assert [entry.outcome for entry in here.tick().entries] == [Outcome.SENT, Outcome.SENT]
    read = here.texts()
    assert set(read) == set(here.users[:4])
    assert len({code for texts in read.values() for code in codes if code in " ".join(texts)}) == 4
    assert all("12月8日まで" in " ".join(texts) for texts in read.values())
    by_route = sorted(call["path"].rpartition("/")[2] for call in here.calls())
    assert by_route == ["multicast", "push", "push", "push", "push"]


def test_u3_memory_does_not_grow_with_the_friends_who_are_given_a_code(
    origin: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As many wait for another with the same rendering as in a send to millions, in the proportion of this one.
    monkeypatch.setattr("lineform.run.freeze.grouped", partial(grouped, pending=500))
    few, many = (_peak_of_a_freeze(origin, tmp_path / str(people), people) for people in (2_000, 6_000))
    assert many < 1.25 * few


def _peak_of_a_freeze(origin: str, folder: Path, people: int) -> int:
    """Bytes at the highest, while so many members are given their codes."""
    folder.mkdir()
    here = living(origin, folder, friends=1, quota=None, gift=GIFT, pool=POOL)
    # A tenth more are no members: a condition that chooses almost everyone would stop the send.
    every = range(1, people + people // 10 + 1)
    members = (FriendRow(user(number), member_id=f"M{number}" if number <= people else None) for number in every)
    with open_store(here.url) as store:
        store.import_friends(here.client.name, members, ARMED)
        store.import_codes(here.client.name, "gift", (f"GIFT-{number}" for number in range(people)), ARMED)

    async def frozen() -> int:
        account = opened(here)
        owner = replace(here.client, limits=here.client.limits.model_copy(update={"monthly_messages": None}))
        with open_store(here.url) as store:
            records = Records(store)
            run = Run(owner, account, records, here.clock, TickOptions(chunk=250))
            try:
                resource = next(r for r in owner.resources.values() if str(r.address) == "campaign.gift")
                made = revision(owner, resource)
                due = Due("2026-12-01T10:00", DUE)
                tracemalloc.start()
                prepared = await prepare(run, "campaign.gift", made.digest, due, read_revision(made.body))
                assert await freeze(run, prepared) is not None
                return tracemalloc.get_traced_memory()[1]
            finally:
                tracemalloc.stop()
                records.close()
                await account.close()

    peak = asyncio.run(frozen())
    (pool,) = here.with_store(lambda store: store.pool_counts(here.client.name))
    assert (pool.free, pool.given) == (0, people)
    return peak


# --- D6 | any segment | boolean tree; an empty tree is an error; blocked friends never included


def test_d6_a_boolean_tree_chooses_and_never_a_blocked_friend(origin: str, tmp_path: Path) -> None:
    here = living(origin, tmp_path, friends=6, some=SOME)
    chosen, opted_out, often, nothing, blocked, blocked_often = here.users
    rows = [
        FriendRow(chosen, tags=("vip",)),
        FriendRow(opted_out, tags=("vip", "opted-out")),
        FriendRow(often, attributes={"visits": 5}, tags=("opted-out",)),
        FriendRow(nothing, attributes={"visits": 2}),
        FriendRow(blocked, tags=("vip",), blocked=True),
        FriendRow(blocked_often, attributes={"visits": 9}, blocked=True),
    ]
    here.with_store(lambda store: store.import_friends(here.client.name, rows, ARMED))
    (entry,) = here.tick().entries
    assert (entry.outcome, entry.recipients) == (Outcome.SENT, 2)
    assert here.received() == {chosen: 1, often: 1}


@pytest.mark.parametrize("tree", ["{}", "{any: []}", "{all: []}", "{not: {}}", "{all: [{tag: vip}, {any: []}]}"])
def test_d6_an_empty_tree_is_an_error(tmp_path: Path, tree: str) -> None:
    campaign = SOME.replace(SOME.partition("where: ")[2].partition("}\nschedule")[0], tree)
    segment = SEGMENT.replace("{tag: vip}", tree)
    loaded = read_project(written(tmp_path, some=campaign, segment=segment))
    assert loaded.project is None
    assert {problem.address for problem in loaded.problems} == {"campaign.some", "segment.some-segment"}


# --- D8 | scheduled and recurring | `at` and `cron` with time zone, holidays, exclusions; late runner: hold, skip or
# --- send by rule; never twice


@pytest.mark.parametrize(
    ("rule", "outcome"), [("hold", Outcome.HELD), ("skip", Outcome.SKIPPED), ("{within: 2h}", Outcome.SENT)]
)
def test_d8_a_late_runner_holds_skips_or_sends_by_rule(
    origin: str, tmp_path: Path, rule: str, outcome: Outcome
) -> None:
    here = living(origin, tmp_path, once=ONCE.replace("RULE", rule))
    here.move(DUE + timedelta(hours=1))
    assert [entry.outcome for entry in here.tick().entries] == [outcome]
    assert here.tick().entries == ()
    assert here.once_each() is (outcome is Outcome.SENT)


def test_d8_a_rule_keeps_its_time_zone_holidays_and_exclusions_and_never_sends_twice(
    origin: str, tmp_path: Path
) -> None:
    here = living(origin, tmp_path, mornings=MORNINGS)
    nine = datetime(2026, 12, 29, 1, tzinfo=UTC)  # in Singapore
    on_time, excluded, too_late, holiday, late = (nine + timedelta(days=day) for day in range(5))
    assert here.tick().entries == ()
    for moment in (
        on_time - timedelta(minutes=1),
        on_time,
        on_time + timedelta(minutes=30),
        excluded,
        too_late + timedelta(hours=3),
        holiday,
        late + timedelta(hours=1),
        late + timedelta(hours=2),
    ):
        here.move(moment)
        asyncio.run(_twice_at_once(here))
    assert [(send.key, send.status) for send in here.sends()] == [
        ("2026-12-29T09:00", SendStatus.SENT),
        ("2026-12-31T09:00", SendStatus.SKIPPED),
        ("2027-01-02T09:00", SendStatus.SENT),
    ]
    assert here.texts() == {user: ["12月29日のおすすめ", "1月2日のおすすめ"] for user in here.users}


async def _twice_at_once(here: Scene) -> None:
    await asyncio.gather(here.ticking(), here.ticking())


# --- D9 | greeting, closed days, birthday | once per person per year even when it runs daily


def test_d9_a_greeting_and_the_closed_days_are_told_once_a_year(origin: str, tmp_path: Path) -> None:
    here = living(origin, tmp_path, greeting=NEW_YEAR, closed=CLOSED)
    for day in [*days_from("2026-12-27", 7), *days_from("2027-12-27", 7)]:
        here.move(day)
        here.tick()
    year = ["あけましておめでとうございます"]
    assert here.texts() == {user: ["年末年始はお休みをいただきます", *year, *year] for user in here.users}


@pytest.mark.parametrize("span", ["today", "this_month", "next_7_days"])
def test_d9_a_birthday_is_congratulated_once_a_year_though_it_runs_daily_and_the_day_is_corrected(
    origin: str, tmp_path: Path, span: str
) -> None:
    here = living(origin, tmp_path, friends=3, birthday=BIRTHDAY.replace("SPAN", span))
    moving, staying, _ = here.users

    def born(user: str, day: str) -> None:
        row = FriendRow(user, attributes={"birthday": day})
        here.with_store(lambda store: store.import_friends(here.client.name, [row], here.clock.now()))

    born(moving, "1990-12-04")
    born(staying, "2000-12-31")
    for day in days_from("2026-12-02", 33):
        here.move(day)
        here.tick()
        if day.day in {5, 15}:
            born(moving, f"1990-12-{day.day + 2:02}")
    assert here.received() == {moving: 1, staying: 1}
    for day in days_from("2027-12-01", 31):
        here.move(day)
        here.tick()
    assert here.received() == {moving: 2, staying: 2}


def days_from(first: str, count: int) -> list[datetime]:
    """Ten o'clock in Japan of so many days."""
    return [datetime.fromisoformat(f"{first}T01:00+00:00") + timedelta(days=day) for day in range(count)]
