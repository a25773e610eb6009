"""The contract of the LineAccount port, held by the HTTP account against two counterparts.

The offline account keeps state and knows LINE's limits; the recorded exchanges (``recorded/<test>.json``, in the shapes
of https://developers.line.biz/en/reference/messaging-api/) fix each request to the letter.
"""

from __future__ import annotations

import io
from typing import Any
from uuid import UUID

import pytest
from PIL import Image

from lineform.line.account import HttpLineAccount
from lineform.lineapi.routes import Route
from lineform.planning.live import DefaultMenu, Quota
from lineform.ports.line_account import (
    Accepted,
    LineAccount,
    NarrowcastProgress,
    NotFound,
    Phase,
    QuotaExceeded,
    RateLimited,
    Refused,
    ReplyTooLate,
    Unauthorised,
)
from lineform.sandbox.control import Control
from support.line_stages import OfflineStage, Stage

KEY = UUID("123e4567-e89b-42d3-a456-426614174000")
TEXT = [{"type": "text", "text": "こんにちは"}]
HELLO = '{"messages":[{"type":"text","text":"こんにちは"}]}'.encode()
MENU: dict[str, Any] = {
    "size": {"width": 2500, "height": 843},
    "selected": True,
    "name": "lineform:aoba/richmenu.main@0123456789abcdef",
    "chatBarText": "メニュー",
    "areas": [
        {
            "bounds": {"x": 0, "y": 0, "width": 2500, "height": 843},
            "action": {"type": "uri", "label": "予約", "uri": "https://example.com/"},
        }
    ],
}


def image() -> bytes:
    data = io.BytesIO()
    Image.new("RGB", (2500, 843), "white").save(data, "PNG")
    return data.getvalue()


async def shown_menu(account: LineAccount) -> str:
    menu = await account.create_menu(MENU)
    await account.upload_menu_image(menu, image(), "image/png")
    return menu


def multicast(friends: list[str]) -> bytes:
    ids = ",".join(f'"{friend}"' for friend in friends)
    return f'{{"to":[{ids}],"messages":[{{"type":"text","text":"x"}}]}}'.encode()


def test_the_bot_and_its_month_are_read(stage: Stage) -> None:
    async def play(account: HttpLineAccount) -> tuple[str, Quota]:
        return (await account.bot()).basic_id, await account.quota()

    assert stage.play(play) == ("@contract", Quota(limit=200, used=0))


def test_a_plan_without_limit_has_none(stage: Stage) -> None:
    stage.given(lambda control, name: control.change(name, plan_limit=None))
    assert stage.play(lambda account: account.quota()).limit is None


def test_a_menu_lives_from_its_creation_to_its_deletion(stage: Stage) -> None:
    async def play(account: HttpLineAccount) -> None:
        await account.validate_menu(MENU)
        menu = await account.create_menu(MENU)
        assert await account.menus() == [{"richMenuId": menu, **MENU}]
        assert await account.menu_image(menu) is None
        await account.upload_menu_image(menu, image(), "image/png")
        assert await account.menu_image(menu) is not None
        await account.delete_menu(menu)
        assert await account.menus() == []
        with pytest.raises(NotFound):
            await account.delete_menu(menu)

    stage.play(play)


def test_an_image_is_uploaded_once(stage: Stage) -> None:
    async def play(account: HttpLineAccount) -> None:
        menu = await shown_menu(account)
        with pytest.raises(Refused, match="already been uploaded") as caught:
            await account.upload_menu_image(menu, image(), "image/png")
        assert caught.value.status == 400

    stage.play(play)


def test_an_invalid_menu_is_refused_with_its_details(stage: Stage) -> None:
    async def play(account: HttpLineAccount) -> str:
        with pytest.raises(Refused) as caught:
            await account.validate_menu({name: value for name, value in MENU.items() if name != "name"})
        return caught.value.details

    assert stage.play(play) == "name: must be specified"


def test_an_alias_follows_its_menu(stage: Stage) -> None:
    async def play(account: HttpLineAccount) -> None:
        first, second = await shown_menu(account), await shown_menu(account)
        await account.create_alias("main", first)
        assert await account.aliases() == {"main": first}
        await account.update_alias("main", second)
        assert await account.aliases() == {"main": second}
        await account.delete_alias("main")
        assert await account.aliases() == {}
        with pytest.raises(NotFound):
            await account.update_alias("main", second)

    stage.play(play)


