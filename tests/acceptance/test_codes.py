"""Row D3: loyal members only. An account-link campaign with a one-use gift code: each code once, and an empty pool
stops the send before it starts."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from lineform.model.client import Limits
from lineform.model.code_pool import CodesSpec
from lineform.ports.friends import FriendRow
from lineform.run.outcome import Outcome
from support.declared_clients import campaign
from support.delivering import ARMED, DUE, Crash, Dying, Scene, Scenes

LINKED = {"where": {"member": "linked"}}
GIFT = ({"text": "会員さま限定のギフトコード: {{ code.gift }}"},)
READ = re.compile(r"GIFT-\d{4}")


def pool(**fields: Any) -> CodesSpec:
    return CodesSpec.model_validate({"kind": "codes", "name": "gift", **fields})


@pytest.fixture
def scene(origin: str, tmp_path: Path) -> Scenes:
    """Five friends, of whom three are linked to members, and so many codes."""

    def make(*specs: Any, codes: int = 10, declared: CodesSpec | None = None, **settings: Any) -> Scene:
        sends = specs or (campaign("gift", audience=LINKED, messages=GIFT),)
        here = Scene(origin, tmp_path, declared or pool(), *sends, friends=5, **settings)
        linked = [FriendRow(one, member_id=f"M{number}") for number, one in enumerate(here.users[:3])]
        here.with_store(lambda store: store.import_friends(here.client.name, linked, ARMED))
        here.with_store(
            lambda store: store.import_codes(
                here.client.name, "gift", [f"GIFT-{number:04}" for number in range(codes)], ARMED
            )
        )
        here.move(DUE)
        return here

    return make


def codes_read(here: Scene) -> dict[str, list[str]]:
    return {one: READ.findall(" ".join(texts)) for one, texts in here.texts().items()}


def left(here: Scene) -> tuple[int, int, int]:
    """Free, given and confirmed."""
    (found,) = here.with_store(lambda store: store.pool_counts(here.client.name))
    return found.free, found.given, found.confirmed


def test_linked_members_read_a_code_of_their_own_and_nobody_else_reads_any(scene: Scenes) -> None:
    here = scene()
    (entry,) = here.tick().entries
    assert (entry.outcome, entry.recipients) == (Outcome.SENT, 3)
    read = codes_read(here)
    assert set(read) == set(here.users[:3])
    assert [len(found) for found in read.values()] == [1, 1, 1]
    assert len({found[0] for found in read.values()}) == 3
    assert left(here) == (7, 3, 3)


def test_a_pool_with_too_few_codes_stops_the_send_before_it_starts(scene: Scenes) -> None:
    here = scene(codes=2)
    (entry,) = here.tick().entries
    assert (entry.outcome, entry.guard) == (Outcome.BLOCKED, "G217")
    assert entry.reason == "3 friends need a code of gift, and 2 are free"
    assert (here.calls(), here.sends(), left(here)) == ([], [], (2, 0, 0))
    here.with_store(lambda store: store.import_codes(here.client.name, "gift", ["GIFT-9999"], DUE))
    (entry,) = here.tick().entries
    assert entry.outcome is Outcome.SENT
    assert left(here) == (0, 3, 3)


def test_the_plan_says_what_is_left_and_never_a_code(scene: Scenes) -> None:
    here = scene()
    (entry,) = here.tick(dry_run=True).entries
    assert (entry.outcome, entry.recipients, entry.calls) == (Outcome.WOULD_SEND, 3, 3)
    assert entry.why.endswith("; 3 codes of gift are given, 7 are left")
    assert "GIFT-" not in str(entry)
    assert left(here) == (10, 0, 0)


def test_a_reminder_shows_each_friend_the_code_that_they_have(scene: Scenes) -> None:
    reminder = campaign(
        "reminder", audience={"everyone": True}, messages=({"text": "お忘れなく: {{ code.gift }}"},),
        schedule={"at": "2026-12-02T10:00"},
    )  # fmt: skip
    here = scene(campaign("gift", audience=LINKED, messages=GIFT), reminder)
    here.tick()
    here.move(DUE + timedelta(days=1))
    assert [entry.outcome for entry in here.tick().entries] == [Outcome.SENT]
    read = codes_read(here)
    assert all(found == [found[0]] * 2 for found in (read[one] for one in here.users[:3]))
    assert len({found[0] for found in read.values()}) == 5
    assert left(here) == (5, 5, 5)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("call", range(1, 40, 3))
def test_killed_at_any_call_everybody_reads_one_code_and_no_code_is_read_twice(
    scene: Scenes, call: int, after: bool
) -> None:
    here = scene()
    count = [0]
    with suppress(Crash):
        here.tick(lambda port: Dying(port, count, call, after=after))
    here.move(DUE + timedelta(minutes=2))  # the lease of the one that died has run out
    here.tick()
    read = codes_read(here)
    assert sorted(read) == sorted(here.users[:3])
    assert all(len(found) == 1 for found in read.values())
    assert len({found[0] for found in read.values()}) == 3
    assert left(here) == (7, 3, 3)


def test_a_send_that_is_called_off_before_its_first_call_gives_its_codes_back(scene: Scenes) -> None:
    here = scene()
    count = [0]
    with pytest.raises(Crash):
        # The store's claim is the first call after the freeze.
        here.tick(lambda port: _DiesAtClaim(port, count))
    assert left(here) == (7, 3, 0)
    here.declare(campaign("gift", audience=LINKED, messages=({"text": "ちがう文: {{ code.gift }}"},)))
    here.arm(DUE)
    here.tick()
    assert here.received() == {}
    assert left(here) == (10, 0, 0)


class _DiesAtClaim(Dying):
    def __init__(self, port: Any, count: list[int]) -> None:
        super().__init__(port, count, -1, after=False)

    def __getattr__(self, name: str) -> Any:
        if name == "claim":
            raise Crash
        return super().__getattr__(name)


def test_codes_that_expire_before_the_promised_time_stop_the_send(scene: Scenes) -> None:
    here = scene(declared=pool(expires="2026-12-03", valid_for="3d"))
    (entry,) = here.tick().entries
    assert (entry.outcome, entry.guard) == (Outcome.BLOCKED, "G218")
    assert entry.reason == (
        "codes.gift expires at 2026-12-04 00:00, less than the promised 3 days after this is sent at 2026-12-01 10:00"
    )
    assert here.calls() == []


def test_friends_over_a_limit_take_no_code(scene: Scenes) -> None:
    first = campaign("first", audience=LINKED, schedule={"at": "2026-12-01T09:59"}, messages=({"text": "おはよう"},))
    here = scene(
        first,
        campaign("gift", audience={"everyone": True}, messages=GIFT),
        limits=Limits.model_validate({"per_friend": {"gap": "20h"}}),
        codes=2,
    )
    assert [entry.outcome for entry in here.tick().entries] == [Outcome.SENT, Outcome.SENT]
    assert left(here) == (0, 2, 2)
