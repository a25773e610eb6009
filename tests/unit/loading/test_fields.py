# ruff: noqa: E501 - whole sentences are compared
"""What is wrong with a field is said in plain words, at its place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from lineform.loading.validation import PATTERNS, validate
from lineform.model.address import Kind
from lineform.model.catalogue import SPECS

GOOD: dict[str, dict[str, Any]] = {
    "segment": {"where": {"tag": "x"}},
    "campaign": {"audience": "everyone", "schedule": {"at": "2026-12-01T10:00"}, "messages": [{"text": "a"}]},
    "richmenu": {"bar": "x", "cells": [{"at": "A1", "uri": "https://example.com"}]},
    "client": {"title": "x", "bot": "U" + "0" * 32, "token": {"env": "T"}},
    "attributes": {"attributes": {"tier": {"type": "text"}}},
    "reply": {"when": "anything", "do": [{"tag": "a"}]},
    "scenario": {"trigger": "follow", "steps": [{"id": "a", "after": 0, "send": [{"text": "a"}]}]},
}


def said(kind: str, **fields: Any) -> list[tuple[str, str, str]]:
    tree = {"kind": kind, "name": "x", **GOOD[kind], **fields}
    return [(p.code, p.message, p.hint) for p in validate(SPECS[Kind(kind)], tree)[1]]


@pytest.mark.parametrize("kind", GOOD)
def test_the_examples_are_right(kind: str) -> None:
    assert said(kind) == []


@pytest.mark.parametrize(
    ("kind", "fields", "message", "hint"),
    [
        ("segment", {"where": {}}, "where is an empty condition; everyone must be written. Conditions begin with one of attribute, tag, age_of, anniversary, friend_since, language, route, member, event, click, answer, segment, all, any, not", ""),
        ("segment", {"where": {"any": []}}, "where.any is empty", ""),
        ("segment", {"where": {"atribute": "tier", "is": 1}}, "where is no condition: it needs one of the keys attribute, tag, age_of, anniversary, friend_since, language, route, member, event, click, answer, segment, all, any, not", "did you mean 'attribute'?"),
        ("segment", {"where": {"all": [{"tag": "a"}, {"attribute": "t"}]}}, "where.all[1] needs exactly one comparison, such as is, in, at_least or known", ""),
        ("segment", {"where": {"attribute": "t", "iss": 1}}, "unknown key 'iss' in where", "did you mean 'is'?"),
        ("segment", {"where": {"attribute": "t", "in": "gold"}}, "where.in must be a list", "begin each item with '- ', or write [one, two]"),
        ("scenario", {"trigger": "folow"}, "trigger must be an occasion: follow, manual, or a mapping with one of the keys item, follow, tag, untag, attribute, click, postback, keyword, form, event, route, member, date, segment, manual", "did you mean 'follow'?"),
        ("scenario", {"trigger": ["folow"]}, "trigger[0] must be an occasion: follow, manual, or a mapping with one of the keys item, follow, tag, untag, attribute, click, postback, keyword, form, event, route, member, date, segment, manual", "did you mean 'follow'?"),
        ("scenario", {"trigger": {"folow": {}}}, "trigger is no occasion: it needs one of the keys item, follow, tag, untag, attribute, click, postback, keyword, form, event, route, member, date, segment, manual", "did you mean 'follow'?"),
        ("scenario", {"trigger": {"follow": {"on_unblok": "skip"}}}, "unknown key 'on_unblok' in trigger.follow", "did you mean 'on_unblock'?"),
        ("scenario", {"trigger": {"tag": "a", "untag": "b"}}, "'untag' cannot stand beside 'tag' in trigger", "write one item of a list for each; any of them will do"),
        ("scenario", {"goal": "tag"}, "goal must be an occasion: a mapping with one of the keys tag, untag, attribute, click, postback, keyword, form, event, route, member", "write {tag: …}"),
        ("scenario", {"goal": {"follow": {}}}, "goal is no occasion: it needs one of the keys tag, untag, attribute, click, postback, keyword, form, event, route, member", ""),
        ("scenario", {"steps": [{"id": "a", "do": [{"tag": "a", "send": [{"text": "a"}]}]}]}, "'tag' cannot stand beside 'send' in steps[0].do[0]", "write one item of the list for each"),
        ("segment", {"where": {"tag": "a", "attribute": "b", "is": 1}}, "'tag' cannot stand beside 'attribute' in where", "write all: or any: with one item for each"),
        ("segment", {"where": {"age": 20}}, "where cannot ask for 'age': LINE tells it of nobody; ask your friends for their birthday and write {age_of: birthday, at_least: 20}, or let LINE estimate it for a narrowcast: 'audience: {demographic: …}'", ""),
        ("segment", {"where": "everone"}, "where must be a condition: a mapping with one of the keys attribute, tag, age_of, anniversary, friend_since, language, route, member, event, click, answer, segment, all, any, not", ""),
        ("campaign", {"audience": {}}, "audience needs exactly one of everyone, segment, where, audience or demographic", ""),
        ("campaign", {"audience": {"everyone": False}}, "audience.everyone must be True; it is false", ""),
        ("campaign", {"audience": "evryone"}, "audience must be a mapping", "write everyone for all friends, or a mapping such as {segment: regulars}"),
        ("campaign", {"audience": "全員"}, "audience must be a mapping", "write everyone for all friends, or a mapping such as {segment: regulars}"),
        ("scenario", {"steps": [{"id": "a", "after": "1d", "at": "25:00", "send": [{"text": "a"}]}]}, 'steps[0].at is not a time of day written as "HH:MM", from "00:00" to "23:59"', ""),
        ("client", {"limits": {"quiet": "21-9"}}, 'limits.quiet is not two times of day written as "HH:MM-HH:MM", such as "21:00-09:00"; the last is "23:59"', ""),
        ("reply", {"hours": {"open": "10:00-25:00"}}, 'hours.open is not two times of day written as "HH:MM-HH:MM", such as "21:00-09:00"; the last is "23:59"', ""),
        ("reply", {"when": [{"tap": "main/Z9"}]}, "when[0].tap is not a menu's cell: its name, a slash and a cell from A1 to F6, such as main/A1", ""),
        ("campaign", {"schedule": {"at": "tomorrow"}}, "schedule.at is not a local date and time such as 2026-12-01T10:00 (the time zone is the client's)", ""),
        ("campaign", {"schedule": {"at": "2026-12-01T10:00", "if_late": "holt"}}, "schedule.if_late must be hold or skip or a mapping", "did you mean 'hold'?"),
        ("campaign", {"schedule": {"at": "2026-12-01T10:00", "if_late": {"within": 3}}}, "schedule.if_late.within is not a duration: write a whole number and a unit, such as 45m, 2h, 3d or 1w", ""),
        ("campaign", {"messages": []}, "messages is empty", ""),
        ("campaign", {"messages": [{"text": "a"}] * 6}, "messages has 6 items; at most 5 are allowed", ""),
        ("campaign", {"silent": "yes"}, "silent must be true or false", ""),
        ("campaign", {"description": 3}, "description must be a text; it is the number 3", "put it in quotes"),
        ("richmenu", {"size": "lrge"}, "size must be large or compact or a list", "did you mean 'large'?"),
        ("richmenu", {"cells": [{"at": "A9", "uri": "x"}]}, "cells[0].at is not a cell of the grid: A1 is the first, F6 the last", ""),
        ("richmenu", {"cells": [{"at": "A1"}]}, "cells[0] needs exactly one action: uri, message, postback, switch, clipboard, datetime", ""),
        ("richmenu", {"cells": [{"bounds": {"x": 0, "y": -1, "width": 1, "height": 1}, "uri": "x"}]}, "cells[0].bounds.y must be at least 0; it is the number -1", ""),
        ("client", {"bot": "@aoba"}, "bot is not a bot's user id: U and 32 hexadecimal digits (`lineform doctor` shows it)", ""),
        ("client", {"environment": "prod"}, "environment must be production or test", ""),
        ("client", {"timezone": "Tokyo"}, "timezone is not a time zone of the IANA database, such as Asia/Tokyo", ""),
        ("attributes", {"attributes": {"Tier": {"type": "text"}}}, "attributes.Tier is not an attribute's name: lower-case letters, digits and _", ""),
        ("attributes", {"attributes": {"tier": {"type": "txt"}}}, "attributes.tier.type must be text, number, date, bool, enum or set", "did you mean 'text'?"),
    ],
)  # fmt: skip
def test_a_wrong_field_is_explained(kind: str, fields: dict[str, Any], message: str, hint: str) -> None:
    assert [(m, h) for _, m, h in said(kind, **fields)] == [(message, hint)]


def test_a_mistyped_key_is_not_missing_as_well() -> None:
    tree = {"kind": "segment", "name": "x", "wher": {"tag": "a"}}
    found = validate(SPECS[Kind.SEGMENT], tree)[1]
    assert [(p.code, p.hint) for p in found] == [("E101", "did you mean 'where'?")]


def test_no_sentence_speaks_of_pydantic() -> None:
    wrong: list[Any] = [None, 3, True, "x", [], {}, [{}], {"a": 1}, [[1]]]
    for kind, good in GOOD.items():
        for key in good:
            for value in wrong:
                for _, message, hint in said(kind, **{key: value}):
                    text = message + hint
                    assert not any(
                        w in text for w in ("Input should", "pydantic", "dict", "tuple", "str_", "literal", "None")
                    )


SAID_OTHERWISE = frozenset(
    {
        r"^\d{1,6}[smhdw]$",
        r"^\d{1,5}(mo|[mhdwy])$",
        r"^(\d{1,6}\s*[smhdw]|\d{4}-\d\d-\d\d(T\d\d:\d\d)?)$",
        r"^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?$",
        r"^(respect|override|\d{1,6}[smhdw])$",
        r"^(today|tomorrow|this_month|next_month|next_[1-9]\d{0,2}_days)$",
    }
)
"""Patterns for editors alone: the models read these values by themselves, and say what is wrong."""


def patterns(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if isinstance(found := schema.get("pattern"), str):
            yield found
        schema = list(schema.values())
    for part in schema if isinstance(schema, list) else ():
        yield from patterns(part)


def test_every_pattern_has_its_words() -> None:
    found = {one for model in SPECS.values() for one in patterns(model.model_json_schema())}
    assert found - SAID_OTHERWISE == PATTERNS.keys()
