"""From LINE's menu to a file: what it says, what it cannot, and that the way forth and back is one."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineform.errors import BlockedError
from lineform.model.richmenu_line import richmenu_to_line
from lineform.planning.adoption import adopted

WORDS = st.text(st.characters(categories=("L", "N")), min_size=1, max_size=10)
SIDE = st.integers(1, 800)
BOUNDS = st.fixed_dictionaries({"x": st.integers(0, 800), "y": st.integers(0, 800), "width": SIDE, "height": SIDE})
ACTIONS: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.fixed_dictionaries({"type": st.just("message"), "text": WORDS}, optional={"label": WORDS}),
    st.fixed_dictionaries({"type": st.just("uri"), "uri": WORDS}, optional={"label": WORDS}),
    st.fixed_dictionaries(
        {"type": st.just("postback"), "data": WORDS}, optional={"displayText": WORDS, "label": WORDS}
    ),
    st.fixed_dictionaries({"type": st.just("clipboard"), "clipboardText": WORDS}),
    st.fixed_dictionaries({"type": st.just("datetimepicker"), "data": WORDS, "mode": st.just("date")}),
)
MENUS = st.fixed_dictionaries(
    {
        "size": st.sampled_from([{"width": 2500, "height": 843}, {"width": 1200, "height": 810}]),
        "selected": st.booleans(),
        "name": WORDS,
        "chatBarText": WORDS,
        "areas": st.lists(st.fixed_dictionaries({"bounds": BOUNDS, "action": ACTIONS}), min_size=1, max_size=4),
    }
)


def _menu(*actions: dict[str, Any], **more: Any) -> dict[str, Any]:
    bounds = {"x": 0, "y": 0, "width": 100, "height": 100}
    areas = [{"bounds": bounds, "action": action} for action in actions]
    base = {"size": {"width": 2500, "height": 1686}, "selected": True, "name": "theirs", "chatBarText": "menu"}
    return {**base, "areas": areas, **more}


HELLO = {"type": "message", "text": "hello"}


@settings(max_examples=60, deadline=None)
@given(MENUS, st.booleans())
def test_what_is_adopted_without_loss_makes_the_same_menu(menu: dict[str, Any], default: bool) -> None:
    result = adopted(menu, "main", "main.png", default=default)
    assert result.lost == ()
    assert {**richmenu_to_line(result.spec), "name": menu["name"]} == menu
    assert result.spec.default is default


def test_sizes_that_have_a_name_are_called_by_it() -> None:
    assert adopted(_menu(HELLO), "main", "main.png", default=False).values["size"] == "large"
    odd = _menu(HELLO, size={"width": 1200, "height": 405})
    assert adopted(odd, "main", "main.png", default=False).values["size"] == [1200, 405]


@pytest.mark.parametrize(
    ("action", "path"),
    [
        ({"type": "uri", "uri": "https://a.example", "altUri": {"desktop": "https://b.example"}}, "altUri"),
        ({"type": "richmenuswitch", "richMenuAliasId": "news", "data": "mine"}, "data"),
        ({**HELLO, "unheardOf": 1}, "unheardOf"),
    ],
)
def test_what_a_file_cannot_say_is_named(action: dict[str, Any], path: str) -> None:
    (lost,) = adopted(_menu(action), "main", "main.png", default=False).lost
    assert lost.startswith(f"areas[0].action.{path}")


@pytest.mark.parametrize(
    ("menu", "reason"),
    [
        (_menu({"type": "camera"}), "camera"),
        (_menu(), "cells"),
        (_menu({"type": "message", "text": "{{ friend.name }}"}), "expression"),
        (_menu({"type": "richmenuswitch", "richMenuAliasId": "NOT A NAME", "data": "x"}), "switch"),
    ],
)
def test_a_menu_that_no_file_can_say_is_refused(menu: dict[str, Any], reason: str) -> None:
    with pytest.raises(BlockedError, match=reason):
        adopted(menu, "main", "main.png", default=False)
