"""A parsed file: its plain values, and the nodes that know where each was written."""

from __future__ import annotations

from typing import Any

import yaml

from lineform.loading.excerpts import shown
from lineform.loading.text import lines_of
from lineform.model.origin import Origin, Path


class Document:
    """One file. Positions are looked up in the composed nodes only when somebody asks."""

    __slots__ = ("_lines", "file", "node", "note", "text", "value")

    def __init__(self, file: str, text: str, node: yaml.Node, value: Any, note: str = "") -> None:
        self.file = file
        self.text = text
        self.node = node
        self.value = value
        self.note = note
        """Set where `text` is not what stands in the file, with the reason: then lines are those of `text`."""
        self._lines: list[str] | None = None

    def find(self, path: Path) -> tuple[int, yaml.Node, yaml.Node]:
        """How many steps of `path` exist, the node reached, and its key's node (itself where it has none)."""
        node = key = self.node
        for depth, step in enumerate(path):
            child = _child(node, step)
            if child is None:
                return depth, node, key
            key, node = child
        return len(path), node, key

    def origin(self, path: Path) -> Origin:
        """The place of the value at `path`, or of the nearest one around it."""
        return self._at(self.find(path)[1])

    def key_origin(self, path: Path) -> Origin:
        """The place of the key that `path` ends in."""
        return self._at(self.find(path)[2])

    def _at(self, node: yaml.Node) -> Origin:
        mark = node.start_mark
        return Origin(self.file, mark.line + 1, mark.column + 1)

    def excerpt(self, origin: Origin) -> str:
        """The line at `origin` as it may be shown."""
        if self._lines is None:
            self._lines = lines_of(self.text)
        if origin.file != self.file or not 0 < origin.line <= len(self._lines):
            return ""
        return shown(self._lines[origin.line - 1])


def _child(node: yaml.Node, step: str | int) -> tuple[yaml.Node, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value == step:
                return key, value
    elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and 0 <= step < len(node.value):
        return node.value[step], node.value[step]
    return None
