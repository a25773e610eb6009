"""Friends as they are written: an import adds and changes many of them in transactions of bounded size.

Measured with four attributes and a tag a friend (`make bench NAME=imports`): a new one from a CSV file takes 20 µs, all
in all. A quarter of that is reading, a fifth is work of this file, and the rest is SQLite's own on three tables with
their indexes. Memory stays the same for any number of rows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from lineform.ports.friends import FriendRow, ImportCount, Watched
from lineform.scenarios.happening import What
from lineform.segments.friend import Value
from lineform.store.bulk import Row, insert_columns, insert_rows, json_encoder, update_rows
from lineform.store.forgotten import ForgottenPeople
from lineform.store.recorded import recorded_text as _text
from lineform.store.recorded import recorded_value as _stored
from lineform.store.tables import accounts, friend_tags, friends, happenings, line_ids, tags

CHUNK = 10_000
"""Friends written in one transaction: a fifth of a second, for which everybody else who writes waits."""
_JSON = json_encoder()
_OWN = ("first_followed_at", "first_route", "last_route", "member_id")
_CHANGED = ("id", "display_name", "language", "followed_at", "blocked", *_OWN, "attributes", "changed_at")


@dataclass(slots=True)
class _Work:
    """What one chunk comes to: new friends with their ids, changed ones as rows of the columns above, and by tag the
    friends to whom it is given, from whom it is taken, and whose time with it begins anew."""

    now: datetime
    forgotten: int = 0
    added: list[FriendRow] = field(default_factory=list)
    ids: Sequence[int] = ()
    changed: list[Row] = field(default_factory=list)
    tagged: defaultdict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    untagged: defaultdict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    renewed: defaultdict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    unchanged: int = 0
    changes: int = 0


_HAPPENED = ("account_id", "key", "friend_id", "what", "at", "name", "text", "fields")


class _Watch:
    """Changes that somebody waits for, as happenings: of a million rows, those of the few names that are watched."""

    def __init__(self, watched: Watched, now: datetime) -> None:
        self._watched, self._now = watched, now
        self.rows: list[Row] = []

    def added(self, friend_id: int, row: FriendRow) -> None:
        """Of somebody new, everything is a change."""
        for tag in row.tags:
            self._note(friend_id, What.TAGGED, tag)
        for name, value in row.attributes.items():
            if value is not None:
                self._note(friend_id, What.ATTRIBUTE, name)

    def changed(
        self, old: Any, row: FriendRow, plus: AbstractSet[int], minus: AbstractSet[int], ids: Mapping[str, int]
    ) -> None:
        """`plus` and `minus` are the ids of the tags that the friend did not have, and had."""
        for tag in {*row.tags, *row.untag}:
            if ids[tag] in plus:
                self._note(old.id, What.TAGGED, tag)
            elif ids[tag] in minus:
                self._note(old.id, What.UNTAGGED, tag)
        for name, value in row.attributes.items():
            if old.attributes.get(name) != (None if value is None else _stored(value)):
                self._note(old.id, What.ATTRIBUTE, name)

    def _note(self, friend_id: int, what: What, name: str) -> None:
        if (what, name) in self._watched:
            key = f"import/{self._now.isoformat()}/{friend_id}/{what}/{name}"
            self.rows.append((key, friend_id, what.value, self._now, name, "", {}))


class FriendImport(ForgottenPeople):
    """Adds and changes friends by LINE user id."""

    def import_friends(
        self,
        account: str,
        rows: Iterable[FriendRow],
        now: datetime,
        watched: Watched = frozenset(),
        listed: datetime | None = None,
    ) -> ImportCount:
        """Idempotent. Whatever stops it between two transactions, running it again does the rest. People who were
        forgotten are left out. What was written of somebody after the rows were `listed` says whether they block.

        Raises ValueError for a value that no database can hold (a NUL character, a number that is not finite),
        CredentialError where the key that recognises the forgotten is missing.
        """
        added = changed = unchanged = forgotten = 0
        for chunk in _once_each(rows, CHUNK):
            with self.writing() as connection:
                work = self._import(connection, account, chunk, now, watched, listed)
            added += len(work.added)
            changed += work.changes
            unchanged += work.unchanged
            forgotten += work.forgotten
        return ImportCount(added, changed, unchanged, forgotten)

    def _import(
        self,
        connection: Connection,
        account: str,
        rows: Mapping[str, FriendRow],
        now: datetime,
        watched: Watched,
        listed: datetime | None,
    ) -> _Work:
        account_id = self.own_account_id(connection, account)
        if self.postgres:
            # One import an account at a time: two that add the same friend would collide. SQLite has one writer anyway.
            connection.execute(sa.select(accounts.c.id).where(accounts.c.id == account_id).with_for_update())
        words = _words(rows.values())
        tag_ids = self._tag_ids(connection, account_id, words)
        known = self._known(connection, account_id, list(rows))
        gone = self.forgotten_among(
            connection, account, [one for one, row in rows.items() if one not in known and not row.returns]
        )
        if gone:
            rows = {user_id: row for user_id, row in rows.items() if user_id not in gone}
        had = self._tags_held(connection, [row.id for row in known.values()]) if words and known else {}
        work = _Work(now, forgotten=len(gone))
        work.added = [row for user_id, row in rows.items() if user_id not in known]
        work.ids = self._new_ids(connection, len(work.added))
        watch = _Watch(watched, now)
        sets = _TagSets(tag_ids)
        for friend_id, row in zip(work.ids, work.added, strict=True):
            for tag_id in sets[row.tags]:
                work.tagged[tag_id].append(friend_id)
            if watched:
                watch.added(friend_id, row)
        for user_id, old in known.items():
            row = rows[user_id]
            if listed is not None and old.blocked and old.changed_at >= listed:
                row = row._replace(blocked=None)
            held = had.get(old.id, frozenset())
            wanted = sets[row.tags]
            for tag_id in sets[row.renew] & wanted & held:
                work.renewed[tag_id].append(old.id)
            plus = wanted - held
            minus = (sets[row.untag] - wanted) & held
            for tag_id in plus:
                work.tagged[tag_id].append(old.id)
            for tag_id in minus:
                work.untagged[tag_id].append(old.id)
            changed = bool(_change(work, row, old) or plus or minus)
            if watched and changed:
                watch.changed(old, row, plus, minus, tag_ids)
            work.changes += changed
            work.unchanged += not changed
        self._write(connection, account_id, work)
        if back := {row.user_id: one for one, row in zip(work.ids, work.added, strict=True) if row.returns}:
            self.find_codes(connection, account_id, account, back)
        insert_rows(connection, happenings, _HAPPENED, [(account_id, *one) for one in watch.rows])
        return work

    def _write(self, connection: Connection, account_id: int, work: _Work) -> None:
        if work.added:
            account, now = [account_id] * len(work.ids), [work.now] * len(work.ids)
            insert_columns(
                connection,
                friends,
                {"id": work.ids, "account_id": account, **_columns(work.added), "changed_at": now},
                encoded=("attributes",),
            )
            people = [row.user_id for row in work.added]
            insert_columns(connection, line_ids, {"friend_id": work.ids, "account_id": account, "user_id": people})
        update_rows(connection, friends, _CHANGED, work.changed)
        # In the order of the key, and that of the tags' friends.
        tagged = [(tag_id, one, work.now) for tag_id in sorted(work.tagged) for one in sorted(work.tagged[tag_id])]
        insert_rows(connection, friend_tags, ("tag_id", "friend_id", "tagged_at"), tagged)
        for tag_id, ids in work.untagged.items():
            among = self.among(friend_tags.c.friend_id, ids)
            connection.execute(sa.delete(friend_tags).where(friend_tags.c.tag_id == tag_id, among))
        for tag_id, ids in work.renewed.items():
            among = self.among(friend_tags.c.friend_id, ids)
            renewing = sa.update(friend_tags).where(friend_tags.c.tag_id == tag_id, among)
            connection.execute(renewing.values(tagged_at=work.now))

    def _known(self, connection: Connection, account_id: int, user_ids: Sequence[str]) -> dict[str, Any]:
        rows = connection.execute(
            sa.select(friends, line_ids.c.user_id)
            .join_from(line_ids, friends, line_ids.c.friend_id == friends.c.id)
            .where(line_ids.c.account_id == account_id, self.among(line_ids.c.user_id, user_ids))
        )
        return {row.user_id: row for row in rows}

    def _tags_held(self, connection: Connection, ids: Sequence[int]) -> dict[int, frozenset[int]]:
        rows = connection.execute(
            sa.select(friend_tags.c.friend_id, friend_tags.c.tag_id).where(self.among(friend_tags.c.friend_id, ids))
        )
        found: dict[int, set[int]] = {}
        for friend_id, tag_id in rows:
            found.setdefault(friend_id, set()).add(tag_id)
        return {friend_id: frozenset(held) for friend_id, held in found.items()}

    def _tag_ids(self, connection: Connection, account_id: int, words: set[str]) -> dict[str, int]:
        if not words:
            return {}
        query = sa.select(tags.c.name, tags.c.id).where(
            tags.c.account_id == account_id, self.among(tags.c.name, sorted(words))
        )
        found: dict[str, int] = dict(connection.execute(query).all())
        if missing := sorted(words - found.keys()):
            new = [{"account_id": account_id, "name": word} for word in missing]
            connection.execute(self.insert(tags).on_conflict_do_nothing(), new)
            found = dict(connection.execute(query).all())
        return found

    def _new_ids(self, connection: Connection, count: int) -> Sequence[int]:
        if not count:
            return ()
        if self.postgres:
            sequence = "nextval(pg_get_serial_sequence('friends', 'id'))"
            drawn = connection.execute(sa.text(f"SELECT {sequence} FROM generate_series(1, :n)"), {"n": count})  # noqa: S608 - a constant
            return sorted(drawn.scalars())
        # The only writer: nobody else draws from here. A friend's row is never deleted, so that no id comes back.
        last = connection.execute(sa.select(sa.func.max(friends.c.id))).scalar() or 0
        return range(last + 1, last + 1 + count)


def _once_each(rows: Iterable[FriendRow], size: int) -> Iterator[dict[str, FriendRow]]:
    """Chunks in which each friend occurs once: a second row about the same friend comes after the first is written."""
    chunk: dict[str, FriendRow] = {}
    for row in rows:
        if len(chunk) >= size or row.user_id in chunk:
            yield chunk
            chunk = {}
        chunk[row.user_id] = row
    if chunk:
        yield chunk


def _words(rows: Iterable[FriendRow]) -> set[str]:
    """Every tag that is named."""
    named = {row.tags for row in rows} | {row.untag for row in rows}
    return {_text(tag) for several in named for tag in several}


class _TagSets(dict[tuple[str, ...], frozenset[int]]):
    """The ids of rows' tags; the same few combinations come again and again."""

    def __init__(self, ids: Mapping[str, int]) -> None:
        super().__init__()
        self._ids = ids

    def __missing__(self, several: tuple[str, ...]) -> frozenset[int]:
        found = self[several] = frozenset(self._ids[tag] for tag in several)
        return found


