"""Reads YAML 1.2 with positions: composed by PyYAML's C parser where it is there, resolved by YAML 1.2's own rules.

PyYAML resolves by YAML 1.1 and drops duplicate keys in silence, so only its parser is used. What the two versions of
YAML read differently, and whatever could surprise, is a problem with a place.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

from lineform.loading.core import resolve
from lineform.loading.documents import Document
from lineform.loading.excerpts import shown
from lineform.loading.text import lines_of
from lineform.model.origin import Origin
from lineform.model.problem import Problem, Severity

NODE_LIMIT = 100_000
"""Values in one file after its aliases are written out."""
DEPTH_LIMIT = 100

_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_STR = "tag:yaml.org,2002:str"
_ALLOWED_TAGS = {
    yaml.ScalarNode: frozenset({"", _STR}),
    yaml.MappingNode: frozenset({"", "tag:yaml.org,2002:map"}),
    yaml.SequenceNode: frozenset({"", "tag:yaml.org,2002:seq"}),
}
# Each level of nesting needs one of these. PyYAML composes by recursion in C, without a limit: depth is counted before.
_DEEP_INDENT = re.compile(rf"^[ \-?:]{{{DEPTH_LIMIT},}}", re.MULTILINE)
_BARE_EXPRESSION = re.compile(r"(?:[ \-]*|[^#\"']*:[ ]+)(\{[{%])")
"""A line whose value begins with an expression: YAML takes the brace for a mapping's."""
_DIRECTIVE = re.compile(r"^%(?!YAML[ \t]+1\.2[ \t]*(?:#.*)?$).*", re.MULTILINE)


class _Loader(_Base):  # type: ignore[misc]
    """Composes nodes and resolves nothing: an empty tag says that the author wrote none."""

    def resolve(self, kind: Any, value: Any, implicit: Any) -> str:
        return ""

    def descend_resolver(self, current_node: Any, current_index: Any) -> None:
        pass

    def ascend_resolver(self) -> None:
        pass


def parse_yaml(text: str, file: str, note: str = "") -> tuple[Document | None, list[Problem]]:
    """The document of `text`, and every problem in it. No document where the text cannot be parsed at all."""
    reader = _Reader(text, file, note)
    node = reader.compose()
    if node is None:
        return None, reader.problems
    value = reader.value(node)
    return Document(file, text, node, value, note), reader.problems


class _Stop(Exception):
    pass


