"""The rich menu object: https://developers.line.biz/en/reference/messaging-api/#rich-menu-object."""

from __future__ import annotations

from typing import Final

from lineform.lineapi import limits
from lineform.lineapi.actions import ACTIONS, Place
from lineform.lineapi.counting import Unit
from lineform.lineapi.findings import Reason
from lineform.lineapi.shapes import Bool, List, Obj, Object, Str, Walk, Way, integer


def _ratio(size: Object, at: Way, walk: Walk) -> None:
    width, height = size.get("width"), size.get("height")
    if isinstance(width, int) and isinstance(height, int) and height > 0 and width / height < limits.RICHMENU_RATIO_MIN:
        text = f"is {width} x {height}; LINE wants a width of at least {limits.RICHMENU_RATIO_MIN} times the height"
        walk.report((at, "height"), Reason.CONFLICT, text)


def _inside(menu: Object, at: Way, walk: Walk) -> None:
    size, areas = menu.get("size"), menu.get("areas")
    if not isinstance(size, dict) or not isinstance(areas, list | tuple):
        return
    for index, area in enumerate(areas):
        bounds = area.get("bounds") if isinstance(area, dict) else None
        if not isinstance(bounds, dict):
            continue
        for start, extent in (("x", "width"), ("y", "height")):
            begin, span, whole = bounds.get(start), bounds.get(extent), size.get(extent)
            if isinstance(begin, int) and isinstance(span, int) and isinstance(whole, int) and begin + span > whole:
                text = f"ends at {begin + span}, outside the menu's {extent} of {whole}"
                walk.report(((((at, "areas"), index), "bounds"), extent), Reason.OUTSIDE, text)


SIZE: Final = Obj(
    "RichMenuSize",
    {
        "width": integer(limits.RICHMENU_WIDTH_MIN, limits.RICHMENU_WIDTH_MAX, doc="Pixels."),
        "height": integer(limits.RICHMENU_HEIGHT_MIN, doc="Pixels; the width is at least 1.45 times as much."),
    },
    ("width", "height"),
    checks=(_ratio,),
    doc="a rich menu's size",
)
BOUNDS: Final = Obj(
    "RichMenuBounds",
    {
        "x": integer(0, limits.RICHMENU_BOUND_MAX),
        "y": integer(0, limits.RICHMENU_BOUND_MAX),
        "width": integer(1, limits.RICHMENU_BOUND_MAX),
        "height": integer(1, limits.RICHMENU_BOUND_MAX),
    },
    ("x", "y", "width", "height"),
    doc="a tap area's bounds",
)
AREA: Final = Obj(
    "RichMenuArea", {"bounds": BOUNDS, "action": ACTIONS[Place.RICH_MENU]}, ("bounds", "action"), doc="a tap area"
)
RICHMENU: Final = Obj(
    "RichMenuRequest",
    {
        "size": SIZE,
        "selected": Bool(doc="Whether the menu is open when the chat is opened."),
        "name": Str(max=limits.RICHMENU_NAME, min=1, unit=Unit.GRAPHEME, doc="For us; friends never see it."),
        "chatBarText": Str(
            max=limits.RICHMENU_BAR_TEXT, min=1, unit=Unit.GRAPHEME, doc="The text of the bar that opens the menu."
        ),
        "areas": List(AREA, max=limits.RICHMENU_AREAS, noun="areas"),
    },
    ("size", "selected", "name", "chatBarText", "areas"),
    checks=(_inside,),
    doc="a rich menu",
)
"""LINE's reference calls all five required; its OpenAPI calls none so. The reference is followed."""
