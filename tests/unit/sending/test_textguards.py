from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineform.sending.textguards import Watch, few_enough, suspicious, suspicious_bytes, suspicious_messages
from lineform.templates.send import compile_messages


def codes(text: str, **how: bool) -> list[str]:
    return [one.code for one in suspicious(text, production=how.pop("production", True), **how)]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "E280"),
        ("  \n　", "E280"),
        ("{{ friend.name }}さま", "E281"),
        ("{% if x %}", "E281"),
        ("??????", "E282"),
        ("こんにちは？？？", "E282"),
        ("こん\ufffdにちは", "E283"),
        ("テスト", "E284"),
        ("これはテスト配信です", "E284"),
        ("【テスト】冬のセール", "E284"),
        ("コンテストのテスト", "E284"),
    ],
)
def test_a_text_that_must_not_reach_anybody_is_named(text: str, code: str) -> None:
    assert codes(text) == [code]


@pytest.mark.parametrize(
    "text",
    [
        "50% off",
        "本当に？",
        "本当に??",
        "写真コンテスト開催",
        "テスターの皆さま",
        "期末テスト対策講座",
        "テスト前の特別授業",
        "{お知らせ}",
        "100%}",
    ],
)
def test_ordinary_text_passes(text: str) -> None:
    assert codes(text) == []


def test_a_test_account_may_say_that_it_tests() -> None:
    assert codes("テスト配信です", production=False) == []


def test_an_expression_is_no_fault_in_text_as_written() -> None:
    assert codes("{{ friend.name | default('???') }}さま", templated=True) == []
    assert [one.position for one in suspicious("{{ a }}???", production=True, templated=True)] == [7]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("{ friend.name }}さま", "{ friend."),
        ("{ friend.name }さま", "{ friend."),
        ("{friend.name}さま", "{friend."),
        ("｛ values.shop ｝へようこそ", "｛ values."),
        ("｛｛ friend.name ｝｝さま", "｛｛ friend."),
        ("｛｛ ｆｒｉｅｎｄ．ｎａｍｅ ｝｝さま", "｛｛"),
        ("{｛　run.date }}", "{｛　run."),
        ("friend.name }}さま", "}}"),
        ("お客様｝｝", "｝｝"),
        ("{お客様}}", "}}"),
        ("さま %}", "%}"),
        ("｛% if friend.name ％｝", "｛%"),
        ("｛％ endif ％｝", "｛％"),
        ("{{ client.title }}の{ friend.name }さま", "{ friend."),
    ],
)
def test_a_mistyped_expression_is_named(text: str, found: str) -> None:
    (one,) = suspicious(text, production=True, templated=True)
    assert (one.code, one.sentence) == ("E281", f"the text still holds '{found}', a part of an expression")


@pytest.mark.parametrize(
    "text",
    [
        "(｀{}´)",
        "{お知らせ}",
        "｛期間限定｝",
        "ここまで }",
        "{最大50%}",
        "｛最大５０％｝",
        '{"shop": {"id": {"no": 1}}}',
        "{item} {friend}",
        "{{ friend.name | default('}}') }}さま",
        "{{ {'a': {'b': '金'}}['a']['b'] }}会員",
        "{{- client.title -}}\r\nへ",
        "{% if friend.name is defined %}{{ friend.name }}さま{% endif %}",
    ],
)
def test_braces_that_are_none_of_an_expression_pass(text: str) -> None:
    assert codes(text, templated=True) == []


@pytest.mark.parametrize("name", ["ゆき}}", "｛｛ゆき｝｝", "100%}", "(*´}}", "{ friend.name }"])
def test_a_friend_may_be_called_with_braces(name: str) -> None:
    assert codes(f"{name}さま") == []


def test_a_doubled_brace_is_a_brace_in_text_v2() -> None:
    assert codes("{{お知らせ}}", braces_doubled=True) == []
    assert codes("{お知らせ}}}", braces_doubled=True, templated=True) == []
    assert codes("{{ friend.name }}", braces_doubled=True) == ["E281"]
    assert codes("{ friend.name }", braces_doubled=True, templated=True) == ["E281"]


