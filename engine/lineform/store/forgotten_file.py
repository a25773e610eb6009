"""Whom a store has forgotten, in a file that outlives the store: for a database that other tools bring back.

It holds keyed hashes, which tell nobody who is meant, the mark of their key, and when it was.
"""

from __future__ import annotations

import json
import os
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from lineform.errors import UsageError
from lineform.store.database import Database
from lineform.store.forgotten import Erased, Forgotten
from lineform.store.tables import accounts, forgotten

FORMAT_VERSION: Final = 2


def forgotten_people(database: Database) -> Forgotten:
    """Whom a store has forgotten."""
    columns = (accounts.c.name, forgotten.c.hash, forgotten.c.key_mark, forgotten.c.forgotten_at)
    query = sa.select(*columns).join_from(forgotten, accounts, accounts.c.id == forgotten.c.account_id)
    found: dict[str, dict[str, Erased]] = {}
    with database.reading() as connection:
        for account, one, mark, at in connection.execute(query):
            found.setdefault(account, {})[one] = Erased(mark, at)
    return found


def write_forgotten(people: Forgotten, file: Path) -> None:
    """Writes a new file for its owner alone. Raises `UsageError` where it is there already, or cannot be written."""
    told = {
        account: {one: {"key_mark": erased.key_mark, "at": erased.at.isoformat()} for one, erased in hashes.items()}
        for account, hashes in people.items()
    }
    text = json.dumps({"format_version": FORMAT_VERSION, "forgotten": told}, indent=1, sort_keys=True)
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as target:
            target.write(text + "\n")
            target.flush()
            os.fsync(target.fileno())
    except FileExistsError:
        raise UsageError(f"{file} is there already", hint="name another file") from None
    except OSError as error:
        raise UsageError(f"{file} cannot be written: {error.strerror}") from None


def read_forgotten(file: Path) -> Forgotten:
    """What `write_forgotten` wrote. Raises `UsageError` for anything else."""
    try:
        return _people(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        hint = "name the file that `lineform restore --before FILE` wrote"
        raise UsageError(f"{file} does not say whom the store had forgotten", hint=hint) from None


def _people(data: Any) -> Forgotten:
    if data["format_version"] != FORMAT_VERSION:
        raise ValueError("another version")
    return {
        account: {one: _erased(told) for one, told in people.items()} for account, people in data["forgotten"].items()
    }


def _erased(told: Any) -> Erased:
    mark, at = told["key_mark"], datetime.fromisoformat(told["at"])
    if not isinstance(mark, str) or at.tzinfo is None:
        raise TypeError("no mark, or a moment without a time zone")
    return Erased(mark, at)
