"""The triggers that write the log of changes (`lineform.store.changes`).

What a step of the tables' history made of them is written once and never changed: a table that is noted later has a
tuple and a step of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

Noted = tuple[str, str, str, str]
"""Which table's rows are noted, at which change, as which kind, by which column."""
FRIENDS: tuple[Noted, ...] = (
    ("friends", "INSERT", "f", "id"),
    ("friends", "UPDATE", "f", "id"),
    ("friend_tags", "INSERT", "f", "friend_id"),
    ("friend_tags", "UPDATE", "f", "friend_id"),
    ("friend_tags", "DELETE", "f", "friend_id"),
    ("events", "INSERT", "e", "id"),
    ("events", "UPDATE", "e", "id"),
    ("events", "DELETE", "d", "id"),
    ("line_ids", "DELETE", "x", "friend_id"),
)
MENUS = tuple(("friend_menus", change, "m", "friend_id") for change in ("INSERT", "UPDATE", "DELETE"))
ALL = (*FRIENDS, *MENUS)


def sqlite_triggers(condition: str = "", noted: Iterable[Noted] = FRIENDS) -> Iterator[tuple[str, str]]:
    """A row of the log for each row that changed: what makes each trigger, by its name."""
    for table, change, kind, column in noted:
        row = "OLD" if change == "DELETE" else "NEW"
        name = f"{table}_{change.lower()}_noted"
        noting = f"INSERT INTO changes (kind, ids) VALUES ('{kind}', {row}.{column})"  # noqa: S608 - our own names
        yield name, f"CREATE TRIGGER {name} AFTER {change} ON {table} {condition}BEGIN {noting}; END"


def postgres_functions() -> Iterator[str]:
    """What a trigger of PostgreSQL calls, by the column that it notes."""
    for column in ("id", "friend_id"):
        yield (
            f"CREATE FUNCTION lineform_note_{column}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "  # noqa: S608 - our own names
            "IF EXISTS (SELECT 1 FROM copies) THEN INSERT INTO changes (kind, ids) "
            f"SELECT TG_ARGV[0], array_agg(DISTINCT {column}) FROM touched HAVING count(*) > 0; "
            "END IF; RETURN NULL; END $$"
        )


def postgres_triggers(noted: Iterable[Noted]) -> Iterator[str]:
    """A row of the log for each statement that changed rows."""
    for table, change, kind, column in noted:
        rows = "OLD" if change == "DELETE" else "NEW"
        yield (
            f"CREATE TRIGGER {table}_{change.lower()}_noted AFTER {change} ON {table} "
            f"REFERENCING {rows} TABLE AS touched FOR EACH STATEMENT "
            f"EXECUTE FUNCTION lineform_note_{column}('{kind}')"
        )
