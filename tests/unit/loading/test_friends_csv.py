"""A table of friends becomes rows to import; what cannot be read is refused with its row, its column and no data."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineform.loading.friends_csv import read_csv
from lineform.loading.friends_rows import PIECE, FriendsFileError, RefusedRow, protected, unprotected
from lineform.model.attributes import AttributeSpec
from lineform.ports.friends import FriendRow
from lineform.segments.declared import Declared

U1, U2 = "U" + "1" * 32, "U" + "2" * 32
DECLARED = Declared(
    attributes={
        "note": AttributeSpec(type="text"),
        "visits": AttributeSpec(type="number"),
        "birthday": AttributeSpec(type="date"),
        "member": AttributeSpec(type="bool"),
        "tier": AttributeSpec(type="enum", values=("gold", "silver")),
        "likes": AttributeSpec(type="set", values=("茶", "パン")),
    },
    tags=frozenset({"常連", "vip"}),
)


def read(text: str | bytes, **options: Any) -> list[FriendRow | RefusedRow]:
    source = io.BytesIO(text.encode() if isinstance(text, str) else text)
    return [row for _, row in read_csv(source, DECLARED, **options)]


def test_every_column_is_read_by_its_declared_type() -> None:
    (row,) = read(
        "user_id,display_name,language,followed_at,blocked,tags,untag,note,visits,birthday,member,tier,likes\n"
        f'{U1},花子,ja,2026-12-01T10:00,false,常連|vip,vip,"two\nlines, ""quoted""",3,2000/1/2,TRUE,gold,パン; 茶\n'
    )
    assert row == FriendRow(
        user_id=U1,
        display_name="花子",
        language="ja",
        followed_at=datetime(2026, 12, 1, 1, 0, tzinfo=UTC),
        blocked=False,
        attributes={
            "note": 'two\nlines, "quoted"',
            "visits": 3,
            "birthday": "2000-01-02",
            "member": True,
            "tier": "gold",
            "likes": ("パン", "茶"),
        },
        tags=("vip", "常連"),
        untag=("vip",),
    )


def test_an_empty_cell_says_nothing() -> None:
    assert read(f"user_id,display_name,blocked,tags,note,visits\n{U1},,, ,,\n") == [FriendRow(U1)]


def test_rows_are_numbered_as_a_spreadsheet_shows_them() -> None:
    rows = read(f'user_id,note\n{U1},"a\nb\nc"\nwrong,x\n\n{U2},y\n')
    assert [r.row if isinstance(r, RefusedRow) else r.user_id for r in rows] == [U1, 3, U2]


@pytest.mark.parametrize(
    ("column", "cell", "reason", "hint"),
    [
        ("visits", "1,000", "is not a number", "separators"),
        ("visits", "３", "is not a number", ""),
        ("visits", "nan", "is not a number", ""),
        ("visits", "1e300", "too large", ""),
        ("birthday", "2026-02-30", "is not a date", "2026-12-31"),
        ("birthday", "12/31/2026", "is not a date", "2026-12-31"),
        ("member", "maybe", "neither true nor false", ""),
        ("tier", "glod", "not one of the words of 'tier'", "did you mean 'gold'?"),
        ("likes", "茶|パンン", "not one of the words of 'likes'", "did you mean 'パン'?"),
        ("tags", "vop", "not one of declared tags", "did you mean 'vip'?"),
        ("followed_at", "yesterday", "is not a moment", ""),
        ("blocked", "x", "neither true nor false", ""),
        ("note", "a\x00b", "NUL", ""),
        ("note", "x" * 10_001, "longer than", ""),
        ("member_id", "x" * 256, "longer than 255", ""),
    ],
)
def test_a_cell_of_the_wrong_type_refuses_its_row_without_repeating_it(
    column: str, cell: str, reason: str, hint: str
) -> None:
    first, second = read(f'user_id,{column}\n{U1},"{cell}"\n{U2},\n')
    assert isinstance(first, RefusedRow)
    assert (first.row, first.column) == (2, column)
    assert reason in first.reason
    assert hint in first.hint
    assert cell not in first.reason + first.hint
    assert second == FriendRow(U2)


@pytest.mark.parametrize(
    ("cell", "value"), [("3", "3"), ("3.0", "3"), ("+3.50", "3.5"), ("1e3", "1000"), ("-0.0", "0"), ("1e-3", "0.001")]
)
def test_a_whole_number_is_whole_however_it_is_written(cell: str, value: str) -> None:
    (row,) = read(f"user_id,visits\n{U1},{cell}\n")
    assert isinstance(row, FriendRow)
    assert str(row.attributes["visits"]) == value


