"""Where friends stand in scenarios: one row for each friend, scenario and instance, found by when it is due.

A row that is over, or waits for nothing, is in no index over due times, so that a claim looks at nothing but what it
takes. Measured with ten million rows: see `engine/decisions/0012-scenarios.md`.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from lineform.ports.journeys import FriendChange, Kept, NewEvent, Stand
from lineform.scenarios.enrolment import Enrolment, Mark, State
from lineform.sending.status import SETTLED
from lineform.store.bulk import Row, insert_rows, update_rows
from lineform.store.database import STREAMED, chunks
from lineform.store.events import EventRecords, types_of
from lineform.store.importing import FriendImport
from lineform.store.recorded import read_value, recorded_text, recorded_value
from lineform.store.tables import accounts, batches, enrolments, events, friend_tags, friends, revisions, sends, sweeps

_STAND = (
    *("entry", "version", "state", "step", "anchor", "entered_at", "due", "reached", "waiting", "turn", "held_until"),
    *("began_with", "fields", "marks", "reason", "changed_at"),
)
_NEW = ("account_id", "friend_id", "scenario", "instance", *_STAND)


_DUE = (
    sa.select(friends.c.id)
    .join_from(enrolments, friends, friends.c.id == enrolments.c.friend_id)
    .where(enrolments.c.account_id == sa.bindparam("account_id"), enrolments.c.due <= sa.bindparam("now"))
    .order_by(enrolments.c.due, enrolments.c.friend_id)
    .limit(sa.bindparam("limit"))
    .with_for_update(skip_locked=True, of=friends, key_share=True)
)
_NEXT_DUE = (
    sa.select(enrolments.c.scenario, enrolments.c.due)
    .where(enrolments.c.account_id == sa.bindparam("account_id"), enrolments.c.due.is_not(None))
    .order_by(enrolments.c.due)
    .limit(1)
)
_SWEPT = (
    sa.select(sweeps.c.name, sweeps.c.finished_at)
    .join_from(sweeps, accounts, accounts.c.id == sweeps.c.account_id)
    .where(accounts.c.name == sa.bindparam("account"), sweeps.c.name.in_(sa.bindparam("names", expanding=True)))
)


class JourneyRecords(EventRecords, FriendImport):
    """Friends' courses."""

    def hold_friends(self, account: str, ids: Sequence[int]) -> None:
        """Locks them in one order for all, so that nobody waits in a circle; against others who decide or write, not
        against those who only refer to a friend. SQLite has one writer anyway."""
        if not self.postgres or not ids:
            return
        with self.writing() as connection:
            query = sa.select(friends.c.id).where(self.among(friends.c.id, sorted(ids))).order_by(friends.c.id)
            connection.execute(query.with_for_update(key_share=True)).all()

    def claim_due(self, account: str, now: datetime, limit: int) -> Sequence[int]:
        """Ids of friends with something due, each once."""
        with self.writing() as connection:
            asked = {"account_id": self.account_id(connection, account), "now": now, "limit": limit}
            return list(dict.fromkeys(connection.execute(_DUE, asked).scalars()))

    def enrolments(self, account: str, ids: Sequence[int]) -> Mapping[int, tuple[Enrolment, ...]]:
        """By friend; those who are in nothing are left out."""
        found: dict[int, list[Enrolment]] = {}
        with self.reading() as connection:
            for part in chunks(list(ids), STREAMED):
                query = sa.select(enrolments).where(self.among(enrolments.c.friend_id, part)).order_by(enrolments.c.id)
                for row in connection.execute(query):
                    found.setdefault(row.friend_id, []).append(_enrolment(row))
        return {friend_id: tuple(several) for friend_id, several in found.items()}

    def save_enrolments(self, account: str, changed: Sequence[Enrolment], now: datetime) -> None:
        """Adds or changes; of one that occurs twice, the last is written."""
        latest = {(one.friend_id, one.scenario, one.instance): one for one in changed}
        with self.writing() as connection:
            account_id = self.own_account_id(connection, account)
            for part in chunks(list(latest), STREAMED):
                known = self._row_ids(connection, sorted({friend_id for friend_id, _, _ in part}))
                new: list[Row] = []
                old: list[Row] = []
                for key in part:
                    values = _values(latest[key], now)
                    if key in known:
                        old.append((known[key], *values))
                    else:
                        new.append((account_id, *key, *values))
                insert_rows(connection, enrolments, _NEW, new)
                update_rows(connection, enrolments, ("id", *_STAND), old)

    def stands(self, account: str) -> Sequence[Stand]:
        """By scenario, version, state and step."""
        columns = (enrolments.c.scenario, enrolments.c.version, enrolments.c.state, enrolments.c.step)
        with self.reading() as connection:
            account_id = self.account_id(connection, account)
            query = sa.select(*columns, sa.func.count()).where(enrolments.c.account_id == account_id)
            rows = connection.execute(query.group_by(*columns).order_by(*columns))
            return [Stand(row[0], row[1], State(row[2]), row[3], row[4]) for row in rows]

    def kept(self, account: str, now: datetime) -> Sequence[Kept]:
        """By scenario, step and reason."""
        columns = (enrolments.c.scenario, enrolments.c.step, enrolments.c.reason)
        held = sa.and_(enrolments.c.held_until == enrolments.c.due, enrolments.c.reason != "")
        figures = (sa.func.count(), sa.func.min(enrolments.c.due), sa.func.max(enrolments.c.changed_at))
        query = (
            sa.select(*columns, *figures)
            .where(enrolments.c.account_id == sa.bindparam("account_id"), enrolments.c.due.is_not(None))
            .where(enrolments.c.state == State.ACTIVE, sa.or_(held, enrolments.c.due <= now))
            .group_by(*columns)
            .order_by(*columns)
        )
        with self.reading() as connection:
            rows = connection.execute(query, {"account_id": self.account_id(connection, account)})
            return [Kept(*row) for row in rows]

    def in_scenario(self, account: str, scenario: str, state: State | None = None) -> Iterator[int]:
        """Friend ids, each once."""
        last = 0
        while True:
            with self.reading() as connection:
                wanted = [
                    enrolments.c.account_id == self.account_id(connection, account),
                    enrolments.c.scenario == scenario,
                    enrolments.c.friend_id > last,
                ]
                if state is not None:
                    wanted.append(enrolments.c.state == state)
                query = sa.select(enrolments.c.friend_id).where(*wanted).distinct()
                part = connection.execute(query.order_by(enrolments.c.friend_id).limit(STREAMED)).scalars().all()
            if not part:
                return
            yield from part
            last = part[-1]

    def next_due(self, account: str) -> tuple[str, datetime] | None:
        """The earliest of all."""
        with self.reading() as connection:
            row = connection.execute(_NEXT_DUE, {"account_id": self.account_id(connection, account)}).first()
        return None if row is None else (row.scenario, row.due)

    def change_friends(self, account: str, changes: Sequence[FriendChange], now: datetime) -> None:
        """Of friends who are held: no lock of the whole account is taken, as an import takes one."""
        if not changes:
            return
        with self.writing() as connection:
            account_id = self.own_account_id(connection, account)
            words = {tag for change in changes for tag in (*change.tags, *change.untag)}
            ids = self._tag_ids(connection, account_id, {recorded_text(word) for word in words})
            for change in changes:
                self._change_tags(connection, change, ids, now)
            known = [change for change in changes if change.attributes]
            self._change_attributes(connection, account_id, known, now)
            for change in changes:
                told = {"display_name": change.display_name, "language": change.language}
                values = {name: recorded_text(value) for name, value in told.items() if value is not None}
                if values:
                    mine = friends.c.id == change.friend_id
                    connection.execute(sa.update(friends).where(mine).values(**values, changed_at=now))

    def _change_tags(self, connection: Connection, change: FriendChange, ids: Mapping[str, int], now: datetime) -> None:
        if change.untag:
            gone = self.among(friend_tags.c.tag_id, [ids[tag] for tag in change.untag])
            connection.execute(sa.delete(friend_tags).where(friend_tags.c.friend_id == change.friend_id, gone))
        for tag in change.tags:
            new = self.insert(friend_tags).values(tag_id=ids[tag], friend_id=change.friend_id, tagged_at=now)
            renewed = new.on_conflict_do_update(index_elements=["tag_id", "friend_id"], set_={"tagged_at": now})
            connection.execute(renewed)

    def _change_attributes(
        self, connection: Connection, account_id: int, changes: Sequence[FriendChange], now: datetime
    ) -> None:
        for part in chunks(changes, STREAMED):
            merged: dict[int, dict[str, Any]] = {}
            query = sa.select(friends.c.id, friends.c.attributes).where(
                self.among(friends.c.id, sorted({change.friend_id for change in part})),
            )
            for friend_id, attributes in connection.execute(query):
                merged[friend_id] = dict(attributes)
            for change in part:
                for name, value in change.attributes.items():
                    if value is None:
                        merged[change.friend_id].pop(name, None)
                    else:
                        merged[change.friend_id][name] = recorded_value(value)
            rows = [(friend_id, attributes, now) for friend_id, attributes in merged.items()]
            update_rows(connection, friends, ("id", "attributes", "changed_at"), rows)

    def record_events(self, account: str, several: Sequence[NewEvent]) -> Sequence[NewEvent]:
        """Each once by its type and id; without the lock of the whole account that an import takes."""
        if not several:
            return []
        new: list[NewEvent] = []
        with self.writing() as connection:
            account_id = self.own_account_id(connection, account)
            types = self._type_ids(connection, account_id, {recorded_text(one.type) for one in several})
            for one in several:
                fields = {recorded_text(name): recorded_value(value) for name, value in one.fields.items()}
                row = {"type_id": types[one.type], "friend_id": one.friend_id, "at": one.at, "key": one.id}
                insert = self.insert(events).values(**row, fields=fields).on_conflict_do_nothing()
                if connection.execute(insert.returning(events.c.id)).first() is not None:
                    new.append(one)
        return new

    def take_back(
        self, account: str, friend_id: int, answers: Sequence[str], texts: Sequence[str], since: datetime
    ) -> None:
        with self.writing() as connection:
            mine = sa.and_(
                types_of(self.account_id(connection, account)),
                events.c.friend_id == friend_id,
                self.among(events.c.key, list(answers)),
            )
            connection.execute(sa.delete(events).where(mine))
            # As JSON holds them.
            said = [json.dumps(text, ensure_ascii=False)[1:-1].encode() for text in texts]
            theirs = (batches.c.addressee == friend_id, batches.c.status.in_(SETTLED), sends.c.frozen_at >= since)
            found = sa.select(batches.c.id, batches.c.body).join(sends, sends.c.id == batches.c.send_id)
            for row in connection.execute(found.where(*theirs)).all():
                if any(one in bytes(row.body) for one in said):
                    connection.execute(sa.update(batches).where(batches.c.id == row.id).values(body=b""))

    def version_of(self, account: str, address: str, version: str) -> tuple[str, Mapping[str, Any]] | None:
        """Of several with this beginning, the one that was armed last."""
        query = (
            sa.select(revisions.c.digest, revisions.c.body)
            .join_from(revisions, accounts, accounts.c.id == revisions.c.account_id)
            .where(accounts.c.name == account, revisions.c.address == address)
            .where(revisions.c.digest.startswith(version, autoescape=True))
        )
        with self.reading() as connection:
            row = connection.execute(query.order_by(revisions.c.id.desc()).limit(1)).first()
        return None if row is None else (row.digest, json.loads(row.body))

    def swept(self, account: str, names: Collection[str]) -> Mapping[str, datetime]:
        """Those that were."""
        with self.reading() as connection:
            rows = connection.execute(_SWEPT, {"account": account, "names": list(names)})
            return {row.name: row.finished_at for row in rows}

    def sweep_done(self, account: str, name: str, now: datetime) -> None:
        """From now on."""
        with self.writing() as connection:
            account_id = self.own_account_id(connection, account)
            new = self.insert(sweeps).values(account_id=account_id, name=name, finished_at=now)
            later = {"finished_at": new.excluded.finished_at}
            connection.execute(new.on_conflict_do_update(index_elements=["account_id", "name"], set_=later))

    def _row_ids(self, connection: Connection, ids: Sequence[int]) -> dict[tuple[int, str, str], int]:
        columns = (enrolments.c.id, enrolments.c.friend_id, enrolments.c.scenario, enrolments.c.instance)
        rows = connection.execute(sa.select(*columns).where(self.among(enrolments.c.friend_id, ids)))
        return {(friend_id, scenario, instance): row_id for row_id, friend_id, scenario, instance in rows}


