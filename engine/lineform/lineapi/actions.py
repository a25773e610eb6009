"""What happens on a tap: https://developers.line.biz/en/reference/messaging-api/#action-objects.

Where an action stands decides which kinds are allowed and how long its label may be
(https://developers.line.biz/en/reference/messaging-api/#action-object-label-spec).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from lineform.lineapi import limits
from lineform.lineapi.counting import Unit
from lineform.lineapi.findings import Reason
from lineform.lineapi.shapes import Obj, Object, Shape, Str, Union, Url, Walk, Way, typed

LINK_SCHEMES: Final = ("http", "https", "line", "tel")


class Place(StrEnum):
    """Where an action stands."""

    TEMPLATE = "template"
    IMAGE_CAROUSEL = "image carousel"
    RICH_MENU = "rich menu"
    QUICK_REPLY = "quick reply"
    FLEX_BUTTON = "Flex button"
    FLEX = "Flex"
    FLEX_VIDEO = "Flex video"


@dataclass(frozen=True, slots=True)
class _Rule:
    kinds: tuple[str, ...]
    label: int
    label_required: bool


_EVERYWHERE: Final = ("postback", "message", "uri", "datetimepicker", "clipboard")
_RULES: Final = {
    Place.TEMPLATE: _Rule(_EVERYWHERE, limits.LABEL, label_required=True),
    Place.IMAGE_CAROUSEL: _Rule(_EVERYWHERE, limits.LABEL_IMAGE_CAROUSEL, label_required=False),
    Place.RICH_MENU: _Rule((*_EVERYWHERE, "richmenuswitch"), limits.LABEL, label_required=False),
    Place.QUICK_REPLY: _Rule((*_EVERYWHERE, "camera", "cameraRoll", "location"), limits.LABEL, label_required=True),
    Place.FLEX_BUTTON: _Rule(_EVERYWHERE, limits.LABEL_FLEX, label_required=True),
    Place.FLEX: _Rule(_EVERYWHERE, limits.LABEL_FLEX, label_required=False),
    Place.FLEX_VIDEO: _Rule(("uri",), limits.LABEL_FLEX, label_required=False),
}

_DATE: Final = r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])"
_TIME: Final = r"(?:[01]\d|2[0-3]):[0-5]\d"
_MOMENTS: Final = {
    "date": (re.compile(_DATE), "a date such as 2026-12-24"),
    "time": (re.compile(_TIME), "a time such as 18:30"),
    "datetime": (re.compile(f"{_DATE}[Tt]{_TIME}"), "a date and time such as 2026-12-24T18:30"),
}
_ALIAS: Final = re.compile(limits.RICHMENU_ALIAS_PATTERN)


def _keyboard_for_fill_in(action: Object, at: Way, walk: Walk) -> None:
    option = action.get("inputOption")
    if "fillInText" in action and option != "openKeyboard" and not walk.holds(option):
        walk.report((at, "fillInText"), Reason.CONFLICT, "only works where 'inputOption' is openKeyboard")


def _moments(action: Object, at: Way, walk: Walk) -> None:
    mode = action.get("mode")
    if not isinstance(mode, str) or mode not in _MOMENTS:
        return
    pattern, form = _MOMENTS[mode]
    seen: dict[str, str] = {}
    for key in ("initial", "min", "max"):
        value = action.get(key)
        if not isinstance(value, str) or walk.holds(value):
            continue
        if not pattern.fullmatch(value):
            walk.report((at, key), Reason.BAD_FORMAT, f"is not {form}, as mode {mode} wants it")
        elif mode != "time" and not limits.DATE_MIN <= value[:10] <= limits.DATE_MAX:
            text = f"is {value}; LINE allows {limits.DATE_MIN} to {limits.DATE_MAX}"
            walk.report((at, key), Reason.TOO_BIG if value > limits.DATE_MAX else Reason.TOO_SMALL, text)
        else:
            seen[key] = value.upper()
    if "min" in seen and "max" in seen and seen["min"] >= seen["max"]:
        walk.report((at, "max"), Reason.CONFLICT, f"is not later than 'min' ({seen['min']})")


_DATA: Final = Str(max=limits.ACTION_DATA, doc="What the webhook receives in postback.data.")
_TEXT: Final = Str(max=limits.ACTION_TEXT, unit=Unit.GRAPHEME)
_LINK: Final = Url(LINK_SCHEMES, limits.ACTION_URI, doc="The address to open: http, https, line or tel.")
_MOMENT: Final = Str(doc="A date, a time or both, as `mode` says; LINE knows no time zone here.")
_ALT_URI: Final = Obj("AltUri", {"desktop": _LINK}, doc="an alternative address")


def _action(kind: str, label: Shape, suffix: str, *, label_required: bool) -> Obj:
    name, fields, required, rest = _KINDS[kind]
    needed = ("label", *required) if label_required else required
    return typed(f"{name}.{suffix}", kind, {"label": label, **fields}, needed, doc=f"a {kind} action", **rest)


_KINDS: Final[dict[str, tuple[str, dict[str, Shape], tuple[str, ...], dict[str, tuple[object, ...]]]]] = {
    "postback": (
        "PostbackAction",
        {
            "data": _DATA,
            "displayText": Str(
                max=limits.ACTION_TEXT, unit=Unit.GRAPHEME, doc="What the friend seems to say on the tap."
            ),
            "text": Str(max=limits.ACTION_TEXT, unit=Unit.GRAPHEME, doc="Deprecated by LINE; use displayText."),
            "inputOption": Str(words=("closeRichMenu", "openRichMenu", "openKeyboard", "openVoice")),
            "fillInText": Str(max=limits.ACTION_TEXT, unit=Unit.GRAPHEME, doc="Only with inputOption openKeyboard."),
        },
        ("data",),
        {"exclusive": (("displayText", "text"),), "checks": (_keyboard_for_fill_in,)},
    ),
    "message": (
        "MessageAction",
        {"text": Str(max=limits.ACTION_TEXT, min=1, unit=Unit.GRAPHEME, doc="What the friend says on the tap.")},
        ("text",),
        {},
    ),
    "uri": ("URIAction", {"uri": _LINK, "altUri": _ALT_URI}, ("uri",), {}),
    "datetimepicker": (
        "DatetimePickerAction",
        {
            "data": _DATA,
            "mode": Str(words=tuple(_MOMENTS)),
            "initial": _MOMENT,
            "max": _MOMENT,
            "min": _MOMENT,
        },
        ("data", "mode"),
        {"checks": (_moments,)},
    ),
    "clipboard": (
        "ClipboardAction",
        {"clipboardText": Str(max=limits.CLIPBOARD_TEXT, min=1, doc="What is copied.")},
        ("clipboardText",),
        {},
    ),
    "richmenuswitch": (
        "RichMenuSwitchAction",
        {
            "richMenuAliasId": Str(
                pattern=_ALIAS, form="an alias: 1 to 32 of a-z, 0-9, _ and -", max=limits.RICHMENU_ALIAS
            ),
            "data": _DATA,
        },
        ("richMenuAliasId", "data"),
        {},
    ),
    "camera": ("CameraAction", {}, (), {}),
    "cameraRoll": ("CameraRollAction", {}, (), {}),
    "location": ("LocationAction", {}, (), {}),
}
_ONLY_IN: Final = {
    **dict.fromkeys(("camera", "cameraRoll", "location"), "works in quick replies only"),
    "richmenuswitch": "works in rich menus only",
}


def _actions_in(place: Place, rule: _Rule) -> Union:
    label = Str(max=rule.label, unit=Unit.GRAPHEME, min=1 if rule.label_required else 0, doc="What the button says.")
    suffix = place.value.replace(" ", "")
    variants: dict[str, Shape] = {
        kind: _action(kind, label, suffix, label_required=rule.label_required) for kind in rule.kinds
    }
    elsewhere = {
        kind: f"is the action '{kind}', which {_ONLY_IN.get(kind, f'does not work in a {place.value}')}"
        for kind in _KINDS
        if kind not in rule.kinds
    }
    return Union("action", variants, elsewhere, doc=f"What happens on a tap ({place.value}).")


ACTIONS: Final = {place: _actions_in(place, rule) for place, rule in _RULES.items()}
"""The action shapes by place."""
