"""Values as columns hold them, and failures as sentences."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta, timezone

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import sqlite

from lineform.errors import LineformError
from lineform.store.failures import (
    StoreFailure,
    StoreFull,
    StoreUnavailable,
    StoreUnusable,
    translate,
)
from lineform.store.types import UtcTime, pack_ids, unpack_ids


@given(st.lists(st.integers(0, 2**63 - 1)))
def test_ids_come_back_in_their_order(ids: list[int]) -> None:
    assert unpack_ids(pack_ids(ids)) == tuple(ids)


def test_a_full_batch_takes_two_kilobytes() -> None:
    assert len(pack_ids(range(10_000_000, 10_000_500))) == 2001


def test_packed_ids_are_the_same_bytes_on_every_machine() -> None:
    assert pack_ids([1, 256]) == b"\x04" + bytes([1, 0, 0, 0, 0, 1, 0, 0])


@given(st.datetimes())
def test_sqlite_holds_a_moment_as_sqlalchemy_writes_it(moment: datetime) -> None:
    process = UtcTime().dialect_impl(sqlite.dialect()).bind_processor(sqlite.dialect())
    assert process is not None
    assert process(moment.replace(tzinfo=UTC)) == moment.isoformat(" ", "microseconds")


@given(st.datetimes(datetime(1971, 1, 1), datetime(2200, 1, 1)), st.integers(-14 * 60, 14 * 60))  # noqa: DTZ001 - the zone is drawn beside it
def test_a_moment_comes_back_aware_and_in_utc(naive: datetime, offset: int) -> None:
    moment = naive.replace(tzinfo=timezone(timedelta(minutes=offset)))
    for dialect in (sqlite.dialect(), sa.create_engine("postgresql+psycopg://").dialect):
        bound = UtcTime().process_bind_param(moment, dialect)
        back = UtcTime().process_result_value(bound, dialect)
        assert back == moment
        assert back is not None
        assert back.tzinfo is UTC


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        UtcTime().process_bind_param(datetime(2026, 1, 1), sqlite.dialect())  # noqa: DTZ001 - what is refused


class Refusal(Exception):
    """As a PostgreSQL driver raises: with a code, and with values in its text."""

    def __init__(self, state: str | None, text: str = "Key (user_id)=(U123) already exists") -> None:
        super().__init__(text)
        self.sqlstate = state


class OperationalError(Refusal):
    """As the driver calls a connection that failed."""


@pytest.mark.parametrize(
    ("error", "kind", "exit_code"),
    [
        (Refusal("53100"), StoreFull, 7),
        (Refusal("53300"), StoreUnavailable, 9),
        (Refusal("57P01"), StoreUnavailable, 9),
        (Refusal("08006"), StoreUnavailable, 9),
        (Refusal("40P01"), StoreUnavailable, 9),
        (Refusal("25006"), StoreUnusable, 4),
        (Refusal("42501"), StoreUnusable, 4),
        (Refusal("42P07"), StoreUnusable, 4),
        (Refusal("42P01"), StoreUnusable, 4),
        (Refusal("23505"), StoreFailure, 1),
        (Refusal(None), StoreFailure, 1),
        (OperationalError(None, "connection refused"), StoreUnavailable, 9),
        (OperationalError(None, 'FATAL:  password authentication failed for user "x"'), StoreUnusable, 4),
        (OperationalError(None, "FATAL:  sorry, too many clients already"), StoreUnavailable, 9),
        (sqlite3.OperationalError("no such table: friends"), StoreUnusable, 4),
        (sqlite3.OperationalError("unheard of"), StoreFailure, 1),
    ],
)
def test_a_failure_has_its_exit_code_and_repeats_no_value(
    error: Exception, kind: type[LineformError], exit_code: int
) -> None:
    told = translate(error)
    assert type(told) is kind
    assert told.exit_code == exit_code
    assert "U123" not in told.message + told.hint
    assert told.hint or exit_code == 1


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("SQLITE_IOERR_WRITE", StoreUnusable),
        ("SQLITE_READONLY_DIRECTORY", StoreUnusable),
        ("SQLITE_BUSY_SNAPSHOT", StoreUnavailable),
        ("SQLITE_CONSTRAINT_UNIQUE", StoreFailure),
    ],
)
def test_sqlites_extended_codes_are_known(name: str, kind: type[LineformError]) -> None:
    error = sqlite3.OperationalError("something")
    error.sqlite_errorname = name
    assert type(translate(error)) is kind
