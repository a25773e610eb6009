"""The sandbox in which expressions are evaluated.

Jinja's own sandbox bounds neither time nor memory, so what could grow is taken away: no calls, no loops inside a text,
a closed list of filters, bounded multiplication and no powers. Text is text: nothing is escaped, and what a value holds
is never read as a template again.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateSyntaxError, Undefined, UndefinedError, nodes
from jinja2.runtime import LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment

from lineform.errors import LineformError
from lineform.model.problem import did_you_mean
from lineform.templates.errors import TemplateError, unknown
from lineform.templates.filters import FILTERS, UNTOLD, about, bounded, check_call, default, fail, text_of
from lineform.templates.moments import chain, reads_of

RANGE_LIMIT = 1_000
NUMBER_LIMIT = 10**15
FILE_LIMIT = 1024 * 1024
"""Characters that one template file may produce."""

_TESTS = frozenset(
    {"defined", "undefined", "none", "number", "string", "mapping", "sequence", "odd", "even", "in", "true", "false"}
    | {"divisibleby", "eq", "ne", "lt", "le", "gt", "ge", "equalto", "lessthan", "greaterthan", "boolean", "integer"}
    | {"float", "==", "!=", "<", "<=", ">", ">="}
)


class Sandbox(ImmutableSandboxedEnvironment):
    """Mappings have keys and nothing else, so that ``values.items`` is the value that was written under ``items``."""

    intercepted_binops = frozenset({"*", "**", "%", "+"})

    def __init__(self) -> None:
        super().__init__(undefined=StrictUndefined, autoescape=False, keep_trailing_newline=True, finalize=_finalize)
        self.filters = {name: one if one is default else _needing_values(name, one) for name, one in FILTERS.items()}
        self.tests = {name: self.tests[name] for name in _TESTS}
        self.globals = {"range": _range}

    def getattr(self, obj: Any, attribute: str) -> Any:
        if isinstance(obj, Mapping):
            return obj[attribute] if attribute in obj else self.undefined(obj=obj, name=attribute)
        if isinstance(obj, Undefined):
            return obj
        if isinstance(obj, LoopContext):
            return super().getattr(obj, attribute)
        return self.undefined(obj=obj, name=attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        if isinstance(obj, Mapping):
            known = isinstance(argument, str) and argument in obj
            return obj[argument] if known else self.undefined(obj=obj, name=argument)
        if isinstance(obj, Undefined):
            return obj
        if isinstance(obj, str | list | tuple) and isinstance(argument, int | slice):
            try:
                return obj[argument]
            except IndexError:
                pass
        return self.undefined(obj=obj, name=argument)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        if operator == "+" and isinstance(left, str) and isinstance(right, str):
            return bounded(left + right)
        numbers = all(isinstance(side, int | float) and not isinstance(side, bool) for side in (left, right))
        if operator == "**" or not numbers:
            raise fail(
                f"cannot be computed: '{operator}' is for {'two numbers' if operator != '**' else 'nobody'} here"
            )
        if max(abs(left), abs(right)) > NUMBER_LIMIT:
            raise fail("is a number too big to compute with")
        return super().call_binop(context, operator, left, right)


def _needing_values(name: str, one: Callable[..., Any]) -> Callable[..., Any]:
    """A filter that is only asked about known values: what it would say about an unknown one misleads. Its errors bear
    its name, and nothing of its values: they may be a friend's."""

    def call(*values: Any, **named: Any) -> Any:
        for value in (*values, *named.values()):
            if isinstance(value, Undefined):
                raise UndefinedError
        try:
            return one(*values, **named)
        except TemplateError as error:
            raise about(error, name) from error

    return call


def _range(*bounds: int) -> range:
    found = range(*bounds)
    if len(found) > RANGE_LIMIT:
        raise fail(f"repeats {len(found):,} times; {RANGE_LIMIT:,} is the limit")
    return found


def _finalize(value: Any) -> Any:
    # An undefined value raises the better error when it is written.
    return value if isinstance(value, Undefined) else text_of(value)


SANDBOX = Sandbox()
_CONSTANTS = nodes.EvalContext(SANDBOX)

