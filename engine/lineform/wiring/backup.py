"""A store brought back from a backup: up to date, silent until somebody has looked, and without the forgotten."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from lineform.errors import BlockedError
from lineform.run.halt import halt
from lineform.settings import FORGET_KEY, Settings
from lineform.store.backup import accounts_of, check, copy_store, forget_again, forgotten_in, sqlite_file, unpacked
from lineform.store.changes import unregister
from lineform.store.failures import StoreUnusable
from lineform.store.open import SqlStore, open_store


@dataclass(frozen=True, slots=True)
class Restored:
    """`halted` are the clients that send nothing until they are resumed; `forgotten` counts people whom the backup knew
    and who had been forgotten since."""

    version: int
    halted: tuple[str, ...]
    forgotten: int


def restore_store(
    settings: Settings, workspace: Path, backup: Path, now: datetime, actor: str, *, force: bool
) -> Restored:
    """Puts a backup in the place of the workspace's store, in one transaction, after everything else is done to it.

    What was sent after the backup was made is not in it, and would be sent again: so every client is halted. Raises
    BlockedError where there is a store already and `force` is not given.
    """
    target = sqlite_file(settings.store_url(workspace), backup, restore=True)
    found = check(backup)
    replaced = target.exists() and target.stat().st_size > 0
    if replaced and not force:
        raise BlockedError(
            f"there is a store already: {target}",
            hint="back it up first (lineform backup FILE), then add --force to replace it",
        )
    before = _forgotten(target) if replaced else {}
    with unpacked(backup, target) as copy:
        with open_store(f"sqlite:///{copy}", settings.environment.get(FORGET_KEY, "")) as store:
            assert isinstance(store, SqlStore)  # noqa: S101 - the URL says SQLite
            store.migrate()
            store.doubt_menus()  # who sees which menu has changed since the backup, and LINE tells nobody
            unregister(store)  # no copy follows a store that went back in time
            forgotten = forget_again(store, before, now)
            clients = accounts_of(store)
            for client in clients:
                halt(store, client, actor, now)
        if not replaced:
            open_store(f"sqlite:///{target}").close()
        copy_store(copy, target)
    return Restored(found.version, clients, forgotten)


def _forgotten(target: Path) -> Mapping[str, Mapping[str, str]]:
    try:
        return forgotten_in(target)
    except StoreUnusable as damaged:
        raise StoreUnusable(
            f"the store that is there cannot be read ({damaged.message}), and so not be replaced in its place",
            hint=f"move {target.name} with its -wal and -shm files away and restore without --force; then forget again "
            "whoever was forgotten since the backup",
        ) from None
