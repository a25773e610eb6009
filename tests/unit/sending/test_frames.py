"""What a batch records gives back the very bytes that were frozen."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineform.sending.batches import around, body_of
from lineform.sending.frames import Frame, body, filling, read_frame
from lineform.templates.send import compile_messages

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
PLAIN = st.one_of(TEXTS, st.integers())
WRITTEN = st.lists(st.sampled_from(["{{ friend.a }}", "{{ friend.b }}", "x", "=", "\n", "予約"]), max_size=6)


@given(st.lists(WRITTEN.map("".join), min_size=1, max_size=3), PLAIN, PLAIN, st.lists(TEXTS, max_size=3), st.booleans())
def test_frame_and_filling_are_the_body_byte_for_byte(texts: list[str], a: Any, b: Any, c: Any, silent: bool) -> None:
    messages = [*({"type": "text", "text": text} for text in texts), {"list": "{{ friend.c }}"}]
    compiled = compile_messages(messages, {})
    scope = {"friend": {"a": a, "b": b, "c": c}}
    frame = Frame(compiled.pieces).within(*around(silent=silent))
    recorded = filling(compiled.fill(scope))
    assert body(read_frame(frame.recorded()), recorded) == body_of(compiled.render_bytes(scope), silent=silent)


def test_messages_without_holes_record_nothing_for_a_batch_but_its_mark() -> None:
    frame = Frame([b'{"messages":[]}'])
    assert (filling(()), body(frame, filling(()))) == (b"=", b'{"messages":[]}')


def test_an_empty_value_is_a_value() -> None:
    frame = Frame([b'{"a":"', b'"}'])
    assert body(frame, filling([b""])) == b'{"a":""}'


def test_a_body_that_was_recorded_whole_or_erased_stays_as_it_is() -> None:
    frame = Frame([b'{"a":"', b'"}'])
    for recorded in (b'{"messages":[]}', b""):
        assert body(frame, recorded) == body(None, recorded) == recorded
    assert read_frame(b"") is None


def test_values_that_do_not_fit_are_no_body() -> None:
    frame = Frame([b'{"a":"', b'"}'])
    with pytest.raises(ValueError, match="size"):
        body(frame, filling([b"1", b"2"]))
    with pytest.raises(ValueError, match="its send has none"):
        body(None, filling([b"1"]))


def test_a_line_break_is_recorded_nowhere() -> None:
    with pytest.raises(ValueError, match="compact JSON"):
        Frame([b"{\n"])
    with pytest.raises(ValueError, match="line break"):
        filling([b"a\nb"])
