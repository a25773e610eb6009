"""What a source has answered, brought into the question: its people as our friends, in a temporary table."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from lineform.segments.friend import Friend
from lineform.segments.predicate import InSource, Source
from lineform.store.database import STREAMED, among, pieces
from lineform.store.failures import StoreUnusable
from lineform.store.predicate_sql import STAGED
from lineform.store.sources import Sources
from lineform.store.tables import friends, line_ids

_TABLE = "CREATE TEMPORARY TABLE staged_friends (answer INTEGER NOT NULL, friend_id BIGINT NOT NULL)"


class SourceAnswers:
    """Asks sources, and knows whom their keys mean here."""

    def __init__(self, sources: Sources | None) -> None:
        self._sources = sources

    def friends(
        self,
        connection: Connection,
        account_id: int,
        asked: InSource,
        now: datetime,
        *,
        true: bool,
        only: int | None,
    ) -> Sequence[int]:
        """Friends of the account of whom it is true there, or false; of one only where that is given. People whom the
        account does not know are left out. Raises what asking the source raises."""
        sources = self._known(asked.source)
        key, friend, mine = _keys(asked.source, account_id)
        one = None
        if only is not None:
            one = connection.execute(sa.select(key).where(mine, friend == only)).scalar()
            if one is None:
                return ()
        found = array("q")
        for part in pieces(sources.keys(asked, now, true=true, only=one), STREAMED):
            query = sa.select(friend).where(mine, among(connection, key, part))
            found.extend(connection.execute(query).scalars())
        return found

    def friend(self, connection: Connection, account_id: int, source: Source, friend_id: int) -> Friend | None:
        """A friend as the source knows them; None where it does not."""
        sources = self._known(source)
        key, friend, mine = _keys(source, account_id)
        one = connection.execute(sa.select(key).where(mine, friend == friend_id)).scalar()
        return None if one is None else sources.person(source, one, friend_id)

    def _known(self, source: Source) -> Sources:
        if self._sources is None:
            raise StoreUnusable(
                f"source '{source.name}' cannot be asked here", hint="ask it in the workspace that declares it"
            )
        return self._sources


def _keys(source: Source, account_id: int) -> tuple[sa.Column[Any], sa.Column[Any], sa.ColumnElement[bool]]:
    """The key that a source uses, whose it is here, and which rows count."""
    if source.people == "member_id":
        known = sa.and_(friends.c.account_id == account_id, friends.c.member_id != "")
        return friends.c.member_id, friends.c.id, known
    return line_ids.c.user_id, line_ids.c.friend_id, line_ids.c.account_id == account_id


def stage(connection: Connection, answers: Iterable[Sequence[int]]) -> None:
    """Puts answers into `STAGED`, each by its number; the table goes with the transaction."""
    listed = list(answers)
    if not listed:
        return
    connection.exec_driver_sql(_TABLE)
    for number, ids in enumerate(listed):
        for part in pieces(ids, STREAMED):
            connection.execute(sa.insert(STAGED), [{"answer": number, "friend_id": one} for one in part])
