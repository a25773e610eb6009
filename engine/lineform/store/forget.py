"""A person's right to be erased: every row about them goes, what is on its way to them stops, the ledger stays.

The ledger knows internal ids alone, and the table that mapped this one to a person has lost the row; what was written
for this person, the bodies of their messages, is emptied. Other people's rows are not touched.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from lineform.errors import LockedError
from lineform.ports.friends import ForgetCount
from lineform.scenarios.shop import MEMBER
from lineform.sending.status import SETTLED, BatchStatus
from lineform.store.database import STREAMED, chunks
from lineform.store.events import types_of
from lineform.store.failures import StoreUnavailable, translated
from lineform.store.forgotten import ForgottenPeople, key_mark, keyed_hash
from lineform.store.tables import (
    accounts,
    audit,
    batches,
    events,
    forgotten,
    friends,
    inbox,
    line_ids,
    member_nonces,
    metadata,
    sends,
)
from lineform.store.types import unpack_ids

_KEPT = frozenset({"id", "account_id", "blocked", "changed_at"})
"""Of a friend's row: so that the ledger's id means nobody, and never somebody else."""
_STOPPABLE = (BatchStatus.STAGED, BatchStatus.READY, BatchStatus.CALLING, BatchStatus.ANSWERING)
_UNDER_WAY = (BatchStatus.CALLING, BatchStatus.ANSWERING)
_SHORTEST = 2
"""Characters: a text of one is in every message, and says nothing about anybody."""
_GONE = "[forgotten]"
_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class _Person:
    friend_id: int
    user_id: str
    texts: frozenset[str]
    """What the store knows about them, as far as it is text."""
    members: tuple[str, ...] = ()
    """The member they are linked to, where they are."""


class Forgetting(ForgottenPeople):
    """Erases people."""

    def forget(self, account: str, user_ids: Sequence[str], now: datetime) -> ForgetCount:
        """Forgets these people; safe to repeat. Whoever is no friend is erased wherever else the store names them, and
        remembered as forgotten all the same.

        Raises `LockedError` where a call to one of them is under way right now, and `CredentialError` where there is no
        key to recognise them by: nobody is forgotten then. On SQLite the file is written anew, so that no trace stays
        in its free space.
        """
        wanted = sorted(set(user_ids))
        with self.writing() as connection:
            account_id = self.own_account_id(connection, account)
            # Whoever imports or freezes at this moment ends first, or begins afterwards.
            connection.execute(sa.select(accounts.c.id).where(accounts.c.id == account_id).with_for_update())
            key = self.forget_key(connection, account_id)
            people = list(self._persons(connection, account_id, wanted))
            stopped = self._stop(connection, account_id, people, now)
            if people:
                # What they were given stays used, and is nobody's.
                self.leave_codes(connection, account_id, account, key, {one.friend_id: one.user_id for one in people})
                self._erase(connection, account_id, people, now)
            # Of whoever is no friend, or not any more, something may have come in and been kept all the same.
            members = {person.user_id: person.members for person in people}
            for user_id in wanted:
                self._erase_named(connection, account_id, account, user_id, members.get(user_id, ()))
            known = {person.user_id for person in people}
            before = self.forgotten_among(connection, account, wanted)
            self._remember(connection, account_id, account, key, {one: one in known for one in wanted}, now)
        self._compact()
        return ForgetCount(len(people), len(wanted) - len(known | before), stopped)

    def _remember(
        self,
        connection: Connection,
        account_id: int,
        account: str,
        key: bytes,
        people: Mapping[str, bool],
        now: datetime,
    ) -> None:
        new = self.insert(forgotten)
        hashes = {keyed_hash(key, account, user_id): was_friend for user_id, was_friend in people.items()}
        before = self._forgotten_at(connection, account_id, hashes)
        # Somebody who was taken in again on purpose leaves a second friend's row behind.
        again = new.on_conflict_do_update(
            index_elements=["account_id", "hash"],
            set_={"emptied": forgotten.c.emptied + new.excluded.emptied, "forgotten_at": new.excluded.forgotten_at},
        )
        rows = [
            {
                "account_id": account_id,
                "hash": one,
                "key_mark": key_mark(key),
                "emptied": int(was_friend),
                # Later each time, whatever the clock says: by it a restore tells this erasure from an earlier one.
                "forgotten_at": max(now, before[one] + _INSTANT) if one in before else now,
            }
            for one, was_friend in hashes.items()
        ]
        if rows:
            connection.execute(again, rows)

    def _forgotten_at(self, connection: Connection, account_id: int, hashes: Iterable[str]) -> Mapping[str, datetime]:
        found: dict[str, datetime] = {}
        for part in chunks(list(hashes), STREAMED):
            mine = (forgotten.c.account_id == account_id, self.among(forgotten.c.hash, part))
            for row in connection.execute(sa.select(forgotten.c.hash, forgotten.c.forgotten_at).where(*mine)):
                found[row.hash] = row.forgotten_at
        return found

    def _persons(self, connection: Connection, account_id: int, user_ids: Sequence[str]) -> Iterator[_Person]:
        for part in chunks(user_ids, STREAMED):
            rows = connection.execute(
                sa.select(friends, line_ids.c.user_id)
                .join_from(line_ids, friends, line_ids.c.friend_id == friends.c.id)
                .where(line_ids.c.account_id == account_id, self.among(line_ids.c.user_id, part))
            )
            for row in rows.mappings().all():
                values = [value for name, value in row.items() if name not in _KEPT | {"language"}]
                yield _Person(
                    row["id"], row["user_id"], frozenset(_texts(values)), tuple(filter(None, [row["member_id"]]))
                )

    def _stop(self, connection: Connection, account_id: int, people: Sequence[_Person], now: datetime) -> int:
        """Stops calls to these people alone, and empties what was written for them; how many were stopped."""
        by_id = {person.friend_id: person for person in people}
        named = list(self._batches_of(connection, account_id, by_id.keys()))
        stopped = 0
        for part in chunks(named, STREAMED):
            rows = connection.execute(
                sa.select(batches).where(self.among(batches.c.id, [one for one, _ in part])).with_for_update()
            ).all()
            ids = dict(part)
            if any(row.status in _UNDER_WAY and row.lease_until is not None and row.lease_until > now for row in rows):
                raise LockedError(
                    "a message to one of them is being sent right now, and nobody was forgotten",
                    hint="wait for `lineform run` to end, or some minutes where it was killed, and do it again",
                )
            others = {one for row in rows for one in ids[row.id]} - by_id.keys()
            alive = self._alive(connection, sorted(others))
            for row in rows:
                alone = not any(one in alive for one in ids[row.id])
                named_here = [by_id[one] for one in ids[row.id] if one in by_id]
                stopped += self._stop_one(connection, row, named_here, now, alone=alone)
        return stopped

    def _stop_one(
        self, connection: Connection, row: Any, people: Sequence[_Person], now: datetime, *, alone: bool
    ) -> bool:
        """A call to others as well goes on without these people: `run` leaves out whoever has no user id any more."""
        settled = row.status in SETTLED
        if not alone and not (settled and _holds(row.body, people)):
            return False
        values: dict[str, Any] = {"body": b"", "digest": b"", "reason": _without(row.reason, people)}
        stops = alone and row.status in _STOPPABLE
        if stops:
            called = row.first_called_at is not None
            values["status"] = BatchStatus.UNCERTAIN if called else BatchStatus.FORGOTTEN
            values["reason"] = (
                "every recipient was forgotten after the first call, whose outcome was never learned"
                if called
                else "every recipient was forgotten"
            )
            values |= {"settled_at": now, "worker": "", "lease_until": None}
        connection.execute(sa.update(batches).where(batches.c.id == row.id).values(values))
        return stops

    def _batches_of(
        self, connection: Connection, account_id: int, ids: Iterable[int]
    ) -> Iterator[tuple[int, tuple[int, ...]]]:
        """Every batch with one of these friends, and its friends. It looks through the whole ledger of the account:
        who received what is written nowhere else."""
        wanted = frozenset(ids)
        if not wanted:
            return
        query = (
            sa.select(batches.c.id, batches.c.friend_ids)
            .join_from(batches, sends, sends.c.id == batches.c.send_id)
            .where(sends.c.account_id == account_id, batches.c.recipients > 0)
        )
        for batch_id, packed in connection.execute(
            query, execution_options={"stream_results": True, "yield_per": STREAMED}
        ):
            found = unpack_ids(packed)
            if not wanted.isdisjoint(found):
                yield batch_id, found

    def _alive(self, connection: Connection, ids: Sequence[int]) -> frozenset[int]:
        found: set[int] = set()
        for part in chunks(ids, STREAMED):
            query = sa.select(line_ids.c.friend_id).where(self.among(line_ids.c.friend_id, part))
            found.update(connection.execute(query).scalars())
        return frozenset(found)

    def _erase(self, connection: Connection, account_id: int, people: Sequence[_Person], now: datetime) -> None:
        ids = [person.friend_id for person in people]
        # Whatever is known about a friend names the friend so; the row in `friends` is emptied instead of deleted.
        for table in metadata.sorted_tables:
            if "friend_id" in table.c:
                rows = sa.delete(table).where(self.among(table.c.friend_id, ids))
                connection.execute(rows.where(types_of(account_id)) if table is events else rows)
        blank: dict[str, Any] = {c.name: _blank(c) for c in friends.c if c.name not in _KEPT}
        connection.execute(
            sa.update(friends)
            .where(self.among(friends.c.id, ids))
            .values({**blank, "blocked": True, "changed_at": now})
        )

    def _erase_named(
        self, connection: Connection, account_id: int, account: str, user_id: str, members: Sequence[str]
    ) -> None:
        """What names somebody by LINE's id, or by the member whom they are linked to, and needs no friend for it."""
        if members:
            known = (member_nonces.c.account_id == account_id, member_nonces.c.member_id.in_(members))
            connection.execute(sa.delete(member_nonces).where(*known))
        # Whatever came in from them or about them, worked on or not.
        named = inbox.c.body.contains(user_id, autoescape=True)
        theirs = inbox.c.person.in_([user_id, *(f"{MEMBER}{one}" for one in members)])
        connection.execute(sa.delete(inbox).where(inbox.c.account_id == account_id, sa.or_(theirs, named)))
        for table, column, mine in (
            (sends, sends.c.reason, sends.c.account_id == account_id),
            (audit, audit.c.subject, audit.c.account == account),
            (audit, audit.c.detail, audit.c.account == account),
        ):
            holds = column.contains(user_id, autoescape=True)
            cleaned = sa.func.replace(column, user_id, _GONE)
            connection.execute(sa.update(table).where(mine, holds).values({column.name: cleaned}))

    def _compact(self) -> None:
        """SQLite leaves what was deleted in free pages and in the write-ahead log until something else needs the room.
        PostgreSQL's vacuum comes by itself."""
        if self.postgres:
            return
        with translated(self._driver_error):
            connection = self.engine.raw_connection()
            try:
                cursor = connection.cursor()
                cursor.execute("VACUUM")
                (busy, _, _) = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
                cursor.close()
            finally:
                connection.close()
        if busy:
            raise StoreUnavailable(
                "they are forgotten, but traces stay in the store's log while another process reads the store",
                hint="when it has ended, run the same command again",
            )


def _blank(column: sa.Column[Any]) -> Any:
    if column.nullable:
        return None
    return {} if column.name == "attributes" else column.type.python_type()


def _texts(values: Iterable[Any]) -> Iterator[str]:
    for value in values:
        if isinstance(value, str):
            if len(value) >= _SHORTEST:
                yield value
        elif isinstance(value, dict):
            yield from _texts(value.values())
        elif isinstance(value, list):
            yield from _texts(value)


def _holds(body: bytes, people: Sequence[_Person]) -> bool:
    """Whether a message to several people holds what is known of one of them. Where it fills a frame, only this is
    asked about: the frame is the campaign's own words."""
    text = bytes(body).decode("utf-8", "replace")
    return any(json.dumps(one, ensure_ascii=False)[1:-1] in text for person in people for one in person.texts)


def _without(text: str, people: Sequence[_Person]) -> str:
    for person in people:
        text = text.replace(person.user_id, _GONE)
    return text
