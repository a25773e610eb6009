from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineform.lineapi.author import CARRIED_IN, NotAMessageError, author_path, check_author_message, to_line
from lineform.lineapi.findings import Path, Reason
from support.line_messages import MESSAGES, URI_ACTION

QUICK = {"items": [{"type": "action", "action": URI_ACTION}]}


def short(line: dict[str, Any]) -> dict[str, Any]:
    """The short form of a message in LINE's own form."""
    kind = line["type"]
    rest = {key: value for key, value in line.items() if key != "type"}
    common = {key: rest.pop(key) for key in ("quickReply", "sender") if key in rest}
    if kind in CARRIED_IN:
        return {kind: rest.pop(CARRIED_IN[kind]), **rest, **common}
    return {kind: rest, **common}


def _all_paths(value: object, at: Path = ()) -> list[Path]:
    if isinstance(value, dict):
        return [at, *(path for key, item in value.items() for path in _all_paths(item, (*at, key)))]
    if isinstance(value, list):
        return [at, *(path for index, item in enumerate(value) for path in _all_paths(item, (*at, index)))]
    return [at]


def _at(value: Any, path: Path) -> Any:
    for step in path:
        value = value[step]
    return value


@pytest.mark.parametrize("kind", MESSAGES)
def test_the_short_form_becomes_lines_own(kind: str) -> None:
    line = {**MESSAGES[kind], "quickReply": QUICK, "sender": {"name": "Cony"}}
    assert to_line(short(line)).line == line
    assert check_author_message(short(line)) == []


@pytest.mark.parametrize("kind", MESSAGES)
def test_lines_own_form_stays_as_it_is(kind: str) -> None:
    line = MESSAGES[kind]
    assert to_line(line).line == line
    assert author_path(line, ("altText",)) == ("altText",)


@pytest.mark.parametrize("kind", MESSAGES)
def test_every_value_is_found_where_its_author_wrote_it(kind: str) -> None:
    written = short({**MESSAGES[kind], "quickReply": QUICK})
    line, paths = to_line(written)
    for path in _all_paths(line):
        if path and path != ("type",):
            assert _at(written, paths.author_path(path)) == _at(line, path)
    assert paths.author_path(("type",)) == (kind,)


@pytest.mark.parametrize(
    ("written", "path", "reason"),
    [
        ({"text": "a" * 5001}, ("text",), Reason.TOO_LONG),
        ({"textV2": ""}, ("textV2",), Reason.EMPTY),
        ({"sticker": {"packageId": "1"}}, ("sticker", "stickerId"), Reason.MISSING),
        ({"sticker": {"packageId": "1", "stickerId": "2", "id": 1}}, ("sticker", "id"), Reason.UNKNOWN_KEY),
        ({"sticker": {"packageId": "1", "stickerId": "2"}, "id": 1}, ("id",), Reason.UNKNOWN_KEY),
        (
            {"sticker": {"packageId": "1", "stickerId": "2"}, "sender": {"name": 1}},
            ("sender", "name"),
            Reason.WRONG_TYPE,
        ),
        ({"flex": {"type": "bubble", "hero": {}}, "altText": "a"}, ("flex", "hero", "type"), Reason.MISSING),
        ({"flex": {"type": "bubble"}}, ("altText",), Reason.MISSING),
        ({"template": {"type": "confirm", "actions": []}, "altText": "a"}, ("template", "text"), Reason.MISSING),
        ({"type": "text", "text": ""}, ("text",), Reason.EMPTY),
    ],
)
def test_a_finding_points_at_what_the_author_wrote(written: dict[str, Any], path: Path, reason: Reason) -> None:
    assert (path, reason) in [(finding.path, finding.reason) for finding in check_author_message(written)]


@pytest.mark.parametrize(
    ("written", "path", "reason"),
    [
        ({}, (), Reason.MISSING),
        ({"altText": "a"}, (), Reason.MISSING),
        ({"txt": "a"}, ("txt",), Reason.UNKNOWN_KEY),
        ({"sticker": {"packageId": "1"}, "text": "a"}, ("text",), Reason.CONFLICT),
        ({"text": "a", "flex": {}}, ("flex",), Reason.CONFLICT),
        ({"flex": {}, "contents": {}}, ("contents",), Reason.CONFLICT),
        ({"sticker": "446/1988"}, ("sticker",), Reason.WRONG_TYPE),
        ({"sticker": {"type": "sticker"}}, ("sticker", "type"), Reason.CONFLICT),
        ({"sticker": {"packageId": "1"}, "stickerId": "2"}, ("stickerId",), Reason.NOT_HERE),
        ({"sticker": {"sender": {}}, "sender": {}}, ("sender",), Reason.CONFLICT),
    ],
)
def test_a_short_form_that_says_nothing_or_two_things_is_refused(
    written: dict[str, Any], path: Path, reason: Reason
) -> None:
    with pytest.raises(NotAMessageError) as refused:
        to_line(written)
    assert (refused.value.finding.path, refused.value.finding.reason) == (path, reason)
    assert check_author_message(written) == [refused.value.finding]


def test_a_key_that_names_no_type_is_told_the_types() -> None:
    [finding] = check_author_message({"txt": "a"})
    assert "text" in finding.known


@pytest.mark.parametrize("value", [None, "text", ["text"], 1])
def test_what_is_no_object_is_no_message_either(value: object) -> None:
    assert [finding.reason for finding in check_author_message(value)] == [Reason.WRONG_TYPE]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([*MESSAGES, "type", "contents", "altText", "actions", "x"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_whatever_is_written_is_judged_without_a_crash_and_points_inside_it(value: Any) -> None:
    for finding in check_author_message(value):
        parent = _at(value, finding.path[:-1])
        assert finding.text
        assert finding.path == () or isinstance(parent, dict | list)
