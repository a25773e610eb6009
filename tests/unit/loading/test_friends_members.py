"""A row about a member is about the friends who are linked to this member, as far as the rows before it say."""

from __future__ import annotations

from lineform.loading.friends_members import joined
from lineform.ports.friends import FriendRow

U1, U2, U3 = ("U" + digit * 32 for digit in "123")


def about(member: str, name: str) -> FriendRow:
    return FriendRow("", name, member_id=member)


def test_every_friend_of_a_member_is_told_of_and_a_member_of_nobody_is_counted() -> None:
    rows = [about("m-1", "a"), FriendRow(U3, "b"), about("m-2", "c")]
    assert joined(rows, {"m-1": (U1, U2)}) == ([FriendRow(U1, "a"), FriendRow(U2, "a"), FriendRow(U3, "b")], 1)


def test_a_row_with_both_ids_links_for_the_rows_after_it() -> None:
    rows = [about("m-1", "before"), FriendRow(U1, member_id="m-1"), about("m-1", "after")]
    assert joined(rows, {}) == ([FriendRow(U1, member_id="m-1"), FriendRow(U1, "after")], 1)


def test_a_friend_who_moved_to_another_member_is_not_told_of_the_one_before() -> None:
    rows = [FriendRow(U1, member_id="m-2"), about("m-1", "old"), about("m-2", "new"), FriendRow(U1, member_id="")]
    known = {"m-1": (U1,)}
    assert joined([*rows, about("m-2", "gone")], known) == ([rows[0], FriendRow(U1, "new"), rows[3]], 2)
