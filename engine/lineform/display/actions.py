"""What a tap does, in words, and as attributes of the element that is tapped.

Every element that can be tapped carries its whole action as JSON in `data-action`, so that a page with a script of
its own (the offline account's phone) can perform it. Only https addresses become links. See
https://developers.line.biz/en/reference/messaging-api/#action-objects.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from lineform.display.markup import Html, a_mapping, a_string, element, web_address


def action_label(action: object) -> str:
    """What the button says; without a label, what it does."""
    known = a_mapping(action)
    return a_string(known.get("label")) or (action_words(known) if known else "")


def action_words(action: object) -> str:
    """What the tap does, in one line: `opens https://…`, `says 予約`, `postback a=1`."""
    known = a_mapping(action)
    get = known.get
    match get("type"):
        case "uri":
            return f"opens {a_string(get('uri') or get('linkUri'))}"
        case "message":
            return f"says {a_string(get('text'))}"
        case "postback":
            shown = a_string(get("displayText") or get("text"))
            return f"postback {a_string(get('data'))}" + (f", says {shown}" if shown else "") + _keyboard(known)
        case "datetimepicker":
            return f"picks {a_string(get('mode')) or 'a time'}, postback {a_string(get('data'))}"
        case "richmenuswitch":
            return f"switches to menu {a_string(get('richMenuAliasId'))}, postback {a_string(get('data'))}"
        case "clipboard":
            return f"copies {a_string(get('clipboardText'))}"
        case "camera":
            return "opens the camera"
        case "cameraRoll":
            return "opens the photos"
        case "location":
            return "sends a location"
        case None:
            return ""
        case other:
            return f"unknown action {a_string(other)}"


def _keyboard(action: Mapping[str, Any]) -> str:
    match action.get("inputOption"):
        case "openKeyboard":
            return f", opens the keyboard with “{a_string(action.get('fillInText'))}”"
        case "openRichMenu":
            return ", opens the menu"
        case "closeRichMenu":
            return ", closes the menu"
        case "openVoice":
            return ", opens voice input"
        case _:
            return ""


def _plain(action: Mapping[str, Any]) -> dict[str, Any]:
    """The action's own properties, plain values but for `altUri`; an area or anything stranger is left out."""
    plain = {str(name): value for name, value in action.items() if isinstance(value, str | bool) or a_string(value)}
    desktop = a_mapping(action.get("altUri")).get("desktop")
    return {**plain, "altUri": {"desktop": desktop}} if isinstance(desktop, str) else plain


def tap_attributes(action: object) -> dict[str, str]:
    """Attributes for an element that is tapped but must not be a link itself, as links cannot be nested."""
    known = a_mapping(action)
    if not known:
        return {}
    as_json = json.dumps(_plain(known), ensure_ascii=False, separators=(",", ":"))
    return {"data-action": as_json, "title": action_words(known), "role": "button", "tabindex": "0"}


def tappable(action: object, classes: str, *children: str, style: str = "", name: str = "") -> Html:
    """An element that performs the action: a link where the action opens an https address, else a plain element.
    `name` is what screen readers say where the children do not say it.
    """
    known = a_mapping(action)
    attributes = {"class": classes, "style": style, "aria-label": name, **tap_attributes(known)}
    address = web_address(known.get("uri") or known.get("linkUri")) if known.get("type") == "uri" else ""
    if not address:
        return element("div", attributes, *children)
    del attributes["role"], attributes["tabindex"]
    return element("a", {**attributes, "href": address, "rel": "noopener noreferrer", "target": "_blank"}, *children)
