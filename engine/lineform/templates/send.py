"""Messages compiled for a send: what never changes is JSON bytes already, and only the holes are filled per friend.

A friend's text is data. It is put between pieces that were compiled before it was seen, so it can never become a
template, YAML or JSON, whatever it says.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from json.encoder import encode_basestring
from typing import Any

from lineform.templates.build import Site, TreeTemplate
from lineform.templates.errors import TemplateError, UnknownValue
from lineform.templates.filters import fail, text_of
from lineform.templates.moments import BUILD
from lineform.templates.scalars import (
    Expression,
    Rendered,
    Scalar,
    Scope,
    expression,
    expressions,
    may_hold_expression,
    scalar,
    text_from,
)

EACH_LIMIT = 1_000
"""Items that one ``each`` may repeat; LINE's longest list has far fewer."""
BLOCKS = ("do", "else")
"""The parts of a repetition that hold what stands in its place."""

_Make = Callable[[Scope], bytes]


def dump(value: Any) -> bytes:
    """JSON as it is sent: compact, UTF-8, Japanese as it is written."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


@dataclass(frozen=True, slots=True)
class _Each:
    """``{each: items, as: item, do: …, limit: 3, else: …}`` inside a list."""

    items: Scalar
    name: str
    do: tuple[_Node, ...]
    limit: int | None
    otherwise: tuple[_Node, ...] | None

    def scopes(self, scope: Scope) -> list[Scope] | None:
        """One scope per item; None where ``else`` takes its place."""
        try:
            items = self.items.value(scope)
        except UnknownValue:
            if self.otherwise is None:
                raise
            return None
        if not isinstance(items, list | tuple):
            raise fail(f"'each: {self.items.source}' is not a list")
        if len(items) > EACH_LIMIT:
            raise fail(f"'each: {self.items.source}' has {len(items):,} items; {EACH_LIMIT:,} is the limit")
        if not items and self.otherwise is not None:
            return None
        return [{**scope, self.name: item} for item in items[: self.limit]]


@dataclass(frozen=True, slots=True)
class _Constant:
    value: Any


@dataclass(frozen=True, slots=True)
class _Hole:
    scalar: Scalar


@dataclass(frozen=True, slots=True)
class _Map:
    items: tuple[tuple[str, _Node], ...]


@dataclass(frozen=True, slots=True)
class _List:
    items: tuple[_Node | _Each, ...]


_Node = _Constant | _Hole | _Map | _List


class CompiledMessages:
    """Messages with their send-time expressions compiled. `reads` are the paths that a rendering needs; `pieces` are
    the JSON that never changes, one more than there are holes between them."""

    __slots__ = ("_makes", "_nodes", "constant", "context", "pieces", "reads")

    def __init__(self, messages: Sequence[Mapping[str, Any]], context: Scope) -> None:
        tree = [dict(message) for message in messages]
        template = TreeTemplate(tree)
        if template.problems:
            raise template.problems[0].error
        self.context: Scope = {root: context.get(root, {}) for root in sorted(BUILD)}
        self.reads: frozenset[str] = _paths(template.sites)
        self._nodes = _list(tree, self.context)
        self.constant: bool = isinstance(self._nodes, _Constant)
        self.pieces, self._makes = _pieces(_merge(_segments(self._nodes)))

    def render(self, scope: Scope) -> list[dict[str, Any]]:
        """The messages for this scope; `UnknownValue` where a value that they need is unknown."""
        rendered: list[dict[str, Any]] = _value(self._nodes, {**self.context, **scope})
        return rendered

    def render_bytes(self, scope: Scope) -> bytes:
        """The same as JSON: equal to `dump` of `render`, many times faster."""
        parts = [part for piece in self.pieces for part in (piece, b"")][:-1]
        parts[1::2] = self.fill(scope)
        return b"".join(parts)

    def without_friends(self) -> list[dict[str, Any]]:
        """The messages with an x for whatever only a send knows; what is repeated stands there once."""
        written: list[dict[str, Any]] = _without_friends(self._nodes)
        return written

    def fill(self, scope: Scope) -> list[bytes]:
        """What stands in the holes for this scope: JSON, or a part of a JSON string."""
        full = {**self.context, **scope}
        return [make(full) for make in self._makes]


def compile_messages(messages: Sequence[Mapping[str, Any]], context: Mapping[str, Any]) -> CompiledMessages:
    """Compiles messages as the build left them; `context` holds the ``client`` and ``values`` that they still read.

    Raises TemplateError where an expression cannot be understood or its part of `context` is missing.
    """
    return CompiledMessages(messages, context)


def as_written(text: str, context: Scope) -> str:
    """A text with what `context` knows put in, and every other expression as it is written: for people who look at it
    before it is sent. One with conditions about a friend stays as it is."""
    if not may_hold_expression(text):
        return text
    made = scalar(text)
    if made.reads.roots <= BUILD:
        return text_of(made.value(context))
    if any(isinstance(part, Rendered) for part in made.parts):
        return text
    written = iter(expressions(text))
    shown = [part if isinstance(part, str) else _shown(part, next(written), context) for part in made.parts]
    return "".join(shown)


def _shown(part: Expression, written: str, context: Scope) -> str:
    return text_from(part, context) if part.reads.roots <= BUILD else written


def _paths(sites: Sequence[Site]) -> frozenset[str]:
    return frozenset(read.path for site in sites for read in site.reads)


def _compile(node: Any, context: Scope) -> _Node:
    if isinstance(node, str) and may_hold_expression(node):
        return _hole(scalar(node), context)
    if isinstance(node, Mapping):
        items = tuple((key, _compile(value, context)) for key, value in node.items())
        if all(isinstance(child, _Constant) for _, child in items):
            return _Constant({key: child.value for key, child in items if isinstance(child, _Constant)})
        return _Map(items)
    if isinstance(node, list | tuple):
        return _list(node, context)
    return _Constant(node)


def _list(node: Sequence[Any], context: Scope) -> _Constant | _List:
    items = tuple(_each(child, context) if is_each(child) else _compile(child, context) for child in node)
    constants = [child for child in items if isinstance(child, _Constant)]
    return _Constant([child.value for child in constants]) if len(constants) == len(items) else _List(items)


def is_each(node: Any) -> bool:
    """Whether a list's item is a repetition."""
    return isinstance(node, Mapping) and "each" in node and "do" in node


