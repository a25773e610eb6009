"""Events that a system of the business tells, in a request or a file: one reader for all of them.

An event has ``event`` (a declared type), ``id``, ``at``, one of ``user_id`` and ``member_id``, and its ``fields``; one
that is about an item and no person has ``fields.item`` instead. A CSV file has the fields as columns, ``fields.item``.
A problem never repeats a value: it is somebody's data.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from lineform.lineapi.limits import USER_ID_PATTERN
from lineform.loading.csv_cells import Unreadable, as_cell, attribute_reader, join_words
from lineform.loading.friends_rows import AHEAD, FriendsFileError, RefusedRow, unprotected
from lineform.model.attributes import EventSpec
from lineform.model.problem import did_you_mean
from lineform.scenarios.shop import ITEM, ShopEvent
from lineform.segments.declared import Declared
from lineform.segments.friend import LONGEST_ID, Value

KEYS = ("event", "id", "at", "user_id", "member_id", "fields")
LONGEST_LINE = 256 * 1024
_FIELD = "fields."
_USER_ID = re.compile(USER_ID_PATTERN)

NumberedEvent = tuple[int, ShopEvent | RefusedRow]


class _Wrong(Exception):
    """Something is wrong with one event, at `place`."""

    def __init__(self, place: str, reason: str, hint: str = "") -> None:
        super().__init__(reason)
        self.place = place[:100]
        self.reason = reason
        self.hint = hint


@dataclass(frozen=True, slots=True)
class EventReader:
    """Reads events by what a client has declared; times without an offset are in `timezone`."""

    declared: Declared
    timezone: str

    def read(self, number: int, value: Any, now: datetime) -> ShopEvent | RefusedRow:
        """One event; what is wrong with it first, where something is."""
        try:
            return self._read(value, now)
        except _Wrong as wrong:
            return RefusedRow(number, wrong.place, wrong.reason, wrong.hint)

    def _read(self, value: Any, now: datetime) -> ShopEvent:
        members = _members(value)
        kind = _text(members, "event", required=True)
        spec = self.declared.events.get(kind)
        if spec is None:
            raise _Wrong("event", "is not a declared event", did_you_mean(kind, self.declared.events))
        known_by = _text(members, "id", required=True)
        at = self._moment(_text(members, "at", required=True), now)
        user_id, member_id = _text(members, "user_id"), _text(members, "member_id")
        if user_id and not _USER_ID.fullmatch(user_id):
            raise _Wrong("user_id", "is not a LINE user id", "it is a U and 32 digits or letters from a to f")
        fields = {name: one for name, cell in _fields(members).items() if (one := _field(kind, spec, name, cell)) != ""}
        if user_id and member_id:
            raise _Wrong("", "has both user_id and member_id", "name the person in one way")
        if not user_id and not member_id and ITEM not in fields:
            raise _Wrong("", "is about nobody", "give user_id or member_id, or fields.item for an item's event")
        return ShopEvent(kind, known_by, at, user_id, member_id, fields)

    def _moment(self, text: str, now: datetime) -> datetime:
        try:
            moment = datetime.fromisoformat(text.replace("/", "-"))
            at = (moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(self.timezone))).astimezone(UTC)
        except (ValueError, OverflowError):
            hint = "write it as 2026-12-01T10:00 or 2026-12-01T10:00+09:00"
            raise _Wrong("at", "is not a moment", hint) from None
        if at > now + AHEAD:
            raise _Wrong("at", "is in the future", "an event is told after it happened")
        return at


def _members(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise _Wrong("", "is not an object", f"an event has {', '.join(KEYS)}")
    for name in value:
        if name not in KEYS:
            raise _Wrong(name, "is unknown", did_you_mean(name, KEYS))
    return value


def _field(kind: str, spec: EventSpec, name: str, value: Any) -> Value:
    """A field's value by its declared type; empty where it says nothing."""
    place = f"{_FIELD}{name}"
    declared = spec.fields.get(name)
    if declared is None:
        raise _Wrong(place, f"is no field of '{kind}'", did_you_mean(name, spec.fields))
    try:
        cell = "" if value is None else as_cell(value)
        text = join_words(cell) if isinstance(cell, tuple) else cell.strip()
        return attribute_reader(name, declared)(_recordable(place, text)) if text else ""
    except Unreadable as problem:
        raise _Wrong(place, problem.reason, problem.hint) from None


