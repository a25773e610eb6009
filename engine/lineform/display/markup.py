"""Making HTML so that text can never become markup.

What a friend wrote, what a template rendered and what LINE answered all end up on pages that a reviewer opens. Here a
plain string is text and is always escaped; only what `element` returned is `Html` and passes as it is. Attributes are
escaped and quoted, addresses are let through by scheme, and nothing else in this room writes angle brackets of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

_VOID = frozenset({"br", "hr", "img", "input", "link", "meta"})
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;", "`": "&#96;"})
# No page can hold these: NUL is no character of HTML, and a lone surrogate cannot be encoded as UTF-8.
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_WEB = re.compile(r"https://[^\s\x00-\x20\x7f\"'<>\\^`{|}]+")
_PICTURE = re.compile(r"data:image/(?:png|jpeg|gif|webp|apng);base64,[A-Za-z0-9+/=]+")
_OWN = re.compile(r"/(?![/\\])[^\s\x00-\x20\x7f\"'<>\\^`{|}]*")


class Html(str):
    """A string that is markup already. Only `element`, `text` and `joined` should make one."""

    __slots__ = ()


def text(value: object) -> Html:
    """Escape for both text and quoted attributes; characters that no page can hold become U+FFFD."""
    return Html(_UNWRITABLE.sub("\ufffd", str(value)).translate(_ESCAPES))


def joined(parts: Iterable[str]) -> Html:
    """Put parts side by side: `Html` as it is, plain strings escaped."""
    return Html("".join(part if isinstance(part, Html) else text(part) for part in parts))


def element(tag: str, attributes: Mapping[str, str] | None = None, *children: str) -> Html:
    """One element. Attributes with an empty value are left out, except `alt` and `data-*` flags, where empty says
    something.
    """
    written = "".join(
        f' {name}="{text(value)}"'
        for name, value in (attributes or {}).items()
        if value or name == "alt" or name.startswith("data-")
    )
    if tag in _VOID:
        return Html(f"<{tag}{written}>")
    return Html(f"<{tag}{written}>{joined(children)}</{tag}>")


def div(classes: str, *children: str, style: str = "") -> Html:
    """The commonest element of all."""
    return element("div", {"class": classes, "style": style}, *children)


def span(classes: str, *children: str, style: str = "") -> Html:
    """A stretch of text with a class."""
    return element("span", {"class": classes, "style": style}, *children)


def web_address(value: object) -> str:
    """The address if a page may link to it (https alone), else the empty string."""
    return value if isinstance(value, str) and _WEB.fullmatch(value) else ""


def picture_address(value: object, *, own: bool = False) -> str:
    """The address if a page may load it as a picture: https, or a data: picture; with `own`, also a path of the page's
    own origin. Everything else (javascript:, http:, file:, //host) is the empty string.
    """
    if not isinstance(value, str):
        return ""
    if _WEB.fullmatch(value) or _PICTURE.fullmatch(value) or (own and _OWN.fullmatch(value)):
        return value
    return ""


def picture(address: object, *, own: bool = False, style: str = "", label: str = "") -> Html:
    """An image that fills its drawing area; where it cannot be loaded, its name stands there instead."""
    source = picture_address(address, own=own)
    name = label or file_name(address)
    if not source:
        return span("lf-nopicture", name or "no picture", style=style)
    return element(
        "img", {"src": source, "alt": name, "style": style, "loading": "lazy", "referrerpolicy": "no-referrer"}
    )


def file_name(address: object) -> str:
    """The last part of an address, short enough for a label."""
    if not isinstance(address, str) or address.startswith("data:"):
        return ""
    return address.split("?", 1)[0].rstrip("/").rsplit("/", 1)[-1][:60]


def a_mapping(value: object) -> Mapping[str, Any]:
    """The value if it is an object, else an empty one: a picture never fails because a message is malformed."""
    return value if isinstance(value, Mapping) else {}


def objects(value: object) -> list[Mapping[str, Any]]:
    """The value as a list of objects; what is no object in it is dropped."""
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list | tuple) else []


def a_string(value: object) -> str:
    """The value if it can be read as text (numbers of a sane size too), else the empty string."""
    if isinstance(value, str):
        return value
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return str(value) if number and -1e18 < value < 1e18 else ""  # type: ignore[operator]
