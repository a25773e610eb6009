"""Nothing that a message holds can become markup, an attribute, a style or a link of another kind."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineform.display import css
from lineform.display.bubbles import message_html
from lineform.display.flex import flex_html
from lineform.display.markup import picture_address, text, web_address
from lineform.display.menus import richmenu_html
from support.line_messages import CAROUSEL, CONFIRM, IMAGE_CAROUSEL, MESSAGES, flex, rich_menu, templated_message
from support.markup import read

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    'https://example.com/" onclick="alert(1)',
    "red;background:url(https://example.com/a)",
    "#ff0000;position:fixed",
    "10px;}</style><script>",
    "100%}*{display:none",
    "</style></script><!--",
    "expression(alert(1))",
    "https://example.com/`${1}`",
    "\x00\ud800\x1b",
    "{{ 7 * 7 }}",
]
TAGS = {"root", "div", "span", "a", "img", "p", "b", "small", "ol", "li"}
ATTRIBUTES = {
    "class", "style", "href", "rel", "target", "title", "role", "tabindex", "data-action", "src", "alt", "loading",
    "referrerpolicy", "dir", "aria-label",
}  # fmt: skip
STYLE_VALUE = re.compile(
    r"[#\w.%\- /]+|calc\([\w.*/%() +,-]+\)|min\([\w.,*()%-]+\)|calc\([\d.px]+ / -2\) 0|linear-gradient\([#\w.,% ]+\)"
)
FULL_FLEX = flex(
    {"type": "text", "text": "a", "color": "#ff0000", "size": "md", "margin": "md", "offsetTop": "3px"},
    {"type": "text", "contents": [{"type": "span", "text": "b", "color": "#00ff00", "size": "xl"}]},
    {"type": "text", "text": "c", "wrap": True, "lineSpacing": "4px", "adjustMode": "shrink-to-fit"},
    {"type": "button", "color": "#112233", "action": {"type": "uri", "label": "d", "uri": "https://e.com"}},
    {"type": "image", "url": "https://e.com/f.png", "size": "md", "aspectRatio": "2:1", "backgroundColor": "#ffffff"},
    {"type": "separator", "color": "#445566"},
    {
        "type": "box", "layout": "baseline", "width": "10px", "height": "20%", "borderWidth": "1px",
        "borderColor": "#000000", "cornerRadius": "4px", "paddingAll": "3px", "spacing": "sm",
        "background": {"type": "linearGradient", "angle": "1deg", "startColor": "#000000", "endColor": "#ffffff"},
        "action": {"type": "message", "label": "g", "text": "h"},
        "contents": [{"type": "icon", "url": "https://e.com/i.png", "size": "sm"}],
    },
    size="mega",
    styles={"body": {"backgroundColor": "#ffffff", "separatorColor": "#000000"}},
)  # fmt: skip
SAMPLES = [
    *MESSAGES.values(),
    FULL_FLEX,
    *map(templated_message, (CONFIRM, CAROUSEL, IMAGE_CAROUSEL)),
]

anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=20)
    | st.sampled_from(HOSTILE),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@st.composite
def spoiled(draw: st.DrawFn, value: Any) -> Any:
    """The value with some of its strings replaced by hostile ones and some of its parts by anything at all."""
    if isinstance(value, dict):
        return {key: part if key == "type" else draw(spoiled(part)) for key, part in value.items()}
    if isinstance(value, list):
        return [draw(spoiled(part)) for part in value]
    fate = draw(st.integers(0, 9))
    if isinstance(value, str) and fate < 6:
        return draw(st.sampled_from(HOSTILE) | st.text(max_size=30))
    return draw(anything) if fate == 9 else value


def assert_harmless(markup: str) -> None:
    for node in read(markup).every():
        assert node.tag in TAGS
        assert set(node.attributes) <= ATTRIBUTES
        assert all(address.startswith("https://") for address in [node.attributes.get("href", "https://")])
        assert re.match(r"https://|data:image/|/(?![/\\])", node.attributes.get("src", "https://"))
        assert all(STYLE_VALUE.fullmatch(value) for value in node.style.values()), node.style
        assert "url(" not in node.attributes.get("style", "")
    markup.encode()


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (100 / 3, "33.33"), (9_999.4, "9999"), (1e7, "10000000.0000"), (1e-6, "0.0000")]
)
def test_no_number_has_an_exponent(value: float, text: str) -> None:
    assert css.number(value) == text


@given(st.sampled_from(SAMPLES).flatmap(spoiled))
@settings(max_examples=250, deadline=None)
def test_a_message_full_of_hostile_values_stays_harmless(message: dict[str, Any]) -> None:
    assert_harmless(message_html(message))


@given(spoiled(rich_menu()), st.sampled_from(HOSTILE) | st.text())
@settings(max_examples=80, deadline=None)
def test_a_rich_menu_full_of_hostile_values_stays_harmless(menu: dict[str, Any], source: str) -> None:
    assert_harmless(richmenu_html(menu, source))


@given(st.sampled_from(sorted(MESSAGES)), st.dictionaries(st.text(max_size=10), anything))
@settings(max_examples=100, deadline=None)
def test_a_malformed_message_is_still_drawn(kind: str, rest: dict[str, Any]) -> None:
    assert_harmless(message_html({**rest, "type": kind}))


@given(anything)
@settings(max_examples=100, deadline=None)
def test_anything_given_as_flex_is_still_drawn(contents: Any) -> None:
    assert_harmless(flex_html(contents))


@given(st.text())
def test_text_reads_back_as_it_was_written(words: str) -> None:
    shown = read(text(words)).words
    assert shown == re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]", "\ufffd", words)


def test_what_a_friend_wrote_is_shown_letter_by_letter() -> None:
    words = "<b>\"予約\" & 'カット'</b>"
    shown = message_html({"type": "text", "text": words})
    assert "<b>" not in shown
    assert read(shown).one("lf-bubble").words == words


@pytest.mark.parametrize(
    "value", ["red", "#fff", "rgb(0,0,0)", "red;background:url(https://e.com)", "#ff0000;", "#ff0000\n", 7]
)
def test_only_hexadecimal_colours_pass(value: object) -> None:
    assert css.colour(value) == ""


@pytest.mark.parametrize("value", ["10", "1em", "calc(1px)", "10px;", "-4px", "10px 10px", "1e9px", "10%"])
def test_only_pixels_and_keywords_pass_as_a_space(value: str) -> None:
    assert css.space(value) == ""


@pytest.mark.parametrize(
    "value",
    [
        "http://e.com",
        "javascript:alert(1)",
        "//e.com",
        'https://e.com/"x',
        "HTTPS:e.com",
        "data:image/png;base64,AAAA",
        "https://e.com/a b",
        None,
    ],
)
def test_only_https_addresses_become_links(value: object) -> None:
    assert web_address(value) == ""


@pytest.mark.parametrize(
    "value",
    ["data:image/svg+xml;base64,AAAA", "data:text/html,x", "file:///etc/passwd", "/a.png", "http://e.com/a.png"],
)
def test_only_https_and_pictures_in_data_are_loaded(value: str) -> None:
    assert picture_address(value) == ""


def test_a_path_of_the_own_origin_is_loaded_only_where_allowed() -> None:
    assert picture_address("/_sandbox/menus/1.png", own=True) == "/_sandbox/menus/1.png"
    assert picture_address("//example.com/1.png", own=True) == ""
    assert picture_address("/\\example.com/1.png", own=True) == ""


def test_an_action_nested_without_end_is_left_out_of_the_page() -> None:
    deep: dict[str, Any] = {}
    for _ in range(5000):
        deep = {"a": deep}
    action = {"type": "message", "label": "予約", "text": 10**5000, "deep": deep}
    drawn = read(message_html(templated_message({"type": "buttons", "text": "a", "actions": [action]})))
    (button,) = [node for node in drawn.every() if "data-action" in node.attributes]
    assert json.loads(button.attributes["data-action"]) == {"type": "message", "label": "予約"}
