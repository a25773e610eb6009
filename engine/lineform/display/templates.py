"""Template messages and imagemaps: the layouts that LINE draws itself.

https://developers.line.biz/en/reference/messaging-api/#template-messages and #imagemap-message.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lineform.display import css
from lineform.display.actions import action_label, action_words, tap_attributes, tappable
from lineform.display.flex_parts import unknown_html
from lineform.display.markup import (
    Html,
    a_mapping,
    a_string,
    div,
    element,
    file_name,
    objects,
    picture,
    span,
    web_address,
)


def template_html(template: Mapping[str, Any]) -> Html:
    """Any of the four templates; another is shown as a labelled box."""
    match template.get("type"):
        case "buttons":
            return div("lf-template", *_card(template, template))
        case "confirm":
            return div("lf-template lf-confirm", *_card(template, template))
        case "carousel":
            columns = objects(template.get("columns"))
            return div("lf-shelf", *(div("lf-template", *_card(column, template)) for column in columns))
        case "image_carousel":
            return div("lf-shelf", *(_poster(column) for column in objects(template.get("columns"))))
        case other:
            return unknown_html(f"unknown template {a_string(other)}".rstrip())


def _card(column: Mapping[str, Any], template: Mapping[str, Any]) -> list[Html]:
    """Picture, title, text and choices. The picture's form is the template's, one for all columns."""
    parts = []
    if column.get("thumbnailImageUrl"):
        form = "1 / 1" if template.get("imageAspectRatio") == "square" else "1.51 / 1"
        fit = " lf-contain" if template.get("imageSize") == "contain" else ""
        background = css.colour(column.get("imageBackgroundColor"))
        style = css.declarations(("aspect-ratio", form), ("background-color", background))
        face = picture(column["thumbnailImageUrl"])
        parts.append(tappable(column.get("defaultAction"), f"lf-thumb{fit}", face, style=style))
    title = a_string(column.get("title"))
    words = [element("b", None, title)] if title else []
    words.append(element("p", None, a_string(column.get("text"))))
    parts.append(element("div", {"class": "lf-words", **tap_attributes(column.get("defaultAction"))}, *words))
    choices = [tappable(action, "", action_label(action)) for action in objects(column.get("actions"))]
    return [*parts, div("lf-choices", *choices)] if choices else parts


def _poster(column: Mapping[str, Any]) -> Html:
    action = a_mapping(column.get("action"))
    label = a_string(action.get("label"))
    caption = [span("lf-caption", label)] if label else []
    return tappable(action, "lf-poster", picture(column.get("imageUrl")), *caption)


def imagemap_html(message: Mapping[str, Any]) -> Html:
    """The image with its tap areas. LINE asks the base address for the width that suits the screen
    (https://developers.line.biz/en/reference/messaging-api/#imagemap-message): here 1040.
    """
    size = a_mapping(message.get("baseSize"))
    width, height = css.whole(size.get("width")) or 1040, css.whole(size.get("height")) or 1040
    base = web_address(message.get("baseUrl"))
    parts = [picture(f"{base}/1040" if base else "", label=a_string(message.get("altText")) or file_name(base))]
    for number, action in enumerate(objects(message.get("actions")), 1):
        style = area_style(a_mapping(action.get("area")), width, height)
        parts.append(tappable(action, "lf-tap", span("lf-number", str(number)), style=style, name=action_words(action)))
    video = a_mapping(message.get("video"))
    if video:
        parts.append(_video(video, width, height))
    style = f"width:300px;max-width:100%;aspect-ratio:{width} / {height};border-radius:8px"
    return div("lf-menupicture", *parts, style=style)


def _video(video: Mapping[str, Any], width: int, height: int) -> Html:
    style = area_style(a_mapping(video.get("area")), width, height)
    label = a_string(a_mapping(video.get("externalLink")).get("label"))
    return div(
        "lf-tap lf-media", picture(video.get("previewImageUrl"), label=label), span("lf-play", "▶\ufe0e"), style=style
    )


def area_style(area: Mapping[str, Any], width: int, height: int) -> str:
    """Where an area lies, as percentages of the picture, so that it fits at any size on the screen."""
    x, y, across, down = (css.whole(area.get(name), most=100_000) or 0 for name in ("x", "y", "width", "height"))
    shares = (("left", x / width), ("top", y / height), ("width", across / width), ("height", down / height))
    return ";".join(f"{name}:{css.number(100 * part)}%" for name, part in shares)
