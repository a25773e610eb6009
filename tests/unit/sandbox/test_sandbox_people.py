from __future__ import annotations

import pytest

from lineform.errors import LineformError
from lineform.sandbox.control import Control
from lineform.sandbox.server import SandboxServer
from support.line_calls import Line, a_menu, a_text, an_area

STRANGE_ID = "U" + "0" * 32


def test_the_bot_tells_who_it_is(line: Line, control: Control) -> None:
    control.change("shop", display_name="花屋", premium_id="@hana", chat_mode="chat")
    assert line.get("/v2/bot/info").json == {
        "userId": control.account("shop")["bot_id"],
        "basicId": "@sandbox",
        "premiumId": "@hana",
        "displayName": "花屋",
        "chatMode": "chat",
        "markAsReadMode": "manual",
    }


def test_a_profile_is_shown_of_friends_who_consented(line: Line, control: Control) -> None:
    ana, ben = control.add_friends(
        "shop", [{"displayName": "Ana", "language": "ja", "gender": "female"}, {"consent": False}]
    )
    assert line.get(f"/v2/bot/profile/{ana}").json == {"userId": ana, "displayName": "Ana", "language": "ja"}
    assert line.get(f"/v2/bot/profile/{ben}").status == 404
    assert line.get(f"/v2/bot/profile/{STRANGE_ID}").json == {"message": "Not found"}
    control.block("shop", ana)
    assert line.get(f"/v2/bot/profile/{ana}").status == 404
    assert line.get("/v2/bot/profile/me").status == 400


def test_followers_come_in_pages_in_the_order_of_following(line: Line, control: Control) -> None:
    friends = control.add_friends("shop", 5)
    control.block("shop", friends[1])
    first = line.get("/v2/bot/followers/ids?limit=3").json
    assert first["userIds"] == [friends[0], friends[2], friends[3]]
    rest = line.get(f"/v2/bot/followers/ids?limit=3&start={first['next']}").json
    assert rest == {"userIds": [friends[4]]}


def test_a_page_may_be_short_although_there_is_a_next(line: Line, control: Control) -> None:
    friends = control.add_friends("shop", [{}, {"consent": False}, {}])
    page = line.get("/v2/bot/followers/ids?limit=2").json
    assert page["userIds"] == [friends[0]]
    assert page["next"]


def test_the_way_to_the_next_page_is_open_for_a_day(line: Line, control: Control) -> None:
    control.add_friends("shop", 2)
    start = line.get("/v2/bot/followers/ids?limit=1").json["next"]
    control.advance(86400)
    assert line.get(f"/v2/bot/followers/ids?limit=1&start={start}").status == 400
    assert line.get("/v2/bot/followers/ids?start=nonsense").status == 400
    assert line.get("/v2/bot/followers/ids?limit=1001").status == 400


def test_an_unverified_account_sees_no_followers(line: Line, control: Control) -> None:
    control.change("shop", verified=False)
    answer = line.get("/v2/bot/followers/ids")
    assert (answer.status, answer.json) == (403, {"message": "Access to this API is not available for your account"})


def test_a_loading_sign_lasts_5_to_60_seconds_in_steps_of_five(line: Line, friend: str) -> None:
    path = "/v2/bot/chat/loading/start"
    assert line.post(path, {"chatId": friend}).status == 202
    assert line.post(path, {"chatId": friend, "loadingSeconds": 60}).status == 202
    for seconds in (0, 65, 7, "20", True):
        assert line.post(path, {"chatId": friend, "loadingSeconds": seconds}).status == 400
    assert line.post(path, {"chatId": "C" + "0" * 32}).json["details"][0]["property"] == "chatId"


def test_a_message_is_marked_as_read_by_the_token_it_came_with(line: Line, control: Control, friend: str) -> None:
    token = control.write("shop", friend, "hi")["message"]["markAsReadToken"]
    path = "/v2/bot/chat/markAsRead"
    assert line.post(path, {"markAsReadToken": token}).json == {}
    assert line.post(path, {"markAsReadToken": "other"}).status == 400
    control.add_account(name="other", token="other")
    line.token = "other"
    assert line.post(path, {"markAsReadToken": token}).status == 400


def test_following_again_says_whether_it_was_an_unblock(control: Control, friend: str) -> None:
    assert control.block("shop", friend)["type"] == "unfollow"
    back = control.unblock("shop", friend)
    assert back["follow"] == {"isUnblocked": True}
    assert back["replyToken"]
    (stranger,) = control.add_friends("shop", [{"relation": "stranger"}])
    assert control.follow("shop", stranger)["follow"] == {"isUnblocked": False}
    assert [entry["event"]["type"] for entry in control.events("shop")] == ["unfollow", "follow", "follow"]


