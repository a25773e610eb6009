"""What a webhook tells of routes and members becomes what happened to the friend, with the reply token."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lineform.model.client import Entry
from lineform.ports.friends import FriendRow
from lineform.ports.store import Store
from lineform.run.options import Run
from lineform.scenarios.happening import What
from lineform.scenarios.passes import route_code
from lineform.serve.app import Parts
from lineform.serve.doors import Door, route_told
from lineform.serve.working import LinkedFriend
from support.fake_account import FakeAccount
from support.serving import USER, event, served

KEY = b"a key of sixteen characters"
DOOR = Door("salon", "青葉サロン", "Asia/Tokyo", FakeAccount(), "https://go.example", (KEY,), Entry(basic_id="@aoba"))


def told(parts: Parts) -> Parts:
    return replace(
        parts, following=replace(parts.following, route=lambda name, text: route_told({"salon": DOOR}, name, text))
    )


def test_a_text_with_a_routes_code_is_coming_by_that_route(store: Store) -> None:
    text = f"友だち登録をしました。 {route_code(KEY, 'salon', 'poster')}"
    with served(store, more=told) as server:
        assert server.webhook(event(1, message={"type": "text", "id": "1", "text": text})) == 200
        server.until(lambda: len(server.seen.happenings) == 1)
        (happened,) = server.seen.happenings
    assert (happened.what, happened.name, happened.text, happened.reply_token) == (What.ROUTE, "poster", "", "reply1")
    ids = store.friend_ids("salon", [USER])
    (friend,) = store.friends("salon", list(ids.values()))
    assert (friend.first_route, friend.last_route) == ("poster", "poster")


def test_a_made_up_code_is_a_text_like_others(store: Store) -> None:
    with served(store, more=told) as server:
        server.webhook(event(1, message={"type": "text", "id": "1", "text": "#poster-aaaaaaaaaa"}))
        server.until(lambda: len(server.seen.happenings) == 1)
        (happened,) = server.seen.happenings
    assert happened.what is What.TEXT
    assert route_told({}, "salon", route_code(KEY, "salon", "poster")) == ""


def test_a_link_that_holds_makes_the_friend_a_member_who_can_be_answered(store: Store) -> None:
    async def link(run: Run, answer: LinkedFriend) -> Sequence[FriendRow]:
        return (FriendRow(answer.user_id, member_id="M-1"),) if answer.nonce == "ours" and answer.succeeded else ()

    with served(store, link=link) as server:
        server.webhook(event(1, "accountLink", link={"result": "failed", "nonce": "ours"}))
        server.webhook(event(2, "accountLink", link={"result": "ok", "nonce": "another"}))
        server.webhook(event(3, "accountLink", link={"result": "ok", "nonce": "ours"}))
        server.until(lambda: len(server.seen.happenings) == 1)
        server.until_worked()
        (happened,) = server.seen.happenings
    assert (happened.what, happened.reply_token) == (What.MEMBER, "reply3")
    ids = store.friend_ids("salon", [USER])
    assert store.friends("salon", list(ids.values()))[0].member_id == "M-1"
