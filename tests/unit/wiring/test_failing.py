"""A failure at a client names it and says what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from lineform.errors import BlockedError, LineformError
from lineform.loading.project import load_project
from lineform.model.project import Client
from lineform.ports.line_account import OutcomeUnknown, Refused, Unauthorised
from lineform.wiring.failing import REACH, at_client
from support.workspaces import SMALL, write


@pytest.fixture
def client(tmp_path: Path) -> Client:
    return load_project(write(tmp_path, SMALL)).clients["aoba"]


@pytest.mark.parametrize(
    ("error", "hint"),
    [
        (OutcomeUnknown("no connection"), REACH),
        (OutcomeUnknown("half an answer", hint="ask again"), "ask again"),
        (Refused("no", status=400), ""),
        (BlockedError("stop", hint="look"), "look"),
    ],
)
def test_every_failure_names_the_client_and_keeps_or_gets_its_hint(
    client: Client, error: LineformError, hint: str
) -> None:
    with pytest.raises(type(error)) as caught, at_client(client):
        raise error
    assert (caught.value.client, caught.value.hint) == ("aoba", hint)


def test_a_refused_token_is_told_with_the_variable_that_holds_it(client: Client) -> None:
    with pytest.raises(Unauthorised) as caught, at_client(client):
        raise Unauthorised("401", status=401, hint="Issue a new one.")
    assert caught.value.hint == f"Issue a new one. It was read from {client.spec.token.env}."
