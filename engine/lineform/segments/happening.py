"""Conditions about what friends did: declared events, taps on declared links, answers to declared forms."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, cast

from lineform.model.attributes import AttributeSpec, EventSpec
from lineform.model.conditions import AnswerCondition, ClickCondition, EventCondition, Happening, Times, Total
from lineform.model.origin import Path
from lineform.model.problem import did_you_mean
from lineform.segments.declared import Declared
from lineform.segments.finding import Finding
from lineform.segments.friend import ANSWER, CLICK
from lineform.segments.leaf import read_comparison
from lineform.segments.operands import number
from lineform.segments.points import points, windows
from lineform.segments.predicate import AttributeIs, Comparison, Count, Edge, FieldTest, Happened, Not, Sum

ONCE = Count("at_least", (1,))
Read = tuple[Happened | None, list[Finding]]
_DECIMALS = 4


def read_event(condition: EventCondition, declared: Declared, timezone: str, path: Path) -> Read:
    """A condition about a declared event, or everything that is wrong with it."""
    spec = declared.events.get(condition.event)
    if spec is None:
        hint = did_you_mean(condition.event, declared.events) or "declare it under events in a file of kind attributes"
        return None, [Finding((*path, "event"), "E312", f"unknown event '{condition.event}'", hint)]
    where: list[FieldTest] = []
    findings: list[Finding] = []
    for name, comparison in (condition.where or {}).items():
        here = (*path, "where", name)
        if (field := spec.fields.get(name)) is None:
            findings.append(_no_field(here, name, f"event '{condition.event}'", spec.fields))
            continue
        leaf, wrong = read_comparison(name, field, comparison, here)
        findings += wrong
        where += [] if leaf is None else [leaf]
    done, wrong = _happened(condition, condition.event, where, timezone, path)
    findings += wrong
    if condition.sum is not None:
        total, wrong = _sum(condition.sum, condition.event, spec, (*path, "sum"))
        findings += wrong
        if done is not None and total is not None:
            done = replace(done, measure=total)
    return (None if findings else done), findings


def read_click(condition: ClickCondition, declared: Declared, timezone: str, path: Path) -> Read:
    """A condition about taps on a declared link, or everything that is wrong with it."""
    if condition.click not in declared.links:
        hint = did_you_mean(condition.click, declared.links) or "declare it under links in a file of kind attributes"
        return None, [Finding((*path, "click"), "E314", f"unknown link '{condition.click}'", hint)]
    return _happened(condition, CLICK, [_is("link", condition.click)], timezone, path)


def read_answer(condition: AnswerCondition, declared: Declared, timezone: str, path: Path) -> Read:
    """A condition about answers to a declared form, or everything that is wrong with it."""
    form = declared.forms.get(condition.answer)
    if form is None:
        hint = did_you_mean(condition.answer, declared.forms) or "declare it under forms in a file of kind attributes"
        return None, [Finding((*path, "answer"), "E315", f"unknown form '{condition.answer}'", hint)]
    where: list[FieldTest] = [_is("form", condition.answer)]
    if condition.field is not None:
        spec = form.fields.get(condition.field)
        if spec is None:
            return None, [_no_field((*path, "field"), condition.field, f"form '{condition.answer}'", form.fields)]
        where.append(_is("field", condition.field))
        if condition.compares:
            leaf, findings = read_comparison(condition.field, spec, condition, path)
            if leaf is None:
                return None, findings
            where.append(_about_value(leaf))
    return _happened(condition, ANSWER, where, timezone, path)


def _is(field: str, word: str) -> AttributeIs:
    return AttributeIs(field, "text", "is", (word,))


def _about_value(leaf: AttributeIs | Not) -> FieldTest:
    if isinstance(leaf, AttributeIs):
        return replace(leaf, attribute="value")
    return Not(replace(cast("AttributeIs", leaf.part), attribute="value"))


def _no_field(path: Path, name: str, of: str, known: Iterable[str]) -> Finding:
    hint = did_you_mean(name, known) or f"its fields are {', '.join(known) or 'none'}"
    return Finding(path, "E313", f"{of} has no field '{name}'", hint)


def _happened(condition: Happening, event: str, where: list[FieldTest], timezone: str, path: Path) -> Read:
    count = condition.count
    findings = windows(
        ((condition, path), (condition.last, (*path, "last")), (condition.first, (*path, "first"))),
    )
    measure: Count | Edge = ONCE
    if condition.last is not None:
        measure = Edge("last", *points(condition.last, timezone))
    elif condition.first is not None:
        measure = Edge("first", *points(condition.first, timezone))
    elif count is not None:
        comparison, operands = _times(count)
        measure = Count(comparison, operands)
        findings += _sure(comparison, operands, (*path, "count"))
    if findings:
        return None, findings
    return Happened(event, tuple(where), *points(condition, timezone), measure), []


def _times(count: int | Times) -> tuple[Comparison, tuple[int, ...]]:
    if isinstance(count, int):
        return "is", (count,)
    (written,) = count.model_fields_set
    value = getattr(count, written)
    return cast("Comparison", written.rstrip("_")), value if isinstance(value, tuple) else (value,)


def _sure(comparison: Comparison, operands: tuple[int, ...], path: Path) -> list[Finding]:
    """A count that everybody has, or nobody."""
    if comparison == "at_least" and operands[0] == 0:
        hint = "everyone must be written; 'count: 0' means never, and {at_least: 1} at least once"
        return [Finding(path, "E319", "everybody did this 0 times or more", hint)]
    if (comparison == "below" and operands[0] == 0) or operands[0] > operands[-1]:
        return [Finding(path, "E310", "no number of times is this", "write the smaller one first; 'count: 0' is never")]
    return []


def _sum(total: Total, event: str, spec: EventSpec, path: Path) -> tuple[Sum | None, list[Finding]]:
    field: AttributeSpec | None = spec.fields.get(total.field)
    if field is None:
        return None, [_no_field((*path, "field"), total.field, f"event '{event}'", spec.fields)]
    if field.type != "number":
        message = f"'{total.field}' is of type {field.type}, and only numbers add up"
        return None, [Finding((*path, "field"), "E304", message)]
    (written,) = total.model_fields_set - {"field"}
    value: Any = getattr(total, written)
    operands: tuple[float, ...] = value if isinstance(value, tuple) else (value,)
    here = (*path, written)
    try:
        amounts = tuple(number(one) for one in operands)
    except (ValueError, OverflowError):
        return None, [Finding(here, "E305", "too large a number")]
    if any(round(one, _DECIMALS) != one for one in amounts):
        return None, [Finding(here, "E305", f"a sum is compared to {_DECIMALS} decimals", "write no more of them")]
    if amounts[0] > amounts[-1]:
        message = f"nothing lies between {operands[0]} and {operands[-1]}"
        return None, [Finding(here, "E310", message, "write the smaller one first")]
    return Sum(total.field, cast("Comparison", written), amounts), []
