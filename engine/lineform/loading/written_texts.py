"""Texts that friends read, and YAML otherwise than their author: cut off by a `#`, or with a `\\n` in letters.

YAML takes ` #` and all behind it for a remark, where a text has no quotes, and `\\n` for a line break only where it has
double ones. Both pass every check and are seen by friends first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml

from lineform.loading.documents import Document
from lineform.loading.excerpts import shown
from lineform.model.address import Kind
from lineform.model.origin import Origin, Path
from lineform.model.problem import Problem, Severity
from lineform.templates.scalars import without_expressions

READ_BY_FRIENDS = frozenset(
    {"text", "textV2", "altText", "title", "label", "displayText", "fillInText", "address", "bar", "message"}
    | {"ask", "retry", "button", "yes", "no", "decide", "stopped", "resumed", "thanks", "details", "conditions"}
)
"""Keys whose texts friends read."""
LISTS_READ_BY_FRIENDS = frozenset({"choice", "of"})
"""Keys whose lists of texts friends read."""
_WHERE: dict[Kind, Path] = {
    **dict.fromkeys((Kind.CAMPAIGN, Kind.SCENARIO, Kind.REPLY, Kind.FORM, Kind.ROUTE, Kind.RICHMENU, Kind.COUPON), ()),
    Kind.CLIENT: ("overrides",),
}
"""Where a file of a kind holds such keys."""
_FEW = 40
"""Characters of a remark that are enough to know it by."""
_REMARK = re.compile(r"[ \t]+(#.*)")


def text_problems(document: Document, kind: Kind | None = None) -> list[Problem]:
    """What friends would not read as it was meant. `kind` is None for a part of a message."""
    path = () if kind is None else _WHERE.get(kind)
    if path is None or not ("#" in document.text or "\\n" in document.text):
        return []
    steps, node, _ = document.find(path)
    if steps < len(path):
        return []
    return [found for text in _texts(node, "", set()) if (found := _problem(document, text)) is not None]


def _texts(node: yaml.Node, key: str, seen: set[int]) -> Iterator[yaml.ScalarNode]:
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            yield from _texts(value, name.value if isinstance(name, yaml.ScalarNode) else "", seen)
    elif isinstance(node, yaml.SequenceNode):
        for child in node.value:
            yield from _texts(child, "text" if key in LISTS_READ_BY_FRIENDS else "", seen)
    elif isinstance(node, yaml.ScalarNode) and key in READ_BY_FRIENDS:
        yield node


def _problem(document: Document, node: yaml.ScalarNode) -> Problem | None:
    start: Any = node.start_mark
    end: Any = node.end_mark
    if not node.style and (remark := _REMARK.match(document.text, end.index)):
        column = end.column + remark.start(1) - remark.start()
        said = shown(remark[1] if len(remark[1]) <= _FEW else remark[1][:_FEW] + "…")
        if not node.value:
            message, hint = f"the text is empty, and '{said}' is a remark to YAML", "put the text in quotes"
            return _told(document, start.line, start.column, message, hint, Severity.ERROR)
        message = f"the text ends before '{said}', which is a remark to YAML"
        hint = "put the whole text in quotes, or the remark on a line of its own"
        return _told(document, end.line, column, message, hint)
    if node.style != '"' and "\\n" in without_expressions(node.value):
        message = "the text holds '\\n' as it stands, which is no line break without double quotes"
        return _told(document, start.line, start.column, message, "put it in double quotes, or write it as a block: |-")
    return None


def _told(
    document: Document, line: int, column: int, message: str, hint: str, severity: Severity = Severity.WARNING
) -> Problem:
    origin = Origin(document.file, line + 1, column + 1)
    hint = "; ".join(part for part in (hint, document.note) if part)
    return Problem("E008", message, origin, hint=hint, excerpt=document.excerpt(origin), severity=severity)
