from __future__ import annotations

from lineform.lineapi.check import check_messages, check_richmenu
from lineform.lineapi.errors import body_errors, error_body
from lineform.lineapi.findings import OURS, UNCONFIRMED, Finding, Reason
from support.line_messages import MESSAGES, flex, message, rich_menu


def test_an_error_body_leaves_out_empty_details() -> None:
    assert error_body("Not found") == {"message": "Not found"}


def test_a_missing_text_is_answered_as_in_lines_reference() -> None:
    assert body_errors(check_messages([{"type": "text", "text": ""}])) == {
        "message": "The request body has 1 error(s)",
        "details": [{"message": "May not be empty", "property": "messages[0].text"}],
    }


def test_lengths_and_sizes_name_both_limits() -> None:
    body = body_errors([*check_messages([message("location", title="a" * 101)] * 6)])
    assert body["message"] == "The request body has 7 error(s)"
    assert {"message": "Size must be between 1 and 5", "property": "messages"} in body["details"]
    assert {"message": "Length must be between 1 and 100", "property": "messages[0].title"} in body["details"]


def test_an_unknown_type_lists_the_known_ones() -> None:
    [detail] = body_errors(check_messages([{"type": "txt"}]))["details"]
    assert detail["property"] == "messages[0].type"
    listed = detail["message"].removeprefix("Must be one of the following values: [").removesuffix("]")
    assert set(listed.split(", ")) == set(MESSAGES)


def test_a_rich_menus_errors_are_worded_as_in_lines_reference() -> None:
    menu = rich_menu()
    del menu["name"]
    menu["areas"][0]["action"] = {"type": "uri", "uri": "example"}
    assert body_errors(check_richmenu(menu))["details"] == [
        {"message": "invalid uri", "property": "areas[0].action.uri"},
        {"message": "must be specified", "property": "name"},
    ]


def test_flex_is_refused_with_a_pointer_into_its_container() -> None:
    empty = flex({"type": "text", "text": ""}, {"type": "spacer"})
    assert body_errors(check_messages([MESSAGES["text"], empty])) == {
        "message": "A message (messages[1]) in the request body is invalid",
        "details": [
            {"message": "must be non-empty text", "property": "/body/contents/0/text"},
            {"message": "invalid property", "property": "/body/contents/1"},
        ],
    }


def test_every_reason_has_a_wording() -> None:
    for reason in Reason:
        [detail] = body_errors([Finding(("messages", 0, "text"), reason, "is odd", ("a", "b"), 1, 2)])["details"]
        assert detail["message"]
        assert detail["property"] == "messages[0].text"


def test_advice_to_authors_is_told_apart_from_what_line_is_known_to_refuse() -> None:
    assert OURS < UNCONFIRMED
    assert Reason.UNKNOWN_KEY in UNCONFIRMED - OURS
    assert Reason.TOO_LONG not in UNCONFIRMED
