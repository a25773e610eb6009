"""The line that a problem points at, without what must never be shown."""

from __future__ import annotations

import re

_SECRET_KEY = re.compile(
    r"""((?:token|secret|password|credential|testers)["']?\s*:\s*)(?!\{\s*env\s*:)(\S.*)""", re.IGNORECASE
)
# LINE's long-lived tokens have about 170 characters; nothing that people write looks like it.
_OPAQUE = re.compile(
    r"(?=[A-Za-z0-9+/=_-]*[0-9])(?=[A-Za-z0-9+/=_-]*[A-Z])(?=[A-Za-z0-9+/=_-]*[a-z])[A-Za-z0-9+/=_-]{60,}"
)
LONGEST = 400


def shown(line: str) -> str:
    """`line` as it may be printed: secrets masked, and no longer than a terminal can bear."""
    return _OPAQUE.sub("(hidden)", _SECRET_KEY.sub(r"\1(hidden)", line))[:LONGEST]
