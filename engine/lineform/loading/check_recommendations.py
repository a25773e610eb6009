"""What is wrong with recommendations: what they are made from, their example, and how messages repeat them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from lineform.loading.validation import FieldProblem
from lineform.model.attributes import AttributeSpec
from lineform.model.origin import Path, dotted
from lineform.model.problem import did_you_mean
from lineform.model.recommendations import RecommendationsSpec
from lineform.segments.declared import Declared
from lineform.segments.operands import Misread, read_operand
from lineform.templates.errors import TemplateError
from lineform.templates.scalars import expression, may_hold_expression, scalar
from lineform.templates.send import is_each

COLUMNS = 10
"""Columns of a carousel template (https://developers.line.biz/en/reference/messaging-api/#carousel)."""
_LISTS = {"columns": COLUMNS}


def recommendation_problems(spec: RecommendationsSpec, words: Declared) -> Iterator[FieldProblem]:
    """What is wrong with a rule and the words that it uses."""
    if spec.history is not None:
        yield from _history(spec.history.event, spec.history.field, words)
    if spec.attribute is not None:
        held = words.attributes.get(spec.attribute)
        if held is None:
            hint = did_you_mean(spec.attribute, words.attributes) or "declare it in a file of kind attributes"
            yield FieldProblem(("attribute",), "E301", f"attribute: unknown attribute '{spec.attribute}'", hint)
        elif held.type != "text":
            message = f"attribute: '{spec.attribute}' is of type {held.type}, and ids of items are text"
            yield FieldProblem(("attribute",), "E304", message)
    yield from _example(spec.example, words.items)


def _history(event: str, field: str, words: Declared) -> Iterator[FieldProblem]:
    found = words.events.get(event)
    if found is None:
        hint = did_you_mean(event, words.events) or "declare it under events in a file of kind attributes"
        yield FieldProblem(("history", "event"), "E312", f"history.event: unknown event '{event}'", hint)
    elif field not in found.fields:
        hint = did_you_mean(field, found.fields) or f"its fields are {', '.join(found.fields) or 'none'}"
        yield FieldProblem(("history", "field"), "E313", f"history.field: event '{event}' has no field '{field}'", hint)


def _example(example: Mapping[str, Any], items: Mapping[str, AttributeSpec]) -> Iterator[FieldProblem]:
    for name, value in example.items():
        path: Path = ("example", name)
        spec = items.get(name)
        if spec is None:
            hint = did_you_mean(name, items) or "declare it under items in a file of kind attributes"
            yield FieldProblem(path, "E329", f"example: items have no field '{name}'", hint, at_key=True)
        elif isinstance(read := read_operand(name, spec, value), Misread):
            yield FieldProblem(path, read.code, f"{dotted(path)}: {read.message}", read.hint)
    for name in items:
        if name not in example:
            yield FieldProblem(("example",), "E102", f"example.{name} is missing")


def repeated_problems(
    messages: Iterable[tuple[Path, Any]], rules: Mapping[str, RecommendationsSpec], words: Declared
) -> Iterator[FieldProblem]:
    """Whether what messages, each with its place, read of an item is declared, and LINE takes so many."""
    for path, message in messages:
        yield from _walk(message, path, {}, rules, words.items)


def _walk(
    node: Any,
    path: Path,
    bound: Mapping[str, str],
    rules: Mapping[str, RecommendationsSpec],
    items: Mapping[str, AttributeSpec],
) -> Iterator[FieldProblem]:
    if isinstance(node, str) and may_hold_expression(node):
        yield from _reads(node, path, bound, items)
    elif isinstance(node, dict):
        name = _rule_of(node)
        inner = {**bound, str(node.get("as", "item")): name} if name else bound
        if name in rules:
            most = _LISTS.get(str(path[-2]) if len(path) > 1 else "")
            limit = node.get("limit", rules[name].count)
            if most is not None and isinstance(limit, int) and min(limit, rules[name].count) > most:
                message = f"{dotted(path)} repeats up to {rules[name].count} items, and LINE takes {most} here"
                yield FieldProblem((*path, "each"), "E204", message, f"write 'limit: {most}' beside it")
        for key, value in node.items():
            yield from _walk(value, (*path, key), inner if key == "do" else bound, rules, items)
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from _walk(value, (*path, index), bound, rules, items)


def _rule_of(node: Mapping[str, Any]) -> str:
    """The rule whose items a repetition repeats; empty where it repeats something else."""
    if not is_each(node) or not isinstance(node["each"], str):
        return ""
    try:
        paths = expression(node["each"]).reads.paths
    except TemplateError:
        return ""  # told elsewhere
    names = [path.partition(".")[2] for path in paths if path.startswith("items.")]
    return names[0] if len(names) == 1 else ""


def _reads(text: str, path: Path, bound: Mapping[str, str], items: Collection[str]) -> Iterator[FieldProblem]:
    try:
        reads = scalar(text).reads.all
    except TemplateError:
        return  # told elsewhere
    for read in sorted(reads, key=lambda one: one.path):
        root, _, name = read.path.partition(".")
        if root in bound and name not in {"id", *items}:
            hint = did_you_mean(name, items) or f"its fields are {', '.join(('id', *items))}"
            yield FieldProblem(path, "E329", f"{dotted(path)} reads '{read.path}', which items do not have", hint)