def test_the_default_menu_is_set_and_cleared(stage: Stage) -> None:
    async def play(account: HttpLineAccount) -> None:
        assert await account.default_menu() == DefaultMenu()
        menu = await shown_menu(account)
        await account.set_default_menu(menu)
        assert await account.default_menu() == DefaultMenu(menu_id=menu)
        await account.clear_default_menu()
        assert await account.default_menu() == DefaultMenu()

    stage.play(play)


def test_a_default_menu_of_another_tool_is_foreign(stage: Stage) -> None:
    stage.given(lambda control, name: control.manager_menu(name, MENU))
    assert stage.play(lambda account: account.default_menu()) == DefaultMenu(foreign=True)


def test_linked_users_move_in_one_batch(stage: Stage) -> None:
    [friend] = stage.friends(1)

    async def start(account: HttpLineAccount) -> str:
        old, new = await shown_menu(account), await shown_menu(account)
        assert await account.user_menu(friend) == ""
        batch = await account.move_linked_users({old: new}, "aoba-main-1")
        assert await account.move_progress(batch) is Phase.ONGOING
        return batch

    batch = stage.play(start)
    stage.given(lambda control, _: control.advance(60))
    assert stage.play(lambda account: account.move_progress(batch)) is Phase.SUCCEEDED


def test_menus_are_linked_to_one_friend_at_once_and_to_several_within_seconds(stage: Stage) -> None:
    first, second, third = stage.friends(3)

    async def link(account: HttpLineAccount) -> str:
        menu = await shown_menu(account)
        await account.link_menu(menu, [first])
        assert await account.user_menu(first) == menu
        await account.link_menu(menu, [second, third])
        return menu

    menu = stage.play(link)
    stage.given(lambda control, _: control.advance(60))

    async def unlink(account: HttpLineAccount) -> None:
        assert await account.user_menu(second) == menu
        await account.unlink_menus([second, third])
        await account.unlink_menus([first])
        assert await account.user_menu(first) == ""
        with pytest.raises(NotFound):
            await account.link_menu("richmenu-00000000000000000000000000000000", [first])

    stage.play(unlink)
    stage.given(lambda control, _: control.advance(60))
    assert stage.play(lambda account: account.user_menu(third)) == ""


def test_a_send_is_accepted_once_under_its_key(stage: Stage) -> None:
    [friend] = stage.friends(1)
    body = multicast([friend])

    async def play(account: HttpLineAccount) -> tuple[Accepted, Accepted]:
        return await account.send(Route.MULTICAST, body, KEY), await account.send(Route.MULTICAST, body, KEY)

    first, second = stage.play(play)
    assert first.request_id == first.accepted_request_id != ""
    assert not first.already
    assert second.already
    assert second.accepted_request_id == first.request_id != second.request_id


def test_a_broadcast_beyond_the_month_is_no_rate_limit(stage: Stage) -> None:
    stage.given(lambda control, name: control.change(name, plan_limit=1))
    stage.friends(2)

    async def play(account: HttpLineAccount) -> None:
        with pytest.raises(QuotaExceeded):
            await account.send(Route.BROADCAST, HELLO, KEY)

    stage.play(play)


def test_a_rate_limit_is_no_used_up_month(stage: Stage) -> None:
    stage.given(lambda control, name: control.fault("rate-limit", account=name))

    async def play(account: HttpLineAccount) -> None:
        with pytest.raises(RateLimited) as caught:
            await account.send(Route.BROADCAST, HELLO, KEY)
        assert caught.value.retry_after > 0

    stage.play(play)


def test_a_friend_is_answered_once_by_the_reply_token(stage: Stage) -> None:
    tokens = ["0" * 32]

    def write(control: Control, name: str) -> None:
        event = control.write(name, control.add_friends(name, 1)[0], "予約したい")
        tokens[0] = event["replyToken"]

    stage.given(write)

    async def play(account: HttpLineAccount) -> Accepted:
        answered = await account.reply(HELLO, tokens[0])
        with pytest.raises(ReplyTooLate):
            await account.reply(HELLO, tokens[0])
        return answered

    answered = stage.play(play)
    assert answered.request_id
    assert not answered.already


def test_messages_that_line_refuses_leave_the_reply_token_alive(stage: Stage) -> None:
    tokens = ["0" * 32]

    def write(control: Control, name: str) -> None:
        tokens[0] = control.write(name, control.add_friends(name, 1)[0], "予約したい")["replyToken"]

    stage.given(write)

    async def play(account: HttpLineAccount) -> None:
        with pytest.raises(Refused) as caught:
            await account.reply(b'{"messages":[{"type":"text","text":""}]}', tokens[0])
        assert not isinstance(caught.value, ReplyTooLate)
        await account.reply(HELLO, tokens[0])

    stage.play(play)


