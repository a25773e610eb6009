"""How many there are, as all rooms say it."""

from __future__ import annotations


def plural(count: int, word: str, words: str = "") -> str:
    """``1 menu``, ``1,200 menus``."""
    return f"{count:,} {word if count == 1 else words or word + 's'}"
