"""Who was uploaded to LINE's audiences: LINE itself never tells, and takes nobody out again."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from lineform.ports.audiences import Upload
from lineform.store.database import Database
from lineform.store.tables import audience_uploads
from lineform.store.types import pack_ids, unpacked

_READ = 100
"""Uploads read at once, of ten thousand friends each."""


class AudienceRecords(Database):
    """A row an upload, with its friends' internal ids in a blob: a row a friend would be millions."""

    def intend_uploads(self, account: str, audience: int, uploads: Sequence[Sequence[int]]) -> None:
        """Writes down uploads that are about to be made, in one transaction."""
        with self.writing() as connection:
            account_id = self.own_account_id(connection, account)
            rows = [
                {
                    "account_id": account_id,
                    "audience": audience,
                    "friend_ids": pack_ids(friend_ids),
                    "confirmed": False,
                }
                for friend_ids in uploads
            ]
            if rows:
                connection.execute(sa.insert(audience_uploads), rows)

    def confirm_upload(self, upload_id: int) -> None:
        """LINE has taken it."""
        row = audience_uploads.c.id == upload_id
        with self.writing() as connection:
            connection.execute(sa.update(audience_uploads).where(row).values(confirmed=True))

    def uploads(self, account: str, audience: int) -> Sequence[Upload]:
        """What was uploaded to this audience, or may have been, in order."""
        with self.reading() as connection:
            account_id = self.account_id(connection, account)
            query = (
                sa.select(audience_uploads)
                .where(audience_uploads.c.account_id == account_id, audience_uploads.c.audience == audience)
                .order_by(audience_uploads.c.id)
            )
            rows = connection.execution_options(stream_results=True, yield_per=_READ).execute(query)
            return [Upload(row.id, unpacked(row.friend_ids), row.confirmed) for row in rows]

    def forget_uploads(self, account: str, audience: int) -> None:
        """The audience is no more."""
        with self.writing() as connection:
            account_id = self.account_id(connection, account)
            rows = sa.and_(audience_uploads.c.account_id == account_id, audience_uploads.c.audience == audience)
            connection.execute(sa.delete(audience_uploads).where(rows))
