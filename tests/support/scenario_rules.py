"""A friend's life in scenarios of a few declared words, for the tests of their rules."""

from __future__ import annotations

from datetime import timedelta

from lineform.model.attributes import AttributesSpec
from support.living import Life

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WORDS = AttributesSpec.model_validate(
    {
        "kind": "attributes",
        "name": "words",
        "attributes": {
            "gender": {"type": "enum", "values": ["female", "male"]},
            "birthday": {"type": "date"},
            "booking_at": {"type": "text"},
        },
        "tags": {"vip": {}, "ladies": {}, "standard": {}, "opted-out": {}},
        "events": {"purchase": {"fields": {"amount": "number"}}, "booking": {"fields": {"number": "text"}}},
    }
)


def texts(here: Life, place: int = 0) -> list[str]:
    return [text for _, text in here.read(place)]


def days(here: Life, place: int = 0) -> list[str]:
    return [f"{at[:5]} {text}" for at, text in here.read(place)]
