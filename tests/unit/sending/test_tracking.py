"""Which addresses of a message are tracked, and what the two ways of it come to."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from lineform.lineapi.routes import Route
from lineform.sending.given import Given
from lineform.sending.recommend import Recommending
from lineform.sending.routes import Wanted, choose
from lineform.sending.tracking import choices, tracked
from lineform.sending.wording import line_form

LINKS = {"sale": "https://shop.example.jp/sale", "shop": "https://shop.example.jp/"}
SALE, SHOP = "{{ link['sale'] }}", "{{ link['shop'] }}"


def test_a_declared_address_is_tracked_wherever_a_tap_leads_to_it() -> None:
    flex: dict[str, Any] = {
        "type": "flex",
        "altText": "https://shop.example.jp/sale",
        "contents": {
            "hero": {"type": "image", "url": "https://shop.example.jp/sale", "action": {"uri": LINKS["sale"]}},
            "body": {
                "contents": [{"action": {"uri": "https://other.example.jp/", "altUri": {"desktop": LINKS["shop"]}}}]
            },
        },
    }
    (made,) = tracked([flex], LINKS)
    contents = made["contents"]
    assert contents["hero"]["action"]["uri"] == SALE
    assert contents["body"]["contents"][0]["action"] == {
        "uri": "https://other.example.jp/",
        "altUri": {"desktop": SHOP},
    }
    assert (made["altText"], contents["hero"]["url"]) == ("https://shop.example.jp/sale",) * 2
    assert flex["contents"]["hero"]["action"]["uri"] == LINKS["sale"]


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("セール https://shop.example.jp/sale", f"セール {SALE}"),
        ("https://shop.example.jp/saleへ", f"{SALE}へ"),
        ("https://shop.example.jp/sale。", f"{SALE}。"),
        ("(https://shop.example.jp/sale).", f"({SALE})."),
        ("https://shop.example.jp/sale2", "https://shop.example.jp/sale2"),
        ("https://shop.example.jp/sale/a", "https://shop.example.jp/sale/a"),
        ("https://shop.example.jp/sale.html", "https://shop.example.jp/sale.html"),
        ("https://shop.example.jp/ と https://shop.example.jp/sale", f"{SHOP} と {SALE}"),
        ("https://shop.example.jp/sale?a=1", "https://shop.example.jp/sale?a=1"),
    ],
)
def test_an_address_in_a_text_is_tracked_as_a_whole_and_never_as_a_part(text: str, made: str) -> None:
    assert tracked([{"type": "text", "text": text}], LINKS)[0]["text"] == made


def test_both_ways_are_told_with_calls_and_time_and_money() -> None:
    routes = {"friend": Counter({Route.PUSH: 12_000}), "message": Counter({Route.MULTICAST: 24})}
    assert choices("message", routes, 3000.0) == (
        "track: message: 24 calls in under a second, track: friend: 12,000 calls in about 5 seconds; both cost ¥3,000"
    )
    assert choices("friend", routes, None).startswith("track: friend: 12,000 calls")


@pytest.mark.parametrize("everyone", [False, True])
def test_links_of_each_friend_are_pushed_and_links_of_a_message_keep_their_route(everyone: bool) -> None:
    by_friend = choose(Wanted(False, everyone, constant=False, tracks_friends=True))
    assert (by_friend.route, by_friend.why.startswith("push: 'track: friend'")) == (None, True)
    by_message = choose(Wanted(False, everyone, constant=True)).route
    assert by_message is (Route.BROADCAST if everyone else Route.MULTICAST)


@pytest.mark.parametrize("wanted", [{"demographic": True}, {"demographic": False, "audience": True}])
def test_whom_line_selects_cannot_be_told_apart(wanted: dict[str, bool]) -> None:
    with pytest.raises(ValueError, match="'track: message' counts them"):
        choose(Wanted(everyone=False, constant=False, tracks_friends=True, **wanted))


def test_messages_that_are_repeated_as_a_whole_are_armed_in_lines_own_form() -> None:
    message = {"each": "items.picks", "do": {"text": "{{ item.name }} https://a.example"}, "else": [{"text": "なし"}]}
    armed = line_form(message)
    assert armed["do"] == [{"type": "text", "text": "{{ item.name }} https://a.example"}]
    assert armed["else"] == [{"type": "text", "text": "なし"}]
    (found,) = tracked([armed], {"shop": "https://a.example"})
    assert found["do"][0]["text"] == "{{ item.name }} {{ link['shop'] }}"


def test_each_message_is_given_only_what_it_reads() -> None:
    picks = Recommending("purchase", "item", timedelta(days=1), "", 3, False, "popular", {})
    given = Given((), {"a": "https://a.example", "b": "https://b.example"}, "friend", {"picks": picks})
    assert given.read_by(["link.a", "friend.name"]) == Given((), {"a": "https://a.example"}, "friend")
    assert given.read_by(["items.picks"]) == Given((), {}, "friend", {"picks": picks})
    assert not given.read_by(["run.date"]).tracks