class _Texts(dict[Any, str]):
    """Names and values as JSON. What was written once is not written again: most values are few words, dates and small
    numbers, and an encoder that begins anew for each friend takes longer than all of SQLite."""

    def __missing__(self, key: Any) -> str:
        # Whatever is no text stands beside its type: True equals 1, and 1 equals 1.0.
        text = self[key] = _JSON.encode(_stored(key if type(key) is str else key[1]))
        return text

    def of(self, attributes: Mapping[str, Value | None]) -> str:
        """A new friend's attributes."""
        members = [
            f"{self[name]}:{self[value if type(value) is str else (type(value), value)]}"
            for name, value in attributes.items()
            if value is not None
        ]
        return f"{{{','.join(members)}}}"


def _columns(new: Sequence[FriendRow]) -> dict[str, Sequence[Any]]:
    """What is recorded of new friends."""
    texts = _Texts()
    followed = [row.followed_at for row in new]
    routes = [_text(row.route or "") for row in new]
    return {
        "display_name": [_text(row.display_name or "") for row in new],
        "language": [row.language or "" for row in new],
        "followed_at": followed,
        "blocked": [bool(row.blocked) for row in new],
        "first_followed_at": followed,
        "first_route": routes,
        "last_route": routes,
        "member_id": [_text(row.member_id or "") for row in new],
        "attributes": [texts.of(row.attributes) for row in new],
    }