def test_every_text_of_a_message_is_read_and_named_by_its_path() -> None:
    message = {
        "type": "flex",
        "altText": "ok",
        "contents": {"type": "bubble", "body": {"contents": [{"type": "text", "text": "??? "}]}},
    }
    ((path, found),) = suspicious_messages([message], production=True)
    assert path == (0, "contents", "body", "contents", 0, "text")
    assert found.code == "E282"


def test_addresses_are_searched_for_expressions_only() -> None:
    message = {
        "type": "image",
        "originalContentUrl": "https://example.com/???",
        "previewImageUrl": "https://x/{{ id }}",
    }
    ((path, found),) = suspicious_messages([message], production=True)
    assert (path, found.code) == ((0, "previewImageUrl"), "E281")


def test_a_space_is_a_spacer_in_flex_and_nothing_in_a_text_message() -> None:
    flex = {"type": "flex", "altText": "x", "contents": {"type": "text", "text": " "}}
    assert suspicious_messages([flex], production=True) == []
    assert suspicious_messages([{"type": "text", "text": " "}], production=True)


_PIECES = st.sampled_from(
    [
        "??",
        "?",
        "？",
        "{{",
        "{%",
        "}}",
        "{",
        "｛",
        "friend",
        ".",
        "-",
        "テスト",
        "コン",
        "対策",
        "\ufffd",
        "a",
        " ",
        "　",
        "\n",
        '"',
        "\\",
    ]
)


@given(st.lists(_PIECES, max_size=6).map("".join), st.booleans(), st.booleans())
def test_reading_the_bytes_finds_what_reading_the_messages_finds(text: str, production: bool, ascii_only: bool) -> None:
    messages: list[dict[str, Any]] = [
        {"type": "text", "text": text},
        {"type": "flex", "altText": text or "x", "contents": {"text": text}},
    ]
    body = json.dumps(messages, ensure_ascii=ascii_only, separators=(",", ":")).encode()
    assert suspicious_bytes(body, production=production) == suspicious_messages(messages, production=production)


@given(
    st.lists(st.lists(_PIECES, max_size=5).map("".join), min_size=1, max_size=4),
    st.lists(_PIECES, max_size=3).map("".join),
    st.sampled_from(["", "x" * 100, '"' * 40]),
)
def test_what_is_suspicious_is_seen_by_looking_at_the_values_alone(names: list[str], around: str, far: str) -> None:
    """Wherever it is: in a value, in the text around it, or over the edge between both."""
    shown = around.replace("{", "").replace("}", "")
    text = f"{far}{shown}{{{{ friend.a }}}}{shown}{{{{ friend.b }}}}{shown}{far}"
    messages = [{"type": "flex", "altText": text, "contents": [{"text": "{{ friend.a }}"}, {"text": far}]}]
    compiled = compile_messages(messages, {})
    watch = Watch(compiled.pieces)
    for first, second in zip(names, reversed(names), strict=True):
        scope = {"friend": {"a": first, "b": second}}
        if suspicious_bytes(compiled.render_bytes(scope), production=True):
            assert watch.worth_reading(compiled.fill(scope))


def test_ordinary_values_are_not_read_again() -> None:
    compiled = compile_messages([{"type": "text", "text": "{{ friend.name }}さま、こんにちは"}], {})
    watch = Watch(compiled.pieces)
    assert not watch.worth_reading(compiled.fill({"friend": {"name": "山田 花子"}}))
    assert watch.worth_reading(compiled.fill({"friend": {"name": "??? 花子"}}))


@pytest.mark.parametrize(
    ("found", "recipients", "few"),
    [
        (0, 1, True),
        (1, 1, False),
        (1, 2, True),
        (10, 10, False),
        (10, 11, True),
        (11, 16, False),
        (11, 1_099, False),
        (11, 1_100, True),
        (1_000, 100_000, True),
        (1_001, 100_000, False),
    ],
)
def test_a_few_friends_trouble_is_told_from_a_mistake(found: int, recipients: int, few: bool) -> None:
    assert few_enough(found, recipients) is few
