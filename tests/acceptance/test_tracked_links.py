"""Links whose taps are recorded: by friend or by message, signed, and leading nowhere else."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from lineform.model.attributes import AttributesSpec
from lineform.model.client import Limits, PricePlan
from lineform.ports.friends import FriendRow
from lineform.run.outcome import Outcome
from lineform.run.taps import is_crawler, tapped
from lineform.sending.links import LinkKeys, Ticket, sign
from lineform.store.open import open_store
from support.declared_clients import campaign
from support.delivering import ARMED, DUE, Scene, Scenes

BASE = "https://go.example.jp"
KEYS = LinkKeys(BASE, b"a key for the tests of links")
SALE = "https://shop.example.jp/sale"
LINKS = AttributesSpec.model_validate(
    {
        "kind": "attributes",
        "name": "known",
        "links": {"sale": {"url": SALE}},
        "attributes": {"regular": {"type": "bool"}},
    }
)
REGULARS = {"where": {"attribute": "regular", "is": True}}
TOKEN = re.compile(re.escape(BASE) + r"/l/([A-Za-z0-9_-]+)")
MESSAGES = ({"text": f"セールは {SALE} へ"},)


@pytest.fixture
def scene(origin: str, tmp_path: Path) -> Scenes:
    """Five friends, of whom four are regulars."""

    def make(*sends: Any, **settings: Any) -> Scene:
        here = Scene(origin, tmp_path, LINKS, *sends, friends=5, **settings)
        rows = [FriendRow(one, attributes={"regular": True}) for one in here.users[:4]]
        here.with_store(lambda store: store.import_friends(here.client.name, rows, ARMED))
        here.move(DUE)
        return here

    return make


def send(track: str | None, **fields: Any) -> Any:
    return campaign("sale", **{"audience": REGULARS, "messages": MESSAGES, "track": track, **fields})


def tick(here: Scene, **options: Any) -> Any:
    (entry,) = here.tick(link_keys=lambda: KEYS, **options).entries
    return entry


def tokens(here: Scene) -> dict[str, list[str]]:
    return {one: TOKEN.findall(" ".join(texts)) for one, texts in here.texts().items()}


def tap(here: Scene, token: str, seconds: int = 0) -> Any:
    keys = {here.client.name: KEYS}
    return here.with_store(lambda store: tapped(store, keys, token, DUE + timedelta(seconds=seconds)))


def test_tracked_by_friend_each_friend_reads_a_link_of_their_own_and_their_tap_is_known(scene: Scenes) -> None:
    here = scene(send("friend"))
    entry = tick(here)
    assert (entry.outcome, entry.recipients) == (Outcome.SENT, 4)
    assert {call["path"].rpartition("/")[2] for call in here.calls()} == {"push"}
    read = tokens(here)
    assert len({found for (found,) in read.values()}) == 4
    for user, (token,) in read.items():
        found = tap(here, token)
        assert (found.url, found.event.user_id, found.event.type) == (SALE, user, "click")
        assert found.event.fields == {"link": "sale"}
        assert user[1:] not in token
    first, again = tap(here, read[here.users[0]][0]), tap(here, read[here.users[0]][0], seconds=1)
    assert tap(here, read[here.users[0]][0]).event.id == first.event.id != again.event.id
    assert (first.happening.name, first.happening.fields) == ("click", {"link": "sale"})


def test_a_tap_by_friend_answers_the_segment_of_who_tapped(scene: Scenes) -> None:
    who_tapped = {"where": {"click": "sale", "within": "30d"}}
    teaser = send("friend")
    follow_up = campaign(
        "later", audience=who_tapped, schedule={"at": "2026-12-02T10:00"}, messages=({"text": "続き"},)
    )
    here = scene(teaser, follow_up)
    tick(here)
    found = tap(here, tokens(here)[here.users[1]][0])
    here.with_store(lambda store: store.add_events(here.client.name, [found.event], DUE))
    here.move(DUE + timedelta(days=1))
    (entry,) = here.tick().entries
    assert (entry.outcome, entry.recipients) == (Outcome.SENT, 1)
    assert here.texts()[here.users[1]][-1] == "続き"


def test_tracked_by_message_all_read_one_link_in_one_multicast_and_taps_are_counted(scene: Scenes) -> None:
    here = scene(send("message"))
    assert tick(here).outcome is Outcome.SENT
    assert [call["path"].rpartition("/")[2] for call in here.calls()] == ["multicast"]
    ((token,),) = {tuple(found) for found in tokens(here).values()}
    found = tap(here, token)
    assert (found.url, found.event, found.target.link) == (SALE, None, "sale")
    here.with_store(lambda store: store.count_taps({found.target.id: 3}))
    (target,) = here.with_store(lambda store: store.link_targets(here.client.name))
    assert (target.address, target.key, target.taps) == ("campaign.sale", "2026-12-01T10:00", 3)


def test_tracked_by_message_a_broadcast_stays_one_call(scene: Scenes) -> None:
    here = scene(send("message", audience={"everyone": True}))
    assert tick(here).outcome is Outcome.SENT
    assert [call["path"].rpartition("/")[2] for call in here.calls()] == ["broadcast"]
    assert len({tuple(found) for found in tokens(here).values()}) == 1
    assert here.once_each()


def test_the_plan_tells_calls_time_and_money_of_both_ways(scene: Scenes) -> None:
    plan = PricePlan(included=0, yen_per_message=3.0)
    by_friend = tick(scene(send("friend"), plan=plan), dry_run=True)
    assert by_friend.calls == 4
    assert by_friend.why.startswith("push: 'track: friend' gives every friend links, and so a text, of their own; ")
    assert by_friend.why.endswith(
        "track: friend: 4 calls in under a second, track: message: 1 call in under a second; both cost ¥12"
    )
    by_message = tick(scene(send("message"), plan=plan), dry_run=True)
    assert by_message.calls == 1
    assert by_message.why.endswith(
        "track: message: 1 call in under a second, track: friend: 4 calls in under a second; both cost ¥12"
    )


def test_the_same_messages_are_known_again_behind_their_links(scene: Scenes) -> None:
    again = send("friend").model_copy(update={"name": "again"})
    moved = again.model_copy(update={"schedule": campaign("x", schedule={"at": "2026-12-01T12:00"}).schedule})
    here = scene(send("message"), moved, limits=Limits.model_validate({"per_friend": {"same_body": "2d"}}))
    assert tick(here).outcome is Outcome.SENT
    here.move(DUE + timedelta(hours=2))
    entry = tick(here)
    assert (entry.outcome, entry.capped) == (Outcome.EMPTY, 4)


def test_without_a_key_nothing_is_sent_and_nothing_is_written(scene: Scenes) -> None:
    here = scene(send("friend"))
    (entry,) = here.tick().entries
    assert (entry.outcome, entry.guard) == (Outcome.BLOCKED, "G219")
    assert (here.calls(), here.sends()) == ([], [])


def test_without_track_a_link_reads_its_address(scene: Scenes) -> None:
    here = scene(send(None, messages=({"text": "{{ link.sale }} へ"},)))
    assert tick(here).outcome is Outcome.SENT
    assert {texts[0] for texts in here.texts().values()} == {f"{SALE} へ"}


def test_a_token_that_nobody_signed_or_of_another_account_leads_nowhere(scene: Scenes) -> None:
    here, other = scene(send("message")), "another-salon"
    assert tick(here).outcome is Outcome.SENT
    ((token,),) = {tuple(found) for found in tokens(here).values()}
    assert tap(here, token[:-1] + ("A" if token[-1] != "A" else "B")) is None
    assert tap(here, sign(b"another key of somebody", here.client.name, Ticket(1))) is None
    assert tap(here, sign(KEYS.key, here.client.name, Ticket(99))) is None
    with open_store(here.url) as store:
        assert tapped(store, {other: KEYS}, sign(KEYS.key, other, Ticket(1)), DUE) is None


def test_a_forgotten_friend_is_led_on_and_not_recorded(scene: Scenes) -> None:
    here = scene(send("friend"))
    tick(here)
    token = tokens(here)[here.users[0]][0]
    with open_store(here.url, "a secret that never changes") as store:
        store.forget(here.client.name, [here.users[0]], DUE)
    found = tap(here, token)
    assert (found.url, found.event, found.happening) == (SALE, None, None)


@pytest.mark.parametrize(
    ("agent", "crawls"),
    [
        ("facebookexternalhit/1.1;line-poker/1.0", True),
        ("", True),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 Safari Line/15.1.0", False),
    ],
)
def test_programs_that_look_at_links_are_told_from_people(agent: str, crawls: bool) -> None:
    assert is_crawler(agent) is crawls
