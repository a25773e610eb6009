"""From a menu as it is written to LINE's own rich menu object: a grid becomes pixels, a word becomes an action.

https://developers.line.biz/en/reference/messaging-api/#rich-menu-object
"""

from __future__ import annotations

from typing import Any, NamedTuple

from lineform.model.richmenu import Cell, RichMenuSpec

SIZES = {"large": (2500, 1686), "compact": (2500, 843)}


class Box(NamedTuple):
    """A tap area in pixels of the menu's image."""

    x: int
    y: int
    width: int
    height: int


def menu_size(spec: RichMenuSpec) -> tuple[int, int]:
    """Width and height of the menu and its image, in pixels."""
    return SIZES[spec.size] if isinstance(spec.size, str) else spec.size


def layout(spec: RichMenuSpec) -> tuple[Box, ...]:
    """Each cell's tap area, in the order of the cells. Neighbours in the grid touch without a gap: edges are rounded
    from the left and the top, never widths."""
    width, height = menu_size(spec)
    columns, rows = spec.grid
    return tuple([_box(cell, width, height, columns, rows) for cell in spec.cells])


def _box(cell: Cell, width: int, height: int, columns: int, rows: int) -> Box:
    at = cell.at
    if at is None:
        bounds = cell.bounds
        assert bounds is not None, "a cell has either `at` or `bounds`; the model has checked it"  # noqa: S101
        return Box(bounds.x, bounds.y, bounds.width, bounds.height)
    column, row = ord(at[0]) - ord("A"), int(at[1]) - 1
    across, down = cell.span
    left, top = column * width // columns, row * height // rows
    right, bottom = (column + across) * width // columns, (row + down) * height // rows
    return Box(left, top, right - left, bottom - top)


def richmenu_to_line(spec: RichMenuSpec) -> dict[str, Any]:
    """LINE's object without `name`, which carries our mark and is given when the menu is created."""
    width, height = menu_size(spec)
    areas = [
        {
            "bounds": {"x": box.x, "y": box.y, "width": box.width, "height": box.height},
            "action": action_to_line(cell),
        }
        for cell, box in zip(spec.cells, layout(spec), strict=True)
    ]
    return {
        "size": {"width": width, "height": height},
        "selected": spec.open,
        "chatBarText": spec.bar,
        "areas": areas,
    }


def action_to_line(cell: Cell) -> dict[str, Any]:
    """The cell's action as LINE's action object (https://developers.line.biz/en/reference/messaging-api/#action-objects)."""
    action = _action(cell)
    return {**action, "label": cell.label} if cell.label and "label" not in action else action


def _action(cell: Cell) -> dict[str, Any]:
    if cell.uri is not None:
        return {"type": "uri", "uri": cell.uri}
    if cell.message is not None:
        return {"type": "message", "text": cell.message}
    if isinstance(cell.postback, str):
        return {"type": "postback", "data": cell.postback}
    if cell.postback is not None:
        return {"type": "postback", **cell.postback}
    if cell.switch is not None:
        # LINE demands data; the postback event brings it to the webhook together with the switch's outcome.
        return {"type": "richmenuswitch", "richMenuAliasId": cell.switch, "data": f"switch={cell.switch}"}
    if cell.clipboard is not None:
        return {"type": "clipboard", "clipboardText": cell.clipboard}
    return {"type": "datetimepicker", **(cell.datetime or {})}
