"""What an apply writes down of a campaign that it arms."""

from __future__ import annotations

from typing import Any

import pytest

from lineform.model.attributes import AttributesSpec
from support.applying import Shop
from support.declared_clients import campaign, client

WORDS = AttributesSpec.model_validate({"kind": "attributes", "name": "words", "tags": {"vip": {}}})
ONCE: dict[str, Any] = {"at": "2026-12-01T10:00"}
DAILY: dict[str, Any] = {"cron": "0 9 * * *"}


@pytest.mark.parametrize(
    ("schedule", "audience", "counted"),
    [
        (ONCE, {}, 2),
        (ONCE, {"expect": {"min": 1}}, 2),
        (ONCE, {"expect": {"max": 9}}, None),
        (ONCE, {"expect": {"max": 9}, "tolerance": 5}, 2),
        (DAILY, {}, None),
        (DAILY, {"tolerance": 5}, 2),
    ],
)
def test_an_audience_is_counted_where_it_is_compared_with_that_number_later(
    schedule: dict[str, Any], audience: dict[str, Any], counted: int | None
) -> None:
    shop = Shop()
    shop.store.segment("U" + "a" * 32, "U" + "b" * 32)
    shop.apply(client(WORDS, campaign("sale", schedule=schedule, audience={"where": {"tag": "vip"}, **audience})))
    assert [one.people for one in shop.store.armed("salon")] == [counted]
