"""What is written about friends is read again as it was."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineform.loading.friends_files import read_friends
from lineform.loading.friends_writing import write_friends
from lineform.model.attributes import AttributeSpec
from lineform.ports.friends import FriendRow
from lineform.segments.declared import Declared
from lineform.segments.friend import Friend, Value

WORDS = ("茶", "a|b", "c;d", "=e", "'f")
DECLARED = Declared(
    attributes={
        "note": AttributeSpec(type="text"),
        "visits": AttributeSpec(type="number"),
        "birthday": AttributeSpec(type="date"),
        "member": AttributeSpec(type="bool"),
        "tier": AttributeSpec(type="enum", values=WORDS),
        "likes": AttributeSpec(type="set", values=WORDS),
    },
    tags=frozenset(WORDS),
)
U1 = "U" + "1" * 32
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12).filter(str.strip)
SETS = st.lists(st.sampled_from(WORDS), unique=True).map(lambda several: tuple(sorted(several)))
ATTRIBUTES: st.SearchStrategy[dict[str, Value]] = st.fixed_dictionaries(
    {},
    optional={
        "note": TEXTS,
        "visits": st.integers(-(10**14), 10**14) | st.floats(-1e6, 1e6).map(lambda n: float(f"{n:.15g}")),
        "birthday": st.dates().map(str),
        "member": st.booleans(),
        "tier": st.sampled_from(WORDS),
        "likes": SETS,
    },
)


def friend(name: str, attributes: dict[str, Value], tags: tuple[str, ...] = ()) -> Friend:
    return Friend(1, U1, name, "ja", datetime(2026, 12, 1, 1, tzinfo=UTC), False, attributes, frozenset(tags))


@settings(max_examples=60, deadline=None)
@given(TEXTS, ATTRIBUTES, SETS)
@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_a_friend_comes_back_whole(
    tmp_path_factory: pytest.TempPathFactory,
    suffix: str,
    name: str,
    attributes: dict[str, Value],
    tags: tuple[str, ...],
) -> None:
    path = tmp_path_factory.mktemp("friends") / f"out{suffix}"
    written = write_friends(path, suffix, [friend(name, attributes, tags)], DECLARED, lambda _: None)
    assert (written.friends, written.left_out) == (1, {})
    ((_, row),) = read_friends(path, DECLARED)
    assert row == FriendRow(U1, name, "ja", datetime(2026, 12, 1, 1, tzinfo=UTC), False, attributes, tags)


def test_what_is_not_declared_as_it_is_stored_is_left_out_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    odd: dict[str, Value] = {"old": "x", "visits": "many", "tier": "bronze", "likes": ("茶", "gone"), "member": 1}
    people = [friend("花子", odd, ("茶", "gone")), friend("太郎", {"note": "y"})]
    written = write_friends(path, ".csv", people, DECLARED, lambda _: None)
    assert written.left_out == {"old": 1, "visits": 1, "tier": 1, "likes": 1, "member": 1, "tag gone": 1}
    rows = [row for _, row in read_friends(path, DECLARED)]
    assert isinstance(rows[0], FriendRow)
    assert (dict(rows[0].attributes), rows[0].tags) == ({}, ("茶",))
