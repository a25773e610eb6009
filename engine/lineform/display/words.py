"""The text of a text message: LINE emoji in their places, mentions, and links that can be followed.

https://developers.line.biz/en/reference/messaging-api/#text-message and #text-message-v2.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from lineform.display.markup import Html, a_mapping, a_string, element, joined, objects, span, text, web_address

_LINK = re.compile(r"https://[A-Za-z0-9\-._~:/?#\[\]@!$&()*+,;=%]+")
_TAIL = ".,;:!?)]"  # punctuation that ends the sentence rather than the address
_MARK = re.compile(r"\{\{|\}\}|\{([0-9A-Za-z_]{1,20})\}")


def linked(words: str) -> Html:
    """Text with its https addresses as links."""
    parts: list[str] = []
    done = 0
    for match in _LINK.finditer(words):
        address = match[0].rstrip(_TAIL)
        if not web_address(address) or len(address) <= len("https://"):
            continue
        parts += [words[done : match.start()], _link(address)]
        done = match.start() + len(address)
    return joined([*parts, words[done:]])


def _link(address: str) -> Html:
    return element("a", {"href": address, "rel": "noopener noreferrer", "target": "_blank"}, address)


def _emoji(emoji: Mapping[str, Any]) -> Html:
    name = f"LINE emoji {a_string(emoji.get('productId'))}/{a_string(emoji.get('emojiId'))}"
    return element("span", {"class": "lf-emoji", "title": name, "role": "img", "aria-label": name}, "☺")


def text_html(message: Mapping[str, Any]) -> Html:
    """The text with an emoji for each `$` that `emojis` points to. An index counts UTF-16 units, as LINE counts
    (https://developers.line.biz/en/docs/messaging-api/text-character-count/); one that points to no `$` is left
    alone.
    """
    wanted = {emoji["index"]: emoji for emoji in objects(message.get("emojis")) if isinstance(emoji.get("index"), int)}
    parts: list[str] = []
    run: list[str] = []
    unit = 0
    for letter in a_string(message.get("text")):
        if letter == "$" and unit in wanted:
            parts += [linked("".join(run)), _emoji(wanted[unit])]
            run = []
        else:
            run.append(letter)
        unit += 2 if ord(letter) > 0xFFFF else 1
    return joined([*parts, linked("".join(run))])


def text_v2_html(message: Mapping[str, Any]) -> Html:
    """The text with each `{key}` replaced by its emoji or mention, and doubled braces as single ones."""
    words, substitutions = a_string(message.get("text")), a_mapping(message.get("substitution"))
    parts: list[str] = []
    run = ""
    done = 0
    for match in _MARK.finditer(words):
        run += words[done : match.start()]
        done = match.end()
        if match[1] is None:
            run += match[0][0]
            continue
        filled = _substitute(a_mapping(substitutions.get(match[1])))
        if filled is None:
            run += match[0]
            continue
        parts += [linked(run), filled]
        run = ""
    return joined([*parts, linked(run + words[done:])])


def _substitute(item: Mapping[str, Any]) -> Html | None:
    match item.get("type"):
        case "emoji":
            return _emoji(item)
        case "mention":
            whom = a_mapping(item.get("mentionee"))
            return span(
                "lf-mention", text("@All" if whom.get("type") == "all" else f"@{a_string(whom.get('userId'))[:9]}")
            )
        case _:
            return None