@pytest.mark.parametrize("cell", ["", "u" + "1" * 32, "U" + "G" * 32, U1 + "1", "U12"])
def test_what_is_no_line_user_id_is_refused(cell: str) -> None:
    (row,) = read(f'user_id,note\n"{cell}",x\n')
    assert isinstance(row, RefusedRow)
    assert row.column == "user_id"


def test_a_row_may_name_its_member_alone() -> None:
    assert read("member_id,note\nm-1,x\n") == [FriendRow("", member_id="m-1", attributes={"note": "x"})]
    mixed = read(f"user_id,member_id\n{U1},m-1\n,m-2\n{U2},\n")
    assert mixed == [FriendRow(U1, member_id="m-1"), FriendRow("", member_id="m-2"), FriendRow(U2)]


@pytest.mark.parametrize(
    ("text", "column"), [("member_id,note\n,x\n", "member_id"), ("user_id,member_id\n,\n,\n", "user_id")]
)
def test_a_row_about_nobody_is_refused(text: str, column: str) -> None:
    row = read(text)[0]
    assert isinstance(row, RefusedRow)
    assert (row.column, row.reason) == (column, "is empty")


@pytest.mark.parametrize("line", [U1, f"{U1},a,b"])
def test_a_row_with_too_few_or_too_many_cells_is_refused(line: str) -> None:
    (row,) = read(f"user_id,note\n{line}\n")
    assert isinstance(row, RefusedRow)
    assert "cells" in row.reason


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("user_id,birtday", "unknown column 'birtday': did you mean 'birthday'?"),
        ("user_id,note,note", "column 'note' occurs twice"),
        ("user_id,", "column 2 has no name"),
        ("note", "there is no column 'user_id' and none 'member_id'"),
        ("user_id;note", "separated by semicolons"),
        ("user_id\tnote", "separated by tabs"),
        ("user_id," + ",".join(f"c{n}" for n in range(1000)), "1,001 columns"),
    ],
)
def test_a_wrong_first_line_refuses_the_file(header: str, message: str) -> None:
    with pytest.raises(FriendsFileError, match=message.replace("?", r"\?")):
        read(f"{header}\n")


def test_all_problems_of_the_first_line_are_told_at_once() -> None:
    with pytest.raises(FriendsFileError, match=r"unknown column 'a'; unknown column 'b'; .*'user_id'"):
        read("a,b\n")


def test_an_empty_file_is_refused() -> None:
    with pytest.raises(FriendsFileError, match="empty"):
        read("")


def test_a_byte_order_mark_is_no_part_of_the_first_column() -> None:
    text = f"\ufeffuser_id,note\r\n{U1},花\r\n"
    assert read(text) == [FriendRow(U1, attributes={"note": "花"})]
    assert [row for _, row in read_csv(io.StringIO(text), DECLARED)] == read(text)


def test_shift_jis_is_recognised_and_can_be_named() -> None:
    data = f"user_id,note\n{U1},髙橋花子\n".encode("cp932")
    with pytest.raises(FriendsFileError, match="looks like Shift_JIS") as caught:
        read(data)
    assert "cp932" in caught.value.hint
    assert read(data, encoding="cp932") == [FriendRow(U1, attributes={"note": "髙橋花子"})]


