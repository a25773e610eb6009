"""Paths, bodies and the reading of answers."""

from __future__ import annotations

import pytest

from lineform.line.exchange import Answer, JsonObject, Request, part, post
from lineform.ports.line_account import OutcomeUnknown

REQUEST = Request("GET", "/v2/bot/info")


@pytest.mark.parametrize("value", ["", ".", ".."])
def test_an_id_that_would_reach_another_endpoint_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="part of a path"):
        part(value)


def test_slashes_and_question_marks_of_an_id_stay_inside_it() -> None:
    assert part("a/b?c#d") == "a%2Fb%3Fc%23d"


def test_japanese_text_goes_out_as_itself() -> None:
    assert post("/x", {"name": "予約 50%off"}).body == '{"name":"予約 50%off"}'.encode()


def test_a_member_that_is_missing_is_named() -> None:
    with pytest.raises(OutcomeUnknown, match="GET /v2/bot/info has no 'userId' that is a text"):
        JsonObject.read(REQUEST, Answer(200, b'{"userId":null}')).text("userId")


@pytest.mark.parametrize("value", ["null", '"3"', "true", "1.5"])
def test_only_whole_numbers_are_numbers(value: str) -> None:
    found = JsonObject.read(REQUEST, Answer(200, f'{{"n":{value}}}'.encode()))
    assert found.optional_number("n") == 0
    with pytest.raises(OutcomeUnknown):
        found.number("n")
