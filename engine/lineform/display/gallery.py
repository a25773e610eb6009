"""Cards side by side in rows that wrap: menus, messages, phones. Every page that shows several of them is made of
these."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from PIL import Image

from lineform.display.bubbles import ChatEntry, conversation_html
from lineform.display.markup import Html, div, element, span
from lineform.display.menus import richmenu_html

PICTURE_WIDTH = 1000
"""Pixels: a menu's image is shown smaller than LINE wants it, so that a page with many of them stays light."""


def gallery(*cards: Html) -> Html:
    """Cards side by side."""
    return div("lf-gallery", *cards)


def card(title: str, notes: Iterable[str], *content: Html, classes: str = "") -> Html:
    """A card with a title, quiet lines below it, and what it shows."""
    lines = [span("lf-quiet", note) for note in notes if note]
    caption = element("figcaption", None, element("b", None, title), *lines)
    return element("figure", {"class": f"lf-shown {classes}".strip()}, caption, *content)


def menu_card(title: str, notes: Iterable[str], menu: Mapping[str, Any], image: bytes) -> Html:
    """A rich menu with its tap areas; `image` is PNG or JPEG."""
    return card(title, notes, richmenu_html(menu, picture_data(image)))


def chat_card(title: str, notes: Iterable[str], entries: Sequence[ChatEntry], *, name: str, tall: bool = False) -> Html:
    """Messages as they stand in the chat with the account `name`. A `tall` one scrolls by itself, as a phone does."""
    return card(title, notes, conversation_html(entries, name=name), classes="lf-phone" if tall else "")


def warning(words: str) -> Html:
    """Something on a card that needs to be read."""
    return div("lf-unknown", words)


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, classes: str = "") -> Html:
    """A table that scrolls sideways by itself where the screen is narrow."""
    body = [_row("th", head), *(_row("td", row) for row in rows)]
    return div("lf-scroll", element("table", {"class": classes}, *body))


def _row(tag: str, cells: Sequence[str]) -> Html:
    return element("tr", None, *(element(tag, None, cell) for cell in cells))


def picture_data(image: bytes) -> str:
    """An image as an address that holds it, small enough for a page."""
    with Image.open(io.BytesIO(image)) as picture:
        smaller = picture.convert("RGB")
    smaller.thumbnail((PICTURE_WIDTH, PICTURE_WIDTH))
    out = io.BytesIO()
    smaller.quantize(128).save(out, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(out.getvalue()).decode()
