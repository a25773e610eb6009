"""Friends from a database of members: any that SQLAlchemy has a dialect for, read by a query that a person wrote.

The query's columns are those of `friends_rows`: a database that knows no LINE user ids gives `member_id`. It runs in a
transaction that reads only, where the engine has such transactions, and that is rolled back everywhere. It is sent as
it is written: no text of it is put together here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from itertools import islice

import sqlalchemy as sa
from sqlalchemy import exc

from lineform.errors import CredentialError, UsageError
from lineform.loading.friends_rows import FriendsFileError, Numbered, RowsReader, check_columns
from lineform.ports.sources import READ_ONLY
from lineform.segments.declared import Declared

_FETCHED = 5_000
_ASIDE = re.compile(r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`[^`]*`", re.DOTALL)
"""Comments, texts and quoted names."""
_INNER = re.compile(r"\([^()]*\)")
_ORDER = re.compile(r"\border\s+by\b", re.IGNORECASE)


def is_ordered(query: str) -> bool:
    """Whether the query says in which order its rows come: only then does a row's number mean the same row again. An
    order inside of parentheses (of a subquery, of a window) says nothing about it."""
    rest = _ASIDE.sub(" ", query)
    while (outer := _INNER.sub(" ", rest)) != rest:
        rest = outer
    return _ORDER.search(rest) is not None


def read_database(
    url: str, query: str, declared: Declared, *, timezone: str = "Asia/Tokyo", start: int = 1
) -> Iterator[Numbered]:
    """The rows of a query from row `start` (of 1) on, in little memory.

    Raises `FriendsFileError` where the database refuses the query, `CredentialError` where it cannot be reached,
    `UsageError` where the URL means nothing or its driver is not installed. None of them repeats the URL.
    """
    engine = _engine(url)
    try:
        with engine.connect() as connection:
            if order := READ_ONLY.get(engine.dialect.name):
                connection.exec_driver_sql(order)
            # Without parameters the driver leaves percent signs and colons alone.
            streaming = connection.execution_options(no_parameters=True, stream_results=True, yield_per=_FETCHED)
            with closing(streaming.exec_driver_sql(query)) as rows:
                if not rows.returns_rows:
                    raise FriendsFileError("the query returns no rows: it is not a SELECT")
                columns = list(rows.keys())
                check_columns(columns, declared)
                reader = RowsReader(columns, declared, timezone)
                yield from reader.read(islice(enumerate(rows, 1), start - 1, None))
    except exc.OperationalError as error:
        if error.connection_invalidated or error.statement is None:
            raise CredentialError(
                f"the database of members cannot be reached ({type(error.orig).__name__})",
                hint="check the URL in the environment variable: host, port, user, password, database",
            ) from None
        raise _refused(error) from None
    except exc.DBAPIError as error:
        raise _refused(error) from None
    finally:
        engine.dispose()


def _engine(url: str) -> sa.Engine:
    try:
        parsed = sa.make_url(url)
        if parsed.get_backend_name() in {"postgresql", "postgres"} and "+" not in parsed.drivername:
            parsed = parsed.set(drivername="postgresql+psycopg")
        return sa.create_engine(parsed, hide_parameters=True, poolclass=sa.NullPool)
    except exc.ArgumentError:
        # The text may hold a password: it is not repeated.
        raise UsageError(
            "the database's URL cannot be read", hint="write it as SQLAlchemy does: postgresql://user@host/database"
        ) from None
    except ModuleNotFoundError as error:
        raise UsageError(f"this database needs the Python package {error.name}", hint="install it") from None


def _refused(error: exc.DBAPIError) -> FriendsFileError:
    """What a database says of a query may name values; of a query that it does not understand, only the query."""
    state = getattr(error.orig, "sqlstate", None) or getattr(error.orig, "sqlite_errorname", None) or ""
    said = str(error.orig).splitlines()[0] if isinstance(error, exc.ProgrammingError) or not state else ""
    name = " ".join(part for part in (type(error.orig).__name__, str(state)) if part)
    return FriendsFileError(f"the database refuses the query: {said or name}", hint="try the query in its own client")
