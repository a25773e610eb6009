"""Flex layout: LINE's defaults and keywords, as CSS."""

from __future__ import annotations

from typing import Any

import pytest

from lineform.display.flex import flex_html
from support.markup import Node, read


def text(words: str = "あ", **more: Any) -> dict[str, Any]:
    return {"type": "text", "text": words, **more}


def box(*contents: dict[str, Any], layout: str = "vertical", **more: Any) -> dict[str, Any]:
    return {"type": "box", "layout": layout, "contents": list(contents), **more}


def body(*contents: dict[str, Any], layout: str = "vertical", **more: Any) -> Node:
    """The body's box, drawn."""
    drawn = read(flex_html({"type": "bubble", "body": box(*contents, layout=layout, **more)}))
    found = drawn.one("fx-body").children[0]
    assert isinstance(found, Node)
    return found


def child(*contents: dict[str, Any], layout: str = "vertical", **more: Any) -> Node:
    """The last component in the body's box."""
    found = body(*contents, layout=layout, **more).children[-1]
    assert isinstance(found, Node)
    return found


@pytest.mark.parametrize(
    ("layout", "flex", "css"),
    [
        ("horizontal", None, "1 0 0"),
        ("baseline", None, "1 0 0"),
        ("vertical", None, "0 0 auto"),
        ("horizontal", 0, "0 0 auto"),
        ("horizontal", 3, "3 0 0"),
        ("vertical", 2, "2 0 auto"),
    ],
)
def test_a_share_follows_the_table_in_the_documentation(layout: str, flex: int | None, css: str) -> None:
    component = text() if flex is None else text(flex=flex)
    assert child(component, layout=layout).style["flex"] == css


@pytest.mark.parametrize("side", ["width", "height"])
def test_a_box_of_a_set_size_shares_nothing_in_a_horizontal_box(side: str) -> None:
    sized = child(box(**{side: "60px"}), layout="horizontal")
    assert sized.style["flex"] == "0 0 auto"
    assert sized.style[side] == "60px"


def test_an_icon_never_shares() -> None:
    icon = {"type": "icon", "url": "https://example.com/i.png", "flex": 4}
    assert child(icon, layout="baseline").style["flex"] == "0 0 auto"


def test_spacing_parts_all_but_the_first_and_margin_beats_it() -> None:
    drawn = body(text(), text(), text(margin="xxl"), text(margin="none"), spacing="md")
    margins = [part.style.get("margin-top") for part in drawn.children if isinstance(part, Node)]
    assert margins == [None, "8px", "20px", None]


def test_a_margin_also_holds_for_the_first_child() -> None:
    assert child(text(margin="lg")).style["margin-top"] == "12px"


def test_space_in_a_horizontal_box_follows_the_direction_of_the_text() -> None:
    assert child(text(), text(), layout="horizontal", spacing="sm").style["margin-inline-start"] == "4px"


@pytest.mark.parametrize(
    ("size", "pixels"),
    [("xxs", "11px"), ("md", "16px"), ("5xl", "74px"), ("23.5px", "23.5px"), ("50%", "16px"), (None, "16px")],
)
def test_text_sizes_are_keywords_or_pixels(size: str | None, pixels: str) -> None:
    assert child(text(size=size)).style["font-size"] == pixels


def test_scaling_text_follows_the_setting_of_the_page() -> None:
    assert child(text(size="md", scaling=True)).style["font-size"] == "calc(16px*var(--lf-scale,1))"


def test_text_is_cut_by_default_and_wraps_when_asked() -> None:
    assert "fx-wrap" not in child(text()).classes
    wrapped = child(text(wrap=True, maxLines=2, lineSpacing="10px"))
    assert {"fx-wrap", "fx-clamp"} <= wrapped.classes
    paragraph = wrapped.children[0]
    assert isinstance(paragraph, Node)
    assert paragraph.style["-webkit-line-clamp"] == "2"
    assert paragraph.style["line-height"] == "calc(1.4em + 10px)"


def test_spans_replace_the_text_and_keep_their_own_style() -> None:
    spans = [{"type": "span", "text": "半額", "weight": "bold", "color": "#ff0000"}, {"type": "span", "text": "です"}]
    drawn = child({"type": "text", "text": "never shown", "contents": spans})
    assert drawn.words == "半額です"
    assert [node.style for node in drawn.every() if node.tag == "span"] == [
        {"color": "#ff0000", "font-weight": "700"},
        {},
    ]


def test_an_image_is_md_and_square_and_centred_by_default() -> None:
    drawn = child({"type": "image", "url": "https://example.com/a.png"})
    area = drawn.one("fx-area")
    assert area.style == {"width": "100px", "aspect-ratio": "1 / 1"}
    assert "fx-center" in drawn.classes
    assert "fx-fit" in area.classes


@pytest.mark.parametrize("ratio", ["1:4", "0:1", "2", "16/9", "1:1;x", "100001:1"])
def test_a_ratio_outside_the_documented_range_is_square(ratio: str) -> None:
    area = child({"type": "image", "url": "https://example.com/a.png", "aspectRatio": ratio}).one("fx-area")
    assert area.style["aspect-ratio"] == "1 / 1"


