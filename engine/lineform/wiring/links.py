"""From the settings to the keys that sign tracked links."""

from __future__ import annotations

from functools import partial

from lineform.errors import CredentialError
from lineform.model.client import ClientLinks, ClientSpec
from lineform.sending.links import SHORTEST_KEY, Keys, LinkKeys
from lineform.settings import Settings


def link_keys(client: ClientSpec, settings: Settings) -> Keys | None:
    """How this client's keys are had; None where it has no address that links lead through. Asking raises
    CredentialError, naming the variable, where a key is missing or too short."""
    return None if client.links is None else partial(_keys, client.links, settings)


def _keys(links: ClientLinks, settings: Settings) -> LinkKeys:
    older = tuple(_key(one.env, settings) for one in links.old_keys)
    return LinkKeys(links.base, _key(links.key.env, settings), older)


def _key(name: str, settings: Settings) -> bytes:
    key = settings.secret(name)
    if len(key) < SHORTEST_KEY:
        raise CredentialError(
            f"the value of {name} is shorter than {SHORTEST_KEY} characters", hint="make one with: openssl rand -hex 32"
        )
    return key.encode()
