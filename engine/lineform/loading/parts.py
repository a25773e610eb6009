"""Puts the files that messages name (``flex: messages/hero.yaml``) in their place, and remembers their origin."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any

from lineform.loading.documents import Document
from lineform.loading.text import Unreadable, read_text
from lineform.loading.workspace import ENDINGS, TEMPLATE_ENDING, inside
from lineform.loading.written_texts import text_problems
from lineform.loading.yaml import parse_yaml
from lineform.model.origin import Origin, Path
from lineform.model.problem import Problem
from lineform.templates.scalars import may_hold_expression

PART = "part"
"""``{part: messages/footer.yaml}`` stands for that file's content, anywhere in a message."""

PARTS_LIMIT = 200
"""Files that one list of messages may name, those that its parts name included: two in each double at every level."""


@dataclass(slots=True)
class Inlined:
    """A tree with its parts in place, and the part of the workspace that each of them came from."""

    tree: Any
    parts: dict[Path, Document] = field(default_factory=dict)
    broken: list[Path] = field(default_factory=list)
    """Places of files that could not be had; nothing more needs to be said about what stands there."""


class Parts:
    """Reads each part once for the whole workspace."""

    def __init__(self, root: FilePath) -> None:
        self._root = root
        self._read: dict[str, Document | None] = {}
        self.problems: list[Problem] = []

    def inline(self, tree: Any, document: Document, base: Path) -> Inlined:
        """`tree` stands at `base` of `document`; it is returned as it is where it names no file."""
        out = Inlined(tree)
        out.tree = self._walk(tree, (), document, base, (document.file,), out)
        return out

    def _walk(
        self,
        node: Any,
        path: Path,
        document: Document,
        inner: Path,
        open_: tuple[str, ...],
        out: Inlined,
    ) -> Any:
        if isinstance(node, dict):
            if node.keys() == {PART} and isinstance(name := node[PART], str):
                return self._take(name, path, document, (*inner, PART), open_, out)
            changed: dict[str, Any] = {}
            for key, value in node.items():
                here, there = (*path, key), (*inner, key)
                if key == "flex" and isinstance(value, str) and value.endswith((*ENDINGS, ".json")):
                    new = self._take(value, here, document, there, open_, out)
                elif isinstance(value, dict | list):
                    new = self._walk(value, here, document, there, open_, out)
                else:
                    continue
                if new is not value:
                    changed[key] = new
            return {**node, **changed} if changed else node
        if isinstance(node, list):
            new_items = [
                self._walk(item, (*path, index), document, (*inner, index), open_, out)
                if isinstance(item, dict | list)
                else item
                for index, item in enumerate(node)
            ]
            return new_items if any(a is not b for a, b in zip(node, new_items, strict=True)) else node
        return node

    def _take(
        self,
        name: str,
        path: Path,
        document: Document,
        inner: Path,
        open_: tuple[str, ...],
        out: Inlined,
    ) -> Any:
        origin = document.origin(inner)

        def refuse(code: str, message: str, hint: str = "") -> Any:
            self.problems.append(Problem(code, message, origin, hint=hint, excerpt=document.excerpt(origin)))
            out.broken.append(path)
            return {}

        if may_hold_expression(name):
            return refuse("E013", "the name of a file cannot hold an expression", "write the file's name out")
        found, file, reason = inside(self._root, document.file.rpartition("/")[0], name)
        if found is None:
            return refuse("E013", f"the file '{file}' {reason}", "a file is named relative to the one that names it")
        if file.endswith(TEMPLATE_ENDING):
            return refuse(
                "E013", "a part cannot be a template file", "write it as .yaml; its texts may hold expressions"
            )
        if file in open_:
            return refuse("E014", "parts name each other in a circle: " + " → ".join((*open_, file)))
        if len(out.parts) >= PARTS_LIMIT:
            return refuse("E010", f"more than {PARTS_LIMIT} files would be put in here")
        part = self._document(found, file)
        if part is None:
            out.broken.append(path)
            return {}
        out.parts[path] = part
        return self._walk(part.value, path, part, (), (*open_, file), out)

    def _document(self, path: FilePath, file: str) -> Document | None:
        if file not in self._read:
            self._read[file] = None
            try:
                text = read_text(path, file)
            except Unreadable as error:
                self.problems.append(error.problem)
                return None
            document, problems = parse_yaml(text, file)
            self.problems += problems
            if document is not None and not isinstance(document.value, dict | list):
                message = "a part must be a mapping or a list"
                self.problems.append(Problem("E103", message, Origin(file, 1, 1)))
                return None
            if document is not None:
                self.problems += text_problems(document)
            self._read[file] = document
        return self._read[file]