@pytest.mark.parametrize(
    ("style", "place"), [("primary", "background-color"), ("secondary", "background-color"), ("link", "color")]
)
def test_the_colour_of_a_button_goes_where_its_style_says(style: str, place: str) -> None:
    action = {"type": "message", "label": "予約", "text": "予約"}
    face = child({"type": "button", "style": style, "height": "sm", "color": "#123456", "action": action}).one(
        "fx-face"
    )
    assert {f"fx-{style}", "fx-low"} <= face.classes
    assert face.style == {place: "#123456"}
    assert face.words == "予約"


def test_a_gradient_keeps_angle_colours_and_the_middle_stop() -> None:
    background = {
        "type": "linearGradient", "angle": "45deg", "startColor": "#ff0000", "centerColor": "#00ff00",
        "endColor": "#0000ff80",
    }  # fmt: skip
    drawn = child(box(background=background))
    assert drawn.style["background-image"] == "linear-gradient(45deg,#ff0000,#00ff00 50%,#0000ff80)"


def test_an_absolute_box_takes_its_offsets_and_no_margin() -> None:
    drawn = child(text(), box(position="absolute", offsetTop="md", offsetEnd="-5%", margin="xl"), spacing="md")
    assert drawn.style["position"] == "absolute"
    assert drawn.style["top"] == "8px"
    assert drawn.style["inset-inline-end"] == "-5%"
    assert "margin-top" not in drawn.style


def test_a_padding_of_one_side_beats_the_padding_of_all() -> None:
    names = list(child(box(paddingAll="xl", paddingStart="2px")).style)
    assert names.index("padding") < names.index("padding-inline-start")


def test_blocks_stand_in_their_order_with_separators_above_all_but_the_first() -> None:
    bubble = {
        "type": "bubble", "footer": box(text("f")), "body": box(text("b")), "header": box(text("h")),
        "styles": {name: {"separator": True, "separatorColor": "#ff0000"} for name in ("header", "body", "footer")},
    }  # fmt: skip
    drawn = read(flex_html(bubble)).one("fx-bubble")
    parts = [part for part in drawn.children if isinstance(part, Node)]
    assert [part.words or "line" for part in parts] == ["h", "line", "b", "line", "f"]
    assert parts[1].style == {"border-color": "#ff0000"}


@pytest.mark.parametrize(
    ("size", "shown"), [("nano", "fx-nano"), ("giga", "fx-giga"), (None, "fx-mega"), ("huge", "fx-mega")]
)
def test_a_bubble_is_mega_unless_it_says_otherwise(size: str | None, shown: str) -> None:
    assert shown in read(flex_html({"type": "bubble", "size": size or "mega", "body": box()})).one("fx-bubble").classes


def test_direction_is_the_bubbles() -> None:
    assert (
        read(flex_html({"type": "bubble", "direction": "rtl", "body": box()})).one("fx-bubble").attributes["dir"]
        == "rtl"
    )


def test_in_a_carousel_bubbles_without_a_body_do_not_stretch() -> None:
    carousel = {
        "type": "carousel",
        "contents": [{"type": "bubble", "body": box()}, {"type": "bubble", "header": box()}],
    }
    assert ["fx-bodyless" in bubble.classes for bubble in read(flex_html(carousel)).all("fx-bubble")] == [False, True]


def test_a_video_is_a_hero_or_its_alternative() -> None:
    video = {
        "type": "video", "url": "https://example.com/v.mp4", "previewUrl": "https://example.com/p.jpg",
        "altContent": {"type": "image", "url": "https://example.com/alt.jpg"},
    }  # fmt: skip
    alone = read(flex_html({"type": "bubble", "hero": video}))
    assert alone.one("fx-area").attributes["href"] == "https://example.com/v.mp4"
    small = read(flex_html({"type": "bubble", "size": "micro", "hero": video}))
    assert not small.all("lf-play")
    assert [node.attributes["src"] for node in small.every() if node.tag == "img"] == ["https://example.com/alt.jpg"]
    in_body = child(video)
    assert "lf-unknown" in in_body.classes


def test_links_are_never_nested() -> None:
    uri = {"type": "uri", "label": "a", "uri": "https://example.com"}
    inner = {"type": "button", "action": uri}
    drawn = read(flex_html({"type": "bubble", "action": uri, "body": box(box(inner, action=uri), action=uri)}))
    links = [node for node in drawn.every() if node.tag == "a"]
    assert len(links) == 1
    assert [node for node in links[0].every() if node.tag == "a"] == links
    assert len([node for node in drawn.every() if "data-action" in node.attributes]) == 4


def test_boxes_nested_without_end_are_cut_and_named() -> None:
    deep = box(text("深い"))
    for _ in range(3000):
        deep = box(deep)
    drawn = read(flex_html({"type": "bubble", "body": deep}))
    assert drawn.one("lf-unknown").words == "boxes nested too deeply"


def test_an_unknown_component_is_named_in_its_place() -> None:
    assert child({"type": "marquee"}).words == "unknown Flex component marquee"
    assert read(flex_html({"type": "hexagon"})).words == "unknown Flex container hexagon"
