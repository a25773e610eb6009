"""Rows of the table of the mission about what must be sent, from YAML alone: each test reads like its row."""

from __future__ import annotations

import asyncio
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from lineform.loading import load_project
from lineform.loading.project import read_project
from lineform.ports.store import FriendRow
from lineform.run.freeze import freeze
from lineform.run.options import Records, Run, TickOptions
from lineform.run.outcome import Outcome
from lineform.run.prepare import prepare
from lineform.sandbox.server import SandboxServer
from lineform.sending.batches import grouped
from lineform.sending.due import Due
from lineform.sending.revision import read_revision, revision
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
WORDS = "kind: attributes\nname: words\nattributes: {name: {type: text}}\n"
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


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    with SandboxServer() as server:
        yield server.origin


def written(folder: Path, **campaigns: str) -> Path:
    """A workspace with these files."""
    files = {"lineform.yaml": PROJECT, "clients/centre.yaml": CLIENT, "segments/words.yaml": WORDS}
    files |= {f"{'segments' if text is POOL else 'campaigns'}/{_stem(text)}.yaml": text for text in campaigns.values()}
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
