"""Messages as they are armed: in LINE's own form, those included that are repeated as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lineform.lineapi.author import to_line
from lineform.templates.send import BLOCKS, is_each


def line_form(message: Mapping[str, Any]) -> dict[str, Any]:
    """A message, or a repetition of messages. Raises NotAMessageError."""
    if not is_each(message):
        return to_line(dict(message)).line
    blocks = {key: [line_form(one) for one in _listed(message[key])] for key in BLOCKS if key in message}
    return {**message, **blocks}


def _listed(block: Any) -> list[Any]:
    return list(block) if isinstance(block, list | tuple) else [block]
