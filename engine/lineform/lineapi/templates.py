"""Template messages: https://developers.line.biz/en/reference/messaging-api/#template-messages."""

from __future__ import annotations

import re
from typing import Final

from lineform.lineapi import limits
from lineform.lineapi.actions import ACTIONS, Place
from lineform.lineapi.counting import Unit, graphemes
from lineform.lineapi.findings import Reason
from lineform.lineapi.shapes import Check, List, Obj, Object, Str, Union, Url, Walk, Way, typed

IMAGE_URL: Final = Url(max=limits.URL_UNITS, doc="A JPEG or PNG by https.")
COLOUR: Final = Str(pattern=re.compile(r"#[0-9A-Fa-f]{6}"), form="a colour such as #00B900")
RATIO: Final = Str(words=("rectangle", "square"), doc="rectangle (1.51:1, the default) or square.")
IMAGE_SIZE: Final = Str(words=("cover", "contain"), doc="cover (the default) or contain.")
_DECORATIONS: Final = ("thumbnailImageUrl", "title")


def _shorter_beside_an_image(limit: int) -> Check:
    def rule(template: Object, at: Way, walk: Walk) -> None:
        text = template.get("text")
        if not isinstance(text, str) or len(text) <= limit or not any(key in template for key in _DECORATIONS):
            return
        if (size := graphemes(text)) > limit and not walk.holds(text):
            said = f"is {size} characters; LINE allows {limit} beside an image or title ({Unit.GRAPHEME.value})"
            walk.replace((at, "text"), Reason.TOO_LONG, said, low=1, high=limit)

    return rule


def _alike_columns(template: Object, at: Way, walk: Walk) -> None:
    columns = template.get("columns")
    if walk.count(columns) is None:
        return
    objects = [column for column in columns if isinstance(column, dict)] if columns else []
    for index, column in enumerate(objects[1:], start=1):
        way: Way = ((at, "columns"), index)
        mine, first = walk.count(column.get("actions")), walk.count(objects[0].get("actions"))
        if mine is not None and first is not None and mine != first:
            text = f"has {mine} actions where the first column has {first}; all columns need the same number"
            walk.report((way, "actions"), Reason.CONFLICT, text, high=first)
        for key in _DECORATIONS:
            if (key in column) != (key in objects[0]):
                state = "has" if key in objects[0] else "has no"
                text = f"must be in all columns or in none; the first column {state} '{key}'"
                walk.report((way, key), Reason.CONFLICT, text)


_TITLE: Final = Str(max=limits.TEMPLATE_TITLE, unit=Unit.GRAPHEME)
_ACTION: Final = ACTIONS[Place.TEMPLATE]

BUTTONS: Final = typed(
    "ButtonsTemplate",
    "buttons",
    {
        "thumbnailImageUrl": IMAGE_URL,
        "imageAspectRatio": RATIO,
        "imageSize": IMAGE_SIZE,
        "imageBackgroundColor": COLOUR,
        "title": _TITLE,
        "text": Str(max=limits.BUTTONS_TEXT, min=1, unit=Unit.GRAPHEME, doc="At most 60 beside an image or title."),
        "defaultAction": _ACTION,
        "actions": List(_ACTION, min=1, max=limits.BUTTONS_ACTIONS, noun="actions"),
    },
    ("text", "actions"),
    checks=(_shorter_beside_an_image(limits.BUTTONS_TEXT_WITH_IMAGE_OR_TITLE),),
    doc="a buttons template",
)
CONFIRM: Final = typed(
    "ConfirmTemplate",
    "confirm",
    {
        "text": Str(max=limits.CONFIRM_TEXT, min=1, unit=Unit.GRAPHEME),
        "actions": List(_ACTION, min=limits.CONFIRM_ACTIONS, max=limits.CONFIRM_ACTIONS, noun="actions"),
    },
    ("text", "actions"),
    doc="a confirm template",
)
COLUMN: Final = Obj(
    "CarouselColumn",
    {
        "thumbnailImageUrl": IMAGE_URL,
        "imageBackgroundColor": COLOUR,
        "title": _TITLE,
        "text": Str(max=limits.CAROUSEL_TEXT, min=1, unit=Unit.GRAPHEME, doc="At most 60 beside an image or title."),
        "defaultAction": _ACTION,
        "actions": List(_ACTION, min=1, max=limits.CAROUSEL_ACTIONS, noun="actions"),
    },
    ("text", "actions"),
    checks=(_shorter_beside_an_image(limits.CAROUSEL_TEXT_WITH_IMAGE_OR_TITLE),),
    doc="a carousel's column",
)
CAROUSEL: Final = typed(
    "CarouselTemplate",
    "carousel",
    {
        "columns": List(COLUMN, min=1, max=limits.CAROUSEL_COLUMNS, noun="columns"),
        "imageAspectRatio": RATIO,
        "imageSize": IMAGE_SIZE,
    },
    ("columns",),
    checks=(_alike_columns,),
    doc="a carousel template",
)
IMAGE_COLUMN: Final = Obj(
    "ImageCarouselColumn",
    {"imageUrl": IMAGE_URL, "action": ACTIONS[Place.IMAGE_CAROUSEL]},
    ("imageUrl", "action"),
    doc="an image carousel's column",
)
IMAGE_CAROUSEL: Final = typed(
    "ImageCarouselTemplate",
    "image_carousel",
    {"columns": List(IMAGE_COLUMN, min=1, max=limits.CAROUSEL_COLUMNS, noun="columns")},
    ("columns",),
    doc="an image carousel template",
)
TEMPLATE: Final = Union(
    "template",
    {"buttons": BUTTONS, "confirm": CONFIRM, "carousel": CAROUSEL, "image_carousel": IMAGE_CAROUSEL},
    doc="The template: buttons, confirm, carousel or image_carousel.",
)
