"""What the models' sources say about their fields, read only where schemas are written.

pydantic can do this for every model as it is made (``use_attribute_docstrings``), and then every command reads and
parses the sources of all of them as it starts.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import pairwise
from types import MappingProxyType

from lineform.model.base import Part


def field_docs(model: type[Part]) -> dict[str, str]:
    """The text below each field, by the key that people write."""
    found: dict[str, str] = {}
    for base in reversed(model.__mro__):
        if issubclass(base, Part) and base is not Part:
            found |= _own(base)
    return {info.alias or name: found[name] for name, info in model.model_fields.items() if name in found}


def documented_models(root: type[Part] = Part) -> dict[str, type[Part]]:
    """Every model by its name, which is also that of its schema."""
    found: dict[str, type[Part]] = {}
    for model in root.__subclasses__():
        found |= {model.__name__: model, **documented_models(model)}
    return found


@cache
def _own(model: type[Part]) -> Mapping[str, str]:
    found = {}
    for line, below in pairwise(_classes(model.__module__)[model.__qualname__].body):
        match line, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                found[name] = inspect.cleandoc(text)
    return MappingProxyType(found)


@cache
def _classes(module: str) -> Mapping[str, ast.ClassDef]:
    """The classes of a module by the name that they give themselves. Asked for one class, `inspect` parses the whole
    module, each time anew."""
    tree = ast.parse(inspect.getsource(sys.modules[module]))
    return MappingProxyType(dict(_named(tree.body)))


def _named(body: list[ast.stmt], within: str = "") -> Iterator[tuple[str, ast.ClassDef]]:
    for line in body:
        if isinstance(line, ast.ClassDef):
            yield within + line.name, line
            yield from _named(line.body, f"{within}{line.name}.")
