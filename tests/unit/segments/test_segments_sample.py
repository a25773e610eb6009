"""The invented friend of a preview knows everything that is declared, in its declared type."""

from __future__ import annotations

from datetime import UTC, datetime

from lineform.model.attributes import AttributeSpec
from lineform.segments.declared import Declared
from lineform.segments.operands import is_date
from lineform.segments.sample import sample_friend, unknown_friend

NOW = datetime(2026, 12, 1, tzinfo=UTC)
WORDS = Declared(
    {
        "name": AttributeSpec(type="text"),
        "pupil": AttributeSpec(type="text", description="生徒のお名前"),
        "colour": AttributeSpec(type="text", description="好きな色"),
        "tier": AttributeSpec(type="enum", values=("gold", "silver")),
        "days": AttributeSpec(type="set", values=("tue", "mon", "sun")),
        "visits": AttributeSpec(type="number"),
        "member": AttributeSpec(type="bool"),
        "birthday": AttributeSpec(type="date"),
    }
)


def test_every_declared_attribute_has_a_value_of_its_type() -> None:
    known = sample_friend(WORDS, NOW, "みどり").attributes
    assert known.keys() == WORDS.attributes.keys()
    assert (known["name"], known["pupil"], known["colour"]) == ("みどり", "みどり", "好きな色")
    assert (known["tier"], known["days"], known["member"]) == ("gold", ("mon", "tue"), True)
    assert is_date(str(known["birthday"]))
    assert known["visits"] == 3


def test_chosen_values_replace_the_invented_ones() -> None:
    assert sample_friend(WORDS, NOW, known={"visits": 12}).attributes["visits"] == 12


def test_of_an_unknown_friend_only_the_id_is_known() -> None:
    friend = unknown_friend()
    assert (friend.attributes, friend.display_name, friend.followed_at) == ({}, "", None)
    assert friend.user_id != sample_friend(WORDS, NOW).user_id
