"""Friends as a file that `lineform friends import` reads again: the same columns, and every value as it was.

Texts that a spreadsheet would take for a formula get an apostrophe before them, which the import takes away. What is no
longer declared cannot be imported, and so is left out and counted.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from lineform.errors import UsageError
from lineform.loading.csv_cells import join_words
from lineform.loading.friends_rows import protected
from lineform.model.attributes import AttributeSpec
from lineform.segments.declared import Declared
from lineform.segments.friend import Friend, Value

_OWN = ("user_id", "display_name", "language", "followed_at", "blocked", "tags", "route", "member_id")
SUFFIXES = (".csv", ".jsonl")


@dataclass(slots=True)
class Written:
    """What a file came to. `left_out` counts values by attribute, or by ``tag x``, that are not as declared now."""

    friends: int = 0
    left_out: dict[str, int] = field(default_factory=dict)


def ending_of(path: Path) -> str:
    """By what a file's name says how it is written. Raises `UsageError` where it says neither."""
    ending = path.suffix.lower()
    if ending not in SUFFIXES:
        raise UsageError(f"{path.name} ends with neither .csv nor .jsonl", hint="name the format by the file's ending")
    return ending


def write_friends(
    path: Path, ending: str, friends: Iterable[Friend], declared: Declared, on_friend: Callable[[int], None]
) -> Written:
    """Writes friends into a file, in the format of one of `SUFFIXES`."""
    written = Written()
    # Excel takes a file for UTF-8 only where it begins with this mark; the import does not mind it.
    encoding = "utf-8-sig" if ending == ".csv" else "utf-8"
    with path.open("w", encoding=encoding, newline="") as file:
        write = _csv_writer(file, declared) if ending == ".csv" else _jsonl_writer(file)
        for friend in friends:
            write(_values(friend, declared, written.left_out))
            written.friends += 1
            if not written.friends % 1_000:
                on_friend(written.friends)
    return written


def _values(friend: Friend, declared: Declared, left_out: dict[str, int]) -> dict[str, Any]:
    """A friend's columns, without those of which nothing is known."""
    values: dict[str, Any] = {"user_id": friend.user_id}
    if friend.display_name:
        values["display_name"] = friend.display_name
    if friend.language:
        values["language"] = friend.language
    if friend.followed_at is not None:
        values["followed_at"] = friend.followed_at.isoformat()
    values["blocked"] = friend.blocked
    if friend.last_route in declared.routes:
        values["route"] = friend.last_route
    elif friend.last_route:
        _count(left_out, f"route {friend.last_route}")
    if friend.member_id:
        values["member_id"] = friend.member_id
    if tags := sorted(friend.tags & declared.tags):
        values["tags"] = tags
    for tag in friend.tags - declared.tags:
        _count(left_out, f"tag {tag}")
    for name, value in friend.attributes.items():
        if name in declared.attributes and _fits(value, declared.attributes[name]):
            values[name] = list(value) if isinstance(value, tuple) else value
        else:
            _count(left_out, name)
    return values


def _count(left_out: dict[str, int], what: str) -> None:
    left_out[what] = left_out.get(what, 0) + 1


def _fits(value: Value, spec: AttributeSpec) -> bool:
    match spec.type:
        case "bool":
            return isinstance(value, bool)
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "set":
            return isinstance(value, tuple) and set(value) <= set(spec.values)
        case "enum":
            return value in spec.values
        case "text" | "date":
            return isinstance(value, str) and bool(value.strip())


def _csv_writer(file: IO[str], declared: Declared) -> Callable[[Mapping[str, Any]], None]:
    columns = (*_OWN, *declared.attributes)
    writer = csv.writer(file)
    writer.writerow(columns)
    return lambda values: writer.writerow([_cell(values.get(column)) for column in columns])


def _cell(value: Any) -> Any:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case list():
            return protected(join_words(value))
        case str():
            return protected(value)
        case _:
            return value


def _jsonl_writer(file: IO[str]) -> Callable[[Mapping[str, Any]], None]:
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode

    def write(values: Mapping[str, Any]) -> None:
        file.write(f"{encode(values)}\n")

    return write