def _change(work: _Work, row: FriendRow, old: Any) -> bool:
    """Notes what the row changes of a known friend; False where it changes nothing."""
    attributes = old.attributes
    if row.attributes:
        merged = attributes | {name: _stored(value) for name, value in row.attributes.items() if value is not None}
        for name, value in row.attributes.items():
            if value is None:
                merged.pop(name, None)
        attributes = merged
    after = (
        old.display_name if row.display_name is None else _text(row.display_name),
        old.language if row.language is None else row.language,
        old.followed_at if row.followed_at is None else row.followed_at,
        old.blocked if row.blocked is None else row.blocked,
        _earliest(old.first_followed_at, row.followed_at),
        old.first_route or _text(row.route or ""),
        _text(row.route) if row.route else old.last_route,
        old.member_id if row.member_id is None else _text(row.member_id),
    )
    if _same(attributes, old.attributes) and after == tuple(getattr(old, name) for name in _CHANGED[1:9]):
        return False
    work.changed.append((old.id, *after, attributes, work.now))
    return True


def _earliest(known: datetime | None, told: datetime | None) -> datetime | None:
    return told if known is None else known if told is None else min(known, told)


def _same(new: Mapping[str, Any], old: Mapping[str, Any]) -> bool:
    # True equals 1 in Python: an attribute that turned from one into the other is another value.
    return new is old or (new == old and all(type(old[name]) is type(value) for name, value in new.items()))
