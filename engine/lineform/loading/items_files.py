"""Feeds of items: CSV with a header, or one JSON object a line; a column ``id``, and every declared field.

A feed is taken whole or not at all: an item without its price or its picture would stop a send to everybody.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from lineform.errors import LineformError, UsageError
from lineform.loading.csv_cells import Unreadable, as_cell, attribute_reader
from lineform.model.attributes import AttributeSpec
from lineform.model.problem import did_you_mean
from lineform.ports.items import Item
from lineform.segments.friend import LONGEST_ID, Value

MOST_ITEMS = 200_000
MOST_BYTES = 256 * 1024 * 1024
SHOWN = 20


class FeedRefused(LineformError):
    """A feed of which nothing was taken."""

    exit_code = 3


def read_feed(file: Path, fields: Mapping[str, AttributeSpec]) -> list[Item]:
    """The items of a feed, in its order. Raises `FeedRefused` with everything that is wrong, by line, and never a value
    of the file."""
    if file.stat().st_size > MOST_BYTES:
        raise UsageError(f"{file.name} has more than {MOST_BYTES >> 20} MiB")
    found: dict[str, Item] = {}
    wrong: list[str] = []
    for line, row in _rows(file, fields):
        try:
            item = _item(row, fields)
        except Unreadable as reason:
            wrong.append(f"line {line}: {reason}")
            continue
        if item.id in found:
            wrong.append(f"line {line}: an id that stands on an earlier line")
        elif len(found) >= MOST_ITEMS:
            raise UsageError(f"{file.name} has more than {MOST_ITEMS:,} items")
        found[item.id] = item
    if wrong:
        more = f"; and {len(wrong) - SHOWN} more" if len(wrong) > SHOWN else ""
        raise FeedRefused(
            f"{file.name}: nothing was taken: {'; '.join(wrong[:SHOWN])}{more}",
            hint="correct the feed, and import it again",
        )
    return list(found.values())


def _rows(file: Path, fields: Mapping[str, AttributeSpec]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as text:
            if file.suffix.casefold() in {".jsonl", ".ndjson"}:
                yield from ((number, json.loads(line)) for number, line in enumerate(text, 1) if line.strip())
                return
            rows = csv.DictReader(text)
            _check_columns(rows.fieldnames or (), fields)
            for row in rows:
                yield rows.line_num, row
    except UnicodeDecodeError:
        raise UsageError(f"{file.name} is not UTF-8 text", hint="save it as UTF-8") from None
    except (csv.Error, json.JSONDecodeError, RecursionError):
        raise UsageError(
            f"{file.name} cannot be read", hint="a feed is .csv, or .jsonl with an object a line"
        ) from None


def _check_columns(names: Any, fields: Mapping[str, AttributeSpec]) -> None:
    missing = [name for name in ("id", *fields) if name not in names]
    strange = [name for name in names if name not in {"id", *fields}]
    if missing:
        raise FeedRefused(f"the feed has no column '{missing[0]}'", hint=f"it needs {', '.join(('id', *fields))}")
    if strange:
        hint = did_you_mean(str(strange[0]), fields) or "declare it under items, or leave it out"
        raise FeedRefused(f"unknown column '{strange[0]}' in the feed", hint=hint)


def _item(row: Any, fields: Mapping[str, AttributeSpec]) -> Item:
    if not isinstance(row, dict):
        raise Unreadable("is no object")
    if strange := [name for name in row if name not in {"id", *fields}]:
        raise Unreadable("has more cells than columns" if strange[0] is None else "has a field that is not declared")
    known_by = row.get("id")
    known_by = str(known_by).strip() if isinstance(known_by, str | int) and not isinstance(known_by, bool) else ""
    if not 0 < len(known_by) <= LONGEST_ID or not known_by.isprintable() or any(one in known_by for one in " ,、，"):
        raise Unreadable(f"'id' is a text of 1 to {LONGEST_ID} characters without blanks and commas")
    return Item(known_by, {name: _value(name, spec, row.get(name)) for name, spec in fields.items()})


def _value(name: str, spec: AttributeSpec, raw: Any) -> Value:
    if raw is None or raw == "":
        raise Unreadable(f"'{name}' is empty")
    cell = as_cell(raw)
    try:
        return attribute_reader(name, spec)(cell if isinstance(cell, str) else "|".join(cell))
    except Unreadable as wrong:
        raise Unreadable(f"'{name}' {wrong.reason}") from None
