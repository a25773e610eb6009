from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from lineform.lineapi.actions import Place
from lineform.lineapi.author import CARRIED_IN, check_author_message
from lineform.lineapi.check import check_message
from lineform.lineapi.jsonschema import (
    action_schema,
    author_message_parts,
    author_message_schema,
    message_schema,
    richmenu_schema,
)
from support.line_messages import (
    CAROUSEL,
    CONFIRM,
    IMAGE_CAROUSEL,
    MESSAGES,
    flex,
    message,
    rich_menu,
    templated_message,
)

SCHEMAS = [
    message_schema(),
    author_message_schema(),
    richmenu_schema(),
    *(action_schema(place) for place in Place),
]
LINE = Draft202012Validator(message_schema())
AUTHOR = Draft202012Validator(author_message_schema())
FAMILY = "👨‍👩‍👧‍👦"
VALID = [
    *MESSAGES.values(),
    *(templated_message(template) for template in (CONFIRM, CAROUSEL, IMAGE_CAROUSEL)),
    templated_message({**CONFIRM, "text": FAMILY * 240}),
    flex({"type": "text", "text": "a", "glow": "soft", "size": "14px", "margin": "md", "color": "#00B900"}),
    flex({"type": "box", "layout": "vertical", "contents": [{"type": "box", "layout": "baseline", "contents": []}]}),
]
INVALID = [
    {},
    {"type": "txt"},
    message("text", text=5),
    message("text", text=""),
    message("text", text="a" * 5001),
    message("text", txt="a"),
    message("image", previewImageUrl="http://example.com/a.png"),
    message("location", latitude=91),
    templated_message({**CONFIRM, "actions": []}),
    flex({"type": "spacer"}),
    flex({"type": "text", "text": "a", "size": "large"}),
]


@pytest.mark.parametrize("schema", SCHEMAS)
def test_a_schema_is_a_schema_and_every_reference_leads_somewhere(schema: dict[str, Any]) -> None:
    Draft202012Validator.check_schema(schema)
    assert _references(schema) <= {f"#/$defs/{name}" for name in schema["$defs"]}


def _references(value: object) -> set[str]:
    if isinstance(value, dict):
        own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
        return own.union(*(_references(item) for item in value.values()))
    if isinstance(value, list):
        return set().union(*(_references(item) for item in value))
    return set()


@pytest.mark.parametrize("value", VALID)
def test_what_the_checks_accept_the_schema_accepts(value: dict[str, Any]) -> None:
    assert check_message(value) == []
    assert LINE.is_valid(value)
    assert AUTHOR.is_valid(value)


@pytest.mark.parametrize("value", INVALID)
def test_what_the_schema_refuses_the_checks_refuse(value: dict[str, Any]) -> None:
    assert check_message(value) != []
    assert not LINE.is_valid(value)
    assert not AUTHOR.is_valid(value)


@pytest.mark.parametrize("kind", MESSAGES)
def test_the_author_may_write_the_short_form(kind: str) -> None:
    rest = {key: value for key, value in MESSAGES[kind].items() if key != "type"}
    written = {kind: rest.pop(CARRIED_IN[kind]), **rest} if kind in CARRIED_IN else {kind: rest}
    assert check_author_message(written) == []
    assert AUTHOR.is_valid(written)
    assert not LINE.is_valid(written)
    assert not AUTHOR.is_valid({**written, "unheard": 1})


@pytest.mark.parametrize(
    "value",
    [
        message("text", text="{{ friend.name }}" * 1000),
        message("location", latitude="{{ shop.lat }}"),
        message("image", previewImageUrl="{{ item.image }}"),
        message("audio", duration="{{ item.ms }}"),
        flex({"type": "text", "text": "{{ a }}", "wrap": "{{ w }}", "color": "{{ c }}", "weight": "{{ b }}"}),
    ],
)
def test_an_expression_may_stand_for_a_scalar(value: dict[str, Any]) -> None:
    assert AUTHOR.is_valid(value)


def test_a_rich_menu_has_a_schema() -> None:
    validator = Draft202012Validator(richmenu_schema())
    assert validator.is_valid(rich_menu())
    assert not validator.is_valid(rich_menu(areas=[rich_menu()["areas"][0]] * 21))
    assert not validator.is_valid(rich_menu(size={"width": 10, "height": 10}))


def test_the_parts_fit_into_a_larger_schema() -> None:
    schema, defs = author_message_parts()
    larger = {"type": "array", "items": schema, "$defs": defs}
    assert Draft202012Validator(larger).is_valid([{"text": "a"}, MESSAGES["flex"]])


def test_a_repetition_may_stand_in_any_list_where_the_author_has_one() -> None:
    repetition = {"type": "object", "required": ["each", "do"], "properties": {"each": {}, "do": {}}}
    repeated = flex({"each": "items", "do": {"type": "text", "text": "a"}})
    assert Draft202012Validator(author_message_schema(repetition)).is_valid(repeated)
    assert not AUTHOR.is_valid(repeated)