@pytest.mark.parametrize(
    ("data", "options", "message"),
    [
        ("user_id\n".encode("utf-16"), {}, "UTF-16"),
        (b"user_id\n\x81\x00\xff\xff\n", {}, "is not utf-8$"),
        (b"user_id\n", {"encoding": "klingon"}, "no encoding"),
        (f'user_id,note\n{U1},"never closed\n'.encode() + b"x" * 200_000, {}, "row 2 is not CSV"),
        (f'user_id,note\n{U1},"a"b\n'.encode(), {}, "row 2 is not CSV"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_as_a_whole(data: bytes, options: dict[str, str], message: str) -> None:
    with pytest.raises(FriendsFileError, match=message):
        read(data, **options)


def test_a_wrong_byte_far_inside_is_told_when_it_is_met() -> None:
    good = f"user_id,note\n{U1},".encode() + b"x" * 5000 + b"\n"
    rows = read_csv(io.BytesIO(good + f"{U2},y\n".encode() * 5000 + b"\xff\n"), DECLARED)
    assert isinstance(next(rows)[1], FriendRow)
    with pytest.raises(FriendsFileError, match="is not utf-8"):
        list(rows)


def test_a_file_is_read_from_its_path(tmp_path: Path) -> None:
    path = tmp_path / "friends.csv"
    path.write_text(f"user_id\n{U1}\n", encoding="utf-8")
    assert list(read_csv(path, DECLARED)) == [(2, FriendRow(U1))]
    with pytest.raises(FriendsFileError, match="cannot read"):
        list(read_csv(tmp_path / "none.csv", DECLARED))


def test_rows_come_while_the_file_is_still_being_written() -> None:
    read_so_far = 0

    class Endless(io.StringIO):
        # To typeshed a file of text is one of bytes, with other types of lines.
        def __next__(self) -> str:  # type: ignore[override]
            nonlocal read_so_far
            read_so_far += 1
            return f"{U1}\n" if read_so_far > 1 else "user_id\n"

    rows = read_csv(Endless(), DECLARED)
    assert next(rows) == (2, FriendRow(U1))
    assert read_so_far <= 1 + PIECE


def test_reading_may_begin_at_a_later_row() -> None:
    source = io.BytesIO(f"user_id,visits\n{U1},wrong\n{U2},2\n".encode())
    assert list(read_csv(source, DECLARED, start=3)) == [(3, FriendRow(U2, attributes={"visits": 2}))]


def test_a_cell_that_was_read_before_means_the_same_and_is_refused_again() -> None:
    rows = read(f"user_id,visits,tier\n{U1},3,gold\n{U2},3,glod\n{U1},x,gold\n{U2},x,gold\n")
    assert isinstance(rows[0], FriendRow)
    assert [row.column for row in rows[1:] if isinstance(row, RefusedRow)] == ["tier", "visits", "visits"]


def test_a_separator_inside_of_a_word_is_written_with_a_backslash() -> None:
    declared = Declared(tags=frozenset({"a|b", "c;d", "e"}))
    source = io.BytesIO(f"user_id,tags\n{U1},a\\|b|c\\;d;e\n".encode())
    assert list(read_csv(source, declared)) == [(2, FriendRow(U1, tags=("a|b", "c;d", "e")))]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "＝1", "\t=1", "\r=1", " =1"])
def test_no_cell_becomes_a_formula(text: str) -> None:
    assert protected(text) == f"'{text}"
    assert protected(f"a{text}") == f"a{text}"


@given(st.text())
def test_a_protected_text_is_no_formula_and_comes_back_as_it_was(text: str) -> None:
    cell = protected(text)
    assert not cell.lstrip().startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠"))
    assert unprotected(cell) == text


@given(st.text("='-@ \t\r\n花x", max_size=6))
def test_blanks_apostrophes_and_signs_survive_together(text: str) -> None:
    assert unprotected(protected(text)) == text
    assert not protected(text).startswith(("=", "+", "-", "@", "\t", "\r"))


@given(st.binary(max_size=300))
def test_no_bytes_end_in_anything_but_rows_and_refusals(data: bytes) -> None:
    try:
        rows = read(b"user_id,note,visits,likes\n" + data)
    except FriendsFileError:
        return
    assert all(isinstance(row, FriendRow | RefusedRow) for row in rows)


CELLS = st.sampled_from(
    ["", " ", "3", "03", "x", "gold", "茶|パン", "茶|コーヒー", "|", "true", "2026-02-30", "2000/1/2", "'=1", "vip"]
)
COLUMNS = ("display_name", "language", "followed_at", "blocked", "tags", "untag", *DECLARED.attributes)


@given(st.lists(st.tuples(st.sampled_from([U1, U2, "", "U1"]), *(CELLS for _ in COLUMNS)), max_size=2 * PIECE))
def test_a_row_means_what_it_means_alone_whatever_stands_around_it(rows: list[tuple[str, ...]]) -> None:
    header = ",".join(("user_id", *COLUMNS))
    lines = [",".join(row) for row in rows]
    alone = [read(f"{header}\n{line}\n")[0] for line in lines]
    together = read("\n".join([header, *lines]))
    assert [replace(row, row=2) if isinstance(row, RefusedRow) else row for row in together] == alone


def test_what_stands_before_a_break_is_read() -> None:
    rows = read_csv(io.BytesIO(f'user_id,note\n{U1},x\nwrong,x\n{U2},"x'.encode()), DECLARED)
    assert [type(row) for _, row in islice(rows, 2)] == [FriendRow, RefusedRow]
    with pytest.raises(FriendsFileError, match="row 4 is not CSV"):
        next(rows)
