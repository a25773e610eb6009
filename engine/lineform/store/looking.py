"""A look at a store that changes nothing: no file is made, and no table."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError

from lineform.store import migrations
from lineform.store.copy import Form, form_of, not_installed
from lineform.store.open import SqlStore, open_store


@dataclass(frozen=True, slots=True)
class StoreState:
    """`version` is that of the tables, 0 where there are none; `newest` the one that this lineform makes."""

    version: int
    newest: int
    shared: bool


def look_at_store(url: str) -> StoreState:
    """What is at a store's URL. Raises what `open_store` and migrating it would raise."""
    if not _is_there(url):
        return StoreState(0, migrations.VERSION, shared=False)
    with open_store(url) as store:
        if not isinstance(store, SqlStore):
            raise TypeError(f"{type(store).__name__} is no store of this room")
        with store.reading() as connection:
            version = migrations.recorded_version(connection)
        migrations.refuse_newer(version)
        return StoreState(version, migrations.VERSION, store.shared)


@dataclass(frozen=True, slots=True)
class CopyLook:
    """The copy of the friends as it lies beside a store: `size` in bytes, 0 where there is none. `missing` is what is
    not installed of what it needs: then nobody knows its form."""

    size: int
    missing: tuple[str, ...]
    form: Form | None


def look_at_copy(path: Path) -> CopyLook:
    """What is where a copy belongs."""
    size = path.stat().st_size if path.exists() else 0
    missing = not_installed()
    return CopyLook(size, missing, form_of(path) if size and not missing else None)


def _is_there(url: str) -> bool:
    """False for the file of an SQLite store that nobody made yet."""
    try:
        parsed = sa.make_url(url)
    except ArgumentError:
        return True  # `open_store` says what is wrong with it
    return parsed.get_backend_name() != "sqlite" or not parsed.database or Path(parsed.database).exists()
