"""People who asked to be forgotten: known again by a keyed hash, and by nothing else.

The key is not in the store. Without it nobody can tell who is meant, not even who holds a copy of the store and a list
of all user ids; with it an import, or a coupon that is given once, can tell that this person was here before.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import Connection

from lineform.errors import CredentialError
from lineform.store.database import Database, chunks
from lineform.store.tables import code_pools, codes, forgotten

KEY_NAME = "LINEFORM_FORGET_KEY"
SHORTEST_KEY = 16
"""Characters."""
_ASKED = 5_000


@dataclass(frozen=True, slots=True)
class Erased:
    """That somebody was forgotten: the mark of the key, and when it was, the last time."""

    key_mark: str
    at: datetime


Forgotten = Mapping[str, Mapping[str, Erased]]
"""Whom a store has forgotten: by account, and by each person's keyed hash."""


class ForgottenPeople(Database):
    """Recognises people who were forgotten."""

    def was_forgotten(self, account: str, user_ids: Sequence[str]) -> frozenset[str]:
        """Those of these LINE user ids whose people were forgotten. Raises `CredentialError` where the key is needed
        and is missing, or is another one than theirs."""
        with self.reading() as connection:
            return self.forgotten_among(connection, account, user_ids)

    def forgotten_among(self, connection: Connection, account: str, user_ids: Sequence[str]) -> frozenset[str]:
        """The same, inside a transaction."""
        account_id = self.account_id(connection, account)
        key = self._key_in_use(connection, account_id) if user_ids and account_id is not None else None
        if key is None:
            return frozenset()
        found: set[str] = set()
        for part in chunks(user_ids, _ASKED):
            hashes = {keyed_hash(key, account, user_id): user_id for user_id in part}
            known = sa.select(forgotten.c.hash).where(
                forgotten.c.account_id == account_id, self.among(forgotten.c.hash, list(hashes))
            )
            found.update(hashes[one] for one in connection.execute(known).scalars())
        return frozenset(found)

    def leave_codes(
        self, connection: Connection, account_id: int, account: str, key: bytes, people: Mapping[int, str]
    ) -> None:
        """Codes of these friends (internal ids to LINE's, who are about to be forgotten) stay used and are nobody's."""
        held = sa.select(codes.c.id, codes.c.holder_id, code_pools.c.name).join_from(
            codes, code_pools, code_pools.c.id == codes.c.pool_id
        )
        mine = (codes.c.account_id == account_id, self.among(codes.c.holder_id, list(people)))
        for row in connection.execute(held.where(*mine)).all():
            hashed = code_hash(key, account, row.name, people[row.holder_id])
            left = {"holder_id": None, "send_id": None, "forgotten": hashed}
            connection.execute(sa.update(codes).where(codes.c.id == row.id).values(left))

    def find_codes(self, connection: Connection, account_id: int, account: str, people: Mapping[str, int]) -> None:
        """Gives those of these people (LINE's ids to the new internal ones) who were forgotten what they had: the same
        code of a pool, and so never a second one. Raises as `was_forgotten` does."""
        back = self.forgotten_among(connection, account, list(people))
        key = self._key_in_use(connection, account_id) if back else None
        if key is None:
            return
        pools = connection.execute(
            sa.select(code_pools.c.id, code_pools.c.name).where(code_pools.c.account_id == account_id)
        ).all()
        for user_id in sorted(back):
            for pool in pools:
                left = sa.and_(
                    codes.c.account_id == account_id,
                    codes.c.pool_id == pool.id,
                    codes.c.forgotten == code_hash(key, account, pool.name, user_id),
                )
                again = {"holder_id": people[user_id], "forgotten": None}
                connection.execute(sa.update(codes).where(left).values(again))

    def forget_key(self, connection: Connection, account_id: int) -> bytes:
        """The key to forget with. Raises `CredentialError` where it is missing, too short, or not that of the people
        who were forgotten before."""
        return self._key_in_use(connection, account_id) or self._key()

    def _key_in_use(self, connection: Connection, account_id: int) -> bytes | None:
        """The key of the people who were forgotten; None where nobody was."""
        marks = connection.execute(
            sa.select(forgotten.c.key_mark).where(forgotten.c.account_id == account_id).distinct()
        ).scalars()
        used = set(marks)
        if not used:
            return None
        key = self._key()
        if used != {key_mark(key)}:
            raise CredentialError(
                f"{KEY_NAME} is another key than the one that earlier people were forgotten with",
                hint="set it to that key: with any other they would be taken in again as strangers",
            )
        return key

    def _key(self) -> bytes:
        if not self.forget_secret:
            raise CredentialError(
                f"the environment variable {KEY_NAME} is not set; it recognises people who asked to be forgotten",
                hint=f"set it to a secret that never changes, such as the output of: openssl rand -hex 32, "
                f"and keep {KEY_NAME} apart from the store and its backups",
            )
        if len(self.forget_secret) < SHORTEST_KEY:
            raise CredentialError(
                f"{KEY_NAME} is shorter than {SHORTEST_KEY} characters", hint="make one with: openssl rand -hex 32"
            )
        return self.forget_secret.encode()


def keyed_hash(key: bytes, account: str, user_id: str) -> str:
    """What is kept of a person. It covers the account, so that nobody can be followed from one to another, by its name,
    which is the same in every store."""
    return hmac.digest(key, f"lineform forgotten\n{account}\n{user_id}".encode(), "sha256").hex()


def code_hash(key: bytes, account: str, pool: str, user_id: str) -> str:
    """What is kept of who had a code. Another one for each pool, so that nobody without the key can tell that two codes
    were one person's, or that the person is one of those who were forgotten."""
    return hmac.digest(key, f"lineform forgotten code\n{account}\n{pool}\n{user_id}".encode(), "sha256").hex()


def key_mark(key: bytes) -> str:
    """Tells one key from another and nothing about it."""
    return hmac.digest(key, b"lineform forget key", "sha256").hex()[:16]
