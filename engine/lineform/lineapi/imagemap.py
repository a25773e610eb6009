"""Imagemap messages: https://developers.line.biz/en/reference/messaging-api/#imagemap-message.

Its actions are not the ordinary ones: they have an area, other names and other lengths.
"""

from __future__ import annotations

from typing import Final

from lineform.lineapi import limits
from lineform.lineapi.actions import LINK_SCHEMES
from lineform.lineapi.counting import Unit
from lineform.lineapi.shapes import List, Obj, Shape, Str, Union, Url, integer, typed

AREA: Final = Obj(
    "ImagemapArea",
    {"x": integer(0), "y": integer(0), "width": integer(0), "height": integer(0)},
    ("x", "y", "width", "height"),
    doc="an imagemap area",
)
BASE_SIZE: Final = Obj(
    "ImagemapBaseSize",
    {
        "width": integer(limits.IMAGEMAP_WIDTH, limits.IMAGEMAP_WIDTH, doc="Always 1040."),
        "height": integer(1, doc="The height that goes with a width of 1040."),
    },
    ("width", "height"),
    doc="an imagemap's base size",
)
_LABEL: Final = Str(max=limits.IMAGEMAP_LABEL, unit=Unit.GRAPHEME, doc="What screen readers say.")
_LINK: Final = Url(LINK_SCHEMES, limits.IMAGEMAP_LINK)


def _action(name: str, kind: str, key: str, shape: Shape) -> Obj:
    return typed(
        name, kind, {"label": _LABEL, key: shape, "area": AREA}, (key, "area"), doc=f"an imagemap {kind} action"
    )


ACTION: Final = Union(
    "imagemap action",
    {
        "uri": _action("URIImagemapAction", "uri", "linkUri", _LINK),
        "message": _action("MessageImagemapAction", "message", "text", Str(max=limits.IMAGEMAP_TEXT, min=1)),
        "clipboard": _action(
            "ClipboardImagemapAction", "clipboard", "clipboardText", Str(max=limits.CLIPBOARD_TEXT, min=1)
        ),
    },
    {
        kind: f"is the action '{kind}', which does not work in an imagemap"
        for kind in ("postback", "datetimepicker", "camera", "cameraRoll", "location", "richmenuswitch")
    },
)
VIDEO: Final = Obj(
    "ImagemapVideo",
    {
        "originalContentUrl": Url(max=limits.URL_UNITS, doc="An mp4 by https."),
        "previewImageUrl": Url(max=limits.URL_UNITS),
        "area": AREA,
        "externalLink": Obj(
            "ImagemapExternalLink",
            {"linkUri": _LINK, "label": Str(max=limits.IMAGEMAP_EXTERNAL_LABEL, min=1)},
            ("linkUri", "label"),
            doc="the link after the video",
        ),
    },
    ("originalContentUrl", "previewImageUrl", "area"),
    doc="an imagemap's video",
)
FIELDS: Final[dict[str, Shape]] = {
    "baseUrl": Url(max=limits.URL_UNITS, doc="LINE adds /240, /300, /460, /700 and /1040; no file extension."),
    "altText": Str(max=limits.ALT_TEXT_UNITS, min=1, doc="What notifications and the chat list show."),
    "baseSize": BASE_SIZE,
    "actions": List(ACTION, min=1, max=limits.IMAGEMAP_ACTIONS, noun="actions"),
    "video": VIDEO,
}
REQUIRED: Final = ("baseUrl", "altText", "baseSize", "actions")
