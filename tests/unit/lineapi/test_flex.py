from __future__ import annotations

import json
from typing import Any

import pytest

from lineform.lineapi import limits
from lineform.lineapi.check import check_message
from lineform.lineapi.findings import Finding, Reason
from lineform.lineapi.flex import COMPONENT
from support.line_messages import MESSAGES, URI_ACTION, flex, message

IMAGE = {"type": "image", "url": "https://example.com/a.png"}
VIDEO = {
    "type": "video",
    "url": "https://example.com/a.mp4",
    "previewUrl": "https://example.com/p.png",
    "altContent": IMAGE,
    "action": URI_ACTION,
}
COMPONENTS: dict[str, dict[str, Any]] = {
    "box": {
        "type": "box",
        "layout": "horizontal",
        "contents": [],
        "paddingAll": "8%",
        "cornerRadius": "md",
        "background": {"type": "linearGradient", "angle": "23.5deg", "startColor": "#FFFF00", "endColor": "#0080ffCC"},
    },
    "button": {"type": "button", "action": URI_ACTION, "style": "primary", "color": "#00B900", "height": "sm"},
    "image": {**IMAGE, "size": "full", "aspectRatio": "1.91:1", "aspectMode": "cover", "animated": True},
    "icon": {"type": "icon", "url": "https://example.com/a.png", "size": "20px", "offsetTop": "-2px"},
    "text": {"type": "text", "contents": [{"type": "span", "text": "蛙", "size": "xxl"}], "maxLines": 0, "wrap": True},
    "separator": {"type": "separator", "margin": "md", "color": "#000000"},
    "filler": {"type": "filler", "flex": 2},
}


def _said(found: list[Finding]) -> list[tuple[str, Reason]]:
    return [(finding.property.removeprefix("contents.body.contents[0]."), finding.reason) for finding in found]


def test_there_is_an_example_of_every_component() -> None:
    assert COMPONENTS.keys() == COMPONENT.variants.keys()


@pytest.mark.parametrize("kind", COMPONENTS)
def test_a_component_works_where_the_layout_allows_it(kind: str) -> None:
    component = COMPONENTS[kind]
    stacked = kind in ("box", "button", "image", "text", "separator", "filler")
    for layout, allowed in (
        ("vertical", stacked),
        ("horizontal", stacked),
        ("baseline", kind in ("icon", "text", "filler")),
    ):
        found = _said(check_message(flex(component, layout=layout)))
        assert found == ([] if allowed else [("type", Reason.NOT_HERE)])


@pytest.mark.parametrize("kind", COMPONENTS)
def test_a_new_property_of_a_component_passes_untouched_and_is_told_on_request(kind: str) -> None:
    newer = flex({**COMPONENTS[kind], "glow": "soft"}, layout="baseline" if kind == "icon" else "vertical")
    assert check_message(newer) == []
    assert _said(check_message(newer, unfamiliar=True)) == [("glow", Reason.UNFAMILIAR)]


def test_a_new_property_elsewhere_in_flex_is_refused() -> None:
    [finding] = check_message(flex(boddy={}))
    assert (finding.reason, "body" in finding.known) == (Reason.UNKNOWN_KEY, True)


