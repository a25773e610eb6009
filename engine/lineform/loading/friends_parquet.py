"""Friends as a Parquet file, read by DuckDB: the lightest of the well-kept readers (66 MB installed; Arrow's is twice
that)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import chain, islice
from pathlib import Path
from typing import Any

from lineform.errors import UsageError
from lineform.loading.friends_rows import FriendsFileError, Numbered, RowsReader, check_columns
from lineform.segments.declared import Declared

_FETCHED = 5_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def read_parquet(
    source: Path, declared: Declared, *, timezone: str = "Asia/Tokyo", start: int = 1
) -> Iterator[Numbered]:
    """The rows of a file from row `start` (of 1) on, in little memory. Raises `FriendsFileError` where the file cannot
    be read, `UsageError` where DuckDB is not installed."""
    try:
        # Loaded here because start-up must not pay for it, and because it is an extra: most imports are CSV.
        import duckdb  # noqa: PLC0415
    except ImportError:
        raise UsageError("a Parquet file needs DuckDB", hint="pip install 'lineform[parquet]'") from None
    # A path is a pattern to DuckDB: a file whose name holds such characters would be several, or none.
    if any(mark in str(source) for mark in "*?[{"):
        raise FriendsFileError("the file's path holds one of * ? [ {", hint="rename it")
    # Nothing is fetched from elsewhere, whatever the file asks for.
    offline: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "threads": 1,
    }
    with duckdb.connect(config=offline) as connection:
        try:
            described = connection.execute("SELECT * FROM read_parquet(?) LIMIT 0", [str(source)]).description
            columns = [str(column[0]) for column in described]
            check_columns(columns, declared)
            # The names are known ones by now: words of our own, or declared with letters, digits and _ alone.
            moments = [str(column[1]).startswith("TIMESTAMP WITH TIME ZONE") for column in described]
            wanted = ", ".join(
                f'epoch_us("{name}")' if moment else f'"{name}"' for name, moment in zip(columns, moments, strict=True)
            )
            rows = connection.execute(f"SELECT {wanted} FROM read_parquet(?)", [str(source)])  # noqa: S608 - see above
            fetched = chain.from_iterable(iter(lambda: rows.fetchmany(_FETCHED), []))
            values = ([*map(_cell, cells, moments)] for cells in fetched) if any(moments) else fetched
            reader = RowsReader(columns, declared, timezone)
            yield from reader.read(islice(enumerate(values, 1), start - 1, None))
        except duckdb.Error as error:
            raise FriendsFileError(
                f"the file cannot be read as Parquet: {type(error).__name__}", hint="is it whole, and is it Parquet?"
            ) from None


def _cell(value: Any, is_moment: bool) -> Any:
    return _EPOCH + timedelta(microseconds=value) if is_moment and value is not None else value
