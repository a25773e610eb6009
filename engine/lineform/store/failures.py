"""What a database says when it cannot, as sentences that help: and never with a value in them, since values are people.

Drivers put values into their messages (PostgreSQL's "Key (user_id)=(…) already exists"), so an error is translated
without its cause.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import exc

from lineform.errors import BlockedError, LineformError, LineRefusedError, PartialError


class StoreFailure(LineformError):
    """The database refused a statement that it should not: our bug."""


class StoreUnavailable(LineRefusedError):
    """The database cannot be reached, or somebody else holds it, right now."""


class StoreUnusable(BlockedError):
    """The database is not one that can be used: no database, read-only, no permission, of a newer version."""


class CopyFailed(StoreUnusable):
    """The copy of the friends could not answer: the store can."""


class StoreFull(PartialError):
    """There is no room left. What was recorded before is kept; the statement that failed left nothing."""


_SQLITE = {
    "SQLITE_FULL": (StoreFull, "the disk that holds the store is full", "make room and run the same command again"),
    "SQLITE_BUSY": (
        StoreUnavailable,
        "the store is locked by another process for too long",
        "wait for the other lineform to end, and run the same command again",
    ),
    "SQLITE_LOCKED": (StoreUnavailable, "the store is locked", "run the same command again"),
    "SQLITE_NOTADB": (
        StoreUnusable,
        "the store's file is not a database",
        "name another file, or restore it from a backup",
    ),
    "SQLITE_CORRUPT": (StoreUnusable, "the store's file is damaged", "restore it from a backup"),
    "SQLITE_READONLY": (
        StoreUnusable,
        "the store cannot be written",
        "the file and its folder must belong to whoever runs lineform",
    ),
    "SQLITE_CANTOPEN": (
        StoreUnusable,
        "the store's file cannot be opened",
        "the folder must be there, and readable and writable for whoever runs lineform",
    ),
    "SQLITE_PERM": (StoreUnusable, "the store may not be opened", "check who owns the file"),
    "SQLITE_IOERR": (StoreUnusable, "the disk that holds the store fails", "check the disk, then restore a backup"),
}

_POSTGRES = {
    "53100": (StoreFull, "the database server's disk is full", "make room there and run the same command again"),
    "53": (StoreUnavailable, "the database server has no room for another connection", "try again, or raise its limit"),
    "57": (StoreUnavailable, "the database server is stopping or starting", "run the same command again"),
    "08": (StoreUnavailable, "the connection to the database server broke", "run the same command again"),
    "40": (StoreUnavailable, "two transactions were in each other's way", "run the same command again"),
    "55P03": (StoreUnavailable, "the store is locked by another process", "run the same command again"),
    "28": (StoreUnusable, "the database server refused the user or the password", "check the store's URL"),
    "3D": (StoreUnusable, "the database of the store's URL is not there", "create it, or check the store's URL"),
    "25006": (StoreUnusable, "the database server is read-only", "name the primary server in the store's URL"),
    "42501": (StoreUnusable, "the database user may not use these tables", "grant it all rights on its own schema"),
    "42P07": (
        StoreUnusable,
        "the database already holds tables of these names, made by something else",
        "give lineform a database of its own",
    ),
}


@contextmanager
def translated(driver: type[Exception]) -> Iterator[None]:
    """Inside of it, every failure of the database is one of this module's errors. `driver` is the class of all of its
    driver's errors, for statements that go past SQLAlchemy."""
    try:
        yield
    except exc.TimeoutError:
        raise StoreUnavailable(
            "all connections to the store are in use", hint="end what uses them, or use fewer workers"
        ) from None
    except exc.DBAPIError as error:
        raise translate(error.orig) from None
    except driver as error:
        raise translate(error) from None


def translate(error: BaseException | None) -> LineformError:
    """The error for a driver's exception."""
    if isinstance(error, sqlite3.Error):
        return _sqlite(error)
    return _postgres(error)


def _sqlite(error: sqlite3.Error) -> LineformError:
    name = getattr(error, "sqlite_errorname", "") or ""
    for known, (kind, message, hint) in _SQLITE.items():
        if name == known or name.startswith(f"{known}_"):
            return kind(message, hint=hint)
    if "no such table" in str(error):
        return _not_migrated()
    # SQLite names tables and columns in its messages, never values.
    return StoreFailure(f"the store refused a statement: {name} {error}".strip())


def _postgres(error: BaseException | None) -> LineformError:
    state = getattr(error, "sqlstate", None) or ""
    if not state and type(error).__name__ in {"OperationalError", "ConnectionTimeout", "InterfaceError", "PoolTimeout"}:
        return _no_connection(str(error))
    for prefix in (state, state[:2]):
        if prefix in _POSTGRES:
            kind, message, hint = _POSTGRES[prefix]
            return kind(message, hint=hint)
    if state == "42P01":
        return _not_migrated()
    return StoreFailure(f"the store refused a statement: {type(error).__name__} {state}".strip())


def _no_connection(said: str) -> LineformError:
    """A server that refuses a connection gives no code, only a sentence."""
    for phrase, state in (("authentication", "28"), ("role", "28"), ("does not exist", "3D"), ("too many", "53")):
        if "FATAL" in said and phrase in said:
            kind, message, hint = _POSTGRES[state]
            return kind(message, hint=hint)
    return StoreUnavailable(
        "the database server cannot be reached", hint="check the host and port of the store's URL, and the network"
    )


def _not_migrated() -> LineformError:
    return StoreUnusable("the store has no tables yet", hint="run lineform apply, which makes them")
