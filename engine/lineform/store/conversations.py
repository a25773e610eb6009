"""Dialogues, what replies answered, and nonces of member links."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from lineform.ports.conversations import KEPT_AFTER, Conversation, MemberNonce
from lineform.scenarios.answering import Standing
from lineform.scenarios.dialogue import Dialogue
from lineform.scenarios.replies import Answered
from lineform.store.database import STREAMED, Database, chunks
from lineform.store.recorded import read_value, recorded_text, recorded_value
from lineform.store.tables import answered, dialogues, friends, member_nonces

_COLUMNS = ("key", "at", "began_at", "touched_at", "answers", "beside", "picked", "open", "heard", "undecided")


class ConversationRecords(Database):
    """Where friends are in conversations."""

    def standings(self, account: str, ids: Sequence[int]) -> Mapping[int, Standing]:
        """By friend: dialogues by form, and replies by name."""
        talks: dict[int, dict[str, Dialogue]] = {}
        marks: dict[int, dict[str, Answered]] = {}
        with self.reading() as connection:
            account_id = self.account_id(connection, account)
            for part in chunks(list(ids), STREAMED):
                mine = (friends.c.account_id == account_id, self.among(friends.c.id, part))
                query = sa.select(dialogues).join(friends, friends.c.id == dialogues.c.friend_id).where(*mine)
                for row in connection.execute(query):
                    talks.setdefault(row.friend_id, {})[row.form] = _dialogue(row)
                query = sa.select(answered).join(friends, friends.c.id == answered.c.friend_id).where(*mine)
                for row in connection.execute(query):
                    marks.setdefault(row.friend_id, {})[row.reply] = Answered(row.at, row.key)
        return {one: Standing(talks.get(one, {}), marks.get(one, {})) for one in talks.keys() | marks.keys()}

    def save_conversations(self, account: str, changed: Sequence[Conversation]) -> None:
        """Idempotent."""
        talks = [(one.friend_id, form, talk) for one in changed for form, talk in one.dialogues.items()]
        over = [(friend_id, form) for friend_id, form, talk in talks if talk is None]
        kept = [_row(friend_id, talk) for friend_id, _, talk in talks if talk is not None]
        marks = [
            {"friend_id": one.friend_id, "reply": name, "at": mark.at, "key": mark.key}
            for one in changed
            for name, mark in one.answered.items()
        ]
        if not (over or kept or marks):
            return
        with self.writing() as connection:
            for friend_id, form in over:
                one = sa.and_(dialogues.c.friend_id == friend_id, dialogues.c.form == form)
                connection.execute(sa.delete(dialogues).where(one))
            if kept:
                new = self.insert(dialogues)
                values = {name: new.excluded[name] for name in _COLUMNS}
                connection.execute(new.on_conflict_do_update(index_elements=["friend_id", "form"], set_=values), kept)
            if marks:
                new = self.insert(answered)
                values = {name: new.excluded[name] for name in ("at", "key")}
                connection.execute(new.on_conflict_do_update(index_elements=["friend_id", "reply"], set_=values), marks)

    def keep_nonces(self, account: str, nonces: Sequence[MemberNonce], now: datetime) -> None:
        """All of them, or none."""
        with self.writing() as connection:
            account_id = self.own_account_id(connection, account)
            over = sa.and_(member_nonces.c.account_id == account_id, member_nonces.c.expires_at <= now - KEPT_AFTER)
            connection.execute(sa.delete(member_nonces).where(over))
            rows = [
                {
                    "account_id": account_id,
                    "hash": one.hash,
                    "member_id": recorded_text(one.member_id),
                    "expires_at": one.expires_at,
                    "used_by": "",
                }
                for one in nonces
            ]
            if rows:
                connection.execute(sa.insert(member_nonces), rows)

    def redeem_nonce(self, account: str, nonce_hash: str, key: str, now: datetime) -> str:
        """Marks it as used: of two who come at once, one finds it."""
        with self.writing() as connection:
            mine = sa.and_(
                member_nonces.c.account_id == self.account_id(connection, account),
                member_nonces.c.hash == nonce_hash,
                member_nonces.c.expires_at > now,
                member_nonces.c.used_by.in_(("", key)),
            )
            row = sa.update(member_nonces).where(mine).values(used_by=key).returning(member_nonces.c.member_id)
            return connection.execute(row).scalar() or ""


def _row(friend_id: int, talk: Dialogue) -> dict[str, Any]:
    return {
        "friend_id": friend_id,
        "form": talk.form,
        "key": talk.key,
        "at": talk.at,
        "began_at": talk.began_at,
        "touched_at": talk.touched_at,
        "answers": {name: None if value is None else recorded_value(value) for name, value in talk.answers.items()},
        "beside": {name: recorded_value(value) for name, value in talk.beside.items()},
        "picked": list(talk.picked),
        "open": talk.open,
        "heard": dict(talk.heard),
        "undecided": {name: list(chosen) for name, chosen in talk.undecided.items()},
    }


def _dialogue(row: Any) -> Dialogue:
    return Dialogue(
        form=row.form,
        key=row.key,
        at=row.at,
        began_at=row.began_at,
        touched_at=row.touched_at,
        answers={name: None if value is None else read_value(value) for name, value in row.answers.items()},
        beside={name: read_value(value) for name, value in row.beside.items()},
        picked=tuple(row.picked),
        open=row.open,
        heard=row.heard,
        undecided={name: tuple(chosen) for name, chosen in row.undecided.items()},
    )