def test_a_tap_does_what_its_action_says(line: Line, control: Control, friend: str) -> None:
    areas = [
        an_area({"type": "message", "label": "a", "text": "予約"}),
        an_area({"type": "postback", "label": "b", "data": "book=1"}),
        an_area({"type": "uri", "label": "c", "uri": "https://example.com"}),
    ]
    menu = line.new_menu(areas=areas)
    line.post(f"/v2/bot/user/all/richmenu/{menu}")
    message, postback, link = (control.tap("shop", friend, area)["event"] for area in range(3))
    assert message["message"]["text"] == "予約"
    assert postback["postback"] == {"data": "book=1"}
    assert link is None
    reply = {"replyToken": postback["replyToken"], "messages": [a_text("ok")]}
    assert line.post("/v2/bot/message/reply", reply).status == 200
    button = {"type": "postback", "data": "buy"}
    assert control.tap("shop", friend, action=button)["event"]["postback"] == {"data": "buy"}


def test_what_cannot_be_done_is_refused_with_what_to_do(control: Control, friend: str) -> None:
    with pytest.raises(LineformError, match="sees no rich menu"):
        control.tap("shop", friend)
    with pytest.raises(LineformError, match="nobody has the id"):
        control.friend("shop", STRANGE_ID)
    with pytest.raises(LineformError, match="no account 'shoop'"):
        control.account("shoop")
    with pytest.raises(LineformError, match="unknown account setting 'plan'"):
        control.add_account(plan=200)
    with pytest.raises(LineformError, match="is no user id"):
        control.add_friends("shop", [{"user_id": "me"}])
    with pytest.raises(LineformError, match="there already"):
        control.add_friends("shop", [{"user_id": friend}])
    with pytest.raises(LineformError, match="there is an account 'shop' already"):
        control.add_account(name="shop")
    with pytest.raises(LineformError, match="belongs to an account already"):
        control.add_account(token="token")


def test_a_phone_page_shows_the_chat_and_the_menu_escaped(sandbox: SandboxServer, line: Line, control: Control) -> None:
    (user,) = control.add_friends("shop", [{"displayName": "<i>Eve</i>"}])
    control.write("shop", user, "<script>alert(1)</script>")
    line.push(user, "<b>安い</b>")
    menu = line.new_menu("<u>menu</u>")
    line.post(f"/v2/bot/user/all/richmenu/{menu}")
    page = Line(sandbox.origin).get(f"/_sandbox/phone/shop/{user}").body.decode()
    start = Line(sandbox.origin).get("/_sandbox/").body.decode()
    assert "&lt;b&gt;安い&lt;/b&gt;" in page
    assert "&lt;script&gt;alert(1)" in page
    assert "data:image/png;base64," in page
    for text in (page, start):
        assert "&lt;i&gt;Eve&lt;/i&gt;" in text
        assert not any(tag in text for tag in ("<script>alert", "<i>", "<b>安", "<u>menu"))
    assert f"/_sandbox/phone/shop/{user}" in start


def test_what_a_tap_says_stands_in_the_chat_and_ends_its_quick_replies(
    sandbox: SandboxServer, line: Line, control: Control, friend: str
) -> None:
    action = {"type": "postback", "label": "はい", "data": "yes=1", "displayText": "はい、<b>お願い</b>します"}
    items = [{"type": "action", "action": action}]
    message = {"type": "text", "text": "ご予約ですか？", "quickReply": {"items": items}}
    assert line.post("/v2/bot/message/push", {"to": friend, "messages": [message]}).status == 200

    def phone() -> str:
        return Line(sandbox.origin).get(f"/_sandbox/phone/shop/{friend}").body.decode().partition("<main>")[2]

    assert "lf-quick" in phone().partition("<script>")[0]
    event = control.tap("shop", friend, action=action)["event"]
    shown = phone().partition("<script>")[0]
    assert "はい、&lt;b&gt;お願い&lt;/b&gt;します" in shown
    assert "tap: yes=1" in shown
    assert "lf-quick" not in shown
    assert event["postback"] == {"data": "yes=1"}, "LINE tells the bot the data alone"


def test_a_menu_made_by_hand_is_seen_until_the_api_sets_its_own(line: Line, control: Control, friend: str) -> None:
    control.manager_menu("shop", a_menu("by hand"))
    menu = line.new_menu("by api")
    assert line.post(f"/v2/bot/user/all/richmenu/{menu}").status == 200
    shown = control.friend("shop", friend)["menu"]
    assert shown["name"] == "by api"


def test_the_webhook_address_is_kept_once_it_is_one(line: Line, control: Control) -> None:
    path = "/v2/bot/channel/webhook/endpoint"
    assert line.get(path).json == {"message": "Webhook endpoint not found"}
    for wrong in ("http://example.com/hook", "https://", "https://example.com/" + "x" * 500, None):
        assert line.call("PUT", path, {"endpoint": wrong}).json == {"message": "Invalid webhook endpoint URL"}
    assert line.call("PUT", path, {"endpoint": "https://example.com/hook"}).json == {}
    assert line.get(path).json == {"endpoint": "https://example.com/hook", "active": True}
    control.change("shop", webhook_active=False)
    assert line.get(path).json["active"] is False


def test_a_link_token_is_for_people_of_this_channel(line: Line, friend: str) -> None:
    first, second = (line.post(f"/v2/bot/user/{friend}/linkToken").json["linkToken"] for _ in range(2))
    assert first != second
    assert line.post(f"/v2/bot/user/{STRANGE_ID}/linkToken").status == 404
    assert line.post("/v2/bot/user/me/linkToken").status == 400
