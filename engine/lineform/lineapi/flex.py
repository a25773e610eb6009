"""Flex Messages: https://developers.line.biz/en/reference/messaging-api/#flex-message.

A component's unknown property passes untouched: LINE adds some without notice, and a new one must not wait for us.
Sizes and spaces: https://developers.line.biz/en/docs/messaging-api/flex-message-layout/.
"""

from __future__ import annotations

import re
from json import JSONEncoder
from typing import Final

from lineform.lineapi import limits
from lineform.lineapi.actions import ACTIONS, Place
from lineform.lineapi.findings import Reason
from lineform.lineapi.shapes import Bool, Check, List, Obj, Object, Shape, Str, Union, Url, Walk, Way, integer, typed

_SPACES: Final = ("none", "xs", "sm", "md", "lg", "xl", "xxl")
_SIZES: Final = ("xxs", "xs", "sm", "md", "lg", "xl", "xxl", "3xl", "4xl", "5xl")
_PX: Final = r"\d+(?:\.\d+)?px"
_PX_PERCENT: Final = r"\d+(?:\.\d+)?(?:px|%)"
_RATIO: Final = re.compile(r"(\d+(?:\.\d+)?):(\d+(?:\.\d+)?)")


def _size(pattern: str, form: str, words: tuple[str, ...] = (), doc: str = "") -> Str:
    return Str(pattern=re.compile(pattern), form=form, words=words, doc=doc)


COLOUR: Final = _size(r"#[0-9A-Fa-f]{6}(?:[0-9A-Fa-f]{2})?", "a colour such as #00B900 or #00B900FF")
SPACE: Final = _size(_PX, "pixels such as 8px", _SPACES)
PADDING: Final = _size(_PX_PERCENT, "pixels or a percentage such as 8px or 5%", _SPACES)
OFFSET: Final = _size(r"-?" + _PX_PERCENT, "pixels or a percentage such as 8px or 5%", _SPACES)
EXTENT: Final = _size(_PX_PERCENT, "pixels or a percentage such as 80px or 50%")
BORDER: Final = _size(_PX, "pixels such as 1px", ("none", "light", "normal", "medium", "semi-bold", "bold"))
TEXT_SIZE: Final = _size(_PX, "pixels such as 14px", _SIZES, "md by default.")
ICON_SIZE: Final = _size(_PX_PERCENT, "pixels or a percentage such as 20px", _SIZES, "md by default.")
IMAGE_SIZE: Final = _size(
    _PX_PERCENT, "pixels or a percentage such as 80px or 50%", (*_SIZES, "full"), "md by default."
)
RATIO: Final = _size(
    _RATIO.pattern, "a ratio such as 16:9", doc="Width:height; the height at most three times the width."
)
URL: Final = Url(max=limits.URL_UNITS, doc="By https.")
FLEX: Final = integer(doc="The share of the parent box that this takes.")
POSITION: Final = Str(words=("relative", "absolute"))
GRAVITY: Final = Str(words=("top", "bottom", "center"))
ALIGN: Final = Str(words=("start", "end", "center"))
_TAP: Final = ACTIONS[Place.FLEX]

_OFFSETS: Final[dict[str, Shape]] = {
    "position": POSITION,
    "offsetTop": OFFSET,
    "offsetBottom": OFFSET,
    "offsetStart": OFFSET,
    "offsetEnd": OFFSET,
}
_LETTERS: Final[dict[str, Shape]] = {
    "size": TEXT_SIZE,
    "color": COLOUR,
    "weight": Str(words=("regular", "bold")),
    "style": Str(words=("normal", "italic")),
    "decoration": Str(words=("none", "underline", "line-through")),
}

_compact: Final = JSONEncoder(ensure_ascii=False, separators=(",", ":"), skipkeys=True, default=str).encode


def _weighs_at_most(limit: int, noun: str) -> Check:
    def rule(container: Object, at: Way, walk: Walk) -> None:
        text = _compact(container)
        if len(text) * 3 <= limit or (size := len(text.encode("utf-8", "surrogatepass"))) <= limit:
            return
        if not walk.holds_within(container):
            said = f"is {size:,} bytes of JSON; LINE allows {limit:,} for a {noun}"
            walk.report(at, Reason.TOO_HEAVY, said, high=limit)

    return rule


def _ratio_in_range(component: Object, at: Way, walk: Walk) -> None:
    ratio = component.get("aspectRatio")
    found = _RATIO.fullmatch(ratio) if isinstance(ratio, str) else None
    if found is None:
        return
    width, height = float(found[1]), float(found[2])
    if not (1 <= width <= limits.FLEX_RATIO_PART and 1 <= height <= limits.FLEX_RATIO_PART):
        walk.report((at, "aspectRatio"), Reason.BAD_FORMAT, f"is {ratio}; both sides must be 1 to 100,000")
    elif height > limits.FLEX_RATIO_HEIGHT * width:
        walk.report(
            (at, "aspectRatio"), Reason.CONFLICT, f"is {ratio}; the height may be at most three times the width"
        )


