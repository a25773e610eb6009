"""The pace of each account, kept where every process that calls for it sees it: a row for each of LINE's limits.

Turns are handed out a few at a time under the row's lock, so that nothing has to be registered, counted or taken back:
what a worker that is gone had taken was for the next quarter of a second.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from lineform.lineapi.pace import Pace, Slice
from lineform.lineapi.rates import Rate
from lineform.store.database import Database
from lineform.store.tables import paces

SKEW: Final = 30.0
"""Seconds by which the clocks of two machines may differ. A row further ahead is from before a clock was set back."""


class PaceRecords(Database):
    """Turns, handed out once each."""

    def take_turns(
        self, account: str, rate: Rate, want: int, patience: float, now: datetime, *, refused_at: float | None = None
    ) -> Slice:
        """Takes up to `want` turns of this limit; slows everybody down where a request of `refused_at` met a 429."""
        moment = now.timestamp()
        with self.writing() as connection:
            account_id = self.own_account_id(connection, account)
            mine = sa.and_(paces.c.account_id == account_id, paces.c.lane == rate.bucket)
            fresh = Pace.fresh(rate, moment)
            new = self.insert(paces).values(account_id=account_id, lane=rate.bucket, **_values(fresh))
            connection.execute(new.on_conflict_do_nothing(index_elements=["account_id", "lane"]))
            row = connection.execute(sa.select(paces).where(mine).with_for_update()).one()
            pace = _pace(row, fresh).seen(moment, tolerance=SKEW)
            if refused_at is not None:
                pace = pace.refused(refused_at, moment)
            pace, taken = pace.take(want, patience, moment)
            connection.execute(sa.update(paces).where(mine).values(_values(pace)))
        return taken


def _values(pace: Pace) -> dict[str, Any]:
    return {
        "tokens": pace.bucket.tokens,
        "refilled_at": pace.bucket.at,
        "speed": pace.speed,
        "slowed_at": pace.slowed_at if pace.slowed_at > 0 else 0.0,
    }


def _pace(row: Any, fresh: Pace) -> Pace:
    per_second = fresh.bucket.per_second * row.speed
    bucket = replace(fresh.bucket, tokens=row.tokens, at=row.refilled_at, per_second=per_second)
    return replace(fresh, bucket=bucket, speed=row.speed, slowed_at=row.slowed_at)
