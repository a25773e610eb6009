"""Where a value was written, so that every message about it can point at it."""

from __future__ import annotations

from dataclasses import dataclass

Path = tuple[str | int, ...]
"""The way to a value inside a document: mapping keys and list indexes, from the root."""


@dataclass(frozen=True, slots=True)
class Origin:
    """A place in a file of the workspace.

    `file` is relative to the workspace, with forward slashes. `line` and `column` count from 1; a column counts
    characters (code points), as editors do. 0 means the file as a whole.
    """

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        if not self.line:
            return self.file
        return f"{self.file}:{self.line}:{self.column}"


def dotted(path: Path) -> str:
    """A path as people write it: ``messages[0].text``."""
    out = ""
    for part in path:
        if isinstance(part, int):
            out += f"[{part}]"
        else:
            out += f".{part}" if out else part
    return out


def parse_dotted(text: str) -> Path:
    """The path that `dotted` writes as `text`; words and numbers may also be parted by dots alone."""
    parts = text.replace("[", ".").replace("]", "").split(".")
    return tuple(int(part) if part.isdigit() else part for part in parts if part)
