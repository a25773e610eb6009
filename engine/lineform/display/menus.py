"""A rich menu as its friend will tap it: the picture, the areas drawn over it, and what each of them does.

https://developers.line.biz/en/reference/messaging-api/#rich-menu-structure
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lineform.display import css
from lineform.display.actions import action_label, action_words, tappable
from lineform.display.markup import Html, a_mapping, a_string, div, element, objects, picture, span
from lineform.display.templates import area_style


def richmenu_html(menu: Mapping[str, Any], image_src: str) -> Html:
    """The menu's picture with its areas, its chat bar, and a legend of its actions by number.

    `image_src` is an https address, a data: picture or a path of the page's own origin; with none of these the areas
    are drawn over an empty ground. An area that reaches beyond the picture is drawn dashed and says so in the legend.
    """
    size = a_mapping(menu.get("size"))
    width, height = css.whole(size.get("width")) or 2500, css.whole(size.get("height")) or 1686
    areas = objects(menu.get("areas"))
    face = picture(image_src, own=True, label=a_string(menu.get("name")))
    taps = [_area(number, area, width, height) for number, area in enumerate(areas, 1)]
    ground = div("lf-menupicture", face, *taps, style=f"aspect-ratio:{width} / {height}")
    legend = (
        [element("ol", {"class": "lf-legend"}, *(_explained(area, width, height) for area in areas))] if areas else []
    )
    return div("lf-menu", ground, _bar(menu), *legend)


def _bar(menu: Mapping[str, Any]) -> Html:
    state = "opens by itself" if menu.get("selected") is True else "opens with a tap"
    words = a_string(menu.get("chatBarText")) or "(no chat bar text)"
    return div("lf-bar", f"☰ {words} ", element("small", None, state))


def _outside(area: Mapping[str, Any], width: int, height: int) -> bool:
    bounds = a_mapping(area.get("bounds"))
    x, y, across, down = (css.whole(bounds.get(name), most=100_000) or 0 for name in ("x", "y", "width", "height"))
    return x + across > width or y + down > height


def _area(number: int, area: Mapping[str, Any], width: int, height: int) -> Html:
    action = a_mapping(area.get("action"))
    label = a_string(action.get("label"))
    does = f"{label}: {action_words(action)}" if label else action_words(action)
    classes = "lf-tap lf-outside" if _outside(area, width, height) else "lf-tap"
    style = area_style(a_mapping(area.get("bounds")), width, height)
    return tappable(action, classes, span("lf-number", str(number)), span("lf-does", does), style=style, name=does)


def _explained(area: Mapping[str, Any], width: int, height: int) -> Html:
    action = a_mapping(area.get("action"))
    bounds = a_mapping(area.get("bounds"))
    place = " ".join(a_string(bounds.get(name)) or "?" for name in ("x", "y", "width", "height"))
    beyond = ", reaches beyond the picture" if _outside(area, width, height) else ""
    label = a_string(action.get("label"))
    heading = [element("b", None, label), " "] if label else []
    return element(
        "li",
        None,
        *heading,
        action_words(action) or action_label(action) or "no action",
        " ",
        element("small", None, f"({place}{beyond})"),
    )