class _Reader:
    """One reading of one text."""

    def __init__(self, text: str, file: str, note: str) -> None:
        self.text = text
        self.file = file
        self.note = note
        self.problems: list[Problem] = []
        self._lines: list[str] | None = None
        self._count = 0
        self._aliases = "&" in text
        self._open: set[int] = set()

    def report(self, code: str, message: str, line: int, column: int, hint: str = "", *, warn: bool = False) -> None:
        if self._lines is None:
            self._lines = lines_of(self.text)
        excerpt = shown(self._lines[line]) if line < len(self._lines) else ""
        severity = Severity.WARNING if warn else Severity.ERROR
        origin = Origin(self.file, line + 1, column + 1)
        hint = "; ".join(part for part in (hint, self.note) if part)
        self.problems.append(Problem(code, message, origin, hint=hint, excerpt=excerpt, severity=severity))

    def at(self, code: str, message: str, node: yaml.Node | yaml.Event, hint: str = "", *, warn: bool = False) -> None:
        mark: Any = node.start_mark  # the stubs forget that parsed nodes and events always have one
        self.report(code, message, mark.line, mark.column, hint, warn=warn)

    def compose(self) -> yaml.Node | None:
        if self.text.startswith("%") or "\n%" in self.text or "\r%" in self.text:
            self._directives()
        if self.problems or self._too_deep():
            return None
        loader = _Loader(self.text)
        try:
            node: yaml.Node | None = loader.get_single_node()
        except yaml.MarkedYAMLError as error:
            self._syntax(error)
            return None
        except yaml.YAMLError as error:
            self.report("E004", f"the YAML cannot be understood: {error}", 0, 0)
            return None
        finally:
            loader.dispose()
        if node is None:
            self.problems.append(
                Problem(
                    "E009", "the file is empty", Origin(self.file), hint="write its kind and name, or delete the file"
                )
            )
        return node

    def _directives(self) -> None:
        head = re.split(r"^---", self.text, maxsplit=1, flags=re.MULTILINE)[0]
        if found := _DIRECTIVE.search(head):
            line = len(lines_of(head[: found.start()])) - 1
            self.report("E007", f"the directive '{found[0]}' is not read", line, 0, "remove it: files are YAML 1.2")

    def _too_deep(self) -> bool:
        text = self.text
        if text.count("[") + text.count("{") < DEPTH_LIMIT and not _DEEP_INDENT.search(text):
            return False
        depth = 0
        try:
            for event in yaml.parse(text, Loader=_Loader):
                if isinstance(event, yaml.CollectionStartEvent):
                    depth += 1
                    if depth > DEPTH_LIMIT:
                        self.at("E010", f"values are nested more than {DEPTH_LIMIT} deep", event)
                        return True
                elif isinstance(event, yaml.CollectionEndEvent):
                    depth -= 1
        except yaml.MarkedYAMLError as error:
            self._syntax(error)
            return True
        except yaml.YAMLError as error:
            self.report("E004", f"the YAML cannot be understood: {error}", 0, 0)
            return True
        return False

    def _syntax(self, error: yaml.MarkedYAMLError) -> None:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line, mark.column) if mark else (0, 0)
        # A file that ends too early is wrong behind its last line.
        written = "".join(lines_of(self.text)[line : line + 1])
        if (found := _BARE_EXPRESSION.match(written)) is not None:
            self.report(
                "E004", "an expression must stand in quotes", line, found.start(1), "put the whole text in quotes"
            )
            return
        code, message, hint = _explained(error, self.text, mark.index if mark else 0)
        self.report(code, message, line, column, hint)

    def value(self, node: yaml.Node) -> Any:
        try:
            return self._value(node)
        except _Stop:
            return None

    def _value(self, node: yaml.Node) -> Any:
        self._count += 1
        if self._count > NODE_LIMIT:
            self.at("E010", f"the file holds more than {NODE_LIMIT:,} values when its aliases are written out", node)
            raise _Stop
        kind = type(node)
        if node.tag not in _ALLOWED_TAGS[kind]:
            self.at("E007", f"the tag '{_tag(node.tag)}' is not read", node, "remove it; use quotes to make a text")
            return None
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node)
        if not self._aliases:
            return self._mapping(node) if kind is yaml.MappingNode else [self._value(child) for child in node.value]
        if id(node) in self._open:
            self.at("E010", "an alias stands inside of what it names", node, "write the value out")
            raise _Stop
        self._open.add(id(node))
        found = self._mapping(node) if kind is yaml.MappingNode else [self._value(child) for child in node.value]
        self._open.discard(id(node))
        return found

    def _scalar(self, node: yaml.ScalarNode) -> Any:
        text: str = node.value
        if node.style or node.tag == _STR:
            if not text.isascii() and any("\ud800" <= c <= "\udfff" for c in text):
                self.at("E003", "the text holds half of a surrogate pair, which is no character", node)
            return text
        value, surprise = resolve(text)
        if value is not text and "!" in self.text[node.start_mark.index : node.end_mark.index - len(text)]:
            self.at("E007", "the tag '!' is not read", node, "remove it; use quotes to make a text")
        if surprise is not None:
            self.at("E008", surprise.message, node, surprise.hint, warn=not surprise.fatal)
        return value

    def _mapping(self, node: yaml.Node) -> dict[str, Any]:
        out: dict[str, Any] = {}
        for key, child in node.value:
            if type(key) is not yaml.ScalarNode:
                self._bad_key(key, node)
                continue
            name: str = key.value
            if not key.style:
                if name == "<<":
                    self.at("E007", "'<<' is not read", key, "write the keys out, or keep them in values")
                    continue
                if key.tag != "" and key.tag != _STR:
                    self.at("E007", f"the tag '{_tag(key.tag)}' is not read", key, "remove it")
                elif key.tag == "" and name not in _PLAIN_KEYS and resolve(name)[0] is not name:
                    self.at("E006", f"the key '{name}' is not a text", key, "write it in quotes")
                    continue
            if name in out:
                first = next(k for k, _ in node.value if isinstance(k, yaml.ScalarNode) and k.value == name)
                self.at(
                    "E005",
                    f"the key '{name}' is written twice",
                    key,
                    f"the first is in line {first.start_mark.line + 1}",
                )
                continue
            out[name] = self._value(child)
        return out

    def _bad_key(self, key: yaml.Node, mapping: yaml.Node) -> None:
        start = mapping.start_mark.index
        if self.text[start : start + 2] == "{{":
            end = self.text.find("}}", start)
            whole = self.text[start : end + 2] if 0 < end < start + 100 else "{{ … }}"
            quote = "'" if '"' in whole else '"'
            self.at("E006", "an expression must stand in quotes", mapping, f"write {quote}{whole}{quote}")
        else:
            self.at("E006", "a key is not a text but a list or mapping", key, "put the text in quotes")