_IN_TEXT = (nodes.Template, nodes.Output, nodes.TemplateData, nodes.If)
_IN_FILES = (*_IN_TEXT, nodes.For, nodes.Assign, nodes.Keyword, nodes.Pair)


def parse(text: str, *, file: bool = False) -> nodes.Template:
    """The syntax tree of a text with expressions; TemplateError where it is not one that the sandbox allows.

    Jinja turns every carriage return into a line feed, but a message must arrive as it was written: they travel as a
    character that the text does not hold, and come back inside the tree, before anything is rendered.
    """
    stand_in = _stand_in(text)
    try:
        tree = SANDBOX.parse(text.replace("\r", stand_in) if stand_in else text)
    except TemplateSyntaxError as error:
        raise _syntax(error) from None
    except RecursionError:
        raise TemplateError("the expression is nested too deeply", code="E020") from None
    refused: list[TemplateError] = []
    for node in _every(tree):
        if (wrong := _refused(node, file)) is not None:
            refused.append(wrong.at_line(node.lineno))
        if stand_in and isinstance(node, nodes.TemplateData):
            node.data = node.data.replace(stand_in, "\r")
        elif stand_in and isinstance(node, nodes.Const) and isinstance(node.value, str):
            node.value = node.value.replace(stand_in, "\r")
    if refused:
        refused[0].further = tuple(refused[1:])
        raise refused[0]
    return tree


def tokens(text: str) -> Iterator[tuple[str, str]]:
    """The pieces of a text with expressions, each with Jinja's name for its kind: what is no expression is ``data``.
    TemplateError where it cannot be understood."""
    stand_in = _stand_in(text)
    try:
        for _, kind, token in SANDBOX.lexer.tokeniter(text.replace("\r", stand_in) if stand_in else text, None):
            yield kind, token.replace(stand_in, "\r") if stand_in else token
    except TemplateSyntaxError as error:
        raise _syntax(error) from None


def _stand_in(text: str) -> str:
    return next(c for c in map(chr, range(0xE000, 0xF8FF)) if c not in text) if "\r" in text else ""


def _every(node: nodes.Node) -> Iterator[nodes.Node]:
    yield node
    for child in node.iter_child_nodes():
        yield from _every(child)


def _refused(node: nodes.Node, file: bool) -> TemplateError | None:
    if isinstance(node, nodes.Filter) and node.name not in FILTERS:
        hint = did_you_mean(node.name, FILTERS) or f"known are {', '.join(sorted(FILTERS))}"
        return TemplateError(f"there is no filter '{node.name}'", hint=hint, code="E020")
    if isinstance(node, nodes.Filter):
        return _misused(node)
    if isinstance(node, nodes.Test) and node.name not in _TESTS:
        return TemplateError(f"there is no test '{node.name}'", hint=did_you_mean(node.name, _TESTS), code="E020")
    if isinstance(node, nodes.Call) and not (file and isinstance(node.node, nodes.Name) and node.node.name == "range"):
        return TemplateError("functions cannot be called", hint="use a filter: {{ value | filter }}", code="E020")
    if isinstance(node, nodes.Stmt) and not isinstance(node, _IN_FILES if file else _IN_TEXT):
        word = type(node).__name__.lower()
        hint = "repeat with {each: …, do: …}, or in a .yaml.j2 file" if word == "for" else ""
        return TemplateError(
            f"'{word}' cannot be used {'in a template file' if file else 'in a text'}", hint=hint, code="E020"
        )
    return None


def _misused(node: nodes.Filter) -> TemplateError | None:
    """What is wrong with a filter whatever is known of a friend, as far as its arguments are written out."""
    try:
        check_call(node.name, _fallback(node.node), *_arguments(node))
    except nodes.Impossible:
        return None
    except TemplateError as error:
        return error
    return None


