"""Messages are made for one friend, and a friend's text is only ever data."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineform.templates.environment import SANDBOX
from lineform.templates.errors import TemplateError, UnknownValue
from lineform.templates.send import as_written, compile_messages, dump

CONTEXT = {"values": {"offer": {"percent": 30}}, "client": {"title": '青葉"サロン"'}}
MESSAGES: list[dict[str, Any]] = [
    {"type": "text", "text": "{{ friend.name | default('客') }}\n{{ values.offer.percent }}% \"{{ client.title }}\""},
    {
        "type": "flex",
        "contents": [
            {"title": "定数", "n": 1.5, "deep": [None, True, {"a": []}]},
            {"each": "friend.things", "as": "thing", "limit": 3,
             "do": {"t": "{{ thing }}", "u": "<{{ thing | string }}>"},
             "else": [{"t": "なし"}, {"t": "{{ friend.name | default('?') }}"}]},
        ],
        "age": "{{ friend.age | default(0) }}",
        "line": "{% if friend.age is defined and friend.age > 9 %}大人{% else %}{{ friend.name | d('-') }}{% endif %}",
    },
]  # fmt: skip
ANY = st.text() | st.sampled_from(
    ["{{ 7*7 }}", "{% raw %}", '"', "\\", "\n- a: b\n", "{{ values.offer }}", "\u2028", "😀"]
)
FRIENDS = st.fixed_dictionaries(
    {}, optional={"name": ANY, "age": st.integers(0, 99), "things": st.lists(ANY | st.integers(), max_size=5)}
)


def test_the_paths_that_a_rendering_needs_are_known() -> None:
    compiled = compile_messages(MESSAGES, CONTEXT)
    assert compiled.reads == {"friend.name", "friend.things", "friend.age"}
    assert not compiled.constant


def test_constant_messages_are_known_as_such() -> None:
    compiled = compile_messages([{"type": "text", "text": "{{ values.offer.percent }}%"}], CONTEXT)
    assert compiled.constant
    assert compiled.render({}) == [{"type": "text", "text": "30%"}]


@given(FRIENDS)
def test_the_bytes_are_the_json_of_the_rendering(friend: dict[str, Any]) -> None:
    compiled = compile_messages(MESSAGES, CONTEXT)
    scope = {"friend": friend}
    assert compiled.render_bytes(scope) == dump(compiled.render(scope))


@given(ANY)
def test_a_friends_text_arrives_byte_identical(name: str) -> None:
    compiled = compile_messages([{"text": "{{ friend.name }}"}, {"text": "a{{ friend.name }}b"}], {})
    made = json.loads(compiled.render_bytes({"friend": {"name": name}}))
    assert made == [{"text": name}, {"text": f"a{name}b"}]


@given(FRIENDS)
def test_plain_look_ups_say_what_jinja_would_say(friend: dict[str, Any]) -> None:
    for text in ("x{{ friend.name | default('お客様') }}y", "{{ friend.age | d('?') }} {{ friend.name | default(1) }}"):
        made = compile_messages([{"text": text}], {}).render({"friend": friend})
        assert made == [{"text": SANDBOX.from_string(text).render(friend=friend)}]


def test_an_unknown_value_is_named() -> None:
    compiled = compile_messages([{"text": "{{ friend.name }}さま"}], {})
    for make in (compiled.render, compiled.render_bytes):
        with pytest.raises(UnknownValue) as caught:
            make({"friend": {}})
        assert caught.value.path == "friend.name"


def test_an_unknown_value_inside_an_expression_is_named() -> None:
    compiled = compile_messages([{"text": "{{ friend.age + 1 }}"}, {"text": "{{ friend.birthday | date }}"}], {})
    with pytest.raises(UnknownValue) as caught:
        compiled.render({"friend": {"age": 1}})
    assert caught.value.path == "friend.birthday"


def test_a_repetition_without_items_uses_else() -> None:
    made = compile_messages(MESSAGES, CONTEXT).render({"friend": {"things": []}})
    assert made[1]["contents"][1:] == [{"t": "なし"}, {"t": "?"}]


def test_a_repetition_stops_at_its_limit() -> None:
    made = compile_messages(MESSAGES, CONTEXT).render({"friend": {"things": list("abcdef")}})
    assert [one["t"] for one in made[1]["contents"][1:]] == ["a", "b", "c"]


def test_a_repetition_over_no_list_is_refused() -> None:
    with pytest.raises(TemplateError, match="is not a list"):
        compile_messages(MESSAGES, CONTEXT).render({"friend": {"things": "abc"}})


def test_a_list_that_the_build_knew_is_repeated() -> None:
    messages = [{"contents": [{"each": ["a", "b"], "do": {"t": "{{ item }}"}}]}]
    assert compile_messages(messages, {}).render({}) == [{"contents": [{"t": "a"}, {"t": "b"}]}]


def test_a_misspelt_repetition_is_refused() -> None:
    with pytest.raises(TemplateError, match="no part of a repetition"):
        compile_messages([{"contents": [{"each": "friend.tags", "do": {}, "limt": 3}]}], {})


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("こんにちは {}", "こんにちは {}"),
        ("{{ values.percent }}%", "30%"),
        ("{{ values.percent + 1 }}% {{ client.title }}", "31% 青葉"),
        ("{{ friend.name }}さま、{{values.percent}}% {{ friend['x'] | default('あ') }}", None),
        ("{{ friend.name }}", None),
        ("{% if friend.vip %}{{ values.percent }}{% endif %}", None),
        ("{{ '{{' }} {{ friend.name }} {{ values.percent }}", "{{ {{ friend.name }} 30"),
        ("{{ friend.a }}{# nobody sees it #} {{ friend.b ~ '}}' }}", "{{ friend.a }} {{ friend.b ~ '}}' }}"),
    ],
)
def test_before_a_send_people_see_what_is_known_and_the_rest_as_it_is_written(text: str, shown: str | None) -> None:
    if shown is None:
        shown = text.replace("{{values.percent}}", "30")
    assert as_written(text, {"values": {"percent": 30}, "client": {"title": "青葉"}}) == shown


def test_what_is_not_known_there_is_an_error() -> None:
    with pytest.raises(UnknownValue, match="nothing"):
        as_written("{{ friend.name }} {{ values.nothing }}", {"values": {}})
