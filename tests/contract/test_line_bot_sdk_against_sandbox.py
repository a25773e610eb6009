"""LINE's own SDK as an independent client of the offline account: it is understood, and it understands the answers."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import Any

import pytest

from lineform.sandbox.control import Control
from lineform.sandbox.server import SandboxServer
from support.line_calls import TOKEN, an_image

WAIT = {"_request_timeout": 10}
PNG = {"Content-Type": "image/png"}


@dataclass(frozen=True)
class Sdk:
    """The SDK's module and its two clients; `api` for api.line.me, `blob` for api-data.line.me, on one origin."""

    v3: ModuleType
    api: Any
    blob: Any


@pytest.fixture(scope="session")
def messaging() -> ModuleType:
    """Imported once: it takes a second or two."""
    return import_module("linebot.v3.messaging")


@pytest.fixture(scope="session")
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer() as server:
        yield server


@pytest.fixture
def control(sandbox: SandboxServer) -> Control:
    found = Control(sandbox.origin)
    found.reset()
    found.set_clock(1_764_558_000.0)
    found.add_account(name="shop", token=TOKEN, display_name="花屋", plan_limit=1000)
    return found


@pytest.fixture
def sdk(messaging: ModuleType, sandbox: SandboxServer, control: Control) -> Iterator[Sdk]:
    with messaging.ApiClient(messaging.Configuration(host=sandbox.origin, access_token=TOKEN)) as client:
        yield Sdk(messaging, messaging.MessagingApi(client), messaging.MessagingApiBlob(client))
        client.rest_client.pool_manager.clear()


@pytest.fixture
def refused(sdk: Sdk) -> Callable[..., Any]:
    """The error that a call ends with."""

    def call(operation: Callable[..., Any], *values: Any, **named: Any) -> Any:
        with pytest.raises(sdk.v3.ApiException) as caught:
            operation(*values, **named, **WAIT)
        return caught.value

    return call


def new_menu(sdk: Sdk, name: str = "menu", action: Any = None, *, image: bool = True) -> str:
    v3 = sdk.v3
    bounds = v3.RichMenuBounds(x=0, y=0, width=400, height=540)
    area = v3.RichMenuArea(bounds=bounds, action=action or v3.MessageAction(label="hi", text="hi"))
    request = v3.RichMenuRequest(
        size=v3.RichMenuSize(width=800, height=540), selected=True, name=name, chatBarText="Menu", areas=[area]
    )
    sdk.api.validate_rich_menu_object(request, **WAIT)
    menu: str = sdk.api.create_rich_menu(request, **WAIT).rich_menu_id
    if image:
        sdk.blob.set_rich_menu_image(menu, body=an_image(), _headers=PNG, **WAIT)
    return menu


def texts(sdk: Sdk, text: str = "hello") -> list[Any]:
    return [sdk.v3.TextMessage(text=text)]


def test_a_rich_menu_lives_from_creation_to_deletion(sdk: Sdk, refused: Callable[..., Any]) -> None:
    switch = sdk.v3.RichMenuSwitchAction(richMenuAliasId="other", data="to-other")
    menu = new_menu(sdk, "first", switch)
    assert bytes(sdk.blob.get_rich_menu_image(menu, **WAIT)) == an_image()
    found = sdk.api.get_rich_menu(menu, **WAIT)
    assert (found.name, found.areas[0].action) == ("first", switch)
    assert [entry.rich_menu_id for entry in sdk.api.get_rich_menu_list(**WAIT).richmenus] == [menu]
    again = refused(sdk.blob.set_rich_menu_image, menu, body=an_image(), _headers=PNG)
    assert (again.status, "already been uploaded" in again.body) == (400, True)
    sdk.api.delete_rich_menu(menu, **WAIT)
    assert refused(sdk.api.get_rich_menu, menu).status == 404
    assert refused(sdk.blob.get_rich_menu_image, menu).status == 404


def test_an_alias_is_created_moved_listed_and_deleted(sdk: Sdk, refused: Callable[..., Any]) -> None:
    v3, one, two, bare = sdk.v3, new_menu(sdk), new_menu(sdk), new_menu(sdk, image=False)
    no_image = refused(
        sdk.api.create_rich_menu_alias, v3.CreateRichMenuAliasRequest(richMenuAliasId="tab", richMenuId=bare)
    )
    assert (no_image.status, "richmenu not found" in no_image.body) == (400, True)
    sdk.api.create_rich_menu_alias(v3.CreateRichMenuAliasRequest(richMenuAliasId="tab", richMenuId=one), **WAIT)
    sdk.api.update_rich_menu_alias("tab", v3.UpdateRichMenuAliasRequest(richMenuId=two), **WAIT)
    assert sdk.api.get_rich_menu_alias("tab", **WAIT).rich_menu_id == two
    listed = sdk.api.get_rich_menu_alias_list(**WAIT).aliases
    assert [(entry.rich_menu_alias_id, entry.rich_menu_id) for entry in listed] == [("tab", two)]
    sdk.api.delete_rich_menu_alias("tab", **WAIT)
    assert refused(sdk.api.get_rich_menu_alias, "tab").status == 404


