"""Which answer becomes which failure, and what its text may hold."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineform.line.exchange import Answer, Request
from lineform.line.failures import SHOWN, failure_of, shown
from lineform.ports.line_account import (
    LineFailure,
    NotFound,
    OutcomeUnknown,
    QuotaExceeded,
    RateLimited,
    Refused,
    TooManyToOne,
    Unauthorised,
)

REQUEST = Request("POST", "/v2/bot/richmenu")


def fail(status: int, body: object = None) -> LineFailure:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return failure_of(REQUEST, Answer(status, data, "req-1"))


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (302, OutcomeUnknown),
        (400, Refused),
        (401, Unauthorised),
        (403, Refused),
        (404, NotFound),
        (405, Refused),
        (408, OutcomeUnknown),
        (409, Refused),
        (410, Refused),
        (413, Refused),
        (415, Refused),
        (500, OutcomeUnknown),
        (503, OutcomeUnknown),
    ],
)
def test_the_status_decides_the_failure(status: int, kind: type[LineFailure]) -> None:
    failure = fail(status, {"message": "no"})
    assert type(failure) is kind
    assert (failure.status, failure.request_id) == (status, "req-1")
    assert str(failure) == f"POST /v2/bot/richmenu was answered with {status}: no"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("The API rate limit has been exceeded. Try again later.", RateLimited),
        ("You have reached your monthly limit.", QuotaExceeded),
        ("Concurrent operations on this audience are limited", TooManyToOne),
        ("You have sent too many messages to this user", TooManyToOne),
        (None, RateLimited),
    ],
)
def test_the_kinds_of_429_are_told_apart(text: str | None, kind: type[LineFailure]) -> None:
    assert type(fail(429, {"message": text})) is kind


def test_concurrency_is_not_called_a_rate() -> None:
    rate = fail(429, {"message": "The API rate limit has been exceeded. Try again later."})
    other = fail(429, {"message": "Too many running operations"})
    assert "Another tool" in rate.hint
    assert "at once" in other.hint


def test_details_stand_one_a_line_with_their_property() -> None:
    body = {
        "message": "The request body has 2 error(s)",
        "details": [
            {"message": "must be specified", "property": "name"},
            {"message": "invalid uri", "property": "areas[0].action.uri"},
        ],
    }
    assert fail(400, body).details == "name: must be specified\nareas[0].action.uri: invalid uri"


@pytest.mark.parametrize(
    "body",
    [
        {"message": None, "key": None, "stacktrace": None, "code": None},
        {"message": None, "details": None},
        {"details": [{"message": None, "property": None}, None, "text"]},
        None,
        [],
        b"",
        b"\xff\xfe",
        b"[" * 100_000,
    ],
)
def test_nulls_and_nonsense_in_an_error_are_survived(body: object) -> None:
    failure = fail(400, body)
    assert type(failure) is Refused
    assert failure.details == ""


def test_oauth_errors_are_read_too() -> None:
    body = {"error": "invalid_request", "error_description": "access token expired"}
    assert str(fail(400, body)).endswith("access token expired")


def test_a_long_page_is_cut() -> None:
    failure = fail(502, b"<html>" + b"x" * 60_000)
    assert len(str(failure)) < SHOWN + 100


def test_no_control_character_of_an_answer_reaches_a_terminal() -> None:
    failure = fail(
        400, {"message": "\x1b[2Jgone\r\nnow \u202eevil", "details": [{"message": "\x07a", "property": "b"}]}
    )
    assert str(failure).endswith("400: [2Jgone now evil")
    assert failure.details == "b: a"


@given(st.text(max_size=5000))
def test_shown_text_is_one_bounded_printable_line(text: str) -> None:
    line = shown(text)
    assert len(line) <= SHOWN
    assert not set(line) & {"\n", "\r", "\x1b", "\x00", "\u202e", "\u2028"}
