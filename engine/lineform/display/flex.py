"""Flex Messages as HTML: containers, blocks and boxes. The components inside the boxes are in `flex_parts`.

LINE defines the layout as CSS flexbox with its own defaults, so a box becomes a flex container and keeps its meaning:
https://developers.line.biz/en/docs/messaging-api/flex-message-layout/ and
https://developers.line.biz/en/docs/messaging-api/flex-message-elements/.
The widths of the bubble sizes and the paddings of the blocks are not documented; they are in the stylesheet, by class.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lineform.display import css
from lineform.display.actions import tap_attributes
from lineform.display.flex_parts import Place, component_html, item_style, unknown_html, video_html
from lineform.display.markup import Html, a_mapping, a_string, div, element, joined, objects

SIZES = ("nano", "micro", "deca", "hecto", "kilo", "mega", "giga")
BLOCKS = ("header", "hero", "body", "footer")
_LAYOUTS = ("horizontal", "vertical", "baseline")
_DEEPEST = 40  # a bubble holds 30 KB of JSON, so no real one comes near; a hostile one must not exhaust the stack
_VIDEO_SIZES = ("kilo", "mega", "giga")


def flex_html(contents: object) -> Html:
    """A bubble or a carousel, the `contents` of a Flex Message. What is neither is shown as a labelled box."""
    container = a_mapping(contents)
    match container.get("type"):
        case "bubble":
            return div("fx-one", _bubble(container))
        case "carousel":
            bubbles = [_bubble(bubble, in_carousel=True) for bubble in objects(container.get("contents"))]
            return div("fx-carousel", *bubbles) if bubbles else unknown_html("a carousel without bubbles")
        case other:
            return unknown_html(f"unknown Flex container {a_string(other)}".rstrip())


def _bubble(bubble: Mapping[str, Any], *, in_carousel: bool = False) -> Html:
    asked = bubble.get("size", "mega")
    size = asked if asked in SIZES else "mega"
    styles = a_mapping(bubble.get("styles"))
    shown = [name for name in BLOCKS if a_mapping(bubble.get(name))]
    blocks = [
        _block(name, a_mapping(bubble[name]), a_mapping(styles.get(name)), first=name == shown[0], before_footer=(
            name == "body" and "footer" in shown), video=not in_carousel and size in _VIDEO_SIZES)
        for name in shown
    ]  # fmt: skip
    classes = f"fx-bubble fx-{size}" + (" fx-bodyless" if "body" not in shown else "")
    direction = "rtl" if bubble.get("direction") == "rtl" else "ltr"
    return element("div", {"class": classes, "dir": direction, **tap_attributes(bubble.get("action"))}, *blocks)


def _block(
    name: str, content: Mapping[str, Any], style: Mapping[str, Any], *, first: bool, before_footer: bool, video: bool
) -> Html:
    """One block. The first cannot have a separator; a video stands directly in the hero or not at all."""
    line = Html("")
    if style.get("separator") is True and not first:
        line = div("fx-line", style=css.declarations(("border-color", css.colour(style.get("separatorColor")))))
    place = Place(layout="vertical", first=True, depth=0)
    if content.get("type") == "box":
        inner = box_html(content, place)
    elif content.get("type") == "video" and name == "hero" and video:
        inner = video_html(content)
    elif content.get("type") == "video" and name == "hero" and a_mapping(content.get("altContent")):
        inner = _child(a_mapping(content["altContent"]), place)
    else:
        inner = _child(content, place)
    classes = f"fx-block fx-{name}" + (" fx-beforefooter" if before_footer else "")
    background = css.declarations(("background-color", css.colour(style.get("backgroundColor"))))
    return joined([line, div(classes, inner, style=background)])


def box_html(box: Mapping[str, Any], place: Place) -> Html:
    """A box and everything in it. `place` says where in its parent it stands."""
    if place.depth > _DEEPEST:
        return unknown_html("boxes nested too deeply")
    asked = box.get("layout")
    layout = asked if asked in _LAYOUTS else "vertical"
    spacing = css.space(box.get("spacing"))
    children = [
        _child(child, Place(layout=layout, first=index == 0, spacing=spacing, depth=place.depth + 1))
        for index, child in enumerate(objects(box.get("contents")))
    ]
    style = ";".join(part for part in (item_style(box, place), _box_style(box)) if part)
    classes = f"fx-box fx-{layout}"
    return element("div", {"class": classes, "style": style, **tap_attributes(box.get("action"))}, *children)


def _child(child: Mapping[str, Any], place: Place) -> Html:
    return box_html(child, place) if child.get("type") == "box" else component_html(child, place)


def _box_style(box: Mapping[str, Any]) -> str:
    get = box.get
    every = css.space(get("paddingAll"), percent=True)
    border = css.border_width(get("borderWidth"))
    return css.declarations(
        ("background-color", css.colour(get("backgroundColor"))),
        ("background-image", css.gradient(get("background"))),
        ("border", f"{border} solid {css.colour(get('borderColor')) or 'transparent'}" if border else ""),
        ("border-radius", css.space(get("cornerRadius"))),
        ("padding", every),
        ("padding-top", css.space(get("paddingTop"), percent=True)),
        ("padding-bottom", css.space(get("paddingBottom"), percent=True)),
        ("padding-inline-start", css.space(get("paddingStart"), percent=True)),
        ("padding-inline-end", css.space(get("paddingEnd"), percent=True)),
        ("width", css.extent(get("width"))),
        ("max-width", css.extent(get("maxWidth"))),
        ("height", css.extent(get("height"))),
        ("max-height", css.extent(get("maxHeight"))),
        ("justify-content", _one_of(get("justifyContent"), _JUSTIFY)),
        ("align-items", _one_of(get("alignItems"), _ALIGN)),
    )


_JUSTIFY = ("flex-start", "center", "flex-end", "space-between", "space-around", "space-evenly")
_ALIGN = ("flex-start", "center", "flex-end")


def _one_of(value: object, allowed: tuple[str, ...]) -> str:
    return value if isinstance(value, str) and value in allowed else ""