def _each(node: Mapping[str, Any], context: Scope) -> _Each:
    if strange := sorted(node.keys() - {"each", "as", "do", "limit", "else"}):
        hint = "known are each, as, do, limit, else"
        raise TemplateError(f"'{strange[0]}' is no part of a repetition", hint=hint, code="E020")
    limit = node.get("limit")
    if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int) or limit < 1):
        raise TemplateError("'limit' must be a whole number of at least 1", code="E020")
    items = node["each"]
    if isinstance(items, str):
        compiled = expression(items)
    elif isinstance(items, list | tuple):
        compiled = Scalar("a list", (_Fixed(items),), _NO_READS, whole=True)
    else:
        raise TemplateError("'each' must name a list, such as event.items", code="E020")
    otherwise = _block(node["else"], context) if "else" in node else None
    return _Each(compiled, node.get("as", "item"), _block(node["do"], context), limit, otherwise)


_NO_READS = scalar("").reads


@dataclass(frozen=True, slots=True)
class _Fixed:
    """A list that the build knew already."""

    items: Sequence[Any]
    reads: Any = _NO_READS
    source: str = "a list"

    def value(self, scope: Scope) -> Any:
        return self.items


def _block(node: Any, context: Scope) -> tuple[_Node, ...]:
    return tuple(_compile(child, context) for child in (node if isinstance(node, list | tuple) else [node]))


def _hole(text: Scalar, context: Scope) -> _Node:
    """A text with what the context knows put in, so that it is not looked up again for every friend."""
    if text.reads.roots <= BUILD:
        return _Constant(text.value(context))
    if text.whole:
        return _Hole(text)
    parts: list[Any] = []
    for part in text.parts:
        fixed = part if isinstance(part, str) else text_from(part, context) if part.reads.roots <= BUILD else None
        if fixed is None:
            parts.append(part)
        elif parts and isinstance(parts[-1], str):
            parts[-1] += fixed
        else:
            parts.append(fixed)
    return _Hole(Scalar(text.source, tuple(parts), text.reads, whole=False))


def _value(node: _Node, scope: Scope) -> Any:
    match node:
        case _Constant(value):
            return value
        case _Hole(text):
            return text.value(scope)
        case _Map(items):
            return {key: _value(child, scope) for key, child in items}
        case _List(items):
            return [value for child in items for value in _values(child, scope)]


