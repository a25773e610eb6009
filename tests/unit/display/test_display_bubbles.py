"""Messages of every type as bubbles, and chats of them."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from lineform.display.actions import action_words
from lineform.display.bubbles import ChatEntry, conversation_html, message_html
from support.line_messages import CAROUSEL, CONFIRM, IMAGE_CAROUSEL, MESSAGES, message, templated_message
from support.markup import read

QUICK = {"items": [{"type": "action", "action": {"type": "message", "label": "予約", "text": "予約したい"}}]}


@pytest.mark.parametrize("kind", sorted(MESSAGES))
def test_every_type_that_line_accepts_is_drawn(kind: str) -> None:
    assert not read(message_html(MESSAGES[kind])).all("lf-unknown")


@pytest.mark.parametrize("template", [CONFIRM, CAROUSEL, IMAGE_CAROUSEL])
def test_every_template_is_drawn(template: dict[str, object]) -> None:
    drawn = read(message_html(templated_message(template)))
    assert not drawn.all("lf-unknown")
    assert any("data-action" in node.attributes for node in drawn.every())


def test_an_unknown_type_is_a_labelled_box() -> None:
    assert read(message_html({"type": "hologram"})).one("lf-unknown").words == "unknown message type hologram"


def test_an_emoji_stands_where_its_utf16_index_points() -> None:
    drawn = read(
        message_html({"type": "text", "text": "🎂$ $5", "emojis": [{"index": 2, "productId": "p", "emojiId": "e"}]})
    )
    bubble = drawn.one("lf-bubble")
    assert bubble.words == "🎂☺ $5"
    assert drawn.one("lf-emoji").attributes["title"] == "LINE emoji p/e"


def test_an_emoji_index_that_points_to_no_dollar_changes_nothing() -> None:
    drawn = read(
        message_html({"type": "text", "text": "$abc", "emojis": [{"index": 1, "productId": "p", "emojiId": "e"}]})
    )
    assert drawn.one("lf-bubble").words == "$abc"


def test_placeholders_are_replaced_and_doubled_braces_are_single() -> None:
    drawn = read(message_html(message("textV2", text="{you}へ {{you}} {smile} {nobody}")))
    assert drawn.one("lf-bubble").words == "@U00000000へ {you} ☺ {nobody}"


def test_an_address_in_a_text_is_a_link_without_the_full_stop_after_it() -> None:
    drawn = read(
        message_html({"type": "text", "text": "詳しくは https://example.com/a?b=1&c=2. または http://example.com"})
    )
    assert [node.attributes["href"] for node in drawn.every() if node.tag == "a"] == ["https://example.com/a?b=1&c=2"]


def test_a_sender_gives_its_name_and_face() -> None:
    sent = message("text", sender={"name": "店長", "iconUrl": "https://example.com/face.png"})
    drawn = read(message_html(sent))
    assert drawn.one("lf-name").words == "店長"
    assert [node.attributes["src"] for node in drawn.one("lf-face").every() if node.tag == "img"] == [
        "https://example.com/face.png"
    ]


def test_quick_replies_carry_their_whole_action() -> None:
    drawn = read(message_html(message("text", quickReply=QUICK)))
    (button,) = [node for node in drawn.one("lf-quick").every() if "data-action" in node.attributes]
    assert json.loads(button.attributes["data-action"]) == QUICK["items"][0]["action"]
    assert button.words == "予約"


def test_a_chat_shows_days_and_times_and_whose_words_they_are() -> None:
    chat = conversation_html(
        [
            ChatEntry(datetime(2026, 12, 1, 23, 59, tzinfo=UTC), by="note", note="友だち追加"),
            ChatEntry(datetime(2026, 12, 1, 23, 59, tzinfo=UTC), {"type": "text", "text": "ようこそ"}),
            ChatEntry(datetime(2026, 12, 2, 0, 1, tzinfo=UTC), {"type": "text", "text": "予約したい"}, by="friend"),
        ],
        name="青葉サロン",
    )
    drawn = read(chat)
    assert [day.words for day in drawn.all("lf-day")] == ["2026/12/01(火)", "2026/12/02(水)"]
    assert drawn.one("lf-note").words == "23:59 友だち追加"
    assert drawn.one("lf-mine").one("lf-bubble").words == "予約したい"
    assert [time.words for time in drawn.all("lf-time")] == ["23:59", "00:01"]
    assert drawn.one("lf-name").words == "青葉サロン"


def test_only_the_last_message_of_a_chat_shows_its_quick_replies() -> None:
    at = datetime(2026, 12, 1, 10, 0, tzinfo=UTC)
    asked = ChatEntry(at, message("text", quickReply=QUICK))
    noted = ChatEntry(at, by="note", note="menu switched")
    answered = ChatEntry(at, {"type": "text", "text": "予約したい"}, by="friend")
    assert read(conversation_html([asked, noted])).all("lf-quick")
    assert not read(conversation_html([asked, answered])).all("lf-quick")
    assert len(read(conversation_html([asked, asked])).all("lf-quick")) == 1


@pytest.mark.parametrize(("duration", "shown"), [(60000, "1:00"), (1499, "0:01"), ("soon", "–:––"), (None, "–:––")])
def test_the_length_of_an_audio_is_minutes_and_seconds(duration: object, shown: str) -> None:
    assert shown in read(message_html(message("audio", duration=duration))).one("lf-audio").words


@pytest.mark.parametrize(
    ("action", "words"),
    [
        ({"type": "uri", "uri": "tel:03-1234-5678"}, "opens tel:03-1234-5678"),
        ({"type": "message", "text": "予約"}, "says 予約"),
        ({"type": "postback", "data": "a=1", "displayText": "はい"}, "postback a=1, says はい"),
        (
            {"type": "postback", "data": "a", "inputOption": "openKeyboard", "fillInText": "件名"},
            "postback a, opens the keyboard with “件名”",
        ),
        ({"type": "datetimepicker", "data": "d", "mode": "date"}, "picks date, postback d"),
        ({"type": "richmenuswitch", "richMenuAliasId": "news", "data": "m"}, "switches to menu news, postback m"),
        ({"type": "clipboard", "clipboardText": "CODE"}, "copies CODE"),
        ({"type": "camera"}, "opens the camera"),
        ({"type": "cameraRoll"}, "opens the photos"),
        ({"type": "location"}, "sends a location"),
        ({"type": "teleport"}, "unknown action teleport"),
        ({}, ""),
    ],
)  # fmt: skip
def test_every_action_says_what_it_does(action: dict[str, object], words: str) -> None:
    assert action_words(action) == words


def test_an_address_of_another_scheme_is_an_action_but_no_link() -> None:
    call = {"type": "uri", "label": "電話", "uri": "tel:03-1234-5678"}
    drawn = read(message_html(templated_message({"type": "buttons", "text": "a", "actions": [call]})))
    assert not [node for node in drawn.every() if node.tag == "a"]
    assert [
        json.loads(node.attributes["data-action"]) for node in drawn.every() if "data-action" in node.attributes
    ] == [call]
