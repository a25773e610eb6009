"""Test sends reach testers alone, followers come from LINE where it tells them, and a worker ends when asked to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from lineform.errors import BlockedError, CredentialError, UsageError
from lineform.ports.friends import FriendCount, FriendRow, ImportCount
from lineform.ports.line_account import FollowerPage, LineAccount
from lineform.run.followers import sync_followers
from lineform.run.outcome import Outcome, TickReport
from lineform.run.testsend import TestReport, send_test
from lineform.run.worker import work
from lineform.segments.friend import Friend
from lineform.store.open import open_store
from support.declared_clients import campaign
from support.delivering import DUE, Scene, Scenes, opened

PERSONAL = ({"text": "{{ friend.display_name }}さまへのテスト"},)
SYNTHETIC = Friend(0, "", "花子", "ja", None, False, {}, frozenset())


def sent_to(here: Scene, testers: list[str], **options: Any) -> TestReport:
    async def go() -> TestReport:
        account = opened(here)
        try:
            with open_store(here.url) as store:
                (resource,) = here.client.resources.values()
                return await send_test(here.client, resource, testers, account, store, here.clock, **options)
        finally:
            await account.close()

    return asyncio.run(go())


def test_testers_read_their_own_data_and_nobody_else_reads_anything(scene: Scenes) -> None:
    here = scene(campaign("a", messages=PERSONAL), plan_limit=100)
    report = sent_to(here, [here.users[1], here.users[1]])
    assert (report.cost, report.quota_left) == (1, 100)
    assert [result.refused for result in report.results] == [""]
    assert here.texts() == {here.users[1]: ["F1さまへのテスト"]}


def test_a_tester_whom_the_store_does_not_know_reads_synthetic_data(scene: Scenes) -> None:
    here = scene(campaign("a", messages=PERSONAL))
    (stranger,) = here.control.add_friends(here.account, 1)
    sent_to(here, [stranger], synthetic=SYNTHETIC)
    assert here.texts() == {stranger: ["花子さまへのテスト"]}


def test_testing_twice_sends_twice_and_a_lost_answer_does_not(scene: Scenes) -> None:
    here = scene(campaign("a", messages=PERSONAL))
    here.control.fault("cut-after", path="/v2/bot/message/push")
    sent_to(here, here.users[:1])
    here.control.clear_faults()
    assert here.received() == {here.users[0]: 1}
    sent_to(here, here.users[:1])
    assert here.received() == {here.users[0]: 2}


def test_a_test_is_no_send_of_the_campaign(scene: Scenes) -> None:
    here = scene(campaign("a"))
    sent_to(here, here.users[:1])
    assert here.sends() == []
    here.move(DUE)
    here.tick()
    assert here.received() == {here.users[0]: 2, here.users[1]: 1, here.users[2]: 1}


def test_a_tester_whom_line_refuses_is_named_by_place(scene: Scenes) -> None:
    here = scene(campaign("a"))
    report = sent_to(here, ["U" + "e" * 32, here.users[0]])
    assert [bool(result.refused) for result in report.results] == [True, False]
    assert report.cost == 1


def test_too_many_testers_or_too_little_quota_send_nothing(scene: Scenes) -> None:
    here = scene(campaign("a"), friends=12, plan_limit=2)
    for testers, guard in ((here.users, "G212"), (here.users[:3], "G201")):
        with pytest.raises(BlockedError) as stop:
            sent_to(here, testers)
        assert stop.value.code == guard
    with pytest.raises(UsageError, match="no tester"):
        sent_to(here, [])
    assert here.received().total() == 0


def followed(here: Scene, pages: list[ImportCount], **options: Any) -> ImportCount:
    async def go() -> ImportCount:
        account = opened(here)
        try:
            with open_store(here.url) as store:
                return await sync_followers(account, store, here.client, here.clock, pages.append, **options)
        finally:
            await account.close()

    return asyncio.run(go())


def test_followers_are_imported_page_by_page_with_their_names(scene: Scenes) -> None:
    here = scene(campaign("a"), friends=0)
    here.control.add_friends(here.account, [{"displayName": f"N{index}"} for index in range(30)])
    pages: list[ImportCount] = []
    assert followed(here, pages, profiles=True) == ImportCount(added=30)
    assert pages[-1] == ImportCount(added=30)
    assert here.with_store(lambda store: store.count_friends(here.client.name)) == FriendCount(30, 0)
    here.move(DUE)
    assert followed(here, pages) == ImportCount(unchanged=30)


def test_an_unverified_account_is_told_what_it_cannot_do(scene: Scenes) -> None:
    here = scene(campaign("a"), verified=False)
    with pytest.raises(BlockedError, match="not verified") as stop:
        followed(here, [])
    assert "import" in stop.value.hint


def counts(here: Scene) -> FriendCount:
    return here.with_store(lambda store: store.count_friends(here.client.name))


def test_who_is_not_in_the_whole_list_any_more_blocks_the_account(scene: Scenes) -> None:
    here = scene(campaign("a"), friends=12)
    here.move(DUE)
    here.control.block(here.account, here.users[0])
    here.control.delete_user(here.account, here.users[1])
    assert followed(here, []) == ImportCount(unchanged=10, gone=2)
    assert counts(here) == FriendCount(10, 2)
    assert followed(here, []) == ImportCount(unchanged=10)
    here.control.unblock(here.account, here.users[0])
    here.move(DUE + timedelta(minutes=1))
    assert followed(here, []) == ImportCount(changed=1, unchanged=10)


def test_a_list_that_lacks_many_friends_marks_nobody_without_a_word(scene: Scenes) -> None:
    here = scene(campaign("a"), friends=30)
    here.move(DUE)
    for user in here.users[:11]:
        here.control.block(here.account, user)
    with pytest.raises(BlockedError, match="lacks 11 of the 30 friends") as stop:
        followed(here, [])
    assert "--allow-many-gone" in stop.value.hint
    assert counts(here) == FriendCount(30, 0)
    assert followed(here, [], many=True) == ImportCount(unchanged=19, gone=11)
    assert counts(here) == FriendCount(19, 11)


def test_an_empty_list_marks_nobody_without_a_word(scene: Scenes) -> None:
    here = scene(campaign("a"), friends=1)
    here.move(DUE)
    here.control.block(here.account, here.users[0])
    with pytest.raises(BlockedError, match="list of 0 followers lacks 1 of the 1"):
        followed(here, [])


class Meanwhile:
    """LINE's list, in whose first moment something else is written down."""

    def __init__(self, account: LineAccount, happens: Callable[[], object]) -> None:
        self._account = account
        self._happens = happens

    def __getattr__(self, name: str) -> Any:
        return getattr(self._account, name)

    async def followers(self, start: str = "", limit: int = 1000) -> FollowerPage:
        page = await self._account.followers(start, limit)
        self._happens()
        return page