def _values(child: _Node | _Each, scope: Scope) -> list[Any]:
    """What one item of a list becomes: itself, or as many as its repetition makes."""
    if not isinstance(child, _Each):
        return [_value(child, scope)]
    if (scopes := child.scopes(scope)) is None:
        return [_value(one, scope) for one in child.otherwise or ()]
    return [_value(one, inner) for inner in scopes for one in child.do]


def _without_friends(node: _Node) -> Any:
    match node:
        case _Constant(value):
            return value
        case _Hole(text):
            return "x" if text.whole else "".join(part if isinstance(part, str) else "x" for part in text.parts)
        case _Map(items):
            return {key: _without_friends(child) for key, child in items}
        case _List(items):
            rows = [(*child.do, *(child.otherwise or ())) if isinstance(child, _Each) else (child,) for child in items]
            return [_without_friends(child) for row in rows for child in row]


def _segments(node: _Node) -> list[bytes | _Make]:
    match node:
        case _Constant(value):
            return [dump(value)]
        case _Hole(text):
            return _hole_segments(text)
        case _Map(items):
            out: list[bytes | _Make] = []
            for index, (key, child) in enumerate(items):
                out += [b"," if index else b"{", dump(key), b":", *_segments(child)]
            return [*out, b"}"]
        case _List(items):
            plain = [child for child in items if not isinstance(child, _Each)]
            if len(plain) < len(items):
                return [b"[", _repeating(items), b"]"]
            rows = [[b"," if index else b"[", *_segments(child)] for index, child in enumerate(plain)]
            return [segment for row in rows for segment in row] + [b"]"]


def _hole_segments(text: Scalar) -> list[bytes | _Make]:
    if text.whole:
        (part,) = text.parts
        whole = text.value
        if isinstance(part, Rendered):
            return [lambda scope: encode_basestring(whole(scope)).encode()]
        return [lambda scope: _encoded(whole(scope))]
    # JSON escapes each character by itself, so escaped pieces in a row are the escaped text.
    out: list[bytes | _Make] = [b'"']
    out += [_inside(part) if isinstance(part, str) else _filler(part) for part in text.parts]
    return [*out, b'"']


def _encoded(value: Any) -> bytes:
    return encode_basestring(value).encode() if type(value) is str else dump(value)


def _inside(text: str) -> bytes:
    return encode_basestring(text)[1:-1].encode()


def _filler(part: Any) -> _Make:
    return lambda scope: _inside(text_from(part, scope))


def _repeating(items: tuple[_Node | _Each, ...]) -> _Make:
    def blocks(nodes: tuple[_Node, ...] | None) -> list[tuple[bytes | _Make, ...]]:
        return [_merge(_segments(node)) for node in nodes or ()]

    rows = [
        (child, blocks(child.do), blocks(child.otherwise)) if isinstance(child, _Each) else (None, blocks((child,)), [])
        for child in items
    ]

    def make(scope: Scope) -> bytes:
        out: list[bytes] = []
        for each, do, otherwise in rows:
            scopes = [scope] if each is None else each.scopes(scope)
            if scopes is None:
                out.extend(_joined(block, scope) for block in otherwise)
            else:
                out.extend(_joined(block, inner) for inner in scopes for block in do)
        return b",".join(out)

    return make


def _joined(block: tuple[bytes | _Make, ...], scope: Scope) -> bytes:
    return b"".join([part if isinstance(part, bytes) else part(scope) for part in block])


def _pieces(segments: Sequence[bytes | _Make]) -> tuple[tuple[bytes, ...], tuple[_Make, ...]]:
    """The constants around the holes, an empty one where two holes meet, and what fills the holes."""
    pieces, makes = [b""], []
    for segment in segments:
        if isinstance(segment, bytes):
            pieces[-1] = segment
        else:
            makes.append(segment)
            pieces.append(b"")
    return tuple(pieces), tuple(makes)


def _merge(segments: list[bytes | _Make]) -> tuple[bytes | _Make, ...]:
    """Neighbouring constants as one."""
    out: list[bytes | _Make] = []
    for segment in segments:
        if out and isinstance(segment, bytes) and isinstance(last := out[-1], bytes):
            out[-1] = last + segment
        else:
            out.append(segment)
    return tuple(out)
