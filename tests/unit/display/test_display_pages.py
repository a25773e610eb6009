"""Whole pages, and rich menus on them."""

from __future__ import annotations

import re

import pytest

from lineform.display.menus import richmenu_html
from lineform.display.page import STYLE, page_html
from support.line_messages import rich_menu
from support.markup import read


def area(x: int, y: int, width: int, height: int, **action: str) -> dict[str, object]:
    return {"bounds": {"x": x, "y": y, "width": width, "height": height}, "action": {"type": "message", **action}}


def test_each_area_lies_over_its_part_of_the_picture() -> None:
    menu = rich_menu(areas=[area(0, 0, 1250, 843, text="左"), area(1250, 843, 1250, 843, text="右", label="右下")])
    drawn = read(richmenu_html(menu, "/menus/1.png"))
    left, right = drawn.all("lf-tap")
    assert left.style == {"left": "0%", "top": "0%", "width": "50%", "height": "50%"}
    assert right.style == {"left": "50%", "top": "50%", "width": "50%", "height": "50%"}
    assert [tap.one("lf-number").words for tap in (left, right)] == ["1", "2"]
    assert right.one("lf-does").words == "右下: says 右"


def test_the_legend_names_every_action_in_order() -> None:
    menu = rich_menu(areas=[area(0, 0, 100, 100, text="一"), area(2400, 0, 200, 100, text="二")])
    lines = [node.words for node in read(richmenu_html(menu, "")).one("lf-legend").every() if node.tag == "li"]
    assert lines == ["says 一 (0 0 100 100)", "says 二 (2400 0 200 100, reaches beyond the picture)"]


def test_the_bar_says_its_text_and_whether_the_menu_opens_by_itself() -> None:
    assert read(richmenu_html(rich_menu(selected=True), "")).one("lf-bar").words == "☰ メニュー opens by itself"
    assert read(richmenu_html(rich_menu(selected=False), "")).one("lf-bar").words == "☰ メニュー opens with a tap"


def test_a_picture_from_elsewhere_than_https_is_not_loaded() -> None:
    drawn = read(richmenu_html(rich_menu(), "javascript:alert(1)"))
    assert not [node for node in drawn.every() if node.tag == "img"]
    assert drawn.one("lf-nopicture").words == "main"


def test_a_page_is_complete_and_loads_nothing_from_elsewhere() -> None:
    page = page_html("<予告> & more", "<p>本文</p>")
    assert page.startswith('<!DOCTYPE html>\n<html lang="ja">')
    assert "<title>&lt;予告&gt; &amp; more</title>" in page
    assert "<main><p>本文</p></main>" in page
    assert not re.search(r"https?://|@import|url\(", page)
    assert "default-src &#39;none&#39;" in page
    assert "script-src" not in page


def test_the_policy_lets_only_the_pages_own_script_run() -> None:
    page = page_html("a", "", script="console.log(1)")
    assert "<script>console.log(1)</script>" in page
    assert re.search(r"script-src &#39;sha256-[A-Za-z0-9+/=]{44}&#39;", page)


@pytest.mark.parametrize("script", ["'</SCRIPT>'", "'<!--'"])
def test_a_script_that_would_end_early_is_refused(script: str) -> None:
    with pytest.raises(ValueError, match="would end there"):
        page_html("a", "", script=script)


def test_the_style_knows_light_and_dark_and_balances_its_braces() -> None:
    assert "prefers-color-scheme:dark" in STYLE
    assert STYLE.count("{") == STYLE.count("}")
    assert "</" not in STYLE
