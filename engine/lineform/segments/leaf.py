"""One written comparison, typed by the declared value it is about."""

from __future__ import annotations

from typing import Any, cast

from lineform.model.attributes import AttributeSpec
from lineform.model.conditions import AttributeCondition, Comparing
from lineform.model.origin import Path
from lineform.model.problem import did_you_mean
from lineform.segments.declared import Declared
from lineform.segments.finding import Finding
from lineform.segments.operands import COMPARISONS, LONGEST, Misread, read_operand
from lineform.segments.predicate import AttributeIs, Comparison, Not, Operand

NEGATED = {"is_not": "is", "not_in": "in"}


def read_leaf(
    condition: AttributeCondition, declared: Declared, path: Path
) -> tuple[AttributeIs | Not | None, list[Finding]]:
    """The typed comparison with an attribute, or everything that is wrong with it."""
    name = condition.attribute
    spec = declared.attributes.get(name)
    if spec is None:
        hint = did_you_mean(name, declared.attributes) or "declare it in a file of kind attributes"
        return None, [Finding((*path, "attribute"), "E301", f"unknown attribute '{name}'", hint)]
    return read_comparison(name, spec, condition, path)


def read_comparison(
    name: str, spec: AttributeSpec, condition: Comparing, path: Path
) -> tuple[AttributeIs | Not | None, list[Finding]]:
    """The typed comparison with a declared value of this name, or everything that is wrong with it."""
    written, value = condition.comparison()
    here = (*path, written)
    if written not in COMPARISONS[spec.type]:
        message = f"'{written}' means nothing for '{name}', which is of type {spec.type}"
        return None, [Finding(here, "E304", message, f"use one of {', '.join(COMPARISONS[spec.type])}")]
    if value is None:
        return None, [Finding(here, "E305", f"'{written}' has no value", "friends without a value are 'known: false'")]
    if written == "known":
        return AttributeIs(name, spec.type, "known", (bool(value),)), []
    several = isinstance(value, tuple)
    values: tuple[Any, ...] = value if several else (value,)
    operands: list[Operand] = []
    findings: list[Finding] = []
    for index, item in enumerate(values):
        read = str(item) if written == "starts_with" else read_operand(name, spec, item)
        if isinstance(read, str) and len(read) > LONGEST:
            read = Misread(
                "E305", f"a text of a condition has at most {LONGEST} characters, and this has {len(read):,}"
            )
        if isinstance(read, Misread):
            findings.append(read.at((*here, index) if several else here))
        else:
            operands.append(read)
    if not findings and written == "between" and operands[0] > operands[1]:  # type: ignore[operator]
        message = f"nothing lies between {values[0]} and {values[1]}"
        findings.append(Finding(here, "E310", message, "write the smaller one first"))
    if findings:
        return None, findings
    comparison = cast("Comparison", NEGATED.get(written, written))
    leaf = AttributeIs(name, spec.type, comparison, tuple(operands))
    return (Not(leaf) if written in NEGATED else leaf), []