def test_what_friends_do_while_the_list_is_read_counts_more_than_the_list(scene: Scenes) -> None:
    here = scene(campaign("a"), friends=3)
    here.move(DUE)
    stays, leaves, comes = here.users
    here.control.block(here.account, comes)

    async def go() -> ImportCount:
        account = opened(here)
        try:
            with open_store(here.url) as store:
                told = [FriendRow(leaves, blocked=True), FriendRow(comes, followed_at=DUE, blocked=False)]
                odd = Meanwhile(account, lambda: store.import_friends(here.client.name, told, DUE))
                return await sync_followers(odd, store, here.client, here.clock)
        finally:
            await account.close()

    assert asyncio.run(go()).gone == 0
    blocked = {
        one.user_id: one.blocked for one in here.with_store(lambda store: list(store.every_friend(here.client.name)))
    }
    assert blocked == {stays: False, leaves: True, comes: False}


def test_followers_of_another_bot_are_not_taken(scene: Scenes) -> None:
    here, other = scene(campaign("a")), scene(campaign("a"))
    here.token = other.token
    with pytest.raises(CredentialError, match="belongs to the bot"):
        followed(here, [])


def test_a_worker_ticks_in_its_rhythm_until_it_is_asked_to_end(scene: Scenes) -> None:
    here = scene(campaign("a"))
    here.move(DUE)
    stop = asyncio.Event()
    seen: list[TickReport] = []

    async def go() -> None:
        async for found in work(here.ticking, here.clock, stop, every=10.0):
            seen.append(found)
            if len(seen) == 3:
                stop.set()

    asyncio.run(go())
    assert [len(report.entries) for report in seen] == [1, 0, 0]
    assert (here.clock.now() - DUE).total_seconds() == 20


def test_a_run_that_is_asked_to_end_leaves_the_rest_to_the_next(scene: Scenes) -> None:
    here = scene(campaign("a", messages=PERSONAL, allow_test_word=True), friends=5)
    here.move(DUE)
    asked = iter([False, False, False])
    (entry,) = here.tick(concurrency=2, should_stop=lambda: next(asked, True)).entries
    assert (entry.outcome, entry.accepted) == (Outcome.UNFINISHED, 4)
    assert "asked to end" in entry.reason
    (entry,) = here.tick().entries
    assert (entry.outcome, entry.accepted) == (Outcome.SENT, 5)
    assert here.once_each()
