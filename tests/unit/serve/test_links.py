"""A tapped link leads where it was meant to lead, and nowhere else, whatever is done to it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from lineform.ports.friends import FriendRow
from lineform.ports.ledger import Handout, NewBatch
from lineform.ports.store import Store
from lineform.scenarios.happening import What
from lineform.sending.links import LinkKeys, Ticket, sign
from lineform.serve.app import Parts
from support.serving import USER, Server, served
from support.stores import new_send

KEYS = LinkKeys("https://go.example.jp", b"a key for links that is long")
PHONE = {"User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0) Line/15.1"}
URL = "https://shop.example.jp/coupon?from=line"
NOW = datetime.now(UTC)


def with_links(parts: Parts) -> Parts:
    return replace(parts, link_keys={"salon": KEYS})


@pytest.fixture
def ticket(store: Store) -> Ticket:
    """A link to the shop's page, made for one friend."""
    store.import_friends("salon", [FriendRow(USER)], NOW)
    (friend,) = store.friend_ids("salon", [USER]).values()
    made: dict[str, int] = {}

    def batches(handout: Handout) -> list[NewBatch]:
        made.update(handout.targets({"coupon-page": URL}))
        return []

    store.freeze("salon", new_send(), batches, NOW)
    return Ticket(made["coupon-page"], friend)


def tap(server: Server, token: str, **headers: str) -> tuple[int, str]:
    status, _, told = server.request("GET", f"/l/{token}", headers=headers or PHONE)
    return status, told.get("location", "")


def test_a_tap_leads_on_and_is_an_event_of_the_friend(store: Store, ticket: Ticket) -> None:
    with served(store, more=with_links) as server:
        assert tap(server, sign(KEYS.key, "salon", ticket)) == (302, URL)
        server.until_worked()
        (happened,) = server.seen.happenings
    assert (happened.what, happened.name, happened.fields) == (What.EVENT, "click", {"link": "coupon-page"})
    history = store.histories("salon", [ticket.friend])[ticket.friend]
    assert [(one.type, one.fields) for one in history] == [("click", {"link": "coupon-page"})]


def test_what_looks_at_links_is_led_on_and_counts_for_nobody(store: Store, ticket: Ticket) -> None:
    token = sign(KEYS.key, "salon", ticket)
    with served(store, more=with_links) as server:
        assert tap(server, token, **{"User-Agent": "line-poker/1.0"}) == (302, URL)
        assert server.request("HEAD", f"/l/{token}", headers=PHONE)[0] == 302
        assert store.link_targets("salon")[0].taps == 0
        assert tap(server, sign(KEYS.key, "salon", Ticket(ticket.target))) == (302, URL)
        server.until_worked()
        assert server.seen.happenings == []
    assert store.link_targets("salon")[0].taps == 1


def test_a_link_that_was_tampered_with_leads_nowhere(store: Store, ticket: Ticket) -> None:
    token = sign(KEYS.key, "salon", ticket)
    forged = (
        token[:-1] + ("A" if token[-1] != "A" else "B"),
        token[1:],
        token + "A",
        sign(b"another key of the same length", "salon", ticket),
        sign(KEYS.key, "kita", ticket),
        sign(KEYS.key, "salon", Ticket(999_999, ticket.friend)),
        "https:%2F%2Fevil.example",
        "..%2F..%2Fetc%2Fpasswd",
        "%0d%0aLocation:%20https://evil.example",
        "A" * 5_000,
    )
    with served(store, more=with_links) as server:
        for one in forged:
            status, location = tap(server, one)
            assert (status, location) == (404, ""), one
        assert tap(server, f"{token}?url=https://evil.example&to=//evil.example") == (302, URL)


def test_a_link_of_a_client_that_is_not_served_leads_on_and_the_tap_waits(store: Store, ticket: Ticket) -> None:
    token = sign(KEYS.key, "salon", ticket)
    with served(store, more=lambda parts: replace(with_links(parts), served=(), unserved={"salon"})) as server:
        assert tap(server, token) == (302, URL)
        assert store.inbox_level("salon").waiting == 1
