from __future__ import annotations

from typing import Any

import pytest

from lineform.lineapi.actions import Place
from lineform.lineapi.check import check_action
from lineform.lineapi.findings import Reason

EXAMPLES: dict[str, dict[str, Any]] = {
    "postback": {"data": "a=1"},
    "message": {"text": "はい"},
    "uri": {"uri": "tel:0312345678", "altUri": {"desktop": "https://example.com/pc"}},
    "datetimepicker": {"data": "d", "mode": "date", "initial": "2026-12-24", "min": "2026-12-01", "max": "2026-12-31"},
    "clipboard": {"clipboardText": "3B48740B"},
    "richmenuswitch": {"richMenuAliasId": "coupons", "data": "switch"},
    "camera": {},
    "cameraRoll": {},
    "location": {},
}
COMMON = {"postback", "message", "uri", "datetimepicker", "clipboard"}
ALLOWED = {
    Place.TEMPLATE: COMMON,
    Place.IMAGE_CAROUSEL: COMMON,
    Place.RICH_MENU: COMMON | {"richmenuswitch"},
    Place.QUICK_REPLY: COMMON | {"camera", "cameraRoll", "location"},
    Place.FLEX_BUTTON: COMMON,
    Place.FLEX: COMMON,
    Place.FLEX_VIDEO: {"uri"},
}
LABEL_REQUIRED = {Place.TEMPLATE, Place.QUICK_REPLY, Place.FLEX_BUTTON}


def _action(kind: str, **changes: Any) -> dict[str, Any]:
    return {"type": kind, "label": "はい", **EXAMPLES[kind], **changes}


@pytest.mark.parametrize("kind", EXAMPLES)
@pytest.mark.parametrize("place", Place)
def test_an_action_works_in_its_places_only(place: Place, kind: str) -> None:
    reasons = [finding.reason for finding in check_action(_action(kind), place)]
    assert reasons == ([] if kind in ALLOWED[place] else [Reason.NOT_HERE])


def test_an_action_in_the_wrong_place_says_where_it_works() -> None:
    [finding] = check_action(_action("camera"), Place.RICH_MENU)
    assert "quick replies only" in finding.text
    assert "camera" not in finding.known
    [finding] = check_action(_action("postback"), Place.FLEX_VIDEO)
    assert finding.known == ("uri",)


@pytest.mark.parametrize("place", Place)
def test_a_label_is_required_where_it_is_the_buttons_text(place: Place) -> None:
    without = {"type": "uri", "uri": "https://example.com/"}
    reasons = [finding.reason for finding in check_action(without, place)]
    assert reasons == ([Reason.MISSING] if place in LABEL_REQUIRED else [])


@pytest.mark.parametrize("uri", ["http://a.jp", "https://a.jp/", "line://nv/chat", "tel:090", "https://line.me/R/nv"])
def test_a_uri_action_takes_four_schemes(uri: str) -> None:
    assert check_action(_action("uri", uri=uri), Place.FLEX) == []


@pytest.mark.parametrize("uri", ["mailto:a@b.jp", "javascript:alert(1)", "example.com", "tel:"])
def test_a_uri_action_takes_no_other_scheme(uri: str) -> None:
    [finding] = check_action(_action("uri", uri=uri), Place.FLEX)
    assert finding.reason is Reason.BAD_URL


def test_display_text_and_text_exclude_each_other() -> None:
    [finding] = check_action(_action("postback", displayText="a", text="b"), Place.TEMPLATE)
    assert (finding.path, finding.reason) == (("text",), Reason.CONFLICT)


def test_fill_in_text_needs_the_keyboard() -> None:
    assert check_action(_action("postback", fillInText="a", inputOption="openKeyboard"), Place.RICH_MENU) == []
    for option in ({}, {"inputOption": "openVoice"}):
        [finding] = check_action(_action("postback", fillInText="a", **option), Place.RICH_MENU)
        assert (finding.path, finding.reason) == (("fillInText",), Reason.CONFLICT)


@pytest.mark.parametrize(
    ("mode", "low", "high"),
    [
        ("date", "2026-12-01", "2026-12-02"),
        ("time", "00:00", "23:59"),
        ("datetime", "2026-12-01t10:00", "2026-12-01T10:01"),
        ("date", "1900-01-01", "2100-12-31"),
    ],
)
def test_a_picker_needs_min_before_max(mode: str, low: str, high: str) -> None:
    picker = _action("datetimepicker", mode=mode, min=low, max=high)
    del picker["initial"]
    assert check_action(picker, Place.TEMPLATE) == []
    for wrong in ({"min": high, "max": low}, {"min": low, "max": low}):
        [finding] = check_action({**picker, **wrong}, Place.TEMPLATE)
        assert (finding.path, finding.reason) == (("max",), Reason.CONFLICT)


@pytest.mark.parametrize(
    ("mode", "value", "reason"),
    [
        ("date", "2026-13-01", Reason.BAD_FORMAT),
        ("date", "24:00", Reason.BAD_FORMAT),
        ("time", "24:00", Reason.BAD_FORMAT),
        ("time", "9:00", Reason.BAD_FORMAT),
        ("datetime", "2026-12-01", Reason.BAD_FORMAT),
        ("datetime", "2026-12-01 10:00", Reason.BAD_FORMAT),
        ("date", "1899-12-31", Reason.TOO_SMALL),
        ("date", "2101-01-01", Reason.TOO_BIG),
        ("datetime", "2101-01-01T00:00", Reason.TOO_BIG),
    ],
)
def test_a_pickers_moments_are_written_as_its_mode_wants(mode: str, value: str, reason: Reason) -> None:
    picker = {"type": "datetimepicker", "label": "a", "data": "", "mode": mode, "initial": value}
    [finding] = check_action(picker, Place.TEMPLATE)
    assert (finding.path, finding.reason) == (("initial",), reason)


@pytest.mark.parametrize("alias", ["Main", "a" * 33, "", "メイン", "a b"])
def test_a_switch_names_an_alias(alias: str) -> None:
    [finding] = check_action(_action("richmenuswitch", richMenuAliasId=alias), Place.RICH_MENU)
    assert (finding.path, finding.reason) == (("richMenuAliasId",), Reason.BAD_FORMAT)


def test_an_unknown_input_option_is_told_with_the_known_ones() -> None:
    [finding] = check_action(_action("postback", inputOption="openkeyboard"), Place.TEMPLATE)
    assert finding.reason is Reason.UNKNOWN_WORD
    assert "openKeyboard" in finding.known
