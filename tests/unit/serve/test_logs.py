"""Lines of the server go to the error stream of the moment."""

from __future__ import annotations

import io
import json
import logging
import sys
from collections.abc import Iterator

import pytest
import structlog

from lineform.serve.logs import configure, log


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    structlog.reset_defaults()
    root.handlers, root.level = handlers, level


def test_a_stream_that_was_closed_since_is_not_written_to(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = io.StringIO(), io.StringIO()
    monkeypatch.setattr(sys, "stderr", first)
    configure("json")
    log("serving", clients=["salon"])
    monkeypatch.setattr(sys, "stderr", second)
    first.close()
    log("serving", clients=["school"])
    logging.getLogger("uvicorn").error("a line of the server below")
    told = [json.loads(line) for line in second.getvalue().splitlines()]
    assert [(one["event"], one.get("clients")) for one in told] == [
        ("serving", ["school"]),
        ("a line of the server below", None),
    ]