@pytest.mark.parametrize(
    ("component", "place", "reason"),
    [
        ({"type": "text", "text": ""}, "text", Reason.EMPTY),
        ({"type": "text"}, "text", Reason.MISSING),
        ({"type": "text", "text": "a", "color": "red"}, "color", Reason.BAD_FORMAT),
        ({"type": "text", "text": "a", "color": "#FFF"}, "color", Reason.BAD_FORMAT),
        ({"type": "text", "text": "a", "size": "large"}, "size", Reason.BAD_FORMAT),
        ({"type": "text", "text": "a", "size": "50%"}, "size", Reason.BAD_FORMAT),
        ({"type": "text", "text": "a", "weight": "heavy"}, "weight", Reason.UNKNOWN_WORD),
        ({"type": "text", "text": "a", "wrap": "yes"}, "wrap", Reason.WRONG_TYPE),
        ({"type": "text", "text": "a", "flex": "1"}, "flex", Reason.WRONG_TYPE),
        ({"type": "text", "contents": [{"type": "text", "text": "a"}]}, "contents[0].type", Reason.UNKNOWN_WORD),
        ({"type": "spacer"}, "type", Reason.UNKNOWN_WORD),
        ({"type": "span", "text": "a"}, "type", Reason.NOT_HERE),
        (VIDEO, "type", Reason.NOT_HERE),
        ({"type": "box", "contents": []}, "layout", Reason.MISSING),
        ({**IMAGE, "url": "http://example.com/a.png"}, "url", Reason.BAD_URL),
        ({**IMAGE, "aspectRatio": "1:4"}, "aspectRatio", Reason.CONFLICT),
        ({**IMAGE, "aspectRatio": "0:1"}, "aspectRatio", Reason.BAD_FORMAT),
        ({**IMAGE, "aspectRatio": "16/9"}, "aspectRatio", Reason.BAD_FORMAT),
        ({"type": "button", "action": {"type": "uri", "uri": "https://a.jp"}}, "action.label", Reason.MISSING),
        ({"type": "button"}, "action", Reason.MISSING),
    ],
)
def test_a_component_that_line_refuses_is_refused(component: dict[str, Any], place: str, reason: Reason) -> None:
    assert _said(check_message(flex(component))) == [(place, reason)]


@pytest.mark.parametrize("ratio", ["1:3", "100000:100000", "1.51:1", "16:9"])
def test_an_aspect_ratio_is_at_most_three_times_as_high_as_wide(ratio: str) -> None:
    assert check_message(flex({**IMAGE, "aspectRatio": ratio})) == []


def test_a_video_is_a_hero_of_a_big_enough_bubble_outside_a_carousel() -> None:
    assert check_message(flex(hero=VIDEO)) == []
    assert check_message(flex(hero=VIDEO, size="giga")) == []
    assert _said(check_message(flex(hero=VIDEO, size="nano"))) == [("contents.size", Reason.CONFLICT)]
    bubble = flex(hero=VIDEO)["contents"]
    carousel = message("flex", contents={"type": "carousel", "contents": [bubble]})
    assert _said(check_message(carousel)) == [("contents.contents[0].hero.type", Reason.NOT_HERE)]


def test_a_video_takes_a_uri_action_only() -> None:
    video = {**VIDEO, "action": {"type": "message", "label": "a", "text": "a"}}
    assert _said(check_message(flex(hero=video))) == [("contents.hero.action.type", Reason.NOT_HERE)]


def test_a_hero_is_no_text() -> None:
    found = check_message(flex(hero={"type": "text", "text": "a"}))
    assert _said(found) == [("contents.hero.type", Reason.UNKNOWN_WORD)]


def test_the_bubbles_of_a_carousel_have_one_size() -> None:
    bubble = MESSAGES["flex"]["contents"]
    sizes = [bubble, {**bubble, "size": "mega"}, {**bubble, "size": "kilo"}]
    found = check_message(message("flex", contents={"type": "carousel", "contents": sizes}))
    assert _said(found) == [("contents.contents[2].size", Reason.CONFLICT)]


def _bubble_of(size: int) -> dict[str, Any]:
    """A Flex message whose bubble is exactly `size` bytes of compact UTF-8 JSON."""
    made = flex({"type": "text", "text": "漢"})
    empty = len(json.dumps(made["contents"], ensure_ascii=False, separators=(",", ":")).encode())
    made["contents"]["body"]["contents"][0]["text"] = "漢" + "a" * (size - empty)
    return made


def test_a_bubble_weighs_at_most_30_kilobytes() -> None:
    assert check_message(_bubble_of(limits.BUBBLE_BYTES)) == []
    [finding] = check_message(_bubble_of(limits.BUBBLE_BYTES + 1))
    assert (finding.property, finding.reason, finding.high) == ("contents", Reason.TOO_HEAVY, limits.BUBBLE_BYTES)


def test_a_carousel_weighs_at_most_50_kilobytes() -> None:
    envelope = len('{"type":"carousel","contents":[,]}')
    half, rest = 25_000, limits.FLEX_CAROUSEL_BYTES - envelope - 25_000
    for extra, reasons in ((0, []), (1, [Reason.TOO_HEAVY])):
        bubbles = [_bubble_of(half)["contents"], _bubble_of(rest + extra)["contents"]]
        found = check_message(message("flex", contents={"type": "carousel", "contents": bubbles}))
        assert [finding.reason for finding in found] == reasons
