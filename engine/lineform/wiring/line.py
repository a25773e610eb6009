"""From a client to its LINE account."""

from __future__ import annotations

from lineform.errors import CredentialError, UsageError
from lineform.line.account import HttpLineAccount, open_account
from lineform.line.transport import OnCall
from lineform.model.client import ClientSpec
from lineform.ports.clock import Clock
from lineform.ports.pacing import SharedPace
from lineform.settings import Settings


def line_account(
    client: ClientSpec,
    settings: Settings,
    clock: Clock,
    *,
    patience: float = 60.0,
    on_call: OnCall | None = None,
    shared: SharedPace | None = None,
) -> HttpLineAccount:
    """The client's account. Nothing is called yet; where its token turns out to be another bot's, nothing will be.

    `shared` is the pace of all who call for it.

    Raises CredentialError, naming the variable, where the token is not there or can be none; UsageError for a proxy
    of another kind than HTTP.
    """
    name = client.token.env
    token = settings.secret(name)
    if not (token.isascii() and token.isprintable()) or " " in token:
        raise CredentialError(
            f"the value of {name} cannot be a channel access token: it has blanks or other odd characters",
            hint="Paste it again, without line breaks or anything around it.",
        )
    proxy = settings.proxy
    if proxy is not None and not proxy.casefold().startswith(("http://", "https://")):
        raise UsageError("HTTPS_PROXY names a proxy that is not HTTP", hint="Name an HTTP proxy, or unset it.")
    return open_account(
        settings.line_origin,
        token,
        clock,
        patience=patience,
        proxy=proxy,
        on_call=on_call,
        shared=shared,
        pinned=client.bot,
    )
