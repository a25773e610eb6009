"""A failure at one of several clients says which one it was, and what to do there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from lineform.errors import LineformError
from lineform.model.project import Client
from lineform.ports.line_account import LineFailure, Unauthorised
from lineform.settings import ORIGIN

Fail = Callable[[str, LineformError], None]
"""Takes the failure of one of several clients, by its name: the others go on."""

REACH: Final = (
    f"Look at the network, at HTTPS_PROXY and {ORIGIN}, and at https://status.line.me; then repeat the same command."
)


@contextmanager
def at_client(client: Client) -> Iterator[None]:
    """Whatever LineformError ends the block names the client; a failure of LINE also says where to look."""
    try:
        yield
    except LineformError as error:
        error.client = client.name
        if isinstance(error, Unauthorised):
            error.hint = f"{error.hint} It was read from {client.spec.token.env}.".strip()
        elif isinstance(error, LineFailure) and error.status == 0 and not error.hint:
            error.hint = REACH
        raise
