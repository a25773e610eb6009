"""An audience of LINE's from the segment to the narrowcast, at the offline account."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from lineform.apply.desk import Desk
from lineform.apply.images import menu_image
from lineform.apply.result import ApplyResult
from lineform.apply.walk import Approved, apply_plan, fresh_plan
from lineform.model.address import Kind
from lineform.model.audience import SegmentSpec
from lineform.planning.options import PlanOptions
from lineform.ports.friends import FriendRow
from lineform.run.options import new_worker
from lineform.run.outcome import Outcome, TickEntry
from lineform.sending.revision import revision
from lineform.store.open import open_store
from support.declared_clients import client
from support.delivering import ARMED, DUE, Crash, Dying, Scene, opened
from support.line_audiences import audience_specs

Wrap = Callable[[Any], Any]


def unchanged(port: Any) -> Any:
    return port


class Salon:
    """Five friends, the first three of them regulars, and a narrowcast to the regulars tomorrow."""

    def __init__(self, origin: str, folder: Path, **fields: Any) -> None:
        self.scene = Scene(origin, folder, friends=5)
        self.scene.client = client(*audience_specs(**fields), name=self.scene.client.name, bot=self.scene.bot)
        self.tag(*self.scene.users[:3])

    def tag(self, *users: str) -> None:
        self._import([FriendRow(user, tags=("regular",)) for user in users])

    def untag(self, user: str) -> None:
        self._import([FriendRow(user, untag=("regular",))])

    def _import(self, rows: list[FriendRow]) -> None:
        self.scene.with_store(lambda store: store.import_friends(self.scene.client.name, rows, ARMED))

    def apply(self, wrap: Wrap = unchanged) -> ApplyResult:
        return asyncio.run(self._applying(wrap))

    async def _applying(self, wrap: Wrap) -> ApplyResult:
        owner, options = self.scene.client, PlanOptions()
        revisions = {str(r.address): revision(owner, r) for r in owner.of(Kind.CAMPAIGN)}
        account = opened(self.scene)
        try:
            with open_store(self.scene.url) as store:
                desk = Desk(owner.name, wrap(account), wrap(store), menu_image, self.scene.clock, new_worker())
                plan, _ = await fresh_plan(desk, owner, revisions, options)
                return await apply_plan(desk, owner, Approved(plan, options), revisions)
        finally:
            await account.close()

    def tick(self) -> TickEntry:
        (entry,) = self.scene.tick().entries
        return entry

    def wait(self, **length: float) -> None:
        self.scene.move(self.scene.clock.now() + timedelta(**length))

    def settle(self) -> None:
        """LINE finishes, and what is replaced goes."""
        for _ in range(2):
            self.wait(minutes=1)
            self.apply()

    def members(self) -> list[list[str]]:
        """Of every audience on the account, as only the offline one tells."""
        return [one["members"] for one in self.scene.control.audiences(self.scene.account)]


@pytest.fixture
def salon(origin: str, tmp_path: Path) -> Salon:
    return Salon(origin, tmp_path)


def test_the_regulars_are_uploaded_and_get_one_narrowcast(salon: Salon) -> None:
    salon.apply()
    salon.wait(minutes=1)
    assert salon.members() == [sorted(salon.scene.users[:3])]
    assert salon.apply().steps == ()
    salon.scene.move(DUE)
    assert salon.tick().outcome is Outcome.ACCEPTED
    salon.wait(minutes=1)
    assert salon.tick().outcome is Outcome.SENT
    assert salon.scene.received() == dict.fromkeys(salon.scene.users[:3], 1)
    (call,) = salon.scene.calls()
    (audience,) = salon.scene.control.audiences(salon.scene.account)
    assert call["body"]["recipient"] == {"type": "audience", "audienceGroupId": audience["audienceGroupId"]}
    assert call["body"]["limit"] == {"max": 3}


def test_a_limit_bounds_the_narrowcast(origin: str, tmp_path: Path) -> None:
    salon = Salon(origin, tmp_path, audience={"audience": "regulars", "limit": 2})
    salon.apply()
    salon.scene.move(DUE)
    salon.tick()
    salon.wait(minutes=1)
    assert salon.tick().recipients == 2
    assert sum(salon.scene.received().values()) == 2


def test_an_audience_that_is_not_ready_stops_the_send_and_not_for_good(salon: Salon) -> None:
    salon.scene.control.change(salon.scene.account, audience_seconds=7200)
    salon.scene.move(DUE - timedelta(minutes=1))
    salon.apply()
    salon.scene.move(DUE)
    stopped = salon.tick()
    assert (stopped.outcome, stopped.guard) == (Outcome.BLOCKED, "G221")
    assert salon.scene.calls() == []
    salon.scene.control.change_audience(
        salon.scene.account, salon.scene.control.audiences(salon.scene.account)[0]["audienceGroupId"], status="READY"
    )
    assert salon.tick().guard == "G221", "its upload is still running"


def test_nobody_who_left_the_segment_is_sent_to(salon: Salon) -> None:
    first, second, third, *_ = salon.scene.users
    salon.apply()
    salon.wait(minutes=1)
    salon.untag(first)
    salon.scene.move(DUE)
    stopped = salon.tick()
    assert (stopped.outcome, stopped.guard) == (Outcome.BLOCKED, "G222")
    salon.settle()
    assert salon.members() == [sorted([second, third])]
    assert salon.tick().outcome is Outcome.ACCEPTED
    salon.wait(minutes=1)
    assert salon.scene.received() == {second: 1, third: 1}


def test_people_who_leave_all_the_time_do_not_pile_up_audiences_that_are_never_ready(salon: Salon) -> None:
    control, account = salon.scene.control, salon.scene.account
    control.change(account, audience_seconds=7200)
    salon.tag(*salon.scene.users)
    salon.apply()
    made = []
    for user in salon.scene.users[:4]:
        salon.wait(minutes=15)
        salon.untag(user)
        salon.apply()
        made.append(len(control.audiences(account)))
    assert made == [1, 1, 1, 1]
    salon.wait(hours=2)
    salon.apply()
    salon.wait(hours=3)
    salon.apply()
    assert salon.members() == [[salon.scene.users[4]]]
    salon.scene.move(DUE)
    assert salon.tick().outcome is Outcome.ACCEPTED


def test_who_joined_since_is_added_by_the_next_apply(salon: Salon) -> None:
    salon.apply()
    salon.tag(salon.scene.users[3])
    salon.settle()
    assert salon.members() == [sorted(salon.scene.users[:4])]
    (audience,) = salon.scene.control.audiences(salon.scene.account)
    creates = [one for one in salon.scene.control.requests() if one["method"] == "POST" and "upload" in one["path"]]
    assert audience["status"] == "READY"
    assert len([one for one in creates if one["account"] == salon.scene.account]) == 1


def test_a_failed_upload_is_made_good(salon: Salon) -> None:
    salon.scene.control.fail_next_audience_job(salon.scene.account)
    salon.apply()
    salon.wait(minutes=1)
    assert salon.members() == [[]]
    salon.wait(hours=2)
    salon.settle()
    salon.settle()
    assert salon.members()[-1] == sorted(salon.scene.users[:3])


def test_audiences_of_others_stay_as_they_are(salon: Salon) -> None:
    control, account = salon.scene.control, salon.scene.account
    foreign = control.foreign_audience(account, "made in the manager", members=salon.scene.users)
    salon.apply()
    salon.settle()
    assert control.audiences(account)[0]["audienceGroupId"] == foreign
    assert len(control.audiences(account)) == 2


def calls_of_a_whole_apply(salon: Salon) -> int:
    count = [0]
    salon.apply(lambda port: Dying(port, count, 0, after=False))
    return count[0]


@pytest.mark.parametrize("after", [False, True])
def test_an_apply_that_dies_anywhere_is_finished_by_the_next(origin: str, tmp_path: Path, *, after: bool) -> None:
    for at in range(1, calls_of_a_whole_apply(Salon(origin, tmp_path)) + 1):
        salon = Salon(origin, tmp_path)
        with pytest.raises(Crash):
            salon.apply(partial(Dying, count=[0], at=at, after=after))
        salon.wait(minutes=11)
        salon.apply()
        salon.settle()
        assert salon.members() == [sorted(salon.scene.users[:3])], f"after dying at call {at}"
        assert salon.apply().steps == ()


class Moving(Salon):
    """Forty friends, each of whom came in at another time; a narrowcast to those of the last thirty days."""

    def __init__(self, origin: str, folder: Path, hours: int = 12) -> None:
        self.scene = Scene(origin, folder, friends=40)
        newcomers = SegmentSpec.model_validate(
            {
                "kind": "segment",
                "name": "regulars",
                "where": {"all": [{"friend_since": {"within": "30d"}}, {"not": {"tag": "vip"}}]},
            }
        )
        specs = [newcomers if isinstance(one, SegmentSpec) else one for one in audience_specs()]
        self.scene.client = client(*specs, name=self.scene.client.name, bot=self.scene.bot)
        begin = ARMED - timedelta(days=30) + timedelta(hours=12)
        rows = [
            FriendRow(user, followed_at=begin + timedelta(hours=n * hours)) for n, user in enumerate(self.scene.users)
        ]
        self._import(rows)


def test_a_segment_that_moves_with_the_clock_can_be_sent_to(origin: str, tmp_path: Path) -> None:
    salon = Moving(origin, tmp_path)
    salon.apply()
    salon.scene.move(DUE)
    assert salon.tick().outcome is Outcome.ACCEPTED, "two of forty left it by nothing but time"


def test_who_left_a_moving_segment_by_more_than_time_is_not_sent_to(origin: str, tmp_path: Path) -> None:
    salon = Moving(origin, tmp_path)
    salon.apply()
    salon._import([FriendRow(salon.scene.users[-1], tags=("vip",))])
    salon.scene.move(DUE)
    stopped = salon.tick()
    assert (stopped.outcome, stopped.guard) == (Outcome.BLOCKED, "G222")


def test_a_copy_out_of_which_time_took_many_is_not_sent_to(origin: str, tmp_path: Path) -> None:
    salon = Moving(origin, tmp_path, hours=4)
    salon.apply()
    salon.scene.move(DUE)
    assert salon.tick().guard == "G222", "four of forty left it"
