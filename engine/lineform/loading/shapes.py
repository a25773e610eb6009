"""What a model accepts at a path, read from its annotations: for "did you mean" and for sentences without jargon."""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel

from lineform.model.origin import Path


def fields_of(model: type[BaseModel]) -> dict[str, Any]:
    """Written key to annotation."""
    return {info.alias or name: info.annotation for name, info in model.model_fields.items()}


def models_at(annotation: Any, path: Path, value: Any) -> list[type[BaseModel]]:
    """The models that could stand at `path` below `annotation`, given what was written."""
    found = _models(annotation, value)
    if not path:
        return found
    step, rest = path[0], path[1:]
    inner = step_into(value, step)
    out: list[type[BaseModel]] = []
    for model in found:
        fields = fields_of(model)
        if step in fields:
            out += models_at(fields[step], rest, inner)
    # Of a list with one item, the item alone may be written.
    alone = isinstance(step, int) and not isinstance(value, list | tuple)
    for item in _items(annotation, step):
        out += models_at(item, rest, value if alone else inner)
    return out


MISSING: Any = object()
"""Says that there is no such value; None is a value."""


def step_into(value: Any, step: str | int) -> Any:
    """The value at one step of a path, or `MISSING`."""
    if isinstance(value, Mapping):
        return value.get(step, MISSING)
    if isinstance(value, list | tuple) and isinstance(step, int) and 0 <= step < len(value):
        return value[step]
    return MISSING


def _unwrap(annotation: Any) -> list[Any]:
    """The alternatives of an annotation, without Annotated, Optional and Union."""
    if isinstance(annotation, typing.ForwardRef | str):
        return []
    origin = get_origin(annotation)
    if origin is Annotated:
        return _unwrap(get_args(annotation)[0])
    if origin in {Union, types.UnionType}:
        return [one for option in get_args(annotation) for one in _unwrap(option)]
    return [annotation]


def _models(annotation: Any, value: Any) -> list[type[BaseModel]]:
    models = [one for one in _unwrap(annotation) if isinstance(one, type) and issubclass(one, BaseModel)]
    if len(models) > 1 and isinstance(value, Mapping):
        # Of several, those that share a key with what was written; all of them where none does.
        return [m for m in models if fields_of(m).keys() & value.keys()] or models
    return models


def _items(annotation: Any, step: str | int) -> list[Any]:
    out: list[Any] = []
    for option in _unwrap(annotation):
        arguments = get_args(option)
        if get_origin(option) is tuple and isinstance(step, int) and arguments:
            if len(arguments) == 2 and arguments[1] is Ellipsis:
                out.append(arguments[0])
            elif step < len(arguments):
                out.append(arguments[step])
        elif get_origin(option) is dict and isinstance(step, str):
            out.append(arguments[1])
    return out
