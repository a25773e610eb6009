"""The pages of forms, routes and member links: who may open them, and what they take."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

import pytest

from lineform.ports.friends import FriendRow
from lineform.ports.store import Store
from lineform.run.options import Records, Run, TickOptions
from lineform.scenarios.happening import What
from lineform.scenarios.passes import FORM, MEMBER, Pass, read_pass, route_code, route_in, sign_pass
from lineform.serve.arrivals import key_hash
from lineform.serve.doors import NotNow
from lineform.serve.redeeming import link_friend, nonce_hash
from lineform.serve.working import LinkedFriend
from support.declared_clients import client
from support.pages import KEY, FixedClock, Pages, open_pages, prepared
from support.stores import NOW, user

DAY = timedelta(days=1)
WHOLE = {
    "gender": ["female"], "likes": ["fish", "meat"], "salon": ["yes"], "birthday": ["1990-05-06"], "visits": ["３"],
    "home": ["150-0001"], "name": ["佐藤<b>花子</b>"], "phone": [""], "news": ["no"],
}  # fmt: skip


@pytest.fixture
def pages(store: Store, tmp_path: Path) -> Iterator[Pages]:
    with open_pages(prepared(store, tmp_path)) as opened:
        yield opened


@pytest.fixture
def with_liff(store: Store, tmp_path: Path) -> Iterator[Pages]:
    with open_pages(prepared(store, tmp_path, liff=True)) as opened:
        yield opened


def ask(
    pages: Pages, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
) -> tuple[int, str, dict[str, str]]:
    connection = http.client.HTTPConnection("127.0.0.1", pages.port, timeout=30)
    connection.request(method, path, body, dict(headers or {}))
    answer = connection.getresponse()
    text = answer.read().decode("utf-8", "replace")
    connection.close()
    return answer.status, text, {name.lower(): value for name, value in answer.getheaders()}


def send(pages: Pages, path: str, fields: Mapping[str, list[str]], **headers: str) -> tuple[int, str, dict[str, str]]:
    body = urlencode(fields, doseq=True).encode()
    sent = {"Content-Type": "application/x-www-form-urlencoded", **{k.replace("_", "-"): v for k, v in headers.items()}}
    return ask(pages, "POST", path, body, sent)


def test_what_cannot_go_on_now_is_sent_again_later(store: Store, tmp_path: Path) -> None:
    ready = prepared(store, tmp_path, liff=True)
    ready.trouble = NotNow("the bot is not the pinned one")
    with open_pages(ready) as pages:
        path = pages.path(Pass(FORM, "profile", pages.friend(), NOW + DAY))
        status, text, _ = send(pages, path, WHOLE)
        assert (status, "ただいま送信できません" in text) == (503, True)
        told = json.dumps({"id_token": f"id-{user(1)}", "open": "route", "name": "poster"}).encode()
        assert ask(pages, "POST", "/liff/aoba", told)[0] == 503
        assert pages.happenings == []
        pages.trouble = ready.trouble = None
        assert ask(pages, "POST", "/liff/aoba", told)[0] == 200
        assert send(pages, path, WHOLE)[0] == 303
        assert [one.what for one in pages.happenings] == [What.ROUTE, What.PAGE]


def mine(pages: Pages, number: int = 1, **changes: Any) -> str:
    values: dict[str, Any] = {"purpose": FORM, "name": "profile", "friend": pages.friend(number), "until": NOW + DAY}
    return pages.path(Pass(**values | changes))


# --- the form


def test_a_friend_fills_in_the_form_and_it_happens_once(pages: Pages) -> None:
    status, text, headers = ask(pages, "GET", mine(pages))
    assert status == 200
    assert "プロフィール登録" in text
    assert "script" not in headers["content-security-policy"].replace("script-src", "") or "<script" not in text
    assert headers["cache-control"] == "no-store"
    status, _, headers = send(pages, mine(pages), WHOLE)
    assert (status, headers["location"]) == (303, f"{mine(pages)}/thanks")
    (happened,) = pages.happenings
    assert (happened.what, happened.name, happened.friend_id) == (What.PAGE, "profile", pages.friend())
    assert happened.fields["likes"] == ("fish", "meat")
    send(pages, mine(pages), WHOLE)
    assert len({one.key for one in pages.happenings}) == 1
    assert "ありがとうございました" in ask(pages, "GET", headers["location"])[1]


def test_what_is_missing_or_wrong_is_told_with_what_was_written(pages: Pages) -> None:
    status, text, _ = send(pages, mine(pages), {**WHOLE, "visits": ["三回"], "gender": [], "name": ["<script>x"]})
    assert status == 422
    assert pages.happenings == []
    assert "数字でお答えください。" in text
    assert "お答えください。" in text
    assert 'value="三回"' in text
    assert "&lt;script&gt;x" in text
    assert "<script" not in text
    assert 'aria-invalid="true"' in text
    assert 'role="alert"' in text


def test_a_question_that_an_answer_brings_up_is_asked_on_the_same_page(pages: Pages) -> None:
    assert "ネイルのご予定は" not in ask(pages, "GET", mine(pages))[1]
    status, text, _ = send(pages, mine(pages), {**WHOLE, "salon": []})
    assert status == 422
    assert "ネイルのご予定は" in text
    assert send(pages, mine(pages), {**WHOLE, "gender": ["male"], "salon": []})[0] == 303


@pytest.mark.parametrize(
    "change",
    [
        {"until": NOW},
        {"until": NOW - DAY},
        {"purpose": MEMBER},
        {"name": "nothing"},
        {"friend": 9_999},
    ],
)
def test_a_pass_opens_nothing_but_what_it_is_for(pages: Pages, change: dict[str, Any]) -> None:
    status, text, _ = ask(pages, "GET", mine(pages, **change).replace("/m/", "/f/"))
    assert status == 404
    assert "このページは開けません" in text


def test_a_pass_that_was_tampered_with_or_signed_by_others_opens_nothing(pages: Pages) -> None:
    path = mine(pages)
    for at in (-1, -10, -20, len(path) // 2):
        other = "A" if path[at] != "A" else "B"
        assert ask(pages, "GET", path[:at] + other + path[at + 1 or len(path) :])[0] == 404
    foreign = Pass(FORM, "profile", pages.friend(), NOW + DAY)
    assert ask(pages, "GET", f"/f/aoba/{sign_pass(b'another key', 'aoba', foreign)}")[0] == 404
    assert ask(pages, "GET", f"/f/aoba/{sign_pass(KEY, 'kita', foreign)}")[0] == 404
    assert ask(pages, "GET", f"/f/kita/{sign_pass(KEY, 'aoba', foreign)}")[0] == 404
    assert ask(pages, "GET", "/f/aoba/" + "A" * 5_000)[0] == 404


def test_no_other_site_can_send_it_and_no_flood_is_read(pages: Pages) -> None:
    assert send(pages, mine(pages), WHOLE, Sec_Fetch_Site="cross-site")[0] == 403
    assert ask(pages, "POST", mine(pages), b"{}", {"Content-Type": "application/json"})[0] == 415
    assert send(pages, mine(pages), {"name": ["x" * 70_000]})[0] == 413
    assert send(pages, mine(pages), {f"f{n}": ["x"] for n in range(300)})[0] == 400
    assert ask(pages, "POST", mine(pages), b"name=%ff", {"Content-Type": "application/x-www-form-urlencoded"})[0] == 422
    assert pages.happenings == []


def test_who_blocks_the_account_opens_nothing(pages: Pages) -> None:
    pages.store.import_friends("aoba", [FriendRow(user(1), blocked=True)], NOW)
    assert ask(pages, "GET", mine(pages))[0] == 404


# --- entry routes


def test_a_route_has_a_page_that_writes_its_code_into_the_chat(pages: Pages) -> None:
    status, text, _ = ask(pages, "GET", "/r/aoba/poster")
    assert status == 200
    assert "青葉サロンの公式LINE" in text
    way = urlsplit(pages.door.way_in("poster"))
    assert (way.netloc, way.path) == ("line.me", "/R/oaMessage/@aoba/")
    assert pages.door.route_in(unquote(way.query)) == "poster"
    assert ask(pages, "GET", "/r/aoba/nothing")[0] == 404
    assert ask(pages, "GET", "/r/kita/poster")[0] == 404


def test_a_routes_picture_is_had_for_screens_and_print(pages: Pages) -> None:
    for kind, begins in (("png", "image/png"), ("svg", "image/svg+xml")):
        status, text, headers = ask(pages, "GET", f"/r/aoba/poster/qr.{kind}")
        assert (status, headers["content-type"].partition(";")[0]) == (200, begins)
        assert text
    assert ask(pages, "GET", "/r/aoba/poster/qr.exe")[0] == 404


def test_a_code_tells_the_route_and_nobody_can_make_one_up() -> None:
    code = route_code(KEY, "aoba", "spring-poster")
    assert route_in([KEY], "aoba", f"友だち登録しました {code}") == "spring-poster"
    assert route_in([b"new", KEY], "aoba", code) == "spring-poster"
    for wrong in (code[:-1] + "a" if code[-1] != "a" else code[:-1] + "b", code + "x", code[1:], "#spring-poster-", ""):
        assert route_in([KEY], "aoba", wrong) == ""
    assert route_in([KEY], "kita", code) == ""
    assert route_in([b"other"], "aoba", code) == ""


def test_a_liff_app_tells_who_comes_by_a_route(with_liff: Pages) -> None:
    pages, store = with_liff, with_liff.store
    status, _, headers = ask(pages, "GET", "/r/aoba/poster")
    assert (status, headers["location"]) == (302, "https://liff.line.me/1234567890-AbcdEfgh?open=route&name=poster")
    status, text, headers = ask(pages, "GET", "/liff/aoba")
    assert status == 200
    assert '"1234567890-AbcdEfgh"' in text
    assert "https://static.line-scdn.net" in headers["content-security-policy"]

    def open_with(token: str, what: str = "route", name: str = "poster") -> tuple[int, str]:
        body = json.dumps({"id_token": token, "open": what, "name": name}).encode()
        return ask(pages, "POST", "/liff/aoba", body)[:2]

    status, text = open_with(f"id-{user(1)}")
    assert (status, json.loads(text)) == (200, {"go": "https://line.me/R/ti/p/@aoba"})
    (happened,) = pages.happenings
    assert (happened.what, happened.name, happened.friend_id) == (What.ROUTE, "poster", pages.friend())
    assert store.friends("aoba", [pages.friend()])[0].first_route == "poster"
    # Somebody who is no friend yet is known by the route, and cannot be reached.
    assert open_with(f"id-{user(7)}")[0] == 200
    assert len(pages.happenings) == 1
    (stranger,) = store.friends("aoba", [pages.friend(7)])
    assert (stranger.first_route, stranger.blocked, stranger.followed_at) == ("poster", True, None)
    assert open_with("forged")[0] == 401
    assert open_with(f"id-{user(1)}", name="nothing")[0] == 404
    assert open_with(f"id-{user(8)}", "form", "profile")[0] == 403
    for body in (b"[]", b"{", b'{"id_token": 1, "open": "route", "name": "x"}', b"{}"):
        assert ask(pages, "POST", "/liff/aoba", body)[0] == 400


def test_a_liff_app_opens_the_form_and_the_linking_of_whoever_it_is(with_liff: Pages) -> None:
    for what, name, kind in (("form", "profile", "/f/"), ("member", "", "/m/")):
        body = json.dumps({"id_token": f"id-{user(2)}", "open": what, "name": name}).encode()
        status, text, _ = ask(with_liff, "POST", "/liff/aoba", body)
        assert status == 200
        address = json.loads(text)["go"]
        assert address.startswith(f"https://go.example{kind}aoba/")
        opened = read_pass([KEY], "aoba", address.rpartition("/")[2], NOW)
        assert opened is not None
        assert opened.friend == with_liff.friend(2)


def test_without_a_liff_app_there_is_no_liff_page(pages: Pages) -> None:
    assert ask(pages, "GET", "/liff/aoba")[0] == 404
    assert ask(pages, "POST", "/liff/aoba", b"{}")[0] == 404


# --- members


def bearer(pages: Pages, name: str = "aoba", key: str = "a shop's key") -> dict[str, str]:
    pages.store.add_key(name, "shop", key_hash(key), NOW)
    return {"Authorization": f"Bearer {key}"}


def test_a_friend_goes_to_the_login_with_lines_token(pages: Pages) -> None:
    one = Pass(MEMBER, "", pages.friend(), NOW + DAY)
    status, _, headers = ask(pages, "GET", pages.path(one))
    assert status == 302
    login = urlsplit(headers["location"])
    assert (login.scheme, login.netloc, login.path) == ("https", "shop.example", "/login")
    assert parse_qs(login.query) == {"from": ["line"], "linkToken": ["link token &x"]}
    assert ask(pages, "GET", pages.path(Pass(MEMBER, "", pages.friend(2), NOW + DAY)))[0] == 404
    other = pages.path(Pass(FORM, "profile", pages.friend(), NOW + DAY)).replace("/f/", "/m/")
    assert ask(pages, "GET", other)[0] == 404


def test_the_business_is_given_a_nonce_that_links_its_member_once(pages: Pages) -> None:
    key = bearer(pages)
    body = json.dumps({"member_id": "M-100", "link_token": "token &"}).encode()
    status, text, headers = ask(pages, "POST", "/link/aoba", body, key)
    assert (status, headers["cache-control"]) == (201, "no-store")
    answer = json.loads(text)
    assert len(answer["nonce"]) >= 22  # 128 bits in base64
    address = urlsplit(answer["url"])
    assert address.netloc == "access.line.me"
    assert parse_qs(address.query) == {"linkToken": ["token &"], "nonce": [answer["nonce"]]}
    run = Run(client(name="aoba"), pages.door.account, Records(pages.store), FixedClock(), TickOptions())

    def came_back(nonce: str, key: str, number: int = 1, *, succeeded: bool = True) -> list[FriendRow]:
        import asyncio

        told = LinkedFriend(key, user(number), NOW, nonce, succeeded)
        return list(asyncio.run(link_friend(run, told)))

    assert came_back(answer["nonce"], "e0", succeeded=False) == []
    assert came_back("another nonce", "e0") == []
    assert came_back(answer["nonce"], "e1") == [FriendRow(user(1), member_id="M-100")]
    assert came_back(answer["nonce"], "e1") == [FriendRow(user(1), member_id="M-100")]
    assert came_back(answer["nonce"], "e2", 2) == []
    assert nonce_hash(answer["nonce"]) != answer["nonce"]
    run.records.close()


def test_a_nonce_is_for_the_systems_of_the_business_alone(pages: Pages) -> None:
    body = b'{"member_id": "M-1"}'
    other = bearer(pages, "kita", "another shop's key")
    assert ask(pages, "POST", "/link/aoba", body)[0] == 401
    assert ask(pages, "POST", "/link/aoba", body, {"Authorization": "Bearer guess"})[0] == 401
    assert ask(pages, "POST", "/link/aoba", body, other)[0] == 401
    assert ask(pages, "POST", "/link/kita", body, other)[0] == 401
    key = bearer(pages)
    for wrong in (b"", b"[]", b'{"member_id": ""}', b'{"member_id": 5}', b'{"member_id": "a\\nb"}'):
        assert ask(pages, "POST", "/link/aoba", wrong, key)[0] == 400
    assert ask(pages, "POST", "/link/aoba", b'{"member_id": "' + b"x" * 20_000 + b'"}', key)[0] == 413


def test_the_business_ends_a_link(pages: Pages) -> None:
    key = bearer(pages)
    pages.store.import_friends("aoba", [FriendRow(user(1), member_id="M-1"), FriendRow(user(2), member_id="M-2")], NOW)
    assert json.loads(ask(pages, "POST", "/unlink/aoba", b'{"member_id": "M-1"}', key)[1]) == {"unlinked": 1}
    first, second = pages.store.friends("aoba", [pages.friend(1), pages.friend(2)])
    assert (first.member_id, second.member_id) == ("", "M-2")
    assert json.loads(ask(pages, "POST", "/unlink/aoba", b'{"member_id": "M-1"}', key)[1]) == {"unlinked": 0}
