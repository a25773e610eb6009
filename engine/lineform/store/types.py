"""Values as columns hold them."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TWO = tuple(f"{number:02}" for number in range(60))
_NARROW, _WIDE = b"\x04", b"\x08"
_CODES = {_NARROW: "I", _WIDE: "Q"}


class UtcTime(TypeDecorator[datetime]):
    """A moment. SQLite has no time zones and PostgreSQL answers in the session's: aware UTC comes back from both."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone cannot be recorded")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any] | None:
        # SQLAlchemy's own for SQLite formats each part apart: an import spent a sixth of its time there.
        return _sqlite_text if dialect.name == "sqlite" else super().bind_processor(dialect)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any] | None:
        # A send reads three moments for each friend.
        return _sqlite_moment if dialect.name == "sqlite" else super().result_processor(dialect, coltype)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        moment: datetime = value
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


class Millisecond(TypeDecorator[datetime]):
    """A moment as LINE counts it: milliseconds since 1970, in eight bytes where a text takes twenty-six."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone cannot be recorded")
        return milliseconds(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        return None if value is None else _EPOCH + timedelta(milliseconds=value)


def milliseconds(moment: datetime) -> int:
    """Since 1970."""
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def _sqlite_text(value: datetime | None) -> str | None:
    """A moment as SQLite holds it, in SQLAlchemy's form; `isoformat` takes twice as long."""
    if value is None:
        return None
    if value.tzinfo is None:
        raise ValueError("a moment without a time zone cannot be recorded")
    moment = value if value.tzinfo is UTC else value.astimezone(UTC)
    date = f"{moment.year:04}-{_TWO[moment.month]}-{_TWO[moment.day]}"
    return f"{date} {_TWO[moment.hour]}:{_TWO[moment.minute]}:{_TWO[moment.second]}.{moment.microsecond:06}"


def _sqlite_moment(value: str | None) -> datetime | None:
    """What `_sqlite_text` made."""
    return None if value is None else datetime.fromisoformat(value).replace(tzinfo=UTC)


def pack_ids(ids: Iterable[int]) -> bytes:
    """Friend ids in their order, four bytes each while they fit: 2 kB for a batch of 500. Of an array no other copy is
    made: whoever waits over a limit may be millions, in one batch."""
    numbers = ids if isinstance(ids, array) else list(ids)
    width = _WIDE if numbers and max(numbers) >= 1 << 32 else _NARROW
    packed = array(_CODES[width], numbers)
    if sys.byteorder == "big":
        packed.byteswap()
    return width + packed.tobytes()


def unpack_ids(blob: bytes) -> tuple[int, ...]:
    """What `pack_ids` packed."""
    return tuple(unpacked(blob))


def unpacked(blob: bytes) -> array[int]:
    """The same as an array, for batches that may be of any size."""
    packed = array(_CODES[blob[:1]])
    packed.frombytes(memoryview(blob)[1:])
    if sys.byteorder == "big":
        packed.byteswap()
    return packed
