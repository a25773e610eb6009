"""The keys that sign tracked links and friends' own pages: asked for when they are needed, and only then."""

from __future__ import annotations

from lineform.errors import BlockedError, CredentialError
from lineform.sending.given import Given
from lineform.sending.links import Keys, LinkKeys


def signing_keys(keys: Keys | None, given: Given) -> LinkKeys | None:
    """None where no link is tracked. `keys` are the client's. Raises BlockedError where they are missing: then nothing
    is written, and the next run asks again."""
    if not given.tracks:
        return None
    if keys is None:
        raise BlockedError(
            "its links are tracked, and this client has no address that they lead through",
            hint="write 'links: {base: https://…, key: {env: …}}' in the client's file, or take 'track' out",
            code="G219",
        )
    return keys_for(keys, "its links are tracked and cannot be signed")


def keys_for(keys: Keys, why: str) -> LinkKeys:
    """The keys. Raises BlockedError where they are missing; `why` says what cannot be done without them."""
    try:
        return keys()
    except CredentialError as missing:
        raise BlockedError(f"{why}: {missing.message}", hint=missing.hint, code="G219") from missing
