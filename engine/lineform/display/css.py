"""Which values of a Flex Message may become CSS, and which CSS they become.

A colour or a length comes from a template, so it can hold anything, `red;background:url(https://…)` included. Each
value is matched against the form that LINE documents and dropped if it does not match; nothing else reaches a style
attribute.

The keywords' order is LINE's (https://developers.line.biz/en/docs/messaging-api/flex-message-layout/); their pixels
are not documented and follow what LINE's own Flex Message Simulator shows.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_COLOUR = re.compile(r"#(?:[0-9A-Fa-f]{6}|[0-9A-Fa-f]{8})")
_NUMBER = r"\d{1,5}(?:\.\d{1,4})?"
_PIXELS = re.compile(rf"{_NUMBER}px")
_PERCENT = re.compile(rf"{_NUMBER}%")
_SIGNED = re.compile(rf"-?{_NUMBER}(?:px|%)")
_ANGLE = re.compile(rf"{_NUMBER}deg")
_RATIO = re.compile(r"(\d{1,6}(?:\.\d{1,4})?):(\d{1,6}(?:\.\d{1,4})?)")

SPACES = {"none": "0", "xs": "2px", "sm": "4px", "md": "8px", "lg": "12px", "xl": "16px", "xxl": "20px"}
BORDERS = {"none": "0", "light": "0.5px", "normal": "1px", "medium": "2px", "semi-bold": "3px", "bold": "4px"}
TEXT_SIZES = {
    "xxs": "11px", "xs": "13px", "sm": "14px", "md": "16px", "lg": "19px", "xl": "22px", "xxl": "29px",
    "3xl": "35px", "4xl": "48px", "5xl": "74px",
}  # fmt: skip
IMAGE_SIZES = {
    "xxs": "40px", "xs": "60px", "sm": "80px", "md": "100px", "lg": "120px", "xl": "140px", "xxl": "160px",
    "3xl": "180px", "4xl": "200px", "5xl": "220px", "full": "100%",
}  # fmt: skip


def number(value: float) -> str:
    """A number of four digits, which bears no exponent however large or small it is."""
    short = f"{value:.4g}"
    return f"{value:.4f}" if "e" in short else short


def declarations(*pairs: tuple[str, str]) -> str:
    """A style attribute of the pairs that have a value."""
    return ";".join(f"{name}:{value}" for name, value in pairs if value)


def colour(value: object) -> str:
    """`#RRGGBB` or `#RRGGBBAA`, the two forms that LINE documents; else empty."""
    return value if isinstance(value, str) and _COLOUR.fullmatch(value) else ""


def space(value: object, *, percent: bool = False) -> str:
    """A distance: a keyword or pixels; with `percent` also a percentage (paddings, offsets)."""
    if not isinstance(value, str):
        return ""
    if value in SPACES:
        return SPACES[value]
    return value if _PIXELS.fullmatch(value) or (percent and _PERCENT.fullmatch(value)) else ""


def offset(value: object) -> str:
    """A shift from an edge: a keyword, pixels or a percentage, negative ones included."""
    if not isinstance(value, str):
        return ""
    return SPACES.get(value) or (value if _SIGNED.fullmatch(value) else "")


def extent(value: object) -> str:
    """A width or height of a box: pixels or a percentage of the parent."""
    return value if isinstance(value, str) and (_PIXELS.fullmatch(value) or _PERCENT.fullmatch(value)) else ""


def border_width(value: object) -> str:
    """A keyword or pixels."""
    if not isinstance(value, str):
        return ""
    return BORDERS.get(value) or (value if _PIXELS.fullmatch(value) else "")


def text_size(value: object, otherwise: str = "md") -> str:
    """A font size: a keyword or pixels. What is unknown is shown at the default size; with `otherwise=""`, dropped."""
    if isinstance(value, str) and (value in TEXT_SIZES or _PIXELS.fullmatch(value)):
        return TEXT_SIZES.get(value, value)
    return TEXT_SIZES.get(otherwise, "")


def image_size(value: object) -> str:
    """The greatest width of an image: a keyword, pixels or a percentage; `md` if unknown."""
    if isinstance(value, str) and (value in IMAGE_SIZES or _PIXELS.fullmatch(value) or _PERCENT.fullmatch(value)):
        return IMAGE_SIZES.get(value, value)
    return IMAGE_SIZES["md"]


def ratio(value: object) -> tuple[float, float]:
    """`{width}:{height}`, each 1 to 100000 and the height at most three times the width; 1:1 if it is not so."""
    match = _RATIO.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return 1.0, 1.0
    width, height = float(match[1]), float(match[2])
    legal = 1 <= width <= 100_000 and 1 <= height <= 100_000 and height <= 3 * width
    return (width, height) if legal else (1.0, 1.0)


def whole(value: object, *, most: int = 10_000) -> int | None:
    """A number that is not negative, cut at `most`; None if it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
        return None
    return min(int(value), most)


def gradient(background: object) -> str:
    """A box's linear gradient; LINE's angles turn as CSS's do
    (https://developers.line.biz/en/docs/messaging-api/flex-message-layout/#linear-gradient-bg).
    """
    if not isinstance(background, Mapping) or background.get("type") != "linearGradient":
        return ""
    angle, start, end = (
        background.get("angle"),
        colour(background.get("startColor")),
        colour(background.get("endColor")),
    )
    if not (isinstance(angle, str) and _ANGLE.fullmatch(angle) and start and end):
        return ""
    centre, position = colour(background.get("centerColor")), background.get("centerPosition")
    if not centre:
        return f"linear-gradient({angle},{start},{end})"
    where = position if isinstance(position, str) and _PERCENT.fullmatch(position) else "50%"
    return f"linear-gradient({angle},{start},{centre} {where},{end})"
