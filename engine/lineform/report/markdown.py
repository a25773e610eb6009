"""Markdown for GitHub: foreign text that stays text, and documents that fit."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import Final

from lineform.report.terminal import printable

_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]()~|!])")
_CALLS: Final = re.compile(r"([@#])(?=\w)")


@dataclass(frozen=True, slots=True)
class Limit:
    """How long a document may be: in bytes of UTF-8, or in characters."""

    size: int
    bytes: bool

    def holds(self, text: str) -> bool:
        return (len(text.encode("utf-8", "replace")) if self.bytes else len(text)) <= self.size


SUMMARY: Final = Limit(1024 * 1024, bytes=True)
"""Of one step: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#step-isolation-and-limits"""
COMMENT: Final = Limit(65_536, bytes=False)
"""Of a comment on an issue or pull request; GitHub's API refuses a longer one."""


def escaped(text: str) -> str:
    """Text that Markdown and HTML leave alone, and that notifies nobody: no @mention, no #reference."""
    plain = printable(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _CALLS.sub("\\1\u200b", _SPECIAL.sub(r"\\\1", plain))


def code(text: str, *, cell: bool = False) -> str:
    """Text as code, whatever backticks it holds; `cell` for a table, whose bars even code may not hold."""
    plain = printable(text)
    fence = "`" * (1 + max((len(run) for run in re.findall(r"`+", plain)), default=0))
    edge = " " if plain.startswith("`") or plain.endswith("`") else ""
    shown = plain.replace("|", "\\|") if cell else plain
    return f"{fence}{edge}{shown or ' '}{edge}{fence}"


def details(summary: str, body: str) -> str:
    """A block that unfolds. The summary is HTML, in which Markdown's own escapes would be seen."""
    return f"<details><summary>{escape(printable(summary), quote=False)}</summary>\n\n{body}\n\n</details>"


def first_that_fits(limit: Limit, text: Callable[[int], str], count: int) -> str:
    """`text(n)` for the largest n of at most `count` items that the limit holds; `text(0)` where none does."""
    if limit.holds(text(count)):
        return text(count)
    low, high = 0, count
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if limit.holds(text(middle)) else (low, middle)
    return text(low)