def test_messages_are_validated_without_being_sent(stage: Stage) -> None:
    async def play(account: HttpLineAccount) -> str:
        await account.validate_messages(Route.PUSH, TEXT)
        with pytest.raises(Refused) as caught:
            await account.validate_messages(Route.BROADCAST, [{"type": "text", "text": ""}])
        return caught.value.details

    assert stage.play(play).startswith("messages[0].text: ")


def test_a_narrowcast_tells_its_progress(stage: Stage) -> None:
    stage.friends(60)

    async def start(account: HttpLineAccount) -> str:
        accepted = await account.send(Route.NARROWCAST, HELLO, KEY)
        assert (await account.narrowcast_progress(accepted.accepted_request_id)).phase is Phase.ONGOING
        return accepted.accepted_request_id

    request = stage.play(start)
    stage.given(lambda control, _: control.advance(60))
    progress = stage.play(lambda account: account.narrowcast_progress(request))
    assert progress == NarrowcastProgress(Phase.SUCCEEDED, success=60, failure=0, target=60)


def test_followers_come_in_pages(stage: Stage) -> None:
    friends = stage.friends(3)

    async def play(account: HttpLineAccount) -> list[str]:
        first = await account.followers(limit=2)
        assert first.next
        second = await account.followers(first.next, limit=2)
        assert second.next == ""
        return [*first.user_ids, *second.user_ids]

    assert stage.play(play) == friends


def test_an_unverified_account_lists_nobody(stage: Stage) -> None:
    stage.given(lambda control, name: control.change(name, verified=False))

    async def play(account: HttpLineAccount) -> int:
        with pytest.raises(Refused) as caught:
            await account.followers()
        return caught.value.status

    assert stage.play(play) == 403


def test_a_profile_of_somebody_unknown_is_none(stage: Stage) -> None:
    [friend] = stage.friends(1)

    async def play(account: HttpLineAccount) -> None:
        profile = await account.profile(friend)
        assert profile is not None
        assert profile.user_id == friend
        assert await account.profile("U" + "f" * 32) is None

    stage.play(play)


def test_a_profile_is_told_of_friends_who_agreed_alone(origin: str) -> None:
    users: list[str] = []
    stage = OfflineStage(origin, "profiles")

    def people(control: Control, name: str) -> None:
        users.extend(
            control.add_friends(
                name,
                [
                    {"displayName": "花子", "language": "ja"},
                    {"displayName": "次郎"},
                    {"displayName": "三郎", "consent": False},
                    {"displayName": "四郎", "relation": "blocked"},
                    {"displayName": "五郎", "relation": "stranger"},
                ],
            )
        )

    async def play(account: HttpLineAccount) -> list[tuple[str, str] | None]:
        found = [await account.profile(user) for user in users]
        return [None if one is None else (one.display_name, one.language) for one in found]

    stage.given(people)
    assert stage.play(play) == [("花子", "ja"), ("次郎", ""), None, None, None]


def test_a_revoked_token_is_a_matter_of_credentials(origin: str) -> None:
    stage = OfflineStage(origin, "revoked")
    stage.spoil_token()
    with pytest.raises(Unauthorised):
        stage.play(lambda account: account.bot())


def test_a_person_is_told_by_an_id_token_of_the_right_channel_alone(stage: Stage) -> None:
    tokens = ["sandbox.0.id"]
    users = ["U" + "0" * 31 + "1"]

    def enter(control: Control, name: str) -> None:
        users[0] = control.add_friends(name, 1)[0]
        tokens[0] = control.id_token(name, users[0], "1234567890")

    stage.given(enter)

    async def play(account: HttpLineAccount) -> str:
        with pytest.raises(Refused):
            await account.identify("1999999999", tokens[0])
        with pytest.raises(Refused):
            await account.identify("1234567890", "nonsense")
        return await account.identify("1234567890", tokens[0])

    assert stage.play(play) == users[0]


def test_a_token_for_linking_is_had_for_people_whom_line_knows(stage: Stage) -> None:
    (user,) = stage.friends(1)

    async def play(account: HttpLineAccount) -> str:
        with pytest.raises(NotFound):
            await account.link_token("U" + "f" * 32)
        return await account.link_token(user)

    assert len(stage.play(play)) >= 10
