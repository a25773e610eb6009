"""A workspace as it was read: every client with its resources, rendered as far as the build can, each value located."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any, Protocol

from lineform.model.address import Address, Kind
from lineform.model.base import Spec
from lineform.model.client import ClientSpec, Limits, PricePlan, ProjectSpec
from lineform.model.origin import Origin, Path


@dataclass(frozen=True, slots=True)
class Layer:
    """One writing of a value: the layer's name (``defaults``, ``client``, ``override``, ``file``), where, and what."""

    name: str
    origin: Origin
    value: Any


class Source(Protocol):
    """Finds where a value of a resource was written. Looked up only when somebody asks, so that loading stays fast."""

    def origin(self, path: Path) -> Origin:
        """The place of the value at `path`, or of the nearest enclosing value that was written."""
        ...

    def key_origin(self, path: Path) -> Origin:
        """The place of the mapping key that `path` ends in; the value's place for list items."""
        ...

    def excerpt(self, origin: Origin) -> str:
        """The line of the file at `origin`, without its end; empty where there is none."""
        ...

    def layers(self, path: Path) -> tuple[Layer, ...]:
        """Every layer that wrote the value at `path`, the one that holds last."""
        ...


@dataclass(frozen=True, slots=True)
class Asset:
    """A file that a resource names, such as an image: read once, kept by the digest of its bytes (sha256, hex)."""

    file: str
    path: FilePath
    digest: str
    size: int


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource of one client.

    `context` holds the part of ``client`` and ``values`` that its send-time expressions read, and nothing more, so that
    an unrelated value does not change the resource. `digest` (sha256, hex) covers spec, context and assets.
    """

    client: str
    address: Address
    spec: Spec
    source: Source
    context: Mapping[str, Any]
    digest: str
    assets: Mapping[str, Asset]


@dataclass(frozen=True, slots=True)
class Client:
    """One client's part of the project; `values` are the merged layers."""

    name: str
    spec: ClientSpec
    source: Source
    timezone: str
    limits: Limits
    plan: PricePlan | None
    values: Mapping[str, Any]
    resources: Mapping[Address, Resource]

    def of(self, kind: Kind) -> tuple[Resource, ...]:
        """The client's resources of one kind, by name."""
        found = (resource for address, resource in self.resources.items() if address.kind is kind)
        return tuple(sorted(found, key=lambda resource: resource.address.name))


@dataclass(frozen=True, slots=True)
class Project:
    """The whole workspace."""

    root: FilePath
    spec: ProjectSpec
    clients: Mapping[str, Client]