def _counts_animated(image: Object, _at: Way, walk: Walk) -> None:
    walk.animated += image.get("animated") is True


def _text_or_contents(text: Object, at: Way, walk: Walk) -> None:
    if "text" not in text and "contents" not in text:
        walk.report((at, "text"), Reason.MISSING, "is missing; a Flex text needs 'text' or 'contents'")


_BASELINE: Final = frozenset(("icon", "text", "filler"))
_STACKED: Final = frozenset(("box", "button", "image", "text", "separator", "filler"))


def _children_fit_layout(box: Object, at: Way, walk: Walk) -> None:
    layout, contents = box.get("layout"), box.get("contents")
    if not isinstance(contents, list | tuple) or layout not in ("horizontal", "vertical", "baseline"):
        return
    allowed = _BASELINE if layout == "baseline" else _STACKED
    for index, child in enumerate(contents):
        kind = child.get("type") if isinstance(child, dict) else None
        if isinstance(kind, str) and kind in _COMPONENT_TYPES and kind not in allowed:
            text = f"is the component '{kind}', which does not work in a {layout} box"
            walk.report((((at, "contents"), index), "type"), Reason.NOT_HERE, text, sorted(allowed))


COMPONENT: Final = Union(
    "Flex component",
    {},
    {
        "video": "is the component 'video', which works as a bubble's hero only",
        "span": "belongs in a text's contents only",
    },
)
"""What a box may hold; filled below, as a box may hold boxes."""

BOX: Final = typed(
    "FlexBox",
    "box",
    {
        "layout": Str(words=("horizontal", "vertical", "baseline")),
        "contents": List(COMPONENT, noun="components"),
        "flex": FLEX,
        "spacing": SPACE,
        "margin": SPACE,
        **_OFFSETS,
        "backgroundColor": COLOUR,
        "borderColor": COLOUR,
        "borderWidth": BORDER,
        "cornerRadius": SPACE,
        **dict.fromkeys(("width", "maxWidth", "height", "maxHeight"), EXTENT),
        **dict.fromkeys(("paddingAll", "paddingTop", "paddingBottom", "paddingStart", "paddingEnd"), PADDING),
        "action": _TAP,
        "justifyContent": Str(
            words=("center", "flex-start", "flex-end", "space-between", "space-around", "space-evenly")
        ),
        "alignItems": Str(words=("center", "flex-start", "flex-end")),
        "background": Union(
            "background",
            {
                "linearGradient": typed(
                    "FlexBoxLinearGradient",
                    "linearGradient",
                    {
                        "angle": _size(r"\d+(?:\.\d+)?deg", "an angle such as 90deg"),
                        "startColor": COLOUR,
                        "endColor": COLOUR,
                        "centerColor": COLOUR,
                        "centerPosition": _size(r"\d+(?:\.\d+)?%", "a percentage such as 50%"),
                    },
                    ("angle", "startColor", "endColor"),
                    open=True,
                    doc="a linear gradient",
                )
            },
        ),
    },
    ("layout", "contents"),
    checks=(_children_fit_layout,),
    open=True,
    doc="a Flex box",
)
BUTTON: Final = typed(
    "FlexButton",
    "button",
    {
        "action": ACTIONS[Place.FLEX_BUTTON],
        "flex": FLEX,
        "margin": SPACE,
        **_OFFSETS,
        "height": Str(words=("sm", "md")),
        "style": Str(words=("primary", "secondary", "link")),
        "color": COLOUR,
        "gravity": GRAVITY,
        "adjustMode": Str(words=("shrink-to-fit",)),
        "scaling": Bool(),
    },
    ("action",),
    open=True,
    doc="a Flex button",
)
IMAGE: Final = typed(
    "FlexImage",
    "image",
    {
        "url": URL,
        "flex": FLEX,
        "margin": SPACE,
        **_OFFSETS,
        "align": ALIGN,
        "gravity": GRAVITY,
        "size": IMAGE_SIZE,
        "aspectRatio": RATIO,
        "aspectMode": Str(words=("fit", "cover")),
        "backgroundColor": COLOUR,
        "action": _TAP,
        "animated": Bool(doc="Plays an APNG; at most 10 of them in a message, each at most 300 KB."),
    },
    ("url",),
    checks=(_ratio_in_range, _counts_animated),
    open=True,
    doc="a Flex image",
)
VIDEO: Final = typed(
    "FlexVideo",
    "video",
    {
        "url": URL,
        "previewUrl": URL,
        "altContent": Union("alternative content", {"box": BOX, "image": IMAGE}),
        "aspectRatio": RATIO,
        "action": ACTIONS[Place.FLEX_VIDEO],
    },
    ("url", "previewUrl", "altContent"),
    checks=(_ratio_in_range,),
    open=True,
    doc="a Flex video",
)
ICON: Final = typed(
    "FlexIcon",
    "icon",
    {"url": URL, "margin": SPACE, **_OFFSETS, "size": ICON_SIZE, "scaling": Bool(), "aspectRatio": RATIO},
    ("url",),
    checks=(_ratio_in_range,),
    open=True,
    doc="a Flex icon",
)
SPAN: Final = typed("FlexSpan", "span", {"text": Str(), **_LETTERS}, open=True, doc="a Flex span")
TEXT: Final = typed(
    "FlexText",
    "text",
    {
        # LINE refuses an empty one ("must be non-empty text", https://github.com/cofacts/rumors-line-bot/issues/212).
        "text": Str(min=1),
        "contents": List(Union("span", {"span": SPAN}), noun="spans"),
        "adjustMode": Str(words=("shrink-to-fit",)),
        "flex": FLEX,
        "margin": SPACE,
        **_OFFSETS,
        **_LETTERS,
        "scaling": Bool(),
        "align": ALIGN,
        "gravity": GRAVITY,
        "wrap": Bool(doc="Whether a long text goes on in the next line."),
        "lineSpacing": _size(_PX, "pixels such as 8px"),
        "maxLines": integer(0, doc="0 for all of them."),
        "action": _TAP,
    },
    checks=(_text_or_contents,),
    open=True,
    doc="a Flex text",
)
SEPARATOR: Final = typed(
    "FlexSeparator", "separator", {"margin": SPACE, "color": COLOUR}, open=True, doc="a Flex separator"
)
FILLER: Final = typed("FlexFiller", "filler", {"flex": FLEX}, open=True, doc="a Flex filler (deprecated by LINE)")

