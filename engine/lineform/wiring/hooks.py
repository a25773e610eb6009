"""From a client's file to the systems that it may call."""

from __future__ import annotations

from lineform.model.project import Client
from lineform.ports.outside import Hook
from lineform.settings import Settings


def hooks_of(client: Client, settings: Settings) -> dict[str, Hook]:
    """The systems that a client declares. Raises CredentialError where a key is not in the environment."""
    return {name: Hook(spec.url, settings.secret(spec.key.env)) for name, spec in client.spec.webhooks.items()}
