"""The build puts client and values into a tree, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineform.templates.build import TreeTemplate, projection, render_tree

SCOPE = {
    "client": {"title": "青葉"},
    "values": {"offer": {"percent": 30}, "items": ["a", "b"], "none": None, "brace": "{", "flag": True},
}


def render(tree: Any) -> Any:
    rendered, problems = render_tree(tree, SCOPE)
    assert problems == ()
    return rendered


def failure(text: str) -> tuple[str, str, str]:
    _, (problem,) = render_tree({"a": [text]}, SCOPE)
    assert problem.path == ("a", 0)
    return problem.error.code, problem.error.message, problem.error.hint


def test_a_whole_expression_keeps_its_type() -> None:
    assert render(["{{ values.offer.percent }}", "{{ values.items }}", "{{ values.flag }}"]) == [30, ["a", "b"], True]


def test_an_expression_inside_a_text_becomes_text() -> None:
    assert render("{{ values.offer.percent }}%OFF {{ values.items | join('・') }}") == "30%OFF a・b"


def test_a_key_called_items_is_the_value_and_no_method() -> None:
    assert render("{{ values.items | length }}") == 2


def test_mapping_keys_are_never_templates() -> None:
    assert render({"{{ values.flag }}": 1}) == {"{{ values.flag }}": 1}


def test_a_text_that_reads_a_friend_is_left_as_it_is() -> None:
    text = "{{ friend.name | default('x') }} {{ values.offer.percent }}"
    assert render([text]) == [text]
    assert TreeTemplate([text]).projection(SCOPE) == {"values": {"offer": {"percent": 30}}}


def test_what_holds_no_expression_is_the_same_object() -> None:
    tree = {"constant": {"deep": [1, 2, {"x": "50% off #tag"}]}, "changing": "{{ client.title }}"}
    rendered = render(tree)
    assert rendered["constant"] is tree["constant"]
    assert render(tree["constant"]) is tree["constant"]


@pytest.mark.parametrize("text", ["a\r\nb {{ client.title }}\r\n", "x\n\n{{ client.title }}\n"])
def test_line_ends_survive(text: str) -> None:
    assert render(text) == text.replace("{{ client.title }}", "青葉")


def test_an_unknown_value_names_the_nearest() -> None:
    assert failure("{{ values.offer.percnt }}") == ("E022", "values.offer.percnt is unknown", "did you mean 'percent'?")


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("{{ client.title | default(“お客”) }}", "write straight quotes: ' or \""),
        ("{{ client.title | default(「お客」) }}", "write straight quotes: ' or \""),
        ("{{ client.title | default('お客”) }}", "close the quote with the same straight one"),
        ("{{ client.title ｜ upper }}", "write it half-width: |"),
    ],
)
def test_a_character_that_no_expression_holds_is_told_with_the_one_that_was_meant(text: str, hint: str) -> None:
    assert failure(text)[::2] == ("E020", hint)


def test_an_unknown_name_names_the_nearest() -> None:
    assert failure("{{ frend.name }}") == ("E021", "unknown name 'frend' in an expression", "did you mean 'friend'?")


@pytest.mark.parametrize(
    "text", ["{{ values.none }}", "a{{ values.none }}", "a{{ values.offer }}", "a{{ values.items }}"]
)
def test_what_cannot_be_read_aloud_is_refused(text: str) -> None:
    assert failure(text)[0] == "E027"


@pytest.mark.parametrize(
    "text",
    [
        "{{ 'a' * 100000000 }}",
        "{{ 9 ** 9 ** 9 }}",
        "{{ '%99999999d' % 1 }}",
        "{{ ('x' | replace('x', values.items | join('y'))) * 1000 }}",
        "{{ 1 / 0 }}",
        "{{ values.items[9] }}",
        "{{ values.offer.__class__ }}",
        "{{ client.title.__class__.__mro__ }}",
    ],
)
def test_nothing_escapes_or_grows(text: str) -> None:
    assert failure(text)[0] in {"E022", "E027"}


def test_a_text_cannot_become_a_template_by_being_rendered() -> None:
    assert failure("{{ values.brace }}{{ values.brace }} friend.name }}")[0] == "E027"


def test_a_failure_in_the_build_part_of_a_send_text_is_seen_at_build() -> None:
    assert failure("{{ friend.name }} {{ values.offr.x }}")[0] == "E022"
    assert failure("{{ friend.name }} {{ client.title | comma }}")[0] == "E027"


def test_a_default_covers_a_missing_parent() -> None:
    assert render("{{ values.no.such.thing | default('既定') }}") == "既定"


@given(
    st.dictionaries(st.text("ab"), st.recursive(st.integers(), lambda s: st.dictionaries(st.text("ab"), s))), st.data()
)
def test_a_projection_holds_what_was_asked_for_and_nothing_more(values: dict[str, Any], data: st.DataObject) -> None:
    scope = {"values": values}
    paths = data.draw(st.lists(st.lists(st.text("ab"), max_size=3).map(lambda p: ".".join(["values", *p]))))
    found = projection(paths, scope)

    def look(tree: Any, path: str) -> Any:
        for step in path.split("."):
            if not isinstance(tree, dict) or step not in tree:
                return None
            tree = tree[step]
        return tree

    assert all(look(found, path) == look(scope, path) for path in paths)
    if "values" not in paths:
        assert set(found.get("values", {})) <= {path.split(".")[1] for path in paths}