_PLAIN_KEYS = frozenset({"kind", "name", "text", "type", "messages", "y", "n", "on", "off", "no", "yes"})


def _tag(tag: str) -> str:
    return tag.replace("tag:yaml.org,2002:", "!!")


_SENTENCES = (
    ("mapping values are not allowed", "a colon stands where no key can stand",
     "put a text that holds ': ' in quotes, and check the indentation"),
    ("did not find expected key", "a key was expected here", "check the indentation and the quotes of the lines above"),
    ("expected <block end>", "a key was expected here", "check the indentation and the quotes of the lines above"),
    ("did not find expected '-' indicator", "an item of the list was expected here", "check the indentation"),
    ("unexpected end of stream", "a quote is opened and not closed", "close it"),
    ("could not find expected ':'", "a key without its colon", "write 'key: value', and check the indentation"),
    ("expected ',' or ']'", "a list in brackets is not closed", "write ',' between its items and ']' at its end"),
    ("expected ',' or '}'", "a mapping in braces is not closed", "write ',' between its parts and '}' at its end"),
    ("undefined alias", "an alias names no anchor", "put a text that begins with '*' in quotes"),
    ("unknown escape character", "an unknown escape in double quotes", "write two backslashes, or use single quotes"),
    ("invalid Unicode character escape", "the escape in double quotes is half of a surrogate pair",
     "write the character itself"),
    ("did not find expected alphabetic", "an anchor or alias without a name",
     "put a text that begins with '*' or '&' in quotes"),
    ("block sequence entries are not allowed", "an item of a list stands where none can stand",
     "begin the list on the next line"),
)  # fmt: skip


def _explained(error: yaml.MarkedYAMLError, text: str, index: int) -> tuple[str, str, str]:
    problem = str(error.problem or error.context or "")
    if "found another document" in problem or "expected a single document" in str(error.context):
        return "E007", "the file holds a second document", "write one resource per file: remove '---'"
    if "cannot start any token" in problem:
        character = text[index : index + 1]
        if character == "\t":
            return "E004", "a tab stands where spaces are needed", "indent with spaces"
        return "E004", f"a text cannot begin with '{character}'", "put it in quotes"
    for part, message, hint in _SENTENCES:
        if part in problem:
            return "E004", message, hint
    return "E004", f"the YAML cannot be understood: {problem}", ""
