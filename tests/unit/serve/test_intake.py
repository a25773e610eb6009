"""What a shop's systems tell, with a key, whole or not at all, and once."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from lineform.ports.friends import FriendRow
from lineform.ports.store import Store
from lineform.scenarios.happening import What
from lineform.serve.arrivals import key_hash
from support.serving import USER, Server, served

NOW = datetime.now(UTC).replace(microsecond=0)
KEY = "lfk_a-key-that-nobody-guesses"
OTHER = "U" + "2" * 32


def shop_event(name: str, **more: Any) -> dict[str, Any]:
    return {"event": "purchase", "id": name, "at": NOW.isoformat(), "user_id": USER, **more}


def post(server: Server, *events: Any, key: str = KEY, name: str = "salon") -> tuple[int, Any]:
    body = json.dumps({"events": list(events)}).encode()
    status, answer, _ = server.request("POST", f"/events/{name}", body, {"Authorization": f"Bearer {key}"})
    return status, json.loads(answer) if answer.startswith(b"{") else answer


def open_door(store: Store) -> int:
    store.import_friends("salon", [FriendRow(USER, member_id="m-1"), FriendRow(OTHER)], NOW)
    return store.add_key("salon", "till", key_hash(KEY), NOW)


def test_what_a_friend_did_in_the_shop_is_recorded_and_happens_once(store: Store) -> None:
    open_door(store)
    with served(store) as server:
        bought = shop_event("o-1", fields={"item": "茶", "amount": 1200})
        assert post(server, bought, bought) == (202, {"events": 2})
        assert post(server, bought, shop_event("o-2", user_id="", member_id="m-1")) == (202, {"events": 2})
        server.until_worked()
        first, second = server.seen.happenings
    assert (first.what, first.name, first.fields) == (What.EVENT, "purchase", {"item": "茶", "amount": 1200})
    assert second.friend_id == first.friend_id
    history = store.histories("salon", [first.friend_id])[first.friend_id]
    assert [(one.type, one.id) for one in history] == [("purchase", "o-1"), ("purchase", "o-2")]


def test_a_member_who_is_no_friend_is_nobody_here(store: Store) -> None:
    open_door(store)
    with served(store) as server:
        assert post(server, shop_event("o-1", user_id=None, member_id="m-9"))[0] == 202
        assert post(server, shop_event("o-2", user_id="U" + "9" * 32))[0] == 202
        server.until_worked()
        assert server.seen.happenings == []


def test_a_key_opens_its_own_client_until_it_is_revoked(store: Store) -> None:
    number = open_door(store)
    store.add_key("kita", "till", key_hash("lfk_of-another-client"), NOW)
    with served(store) as server:
        assert post(server, shop_event("o-1"))[0] == 202
        for key, name in (("wrong", "salon"), ("", "salon"), ("lfk_of-another-client", "salon"), (KEY, "kita")):
            assert post(server, shop_event("o-2"), key=key, name=name)[0] == 401
        store.revoke_key("salon", number, NOW)
        assert post(server, shop_event("o-3"))[0] == 401


def test_a_request_is_taken_whole_or_not_at_all_and_says_everything_that_is_wrong(store: Store) -> None:
    open_door(store)
    with served(store) as server:
        status, answer = post(
            server, shop_event("o-1"), shop_event("", event="purchase"), shop_event("o-2", event="purchse"), 5
        )
        server.until_worked()
        assert server.seen.happenings == []
    assert status == 400
    assert [(one["event"], one["place"]) for one in answer["problems"]] == [(2, "id"), (3, "event"), (4, "")]
    assert "purchase" in answer["problems"][1]["hint"]


def test_a_request_is_bounded_in_bytes_events_and_number(store: Store) -> None:
    open_door(store)
    with served(store, intake_bytes=2_000, intake_events=2, intake_requests=4) as server:
        assert post(server, *(shop_event(str(n)) for n in range(3)))[0] == 400
        assert post(server, shop_event("x" * 3_000))[0] == 413
        assert [post(server, shop_event("o"))[0] for _ in range(3)] == [202, 202, 429]


def test_what_is_posted_is_never_sql_nor_a_template(store: Store) -> None:
    open_door(store)
    hostile = "'); DELETE FROM friends; -- {{ client.token }}"
    with served(store) as server:
        assert post(server, shop_event(hostile, fields={"item": hostile}))[0] == 202
        server.until_worked()
        assert server.seen.happenings[0].fields == {"item": hostile}
    assert store.count_friends("salon").friends == 2


def test_what_happened_to_an_item_is_recorded_for_those_who_favoured_it(store: Store) -> None:
    open_door(store)
    drop = {"event": "price_drop", "id": "d-1", "at": NOW.isoformat(), "fields": {"item": "shoe", "price": 900}}
    with served(store) as server:
        assert post(server, drop, drop)[0] == 202
        server.until_worked()
        assert server.seen.happenings == []
    (found,) = store.untold_items("salon", 10)
    assert (found.type, found.id, found.item, found.fields["price"]) == ("price_drop", "d-1", "shoe", 900)