def _fallback(node: nodes.Node | None) -> Any:
    """What an expression makes where the value that it reads is unknown: 'x' of ``friend.name | default('x')``. UNTOLD
    where that cannot be said."""
    if not isinstance(node, nodes.Filter):
        return node.value if isinstance(node, nodes.Const) else UNTOLD
    if node.name not in FILTERS:
        return UNTOLD
    try:
        args, named = _arguments(node)
        value = _fallback(node.node)
        if node.name in {"default", "d"} and value is UNTOLD:
            return default(None, *args, **named)
        return UNTOLD if value is UNTOLD else check_call(node.name, value, args, named)
    except (nodes.Impossible, TemplateError, TypeError):
        return UNTOLD  # told where that filter itself is looked at


def _arguments(node: nodes.Filter) -> tuple[list[Any], dict[str, Any]]:
    """A filter's arguments; raises `nodes.Impossible` where they are not all written out."""
    if node.dyn_args is not None or node.dyn_kwargs is not None:
        raise nodes.Impossible
    args = [one.as_const(_CONSTANTS) for one in node.args]
    return args, {str(one.key): one.value.as_const(_CONSTANTS) for one in node.kwargs}


_UNEXPECTED = re.compile(r"unexpected char ['\"](.)['\"] at ")
_QUOTES = frozenset("“”„‟‘’‚‛「」『』＂＇«»")
"""What keyboards and editors write where a straight quote was meant."""


def _syntax(error: TemplateSyntaxError) -> TemplateError:
    text = (error.message or "it cannot be read").rstrip(".")
    text = text.replace("end of print statement", "}}").replace("end of statement block", "%}")
    hint = _instead(found[1]) if (found := _UNEXPECTED.match(text)) else ""
    said = TemplateError(f"the template cannot be understood: {text[0].lower()}{text[1:]}", hint=hint, code="E020")
    return said.at_line(error.lineno)


def _instead(character: str) -> str:
    """What is to be written for a character that no expression holds."""
    if character in _QUOTES:
        return "write straight quotes: ' or \""
    if character in {"'", '"'}:
        return "close the quote with the same straight one"
    plain = unicodedata.normalize("NFKC", character)
    return f"write it half-width: {plain}" if plain != character else ""


def render_file(tree: nodes.Template, scope: Mapping[str, Any]) -> str:
    """The whole text of a template file; TemplateError where a name is unknown or the text grows too long."""
    template = SANDBOX.from_string(tree)
    pieces = template.root_render_func(template.new_context(dict(scope)))
    try:
        return "".join(_limited(pieces))
    except TemplateError as error:
        raise error.at_line(_line(template, error, pieces)) from None
    except LineformError:
        raise
    except UndefinedError as error:
        line = _line(template, error, pieces)
        raise _missing(tree, scope, line).at_line(line) from None
    except Exception as error:  # any failure of an author's expression is the author's to see
        said = fail(f"the template cannot be rendered: {error}")
        raise said.at_line(_line(template, error, pieces)) from error


def _missing(tree: nodes.Template, scope: Mapping[str, Any], line: int) -> TemplateError:
    """Which of the names in this line has no value."""
    needed = reads_of(tree).unguarded
    for node in tree.find_all((nodes.Name, nodes.Getattr, nodes.Getitem)):
        path = chain(node) if node.lineno == line else None
        if path is not None and ".".join(path) in needed and not _has(scope, path):
            return unknown(path, scope)
    return fail("has no value: an item or key that it asks for does not exist")


def _has(scope: Mapping[str, Any], path: tuple[str, ...]) -> bool:
    found: Any = scope
    for step in path:
        if not isinstance(found, Mapping) or step not in found:
            return False
        found = found[step]
    return True


def _line(template: Template, error: Exception, pieces: Any) -> int:
    """The line of the template that was being rendered: where the error came up, or where the text was left off."""
    number = 0
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_globals is template.root_render_func.__globals__:
            number = trace.tb_lineno
        trace = trace.tb_next
    if not number and pieces.gi_frame is not None:
        number = pieces.gi_frame.f_lineno
    return template.get_corresponding_lineno(number) if number else 0


def _limited(pieces: Iterable[str]) -> Iterator[str]:
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > FILE_LIMIT:
            raise fail(f"the template makes more than {FILE_LIMIT:,} characters")
        yield piece