def read_batch(body: bytes, reader: EventReader, now: datetime, most: int) -> list[NumberedEvent]:
    """The events of a request, ``{"events": [...]}``, numbered from 1. Raises `FriendsFileError` for anything else."""
    try:
        value = json.loads(body, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise FriendsFileError("the body is not JSON in UTF-8", hint='send {"events": [{"event": …}]}') from None
    events = value.get("events") if isinstance(value, dict) else None
    if not isinstance(events, list) or len(value) != 1:
        raise FriendsFileError("the body has no list 'events'", hint='send {"events": [{"event": …}]}')
    if len(events) > most:
        raise FriendsFileError(f"there are {len(events):,} events, and {most:,} are possible in one request")
    return [(number, reader.read(number, one, now)) for number, one in enumerate(events, 1)]


def read_events(
    source: Path, reader: EventReader, now: datetime, *, encoding: str = "utf-8"
) -> Iterator[NumberedEvent]:
    """The events of a file, JSON Lines (``.jsonl``, ``.ndjson``) or CSV. Raises `FriendsFileError` where it cannot be
    read on."""
    if source.suffix.lower() in {".jsonl", ".ndjson"}:
        yield from _jsonl(source, reader, now)
    else:
        yield from _csv(source, reader, now, encoding)


def _jsonl(source: Path, reader: EventReader, now: datetime) -> Iterator[NumberedEvent]:
    with source.open("rb") as file:
        number = 0
        while line := file.readline(LONGEST_LINE + 1):
            number += 1
            if len(line) > LONGEST_LINE:
                raise FriendsFileError(f"line {number} is longer than {LONGEST_LINE:,} bytes")
            if not (text := line.removeprefix(b"\xef\xbb\xbf").strip()):
                continue
            try:
                value = json.loads(text, parse_constant=_no_constant)
            except (ValueError, RecursionError):
                yield number, RefusedRow(number, "", "is not JSON in UTF-8", "write one event a line")
                continue
            yield number, reader.read(number, value, now)


def _csv(source: Path, reader: EventReader, now: datetime, encoding: str) -> Iterator[NumberedEvent]:
    codec = "utf-8-sig" if encoding.lower().replace("_", "-") in {"utf-8", "utf8"} else encoding
    try:
        with source.open(encoding=codec, newline="") as file:
            rows = csv.reader(file, strict=True)
            header = [name.strip() for name in next(rows, [])]
            _check_header(header)
            for number, cells in enumerate(rows, 2):
                if any(cell.strip() for cell in cells):
                    yield number, _row(number, header, cells, reader, now)
    except LookupError:
        raise FriendsFileError(f"'{encoding}' is no encoding", hint="Excel in Japan writes cp932") from None
    except UnicodeDecodeError:
        raise FriendsFileError(
            f"the file is not {encoding}", hint="export it as 'CSV UTF-8', or say its encoding"
        ) from None
    except csv.Error:
        raise FriendsFileError("the file is not CSV: a quote is not closed, or not doubled") from None


def _check_header(header: Sequence[str]) -> None:
    known = set(KEYS) - {"fields"}
    wrong = [name for name in header if name not in known and not name.startswith(_FIELD)]
    missing = [name for name in ("event", "id", "at") if name not in header]
    twice = sorted({name for name in header if header.count(name) > 1})
    problems = [
        *(f"unknown column '{name[:100]}'" for name in wrong),
        *(f"there is no column '{name}'" for name in missing),
        *(f"column '{name[:100]}' occurs twice" for name in twice),
    ]
    if problems:
        hint = "columns are event, id, at, user_id, member_id, and fields.NAME for each field"
        raise FriendsFileError("; ".join(problems), hint=hint)


def _row(
    number: int, header: Sequence[str], cells: Sequence[str], reader: EventReader, now: datetime
) -> ShopEvent | RefusedRow:
    if len(cells) != len(header):
        return RefusedRow(number, "", f"has {len(cells)} cells, but there are {len(header)} columns")
    value: dict[str, Any] = {"fields": {}}
    for name, cell in zip(header, cells, strict=True):
        if not (text := unprotected(cell)):
            continue
        if name.startswith(_FIELD):
            value["fields"][name.removeprefix(_FIELD)] = text
        else:
            value[name] = text
    return reader.read(number, value, now)


def _text(value: Mapping[str, Any], name: str, *, required: bool = False) -> str:
    found = value.get(name)
    try:
        text = "" if found is None else as_cell(found)
    except Unreadable as problem:
        raise _Wrong(name, problem.reason, problem.hint) from None
    if not isinstance(text, str):
        raise _Wrong(name, "is a list, and one value belongs here")
    text = text.strip()
    if required and not text:
        raise _Wrong(name, "is missing")
    if len(text) > LONGEST_ID:
        raise _Wrong(name, f"is longer than {LONGEST_ID} characters")
    return _recordable(name, text)


def _recordable(place: str, text: str) -> str:
    """A text as every database holds it: without NUL, and without half of a surrogate pair."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise _Wrong(place, "holds half of a character") from None
    if "\x00" in text:
        raise _Wrong(place, "holds a NUL character")
    return text


def _fields(value: Mapping[str, Any]) -> Mapping[str, Any]:
    found = value.get("fields")
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise _Wrong("fields", "is not an object")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def refused(rows: Iterable[NumberedEvent]) -> list[RefusedRow]:
    """What is wrong with these, one problem an event."""
    return [row for _, row in rows if isinstance(row, RefusedRow)]
