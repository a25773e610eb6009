"""The components of a Flex Message that are no boxes: text, button, image, icon, separator, filler and video.

https://developers.line.biz/en/reference/messaging-api/#flex-component
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lineform.display import css
from lineform.display.actions import action_label, tap_attributes, tappable
from lineform.display.markup import (
    Html,
    a_mapping,
    a_string,
    div,
    element,
    joined,
    objects,
    picture,
    span,
    text,
    web_address,
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a component stands: the layout of its parent, whether it comes first there, and the parent's spacing."""

    layout: str
    first: bool
    depth: int
    spacing: str = ""

    @property
    def vertical(self) -> bool:
        """Whether the parent's main axis runs downwards."""
        return self.layout == "vertical"


def unknown_html(what: str) -> Html:
    """A labelled box in place of what cannot be drawn."""
    return div("lf-unknown", what)


def component_html(part: Mapping[str, Any], place: Place) -> Html:
    """One component. What LINE does not know is shown as a labelled box."""
    match part.get("type"):
        case "text":
            return _text(part, place)
        case "button":
            return _button(part, place)
        case "image":
            return _image(part, place)
        case "icon":
            return _icon(part, place)
        case "separator":
            return _separator(part, place)
        case "filler":
            flex = css.whole(part.get("flex"))
            return div("fx-filler", style="" if flex in (None, 1) else f"flex:{flex} {flex} 0")
        case "spacer":  # taken out of the documentation, still accepted in old messages
            size = css.space(part.get("size")) or "8px"
            return div("fx-spacer", style=css.declarations(("height" if place.vertical else "width", size)))
        case "video":
            return unknown_html("a video may only be the hero of a kilo, mega or giga bubble outside a carousel")
        case other:
            return unknown_html(f"unknown Flex component {a_string(other)}".rstrip())


def item_style(part: Mapping[str, Any], place: Place) -> str:
    """How a component stands in its parent: share, margin, position and offsets.

    The share is 1 by default in a horizontal box and 0 in a vertical one; a box of a set width or height has 0 in a
    horizontal box (https://developers.line.biz/en/docs/messaging-api/flex-message-layout/#component-size). `margin`
    beats the parent's `spacing` and also holds for the first child, which `spacing` does not.
    """
    absolute = part.get("position") == "absolute"
    margin = css.space(part.get("margin")) or ("" if place.first else place.spacing)
    side = "margin-top" if place.vertical else "margin-inline-start"
    return css.declarations(
        ("flex", _share(part, place)),
        (side, "" if absolute or margin == "0" else margin),
        ("position", "absolute" if absolute else ""),
        ("top", css.offset(part.get("offsetTop"))),
        ("bottom", css.offset(part.get("offsetBottom")) if place.layout != "baseline" else ""),
        ("inset-inline-start", css.offset(part.get("offsetStart"))),
        ("inset-inline-end", css.offset(part.get("offsetEnd"))),
    )


def share(part: Mapping[str, Any], place: Place) -> int:
    """The component's `flex`, LINE's default where none is written."""
    written = css.whole(part.get("flex"))
    if part.get("type") == "icon":
        return 0
    if (
        part.get("type") == "box"
        and not place.vertical
        and (css.extent(part.get("width")) or css.extent(part.get("height")))
    ):
        return 0
    return written if written is not None else int(not place.vertical)


def _share(part: Mapping[str, Any], place: Place) -> str:
    number = share(part, place)
    if number == 0:
        return "0 0 auto"
    return f"{number} 0 auto" if place.vertical else f"{number} 0 0"


def _gravity(part: Mapping[str, Any], place: Place) -> str:
    if place.layout == "baseline":
        return ""
    return {"center": " fx-middle", "bottom": " fx-bottom"}.get(a_string(part.get("gravity")), "")


def _aligned(part: Mapping[str, Any], otherwise: str) -> str:
    asked = part.get("align")
    return f" fx-{asked if asked in ('start', 'center', 'end') else otherwise}"


def _font(part: Mapping[str, Any], *, size: str) -> tuple[tuple[str, str], ...]:
    get = part.get
    return (
        ("font-size", size),
        ("color", css.colour(get("color"))),
        ("font-weight", {"bold": "700", "regular": "400"}.get(a_string(get("weight")), "")),
        ("font-style", {"italic": "italic", "normal": "normal"}.get(a_string(get("style")), "")),
        (
            "text-decoration",
            {name: name for name in ("underline", "line-through")}.get(a_string(get("decoration")), ""),
        ),
    )


def _size(part: Mapping[str, Any], size: str, *, shrinks: bool, words: str) -> str:
    """A font size, scaled with the page's setting if asked, and made smaller where the container is narrower than the
    words.
    """
    if part.get("scaling") is True:
        size = f"calc({size}*var(--lf-scale,1))"
    if shrinks:
        ems = sum(1.0 if unicodedata.east_asian_width(letter) in "WFA" else 0.58 for letter in words)
        size = f"min({size},{100 / max(ems, 1.0):.3f}cqw)"
    return size


