"""One text with expressions, compiled once and evaluated many times.

A text is a row of parts: constant pieces, plain look-ups such as ``values.offer.percent`` (which need no Jinja), and
whatever else, which Jinja evaluates in the sandbox.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Protocol

from jinja2 import Template, Undefined, UndefinedError, nodes
from jinja2.exceptions import SecurityError

from lineform.errors import LineformError
from lineform.templates.environment import SANDBOX, parse, tokens
from lineform.templates.errors import TemplateError, UnknownValue, unknown
from lineform.templates.filters import Misused, bounded, fail, text_of
from lineform.templates.moments import Reads, chain, reads_of

Scope = Mapping[str, Any]
_NOTHING: Final = object()


def may_hold_expression(text: str) -> bool:
    """Whether Jinja would see anything but text here."""
    return "{{" in text or "{%" in text or "{#" in text


def without_expressions(text: str) -> str:
    """The text with an x for each character of what an expression writes, and a space for each of what writes nothing,
    such as a condition. Nothing but x where it cannot be understood."""
    return "".join(_written(text)) if may_hold_expression(text) else text


def _written(text: str) -> Iterator[str]:
    at = 0
    instead = " "
    try:
        for kind, token in tokens(text):
            # White space beside `{{-` is in no token.
            start = text.index(token, at)
            yield " " * (start - at)
            at = start + len(token)
            instead = "x" if kind == "variable_begin" else instead
            yield token if kind == "data" else instead * len(token)
            instead = " " if kind == "variable_end" else instead
    except TemplateError:
        yield "x" * (len(text) - at)


class Expression(Protocol):
    """One expression; raises `UnknownValue` or another `TemplateError`."""

    @property
    def reads(self) -> Reads: ...

    @property
    def source(self) -> str:
        """As it is written, for errors."""
        ...

    def value(self, scope: Scope) -> Any: ...


def text_from(part: Expression, scope: Scope) -> str:
    """What an expression says inside a text."""
    value = part.value(scope)
    try:
        return text_of(value)
    except TemplateError as error:
        raise _naming(part.source, error) from error


@dataclass(frozen=True, slots=True)
class Lookup:
    """A plain chain of names, with or without a constant default."""

    path: tuple[str, ...]
    reads: Reads
    default: Any = _NOTHING

    @property
    def source(self) -> str:
        return "{{ " + ".".join(self.path) + " }}"

    def value(self, scope: Scope) -> Any:
        found: Any = scope
        for step in self.path:
            # What is no mapping has no names. Most are dicts, and asking the abstract class takes ten times longer.
            if (type(found) is not dict and not isinstance(found, Mapping)) or step not in found:
                if self.default is not _NOTHING:
                    return self.default
                raise unknown(self.path, scope)
            found = found[step]
        return self.default if found is None and self.default is not _NOTHING else found


@dataclass(frozen=True, slots=True)
class Computed:
    """An expression that Jinja evaluates; it keeps its type."""

    template: Template
    reads: Reads
    text: str
    """The whole text in which it stands."""
    place: int
    """Which of the expressions of that text it is, counted from 0."""

    @property
    def source(self) -> str:
        return expressions(self.text)[self.place]

    def value(self, scope: Scope) -> Any:
        context = self.template.new_context(dict(scope))
        try:
            for _ in self.template.root_render_func(context):
                pass
            found = context.vars["result"]
        except Exception as error:
            raise _naming(self.source, failed(error, self.reads, scope)) from error
        if isinstance(found, Undefined):
            raise undefined(self.reads, scope)
        return found


@dataclass(frozen=True, slots=True)
class Rendered:
    """A text with conditions in it; always a text."""

    template: Template
    reads: Reads
    source: str

    def value(self, scope: Scope) -> str:
        context = self.template.new_context(dict(scope))
        try:
            return bounded("".join(self.template.root_render_func(context)))
        except Exception as error:
            raise _naming(self.source, failed(error, self.reads, scope)) from error


@dataclass(frozen=True, slots=True)
class Scalar:
    """A text with expressions. `whole` where it is one expression and nothing else, and so keeps its type."""

    source: str
    parts: tuple[str | Expression, ...]
    reads: Reads
    whole: bool

    def value(self, scope: Scope) -> Any:
        """The value at this scope; `UnknownValue` where a name that has no default is unknown."""
        if self.whole:
            (part,) = self.parts
            found = part.value(scope)  # type: ignore[union-attr]
            if found is None:
                text_from(part, scope)  # type: ignore[arg-type]
            return found
        return "".join([part if isinstance(part, str) else text_from(part, scope) for part in self.parts])


@lru_cache(maxsize=65_536)
def scalar(text: str) -> Scalar:
    """The compiled form of a text; TemplateError where it cannot be understood."""
    tree = parse(text)
    reads = reads_of(tree)
    if any(not isinstance(node, nodes.Output) for node in tree.body):
        return Scalar(text, (Rendered(_template(tree), reads, text),), reads, whole=False)
    parts: list[str | Expression] = []
    place = 0
    for output in tree.body:
        pieces: list[nodes.Expr] = output.nodes  # type: ignore[attr-defined]
        for node in pieces:
            if isinstance(node, nodes.TemplateData):
                parts.append(node.data)
            else:
                parts.append(_expression(node, text, place))
                place += 1
    whole = len(parts) == 1 and not isinstance(parts[0], str)
    return Scalar(text, tuple(parts), reads, whole)


@lru_cache(maxsize=4_096)
def expression(text: str) -> Scalar:
    """The one expression that `text` is, with or without its braces: ``event.items`` or ``{{ event.items }}``."""
    found = scalar(text if may_hold_expression(text) else "{{ " + text + " }}")
    if not found.whole:
        raise TemplateError("must be one expression, such as event.items", code="E020")
    return found


def _expression(node: nodes.Expr, text: str, place: int) -> Expression:
    reads = reads_of(nodes.Output([node]))
    if (path := chain(node)) is not None:
        return Lookup(path, reads)
    if (
        isinstance(node, nodes.Filter)
        and node.name in {"default", "d"}
        and node.node is not None
        and (path := chain(node.node)) is not None
        and len(node.args) == 1
        and isinstance(node.args[0], nodes.Const)
        and not node.kwargs
    ):
        return Lookup(path, reads, node.args[0].value)
    result = nodes.Assign(nodes.Name("result", "store", lineno=1), node, lineno=1)
    return Computed(_template(nodes.Template([result], lineno=1)), reads, text, place)


def expressions(text: str) -> list[str]:
    """The expressions of a text as they are written, in their order."""
    found: list[list[str]] = []
    inside = False
    for kind, token in tokens(text):
        if kind == "variable_begin":
            found.append([])
            inside = True
        if inside:
            found[-1].append(token)
        inside = inside and kind != "variable_end"
    return list(map("".join, found))


_SHOWN: Final = 80
"""Characters of an expression that an error repeats."""


def _naming(source: str, error: LineformError) -> LineformError:
    """The error with the expression in it: a message may hold many, and a send tells it far from its file."""
    if isinstance(error, UnknownValue) or not isinstance(error, TemplateError):
        return error
    line = " ".join(source.split())
    shown = line if len(line) <= _SHOWN else f"{line[:_SHOWN]}…"
    between = ": " if isinstance(error, Misused) else " "
    return TemplateError(f"{shown}{between}{error.message}", hint=error.hint, code=error.code)


def _template(tree: nodes.Template) -> Template:
    try:
        return SANDBOX.from_string(tree)
    except LineformError:
        raise
    except Exception as error:  # Jinja folds constants while it compiles, and then they may fail
        raise fail(f"cannot be evaluated: {error}") from error


def undefined(reads: Reads, scope: Scope) -> TemplateError:
    """Which of an expression's names had no value."""
    for path in sorted(reads.unguarded) + sorted(reads.paths):
        steps = tuple(path.split("."))
        found: Any = scope
        for step in steps:
            if not isinstance(found, Mapping) or step not in found:
                return unknown(steps, scope)
            found = found[step]
    return fail("has no value: an item or key that it asks for does not exist")


def failed(error: Exception, reads: Reads, scope: Scope) -> LineformError:
    """Any failure of an author's expression, as the author can understand it."""
    if isinstance(error, LineformError):
        return error
    if isinstance(error, UndefinedError):
        return undefined(reads, scope)
    if isinstance(error, SecurityError):
        return fail("does something that the sandbox does not allow")
    if isinstance(error, TypeError) and "NoneType" in str(error):
        return fail("computes with an empty value (null)")
    if isinstance(error, ZeroDivisionError):
        return fail("divides by zero")
    return fail(f"cannot be evaluated: {error}")
