"""Where a value was written when several files had a say in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lineform.loading.documents import Document
from lineform.loading.shapes import MISSING, step_into
from lineform.model.origin import Origin, Path
from lineform.model.project import Layer


@dataclass(frozen=True, slots=True)
class Written:
    """One layer: a value inside a document, and the parts of other files that it named, by their path in the layer."""

    name: str
    document: Document
    base: Path = ()
    parts: Mapping[Path, Document] = field(default_factory=dict)
    at: Path = ()
    """Where in the resource this layer's value stands."""

    def place(self, path: Path) -> tuple[Document, Path]:
        """The document and the path in it that hold the value at `path` of this layer."""
        for depth in range(len(path), -1, -1):
            if (part := self.parts.get(path[:depth])) is not None:
                return part, path[depth:]
        return self.document, self.base + path

    def reach(self, path: Path) -> int:
        """How many steps of `path` this layer has written; -1 where it did not write anything around it."""
        document, full = self.place(path)
        return document.find(full)[0] - (len(full) - len(path))

    def value(self, path: Path) -> Any:
        """The value that this layer wrote at `path`, or a marker where it wrote none."""
        document, full = self.place(path)
        found = document.value
        for step in full:
            found = step_into(found, step)
            if found is MISSING:
                break
        return found


class LayeredSource:
    """A resource's `Source`: layers from the first to the one that holds, merged key by key, lists replaced."""

    __slots__ = ("_layers",)

    def __init__(self, layers: tuple[Written, ...]) -> None:
        self._layers = layers

    def origin(self, path: Path) -> Origin:
        document, inner = self._holder(path)
        return document.origin(inner)

    def key_origin(self, path: Path) -> Origin:
        document, inner = self._holder(path)
        if document.find(inner)[0] < len(inner):
            return document.origin(inner)
        return document.key_origin(inner)

    def excerpt(self, origin: Origin) -> str:
        for document in self._documents():
            if document.file == origin.file:
                return document.excerpt(origin)
        return ""

    def note(self, origin: Origin) -> str:
        """What must be known to find `origin`: that its lines are those of a rendered template."""
        return next((d.note for d in self._documents() if d.file == origin.file), "")

    def layers(self, path: Path) -> tuple[Layer, ...]:
        found = []
        for layer in self._layers:
            if path[: len(layer.at)] != layer.at:
                continue
            inner = path[len(layer.at) :]
            if (value := layer.value(inner)) is not MISSING:
                document, full = layer.place(inner)
                found.append(Layer(layer.name, document.origin(full), value))
        return tuple(found)

    def _documents(self) -> list[Document]:
        return [d for layer in self._layers for d in (layer.document, *layer.parts.values())]

    def _holder(self, path: Path) -> tuple[Document, Path]:
        """The place of the value that holds at `path`: of the last layer that wrote it, or something around it."""
        best, deepest = self._layers[0].place(()), -1
        for layer in reversed(self._layers):
            if path[: len(layer.at)] != layer.at:
                continue
            inner = path[len(layer.at) :]
            reached = layer.reach(inner)
            place = layer.place(inner)
            if reached == len(inner):
                return place
            if len(layer.at) + reached > deepest:
                best, deepest = place, len(layer.at) + reached
            if reached >= 0 and not isinstance(layer.value(inner[:reached]), dict):
                break  # a list or scalar replaced everything below it
        return best


def merge(below: Any, above: Any) -> Any:
    """`above` over `below`: mappings key by key, everything else replaced. Neither is changed."""
    if not isinstance(below, dict) or not isinstance(above, dict):
        return above
    out = dict(below)
    for key, value in above.items():
        out[key] = merge(out[key], value) if key in out else value
    return out