def _text(part: Mapping[str, Any], place: Place) -> Html:
    spans = objects(part.get("contents"))
    words = "".join(a_string(item.get("text")) for item in spans) if spans else a_string(part.get("text"))
    wraps = part.get("wrap") is True
    # The container's width must come from outside for this, as it does for all but a text that is as wide as its words.
    shrinks = part.get("adjustMode") == "shrink-to-fit" and not wraps and (place.vertical or share(part, place) > 0)
    inner = joined(_span(item, part) for item in spans) if spans else text(words)
    most = css.whole(part.get("maxLines")) or 0
    line = css.extent(part.get("lineSpacing")) if wraps and "px" in a_string(part.get("lineSpacing")) else ""
    paragraph = css.declarations(
        ("-webkit-line-clamp", str(most) if wraps and most else ""),
        ("line-height", f"calc(1.4em + {line})" if line else ""),
        ("margin", f"calc({line} / -2) 0" if line else ""),
    )
    classes = (
        "fx-text" + _gravity(part, place) + (" fx-wrap" if wraps else "") + (" fx-clamp" if wraps and most else "")
    )
    classes += _aligned(part, "start") + (" fx-shrink" if shrinks else "")
    size = _size(part, css.text_size(part.get("size")), shrinks=False, words="")
    style = ";".join(filter(None, (item_style(part, place), css.declarations(*_font(part, size=size)))))
    if shrinks:
        paragraph = css.declarations(
            ("font-size", _size(part, css.text_size(part.get("size")), shrinks=True, words=words))
        )
    return element(
        "div",
        {"class": classes, "style": style, **tap_attributes(part.get("action"))},
        element("p", {"style": paragraph}, inner),
    )


def _span(part: Mapping[str, Any], parent: Mapping[str, Any]) -> Html:
    size = css.text_size(part.get("size"), otherwise="")
    if size and parent.get("scaling") is True:
        size = f"calc({size}*var(--lf-scale,1))"
    return span("", a_string(part.get("text")), style=css.declarations(*_font(part, size=size)))


def _button(part: Mapping[str, Any], place: Place) -> Html:
    asked = part.get("style", "link")
    style = asked if asked in ("primary", "secondary") else "link"
    colour = css.colour(part.get("color"))
    label = action_label(part.get("action")) or "(no action)"
    shrinks = part.get("adjustMode") == "shrink-to-fit" and (place.vertical or share(part, place) > 0)
    size = _size(part, "16px", shrinks=shrinks, words=label)
    face = css.declarations(("color" if style == "link" else "background-color", colour))
    classes = f"fx-face fx-{style}" + (" fx-low" if part.get("height") == "sm" else "")
    words = span("fx-label", label, style="" if size == "16px" else css.declarations(("font-size", size)))
    return div(
        "fx-button" + _gravity(part, place),
        tappable(part.get("action"), classes, words, style=face),
        style=item_style(part, place),
    )


def _drawing_area(part: Mapping[str, Any], width: str) -> str:
    across, down = css.ratio(part.get("aspectRatio"))
    return css.declarations(
        ("width", width),
        ("aspect-ratio", f"{across:g} / {down:g}"),
        ("background-color", css.colour(part.get("backgroundColor"))),
    )


def _image(part: Mapping[str, Any], place: Place) -> Html:
    """The drawing area is as wide as `size` allows and the ratio decides its height; `fit` shows all, `cover` fills it
    (https://developers.line.biz/en/reference/messaging-api/#drawing-area).
    """
    size = css.image_size(part.get("size"))
    mode = "fx-cover" if part.get("aspectMode") == "cover" else "fx-fit"
    area = tappable(part.get("action"), f"fx-area {mode}", picture(part.get("url")), style=_drawing_area(part, size))
    # A percentage has nothing to refer to in a child that is as wide as its content: let it have the parent's width.
    wide = ";width:100%" if "%" in size and share(part, place) == 0 and part.get("position") != "absolute" else ""
    style = item_style(part, place) + wide
    return div("fx-image" + _gravity(part, place) + _aligned(part, "center"), area, style=style)


def _icon(part: Mapping[str, Any], place: Place) -> Html:
    across, down = css.ratio(part.get("aspectRatio"))
    size = _size(part, css.text_size(part.get("size")), shrinks=False, words="")
    style = css.declarations(("font-size", size)) + ";" + item_style(part, place)
    # A box without text has its bottom as its baseline, so the icon's bottom stands on the line whether it loads or
    # not.
    glyph = span("fx-glyph", picture(part.get("url")), style=f"width:{css.number(across / down)}em")
    return div("fx-icon", glyph, style=style)


def _separator(part: Mapping[str, Any], place: Place) -> Html:
    colour = css.declarations(("border-color", css.colour(part.get("color"))))
    margin = css.space(part.get("margin")) or ("" if place.first else place.spacing)
    side = css.declarations(("margin-top" if place.vertical else "margin-inline-start", margin))
    return div("fx-line", style=";".join(filter(None, (side, colour))))


def video_html(part: Mapping[str, Any]) -> Html:
    """A video that is the hero: its preview picture with a sign, linked to the file, and the label of its action below
    (https://developers.line.biz/en/docs/messaging-api/create-flex-message-including-video/).
    """
    face = joined([picture(part.get("previewUrl")), span("lf-play", "▶\ufe0e")])
    style = _drawing_area(part, "100%")
    address = web_address(part.get("url"))
    area = (
        element("a", {"class": "fx-area fx-cover", "style": style, "href": address, "rel": "noopener noreferrer"}, face)
        if address
        else div("fx-area fx-cover", face, style=style)
    )
    action = a_mapping(part.get("action"))
    after = tappable(action, "fx-aftervideo", action_label(action)) if action else Html("")
    return div("fx-image fx-center", area, after)
