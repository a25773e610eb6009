"""A store brought back from a backup: up to date, silent until somebody has looked, and without the forgotten; in the
place of the store that was there, or, from SQLite, in an empty PostgreSQL store."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from lineform.errors import BlockedError
from lineform.run.halt import halt
from lineform.segments.predicate import Indexed
from lineform.settings import FORGET_KEY, Settings
from lineform.store import migrations
from lineform.store.backup import (
    accounts_of,
    check,
    copy_store,
    forget_again,
    forgotten_in,
    moves,
    newer_version,
    refuse_missing,
    sqlite_file,
    unpacked,
)
from lineform.store.changes import unregister
from lineform.store.descent import is_of
from lineform.store.failures import StoreUnusable
from lineform.store.forgotten import Forgotten
from lineform.store.forgotten_file import forgotten_people, read_forgotten, write_forgotten
from lineform.store.moving import indexed_attributes, move, refuse_filled
from lineform.store.open import SqlStore, open_store


@dataclass(frozen=True, slots=True)
class Restored:
    """`halted` are the clients that send nothing until they are resumed; `forgotten` counts people whom the backup knew
    and who had been forgotten since; `newer` is the version of the store that was replaced, where no version that is
    known here made it."""

    version: int
    halted: tuple[str, ...]
    forgotten: int
    newer: int = 0
    moved: Moved | None = None


@dataclass(frozen=True, slots=True)
class Moved:
    """What came into a PostgreSQL store: how many rows, and what is `indexed`, of which nothing has an index there yet.
    `own` is the SQLite store of the workspace, None where there is none. It was `asked` who had been forgotten since
    where it is known to be the one that the backup is of."""

    rows: int
    indexed: Sequence[Indexed]
    own: Path | None
    asked: bool


def restore_store(
    settings: Settings,
    workspace: Path,
    backup: Path,
    now: datetime,
    actor: str,
    *,
    force: bool,
    tell: Callable[[int], None] = lambda _: None,
) -> Restored:
    """Puts a backup in the place of the workspace's store, in one transaction, after everything else is done to it.

    What was sent after the backup was made is not in it, and would be sent again: so every client is halted. Raises
    BlockedError where there is a store already and `force` is not given. One of a newer version is replaced as well:
    that is the way back from it.

    Into a PostgreSQL store the backup of an SQLite store moves, where that is empty; with or without `force` it raises
    BlockedError where it is not. `tell` hears how many rows are there; `make_indexes` belongs after it.
    """
    refuse_missing(backup)
    if moves(settings.store_url(workspace), backup):
        return _moved(settings, workspace, backup, now, actor, tell)
    target = sqlite_file(settings.store_url(workspace), backup, restore=True)
    found = check(backup)
    replaced = target.exists() and target.stat().st_size > 0
    newer, before = _replaced(target) if replaced else (0, {})
    if replaced and not force:
        raise BlockedError(
            f"there is a store already: {target}" + (f", {newer_told(newer)}" if newer else ""),
            hint="back it up first (lineform backup FILE), then add --force to replace it",
        )
    with unpacked(backup, target) as copy:
        forgotten, clients = _made_ready(settings, copy, before, now, actor)
        if not replaced:
            open_store(f"sqlite:///{target}").close()
        copy_store(copy, target)
    return Restored(found.version, clients, forgotten, newer)


def _moved(
    settings: Settings, workspace: Path, backup: Path, now: datetime, actor: str, tell: Callable[[int], None]
) -> Restored:
    """The same into an empty PostgreSQL store. Forgotten since is whom the workspace's own SQLite store has forgotten,
    where that is the one that the backup is of: another one knows other people."""
    found = check(backup)
    own = Path(sqlite_file(replace(settings, store=None).store_url(workspace), backup, restore=False))
    there = own if own.exists() and own.stat().st_size > 0 else None
    before = None if there is None else _forgotten_by(there, backup)
    with _opened(settings, workspace) as target:
        refuse_filled(target)
        with unpacked(backup, own) as copy:
            forgotten, clients = _made_ready(settings, copy, before or {}, now, actor)
            indexed = indexed_attributes(copy)
            rows = move(copy, target, tell)
    moved = Moved(rows, indexed, there, asked=before is not None)
    return Restored(found.version, clients, forgotten, moved=moved)


def make_indexes(settings: Settings, workspace: Path, moved: Moved) -> None:
    """Makes the indexes of what has moved. It may take a while; where it is interrupted, the next apply makes them."""
    with _opened(settings, workspace) as store:
        for index in moved.indexed:
            store.keep_indexes([index])


def _made_ready(
    settings: Settings, copy: Path, before: Forgotten, now: datetime, actor: str
) -> tuple[int, tuple[str, ...]]:
    """Does to a copy of a backup whatever has to be done before anybody uses it; how many people were forgotten again,
    and the clients, which are halted."""
    with open_store(f"sqlite:///{copy}", settings.environment.get(FORGET_KEY, "")) as store:
        assert isinstance(store, SqlStore)  # noqa: S101 - the URL says SQLite
        store.migrate()
        return _brought_back(store, before, now), _halted(store, actor, now)


def newer_told(version: int) -> str:
    """Whose a store is that this lineform does not know."""
    return f"of a newer lineform (its tables were of version {version}, this one knows {migrations.VERSION})"


def before_restore(settings: Settings, workspace: Path, file: Path, now: datetime, actor: str) -> Restored:
    """Before other tools bring the store back: halts every client, and writes to a new file whom the store has
    forgotten; `forgotten` counts them."""
    with _opened(settings, workspace) as store:
        people = forgotten_people(store)
        write_forgotten(people, file)
        clients = _halted(store, actor, now)
    return Restored(migrations.VERSION, clients, sum(map(len, people.values())))


def after_restore(settings: Settings, workspace: Path, file: Path | None, now: datetime, actor: str) -> Restored:
    """After other tools brought the store back: halts every client at once, and forgets again whom `file` names; safe
    to repeat. Raises as `forget_again` does: all clients are halted by then."""
    before = {} if file is None else read_forgotten(file)
    with _opened(settings, workspace) as store:
        store.migrate()
        clients = _halted(store, actor, now)
        return Restored(migrations.VERSION, clients, _brought_back(store, before, now))


@contextmanager
def _opened(settings: Settings, workspace: Path) -> Iterator[SqlStore]:
    with open_store(settings.store_url(workspace), settings.environment.get(FORGET_KEY, "")) as store:
        assert isinstance(store, SqlStore)  # noqa: S101 - every URL says SQL
        yield store


def _halted(store: SqlStore, actor: str, now: datetime) -> tuple[str, ...]:
    clients = accounts_of(store)
    for client in clients:
        halt(store, client, actor, now)
    return clients


def _brought_back(store: SqlStore, before: Forgotten, now: datetime) -> int:
    """What a store needs that went back in time, besides the halt; how many people were forgotten again."""
    store.doubt_menus()  # who sees which menu has changed since the backup, and LINE tells nobody
    unregister(store)  # no copy follows a store that went back in time
    return forget_again(store, before, now)


def _forgotten_by(own: Path, backup: Path) -> Forgotten | None:
    """Whom the SQLite store that stays behind has forgotten; None where it is not known to be that of the backup."""
    try:
        return forgotten_in(own) if is_of(backup, own) else None
    except StoreUnusable as damaged:
        raise StoreUnusable(
            f"{own} cannot be read ({damaged.message}), and so not be asked who was forgotten since the backup",
            hint=f"move {own.name} with its -wal and -shm files away and restore again; then forget again whoever was "
            "forgotten since the backup",
        ) from None


def _replaced(target: Path) -> tuple[int, Forgotten]:
    """Of the store that is there: its version where it is newer than is known here, and whom it has forgotten."""
    try:
        return newer_version(target), forgotten_in(target)
    except StoreUnusable as damaged:
        raise StoreUnusable(
            f"the store that is there cannot be read ({damaged.message}), and so not be replaced in its place",
            hint=f"move {target.name} with its -wal and -shm files away and restore without --force; then forget again "
            "whoever was forgotten since the backup",
        ) from None
