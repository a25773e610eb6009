"""Checks only those places of a message that differ from one that was right.

A hundred clients share a template, and each puts a few texts into it. Walking from the root to those texts alone costs
a fraction of checking the whole message again. Where the answer is "not surely", the whole message is checked.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lineform.lineapi.author import CARRIED_IN, NotAMessageError, to_line
from lineform.lineapi.check import Repeated, Templated
from lineform.lineapi.messages import MESSAGE
from lineform.lineapi.shapes import List, Obj, Shape, Table, Union, Walk, Way
from lineform.model.origin import Path

Changes = dict[Any, Any]
"""Steps to the changed texts: each leads to further steps, or to None where the text itself is reached."""


def surely_right(message: Any, changed: Iterable[Path], templated: Templated, repeated: Repeated) -> bool:
    """Whether a message is right, given that it was before its texts at `changed` became what they are now."""
    if not isinstance(message, dict):
        return False
    try:
        line, paths = to_line(message)
    except NotAMessageError:
        return False
    changes: Changes = {}
    for path in changed:
        inside = _in_line_form(path, paths.kind)
        if not inside or not _note(changes, inside):
            return False
    walk = Walk(templated, repeated)
    _follow(MESSAGE, line, None, walk, changes)
    return not walk.findings


def _in_line_form(path: Path, kind: str) -> Path:
    if not kind or path[0] != kind:
        return path
    carrier = CARRIED_IN.get(kind)
    return path[1:] if carrier is None else (carrier, *path[1:])


def _note(changes: Changes, path: Path) -> bool:
    for step in path[:-1]:
        changes = changes.setdefault(step, {})
    return changes.setdefault(path[-1], None) is None


def _follow(shape: Shape, value: Any, at: Way, walk: Walk, changes: Changes | None) -> None:
    if changes is None:
        shape.check(value, at, walk)
    elif isinstance(shape, Union) and isinstance(value, dict) and "type" not in changes:
        variant = shape.variants.get(value.get("type", ""))
        _follow(variant or shape, value, at, walk, changes if variant else None)
    elif isinstance(shape, Obj) and isinstance(value, dict):
        for key, inner in changes.items():
            if (field := shape.fields.get(key)) is not None:
                _follow(field, value[key], (at, key), walk, inner)
        for rule in shape.checks:
            rule(value, at, walk)
    elif isinstance(shape, List) and isinstance(value, list):
        for index, inner in changes.items():
            _follow_item(shape, value[index], (at, index), walk, inner)
    elif isinstance(shape, Table) and isinstance(value, dict):
        for key, inner in changes.items():
            _follow(shape.item, value[key], (at, key), walk, inner)
    else:
        shape.check(value, at, walk)


def _follow_item(shape: List, item: Any, at: Way, walk: Walk, changes: Changes | None) -> None:
    if walk.repeated is not None and isinstance(item, dict) and walk.repeated(item) is not None:
        List(shape.item).check([item], at, walk)
    else:
        _follow(shape.item, item, at, walk, changes)
