"""The image of a declared menu: the file that was reviewed, or one drawn from the cells."""

from __future__ import annotations

import hashlib

from lineform.display.drawing import DrawnCell, MenuDrawing, draw_menu
from lineform.errors import BlockedError
from lineform.model.project import Asset, Resource
from lineform.model.richmenu import RichMenuSpec
from lineform.model.richmenu_line import layout, menu_size
from lineform.planning.declared import image_asset

_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8\xff"


def menu_image(resource: Resource) -> tuple[bytes, str]:
    """The bytes and their content type. `BlockedError` where the file is not the one that was planned, or no image;
    `DrawingError` where the cells cannot be drawn."""
    spec = resource.spec
    if not isinstance(spec, RichMenuSpec):
        raise TypeError(f"{resource.address} is no rich menu")
    asset = image_asset(resource, spec)
    if asset is None:
        return _drawn(spec), "image/png"
    image = _read(asset, resource)
    if image.startswith(_PNG):
        return image, "image/png"
    if image.startswith(_JPEG):
        return image, "image/jpeg"
    raise BlockedError(f"{resource.address}: {asset.file} is neither PNG nor JPEG", hint="LINE takes no other image")


def _read(asset: Asset, resource: Resource) -> bytes:
    image = asset.path.read_bytes()
    if hashlib.sha256(image).hexdigest() != asset.digest:
        raise BlockedError(
            f"{resource.address}: {asset.file} changed while this ran", hint="plan again, so that it is reviewed"
        )
    return image


def _drawn(spec: RichMenuSpec) -> bytes:
    width, height = menu_size(spec)
    cells = tuple(
        DrawnCell(box.x, box.y, box.width, box.height, cell.label, cell.icon)
        for cell, box in zip(spec.cells, layout(spec), strict=True)
    )
    return draw_menu(MenuDrawing(width, height, cells, spec.theme))
