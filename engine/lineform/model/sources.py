"""Where a company keeps what it knows: tables of its own, which segments are asked of and nobody writes to."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from lineform.model.base import Part

_PLACE = re.compile(r"[^\x00-\x1f\"\\\\]+")


def _name(value: str) -> str:
    if not _PLACE.fullmatch(value):
        raise ValueError("is no name of a table or a column: it holds quotes, backslashes or control characters")
    return value


def _folder(value: str) -> str:
    if value.startswith(("/", "~")) or ".." in value.split("/") or any(mark in value for mark in "*?[{"):
        raise ValueError("must be a folder of the workspace, written without .. or patterns")
    return value


TableName = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_name)]
ColumnName = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_name)]


class SourceDatabase(Part):
    """A database by the name of the environment variable that holds its URL. A URL is never written in a file."""

    env: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*$")]
    """The variable, such as AOBA_WAREHOUSE."""


class SourceFriends(Part):
    """The table with one row a person."""

    table: TableName
    """A table or view, ``schema.table`` where it needs one; for Parquet a file of the folder."""
    key: ColumnName
    """The column that says which person a row is about."""


class SourceEvent(Part):
    """A table with one row an event."""

    table: TableName
    key: ColumnName
    """The column with the same key as that of `friends`."""
    at: ColumnName
    """A timestamp. One without a time zone is meant on the client's clocks."""
    fields: dict[str, ColumnName] = {}
    """Columns by the declared event's fields."""


class SourceSpec(Part):
    """Tables elsewhere that hold declared attributes and events. A segment names it: ``source: warehouse``."""

    database: SourceDatabase | None = None
    """The variable with the SQLAlchemy URL of a database, which is only read."""
    parquet: Annotated[str, Field(min_length=1), AfterValidator(_folder)] | None = None
    """A folder of the workspace with Parquet files."""
    people: Literal["user_id", "member_id"] = "user_id"
    """What the key is: LINE's user id, or the business's own id of a member who is linked."""
    friends: SourceFriends
    attributes: dict[str, ColumnName] = {}
    """Columns by declared attribute."""
    events: dict[str, SourceEvent] = {}
    """Tables by declared event."""
    description: str = ""

    @model_validator(mode="after")
    def _one_place(self) -> SourceSpec:
        if (self.database is None) == (self.parquet is None):
            raise ValueError("needs either a 'database' or a 'parquet' folder")
        return self
