"""A declared rich menu as a plan compares it: LINE's object and the hash that its mark will carry."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from lineform.model.address import Address
from lineform.model.project import Asset, Resource
from lineform.model.richmenu import RichMenuSpec
from lineform.model.richmenu_line import richmenu_to_line

DRAWING = 1
"""The version of the drawing of menus without an image. Raised when the same layout is drawn differently, so that such
menus are replaced: a plan hashes the layout and draws nothing."""

HASH_LENGTH = 32
_CANONICAL = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"), check_circular=False)


@dataclass(frozen=True, slots=True)
class DeclaredMenu:
    """A rich menu as the workspace declares it; `hash` is over its object and its image."""

    address: Address
    spec: RichMenuSpec
    hash: str

    @property
    def line(self) -> dict[str, Any]:
        """LINE's object without its name. Made when asked for: of ten thousand menus, few changed."""
        return richmenu_to_line(self.spec)

    @property
    def default(self) -> bool:
        return self.spec.default

    @property
    def protect(self) -> bool:
        return self.spec.protect


def declared_menu(resource: Resource) -> DeclaredMenu:
    """The menu of a `richmenu` resource. `default` is not hashed: it is a pointer of the account, not of the menu."""
    spec = resource.spec
    if not isinstance(spec, RichMenuSpec):
        raise TypeError(f"{resource.address} is no rich menu")
    line = richmenu_to_line(spec)
    asset = image_asset(resource, spec)
    drawn = ["drawn", DRAWING, spec.theme, [[cell.label, cell.icon] for cell in spec.cells]]
    image: Any = asset.digest if asset else drawn
    text = _CANONICAL.encode([line, image, spec.protect])
    return DeclaredMenu(resource.address, spec, _sha256(text)[:HASH_LENGTH])


def image_asset(resource: Resource, spec: RichMenuSpec) -> Asset | None:
    """The file of the menu's image; None where the image is drawn."""
    if spec.image is None:
        return None
    return resource.assets[spec.image]


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
