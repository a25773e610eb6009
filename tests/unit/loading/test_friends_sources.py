"""A row about a friend means the same in a CSV file, in JSON Lines and in a database of members."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineform.errors import CredentialError, UsageError
from lineform.loading.friends_files import read_friends
from lineform.loading.friends_rows import FriendsFileError, RefusedRow
from lineform.loading.friends_sql import is_ordered, read_database
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
HANAKO = FriendRow(
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
)
NOBODY = FriendRow(U2)


def csv_file(folder: Path) -> Path:
    path = folder / "friends.csv"
    path.write_text(
        "user_id,display_name,followed_at,blocked,tags,note,visits,spent,birthday,member,tier,likes\n"
        f"{U1},花子,2026-12-01T10:00,false,常連|vip,'=1+1,3,12.5,1990-05-01,true,gold,茶|パン\n"
        f"{U2},,,,,,,,,,,\n"
        f"{U3},,,,,,many,,,,,\n",
        encoding="utf-8",
    )
    return path


def jsonl_file(folder: Path) -> Path:
    path = folder / "friends.jsonl"
    hanako = {
        "user_id": U1,
        "display_name": "花子",
        "followed_at": "2026-12-01T10:00",
        "blocked": False,
        "tags": ["常連", "vip"],
        "note": "=1+1",
        "visits": 3,
        "spent": 12.5,
        "birthday": "1990-05-01",
        "member": True,
        "tier": "gold",
        "likes": ["茶", "パン"],
    }
    rows = [
        "",
        json.dumps(hanako),
        json.dumps({"user_id": U2, "visits": None}),
        f'{{"user_id":"{U3}","visits":"many"}}',
    ]
    path.write_text("\n".join(rows), encoding="utf-8")
    return path


def database(folder: Path) -> str:
    path = folder / "members.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "CREATE TABLE members (id TEXT, name TEXT, since TEXT, tags TEXT, note TEXT, visits, spent REAL, "
            "birthday TEXT, member INTEGER, tier TEXT, likes TEXT)"
        )
        connection.executemany(
            "INSERT INTO members VALUES (?,?,?,?,?,?,?,?,?,?,?)",
            [
                (U1, "花子", "2026-12-01T10:00", "常連|vip", "=1+1", 3, 12.5, "1990-05-01", 1, "gold", "茶|パン"),
                (U2, *[None] * 10),
                (U3, *[None] * 4, "many", *[None] * 5),
            ],
        )
    connection.close()
    return f"sqlite:///{path}"


QUERY = (
    "SELECT id AS user_id, name AS display_name, since AS followed_at, CASE WHEN name LIKE '花%' THEN 0 END AS blocked,"
    " tags, note, visits, spent, birthday, member, tier, likes FROM members ORDER BY id"
)


def test_every_source_gives_the_same_rows(tmp_path: Path) -> None:
    sources: dict[str, tuple[list[Any], int]] = {
        "csv": (list(read_friends(csv_file(tmp_path), DECLARED)), 2),
        "jsonl": (list(read_friends(jsonl_file(tmp_path), DECLARED)), 2),
        "database": (list(read_database(database(tmp_path), QUERY, DECLARED)), 1),
    }
    for name, (rows, first) in sources.items():
        assert rows[0] == (first, HANAKO), name
        assert rows[1] == (first + 1, NOBODY), name
        number, refused = rows[2]
        assert number == first + 2
        assert (refused.row, refused.column, refused.reason) == (first + 2, "visits", "is not a number"), name
        assert "many" not in refused.reason + refused.hint


def test_every_source_may_be_read_from_a_later_row_on(tmp_path: Path) -> None:
    assert [row for row, _ in read_friends(jsonl_file(tmp_path), DECLARED, start=3)] == [3, 4]
    assert [row for row, _ in read_database(database(tmp_path), QUERY, DECLARED, start=3)] == [3]


@pytest.mark.parametrize(
    ("value", "column", "reason"),
    [
        ({"a": 1}, "note", "no single value"),
        (["a"], "note", "is a list"),
        ([1], "likes", "something else than texts"),
        (["緑茶"], "likes", "not one of the words of 'likes'"),
        (["vop"], "tags", "not one of declared tags"),
        (True, "visits", "is not a number"),
        (1e300, "visits", "too large"),
        (2, "member", "neither true nor false"),
        ("2026-02-30", "birthday", "is not a date"),
        ("x" * 10_001, "note", "longer than"),
        (" 3 ", "visits", "is not a number"),
    ],
)
def test_a_json_value_of_the_wrong_type_refuses_its_row(
    tmp_path: Path, value: object, column: str, reason: str
) -> None:
    path = tmp_path / "friends.ndjson"
    path.write_text(f"{json.dumps({'user_id': U1, column: value})}\n{json.dumps({'user_id': U2})}\n", encoding="utf-8")
    (_, refused), (_, good) = read_friends(path, DECLARED)
    assert isinstance(refused, RefusedRow)
    assert (refused.row, refused.column) == (1, column)
    assert reason in refused.reason
    assert good == NOBODY


@pytest.mark.parametrize(
    ("line", "reason", "hint"),
    [
        (b"{", "is not JSON", ""),
        (b"[]", "is not an object", ""),
        (b'"U1"', "is not an object", ""),
        (b'{"user_id": "\xff"}', "is not JSON in UTF-8", ""),
        (b'{"visits": NaN}', "is not JSON", ""),
        (b'{"user_id": "a", "user_id": "b"}', "has a key twice", ""),
        (b'{"visits": 1}', "is empty", ""),
        (b'{"user_id": "a", "vists": 1}', "unknown column", "did you mean 'visits'?"),
        (b"[" * 100_000, "is not JSON", ""),
    ],
)
def test_a_line_that_is_no_friend_is_refused(tmp_path: Path, line: bytes, reason: str, hint: str) -> None:
    path = tmp_path / "friends.jsonl"
    path.write_bytes(line + b"\n")
    ((number, refused),) = read_friends(path, DECLARED)
    assert number == 1
    assert isinstance(refused, RefusedRow)
    assert reason in refused.reason
    assert hint in refused.hint


def test_an_empty_list_is_a_set_known_to_be_empty_and_blanks_are_text_in_json(tmp_path: Path) -> None:
    path = tmp_path / "friends.jsonl"
    path.write_text(json.dumps({"user_id": U1, "likes": [], "note": " a ", "display_name": "  "}), encoding="utf-8")
    assert list(read_friends(path, DECLARED)) == [(1, FriendRow(U1, attributes={"likes": (), "note": " a "}))]


def test_a_line_without_end_is_refused_before_it_is_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lineform.loading.friends_jsonl.LONGEST_LINE", 100)
    path = tmp_path / "friends.jsonl"
    path.write_bytes(b'{"user_id": "' + b"x" * 200)
    with pytest.raises(FriendsFileError, match="line 1 is longer"):
        list(read_friends(path, DECLARED))


def test_unknown_columns_of_a_query_refuse_it(tmp_path: Path) -> None:
    with pytest.raises(FriendsFileError, match="unknown column 'id'"):
        list(read_database(database(tmp_path), "SELECT id FROM members", DECLARED))


@pytest.mark.parametrize(
    "query", ["DELETE FROM members", "DELETE FROM members RETURNING id AS user_id", "DROP TABLE members"]
)
def test_a_query_that_writes_changes_nothing(tmp_path: Path, query: str) -> None:
    url = database(tmp_path)
    with pytest.raises(FriendsFileError):
        list(read_database(url, query, DECLARED))
    assert len(list(read_database(url, "SELECT id AS user_id FROM members", DECLARED))) == 3


def test_a_query_is_sent_as_it_is_written(tmp_path: Path) -> None:
    query = "SELECT id AS user_id, '50%:s %s :x ::' AS note FROM members LIMIT 1"
    assert list(read_database(database(tmp_path), query, DECLARED)) == [
        (1, FriendRow(U1, attributes={"note": "50%:s %s :x ::"}))
    ]


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("no url with secret", UsageError),
        ("klingon://user:secret@host/db", UsageError),
        ("sqlite:////none/where/secret.db", CredentialError),
        ("postgresql://user:secret@127.0.0.1:1/db?connect_timeout=1", CredentialError),
    ],
)
def test_a_database_that_cannot_be_used_is_refused_without_its_url(url: str, error: type[Exception]) -> None:
    with pytest.raises(error) as caught:
        list(read_database(url, "SELECT 1", DECLARED))
    assert "secret" not in str(caught.value)


def test_a_query_that_is_no_sql_is_told_with_what_the_database_says(tmp_path: Path) -> None:
    with pytest.raises(FriendsFileError, match="refuses the query"):
        list(read_database(database(tmp_path), "SELEC 1", DECLARED))


@given(st.lists(st.binary(max_size=80), max_size=5))
def test_no_lines_end_in_anything_but_rows_and_refusals(tmp_path_factory: pytest.TempPathFactory, lines: Any) -> None:
    path = tmp_path_factory.mktemp("jsonl") / "f.jsonl"
    path.write_bytes(b"\n".join(lines))
    assert all(isinstance(row, FriendRow | RefusedRow) for _, row in read_friends(path, DECLARED))


@pytest.mark.parametrize(
    ("query", "ordered"),
    [
        ("SELECT user_id FROM members", False),
        ("select user_id from members order\n  by user_id limit 5", True),
        ("SELECT user_id, row_number() OVER (PARTITION BY (a) ORDER BY b) FROM members", False),
        ("SELECT * FROM (SELECT user_id FROM members ORDER BY user_id) AS m", False),
        ("SELECT 'order by' AS note, \"order by\" FROM members -- ORDER BY user_id", False),
        ("SELECT '(' FROM members /* ORDER BY 1 */ ORDER BY 1", True),
        ("SELECT border FROM reorder", False),
    ],
)
def test_only_a_query_that_is_ordered_as_a_whole_can_be_gone_on_with(query: str, *, ordered: bool) -> None:
    assert is_ordered(query) is ordered