def _values(one: Enrolment, now: datetime) -> Row:
    marks = [[mark.step, mark.said, int(mark.at.timestamp())] for mark in one.marks]
    fields = {recorded_text(name): recorded_value(value) for name, value in one.fields.items()}
    return (
        *(one.entry, one.version, one.state.value, one.step, one.anchor, one.entered_at, one.due, one.reached),
        *(one.waiting, one.turn, one.held_until, recorded_text(one.began_with), fields),
        *(json.dumps(marks, ensure_ascii=False, separators=(",", ":")), one.reason, now),
    )


def _enrolment(row: Any) -> Enrolment:
    marks = tuple(Mark(step, said, datetime.fromtimestamp(at, UTC)) for step, said, at in json.loads(row.marks))
    return Enrolment(
        scenario=row.scenario,
        friend_id=row.friend_id,
        instance=row.instance,
        entry=row.entry,
        version=row.version,
        state=State(row.state),
        step=row.step,
        anchor=row.anchor,
        entered_at=row.entered_at,
        due=row.due,
        reached=row.reached,
        waiting=row.waiting,
        turn=row.turn,
        held_until=row.held_until,
        began_with=row.began_with,
        fields={name: read_value(value) for name, value in row.fields.items()},
        marks=marks,
        reason=row.reason,
        changed_at=row.changed_at,
    )
