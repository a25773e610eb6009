"""The keys with which a send's tracked links are signed: asked for when they are needed, and only then."""

from __future__ import annotations

from lineform.errors import BlockedError, CredentialError
from lineform.run.options import Run
from lineform.sending.given import Given
from lineform.sending.links import LinkKeys


def signing_keys(run: Run, given: Given) -> LinkKeys | None:
    """None where no link of the send is tracked. Raises BlockedError where the keys are missing: then nothing is
    written, and the next run asks again."""
    if not given.tracks:
        return None
    if run.options.link_keys is None:
        raise BlockedError(
            "its links are tracked, and this client has no address that they lead through",
            hint="write 'links: {base: https://…, key: {env: …}}' in the client's file, or take 'track' out",
            code="G219",
        )
    try:
        return run.options.link_keys()
    except CredentialError as missing:
        raise BlockedError(
            f"its links are tracked and cannot be signed: {missing.message}", hint=missing.hint, code="G219"
        ) from missing
