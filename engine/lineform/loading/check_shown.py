"""What friends read that is no message: a menu's labels, a form's buttons, a coupon. It is never looked at again before
it is shown, so a part of an expression in it is a fault of the file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lineform.loading.check_messages import HOW_WRITTEN
from lineform.loading.validation import FieldProblem
from lineform.model.base import Spec
from lineform.model.coupon import CouponSpec
from lineform.model.form import FormSpec
from lineform.model.origin import Path, dotted
from lineform.model.richmenu import RichMenuSpec
from lineform.model.route import RouteSpec
from lineform.sending.textguards import suspicious

_SHOWN: dict[type[Spec], tuple[str, ...]] = {
    RichMenuSpec: ("bar", "cells"),
    FormSpec: ("questions", "words", "page"),
    CouponSpec: ("title", "details", "conditions"),
    RouteSpec: ("title", "text"),
}
_OTHERWISE_CHECKED = frozenset({"ask", "pattern"})
"""A question is a message, and braces mean something else in a pattern."""


def shown_problems(spec: Spec, tree: Mapping[str, Any]) -> Iterator[FieldProblem]:
    """Texts that still hold a part of an expression; `tree` is what was written, rendered."""
    for key in _SHOWN.get(type(spec), ()):
        for path, text in _texts(tree.get(key), (key,)):
            for found in suspicious(text, production=False, templated=True):
                if found.code == "E281":
                    yield FieldProblem(path, "E281", f"{dotted(path)} cannot be shown: {found.sentence}", HOW_WRITTEN)


def _texts(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, part in value.items():
            if key not in _OTHERWISE_CHECKED:
                yield from _texts(part, (*path, key))
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from _texts(part, (*path, index))