COMPONENT.variants.update(box=BOX, button=BUTTON, image=IMAGE, icon=ICON, text=TEXT, separator=SEPARATOR, filler=FILLER)
_COMPONENT_TYPES: Final = frozenset(COMPONENT.variants)

_VIDEO_BUBBLES: Final = ("kilo", "mega", "giga")


def _video_needs_room(bubble: Object, at: Way, walk: Walk) -> None:
    hero, size = bubble.get("hero"), bubble.get("size", "mega")
    is_video = isinstance(hero, dict) and hero.get("type") == "video"
    if is_video and size not in _VIDEO_BUBBLES and not walk.holds(size):
        text = f"is '{size}', but a video needs a bubble of size {', '.join(_VIDEO_BUBBLES)}"
        walk.report((at, "size"), Reason.CONFLICT, text, _VIDEO_BUBBLES)


def _bubbles_alike(carousel: Object, at: Way, walk: Walk) -> None:
    contents = carousel.get("contents")
    if not isinstance(contents, list | tuple):
        return
    first: object = None
    for index, bubble in enumerate(contents):
        if not isinstance(bubble, dict):
            continue
        way: Way = ((at, "contents"), index)
        size = bubble.get("size", "mega")
        if first is None:
            first = size
        elif size != first and not walk.holds(size) and not walk.holds(first):
            walk.report(
                (way, "size"), Reason.CONFLICT, f"is '{size}'; a carousel's first bubble is '{first}', all must be"
            )
        hero = bubble.get("hero")
        if isinstance(hero, dict) and hero.get("type") == "video":
            text = "is the component 'video', which does not work inside a carousel"
            walk.report(((way, "hero"), "type"), Reason.NOT_HERE, text)


_STYLE: Final = Obj(
    "FlexBlockStyle",
    {"backgroundColor": COLOUR, "separator": Bool(), "separatorColor": COLOUR},
    doc="a block's style",
)
_ONE_BOX: Final = Union("block", {"box": BOX})

BUBBLE: Final = typed(
    "FlexBubble",
    "bubble",
    {
        "size": Str(words=("nano", "micro", "deca", "hecto", "kilo", "mega", "giga"), doc="mega by default."),
        "direction": Str(words=("ltr", "rtl")),
        "header": _ONE_BOX,
        "hero": Union("hero", {"box": BOX, "image": IMAGE, "video": VIDEO}),
        "body": _ONE_BOX,
        "footer": _ONE_BOX,
        "styles": Obj(
            "FlexBubbleStyles", dict.fromkeys(("header", "hero", "body", "footer"), _STYLE), doc="a bubble's styles"
        ),
        "action": _TAP,
    },
    checks=(_weighs_at_most(limits.BUBBLE_BYTES, "bubble"), _video_needs_room),
    doc="a bubble",
)
CAROUSEL: Final = typed(
    "FlexCarousel",
    "carousel",
    {"contents": List(Union("bubble", {"bubble": BUBBLE}), min=1, max=limits.FLEX_CAROUSEL_BUBBLES, noun="bubbles")},
    ("contents",),
    checks=(_weighs_at_most(limits.FLEX_CAROUSEL_BYTES, "carousel"), _bubbles_alike),
    doc="a Flex carousel",
)
CONTAINER: Final = Union(
    "Flex container", {"bubble": BUBBLE, "carousel": CAROUSEL}, doc="A bubble or a carousel of them."
)
