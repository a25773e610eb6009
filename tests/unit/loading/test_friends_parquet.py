"""A row about a friend means the same in a Parquet file as everywhere."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest

from lineform.loading.friends_files import read_friends
from lineform.loading.friends_rows import FriendsFileError, RefusedRow
from lineform.model.attributes import AttributeSpec
from lineform.ports.friends import FriendRow
from lineform.segments.declared import Declared

U1, U2, U3 = ("U" + digit * 32 for digit in "123")
DECLARED = Declared(
    attributes={
        "note": AttributeSpec(type="text"),
        "visits": AttributeSpec(type="number"),
        "spent": AttributeSpec(type="number"),
        "birthday": AttributeSpec(type="date"),
        "member": AttributeSpec(type="bool"),
        "tier": AttributeSpec(type="enum", values=("gold", "silver")),
        "likes": AttributeSpec(type="set", values=("茶", "パン")),
    },
    tags=frozenset({"常連", "vip"}),
)


def parquet_file(folder: Path) -> Path:
    path = folder / "friends.parquet"
    with duckdb.connect() as connection:
        connection.execute(
            "CREATE TABLE t (user_id VARCHAR, display_name VARCHAR, followed_at TIMESTAMPTZ, blocked BOOLEAN, "
            "tags VARCHAR[], note VARCHAR, visits VARCHAR, spent DECIMAL(9,2), birthday DATE, member BOOLEAN, "
            "tier VARCHAR, likes VARCHAR[])"
        )
        connection.execute(
            "INSERT INTO t VALUES (?, '花子', '2026-12-01 01:00:00+00', false, ['常連', 'vip'], '=1+1', '3', 12.5, "
            "DATE '1990-05-01', true, 'gold', ['茶', 'パン'])",
            [U1],
        )
        connection.execute("INSERT INTO t (user_id) VALUES (?)", [U2])
        connection.execute("INSERT INTO t (user_id, visits) VALUES (?, 'many')", [U3])
        connection.execute(f"COPY t TO '{path}' (FORMAT parquet)")
    return path


def test_a_typed_row_is_read_as_every_other(tmp_path: Path) -> None:
    first, second, third = read_friends(parquet_file(tmp_path), DECLARED)
    assert first == (
        1,
        FriendRow(
            U1,
            "花子",
            followed_at=datetime(2026, 12, 1, 1, tzinfo=UTC),
            blocked=False,
            attributes={
                "note": "=1+1",
                "visits": 3,
                "spent": 12.5,
                "birthday": "1990-05-01",
                "member": True,
                "tier": "gold",
                "likes": ("パン", "茶"),
            },
            tags=("vip", "常連"),
        ),
    )
    assert second == (2, FriendRow(U2))
    assert isinstance(third[1], RefusedRow)
    assert (third[1].row, third[1].column, third[1].reason) == (3, "visits", "is not a number")


def test_a_parquet_file_may_be_read_from_a_later_row_on(tmp_path: Path) -> None:
    assert [row for row, _ in read_friends(parquet_file(tmp_path), DECLARED, start=2)] == [2, 3]


@pytest.mark.parametrize("name", ["friends.parquet", "friends*.parquet", "none.parquet"])
def test_a_file_that_is_no_parquet_is_refused(tmp_path: Path, name: str) -> None:
    if not name.startswith("none"):
        (tmp_path / name).write_bytes(b"user_id\n")
    with pytest.raises(FriendsFileError):
        list(read_friends(tmp_path / name, DECLARED))


def test_unknown_columns_refuse_the_file(tmp_path: Path) -> None:
    with duckdb.connect() as connection:
        connection.execute(f"COPY (SELECT 'x' AS user_id, 1 AS vists) TO '{tmp_path / 'f.parquet'}' (FORMAT parquet)")
    with pytest.raises(FriendsFileError, match="unknown column 'vists': did you mean 'visits'"):
        list(read_friends(tmp_path / "f.parquet", DECLARED))


def test_dates_times_and_whole_numbers_of_a_typed_source_are_plain_values(tmp_path: Path) -> None:
    path = tmp_path / "f.parquet"
    with duckdb.connect() as connection:
        connection.execute(
            f"COPY (SELECT '{U1}' AS user_id, 3.0::DOUBLE AS visits, 2.50::DECIMAL(5,2) AS spent, 1600022 AS note, "
            f"TIMESTAMP '2026-12-01 00:00:00' AS birthday, DATE '2026-12-02' AS followed_at) "
            f"TO '{path}' (FORMAT parquet)"
        )
    ((_, row),) = read_friends(path, DECLARED, timezone="UTC")
    assert isinstance(row, FriendRow)
    assert row.attributes == {"visits": 3, "spent": 2.5, "note": "1600022", "birthday": date(2026, 12, 1).isoformat()}
    assert type(row.attributes["visits"]) is int
    assert row.followed_at == datetime(2026, 12, 2, tzinfo=UTC)