def test_the_default_menu_is_set_and_cleared(sdk: Sdk, control: Control, refused: Callable[..., Any]) -> None:
    assert refused(sdk.api.get_default_rich_menu_id).status == 404
    menu = new_menu(sdk)
    sdk.api.set_default_rich_menu(menu, **WAIT)
    assert sdk.api.get_default_rich_menu_id(**WAIT).rich_menu_id == menu
    sdk.api.cancel_default_rich_menu(**WAIT)
    assert refused(sdk.api.get_default_rich_menu_id).status == 404
    control.manager_menu("shop", {"areas": []})
    assert refused(sdk.api.get_default_rich_menu_id).status == 403


def test_menus_are_linked_one_by_one_in_bulk_and_in_batches(
    sdk: Sdk, control: Control, refused: Callable[..., Any]
) -> None:
    v3, one, two = sdk.v3, new_menu(sdk), new_menu(sdk)
    first, second = control.add_friends("shop", 2)
    sdk.api.link_rich_menu_id_to_user(first, one, **WAIT)
    assert sdk.api.get_rich_menu_id_of_user(first, **WAIT).rich_menu_id == one
    sdk.api.unlink_rich_menu_id_from_user(first, **WAIT)
    assert refused(sdk.api.get_rich_menu_id_of_user, first).status == 404
    sdk.api.link_rich_menu_id_to_users(v3.RichMenuBulkLinkRequest(richMenuId=one, userIds=[first, second]), **WAIT)
    control.advance(2)
    sdk.api.unlink_rich_menu_id_from_users(v3.RichMenuBulkUnlinkRequest(userIds=[second]), **WAIT)
    control.advance(2)
    batch = v3.RichMenuBatchRequest(operations=[v3.RichMenuBatchLinkOperation(**{"from": one, "to": two})])
    sdk.api.validate_rich_menu_batch_request(batch, **WAIT)
    accepted = sdk.api.rich_menu_batch_with_http_info(batch, **WAIT)
    assert accepted.status_code == 202
    request_id = accepted.headers["x-line-request-id"]
    assert sdk.api.get_rich_menu_batch_progress(request_id, **WAIT).phase == "ongoing"
    control.advance(5)
    assert sdk.api.get_rich_menu_batch_progress(request_id, **WAIT).phase == "succeeded"
    assert sdk.api.get_rich_menu_id_of_user(first, **WAIT).rich_menu_id == two
    assert refused(sdk.api.get_rich_menu_id_of_user, second).status == 404


def test_every_way_of_sending_reaches_its_friends(sdk: Sdk, control: Control) -> None:
    v3 = sdk.v3
    first, second = control.add_friends("shop", 2)
    pushed = sdk.api.push_message(v3.PushMessageRequest(to=first, messages=texts(sdk, "push")), **WAIT)
    assert len(pushed.sent_messages) == 1
    sdk.api.multicast(v3.MulticastRequest(to=[first, second], messages=texts(sdk, "multicast")), **WAIT)
    sdk.api.broadcast(v3.BroadcastRequest(messages=texts(sdk, "broadcast")), **WAIT)
    token = control.write("shop", second, "hi")["replyToken"]
    sdk.api.reply_message(v3.ReplyMessageRequest(replyToken=token, messages=texts(sdk, "reply")), **WAIT)
    limit = v3.Limit(max=10, upToRemainingQuota=True)
    narrow = v3.NarrowcastRequest(messages=texts(sdk, "narrowcast"), limit=limit)
    accepted = sdk.api.narrowcast_with_http_info(narrow, **WAIT)
    request_id = accepted.headers["x-line-request-id"]
    assert sdk.api.get_narrowcast_progress(request_id, **WAIT).phase == "waiting"
    control.advance(5)
    progress = sdk.api.get_narrowcast_progress(request_id, **WAIT)
    assert (progress.phase, progress.success_count) == ("succeeded", 2)

    def received(user: str) -> list[str]:
        return [message["text"] for message in control.friend("shop", user)["messages"]]

    assert received(first) == ["push", "multicast", "broadcast", "narrowcast"]
    assert received(second) == ["multicast", "broadcast", "reply", "narrowcast"]
    assert sdk.api.get_message_quota_consumption(**WAIT).total_usage == 7
    control.advance(86400)
    assert sdk.api.get_number_of_sent_push_messages("20251201", **WAIT).success == 1
    assert sdk.api.get_number_of_sent_multicast_messages("20251201", **WAIT).success == 2


