"""Sources as JSON, for armed revisions: where to ask, without any secret."""

from __future__ import annotations

from typing import Any

from lineform.segments.predicate import Source, SourceTable

_UNREADABLE = "is not a source that this version can read"


def source_to_wire(source: Source) -> dict[str, Any]:
    """JSON that `source_from_wire` reads back into an equal source."""
    return {
        "name": source.name,
        "database": source.database,
        "parquet": source.parquet,
        "people": source.people,
        "timezone": source.timezone,
        "friends": _table(source.friends),
        "events": [_table(one) for one in source.events],
    }


def source_from_wire(data: Any) -> Source:
    """The source in `data`; ValueError where there is none."""
    match data:
        case {
            "name": str() as name,
            "database": str() as database,
            "parquet": str() as parquet,
            "people": "user_id" | "member_id" as people,
            "timezone": str() as timezone,
            "friends": friends,
            "events": [*events],
        }:
            tables = tuple(_read_table(one) for one in events)
            return Source(name, database, parquet, people, timezone, _read_table(friends), tables)
    raise ValueError(_UNREADABLE)


def _table(table: SourceTable) -> dict[str, Any]:
    return {
        "table": table.table,
        "key": table.key,
        "columns": dict(table.columns),
        "event": table.event,
        "at": table.at,
    }


def _read_table(data: Any) -> SourceTable:
    match data:
        case {
            "table": str() as table,
            "key": str() as key,
            "columns": dict() as columns,
            "event": str() as event,
            "at": str() as at,
        } if all(isinstance(text, str) for pair in columns.items() for text in pair):
            return SourceTable(table, key, tuple(sorted(columns.items())), event, at)
    raise ValueError(_UNREADABLE)
