"""Which names an expression reads decides when it is evaluated."""

from __future__ import annotations

import pytest

from lineform.templates.environment import parse
from lineform.templates.errors import TemplateError
from lineform.templates.moments import reads_of


def read(text: str) -> dict[str, bool]:
    return {one.path: one.guarded for one in reads_of(parse(text)).all}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{ values.offer.percent }}", {"values.offer.percent": False}),
        ("{{ values['offer']['percent'] }}", {"values.offer.percent": False}),
        ("{{ friend.name | default('お客様') }}", {"friend.name": True}),
        ("{{ friend.name | d(friend.display_name) }}", {"friend.name": True, "friend.display_name": False}),
        ("{{ friend.tags[0] }}", {"friend.tags": False}),
        ("{{ values[friend.tier] }}", {"values": False, "friend.tier": False}),
        ("{% if friend.name is defined %}{{ friend.name }}{% endif %}", {"friend.name": True}),
        ("{{ friend.name if friend.name is defined else 'x' }}", {"friend.name": True}),
        ("{{ friend.a is defined and friend.a > 3 }}", {"friend.a": True}),
        ("{{ 1 + 2 }} 50% off #tag", {}),
    ],
)
def test_names_are_found_with_their_guards(text: str, expected: dict[str, bool]) -> None:
    assert read(text) == expected


def test_an_else_branch_is_not_guarded() -> None:
    found = reads_of(parse("{% if friend.name is defined %}a{% else %}{{ friend.name }}{% endif %}"))
    assert "friend.name" in found.unguarded


@pytest.mark.parametrize(
    "text",
    [
        "{% for x in values.items %}{{ x }}{% endfor %}",
        "{{ values.shout() }}",
        "{{ range(3) }}",
        "{% set x = 1 %}",
        "{% include 'x' %}",
        "{% macro f() %}{% endmacro %}",
        "{{ values.x | format(1) }}",
        "{{ values.x",
        "{{ values.x | nosuch }}",
    ],
)
def test_what_a_text_cannot_do_is_refused(text: str) -> None:
    with pytest.raises(TemplateError) as caught:
        parse(text)
    assert caught.value.code == "E020"


def test_a_mistyped_filter_is_named() -> None:
    with pytest.raises(TemplateError) as caught:
        parse("{{ friend.name | defualt('x') }}")
    assert caught.value.hint == "did you mean 'default'?"