def test_a_retry_key_is_accepted_once(sdk: Sdk, control: Control, refused: Callable[..., Any]) -> None:
    (friend,) = control.add_friends("shop", 1)
    key = str(uuid.uuid4())
    sends = {
        "push": (sdk.api.push_message_with_http_info, sdk.v3.PushMessageRequest(to=friend, messages=texts(sdk))),
        "broadcast": (sdk.api.broadcast_with_http_info, sdk.v3.BroadcastRequest(messages=texts(sdk))),
    }
    for operation, request in sends.values():
        key = str(uuid.uuid4())
        accepted = operation(request, key, **WAIT)
        again = refused(operation, request, key)
        assert again.status == 409
        assert again.headers["x-line-accepted-request-id"] == accepted.headers["x-line-request-id"]
    assert len(control.deliveries("shop", friend)) == 2


def test_messages_are_validated_with_the_place_of_the_error(sdk: Sdk, refused: Callable[..., Any]) -> None:
    v3 = sdk.v3
    for kind in ("reply", "push", "multicast", "narrowcast", "broadcast"):
        operation = getattr(sdk.api, f"validate_{kind}")
        operation(v3.ValidateMessageRequest(messages=texts(sdk)), **WAIT)
        wrong = refused(operation, v3.ValidateMessageRequest(messages=texts(sdk, "x" * 5001)))
        assert wrong.status == 400
        assert v3.ErrorResponse.from_json(wrong.body).details[0].var_property == "messages[0].text"


def test_flex_and_templates_are_understood(sdk: Sdk, control: Control) -> None:
    v3 = sdk.v3
    (friend,) = control.add_friends("shop", 1)
    button = v3.FlexButton(action=v3.URIAction(label="見る", uri="https://example.com/"))
    box = v3.FlexBox(layout="vertical", contents=[v3.FlexText(text="セール", wrap=True), button])
    flex = v3.FlexMessage(altText="セール", contents=v3.FlexBubble(body=box))
    answers = [v3.MessageAction(label="はい", text="はい"), v3.PostbackAction(label="いいえ", data="no")]
    confirm = v3.TemplateMessage(altText="?", template=v3.ConfirmTemplate(text="来ますか", actions=answers))
    sdk.api.push_message(v3.PushMessageRequest(to=friend, messages=[flex, confirm]), **WAIT)
    (received,) = control.deliveries("shop", friend)
    assert [message["type"] for message in received["messages"]] == ["flex", "template"]


def test_quota_bot_followers_and_profiles_are_read(sdk: Sdk, control: Control, refused: Callable[..., Any]) -> None:
    quota = sdk.api.get_message_quota(**WAIT)
    assert (quota.type, quota.value) == ("limited", 1000)
    info = sdk.api.get_bot_info(**WAIT)
    assert (info.display_name, info.user_id) == ("花屋", control.account("shop")["bot_id"])
    friends = control.add_friends("shop", [{"displayName": "Ana", "language": "ja"}, {}, {}])
    page = sdk.api.get_followers(limit=2, **WAIT)
    assert page.user_ids == friends[:2]
    assert sdk.api.get_followers(start=page.next, **WAIT).user_ids == friends[2:]
    profile = sdk.api.get_profile(friends[0], **WAIT)
    assert (profile.display_name, profile.language) == ("Ana", "ja")
    control.change("shop", verified=False)
    assert refused(sdk.api.get_followers).status == 403


def test_errors_carry_status_body_and_request_id(sdk: Sdk, control: Control, refused: Callable[..., Any]) -> None:
    v3 = sdk.v3
    (friend,) = control.add_friends("shop", 1)
    unknown = refused(sdk.api.push_message, v3.PushMessageRequest(to="U" + "0" * 32, messages=texts(sdk)))
    assert (unknown.status, v3.ErrorResponse.from_json(unknown.body).message) == (400, "Failed to send messages")
    assert unknown.headers["x-line-request-id"]
    control.change("shop", plan_limit=0)
    over = refused(sdk.api.push_message, v3.PushMessageRequest(to=friend, messages=texts(sdk)))
    assert (over.status, "monthly limit" in over.body) == (429, True)
    control.fault("error-before", path=".*/push", status=503)
    assert refused(sdk.api.push_message, v3.PushMessageRequest(to=friend, messages=texts(sdk))).status == 503


def test_a_wrong_token_is_401(messaging: ModuleType, sandbox: SandboxServer, control: Control) -> None:
    with messaging.ApiClient(messaging.Configuration(host=sandbox.origin, access_token="wrong")) as client:
        with pytest.raises(messaging.ApiException) as caught:
            messaging.MessagingApi(client).get_bot_info(**WAIT)
        client.rest_client.pool_manager.clear()
    assert caught.value.status == 401
