"""Segments that are asked of a source: what a source can answer, and what it comes to as a predicate."""

from __future__ import annotations

from collections.abc import Iterator

from lineform.model import audience as written
from lineform.model.audience import Condition, SegmentCondition, SegmentSpec
from lineform.model.conditions import AgeCondition, AnniversaryCondition, AttributeCondition, EventCondition
from lineform.model.origin import Path
from lineform.model.problem import did_you_mean
from lineform.model.sources import SourceSpec
from lineform.segments.declared import Declared
from lineform.segments.finding import Finding
from lineform.segments.predicate import Source, SourceTable


def check_source(spec: SegmentSpec, declared: Declared) -> list[Finding]:
    """What is wrong with the source of a segment, and with asking it this."""
    if spec.source is None:
        return []
    source = declared.sources.get(spec.source)
    if source is None:
        hint = did_you_mean(spec.source, declared.sources) or "declare it under sources in a file of kind attributes"
        return [Finding(("source",), "E325", f"unknown source '{spec.source}'", hint)]
    return list(_unanswered(spec.where, source, spec.source, ("where",)))


def source_of(name: str, spec: SourceSpec, timezone: str) -> Source:
    """A declared source, as a predicate carries it."""
    friends = SourceTable(spec.friends.table, spec.friends.key, tuple(sorted(spec.attributes.items())))
    events = tuple(
        SourceTable(one.table, one.key, tuple(sorted(one.fields.items())), event, one.at)
        for event, one in sorted(spec.events.items())
    )
    database = "" if spec.database is None else spec.database.env
    return Source(name, database, spec.parquet or "", spec.people, timezone, friends, events)


def sourced_below(condition: Condition, declared: Declared) -> list[str]:
    """Segments of sources that a condition leads to, each once however often it is named."""
    if not declared.sourced:
        return []
    found: list[str] = []
    looked: set[str] = set()
    ahead = [condition]
    while ahead:
        match ahead.pop():
            case SegmentCondition(segment=name):
                if name in looked:
                    continue
                looked.add(name)
                if name in declared.sourced:
                    found.append(name)
                elif name in declared.segments:
                    ahead.append(declared.segments[name])
            case written.AllOf(all=parts) | written.AnyOf(any=parts):
                ahead += parts
            case written.Not(not_=part):
                ahead.append(part)
    return sorted(found)


def _unanswered(condition: Condition, source: SourceSpec, name: str, path: Path) -> Iterator[Finding]:
    match condition:
        case written.AllOf():
            for index, part in enumerate(condition.all):
                yield from _unanswered(part, source, name, (*path, "all", index))
        case written.AnyOf():
            for index, part in enumerate(condition.any):
                yield from _unanswered(part, source, name, (*path, "any", index))
        case written.Not():
            yield from _unanswered(condition.not_, source, name, (*path, "not"))
        case AttributeCondition():
            yield from _column(condition.attribute, source, name, (*path, "attribute"))
        case AgeCondition():
            yield from _column(condition.age_of, source, name, (*path, "age_of"))
        case AnniversaryCondition():
            yield from _column(condition.anniversary, source, name, (*path, "anniversary"))
        case EventCondition():
            yield from _table(condition, source, name, path)
        case _:
            hint = "write it in a segment of its own, and combine both under all or any in a third"
            what = "a source is asked of attributes and events alone; this is something that the store knows"
            yield Finding(path, "E326", what, hint)


def _column(attribute: str, source: SourceSpec, name: str, path: Path) -> Iterator[Finding]:
    if attribute not in source.attributes:
        hint = did_you_mean(attribute, source.attributes) or f"name its column under attributes of source '{name}'"
        yield Finding(path, "E326", f"source '{name}' has no column for attribute '{attribute}'", hint)


def _table(condition: EventCondition, source: SourceSpec, name: str, path: Path) -> Iterator[Finding]:
    event = source.events.get(condition.event)
    if event is None:
        hint = did_you_mean(condition.event, source.events) or f"name its table under events of source '{name}'"
        yield Finding((*path, "event"), "E326", f"source '{name}' has no table for event '{condition.event}'", hint)
        return
    asked = [(field, (*path, "where", field)) for field in condition.where or {}]
    asked += [] if condition.sum is None else [(condition.sum.field, (*path, "sum", "field"))]
    for field, place in asked:
        if field not in event.fields:
            hint = did_you_mean(field, event.fields) or f"name its column there, under fields of '{condition.event}'"
            yield Finding(place, "E326", f"source '{name}' has no column for field '{field}'", hint)
