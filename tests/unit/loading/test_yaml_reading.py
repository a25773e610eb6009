"""YAML is read by version 1.2's rules, and every surprise has a place."""

from __future__ import annotations

from typing import Any

import pytest

from lineform.loading.yaml import parse_yaml
from lineform.model.problem import Severity


def value(text: str) -> Any:
    document, problems = parse_yaml(text, "a.yaml")
    assert problems == []
    assert document is not None
    return document.value


def faults(text: str) -> list[tuple[str, int, int]]:
    return [(p.code, p.origin.line, p.origin.column) for p in parse_yaml(text, "a.yaml")[1]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\nb: -2\nc: 1.5\nd: true", {"a": 1, "b": -2, "c": 1.5, "d": True}),
        ("a: null\nb:\nc: ~", {"a": None, "b": None, "c": None}),
        ("a: 0x1F\nb: 0o17", {"a": 31, "b": 15}),
        ("a: 2026-12-01\nb: 2026-12-01T10:00", {"a": "2026-12-01", "b": "2026-12-01T10:00"}),
        ("a: '012'\nb: \"no\"\nc: !!str 12", {"a": "012", "b": "no", "c": "12"}),
        ("x: 1\ny: 2\non: 3", {"x": 1, "y": 2, "on": 3}),
        ("a: =\nb: 50% off\nc: お得です", {"a": "=", "b": "50% off", "c": "お得です"}),
        ("a: &x {b: 1}\nc: *x", {"a": {"b": 1}, "c": {"b": 1}}),
        ("%YAML 1.2\n---\na: 1\n...\n", {"a": 1}),
        ('a: "\\u2028\\x01"', {"a": "\u2028\x01"}),
    ],
)  # fmt: skip
def test_values_are_read(text: str, expected: Any) -> None:
    assert value(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\nb:\n  c: 2\n  c: 3\n", [("E005", 4, 3)]),
        ("a: no\nb: [on, Y]", [("E008", 1, 4), ("E008", 2, 5), ("E008", 2, 9)]),
        ("tel: 0612345678", [("E008", 1, 6)]),
        ("tel: +81312345678", [("E008", 1, 6)]),
        ("id: 12345678901234567890", [("E008", 1, 5)]),
        ("a: 1_000", [("E008", 1, 4)]),
        ("a: .inf\nb: .nan\nc: 1e999", [("E008", 1, 4), ("E008", 2, 4), ("E008", 3, 4)]),
        ("1: a\ntrue: b\n~: c", [("E006", 1, 1), ("E006", 2, 1), ("E006", 3, 1)]),
        ("? [a]\n: b", [("E006", 1, 3)]),
        ("text: {{ client.title }}", [("E006", 1, 7)]),
        ("a: {b: 1}\n<<: {c: 2}", [("E007", 2, 1)]),
        ("a: !!int '3'\nb: !secret x\nc: ! 13", [("E007", 1, 4), ("E007", 2, 4), ("E007", 3, 4)]),
        ("a: 1\n---\nb: 2", [("E007", 2, 1)]),
        ("%YAML 1.1\n---\na: no", [("E007", 1, 1)]),
        ("%TAG ! tag:x,2000:\n---\na: 1", [("E007", 1, 1)]),
        ("", [("E009", 0, 0)]),
        ("# only a comment\n", [("E009", 0, 0)]),
        ("a:\n\t- b", [("E004", 2, 1)]),
        ("a: @b", [("E004", 1, 4)]),
        ("a: b: c", [("E004", 1, 5)]),
        ("a: [1, 2", [("E004", 2, 1)]),
        ("a: 'x", [("E004", 1, 6)]),
        ("a: *nobody", [("E004", 1, 4)]),
        ('a: "\\ud800"', [("E004", 1, 7)]),
        ("a: &a [*a]", [("E010", 1, 4)]),
        ("[" * 100_000, [("E010", 1, 101)]),
        ("- " * 100_000, [("E010", 1, 201)]),
        ("\n".join(" " * i + "a:" for i in range(300)), [("E010", 101, 101)]),
    ],
)
def test_faults_have_a_code_and_a_place(text: str, expected: list[tuple[str, int, int]]) -> None:
    assert faults(text) == expected


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("text: {{ friend.name }}さま", 7),
        ("- {{ friend.name }}さま", 3),
        ("- text: {% if friend.name is defined %}あ{% endif %}", 9),
        ("- {text: {{ friend.name }}さま}", 10),
    ],
)
def test_a_bare_expression_is_told_to_need_quotes(text: str, column: int) -> None:
    (found,) = parse_yaml(text, "a.yaml")[1]
    assert (found.code, found.message, found.hint, found.origin.column) == (
        "E004",
        "an expression must stand in quotes",
        "put the whole text in quotes",
        column,
    )


def test_an_alias_bomb_is_refused_in_no_time() -> None:
    text = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{this}: &{this} [{','.join([f'*{that}'] * 10)}]\n" for that, this in zip("abcdefgh", "bcdefghi", strict=True)
    )
    document, problems = parse_yaml(text, "a.yaml")
    assert document is None or document.value is None
    assert [p.code for p in problems] == ["E010"]


def test_a_time_is_a_text_and_only_warned_about() -> None:
    document, (problem,) = parse_yaml("at: 12:30", "a.yaml")
    assert document is not None
    assert document.value == {"at": "12:30"}
    assert problem.severity is Severity.WARNING


def test_all_faults_of_a_file_are_found_in_one_reading() -> None:
    assert len(faults("a: no\nb: 012\na: 3\n5: x\n")) == 4


def test_a_fault_shows_its_line() -> None:
    (problem,) = parse_yaml("a: 1\n日本: [ア, no]  # x\n", "a.yaml")[1]
    assert problem.excerpt == "日本: [ア, no]  # x"
    assert problem.origin.column == 9


@pytest.mark.parametrize(
    ("path", "place"),
    [(("b", 1, "c"), (4, 8)), (("b", 1), (4, 5)), (("b", 7), (3, 3)), (("b", 1, "x", "y"), (4, 5)), ((), (1, 1))],
)
def test_every_value_knows_where_it_was_written(path: tuple[str | int, ...], place: tuple[int, int]) -> None:
    document, _ = parse_yaml("a: 1\nb:\n  - 😀\n  - c: 3\n", "a.yaml")
    assert document is not None
    origin = document.origin(path)
    assert (origin.line, origin.column) == place
